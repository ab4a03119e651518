"""Regret of Fourcast's decisions on the synthetic bank, whose truth is known, beside other ways of choosing.

    python -m benchmarks.regret                     # 4,000 customers decide, 12,000 to learn from

Everybody chooses among the same treatments, those that all gates leave open to a customer, one each. The true worth of
a treatment is P(taken | shown) x value - contact cost, in yuan, by ``training.synthetic.Reactions``; regret is what the
best of a customer's treatments is worth more than the one chosen, as a share of the best. All in the same run:

    best              knows the truth
    fourcast          propensity x value x fit x lever x response - cost, models trained on other customers
    propensity only   the highest propensity, whatever it brings
    rules only        Fourcast by priors, without models
    random            any of them
"""

import argparse
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from tqdm import tqdm

from benchmarks.decision import NOW
from service.analysis.simulate import without_chance
from service.core.domain import Context, Release, Snapshot
from service.decision import decide
from service.rules.policy import DEFAULT, Policy, load
from service.scoring.models import Bundle, open_bundle
from training.data.bank_tables import Customers
from training.data.simulated_consents import PURPOSES
from training.synthetic import Reactions, make, write
from training.train import train

SEED = 11
WAYS = ("best", "fourcast", "propensity only", "rules only", "random")
Worth = dict[str, float]


def learned(folder: Path, customers: int, today: date) -> Bundle:
    """Models of another synthetic bank: the same truth, other customers."""
    bank, files = write(folder / "bank", customers, SEED, today)
    report = train(bank, files, SEED, folder / "models")
    return open_bundle(folder / "models" / report.version)


def chosen(policy: Policy, bundle: Bundle, snapshot: Snapshot, truth: Mapping[tuple[str, str], float]) -> Worth | None:
    """What each way's choice is truly worth to the bank; None for a customer to whom nothing may be offered."""
    context = Context(NOW, limit=len(policy.offers))
    release = Release(1, policy.hash, bundle.version)
    scored = decide(policy, snapshot, context, bundle.score_one(snapshot.attributes), release, "").treatments
    if not scored:
        return None
    priors = decide(policy, snapshot, context, {}, release, "").treatments
    worth = {one.offer: truth[one.offer, one.channel] * one.value - one.contact_cost for one in scored}
    ruled = next((one.offer for one in priors if one.offer in worth), scored[0].offer)
    return {
        "best": max(worth.values()),
        "fourcast": worth[scored[0].offer],
        "propensity only": worth[max(scored, key=lambda one: one.propensity).offer],
        "rules only": worth[ruled],
        "random": sum(worth.values()) / len(worth),
    }


def measured(customers: int, learners: int) -> tuple[int, dict[str, float]]:
    """How many customers could be offered anything, and the mean true worth of each way's choice, in yuan."""
    today, policy = date.fromtimestamp(NOW / 1000), without_chance(load(DEFAULT))
    made = make(customers, SEED + 1, today)
    reactions = Reactions(made.truth, policy)
    shown = reactions.shown(np.arange(customers))
    consents = dict.fromkeys(PURPOSES, True)
    found = []
    with TemporaryDirectory() as folder:
        bundle = learned(Path(folder), learners, today)
        for row, (customer, attributes) in enumerate(tqdm(Customers(made.customers), total=customers, disable=None)):
            truth = {
                (offer, channel): float(shown[row, m, k])
                for m, offer in enumerate(reactions.offers)
                for k, channel in enumerate(reactions.channels)
            }
            worth = chosen(policy, bundle, Snapshot(customer, 1, attributes, consents), truth)
            found += [] if worth is None else [worth]
    return len(found), {way: sum(one[way] for one in found) / len(found) for way in WAYS}


def main() -> None:
    parser = argparse.ArgumentParser(description="Regret on the synthetic bank, beside other ways of choosing.")
    parser.add_argument("--customers", type=int, default=4_000)
    parser.add_argument("--learners", type=int, default=12_000)
    asked = parser.parse_args()
    count, worth = measured(asked.customers, asked.learners)
    print(f"{count:,} customers with at least one treatment")
    print(f"{'way':<17}{'yuan each':>12}{'regret':>10}")
    for way in WAYS:
        print(f"{way:<17}{worth[way]:>12.2f}{1 - worth[way] / worth['best']:>10.1%}")


if __name__ == "__main__":
    main()
