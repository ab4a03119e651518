"""Every road in the pure core, tempted as hard as it goes: lucky models, high levers, prices that pay for high risk."""

from collections import Counter, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from service.core.domain import Arm, Context, Decision, Event, Release, Snapshot
from service.decision import decide, decide_many, encode, population_of, replay
from service.decision.contact_permission import first_closed_gate
from service.rules.policy import DEFAULT, Policy, load
from tests.gates.oracle import OUTBOUND, Oracle, Stated, stated
from tests.gates.people import moments, people

CHUNK = 2_500
TEMPTING = {"deposit": 0.02, "wealth": 0.99}


@dataclass
class Tally:
    """What was met, and what should not have been."""

    met: Counter = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)

    def judge(self, oracle: Oracle, road: str, offer: str, channel: str) -> None:
        """Ask the oracle about one treatment."""
        self.met[road] += 1
        self.met[f"channel {channel}"] += 1
        self.met[f"risk {oracle.offers[offer].risk}"] += 1
        for fault in oracle.faults(offer, channel):
            self.wrong(f"{road}: {oracle.customer.customer_id} {offer} in {channel}: {fault}")

    def wrong(self, sentence: str) -> None:
        """Keep the first of them."""
        self.met["faults"] += 1
        if len(self.faults) < 20:
            self.faults.append(sentence)


def tempted() -> Policy:
    """The shipped policy with much exploration, a large holdout, and every lever on risk."""
    shipped = load(DEFAULT)
    wanted = {"exploration_epsilon": 0.4, "holdout_share": 0.25}
    known = {one.name for one in fields(shipped.experiments)}
    chance = replace(shipped.experiments, **{name: value for name, value in wanted.items() if name in known})
    offers = tuple(replace(one, lever=10.0 if one.terms.get("risk") else 0.5) for one in shipped.offers)
    return replace(shipped, experiments=chance, offers=offers)


def travelled(policy: Policy, count: int, seed: int, chunk: int = CHUNK) -> Tally:
    """The tally of the whole journey."""
    tally = Tally()
    deque(travel(policy, count, seed, tally, chunk), maxlen=0)
    return tally


def release_of(policy: Policy) -> Release:
    """A release whose prices pay for risk."""
    bribes = {f"offer:{one.id}": -1_000_000.0 for one in policy.offers if one.terms.get("risk")}
    return Release(1, policy.hash, None, bribes)


def travel(policy: Policy, count: int, seed: int, tally: Tally, chunk: int = CHUNK) -> Iterator[int]:
    """Judge every road for ``count`` customers, a chunk at each moment in turn; how many are done, after each."""
    clock = moments()
    offers = {offer.id: stated(offer) for offer in policy.offers}
    for number, first in enumerate(range(0, count, chunk)):
        now = clock[number % len(clock)]
        crowd = people(min(chunk, count - first), now, seed * 1_000_003 + number)
        _many(policy, crowd, now, offers, tally)
        _one(policy, crowd[::10], now, offers, tally)
        yield first + len(crowd)


def _many(policy: Policy, crowd: Sequence[Snapshot], now: int, offers: dict[str, Stated], tally: Tally) -> None:
    known, release = population_of(policy, crowd), release_of(policy)
    oracles = [Oracle(one, now, offers) for one in crowd]
    scores = {family: np.full(len(crowd), chance) for family, chance in TEMPTING.items()}
    blank = population_of(policy, [replace(one, attributes=_of_everybody(one)) for one in crowd])
    for asked in (None, *(channel.id for channel in policy.channels)):
        at = Context(now, asked, limit=len(offers))
        found = decide_many(policy, known, at, scores, release)
        for row, place in zip(*np.nonzero(found.offer >= 0), strict=True):
            offer, channel = policy.offers[found.offer[row, place]].id, policy.channels[found.channel[row, place]].id
            road = "explored" if found.explored[row] else str(found.arms[row])
            tally.judge(oracles[row], f"batch, {road}", offer, channel)
        _unprofiled(crowd, found, decide_many(policy, blank, at, {}, release), tally)


def _of_everybody(one: Snapshot) -> dict[str, bool]:
    """What the law reads of a stranger, too."""
    return {name: True for name in ("deceased", "frozen") if one.attributes.get(name) is True}


def _unprofiled(crowd: Sequence[Snapshot], found: Any, stranger: Any, tally: Tally) -> None:
    """Who opted out gets what a stranger with the same consents and past gets, and no other arm is theirs."""
    for row, one in enumerate(crowd):
        if one.consents.get("personalisation") is False:
            tally.met["opted out, held against a stranger"] += 1
            same = (found.offer[row] == stranger.offer[row]).all() and (
                found.channel[row] == stranger.channel[row]
            ).all()
            if not same or found.arms[row] != Arm.UNPERSONALISED or found.explored[row]:
                tally.wrong(f"{one.customer_id} opted out and is told apart from a stranger")


def _one(policy: Policy, crowd: Sequence[Snapshot], now: int, offers: dict[str, Stated], tally: Tally) -> None:
    """The road of one request, its record, its replay, and the reservation of a contact, against the batch."""
    release = release_of(policy)
    scores = {family: np.full(len(crowd), chance) for family, chance in TEMPTING.items()}
    at = Context(now, limit=len(offers), trigger="maturity", amount_yuan=80_000.0)
    batch = decide_many(policy, population_of(policy, crowd), at, scores, release)
    for row, one in enumerate(crowd):
        decision, oracle = decide(policy, one, at, TEMPTING, release, "d"), Oracle(one, now, offers)
        _same(policy, decision, batch, row, tally)
        for treatment in decision.treatments:
            for channel in (treatment.channel, *treatment.alternatives):
                tally.judge(oracle, "request", treatment.offer, channel)
        record = encode(decision, one, at, TEMPTING, release)
        tally.met["replayed"] += 1
        if replay(record, policy) != record:
            tally.wrong(f"{one.customer_id} does not replay")
        _reservations(policy, one, oracle, release, tally)


def _same(policy: Policy, decision: Decision, batch: Any, row: int, tally: Tally) -> None:
    tally.met["request equals batch"] += 1
    wanted = [
        (policy.offers[o].id, policy.channels[c].id)
        for o, c in zip(batch.offer[row], batch.channel[row], strict=True)
        if o >= 0
    ]
    priorities = batch.priority[row][: len(wanted)].tolist()
    found = [(one.offer, one.channel) for one in decision.treatments]
    if found != wanted or [one.priority for one in decision.treatments] != priorities:
        tally.wrong(f"{decision.customer_id}: request and batch differ")


def _reservations(policy: Policy, one: Snapshot, oracle: Oracle, release: Release, tally: Tally) -> None:
    for offer in list(oracle.offers)[::4]:
        for channel in sorted(OUTBOUND):
            contact = Event("x", one.customer_id, "contact", oracle.now, offer, channel)
            if first_closed_gate(policy, one, contact, release) is None:
                tally.judge(oracle, "reservation", offer, channel)
