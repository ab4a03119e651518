"""Explaining and replaying on real servers: the same decision, nothing changed, and every tampering named."""

from typing import Any

import orjson
import psycopg
import pytest
import redis
from psycopg.sql import SQL, Identifier

from service.engine.engine import OfferRequest
from service.store import ConsentWords
from tests.engine.conftest import ASKED, House, offers
from tests.seed import put_customer

WIDE = OfferRequest(limit=10, language="en")


def tables(house: House) -> dict[str, list[Any]]:
    """Every row of every table, as text."""
    with psycopg.connect(str(house.settings.database_url)) as connection:
        names = connection.execute("select tablename::text from pg_tables where schemaname = 'public'").fetchall()
        return {
            name: sorted(map(str, connection.execute(SQL("select t::text from {} t").format(Identifier(name)))))
            for (name,) in names
        }


def kept(house: House) -> dict[bytes, Any]:
    """Everything in the cache."""
    client = redis.Redis.from_url(str(house.settings.redis_url))
    return {key: client.hgetall(key) for key in client.scan_iter("fc:*")}


def explained(engine: Any, customer: str, asked: OfferRequest = ASKED, shap: bool = False) -> dict[str, Any]:
    return orjson.loads(engine.explanations.explain_now(customer, asked, shap))


def tamper(house: House, decision_id: str, change: Any) -> None:
    """Alter a stored record as somebody with the database's password could."""
    store = house.store
    record = orjson.loads(store.decisions.read(decision_id).record)
    store.close()
    altered = change(record)
    content = altered if isinstance(altered, bytes) else orjson.dumps(record)
    with psycopg.connect(str(house.settings.database_url)) as connection:
        connection.execute("update decisions set record = %s where id = %s", (content, decision_id))


def test_explaining_tells_what_recommending_decides(house: House, customer: str) -> None:
    engine = house.worker()
    asked, told = offers(engine, customer), explained(engine, customer)
    assert told["decision_id"] is None
    assert [one["offer"] for one in told["offers"]] == [one["offer"] for one in asked["offers"]]
    assert told["withheld"] == asked["withheld"]
    fates = {one["offer"]: one["outcome"] for one in told["explanation"]["offers"]}
    assert [offer for offer, fate in fates.items() if fate == "shown"] != []
    assert {one["offer"] for one in asked["offers"]} == {offer for offer, fate in fates.items() if fate == "shown"}
    assert told["explanation"]["release"]["bundle"] is not None


def test_explaining_changes_nothing_in_any_table_nor_in_the_cache(house: House, customer: str) -> None:
    engine = house.worker()
    decision_id = offers(engine, customer)["decision_id"]
    before, cached = tables(house), kept(house)
    assert any("decisions" in name for name in before)
    explained(engine, customer, ASKED)
    explained(engine, customer, WIDE, shap=True)
    record = engine.read_decision(decision_id).record
    engine.explanations.explain_record(record, "zh", True)
    engine.explanations.replay_record(decision_id, record)
    assert tables(house) == before
    assert kept(house) == cached


def test_a_stored_decision_is_explained_from_its_record_even_when_the_customer_changed_since(
    house: House, customer: str
) -> None:
    engine = house.worker()
    decision_id = offers(engine, customer)["decision_id"]
    first = engine.explanations.explain_record(engine.read_decision(decision_id).record, "en", False)
    store = house.store
    put_customer(store, customer, {"age": 81, "deceased": True})
    store.close()
    assert engine.explanations.explain_record(engine.read_decision(decision_id).record, "en", False) == first
    assert explained(engine, customer)["offers"] == []


def test_shap_comes_on_request_only_and_adds_up_to_the_score_that_decided(house: House, customer: str) -> None:
    engine = house.worker()
    assert "contributions" not in explained(engine, customer)["explanation"]
    told = explained(engine, customer, shap=True)["explanation"]
    assert told["contributions"]
    for found in told["contributions"].values():
        assert found["additive"]
        assert found["base"] + sum(one["contribution"] for one in found["features"]) == pytest.approx(found["raw"])


def test_a_replay_of_every_kind_of_customer_is_identical_and_scored_again(house: House, customer: str) -> None:
    engine = house.worker()
    decision_id = offers(engine, customer, WIDE)["decision_id"]
    replayed = engine.explanations.replay_record(decision_id, engine.read_decision(decision_id).record)
    assert (replayed.identical, replayed.scores, replayed.differences) == (True, "equal", ())


def test_who_withdrew_personalisation_is_replayed_without_scores(house: House, customer: str) -> None:
    store = house.store
    store.consents.say(
        customer, ConsentWords({"personalisation": False}, "test", "v1"), 1_790_000_000_000, lambda *_: True
    )
    store.close()
    engine = house.worker()
    decision_id = offers(engine, customer)["decision_id"]
    replayed = engine.explanations.replay_record(decision_id, engine.read_decision(decision_id).record)
    assert (replayed.identical, replayed.scores) == (True, "not scored")


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("decision.treatments.0.priority", lambda record: record["decision"]["treatments"][0].update(priority=1e6)),
        ("decision.treatments.0.offer", lambda record: record["decision"]["treatments"][0].update(offer="cash-r1")),
        ("decision.arm", lambda record: record["decision"].update(arm="invented")),
        ("scores.deposit", lambda record: record["scores"].update(deposit=0.99)),
        ("release.policy", lambda record: record["release"].update(policy="0" * 64)),
        ("release.bundle", lambda record: record["release"].update(bundle="b-damaged")),
        ("(bytes)", lambda record: orjson.dumps(record, option=orjson.OPT_INDENT_2)),
        ("", lambda record: b"not a record"),
        ("", lambda record: record.pop("snapshot") and None),
        ("", lambda record: record["snapshot"]["trails"].append({"nonsense": 1})),
    ],
)
def test_every_tampering_is_named(house: House, customer: str, path: str, change: Any) -> None:
    (house.settings.artifacts / "b-damaged").mkdir(exist_ok=True)
    engine = house.worker()
    decision_id = offers(engine, customer, WIDE)["decision_id"]
    tamper(house, decision_id, change)
    replayed = engine.explanations.replay_record(decision_id, engine.read_decision(decision_id).record)
    assert not replayed.identical
    assert path in {one.path for one in replayed.differences}
    assert orjson.dumps(replayed.document())


def test_a_bundle_whose_folder_is_gone_leaves_the_scores_as_recorded(house: House, customer: str) -> None:
    engine = house.worker()
    decision_id = offers(engine, customer, WIDE)["decision_id"]
    tamper(house, decision_id, _bundle_gone)
    replayed = engine.explanations.replay_record(decision_id, engine.read_decision(decision_id).record)
    assert (replayed.identical, replayed.scores) == (True, "bundle not here")


def _bundle_gone(record: dict[str, Any]) -> None:
    record["release"]["bundle"] = "b-gone"
