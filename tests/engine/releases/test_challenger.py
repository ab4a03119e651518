"""Champion and challenger on the real road: who is served by which, recorded, replayed, measured, and ended."""

import time
from itertools import count
from pathlib import Path

import orjson
import pytest

from service.core.domain import Arm, Event
from service.core.errors import Conflict, InvalidInput, NotFound, OwnApproval
from service.decision.arms.assignment import experiment_arm
from service.engine.engine import Engine
from service.rules.policy import DEFAULT, Policy, from_documents, load
from service.store import Challenger, ConsentWords
from tests.engine.conftest import SAVER, House, offers
from tests.seed import activate, put_customer, put_policy
from tests.waiting import eventually

pytestmark = pytest.mark.usefixtures("own_releases")

SHARE = 0.5


@pytest.fixture(scope="module")
def champion() -> Policy:
    return load(DEFAULT)


def rival(margin: float) -> Policy:
    """The shipped policy with another prior, proposed by Anna."""
    documents = load(DEFAULT).documents
    documents["catalogue"]["families"]["deposit"]["prior"] = margin
    return from_documents(documents)


def proposed(house: House, policy: Policy) -> Policy:
    house.store.proposals.propose(policy.hash, policy.documents, "Anna", "a trial")
    return policy


@pytest.fixture
def challenger(house: House, champion: Policy) -> Policy:
    store = house.store
    put_policy(store, champion.hash, champion.documents)
    activate(store, champion.hash, None, "champion", "test")
    policy = proposed(house, rival(0.0421))
    store.challengers.begin(Challenger(policy.hash, None, SHARE), "Boris", "another prior")
    return policy


def people(house: House, policy: Policy, some: int, arm: str = Arm.PERSONALISED) -> list[str]:
    """New customers of an arm under the champion."""
    ids = (f"t-{time.time_ns()}-{number}" for number in count())
    found = (one for one in ids if experiment_arm(one, policy.experiments) == arm)
    chosen, store = [next(found) for _ in range(some)], house.store
    for one in chosen:
        put_customer(store, one, SAVER)
    return chosen


def served(engine: Engine, customer: str) -> dict:
    answer = offers(engine, customer)
    record = engine.read_decision(answer["decision_id"]).record
    assert engine.explanations.replay_record(answer["decision_id"], record).identical
    return orjson.loads(record)


def test_a_share_is_served_by_the_challenger_and_the_record_says_so_and_replays(
    house: House, champion: Policy, challenger: Policy
):
    one, other = house.worker(), house.worker()
    records = [served(one, customer) for customer in people(house, champion, 40)]
    arms = {record["decision"]["arm"]: record["release"] for record in records}
    assert set(arms) == {Arm.PERSONALISED, Arm.CHALLENGER}
    assert (arms[Arm.CHALLENGER]["policy"], arms[Arm.CHALLENGER]["on_trial"]) == (challenger.hash, True)
    assert (arms[Arm.PERSONALISED]["policy"], arms[Arm.PERSONALISED]["on_trial"]) == (champion.hash, False)
    tried = sum(record["decision"]["arm"] == Arm.CHALLENGER for record in records)
    assert 8 <= tried <= 32, "a half of forty"
    customer = records[0]["decision"]["customer_id"]
    again = offers(other, customer)
    assert again["decision_id"] == records[0]["decision"]["id"], "another worker serves the same from the cache"


