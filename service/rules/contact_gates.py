"""May we contact them now, here: consent, quiet hours, caps and cool-offs, each a gate over offers and channels.

Here: the gates of ``contact.yaml``, for one customer and for many. Elsewhere: rules of the stage ``contact`` that are
written as expressions (``rulebook``), and the counting (``history.event_counts``). A gate returns True where it closes
nothing, False where it closes everything, else an array of what stays open; so the usual case costs no array.

What is unknown closes: consent must have been given, not merely not refused. A customer who refused ``contact`` (do not
contact me) is contacted in no channel, whatever a channel's own consent says. Nor is a customer without
personalisation: their attributes may not be read, so nobody knows whether they can be reached or are alive.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from service.core.domain import RETIRED
from service.core.grid import Array, GridIndex, Moment, WorkCalendar, by_channel
from service.rules.history.event_counts import Counter, EventCount, EventsByKind, PastTable
from service.rules.model.contact import RETIREMENT, Cap, ConsentRule, Contact, CoolOff, QuietHours

GateMask = bool | Array
"""What a gate leaves open: all (True), nothing (False), or the cells of an array that broadcasts over (n, m, k)."""


CONTACT = "contact"
"""The purpose whose refusal closes every channel of a consent rule: do not contact me."""


@dataclass(frozen=True, slots=True, eq=False)
class WallClocks:
    """One instant on the clocks of n customers: the different moments, and the place (n,) of each customer's."""

    moments: Sequence[Moment]
    places: Array


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """The contact facts of n customers at one instant: consents by purpose as 1, 0 and NaN (n,), and the past as
    columns.

    ``personal``: whether their personal facts may be read, the same for all of them. ``clocks``: their own time, where
    they do not all live by the bank's.
    """

    customers: int
    now: int
    consents: Mapping[str, Array]
    past: PastTable
    personal: bool = True
    clocks: WallClocks | None = None


class ConsentGate:
    """Open where the newest answer to the channel's purpose is yes; channels of the other direction need none.

    Closed in all its channels for a customer who refused contact as such, and for one without personalisation.
    """

    def __init__(self, rule: ConsentRule, index: GridIndex) -> None:
        """Writes each channel's purpose once."""
        self.id = rule.id
        self._purposes = [
            rule.purpose_for(channel) if direction == rule.direction else None
            for channel, direction in zip(index.channels, index.direction, strict=True)
        ]

    def check_one(self, consents: Mapping[str, bool], personal: bool = True) -> GateMask:
        """For one customer, from the newest answer per purpose."""
        reachable = personal and consents.get(CONTACT) is not False
        allowed = [purpose is None or (reachable and consents.get(purpose) is True) for purpose in self._purposes]
        return True if all(allowed) else by_channel(allowed)

    def check_many(self, consents: Mapping[str, Array], customers: int, personal: bool = True) -> GateMask:
        """For many, from columns of 1 (yes), 0 (no) and NaN (never asked) by purpose."""
        silent, free = np.zeros(customers, dtype=bool), np.ones(customers, dtype=bool)
        reachable = (consents[CONTACT] != 0.0 if CONTACT in consents else free) & personal
        allowed = [
            free if purpose is None else (consents[purpose] == 1.0) & reachable if purpose in consents else silent
            for purpose in self._purposes
        ]
        return np.stack(allowed, axis=1)[:, np.newaxis, :]


class RetiredGate:
    """Closed in every outbound channel for a retired customer, whatever the policy says."""

    id = RETIREMENT.id

    def __init__(self, index: GridIndex) -> None:
        """Marks the inbound channels once; they stay open."""
        self._inbound = by_channel([direction != "outbound" for direction in index.direction])

    def check_one(self, consents: Mapping[str, bool]) -> GateMask:
        """For one customer, from the newest answer to ``RETIRED``."""
        return self._inbound if consents.get(RETIRED) is True else True

    def check_many(self, consents: Mapping[str, Array]) -> GateMask:
        """For many, from a column of 1 (retired), 0 (returned) and NaN (never)."""
        if RETIRED not in consents:
            return True
        found: Array = (consents[RETIRED] != 1.0)[:, np.newaxis, np.newaxis] | self._inbound
        return found


class QuietGate:
    """Closed from start to end of the local day, and on holidays or days that are not worked where the rule says so."""

    def __init__(self, rule: QuietHours, index: GridIndex) -> None:
        """Marks the channels of the rule once."""
        self.id, self._rule = rule.id, rule
        self._open = ~_channels(index, rule.direction, rule.channels)

    def check_many(self, clocks: WallClocks, calendar: WorkCalendar) -> GateMask:
        """What is open to customers who live by several clocks."""
        masks = [self.check(at, calendar) for at in clocks.moments]
        if all(mask is True for mask in masks):
            return True
        cells: Array = np.concatenate([np.broadcast_to(mask, self._open.shape) for mask in masks])
        return cells[clocks.places]

    def check(self, at: Moment, calendar: WorkCalendar) -> GateMask:
        """What is open at one moment on the customer's clock."""
        return self._open if self.is_quiet(at.minute) or self._rests(at, calendar) else True

    def _rests(self, at: Moment, calendar: WorkCalendar) -> bool:
        """Whether the whole day is quiet."""
        if self._rule.working_days:
            return not calendar.is_working(at)
        return self._rule.holidays and at.day in calendar.holidays

    def is_quiet(self, minute: int) -> bool:
        """Whether the minute is quiet: from start (included) to end (excluded), across midnight where start is above
        end.
        """
        start, end = self._rule.start_minute, self._rule.end_minute
        return start <= minute < end if start <= end else minute >= start or minute < end


