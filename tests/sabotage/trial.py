"""The trial of a sabotage: what the check says of it, and what it would show to whom on every road were it served.

The roads: many customers at once, personalised, in the holdout and exploring; strangers, who get default offers; one
customer with every alternative; and what an adviser or a message may be sent out with. The oracle is plain Python
written from the law (``tests.gates.law``). Served means with the statutory gates, as every release; without them the
policy's own gates stand alone, which is what the check spoke of.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from service.analysis.policy_checks.conduct import find_unlawful
from service.core.domain import LAWLESS, Context, Event, Release, Snapshot
from service.decision import decide, decide_many, population_of
from service.decision.contact_permission import first_closed_gate
from service.rules.policy import Policy
from tests.gates.law import forbidden
from tests.gates.people import moments, people
from tests.gates.roads import TEMPTING
from tests.sabotage.templates import Case

WITNESS = "is open to this customer"
REFUSED, STATED, UNDECIDED, CLEAN = "witness", "misstated", "undecided", "equivalent"
"""Refused with a customer in words; refused for what it states of itself; not decided, so refused; proven harmless."""
EVERYBODY = "deceased or frozen"
"""What a policy may not read of customers who opted out; the law alone stops it there."""


@dataclass
class Trials:
    """What came of the cases: counts per template, and everything that should not have been.

    Without the statutory gates every policy is tried that the check calls harmless, and of the others one in
    ``bare_every``.
    """

    bare_every: int = 1
    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    met: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def judge(self, case: Case, number: int, crowd_size: int) -> None:
        """Try one case."""
        outcome = verdict(case.policy)
        counts = self.outcomes.setdefault(case.template, Counter())
        counts[outcome] += 1
        name = f"case {number}, {case.law} by {case.template} over {case.column} ({case.written})"
        now = moments()[number % len(moments())]
        crowd = people(crowd_size, now, number)
        self.faults += [
            f"{name} is served: {fault}" for fault in self._shown(case.policy, crowd, now, Release(1, "", None))
        ]
        if outcome != CLEAN and number % self.bare_every:
            return
        bare = list(self._shown(case.policy, crowd, now, Release(1, "", None, arithmetic=LAWLESS)))
        counts["seen open"] += bool(bare)
        if outcome == CLEAN:
            self.faults += [f"{name} was called equivalent: {fault}" for fault in bare]

    def _shown(self, policy: Policy, crowd: Sequence[Snapshot], now: int, release: Release) -> Iterator[str]:
        """Every treatment on any road that the law forbids."""
        offers = {offer.id: offer for offer in policy.offers}
        channels = {channel.id: channel for channel in policy.channels}
        for road, one, offer, channel in travel(policy, crowd, now, release):
            self.met[road] += 1
            for fault in forbidden(one, now, offers[offer], channels[channel]):
                opted_out = one.consents.get("personalisation") is False
                if not (release.arithmetic == LAWLESS and fault == EVERYBODY and opted_out):
                    yield f"{road}: {one.customer_id} {offer} in {channel}: {fault}"


def verdict(policy: Policy) -> str:
    """What the check says of a policy."""
    found = find_unlawful(policy)
    if any(WITNESS in one.message for one in found):
        return REFUSED
    if any("cannot be decided" in one.message for one in found):
        return UNDECIDED
    return STATED if found else CLEAN


def travel(
    policy: Policy, crowd: Sequence[Snapshot], now: int, release: Release
) -> Iterator[tuple[str, Snapshot, str, str]]:
    """What is shown to whom: road, customer, offer, channel."""
    strangers = [replace(one, attributes={}) for one in crowd[::5]]
    for road, group in (("many", crowd), ("default offers", strangers)):
        yield from _many(road, policy, group, now, release)
    for one in crowd[:2]:
        at = Context(now, limit=len(policy.offers), trigger="maturity", placement="north", amount_yuan=80_000.0)
        for each in decide(policy, one, at, TEMPTING, release, "d").treatments:
            yield from (("one", one, each.offer, channel) for channel in (each.channel, *each.alternatives))
    for one in crowd[2:6]:
        yield from _contacts(policy, one, now, release)


def _many(road: str, policy: Policy, crowd: Sequence[Snapshot], now: int, release: Release
          ) -> Iterator[tuple[str, Snapshot, str, str]]:  # fmt: skip
    known = population_of(policy, crowd)
    scores = {family: np.full(len(crowd), chance) for family, chance in TEMPTING.items()}
    outbound = next(channel.id for channel in policy.channels if channel.direction == "outbound")
    for asked in (None, outbound):
        at = Context(now, asked, limit=len(policy.offers), trigger="maturity", placement="north", amount_yuan=80_000.0)
        found = decide_many(policy, known, at, scores, release)
        for row, place in zip(*np.nonzero(found.offer >= 0), strict=True):
            told = "exploration" if found.explored[row] else road
            offer, channel = policy.offers[found.offer[row, place]], policy.channels[found.channel[row, place]]
            yield told, crowd[row], offer.id, channel.id


def _contacts(policy: Policy, one: Snapshot, now: int, release: Release) -> Iterator[tuple[str, Snapshot, str, str]]:
    """What may be sent out, by an adviser or a message."""
    outbound = [channel.id for channel in policy.channels if channel.direction == "outbound"]
    for offer in policy.offers[:: max(1, len(policy.offers) // 4)]:
        for channel in outbound[:2]:
            contact = Event("x", one.customer_id, "contact", now, offer.id, channel)
            if first_closed_gate(policy, one, contact, release) is None:
                yield "leads", one, offer.id, channel