def test_a_customer_of_a_standing_test_or_who_withdrew_stays_with_the_champion(
    house: House, champion: Policy, challenger: Policy
):
    engine, store = house.worker(), house.store
    for arm in (Arm.HOLDOUT, "propensity-only"):
        for customer in people(house, champion, 3, arm):
            assert served(engine, customer)["decision"]["arm"] == arm
    for customer in people(house, champion, 8):
        store.consents.say(customer, ConsentWords({"personalisation": False}, "test", "1"), time.time_ns() // 1_000_000)
        record = served(engine, customer)
        assert (record["decision"]["arm"], record["release"]["policy"]) == (Arm.UNPERSONALISED, champion.hash)


def test_a_bundle_may_be_the_challenger(house: House, champion: Policy, bundle_folder: Path):
    store = house.store
    put_policy(store, champion.hash, champion.documents)
    activate(store, champion.hash, None, "champion", "test")
    store.challengers.begin(Challenger(champion.hash, bundle_folder.name, SHARE), "Boris", "the models")
    engine = house.worker()
    found = {
        record["decision"]["arm"]: record["decision"]["treatments"][0]["propensity_source"]
        for record in (served(engine, customer) for customer in people(house, champion, 24))
    }
    assert found[Arm.CHALLENGER] == "family model"
    assert found[Arm.PERSONALISED] == "prior"


def test_the_report_compares_challenger_and_champion(house: House, champion: Policy, challenger: Policy):
    engine, before = house.worker(), None
    before = engine.experiments.report(days=1)["challenger"]
    assert (before["policy"], before["customers"], before["lift"]["verdict"]) == (challenger.hash, 0, "cannot tell yet")
    taken = 0
    for customer in people(house, champion, 20):
        record = served(engine, customer)
        if record["decision"]["arm"] == Arm.CHALLENGER and taken < 2:
            now, offer = time.time_ns(), record["decision"]["treatments"][0]["offer"]
            engine.record_events([Event(f"e-{now}", customer, "accept", now // 1_000_000, offer, "mobile_app")])
            taken += 1
    after = engine.experiments.report(days=1)["challenger"]
    assert after["customers"] + after["champion"]["customers"] == 20
    assert (after["taken"], after["champion"]["taken"]) == (2, 0)


def test_a_trial_ends_on_word_and_with_every_other_release(house: House, champion: Policy, challenger: Policy):
    engine, store = house.worker(), house.store
    assert engine._releases.serving.challenger is not None
    store.challengers.end("Boris", "seen enough")
    assert eventually(lambda: engine._releases.serving.challenger is None)
    arms = {served(engine, customer)["decision"]["arm"] for customer in people(house, champion, 10)}
    assert arms == {Arm.PERSONALISED}
    with pytest.raises(Conflict, match="No challenger is on trial"):
        store.challengers.end("Boris", "again")
    assert store.audit.verify().broken_at is None


def test_a_trial_needs_a_second_person_a_difference_and_a_share(house: House, champion: Policy):
    store = house.store
    put_policy(store, champion.hash, champion.documents)
    activate(store, champion.hash, None, "champion", "test")
    policy = proposed(house, rival(0.0387))
    with pytest.raises(OwnApproval, match='"Anna" proposed'):
        store.challengers.begin(Challenger(policy.hash, None, SHARE), " ANNA", "my own")
    with pytest.raises(Conflict, match="champion"):
        store.challengers.begin(Challenger(champion.hash, None, SHARE), "Boris", "no difference")
    with pytest.raises(InvalidInput, match="trial"):
        store.challengers.begin(Challenger(policy.hash, None, 0.6), "Boris", "too many")
    with pytest.raises(NotFound):
        store.challengers.begin(Challenger("0" * 64, None, SHARE), "Boris", "nobody's")


def test_a_challenger_that_lacks_a_channel_leaves_the_champion_alone(house: House, champion: Policy):
    documents = champion.documents
    documents["channels"]["channels"][0]["placements"] = ["elsewhere"]
    policy, store = proposed(house, from_documents(documents)), house.store
    put_policy(store, champion.hash, champion.documents)
    activate(store, champion.hash, None, "champion", "test")
    store.challengers.begin(Challenger(policy.hash, None, SHARE), "Boris", "a new home")
    engine = house.worker()
    assert engine._releases.serving.challenger is None
    assert {served(engine, one)["decision"]["arm"] for one in people(house, champion, 6)} == {Arm.PERSONALISED}
