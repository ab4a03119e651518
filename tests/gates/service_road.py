"""The same customers through the real service, the batch and the simulation; and every stored decision made again.

Real PostgreSQL and Valkey, the real engine with its models; only the clock stands still, so that all three decide for
the same moment. Exploration stays on for service and batch; a simulation leaves it out by design, so those who explore
are compared with a batch that leaves it out as well.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import orjson

from service.analysis.simulate import simulate, without_chance
from service.cache import Cache
from service.core.domain import Context, Lookback, Snapshot
from service.decision import decide_many, population_of
from service.engine.engine import Engine, OfferRequest
from service.engine.releases.scores import score_many
from service.rendering.answer import Phrasebook
from service.rules.policy import Policy
from service.runtime.config import Settings
from service.store import Store
from tests.gates.crm_road import travel_crm
from tests.gates.oracle import Oracle, stated
from tests.gates.people import DAY, events_of, people
from tests.gates.roads import Tally

ASKED = OfferRequest(limit=10, language="zh")


def followed(name: str, crowd: Sequence[Snapshot]) -> Iterator[Snapshot]:
    """Each customer, with a line of progress on a long run."""
    for number, one in enumerate(crowd, 1):
        if number % 1_000 == 0:
            print(f"{number:,} {name}", file=sys.stderr)
        yield one


def noon() -> int:
    """Noon of today in Shanghai, where the database has its partitions."""
    return time.time_ns() // (DAY * 1_000_000) * DAY + 4 * 3_600_000


def by_the_rules(policy: Policy) -> Callable[[Snapshot, int], Oracle]:
    """The oracle of everything that the shipped policy must hold to."""
    offers = {offer.id: stated(offer) for offer in policy.offers}
    return lambda one, now: Oracle(one, now, offers)


def serve(
    settings: Settings, store: Store, count: int, seed: int, policy: Policy | None = None, oracle_of: Any = by_the_rules
) -> Tally:
    """``count`` customers through all three, and each stored decision replayed; what differs is a fault.

    ``policy``: it serves without a check, as none should.
    """
    now, tally = noon(), Tally()
    crowd = _stored(store, people(count, now, seed), now)
    engine = Engine(settings, store, Cache(str(settings.redis_url)), lambda: now)
    if policy is not None:
        _serve_unchecked(engine, policy)
    ask = oracle_of(engine._releases.serving.policy)
    try:
        answers = [engine.recommend(one.customer_id, ASKED) for one in followed("asked", crowd)]
        again = [engine.recommend(one.customer_id, ASKED) for one in followed("asked again", crowd)]
        oracles = {one.customer_id: ask(one, now) for one in crowd}
        travel_crm(engine, store, crowd, ASKED, answers, oracles, tally)
        tally.met["answers"] += len(answers)
        for one, first, second in zip(crowd, answers, again, strict=True):
            tally.met[f"asked again, {second.source}"] += 1
            if first.body != second.body:
                tally.wrong(f"{one.customer_id}: the kept answer differs")
        ids = [orjson.loads(answer.body)["decision_id"] for answer in answers]
        records = [engine.read_decision(decision_id).record for decision_id in ids]
        for decision_id, record in zip(ids, records, strict=True):
            tally.met["stored decisions replayed"] += 1
            if not engine.explanations.replay_record(decision_id, record).identical:
                tally.wrong(f"decision {decision_id} does not replay")
        _compare(engine, crowd, now, answers, oracles, tally)
    finally:
        engine.close()
    return tally


def _serve_unchecked(engine: Engine, policy: Policy) -> None:
    """Put the policy where a checked one serves; the release's id stays, so that nothing is loaded over it."""
    serving = engine._releases.serving
    release = replace(serving.release, policy=policy.hash)
    engine._releases.serving = replace(serving, policy=policy, release=release, phrases=Phrasebook(policy))


def _stored(store: Store, crowd: Sequence[Snapshot], now: int) -> list[Snapshot]:
    """Keep the customers, and give them back as the store tells them."""
    store.customers.load((one.customer_id, one.attributes) for one in crowd)
    words = [(one.customer_id, purpose, said) for one in crowd for purpose, said in one.consents.items()]
    store.consents.load(words, at=now - DAY)
    for one in followed("stored", crowd):
        for event in events_of(one)[-2:]:
            store.events.record(event)
    told = [store.customers.snapshot(one.customer_id, Lookback(now - 400 * DAY)) for one in crowd]
    return [one for one in told if one is not None]


def _compare(
    engine: Engine, crowd: Sequence[Snapshot], now: int, answers: Sequence, oracles: dict[str, Any], tally: Tally
) -> None:
    serving = engine._releases.serving
    policy, release, at = serving.policy, serving.release, Context(now, limit=ASKED.limit)
    scores = score_many(serving.bundle, crowd)
    batch = decide_many(policy, population_of(policy, crowd), at, scores, release)
    calm = decide_many(without_chance(policy), population_of(policy, crowd), at, scores, release)
    simulated = simulate(policy, policy, crowd, at, scores, release)
    for row, (one, answer) in enumerate(zip(crowd, answers, strict=True)):
        shown = [(each["offer"], each["channel"]) for each in orjson.loads(answer.body)["offers"]]
        tally.met["service equals batch"] += 1
        if shown != _listed(policy, batch, row):
            tally.wrong(f"{one.customer_id}: the service shows {shown}, the batch {_listed(policy, batch, row)}")
        for offer, channel in shown:
            tally.judge(oracles[one.customer_id], "service", offer, channel)
        in_a_test = batch.arms[row] != calm.arms[row]
        if not batch.explored[row] and not in_a_test and _listed(policy, calm, row) != shown:
            tally.wrong(f"{one.customer_id}: what is not explored changes with exploration")
    tally.met["simulated"] += simulated.customers
    if simulated.identical != len(crowd):
        tally.wrong(f"the simulation calls {len(crowd) - simulated.identical} customers changed by no change")
    counted = {shift.name: shift.new for shift in simulated.volumes["shown"]}
    for offer in policy.offers:
        place = policy.offers.index(offer)
        if counted[offer.id] != int((calm.offer == place).sum()):
            tally.wrong(f"the simulation shows {offer.id} {counted[offer.id]} times, the batch otherwise")


def _listed(policy, found, row: int) -> list[tuple[str, str]]:
    pairs = zip(found.offer[row].tolist(), found.channel[row].tolist(), strict=True)
    return [(policy.offers[offer].id, policy.channels[channel].id) for offer, channel in pairs if offer >= 0]
