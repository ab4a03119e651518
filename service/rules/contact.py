"""May we contact them now, here: consent, quiet hours, caps and cool-offs, each a gate over offers and channels.

Here: the gates of ``contact.yaml``, for one customer and for many. Not here: rules of the stage ``contact`` that are
written as expressions (``rulebook``), and the counting (``tally``). A gate answers True where it closes nothing, False
where it closes everything, else an array of what stays open; so the usual case costs no array. A cool-off is a cap of
one event in its days. What is unknown closes: consent must have been given, not merely not refused. Who said no to
``contact`` (do not contact me) is not gone to in any channel, whatever a channel's own consent says; nor is a customer
who is not personalised, of whom we may not read whether they can be reached, complain, or still live.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from service.grid import Array, Moment, Places, by_channel
from service.rules.outreach import Cap, ConsentRule, Contact, CoolOff, QuietHours
from service.rules.tally import Counter, EventTable, Seen, Tally

Ok = bool | Array
"""What a gate leaves open: all, nothing, or the cells of an array that broadcasts over (n, m, k)."""


CONTACT = "contact"
"""The purpose whose refusal closes every channel of a consent rule: do not contact me."""


@dataclass(frozen=True, slots=True, eq=False)
class Crowd:
    """The dealings of n customers at one instant: consents by purpose as 1, 0 and NaN (n,), events as columns.

    ``personal``: whether their facts may be read, the same for all of them.
    """

    customers: int
    now: int
    consents: Mapping[str, Array]
    events: EventTable
    personal: bool = True


class ConsentGate:
    """Open where the newest word for the channel's purpose is yes; channels of the other direction need none.

    Closed in all its channels to who refused contact as such, and to who is not personalised.
    """

    def __init__(self, rule: ConsentRule, places: Places) -> None:
        """Writes each channel's purpose out once."""
        self.id = rule.id
        self._purposes = [
            rule.purpose.replace("<channel>", channel) if direction == rule.direction else None
            for channel, direction in zip(places.channels, places.direction, strict=True)
        ]

    def one(self, consents: Mapping[str, bool], personal: bool = True) -> Ok:
        """From the newest word per purpose."""
        reachable = personal and consents.get(CONTACT) is not False
        said = [purpose is None or (reachable and consents.get(purpose) is True) for purpose in self._purposes]
        return True if all(said) else by_channel(said)

    def many(self, consents: Mapping[str, Array], customers: int, personal: bool = True) -> Ok:
        """From columns of 1 (yes), 0 (no) and NaN (never asked) by purpose."""
        silent, free = np.zeros(customers, dtype=bool), np.ones(customers, dtype=bool)
        reachable = (consents[CONTACT] != 0.0 if CONTACT in consents else free) & personal
        said = [
            free if purpose is None else (consents[purpose] == 1.0) & reachable if purpose in consents else silent
            for purpose in self._purposes
        ]
        return np.stack(said, axis=1)[:, np.newaxis, :]


class QuietGate:
    """Closed from start to end of the local day, and on holidays where the rule says so."""

    def __init__(self, rule: QuietHours, places: Places) -> None:
        """Marks the channels it holds for once."""
        self.id, self._rule = rule.id, rule
        self._open = ~_channels(places, rule.direction, rule.channels)

    def at(self, at: Moment, holiday: bool) -> Ok:
        """The same for everybody."""
        return self._open if self.quiet(at.minute) or (holiday and self._rule.holidays) else True

    def quiet(self, minute: int) -> bool:
        """Start is quiet, end no more; across midnight where start is above end."""
        start, end = self._rule.start_minute, self._rule.end_minute
        return start <= minute < end if start <= end else minute >= start or minute < end


class CapGate:
    """Open while fewer than ``maximum`` events stand in the window, per offer, family, channel or customer."""

    def __init__(self, rule: Cap | CoolOff, places: Places) -> None:
        """A cool-off closes all channels after one event; the policy allows no maximum below 1."""
        self.id = rule.id
        kinds, days = (rule.counts, rule.window_days) if isinstance(rule, Cap) else (rule.after, rule.days)
        self._maximum, direction = (rule.maximum, rule.direction) if isinstance(rule, Cap) else (1, None)
        self._counter = Counter(Tally(rule.per, frozenset(kinds), days, direction), places)
        self._family_of = places.family_index
        self._spared = None if direction is None else ~_channels(places, direction, None)

    def one(self, events: Seen) -> Ok:
        """From one customer's events."""
        counts = self._counter.count_one(events)
        return True if counts is None or max(counts) < self._maximum else self._close(np.array([counts]))

    def many(self, events: EventTable, now: int, customers: int) -> Ok:
        """From the events of many."""
        counts = self._counter.count_many(events, now, customers)
        return True if counts is None else self._close(counts)

    def _close(self, counts: Array) -> Array:
        """Counts as (n, places) to what stays open over the grid."""
        fewer = counts < self._maximum
        if self._counter.tally.per == "family":
            fewer = fewer[:, self._family_of]
        channel = self._counter.tally.per == "channel"
        spread: Array = fewer[:, np.newaxis, :] if channel else fewer[:, :, np.newaxis]
        return spread if self._spared is None else spread | self._spared


def _channels(places: Places, direction: str | None, names: Iterable[str] | None) -> Array:
    """(1, 1, k): the named channels, or those of a direction, or all."""
    if names is not None:
        return by_channel([channel in set(names) for channel in places.channels])
    return by_channel([direction in (None, one) for one in places.direction])


class ContactGates:
    """All gates of ``contact.yaml`` in the order in which a reason is named: ``ids`` and, per call, what each opens."""

    def __init__(self, contact: Contact, places: Places) -> None:
        """Binds each rule to the policy's offers and channels."""
        self._consents = [ConsentGate(rule, places) for rule in contact.consents]
        self._quiet = [QuietGate(rule, places) for rule in contact.quiet_hours]
        limits: list[Cap | CoolOff] = [*contact.caps, *contact.cool_offs]
        self._caps = [CapGate(rule, places) for rule in limits]
        self.ids = [rule.id for rule in contact.rules]

    def one(
        self, consents: Mapping[str, bool], events: Seen, at: Moment, holiday: bool, personal: bool = True
    ) -> list[Ok]:
        """For one customer; ``personal``: whether their facts may be read."""
        return [
            *(gate.one(consents, personal) for gate in self._consents),
            *(gate.at(at, holiday) for gate in self._quiet),
            *(gate.one(events) for gate in self._caps),
        ]

    def many(self, crowd: Crowd, at: Moment, holiday: bool) -> list[Ok]:
        """For many customers at one instant."""
        return [
            *(gate.many(crowd.consents, crowd.customers, crowd.personal) for gate in self._consents),
            *(gate.at(at, holiday) for gate in self._quiet),
            *(gate.many(crowd.events, crowd.now, crowd.customers) for gate in self._caps),
        ]
