"""``history.*``: the columns of a customer's past that rules read, for one customer and for many.

``vocabulary.HISTORY_NAMES`` says what each name counts; ``event_counts`` counts it; ``lookback`` says how much of the
past is read for it. A count without any event is the scalar 0, days since without any event the scalar NaN, whatever
the name's axes, so that the many customers without events cost nothing. Only names that some rule reads are filled.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import nan

import numpy as np

from service.core.grid import DAY_MS, Array, Column, GridIndex, by_channel, by_customer
from service.rules.history.event_counts import Counter, EventCount, EventsByKind, PastTable, SurveyMean
from service.rules.model.contact import Contact
from service.rules.vocabulary import HISTORY_NAMES, Measure

SPARE_MS = 60_000
DEPTH_DAYS = 200.0
"""The past is read at least so far back, for the newest click, refusal or purchase that a rule may ask for."""


def _counted(measure: Measure) -> dict[str, EventCount]:
    return {row.name: row.count for row in HISTORY_NAMES if row.measure is measure}


COUNTS: Mapping[str, EventCount] = _counted(Measure.COUNT)
NEWEST: Mapping[str, EventCount] = _counted(Measure.DAYS_SINCE)
MEANS: Mapping[str, EventCount] = _counted(Measure.MEAN_SCORE)
(CONSENT,) = _counted(Measure.CONSENT)

NOTHING: Mapping[str, Column] = dict.fromkeys(COUNTS, 0.0) | dict.fromkeys([*NEWEST, *MEANS], nan)
"""Every name that counts events, for a customer without events or whose past may not be read."""


def depth_ms(contact: Contact) -> int:
    """How far back (ms) rules may look: the longest window there is, with a minute to spare."""
    windows = [count.window_days for count in (*COUNTS.values(), *MEANS.values())]
    limits = [*(cap.window_days for cap in contact.caps), *(rest.days for rest in contact.cool_offs)]
    return int(max(DEPTH_DAYS, *windows, *limits) * DAY_MS) + SPARE_MS


class HistoryColumns:
    """The history columns that a policy reads, filled for one customer or for many."""

    def __init__(self, index: GridIndex, names: Iterable[str]) -> None:
        """``names``: every name that some rule reads; others are not filled."""
        read = set(names)
        self._family_of = index.family_index
        self._counts = {name: Counter(count, index) for name, count in COUNTS.items() if name in read}
        self._newest = {name: Counter(count, index) for name, count in NEWEST.items() if name in read}
        self._means = {name: SurveyMean(count.window_days) for name, count in MEANS.items() if name in read}
        self._purposes = [f"marketing:{channel}" for channel in index.channels] if CONSENT in read else []

    def fill_one(self, past: EventsByKind) -> dict[str, Column]:
        """The columns of one customer's past: plain scalars, (1, m, 1) and (1, 1, k)."""
        columns = dict(NOTHING)
        if past:
            for name, counter in self._counts.items():
                self._keep(columns, name, counter, counter.count_one(past))
            for name, counter in self._newest.items():
                self._keep(columns, name, counter, counter.newest_one(past))
            for name, mean in self._means.items():
                score = mean.mean_one(past)
                columns[name] = nan if score is None else score
        return columns

    def fill_many(self, past: PastTable, now: int, customers: int) -> dict[str, Column]:
        """The columns of many customers' past: (n, 1, 1), (n, m, 1) and (n, 1, k), or a scalar where nobody has such an
        event.
        """
        columns = dict(NOTHING)
        for name, counter in self._counts.items():
            self._keep(columns, name, counter, counter.count_many(past, now, customers))
        for name, counter in self._newest.items():
            self._keep(columns, name, counter, counter.newest_many(past, now, customers))
        for name, mean in self._means.items():
            scores = mean.mean_many(past, now, customers)
            columns[name] = nan if scores is None else by_customer(scores)
        return columns

    def fill_consent_one(self, consents: Mapping[str, bool]) -> dict[str, Column]:
        """``history.consent`` of one customer, (1, 1, k): 1 yes, 0 no, NaN never asked."""
        if not self._purposes:
            return {}
        return {CONSENT: by_channel([_said(consents.get(purpose)) for purpose in self._purposes])}

    def fill_consent_many(self, consents: Mapping[str, Array], customers: int) -> dict[str, Column]:
        """``history.consent`` of many, (n, 1, k), from columns of 1, 0 and NaN by purpose."""
        if not self._purposes:
            return {}
        silent = np.full(customers, nan)
        answers = [consents.get(purpose, silent) for purpose in self._purposes]
        return {CONSENT: np.stack(answers, axis=1)[:, np.newaxis, :]}

    def _keep(
        self, columns: dict[str, Column], name: str, counter: Counter, found: Sequence[float] | Array | None
    ) -> None:
        if found is not None:
            columns[name] = self._spread(counter.count.per, np.asarray(found, dtype=np.float64))

    def _spread(self, per: str, values: Array) -> Column:
        """Values per position, (positions,) or (n, positions), on the grid's axes."""
        if per == "customer" and values.ndim == 1:
            return float(values[0])
        rows = values.reshape(-1, values.shape[-1])
        if per == "channel":
            return rows[:, np.newaxis, :]
        return (rows[:, self._family_of] if per == "family" else rows)[:, :, np.newaxis]


def _said(word: bool | None) -> float:
    return nan if word is None else float(word)
