"""The ladder: what is answered when parts fail, and that nothing stale or unsuitable is on any rung."""

import shutil
import time

import orjson
import pytest

from service.core.errors import Unavailable
from service.rules.policy import from_documents
from tests.engine.conftest import ASKED, House, dismissal, offers, shown
from tests.seed import activate, put_policy
from tests.waiting import eventually


def test_without_redis_every_answer_is_decided_anew(house: House, customer: str) -> None:
    worker = house.worker()
    offers(worker, customer)
    with house.frozen("valkey"):
        offers(worker, customer)
        answer = offers(worker, customer)
        assert (answer["source"], answer["degraded"]) == ("fresh", ["cache"])


def test_what_was_cached_before_an_outage_is_never_served_again(house: House, customer: str) -> None:
    writer, reader = house.worker(), house.worker()
    before = offers(reader, customer)
    assert offers(reader, customer)["source"] == "cached"
    with house.frozen("valkey"):
        writer.record_events([dismissal(customer, shown(before)[0])])
    time.sleep(1.1)
    after = offers(reader, customer)
    assert after["source"] == "fresh"
    assert shown(before)[0] not in shown(after)


def test_without_postgres_a_cached_answer_is_served_and_says_so(house: House, customer: str) -> None:
    worker = house.worker()
    before = offers(worker, customer)
    with house.frozen("postgres"):
        answer = offers(worker, customer)
    assert (answer["source"], answer["degraded"]) == ("cached", ["database"])
    assert shown(answer) == shown(before)


def test_without_postgres_strangers_get_plain_deposits_and_no_decision(house: House) -> None:
    worker = house.worker()
    with house.frozen("postgres"):
        answer = offers(worker, "whoever")
    assert (answer["source"], answer["decision_id"]) == ("default", None)
    assert "database" in answer["degraded"]
    assert len(answer["offers"]) >= 3
    assert {offer["text"]["family"] for offer in answer["offers"]} == {"deposit"}
    assert not [offer for offer in shown(answer) if offer.startswith("structured")]


def test_without_postgres_an_answer_from_before_a_lost_change_stays_buried(house: House, customer: str) -> None:
    """Redis away while the customer dismisses, then back; then PostgreSQL away: the old answer must not return."""
    worker = house.worker()
    before = shown(offers(worker, customer))
    with house.frozen("valkey"):
        worker.record_events([dismissal(customer, before[0])])
    time.sleep(1.1)
    with house.frozen("postgres"):
        assert offers(worker, customer)["source"] == "default"


def test_an_event_is_never_acknowledged_while_postgres_is_away(house: House, customer: str) -> None:
    worker = house.worker()
    event = dismissal(customer, "term-12m")
    with house.frozen("postgres"), pytest.raises(Unavailable):
        worker.record_events([event])

    def acknowledged() -> bool:
        try:
            return bool(worker.record_events([event]))
        except Unavailable:
            return False

    assert eventually(acknowledged)


def test_a_new_release_serves_without_a_restart(house: House, customer: str) -> None:
    worker, store = house.worker(), house.store
    release = store.releases.active()
    assert release is not None
    documents = store.releases.policy(release.policy)
    documents["experiments"]["exploration"]["epsilon"] = 0.017
    changed = from_documents(documents)
    put_policy(store, changed.hash, changed.documents)
    activate(store, changed.hash, release.bundle, "another epsilon", "test")

    def serves_it() -> bool:
        body = worker.recommend(customer, ASKED).body
        record = orjson.loads(worker.read_decision(orjson.loads(body)["decision_id"]).record)
        return bool(record["release"]["policy"] == changed.hash)

    assert eventually(serves_it)
    activate(store, release.policy, release.bundle, "back", "test")
    store.close()


def test_a_damaged_bundle_leaves_the_last_good_release_serving(house: House, customer: str) -> None:
    worker, store = house.worker(), house.store
    release = store.releases.active()
    assert release is not None and release.bundle is not None
    artifacts = house.settings.artifacts
    broken = "b-" + "0" * 12
    shutil.copytree(artifacts / release.bundle, artifacts / broken)
    (artifacts / broken / "manifest.json").write_text("{}")
    store.releases.put_bundle(broken, {"version": broken})
    activate(store, release.policy, broken, "damaged", "test")
    assert eventually(lambda: "does not load" in worker.readiness().checks["release"])
    answer = offers(worker, customer)
    assert answer["degraded"] == []
    record = orjson.loads(worker.read_decision(answer["decision_id"]).record)
    assert record["release"]["bundle"] == release.bundle
    activate(store, release.policy, release.bundle, "back", "test")
    shutil.rmtree(artifacts / broken)
    store.close()


def test_a_worker_that_starts_on_a_damaged_bundle_decides_by_priors_and_says_so(house: House, customer: str) -> None:
    store = house.store
    release = store.releases.active()
    assert release is not None
    missing = "b-" + "1" * 12
    store.releases.put_bundle(missing, {"version": missing})
    activate(store, release.policy, missing, "no such folder", "test")
    worker = house.worker()
    answer = offers(worker, customer)
    assert answer["degraded"] == ["models"]
    assert answer["offers"]
    assert worker.readiness().checks["models"] == "priors only"
    activate(store, release.policy, release.bundle, "back", "test")
    assert eventually(lambda: offers(worker, customer)["degraded"] == [])
    store.close()


def test_a_worker_that_began_by_priors_takes_up_the_bundle_once_it_is_mended(
    house: House, customer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.engine.releases.active_release.RETRY_S", 0.1)
    release = house.store.releases.active()
    assert release is not None and release.bundle is not None
    folder = house.settings.artifacts / release.bundle
    away = folder.rename(folder.with_name("away"))
    worker = house.worker()
    assert offers(worker, customer)["degraded"] == ["models"]
    away.rename(folder)
    assert eventually(lambda: worker.readiness().checks["models"] == "ok")
    assert worker.readiness().checks["release"] == "ok"


def test_a_stored_decision_replays_to_the_same_bytes(house: House, customer: str) -> None:
    worker = house.worker()
    decision = offers(worker, customer)["decision_id"]
    assert worker.explanations.replay_record(decision, worker.read_decision(decision).record).identical