class CapGate:
    """Open while fewer than ``maximum`` events are in the window, per offer, family, channel or customer."""

    def __init__(self, rule: Cap, index: GridIndex) -> None:
        """Binds the count to the grid. The policy allows no maximum below 1."""
        self.id, self._maximum = rule.id, rule.maximum
        self._counter = Counter(EventCount(rule.per, frozenset(rule.counts), rule.window_days, rule.direction), index)
        self._family_of = index.family_index
        self._spared = None if rule.direction is None else ~_channels(index, rule.direction, None)

    def check_one(self, past: EventsByKind) -> GateMask:
        """For one customer, from their past."""
        counts = self._counter.count_one(past)
        return True if counts is None or max(counts) < self._maximum else self._close(np.array([counts]))

    def check_many(self, past: PastTable, now: int, customers: int) -> GateMask:
        """For many, from their past."""
        counts = self._counter.count_many(past, now, customers)
        return True if counts is None else self._close(counts)

    def _close(self, counts: Array) -> Array:
        """What stays open over the grid, from counts as (n, positions)."""
        fewer = counts < self._maximum
        if self._counter.count.per == "family":
            fewer = fewer[:, self._family_of]
        channel = self._counter.count.per == "channel"
        spread: Array = fewer[:, np.newaxis, :] if channel else fewer[:, :, np.newaxis]
        return spread if self._spared is None else spread | self._spared


class CoolOffGate:
    """Closed in all channels from an event of ``after`` for its days, or until the next event of ``until``.

    Open where ``age of the newest after >= days`` or ``>= age of the newest until``; ages in ms, infinite without an
    event.
    """

    def __init__(self, rule: CoolOff, index: GridIndex) -> None:
        """Binds both counts to the grid."""
        self.id = rule.id
        self._after = Counter(EventCount(rule.per, frozenset(rule.after), rule.days), index)
        self._until = Counter(EventCount(rule.per, frozenset(rule.until)), index) if rule.until else None
        self._family_of = index.family_index if rule.per == "family" else None

    def check_one(self, past: EventsByKind) -> GateMask:
        """For one customer, from their past."""
        begun = self._after.age_one(past)
        if begun is None:
            return True
        ended = None if self._until is None else self._until.age_one(past)
        return self._close(np.array([begun]), None if ended is None else np.array([ended]))

    def check_many(self, past: PastTable, now: int, customers: int) -> GateMask:
        """For many, from their past."""
        begun = self._after.age_many(past, now, customers)
        if begun is None:
            return True
        return self._close(begun, None if self._until is None else self._until.age_many(past, now, customers))

    def _close(self, begun: Array, ended: Array | None) -> Array:
        """What stays open over the grid, from ages as (n, positions)."""
        opened: Array = begun >= (inf if ended is None else ended)
        return (opened if self._family_of is None else opened[:, self._family_of])[:, :, np.newaxis]


def _channels(index: GridIndex, direction: str | None, names: Iterable[str] | None) -> Array:
    """(1, 1, k): the named channels, or those of a direction, or all."""
    if names is not None:
        return by_channel([channel in set(names) for channel in index.channels])
    return by_channel([direction in (None, one) for one in index.direction])


class ContactGates:
    """The gate of retired customers, then all of ``contact.yaml``, in the order in which a reason is named.

    ``ids`` names them; each check returns what each gate leaves open, in that order.
    """

    def __init__(self, contact: Contact, index: GridIndex) -> None:
        """Binds each rule to the policy's offers and channels."""
        self._retired = RetiredGate(index)
        self._consents = [ConsentGate(rule, index) for rule in contact.consents]
        self._quiet = [QuietGate(rule, index) for rule in contact.quiet_hours]
        self._limits: list[CapGate | CoolOffGate] = [
            *(CapGate(rule, index) for rule in contact.caps),
            *(CoolOffGate(rule, index) for rule in contact.cool_offs),
        ]
        self.ids = [RETIREMENT.id, *(rule.id for rule in contact.rules)]

    def check_one(
        self,
        consents: Mapping[str, bool],
        past: EventsByKind,
        at: Moment,
        calendar: WorkCalendar,
        personal: bool = True,
    ) -> list[GateMask]:
        """For one customer, ``at`` on their own clock; ``personal``: whether their personal facts may be read."""
        return [
            self._retired.check_one(consents),
            *(gate.check_one(consents, personal) for gate in self._consents),
            *(gate.check(at, calendar) for gate in self._quiet),
            *(gate.check_one(past) for gate in self._limits),
        ]

    def check_many(self, crowd: Crowd, at: Moment, calendar: WorkCalendar) -> list[GateMask]:
        """For many customers at one instant, ``at`` on the bank's clock."""
        return [
            self._retired.check_many(crowd.consents),
            *(gate.check_many(crowd.consents, crowd.customers, crowd.personal) for gate in self._consents),
            *(self._check_quiet(gate, crowd, at, calendar) for gate in self._quiet),
            *(gate.check_many(crowd.past, crowd.now, crowd.customers) for gate in self._limits),
        ]

    @staticmethod
    def _check_quiet(gate: QuietGate, crowd: Crowd, at: Moment, calendar: WorkCalendar) -> GateMask:
        return gate.check(at, calendar) if crowd.clocks is None else gate.check_many(crowd.clocks, calendar)
