"""A fresh bank learns from its own service: real decisions in PostgreSQL, customers who react by their true chances.

The bank begins with priors alone. Its customers see what the engine decides, and take an offer with the probability
that the synthetic truth knows. What is then learned from decisions and events must be nearer to that truth than the
priors are, pass the gate, serve, and hold no erased customer, nobody who withdrew, and nobody of the holdout.
"""

import csv
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest

from service.analysis.model_gate import judge_challenger
from service.cache import Cache
from service.core.domain import Arm, Event
from service.core.errors import InvalidInput
from service.core.grid import DAY_MS
from service.engine.engine import Engine
from service.rules.policy import Policy
from service.runtime.config import Settings
from service.scoring.models import open_bundle
from service.scoring.models.manifest import metrics_of
from service.scoring.propensity import PRIOR
from service.store import ConsentWords, Store
from tests.seed import activate, put_policy
from tests.servers import MakeDatabase, execute
from tests.training.exploring_policy import ASKED, exploring
from training.bundles.registry import read_learned_from
from training.data.bank_tables import Customers
from training.experience.export import table_of, write_table
from training.experience.observations import Experience, collect_experience
from training.models.offer_models import LearnedModels, learn, model_inputs, newest
from training.models.propensity import PropensityModel
from training.report import document, page
from training.synthetic import Reactions, SyntheticBank, make
from training.train_from_events import EventTraining, learn_bundle

CUSTOMERS = 1_200
QUICK = PropensityModel(members=((8, 1.0),), learning_rate=0.1, min_data_in_leaf=15, rounds=60, patience=15, folds=3)


@dataclass(frozen=True)
class ServedBank:
    """A bank after its first days: the store, its policy, its truth, and who was shown and took what."""

    url: str
    store: Store
    policy: Policy
    truth: Reactions
    until: int
    engine: Engine
    artifacts: Path

    def experience(self, days: float | None = None) -> Experience:
        return collect_experience(self.store.outcomes.histories(0, self.until), self.policy, self.until, days)


