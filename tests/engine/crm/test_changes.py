"""The feed over HTTP: in order, by opaque tokens, and complete under writers who commit in any order."""

import multiprocessing
import random
import time
from multiprocessing.synchronize import Barrier
from typing import Any

import psycopg
import pytest

from service.core.errors import Gone
from service.store import Store
from service.store.feed import Place
from tests.engine.crm.conftest import Crm, House, follow
from tests.seed import put_customer
from tests.servers import execute


@pytest.fixture
def now(bank: Crm) -> str:
    """A token of now."""
    return str(bank.ask("GET", "/v1/changes?since=latest").json()["next"])


def test_what_changed_is_told_in_order_and_once(house: House, bank: Crm, now: str) -> None:
    bank.ask("PUT", "/v1/customers/f-1", {"external_key": "F-1", "attributes": {"age": 30}})
    bank.ask("PUT", "/v1/customers/f-1", {"attributes": {"age": 31}})
    bank.ask("PUT", "/v1/customers/f-1/preferences", {"personalisation": False, "version": "1"})
    bank.ask("DELETE", "/v1/customers/f-2")
    found, then = follow(bank, now, limit=2)
    assert [one["type"] for one in found] == ["customer.updated", "customer.updated", "customer.preferences"]
    known = {"customer_id": "f-1", "external_key": "F-1"}
    assert found[0]["data"] == known | {"revision": 1, "new": True}
    assert found[1]["data"] == known | {"revision": 2, "new": False, "attributes": ["age"]}
    assert found[2]["data"] == known
    assert follow(bank, then)[0] == []
    assert follow(bank, found[0]["id"])[0] == found[1:]


def test_an_event_is_no_change_of_facts_and_a_move_is_told_to_both_branches(house: House, bank: Crm, now: str) -> None:
    bank.ask("PUT", "/v1/customers/f-3", {"attributes": {"branch_id": "b-1"}})
    event = {"id": "f-3-e", "customer_id": "f-3", "kind": "click", "at": "2026-01-05T09:30:00+08:00",
             "offer": "term-12m", "channel": "mobile_app"}  # fmt: skip
    assert bank.ask("POST", "/v1/events", event).status_code == 201
    bank.ask("PUT", "/v1/customers/f-3", {"attributes": {"branch_id": "b-2"}})
    assert [one["type"] for one in follow(bank, now)[0]] == ["customer.updated", "customer.updated", "customer.moved"]
    of_old, _ = house.store.feed.since(Place.parse(now), "b-1", 100)
    assert [one.type for one in of_old] == ["customer.updated", "customer.moved"]


def test_erasing_takes_the_customers_changes_and_leaves_one_word(bank: Crm, now: str) -> None:
    bank.ask("PUT", "/v1/customers/f-4", {"attributes": {"age": 30}})
    bank.ask("DELETE", "/v1/customers/f-4")
    assert [(one["type"], one["subject"]) for one in follow(bank, now)[0]] == [("customer.erased", "f-4")]


