"""Observations: each offer that a decision exposed to a customer, and its outcome, from stored decisions and events.

Order: a customer's decisions and events -> exposures -> observations. A treatment was exposed when an impression or
contact names its decision and offer, or anything the customer did about it: click, accept, reject, dismiss. In a
channel that never tells an impression or contact, the decision itself counts for all of its treatments: there a
customer's actions alone would leave the ignored offers out, and what is ignored is not taken. The first exposure of an
offer opens a window; later exposures within it belong to the same observation, and the offer is taken where an accept
or purchase of it lies in the window. So one purchase is one outcome, however often the banner was seen. The attributes
are those of the decision that opened the window, never of today.

Censoring: a window that is not over is left out, whether or not the offer was taken already, since only quick takers
would be in it. Also left out, and counted: customers without personalisation (nothing is learned from them), offers
that the policy no longer has, treatments that no customer saw.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from service.core.decision_ids import canonical_id
from service.core.domain import Arm, Attributes, Event
from service.core.grid import DAY_MS
from service.decision.record import UNREADABLE
from service.rules.policy import Policy
from training.experience.first_exposures import FirstExposure, first_exposure_of

CustomerHistory = tuple[str, Sequence[bytes], Sequence[Event]]
"""A customer's id, the records of their decisions, and their events, oldest first."""

SHOWN = frozenset({"impression", "contact"})
"""Events by which a channel tells what it showed."""
SEEN = SHOWN | {"click", "accept", "reject", "dismiss"}
"""Events that nobody sends of an offer that was not seen."""
TAKEN = frozenset({"accept", "purchase"})


@dataclass(frozen=True, slots=True)
class Exposure:
    """One treatment of one decision. ``seen_at`` is None where no event says that the customer saw it; ``told`` says
    whether its channel told that it was shown."""

    customer_id: str
    decision: Mapping[str, Any]
    treatment: Mapping[str, Any]
    attributes: Attributes
    family: str
    seen_at: int | None
    clicked: bool
    told: bool = False
    context: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Observation:
    """An exposure that opened a window, whether it was ``taken`` within it, and for which ``amount_yuan`` if known.

    ``offer`` is the offer shown; an observation of a family is taken where any of its offers is.
    """

    exposure: Exposure
    at: int
    taken: bool
    amount_yuan: float | None

    @property
    def offer(self) -> str:
        """The offer that was shown."""
        return str(self.exposure.treatment["offer"])

    @property
    def held_out(self) -> bool:
        """Whether the customer is in the holdout: measured on, never learned from."""
        return bool(self.exposure.decision["arm"] == Arm.HOLDOUT)


@dataclass(frozen=True)
class Experience:
    """Observations of offers and of families whose windows are over, and counts of those left out, by reason."""

    offers: Sequence[Observation]
    families: Sequence[Observation]
    window_days: float
    left_out: Mapping[str, int] = field(default_factory=dict)
    first_exposures: Sequence[FirstExposure] = ()
    seen_by: Mapping[str, str] = field(default_factory=dict)
    """Channel -> ``events`` or ``decisions``: the source that shows that a treatment was seen."""


@dataclass(frozen=True, slots=True)
class _Take:
    offer: str
    at: int
    amount_yuan: float | None


def collect_experience(
    histories: Iterable[CustomerHistory], policy: Policy, until: int, window_days: float | None = None
) -> Experience:
    """The observations of these customers whose windows were over at ``until`` (ms UTC); the policy's window by
    default."""
    days = policy.experiments.attribution_days if window_days is None else window_days
    families = {offer.id: offer.family for offer in policy.offers}
    left_out: Counter[str] = Counter()
    exposures: dict[str, list[Exposure]] = {}
    takes: dict[str, list[_Take]] = {}
    for customer_id, records, events in histories:
        exposures[customer_id] = list(_exposures(customer_id, records, events, families, left_out))
        takes[customer_id] = [_Take(e.offer, e.at, e.amount_yuan) for e in events if e.kind in TAKEN and e.offer]
    speaking = {one.treatment["channel"] for several in exposures.values() for one in several if one.told}
    windows = _Windows(round(days * DAY_MS), until, speaking, families, left_out)
    pairs = [(several, takes[who]) for who, several in exposures.items()]
    return Experience(
        offers=[observation for pair in pairs for observation in windows.observations(*pair, of_family=False)],
        families=[observation for pair in pairs for observation in windows.observations(*pair, of_family=True)],
        window_days=days,
        left_out=dict(left_out),
        first_exposures=[one for pair in pairs if (one := windows.first_exposure(*pair)) is not None],
        seen_by={
            channel: "events" if channel in speaking else "decisions"
            for channel in sorted({one.treatment["channel"] for several in exposures.values() for one in several})
        },
    )


