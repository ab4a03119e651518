"""Counting events: how many, or how many days since, per customer, offer, family or channel in a rolling window.

A window is exact to the millisecond: an event counts while ``now - at`` is less than it. An event dated after ``now``
counts as happening now, so that a sender's fast clock cannot open a cap. Days since are whole: ``floor((now - at) /
86,400,000)``. For one customer a plain loop over few events is fastest; for many, events are columns and NumPy counts
them. Both sides of each pair here give the same numbers, and None where there is no such event at all, which is the
usual case and costs nothing further.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf, isinf, isnan, nan

import numpy as np

from service.domain import Event, EventKind
from service.grid import DAY_MS, Array, Places

KIND_CODE = {str(kind): code for code, kind in enumerate(EventKind)}
_AXES = ("customer", "offer", "family", "channel")
_CHANNEL = _AXES.index("channel")

Row = tuple[int, tuple[int, int, int, int], float]
"""One event: its age in ms, its place as customer (0), offer, family and channel, its survey score or NaN."""

Seen = Mapping[str, Sequence[Row]]
"""One customer's events by kind."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Events of some kinds per customer, offer, family or channel within a window; ``direction`` None takes all.

    An event whose channel is not known counts in either direction: what may have been a contact is taken for one.
    """

    per: str
    kinds: frozenset[str]
    window_days: float = inf
    direction: str | None = None


class EventTable:
    """Events of many customers as columns of equal length, ordered by customer; -1 is a place that nobody knows."""

    def __init__(self, customer: Array, kind: Array, at: Array, offer: Array, channel: Array, score: Array):
        """Columns: row of the customer, KIND_CODE, ms UTC, place of the offer, of the channel, survey score or NaN."""
        self.customer, self.kind, self.at = customer, kind, at
        self.offer, self.channel, self.score = offer, channel, score

    def rows(self, rows: Array) -> "EventTable":
        """The events of the customers at ``rows`` (ascending), renumbered 0, 1, 2, ..."""
        first, last = np.searchsorted(self.customer, [rows[0], rows[-1] + 1])
        place = np.full(rows[-1] - rows[0] + 1, -1)
        place[rows - rows[0]] = np.arange(len(rows))
        customer = place[self.customer[first:last] - rows[0]]
        kept = np.flatnonzero(customer >= 0)
        columns = (self.kind, self.at, self.offer, self.channel, self.score)
        return EventTable(customer[kept], *(column[first:last][kept] for column in columns))


def event_table(events: Iterable[Sequence[Event]], places: Places) -> EventTable:
    """The events of customers 0, 1, 2, ... as columns; kinds that nobody knows are left out."""
    rows = [
        (row, KIND_CODE[event.kind], event.at, *_where(event, places)[1::2], _score(event))
        for row, several in enumerate(events)
        for event in several
        if event.kind in KIND_CODE
    ]
    columns = [np.array(column) for column in zip(*rows, strict=True)] if rows else [np.zeros(0)] * 6
    customer, kind, at, offer, channel = (column.astype(np.int64) for column in columns[:5])
    return EventTable(customer, kind, at, offer, channel, columns[5].astype(np.float64))


def seen(events: Iterable[Event], places: Places, now: int) -> Seen:
    """One customer's events by kind, with age and places."""
    found: dict[str, list[Row]] = {}
    for event in events:
        found.setdefault(event.kind, []).append((max(0, now - event.at), _where(event, places), _score(event)))
    return found


def _score(event: Event) -> float:
    return nan if event.score is None else event.score


def _where(event: Event, places: Places) -> tuple[int, int, int, int]:
    offer = -1 if event.offer is None else places.offer.get(event.offer, -1)
    channel = -1 if event.channel is None else places.channel.get(event.channel, -1)
    return 0, offer, places.family_of[offer] if offer >= 0 else -1, channel


