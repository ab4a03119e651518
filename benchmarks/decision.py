"""What a whole decision costs: ``python benchmarks/decision.py [--seconds 2]``.

The shipped policy, widened to at least 20 offers, 6 channels and 80 rules, decides for random customers who know nearly
everything about themselves, half of them with a past of ten events. Printed: microseconds per decision for one customer
(``decide``: attributes, features, history, gates, fit, value, arbitration, reasons; and ``encode`` beside it) and per
customer in batches (``decide_many``), each beside its floor in the same run, interleaved: the same number of bare
comparisons in plain Python or NumPy, one priority formula over the grid, the best channel and the order. The ratio to
the floor holds on any machine; the time does not. Customers rotate, so that no branch is learned by heart.
"""

import argparse
import gc
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from service.core.domain import Context, Event, Release, Snapshot
from service.core.expressions import Kind
from service.core.trails import trails_of
from service.decision import decide, decide_many, encode, population_of
from service.rules.policy import DEFAULT, Policy, load

NOW = 1_790_740_800_000  # a Wednesday at noon in Shanghai, no holiday
RULES = 80
CUSTOMERS = 2_000
ROUNDS = 7


def widened(policy: Policy) -> Policy:
    """The policy with its own gates repeated under other names until there are RULES rules."""
    missing = max(0, RULES - len(policy.gates) - len(policy.fits) - len(policy.contact.rules))
    copies = tuple(replace(gate, id=f"{gate.id}-again") for gate in policy.gates[:missing])
    gates = sorted(
        (*policy.gates, *copies),
        key=lambda gate: policy.gates.index(next(g for g in policy.gates if g.stage == gate.stage)),
    )
    return replace(policy, gates=tuple(gates))


def customers(policy: Policy, count: int) -> list[Snapshot]:
    """Random customers of the policy's own attribute table."""
    chance = random.Random(7)
    return [_customer(policy, chance, number) for number in range(count)]


def _customer(policy: Policy, chance: random.Random, number: int) -> Snapshot:
    attributes = {
        one.name: _value(one, chance)
        for one in policy.attributes.attributes
        if chance.random() < 0.9 or one.name == "age"
    }
    attributes |= {"deceased": False, "frozen": False} if number % 50 else {}
    consents = {f"marketing:{channel.id}": chance.random() < 0.6 for channel in policy.channels}
    events = [_event(policy, chance, number, place) for place in range(10 if number % 2 else 0)]
    return Snapshot(f"c-{number}", 1, attributes, consents, trails_of(events))


def _value(attribute, chance: random.Random):
    if attribute.kind is Kind.BOOLEAN:
        return chance.random() < 0.5
    if attribute.kind is Kind.DATE:
        return f"2026-{chance.randint(1, 9):02d}-{chance.randint(1, 28):02d}"
    if attribute.kind is Kind.TEXT:
        return chance.choice(attribute.values or ("A1", "B2"))
    low, high = attribute.low or 0.0, attribute.high or 1e6
    if attribute.kind is Kind.MONEY:
        return round(10 ** chance.uniform(2, 6), 2)
    return float(chance.randint(int(max(low, 0)), int(min(high, 100))))


def _event(policy: Policy, chance: random.Random, number: int, place: int) -> Event:
    kind = chance.choice(["impression", "impression", "impression", "click", "contact", "dismiss", "purchase"])
    offer, channel = chance.choice(policy.offers).id, chance.choice(policy.channels).id
    return Event(f"e-{number}-{place}", f"c-{number}", kind, NOW - chance.randint(0, 60) * 86_400_000, offer, channel)


def floor_one(policy: Policy) -> Callable[[Snapshot], object]:
    """80 comparisons of plain floats, one formula over the grid, best channel, order: no language, no reasons."""
    shape = len(policy.offers), len(policy.channels)
    chance = np.random.default_rng(3)
    factors = [chance.random(shape) for _ in range(5)]

    def run(snapshot: Snapshot) -> object:
        figures = list(snapshot.attributes.values())
        held = 0
        for place in range(RULES):
            figure = figures[place % 8]
            held += isinstance(figure, float) and figure > 10.0
        priority = factors[0] * factors[1] * factors[2] * factors[3] - factors[4]
        best = np.where(priority > 0.0, priority, -np.inf)
        channel, value = best.argmax(axis=1).tolist(), best.max(axis=1).tolist()
        return sorted(range(shape[0]), key=lambda offer: -value[offer])[:3], channel, held

    return run


