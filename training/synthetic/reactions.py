"""How the synthetic customers react to offers: the true probability behind every treatment. Nothing is drawn here.

    P0(offer)  = P0(family) x share, share ~ popularity x exp(taste_long x long + taste_risk x risky)
    P1(offer)  = logistic(logit P0(offer) + persuasion + reach of the channel - fatigue x contacts so far)

``share`` adds up to 1 over the offers of a family that the customer has the money for. A channel the truth does not
know is neutral. Drift moves P0 of the family month by month, as in ``truth``.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from service.rules.policy import Offer, Policy
from training.arrays import Floats, Places
from training.data.query_rows import ID
from training.synthetic.people import chance_of
from training.synthetic.truth import DRIFT, logit

Rows = Places


class Reactions:
    """The truth of one bank about the offers and channels of one policy; customers are rows of ``truth``, or ids."""

    def __init__(self, truth: pa.Table, policy: Policy) -> None:
        """``truth``: the table of ``SyntheticBank.truth``."""
        self.customers: list[str] = truth.column(ID).to_pylist()
        self.offers = [offer.id for offer in policy.offers]
        self.channels = [channel.id for channel in policy.channels]
        self._truth = {name: np.asarray(truth.column(name)) for name in truth.column_names if name != ID}
        self._offers = policy.offers
        self._families = {family: _of_family(policy.offers, family) for family in policy.families}
        self._row = {customer: row for row, customer in enumerate(self.customers)}

    @classmethod
    def read(cls, path: Path, policy: Policy) -> "Reactions":
        """Read the truth that ``synthetic.write`` wrote to ``<folder>/truth.parquet``."""
        return cls(pq.read_table(path), policy)

    def react(self, customer: str, offer: str, channel: str, contacts: int = 0, months: int = 0) -> float:
        """P that the customer takes the offer shown in the channel after so many contacts.

        ``months`` since the bank's day. An offer's outcomes are drawn by ``random() < react(...)``.

        Raises: KeyError: the customer is unknown. ValueError: the offer or the channel is.
        """
        rows = np.array([self._row[customer]])
        place = self.offers.index(offer), self.channels.index(channel)
        return float(self.shown(rows, np.array([contacts]), months)[0, place[0], place[1]])

    def shown(self, rows: Rows, contacts: Any = 0, months: int = 0) -> Floats:
        """P1, (n, m, k): of every offer in every channel for each of the rows; ``contacts`` (n,) so far."""
        worn = self._truth["fatigue"][rows] * contacts
        reach = np.stack([self._reach(channel, rows) for channel in self.channels], axis=1)
        odds = logit(self.alone(rows, months)) + self._persuasion(rows)
        return chance_of(odds[:, :, np.newaxis] + reach[:, np.newaxis, :] - worn[:, np.newaxis, np.newaxis])

    def alone(self, rows: Rows, months: int = 0) -> Floats:
        """P0, (n, m): of each offer without any treatment."""
        found = np.zeros((len(rows), len(self.offers)))
        for family, places in self._families.items():
            level = chance_of(logit(self._truth[family][rows]) + DRIFT[family] * months)
            found[:, places] = level[:, np.newaxis] * self._share(rows, places)
        return found

    def _share(self, rows: Rows, places: Rows) -> Floats:
        """(n, offers of the family): how its buyers spread over it; 0 where the money is below the minimum."""
        offers = [self._offers[place] for place in places]
        popularity, long, risky = (np.array(figures) for figures in zip(*map(_figures, offers), strict=True))
        taste = np.outer(self._truth["taste_long"][rows], long) + np.outer(self._truth["taste_risk"][rows], risky)
        least = np.array([_number(offer, "minimum_yuan", 0.0) for offer in offers])
        weight = popularity * np.exp(taste) * (self._truth["ready_yuan"][rows][:, np.newaxis] >= least)
        whole = weight.sum(axis=1, keepdims=True)
        share: Floats = np.divide(weight, whole, out=np.zeros_like(weight), where=whole > 0)
        return share

    def _persuasion(self, rows: Rows) -> Floats:
        columns = [self._truth[f"persuasion_{offer.family}"][rows] for offer in self._offers]
        return np.stack(columns, axis=1)

    def _reach(self, channel: str, rows: Rows) -> Floats:
        known = self._truth.get(f"reach_{channel}")
        return np.zeros(len(rows)) if known is None else known[rows]


def _of_family(offers: Sequence[Offer], family: str) -> Rows:
    return np.array([place for place, offer in enumerate(offers) if offer.family == family], dtype=np.int64)


def _figures(offer: Offer) -> tuple[float, float, float]:
    """Popularity, how long it binds (from -1, a day, to 1, many years), how risky (0 at R1, 1 at R5)."""
    years, risk = _number(offer, "years", 1.0), _number(offer, "risk", 1.0)
    return offer.popularity, float(np.tanh(np.log(years))), (risk - 1.0) / 4.0


def _number(offer: Offer, term: str, unstated: float) -> float:
    stated = offer.terms.get(term)
    return unstated if stated is None else float(stated)