class Counter:
    """A tally bound to the places of one policy."""

    def __init__(self, tally: Tally, places: Places) -> None:
        """Resolves names to places once."""
        self.tally, self.size = tally, places.size[tally.per]
        self._axis, self._window = _AXES.index(tally.per), tally.window_days * DAY_MS
        self._directed = [tally.direction in (None, direction) for direction in places.direction] + [True]
        self._kinds = sorted(tally.kinds)
        self._codes = np.isin(np.arange(len(KIND_CODE)), [KIND_CODE[kind] for kind in self._kinds])
        self._family_of = np.array([*places.family_of, -1])

    def found(self, events: Seen) -> list[tuple[int, int, float]]:
        """(place, age in ms, score) of each event taken."""
        return [
            (where[self._axis], age, score)
            for kind in self._kinds
            for age, where, score in events.get(kind, ())
            if age < self._window and where[self._axis] >= 0 and self._directed[where[_CHANNEL]]
        ]

    def count_one(self, events: Seen) -> list[int] | None:
        """How many events per place."""
        found = self.found(events)
        if not found:
            return None
        counts = [0] * self.size
        for place, _, _ in found:
            counts[place] += 1
        return counts

    def age_one(self, events: Seen) -> list[float] | None:
        """Milliseconds since the newest event per place, infinite for none."""
        found = self.found(events)
        if not found:
            return None
        ages = [inf] * self.size
        for place, age, _ in found:
            ages[place] = min(ages[place], age)
        return ages

    def newest_one(self, events: Seen) -> list[float] | None:
        """Whole days since the newest event per place, NaN for none."""
        ages = self.age_one(events)
        return None if ages is None else [nan if isinf(age) else float(age // DAY_MS) for age in ages]

    def mean_one(self, events: Seen) -> list[float] | None:
        """The mean score per place, NaN for none; summed in the order given, as ``mean_many`` does."""
        scored = [(place, score) for place, _, score in self.found(events) if not isnan(score)]
        if not scored:
            return None
        total, count = [0.0] * self.size, [0] * self.size
        for place, score in scored:
            total[place] += score
            count[place] += 1
        return [total[place] / count[place] if count[place] else nan for place in range(self.size)]

    def taken(self, events: EventTable, now: int) -> tuple[Array, Array]:
        """For many: indices of the events taken, and their places."""
        place = self._places(events)
        kept = self._codes[events.kind] & (now - events.at < self._window) & (place >= 0)
        if self.tally.direction is not None:
            kept &= np.array(self._directed)[events.channel]
        chosen = np.flatnonzero(kept)
        return chosen, place[chosen]

    def _places(self, events: EventTable) -> Array:
        if self.tally.per == "customer":
            return np.zeros_like(events.customer)
        if self.tally.per == "channel":
            return events.channel
        return events.offer if self.tally.per == "offer" else self._family_of[events.offer]

    def count_many(self, events: EventTable, now: int, customers: int) -> Array | None:
        """How many events per customer and place, (n, places)."""
        chosen, place = self.taken(events, now)
        if not len(chosen):
            return None
        cell = events.customer[chosen] * self.size + place
        return np.bincount(cell, minlength=customers * self.size).reshape(customers, self.size)

    def age_many(self, events: EventTable, now: int, customers: int) -> Array | None:
        """Milliseconds since the newest event, (n, places), infinite for none."""
        chosen, place = self.taken(events, now)
        if not len(chosen):
            return None
        ages = np.full((customers, self.size), inf)
        age = np.maximum(0, now - events.at[chosen])
        np.minimum.at(ages, (events.customer[chosen], place), age.astype(np.float64))
        return ages

    def newest_many(self, events: EventTable, now: int, customers: int) -> Array | None:
        """Whole days since the newest event, (n, places), NaN for none."""
        ages = self.age_many(events, now, customers)
        return None if ages is None else np.where(np.isinf(ages), nan, ages) // DAY_MS

    def mean_many(self, events: EventTable, now: int, customers: int) -> Array | None:
        """The mean score, (n, places), NaN for none."""
        chosen, place = self.taken(events, now)
        scored = ~np.isnan(events.score[chosen])
        chosen, place = chosen[scored], place[scored]
        if not len(chosen):
            return None
        cell, cells = events.customer[chosen] * self.size + place, customers * self.size
        total, count = np.bincount(cell, events.score[chosen], cells), np.bincount(cell, minlength=cells)
        mean: Array = np.divide(total, count, out=np.full(cells, nan), where=count > 0)
        return mean.reshape(customers, self.size)
