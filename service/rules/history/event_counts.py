"""Counting events: how many, or how many days since, per customer, offer, family or channel in a rolling window.

A window is exact to the millisecond: an event counts while ``now - at`` is less than it. An event dated after ``now``
counts as happening now, so that a sender's fast clock cannot open a cap. Days since are whole: ``floor((now - at) /
86,400,000)``. For one customer each trail is searched by bisection; for many, the instants are columns and NumPy counts
them. Both functions of each pair give the same numbers, and None where there is no such event at all. That is the usual
case and costs nothing further.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from math import ceil, inf, isinf, nan

import numpy as np

from service.core.domain import EventKind, Snapshot, Survey, Trail
from service.core.grid import DAY_MS, Array, GridIndex

KIND_CODE = {str(kind): code for code, kind in enumerate(EventKind)}
_AXES = ("customer", "offer", "family", "channel")
_CHANNEL = _AXES.index("channel")
_AGES = 2**60
"""Milliseconds, longer than any past: a window without an end."""

Where = tuple[int, int, int, int]
"""The position of a trail as customer (0), offer, family and channel; -1 is a name that the policy does not know."""


@dataclass(frozen=True, slots=True)
class EventsByKind:
    """One customer's past at ``now`` (ms): instants by kind and position, oldest first, and the survey scores."""

    now: int
    trails: Mapping[str, Sequence[tuple[Where, Sequence[int]]]]
    surveys: Sequence[Survey]

    def __bool__(self) -> bool:
        return bool(self.trails or self.surveys)


@dataclass(frozen=True, slots=True)
class EventCount:
    """Which events are counted: their kinds, per customer, offer, family or channel, in a window; ``direction`` None:
    all.

    An event in an unknown channel counts in either direction: it may have been a contact.
    """

    per: str
    kinds: frozenset[str]
    window_days: float = inf
    direction: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PastTable:
    """The past of many customers as columns, ordered by customer; -1 is a name that the policy does not know.

    ``customer``, ``kind`` (KIND_CODE), ``at`` (ms UTC), ``offer`` and ``channel`` (positions) are of equal length, a
    row for each instant of each trail; ``surveyed``, ``surveyed_at`` and ``score`` are customer, ms UTC and score of a
    survey.
    """

    customer: Array
    kind: Array
    at: Array
    offer: Array
    channel: Array
    surveyed: Array
    surveyed_at: Array
    score: Array

    def take_rows(self, rows: Array) -> "PastTable":
        """The past of the customers at ``rows`` (ascending), renumbered 0, 1, 2, ..."""
        customer, events = _renumbered(self.customer, rows)
        surveyed, scores = _renumbered(self.surveyed, rows)
        kind, at, offer, channel = (column[events] for column in (self.kind, self.at, self.offer, self.channel))
        return PastTable(customer, kind, at, offer, channel, surveyed, self.surveyed_at[scores], self.score[scores])


def _renumbered(customer: Array, rows: Array) -> tuple[Array, Array]:
    """The new numbers of the customers at ``rows``, and their positions in the column."""
    first, last = np.searchsorted(customer, [rows[0], rows[-1] + 1])
    place = np.full(rows[-1] - rows[0] + 1, -1)
    place[rows - rows[0]] = np.arange(len(rows))
    numbers = place[customer[first:last] - rows[0]]
    members = np.flatnonzero(numbers >= 0)
    return numbers[members], first + members


def past_table(snapshots: Iterable[Snapshot], index: GridIndex) -> PastTable:
    """The past of customers 0, 1, 2, ... as columns; unknown kinds are left out."""
    several = list(snapshots)
    trails = [(row, one) for row, each in enumerate(several) for one in each.trails if one.kind in KIND_CODE]
    lengths = [len(one.instants) for _, one in trails]
    where = [(row, KIND_CODE[one.kind], *_where(one, index)[1::2]) for row, one in trails]
    customer, kind, offer, channel = np.repeat(_integers(where, 4), lengths, axis=0).T
    at = np.fromiter(chain.from_iterable(one.instants for _, one in trails), np.int64, sum(lengths))
    surveys = [(row, one.at, one.score) for row, each in enumerate(several) for one in each.surveys]
    surveyed, surveyed_at = _integers([one[:2] for one in surveys], 2).T
    return PastTable(
        customer, kind, at, offer, channel, surveyed, surveyed_at, np.array([one[2] for one in surveys], float)
    )


def _integers(rows: Sequence[Sequence[int]], width: int) -> Array:
    return np.array(rows, dtype=np.int64).reshape(-1, width)


def group_events(trails: Iterable[Trail], surveys: Sequence[Survey], index: GridIndex, now: int) -> EventsByKind:
    """One customer's past by kind, with positions."""
    by_kind: dict[str, list[tuple[Where, Sequence[int]]]] = {}
    for one in trails:
        by_kind.setdefault(one.kind, []).append((_where(one, index), one.instants))
    return EventsByKind(now, by_kind, surveys)