@pytest.fixture(scope="module")
def served(
    make_database: MakeDatabase, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServedBank]:
    url, artifacts = make_database(), tmp_path_factory.mktemp("artifacts")
    store, policy, bank = Store(url, 5_000), exploring(), make(CUSTOMERS, seed=4)
    settings = replace(Settings.read({}), database_url=url, redis_url=redis_url, artifacts=artifacts)
    store.customers.load(Customers(bank.customers))
    put_policy(store, policy.hash, policy.documents)
    activate(store, policy.hash, None, "first", "test")
    engine, truth = Engine(settings, store, Cache(redis_url)), Reactions(bank.truth, policy)
    first_days(engine, store, bank, truth)
    yield ServedBank(url, store, policy, truth, time.time_ns() // 1_000_000 + 8 * DAY_MS, engine, artifacts)
    engine.close()
    store.close()


def first_days(engine: Engine, store: Store, bank: SyntheticBank, truth: Reactions) -> None:
    """Every customer opens the app once, sees what is decided for them, and takes what they take."""
    chance = np.random.default_rng(1)
    for customer in bank.customers.column("customer_id").to_pylist():
        answer, now = orjson.loads(engine.recommend(customer, ASKED).body), time.time_ns() // 1_000_000
        for place, shown in enumerate(answer["offers"]):
            name, offer = f"{customer}-{place}", shown["offer"]
            about = {"offer": offer, "channel": shown["channel"], "decision_id": answer["decision_id"]}
            store.events.record(Event(f"i-{name}", customer, "impression", now, **about))
            if chance.random() < truth.react(customer, offer, shown["channel"]):
                amount = float(np.exp(chance.normal(10.0, 0.5)))
                at = now + DAY_MS // 2
                store.events.record(Event(f"p-{name}", customer, "purchase", at, offer=offer, amount_yuan=amount))


@pytest.fixture(scope="module")
def observed(served: ServedBank) -> Experience:
    """Before any test has erased anybody."""
    return served.experience()


@pytest.fixture(scope="module")
def learned(served: ServedBank, observed: Experience) -> EventTraining:
    return learn_bundle(observed, served.policy, served.artifacts, seed=3, model=QUICK)


@pytest.fixture(scope="module")
def models(served: ServedBank, observed: Experience) -> LearnedModels:
    offers = [observation for observation in observed.offers if not observation.held_out]
    return learn(observed, served.policy, model_inputs(offers, served.policy), 3, QUICK)


def test_the_gate_says_that_more_is_known_than_by_priors(learned: EventTraining):
    assert learned.gate.passes, learned.gate.lines
    served = learned.summary["as_served"]
    assert served["high"] < 0.0  # clearly below: the whole interval
    assert served["auc"] > served["auc_served"]
    assert served["calibration_error"] < served["calibration_error_served"]


def test_what_is_learned_is_nearer_to_the_truth_than_the_priors_were(
    served: ServedBank, observed: Experience, models: LearnedModels
):
    """On the holdout: customers of whom nothing was learned, served by priors alone."""
    apart = [observation for observation in observed.offers if observation.held_out]
    truth = np.array(
        [served.truth.react(t.exposure.customer_id, t.offer, t.exposure.treatment["channel"]) for t in apart]
    )
    priors = np.array([observation.exposure.treatment["propensity"] for observation in apart])
    said = models.propensity(apart)
    assert len(apart) > 100
    assert np.abs(said - truth).mean() < 0.8 * np.abs(priors - truth).mean()
    assert np.corrcoef(said, truth)[0, 1] > np.corrcoef(priors, truth)[0, 1] + 0.1


def test_the_holdout_was_served_by_priors_and_nothing_is_learned_from_it(
    served: ServedBank, observed: Experience, learned: EventTraining
):
    held_out = [observation for observation in observed.offers if observation.held_out]
    assert {observation.exposure.decision["arm"] for observation in held_out} == {Arm.HOLDOUT}
    assert {observation.exposure.treatment["propensity_source"] for observation in held_out} == {PRIOR}
    assert learned.summary["trials"] == len(observed.offers) - len(held_out)
    without = replace(observed, offers=[t for t in observed.offers if not t.held_out])
    without = replace(without, families=[t for t in observed.families if not t.held_out])
    again = learn_bundle(without, served.policy, served.artifacts, seed=3, model=QUICK)
    new, old = (open_bundle(served.artifacts / one.version) for one in (again, learned))
    facts = {"demand_yuan": 50_000.0, "age": 44}
    assert new.score_one(facts) == old.score_one(facts)


def test_the_bundle_serves_and_says_where_each_propensity_comes_from(
    served: ServedBank, observed: Experience, learned: EventTraining
):
    bundle = open_bundle(served.artifacts / learned.version)
    assert judge_challenger(metrics_of(bundle.manifest), None, bundle.manifest["experience"]) == learned.gate
    learned_from = read_learned_from(served.artifacts / learned.version, bundle.manifest)
    assert learned_from is not None
    assert learned_from.may_know([one.exposure.customer_id for one in observed.offers]).all()
    served.store.releases.put_bundle(learned.version, bundle.manifest)
    activate(served.store, served.policy.hash, learned.version, "learned", "test")
    deadline = time.monotonic() + 30
    observation = next(one for one in observed.offers if one.exposure.decision["arm"] == Arm.PERSONALISED)
    sources: set[str] = set()
    while time.monotonic() < deadline and sources <= {PRIOR}:
        answer = orjson.loads(served.engine.recommend(observation.exposure.customer_id, ASKED).body)
        record = orjson.loads(served.store.decisions.read(answer["decision_id"]).record)
        sources = {one["propensity_source"] for one in record["decision"]["treatments"]}
        time.sleep(0.1)
    assert sources <= {"model", "family model", "evidence"}
    assert record["scores"] == bundle.score_one(record["snapshot"]["attributes"])


def test_the_report_of_a_bundle_from_events_shows_its_models_and_drift_can_be_measured(
    served: ServedBank, observed: Experience, learned: EventTraining
):
    folder = served.artifacts / learned.version
    told = document(folder)
    assert told["gate"] == {"passes": learned.gate.passes, "lines": list(learned.gate.lines)}
    assert set(told["families"]) == set(open_bundle(folder).families)
    html = page(told)
    assert "customers served" in html
    assert all(family.capitalize() in html for family in told["families"])
    references = open_bundle(folder).manifest["reference"]
    assert set(references["scores"]) == set(told["families"])
    family = next(iter(told["families"]))
    rows = newest(one for one in observed.families if one.exposure.family == family and not one.held_out)
    assert references["scores"][family]["customers"] == len(rows)


def test_a_window_that_is_not_over_is_left_out_and_said(served: ServedBank):
    now = replace(served, until=time.time_ns() // 1_000_000 + 60_000)
    found = now.experience()
    assert found.offers == []
    assert found.left_out["window not over"] > CUSTOMERS
    with pytest.raises(InvalidInput, match=r"nothing to learn from yet: .* window not over"):
        learn_bundle(found, served.policy, served.artifacts)


def test_with_too_few_outcomes_there_is_evidence_and_no_model_and_always_the_same(
    served: ServedBank, observed: Experience
):
    few = list(observed.offers)[:60]
    found, again = (learn_bundle(Experience(few, [], 7.0), served.policy, served.artifacts, model=QUICK) for _ in "12")
    assert again.version == found.version
    bundle = open_bundle(served.artifacts / found.version)
    assert bundle.families == ()
    assert {name.partition(":")[0] for name in bundle.score_one({})} == {"evidence", "response"}
    assert "at least 50 needed" in found.summary["without_model"]["deposit"]


def test_an_erased_customer_and_one_who_withdrew_are_in_no_training_set(served: ServedBank):
    gone, withdrawn = sorted({observation.exposure.customer_id for observation in served.experience().offers})[:2]
    execute(served.url, "DELETE FROM customers WHERE id = %s", gone)
    served.store.consents.say(withdrawn, ConsentWords({"personalisation": False}, "test", "1"), 1)
    left = {observation.exposure.customer_id for observation in served.experience().offers}
    assert left.isdisjoint({gone, withdrawn})
    assert left


def test_the_dataset_is_a_table_with_point_in_time_facts(served: ServedBank, tmp_path: Path):
    found = served.experience()
    out = tmp_path / "trials.parquet"
    assert write_table(found.offers, served.policy.attributes, out) == len(found.offers)
    table = pq.read_table(out)
    assert table.equals(table_of(found.offers, served.policy.attributes))
    assert {"customer_id", "offer", "channel", "taken", "amount_yuan", "selection_probability", "held_out"} < set(
        table.column_names
    )
    assert {one.name for one in served.policy.attributes.attributes} < set(table.column_names)
    row = table.slice(0, 1).to_pylist()[0]
    record = orjson.loads(served.store.decisions.read(row["decision_id"]).record)
    assert row["demand_yuan"] == record["snapshot"]["attributes"]["demand_yuan"]
    with pytest.raises(InvalidInput, match=r"must end in \.parquet or \.csv"):
        write_table(found.offers, served.policy.attributes, tmp_path / "trials.xlsx")


def test_the_dataset_in_csv_holds_no_cell_that_a_spreadsheet_would_run(served: ServedBank, tmp_path: Path):
    first = served.experience().offers[0]
    facts = {**first.exposure.attributes, "region": "=1+1", "branch_id": "x;@y"}
    named = replace(first, exposure=replace(first.exposure, attributes=facts))
    out = tmp_path / "trials.csv"
    assert write_table([named], served.policy.attributes, out, bom=True) == 1
    assert out.read_bytes()[:3] == b"\xef\xbb\xbf"
    (row,) = csv.DictReader(out.open(encoding="utf-8-sig", newline=""))
    assert (row["region"], row["branch_id"]) == ("'=1+1", "x;'@y")
    assert float(row["propensity"]) == first.exposure.treatment["propensity"]
