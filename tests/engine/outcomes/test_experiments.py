"""Experiments on the real road: served, recorded, replayed, taken, measured."""

import time
from dataclasses import replace
from itertools import count

import orjson
import pytest

from service.cli.policies.experiments import report_lines
from service.core.domain import Event
from service.decision.arms.assignment import experiment_arm
from service.engine.engine import Engine
from service.engine.outcomes.experiments import _effects
from service.rules.policy import Policy, from_documents
from service.store import ConsentWords
from tests.engine.conftest import ASKED, SAVER, House, offers
from tests.seed import activate, put_customer, put_policy
from tests.servers import execute
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("own_releases")


@pytest.fixture(scope="module")
def tested() -> Policy:
    """The shipped policy with large standing tests."""
    from service.rules.policy import DEFAULT, load

    documents = load(DEFAULT).documents
    documents["experiments"]["holdout"]["share"] = 0.05
    for test in documents["experiments"]["tests"]:
        test["share"] = 0.034
    return from_documents(documents)


@pytest.fixture
def engine(house: House, tested: Policy) -> Engine:
    store = house.store
    put_policy(store, tested.hash, tested.documents)
    release = activate(store, tested.hash, None, "standing tests", "test")
    store.close()
    found = house.worker()
    assert found._releases.serving.release.id == release.id
    return found


def members(policies: Policy | tuple[Policy, ...], arm: str, some: int) -> list[str]:
    """Customers of this test alone who are in an arm under each policy."""
    each = policies if isinstance(policies, tuple) else (policies,)
    ids = (f"x-{time.time_ns()}-{number}" for number in count())
    found = (one for one in ids if {experiment_arm(one, policy.experiments) for policy in each} == {arm})
    return [next(found) for _ in range(some)]


def test_every_arm_is_served_recorded_and_replays(house: House, engine: Engine, tested: Policy):
    store = house.store
    for arm in ["personalised", "holdout", *(test.id for test in tested.experiments.tests)]:
        (customer,) = members(tested, arm, 1)
        put_customer(store, customer, SAVER)
        answer = offers(engine, customer)
        record = engine.read_decision(answer["decision_id"]).record
        assert orjson.loads(record)["decision"]["arm"] == arm
        assert engine.explanations.replay_record(answer["decision_id"], record).identical
    store.close()


def test_a_report_counts_what_happened_and_leaves_out_the_withdrawn_and_the_erased(
    house: House, engine: Engine, tested: Policy
):
    store, before = house.store, engine.experiments.report(days=1)
    served = {"personalised": 6, "propensity-only": 4}
    people = {arm: members(tested, arm, some) for arm, some in served.items()}
    values = {}
    for customer in [one for each in people.values() for one in each]:
        put_customer(store, customer, SAVER)
        answer = offers(engine, customer)
        first = orjson.loads(engine.read_decision(answer["decision_id"]).record)["decision"]["treatments"][0]
        values[customer] = (first["offer"], first["value"])
    takers = [*people["personalised"][:3], people["propensity-only"][0]]
    for customer in takers:
        for _ in range(2):  # a second accept of the same offer is no second take
            now = time.time_ns()
            engine.record_events(
                [Event(f"e-{now}", customer, "accept", now // 1_000_000, values[customer][0], "mobile_app")]
            )
    gone = people["personalised"][5]
    store.consents.say(gone, ConsentWords({"personalisation": False}, "test", "1"), time.time_ns() // 1_000_000)
    offers(engine, gone)
    (erased,) = members(tested, "personalised", 1)
    put_customer(store, erased, SAVER)
    offers(engine, erased)
    engine.crm.customers.erase(erased, "test", {})
    after = engine.experiments.report(days=1)
    store.close()
    rows = [{row["id"]: row for row in each["tests"]} for each in (before, after)]
    added = {name: after["personalised"][name] - before["personalised"][name] for name in ("customers", "taken")}
    assert added == {"customers": 5, "taken": 3}
    test = {
        name: rows[1]["propensity-only"][name] - rows[0]["propensity-only"][name] for name in ("customers", "taken")
    }
    assert test == {"customers": 4, "taken": 1}
    worth = after["personalised"]["value_yuan"] - before["personalised"]["value_yuan"]
    assert worth == pytest.approx(sum(values[one][1] for one in takers[:3]), abs=0.02)
    assert rows[1]["propensity-only"]["lift"]["verdict"] == "cannot tell yet"
    assert sum(after["strategies"].values()) > sum(before["strategies"].values())


ALTERED = [
    b"no JSON at all",
    b'{"decision": {"arm": "personalised", "treatments": 7}}',
    b'{"decision": {"arm": "personalised", "treatments": [{"offer": "x", "value": "much"}]}}',
    b'{"decision": {"treatments": []}}',
    b'{"decision": {"arm": "a\\u0000", "treatments": []}}',
    b"\xff\x00",
    b"[]",
]


def test_records_that_somebody_altered_are_left_out_and_counted(house: House, engine: Engine, tested: Policy):
    store, before = house.store, engine.experiments.report(days=1)
    people = members(tested, "personalised", len(ALTERED))
    for customer, record in zip(people, ALTERED, strict=True):
        put_customer(store, customer, SAVER)
        decision_id = offers(engine, customer)["decision_id"]
        execute(str(house.settings.database_url), "UPDATE decisions SET record = %s WHERE id = %s", record, decision_id)
    after = engine.experiments.report(days=1)
    store.close()
    assert after["unreadable_decisions"] - before["unreadable_decisions"] == len(ALTERED)
    assert after["personalised"] == before["personalised"]
    assert "left out" in "\n".join(report_lines(after))


def test_every_strategy_stands_beside_its_measured_effect(engine: Engine, tested: Policy):
    found = engine.experiments.report(days=1)
    rows = {row["id"]: row for row in found["strategy_effects"]}
    assert list(rows) == list(tested.strategies)
    ladder, strategy = rows["product-ladder"], tested.strategies["product-ladder"]
    assert (ladder["objective"], ladder["kpi"], ladder["enabled"]) == (strategy.objective, strategy.kpi, True)
    assert ladder["segments"] == ["savers", "first-time-investors", "investors"]
    assert ladder["credited"] == found["strategies"]["product-ladder"]
    tests = {test["strategy"]: test for test in found["tests"]}
    for name, row in rows.items():
        test = tests[name]
        assert row["effect"] == {"test": test["id"], "customers": test["customers"], **test["lift"]}
    lines = "\n".join(report_lines(found))
    assert strategy.objective["en"] in lines and "KPI: " + strategy.kpi["en"] in lines


def test_a_strategy_that_no_test_withholds_has_no_effect_to_show(tested: Policy):
    rows = _effects(tested, [], {})
    assert {row["effect"] for row in rows} == {None}


def test_decisions_under_other_experiments_are_not_mixed_in(house: House, engine: Engine, tested: Policy):
    documents = tested.documents
    documents["experiments"]["tests"][0]["salt"] = "drawn-anew"
    other = from_documents(documents)
    (customer,) = members((tested, other), "personalised", 1)
    store = house.store
    put_customer(store, customer, SAVER)
    offers(engine, customer)
    counted = engine.experiments.report(days=1)["personalised"]["customers"]
    put_policy(store, other.hash, other.documents)
    activate(store, other.hash, None, "other customers", "test")
    assert eventually(lambda: engine._releases.serving.policy.hash == other.hash)
    assert counted > 0
    assert engine.experiments.report(days=1)["personalised"]["customers"] == 0
    offers(engine, customer, replace(ASKED, limit=2))
    assert engine.experiments.report(days=1)["personalised"]["customers"] == 1
    store.close()