def floor_many(policy: Policy, count: int) -> Callable[[], object]:
    """80 comparisons of (n,) columns, one formula over the grid, best channel, order, in the same blocks."""
    offers, channels = len(policy.offers), len(policy.channels)
    chance = np.random.default_rng(3)
    columns, value = chance.random((8, count)), chance.random((count, offers, 1))
    road = chance.random((1, 1, channels))

    def run() -> object:
        open_ = np.ones(count, dtype=bool)
        for place in range(RULES):
            open_ &= columns[place % 8] > 0.01
        priority = value * 0.5 * road - 0.1
        best = np.where(open_[:, None, None] & (priority > 0.0), priority, -np.inf)
        channel = best.argmax(axis=2)
        most = np.take_along_axis(best, channel[:, :, None], axis=2)[:, :, 0]
        return np.argsort(-most, axis=1, kind="stable")[:, :3]

    return run


def measured(runs: dict[str, Callable[[int], int]], seconds: float) -> dict[str, float]:
    """Median microseconds per unit of each run, interleaved; a run takes a round and says how many units it did."""
    found: dict[str, list[float]] = {name: [] for name in runs}
    for step in range(ROUNDS):
        for name, run in runs.items():
            spent, units = 0.0, 0
            while spent < seconds / ROUNDS:
                start = time.process_time()
                units += run(step)
                spent += time.process_time() - start
            found[name].append(spent / units * 1e6)
    return {name: statistics.median(times) for name, times in found.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=1.5, help="processor time per measurement")
    seconds = parser.parse_args().seconds
    policy = widened(load(DEFAULT))
    snapshots, release = customers(policy, CUSTOMERS), Release(1, policy.hash, "b-1")
    context, asked = Context(NOW), Context(NOW, channel="mobile_app")
    scores = {"deposit": 0.07, "wealth": 0.03}
    whole = population_of(policy, snapshots * 4)
    spoken = {family: np.full(len(whole.customers), score) for family, score in scores.items()}
    decisions = [decide(policy, one, context, scores, release, "d") for one in snapshots]
    bare_one, bare_many = floor_one(policy), floor_many(policy, len(whole.customers))

    def each(work: Callable[[int], object], size: int = 200) -> Callable[[int], int]:
        def run(step: int) -> int:
            for place in range(size):
                work((step * size + place) % CUSTOMERS)
            return size

        return run

    def all_of(work: Callable[[], object]) -> Callable[[int], int]:
        return lambda step: len(whole.customers) if work() is not None else 0

    gc.collect()
    gc.freeze()  # the customers laid out here are the benchmark's, not a decision's: they are not collected again
    times = measured(
        {
            "one: floor": each(lambda place: bare_one(snapshots[place])),
            "one: any channel": each(lambda place: decide(policy, snapshots[place], context, scores, release, "d")),
            "one: one channel asks": each(lambda place: decide(policy, snapshots[place], asked, scores, release, "d")),
            "one: nothing known": each(lambda place: decide(policy, Snapshot("", 0, {}), context, {}, release, "d")),
            "one: record": each(lambda place: encode(decisions[place], snapshots[place], context, scores, release)),
            "many: floor": all_of(bare_many),
            "many: any channel": all_of(lambda: decide_many(policy, whole, context, spoken, release)),
            "many: with reasons": all_of(lambda: decide_many(policy, whole, context, spoken, release, reasons=True)),
        },
        seconds,
    )
    rules = len(policy.gates) + len(policy.fits) + len(policy.contact.rules)
    offered = sum(len(one.treatments) for one in decisions) / len(decisions)
    print(f"{len(policy.offers)} offers x {len(policy.channels)} channels x {rules} rules; {offered:.1f} shown each")
    print(f"{'microseconds per decision':28}{'time':>9}{'to floor':>10}")
    for name, spent in times.items():
        print(f"{name:28}{spent:9.1f}{spent / times[name.split(':')[0] + ': floor']:10.1f}")


if __name__ == "__main__":
    main()
