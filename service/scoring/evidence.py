"""Evidence: what showing offers has taught without a model: chances and shares of offers, responses of channels.

    chance    (prior k + taken) / (k + shown)           beta-binomial: the prior counts like k showings
    share     (prior k + taken) / (k + expected)        expected = sum of P(family) over the showings of the offer
    response  (k + taken) / (k + expected)              expected = sum of P(offer) over the showings in the channel

With nothing shown each is its prior (a response is 1); with much shown it is the observed rate. Training counts
(``training.experience.smoothing``) and writes the result into a bundle's manifest. Here it is read, and returned under
the names of ``propensity``. A response is learned for groups of customers by one attribute; the last group holds those
whose figure is unknown. Pure.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from math import isnan
from typing import Any

import numpy as np

from service.core.attributes import Array
from service.core.errors import BundleError, FourcastError
from service.scoring.propensity import EVIDENCE_OF, OFFER, RESPONSE, SHARE

LEAST_RESPONSE, MOST_RESPONSE = 0.1, 10.0


def smoothed(prior: float, strength: float, taken: float, trials: float) -> float:
    """(prior * strength + taken) / (strength + trials).

    >>> smoothed(0.05, 100, 0, 0), smoothed(0.05, 100, 40, 900)
    (0.05, 0.045)
    """
    return (prior * strength + taken) / (strength + trials)


class Evidence:
    """Each offer's chance and, where its family has a model, its share of it."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Reads the manifest's ``evidence``.

        Raises: BundleError: when a figure is out of range.
        """
        rows = document["offers"]
        self._propensity_many = {offer: (row["family"], _share(row["chance"])) for offer, row in rows.items()}
        self._shares = {offer: _share(row["share"]) for offer, row in rows.items() if row["share"] is not None}

    def scores_beside(self, models: Collection[str]) -> dict[str, float]:
        """The scores needed beside those models: shares in families with a model, chances in the others."""
        own = {offer for offer in self._propensity_many if OFFER + offer in models}
        shares = {SHARE + offer: share for offer, share in self._shares.items() if offer not in own}
        silent = {
            EVIDENCE_OF + offer: chance
            for offer, (family, chance) in self._propensity_many.items()
            if offer not in own and family not in models
        }
        return {**shares, **silent}


class Responses:
    """Each channel's response for the group of a customer."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """Reads the manifest's ``response``.

        Raises: BundleError: when edges do not rise, or a channel lacks a factor.
        """
        self.attribute: str = document["attribute"]
        self._edges = [float(edge) for edge in document["edges"]]
        if self._edges != sorted(set(self._edges)):
            raise BundleError("the edges of response must rise")
        factors = {channel: [_factor(one) for one in row["factors"]] for channel, row in document["channels"].items()}
        groups = len(self._edges) + 2
        if any(len(row) != groups for row in factors.values()):
            raise BundleError(f"response needs {groups} factors a channel: one per group, the last where it is unknown")
        self._said = [{RESPONSE + channel: row[group] for channel, row in factors.items()} for group in range(groups)]

    def look_up_one(self, columns: Mapping[str, Any]) -> dict[str, float]:
        """The responses of one customer, by the score's name."""
        figure = columns[f"customer.{self.attribute}"]
        return self._said[-1 if isnan(figure) else bisect_right(self._edges, figure)]

    def look_up_many(self, columns: Mapping[str, Any], size: int) -> dict[str, Array]:
        """The responses of n customers, (n,) each."""
        figures = np.broadcast_to(np.ravel(columns[f"customer.{self.attribute}"]), size)
        group = np.where(np.isnan(figures), len(self._edges) + 1, np.searchsorted(self._edges, figures, side="right"))
        return {name: np.array([said[name] for said in self._said])[group] for name in self._said[0]}


def evidence_faults(document: object) -> Iterator[str]:
    """The faults of a manifest's ``evidence``."""
    yield from _faults(Evidence, document)


def response_faults(document: object) -> Iterator[str]:
    """The faults of a manifest's ``response``."""
    yield from _faults(Responses, document)


def _faults(part: type[Evidence] | type[Responses], document: object) -> Iterator[str]:
    try:
        part(document)  # type: ignore[arg-type]
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, FourcastError) as error:
        yield f"does not hold together: {type(error).__name__}: {str(error)[:200]}"


def _share(figure: Any) -> float:
    return _within(figure, 0.0, 1.0)


def _factor(figure: Any) -> float:
    return _within(figure, LEAST_RESPONSE, MOST_RESPONSE)


def _within(figure: Any, low: float, high: float) -> float:
    if isinstance(figure, bool) or not isinstance(figure, int | float) or not low <= figure <= high:
        raise BundleError(f"must be a number from {low:g} to {high:g}, got {str(figure)[:40]}")
    return float(figure)