@pytest.mark.parametrize("token", ["x", "====", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5LjE", "%00"])
def test_what_is_no_token_is_refused(bank: Crm, token: str) -> None:
    refused = bank.ask("GET", f"/v1/changes?since={token}")
    assert (refused.status_code, refused.json()["errors"][0]["where"]) == (422, "since")


def test_a_token_whose_changes_were_pruned_is_gone(make_database: Any) -> None:
    store = Store(url := make_database(), 5_000)
    put_customer(store, "c", {"age": 1})
    early = Place(1, 0)
    execute(url, "UPDATE changes SET at = 0")
    assert store.feed.prune() == 0, "not told to the webhooks yet"
    execute(url, "UPDATE feed SET told_xid = (SELECT max(xid) FROM changes), told_seq = 9999")
    store.feed.prune()
    with pytest.raises(Exception, match="too old"):
        store.feed.since(early, None, 10)
    store.close()


@pytest.mark.parametrize("told", [True, False])
def test_a_copy_restored_from_a_dump_tells_what_was_not_told_and_goes_on(make_database: Any, told: bool) -> None:
    store = Store(url := make_database(), 5_000)
    try:
        store.webhooks.add("https://crm.bank.example/", ["customer.*"], "bank", None)
        store.customers.load([("d-1", {"age": 30})])
        if told:
            store.deliveries.fan_out(lambda *_: None)
        _, of_before = store.feed.since(Place(), None, 100)
        store.customers.load([("d-2", {"age": 30})])
        far = 10**12  # of a cluster that has lived for long
        execute(url, f"UPDATE changes SET xid = xid + {far}")
        execute(url, f"UPDATE feed SET floor_xid = {far}" + f", told_xid = told_xid + {far}" * told)
        store.customers.load([("d-3", {"age": 30})])
        for _ in range(2):
            store.deliveries.fan_out(lambda *_: None)
        sent = execute(url, "SELECT body::json -> 'data' ->> 'subject' FROM deliveries ORDER BY created_at, 1")
        assert sorted(one for (one,) in sent) == ["d-1", "d-2", "d-3"]
        with pytest.raises(Gone, match="restored"):
            store.feed.since(Place(of_before.xid + far, of_before.seq), None, 100)
        found, onward = store.feed.since(Place(), None, 2)
        rest, end = store.feed.since(onward, None, 2)
        assert [one.subject for one in (*found, *rest)] == ["d-1", "d-2", "d-3"]
        store.customers.load([("d-4", {"age": 30})])
        for place in (end, onward):
            assert store.feed.since(place, None, 100)[0][-1].subject == "d-4"
    finally:
        store.close()


def test_a_late_commit_is_not_passed_by(make_database: Any) -> None:
    """The writer who drew the lower number commits last: the reader waits for it, then tells both."""
    store = Store(url := make_database(), 5_000)
    with psycopg.connect(url) as slow:
        slow.execute("INSERT INTO customers (id, attributes) VALUES ('slow', '{}')")
        put_customer(store, "quick", {})
        found, stands = store.feed.since(Place(), None, 10)
        assert found == []
        slow.commit()
    found, _ = store.feed.since(stands, None, 10)
    assert [one.subject for one in found] == ["slow", "quick"]
    store.close()


WRITERS, EACH = 6, 40


def write(url: str, number: int, start: Barrier) -> None:
    """Write customers in transactions of chance length, some rolled back."""
    chance = random.Random(number)
    start.wait(60)
    with psycopg.connect(url) as connection:
        for turn in range(EACH):
            name, kept = f"{number}-{turn}", chance.random() < 0.8
            words = f"kept-{name}" if kept else f"lost-{name}"
            connection.execute("INSERT INTO customers (id, attributes) VALUES (%s, '{}')", [words])
            time.sleep(chance.random() * 0.004)
            connection.commit() if kept else connection.rollback()


def test_a_reader_beside_many_writers_misses_and_repeats_nothing(make_database: Any) -> None:
    url = make_database()
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(WRITERS)
    writers = [spawn.Process(target=write, args=(url, number, start)) for number in range(WRITERS)]
    store, told, stands = Store(url, 20_000), list[str](), Place()
    for writer in writers:
        writer.start()
    pages = 0
    while any(writer.is_alive() for writer in writers):
        found, stands = store.feed.since(stands, None, 7)
        told += [one.subject for one in found]
        pages += bool(found)
    for writer in writers:
        writer.join(30)
    while True:
        found, stands = store.feed.since(stands, None, 7)
        told += [one.subject for one in found]
        if not found:
            break
    stored = [str(row[0]) for row in execute(url, "SELECT id FROM customers")]
    assert sorted(told) == sorted(stored), "each once, none missed"
    assert not any(one.startswith("lost") for one in told)
    assert pages > 3, "the reader read while they wrote"
    store.close()