def _exposures(
    customer_id: str,
    records: Sequence[bytes],
    events: Sequence[Event],
    families: Mapping[str, str],
    left_out: Counter[str],
) -> Iterator[Exposure]:
    every = [_read(record) for record in records]
    read = [record for record in every if record is not None]
    if len(read) < len(every):
        left_out["record unreadable"] += len(every) - len(read)
    seen = _seen(read, events)
    for record in read:
        decision = record["decision"]
        if not decision["personalised"]:
            left_out["not personalised"] += len(decision["treatments"])
            continue
        for treatment in decision["treatments"]:
            family, name = families.get(treatment["offer"]), (decision["id"], treatment["offer"])
            if family is None:
                left_out["offer gone"] += 1
                continue
            facts = record["snapshot"]["attributes"]
            at, kinds = seen.get(name, (None, frozenset()))
            clicked, told = "click" in kinds, not kinds.isdisjoint(SHOWN)
            yield Exposure(customer_id, decision, treatment, facts, family, at, clicked, told, record["context"])


def _read(record: bytes) -> dict[str, Any] | None:
    """The record of a decision; None where it was altered and cannot be read."""
    try:
        read: dict[str, Any] = orjson.loads(record)
        _ = read["decision"]["personalised"], read["snapshot"]["attributes"]
        _ = [treatment["offer"] for treatment in read["decision"]["treatments"]]
    except UNREADABLE:
        return None
    return read


def _seen(
    records: Sequence[Mapping[str, Any]], events: Sequence[Event]
) -> dict[tuple[str, str], tuple[int, frozenset[str]]]:
    """When each (decision, offer) was first seen, and by which kinds of events."""
    seen: dict[tuple[str, str], tuple[int, frozenset[str]]] = {}
    for event in events:
        if event.kind in SEEN and event.offer is not None:
            decision = _named(event) or _latest(records, event)
            if decision is not None:
                at, kinds = seen.get((decision, event.offer), (event.at, frozenset[str]()))
                seen[decision, event.offer] = at, kinds | {event.kind}
    return seen


def _named(event: Event) -> str | None:
    """The decision an event names; it may have been stored in the spelling of its sender."""
    return None if event.decision_id is None else canonical_id(event.decision_id) or event.decision_id


def _latest(records: Sequence[Mapping[str, Any]], event: Event) -> str | None:
    """The last decision before an event that showed its offer, for an event that names no decision."""
    made = (record["decision"] for record in reversed(records))
    return next(
        (
            str(one["id"])
            for one in made
            if one["at"] <= event.at and any(treatment["offer"] == event.offer for treatment in one["treatments"])
        ),
        None,
    )


@dataclass(frozen=True)
class _Windows:
    """Turns the exposures of a customer into observations."""

    window_ms: int
    until: int
    speaking: set[str]
    families: Mapping[str, str]
    left_out: Counter[str]

    def observations(
        self, exposures: Sequence[Exposure], takes: Sequence[_Take], *, of_family: bool
    ) -> Iterator[Observation]:
        """The observations of one customer whose windows are over, by offer or by family."""
        ends: dict[str, int] = {}
        for at, exposure in sorted(self._dated(exposures, count=not of_family), key=lambda pair: pair[0]):
            subject = exposure.family if of_family else str(exposure.treatment["offer"])
            if at < ends.get(subject, at):
                continue
            ends[subject] = at + self.window_ms
            if ends[subject] > self.until:
                self.left_out["window not over"] += not of_family
                continue
            yield self._observation(
                exposure, at, [take for take in takes if self._subject(take.offer, of_family) == subject]
            )

    def first_exposure(self, exposures: Sequence[Exposure], takes: Sequence[_Take]) -> FirstExposure | None:
        """The customer's first seen decision, where its window is over."""
        taken = [(take.at, self.families.get(take.offer)) for take in takes]
        return first_exposure_of(self._dated(exposures, count=False), taken, self.window_ms, self.until)

    def _observation(self, exposure: Exposure, at: int, takes: Sequence[_Take]) -> Observation:
        within = [take for take in takes if at <= take.at < at + self.window_ms]
        amounts = [take.amount_yuan for take in within if take.amount_yuan is not None]
        return Observation(exposure, at, bool(within), max(amounts, default=None))

    def _dated(self, exposures: Sequence[Exposure], *, count: bool) -> Iterator[tuple[int, Exposure]]:
        for exposure in exposures:
            if exposure.treatment["channel"] not in self.speaking:
                yield int(exposure.decision["at"]), exposure
            elif exposure.seen_at is not None:
                yield exposure.seen_at, exposure
            else:
                self.left_out["not seen"] += count

    def _subject(self, offer: str, of_family: bool) -> str | None:
        return self.families.get(offer) if of_family else offer