def _where(trail: Trail, index: GridIndex) -> Where:
    offer = -1 if trail.offer is None else index.offer.get(trail.offer, -1)
    channel = -1 if trail.channel is None else index.channel.get(trail.channel, -1)
    return 0, offer, index.family_of[offer] if offer >= 0 else -1, channel


def age_ms(window_days: float) -> int:
    """The age in whole ms from which an event no longer counts: the window, rounded up."""
    return _AGES if isinf(window_days) else ceil(window_days * DAY_MS)


class Counter:
    """A count bound to the grid of one policy."""

    def __init__(self, count: EventCount, index: GridIndex) -> None:
        """Resolves names to positions once."""
        self.count, self.size = count, index.size[count.per]
        self._axis, self._age = _AXES.index(count.per), age_ms(count.window_days)
        self._directed = [count.direction in (None, direction) for direction in index.direction] + [True]
        self._kinds = sorted(count.kinds)
        self._codes = np.isin(np.arange(len(KIND_CODE)), [KIND_CODE[kind] for kind in self._kinds])
        self._family_of = np.array([*index.family_of, -1])

    def find_trails(self, past: EventsByKind) -> Iterator[tuple[int, Sequence[int]]]:
        """(position, instants oldest first) of each trail with an event in the window."""
        since = past.now - self._age
        for kind in self._kinds:
            for where, instants in past.trails.get(kind, ()):
                if where[self._axis] >= 0 and self._directed[where[_CHANNEL]] and instants[-1] > since:
                    yield where[self._axis], instants

    def count_one(self, past: EventsByKind) -> list[int] | None:
        """How many events per position."""
        counts: list[int] | None = None
        since = past.now - self._age
        for place, instants in self.find_trails(past):
            counts = counts or [0] * self.size
            counts[place] += len(instants) - bisect_right(instants, since)
        return counts

    def age_one(self, past: EventsByKind) -> list[float] | None:
        """Milliseconds since the newest event per position, infinite for none."""
        ages: list[float] | None = None
        for place, instants in self.find_trails(past):
            ages = ages or [inf] * self.size
            ages[place] = min(ages[place], max(0, past.now - instants[-1]))
        return ages

    def newest_one(self, past: EventsByKind) -> list[float] | None:
        """Whole days since the newest event per position, NaN for none."""
        ages = self.age_one(past)
        return None if ages is None else [nan if isinf(age) else float(age // DAY_MS) for age in ages]

    def select_events(self, past: PastTable, now: int) -> tuple[Array, Array]:
        """Indices of the events that count, and their positions, for many customers."""
        place = self._positions(past)
        counts = self._codes[past.kind] & (past.at > now - self._age) & (place >= 0)
        if self.count.direction is not None:
            counts &= np.array(self._directed)[past.channel]
        chosen = np.flatnonzero(counts)
        return chosen, place[chosen]

    def _positions(self, past: PastTable) -> Array:
        if self.count.per == "customer":
            return np.zeros_like(past.customer)
        if self.count.per == "channel":
            return past.channel
        return past.offer if self.count.per == "offer" else self._family_of[past.offer]

    def count_many(self, past: PastTable, now: int, customers: int) -> Array | None:
        """How many events per customer and position, (n, positions)."""
        chosen, place = self.select_events(past, now)
        if not len(chosen):
            return None
        cell = past.customer[chosen] * self.size + place
        return np.bincount(cell, minlength=customers * self.size).reshape(customers, self.size)

    def age_many(self, past: PastTable, now: int, customers: int) -> Array | None:
        """Milliseconds since the newest event, (n, positions), infinite for none."""
        chosen, place = self.select_events(past, now)
        if not len(chosen):
            return None
        ages = np.full((customers, self.size), inf)
        age = np.maximum(0, now - past.at[chosen])
        np.minimum.at(ages, (past.customer[chosen], place), age.astype(np.float64))
        return ages

    def newest_many(self, past: PastTable, now: int, customers: int) -> Array | None:
        """Whole days since the newest event, (n, positions), NaN for none."""
        ages = self.age_many(past, now, customers)
        return None if ages is None else np.where(np.isinf(ages), nan, ages) // DAY_MS


class SurveyMean:
    """The mean score of the surveys in a rolling window; summed in the order given, for one customer as for many."""

    def __init__(self, window_days: float) -> None:
        self._age = age_ms(window_days)

    def mean_one(self, past: EventsByKind) -> float | None:
        """The mean of one customer; None without a survey in the window."""
        total, count = 0.0, 0
        for survey in past.surveys:
            if survey.at > past.now - self._age:
                total, count = total + survey.score, count + 1
        return total / count if count else None

    def mean_many(self, past: PastTable, now: int, customers: int) -> Array | None:
        """The means of many, (n,), NaN for a customer without one; None where no customer has one."""
        chosen = np.flatnonzero(past.surveyed_at > now - self._age)
        if not len(chosen):
            return None
        rows = past.surveyed[chosen]
        total, count = np.bincount(rows, past.score[chosen], customers), np.bincount(rows, minlength=customers)
        mean: Array = np.divide(total, count, out=np.full(customers, nan), where=count > 0)
        return mean
