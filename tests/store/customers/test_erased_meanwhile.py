"""What is written while a customer is erased: it waits and finds nobody, or the erasure waits and finds it."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import psycopg
import pytest

from service.core.domain import Event, Lookback
from service.core.errors import AnswerLost, InProgress, NotFound
from service.store import ConsentWords, Store, new_decision_id
from service.store.customers.file_import.consents import ConsentWord
from service.store.decisions import decisions
from service.store.feed import note
from service.store.leads import Actor, AdviserRow, LeadJudgement, NewLead
from service.store.outbox.jobs import AllCustomers
from service.store.security import audit
from service.store.security.sealing import new_key
from tests.seed import put_customer, transaction
from tests.servers import execute
from tests.store.waiting import held, waiting

NOW = time.time_ns() // 1_000_000
LOCKED = "SELECT 1 FROM customers WHERE id = %s FOR UPDATE"
TABLES = ("decisions", "consents", "events", "trails", "job_items", "leads", "deliveries", "changes")
UNTOLD = "DELETE FROM changes WHERE customer_id = %s"
GONE = "DELETE FROM customers WHERE id = %s"


def redact(_record: bytes, pseudonym: str) -> bytes:
    return pseudonym.encode()


def erase(store: Store, name: str) -> bool:
    return store.customers.erase(name, redact, lambda *_: True, "test", {})


def made(name: str) -> dict[str, object]:
    return {"id": new_decision_id(NOW), "customer_id": name, "at": NOW, "release_id": 1, "record": name.encode()}


def erasing(url: str, name: str) -> AbstractContextManager[psycopg.Connection[Any]]:
    """An erasure that has read everything and is not committed yet."""
    return held(url, (LOCKED, (name,)), (UNTOLD, (name,)), (GONE, (name,)))


def nothing_fails(change: str, failure: Exception) -> None:
    raise AssertionError(change) from failure


def left(url: str, name: str) -> dict[str, int]:
    """In how many rows of which tables the customer is still named, but for the word that they were erased."""
    execute(url, "DELETE FROM changes WHERE type = 'customer.erased'")
    rows = {table: execute(url, f"SELECT 1 FROM {table} WHERE customer_id = %s", name) for table in TABLES}
    return {table: len(found) for table, found in rows.items() if found}


def test_a_decision_made_before_an_erasure_is_not_kept_after_it(store: Store, database_url: str) -> None:
    put_customer(store, "late", {"age": 44})
    assert store.customers.snapshot("late", Lookback(0)) is not None
    assert erase(store, "late")
    with pytest.raises(NotFound):
        store.decisions.insert(new_decision_id(NOW), "late", NOW, 1, b"facts of late")
    assert left(database_url, "late") == {}


WRITERS: dict[str, Callable[[Store, str], object]] = {
    "one decision": lambda store, name: store.decisions.insert(new_decision_id(NOW), name, NOW, 1, b"facts"),
    "many decisions": lambda store, name: store.decisions.insert_many([made(name)]),
    "an event": lambda store, name: store.events.record(Event(f"e-{name}", name, "click", NOW)),
    "an accept": lambda store, name: store.events.record(
        Event(f"a-{name}", name, "accept", NOW, "term-12m", "mobile_app", "d-1")
    ),
    "a contact": lambda store, name: store.contacts.reserve(
        Event(f"c-{name}", name, "contact", NOW, "term-12m", "sms"), Lookback(0), lambda _: None, lambda *_: True
    ),
    "a word on consent": lambda store, name: store.consents.say(
        name, ConsentWords({"marketing:sms": True}, "app", "1"), NOW, lambda *_: True
    ),
    "a file's word on consent": lambda store, name: store.consents.load([ConsentWord(name, "marketing:sms", True)]),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_who_writes_during_an_erasure_waits_and_leaves_nothing(store: Store, database_url: str, writer: str) -> None:
    name = writer.replace(" ", "-").replace("'", "")
    put_customer(store, name, {})
    with (
        erasing(database_url, name) as erasure,
        waiting(database_url, lambda: WRITERS[writer](store, name)) as written,
    ):
        erasure.commit()
        assert isinstance(written.exception(), NotFound) or written.result() in (set(), 1)
    assert left(database_url, name) == {}


@pytest.mark.parametrize("new", [False, True], ids=["in the file's customers", "in its consents alone"])
def test_a_load_that_meets_an_erasure_does_not_bring_the_erased_back(
    store: Store, database_url: str, new: bool
) -> None:
    name, other = f"back-{new}", f"stays-{new}"
    for each in (name, other):
        put_customer(store, each, {"age": 44})
    store.decisions.insert_many([made(name)])
    read, begun, go_on = [(other, {"age": 45})], threading.Event(), threading.Event()

    def redact_slowly(record: bytes, pseudonym: str) -> bytes:
        begun.set()
        assert go_on.wait(30)
        return redact(record, pseudonym)

    with ThreadPoolExecutor(1) as pool:
        erased = pool.submit(store.customers.erase, name, redact_slowly, lambda *_: True, "test", {})
        assert begun.wait(30)
        people = read if new else [*read, (name, {"age": 45})]
        words = [ConsentWord(name, "marketing:sms", True), ConsentWord(other, "marketing:sms", True)]
        with waiting(database_url, lambda: store.customers.load_files(people, words)) as loaded:
            go_on.set()
            assert erased.result()
            assert new or loaded.result().erased == {name}
    assert store.customers.find_stored([name, other]) == {other}
    assert left(database_url, name) == {}
    assert store.consents.read_current(other).said["marketing:sms"].granted is True


def test_a_load_of_who_was_erased_after_the_file_was_read_stores_the_others(store: Store, database_url: str) -> None:
    store.customers.load([("read-1", {"age": 1}), ("read-2", {"age": 2})])
    assert erase(store, "read-1")
    both = [("read-1", {"age": 3}), ("read-2", {"age": 4})]
    loaded = store.customers.load_files(both, [ConsentWord(name, "marketing:sms", True) for name, _ in both])
    assert (loaded.erased, loaded.customers) == ({"read-1"}, 1), "nobody is both stored and left out"
    assert store.audit.list_rows(1)[0]["detail"]["customers"] == 1
    assert left(database_url, "read-1") == {}
    assert store.customers.find_stored(["read-1", "read-2"]) == {"read-2"}
    assert store.customers.read("read-2").attributes == {"age": 4}


def test_a_kept_answer_that_names_the_erased_is_emptied_and_the_request_is_not_carried_out_again(
    store: Store,
) -> None:
    put_customer(store, "kept-answer", {})
    for key, body in (("named", b'{"customer_id":"kept-answer"}'), ("other", b'{"customer_id":"other"}')):
        assert store.idempotency.begin("app", key, b"print") is None
        store.idempotency.keep("app", key, 200, [], body)
    assert erase(store, "kept-answer")
    with pytest.raises((AnswerLost, InProgress)):
        store.idempotency.begin("app", "named", b"print")
    kept = store.idempotency.begin("app", "other", b"print")
    assert kept is not None
    assert kept.body == b'{"customer_id":"other"}'


def test_a_sealed_answer_that_names_the_erased_is_emptied_too_and_so_is_one_that_no_key_opens(
    database_url: str,
) -> None:
    mine, other = (Store(database_url, 500, [new_key()]) for _ in range(2))
    put_customer(mine, 'sealed "1"', {})
    answers = {"named": rb'{"customer_id":"sealed \"1\""}', "other": b'{"customer_id":"other"}'}
    for key, body in answers.items():
        assert mine.idempotency.begin("sealed", key, b"print") is None
        mine.idempotency.keep("sealed", key, 201, [], body, secret=True)
    assert other.idempotency.begin("sealed", "unopened", b"print") is None
    other.idempotency.keep("sealed", "unopened", 201, [], b"{}", secret=True)
    assert erase(mine, 'sealed "1"')
    for store, key in ((mine, "named"), (other, "unopened")):
        with pytest.raises((AnswerLost, InProgress)):
            store.idempotency.begin("sealed", key, b"print")
    kept = mine.idempotency.begin("sealed", "other", b"print")
    assert kept is not None
    assert kept.body == answers["other"]


def test_an_answer_that_is_being_made_during_an_erasure_is_not_kept_unless_it_is_empty(store: Store) -> None:
    put_customer(store, "answered", {})
    for key in ("in-flight", "empty"):
        assert store.idempotency.begin("app", key, b"print") is None
    assert erase(store, "answered")
    store.idempotency.keep("app", "in-flight", 200, [], b'{"customer_id":"answered"}')
    store.idempotency.keep("app", "empty", 204, [], b"")
    with pytest.raises((AnswerLost, InProgress)):
        store.idempotency.begin("app", "in-flight", b"print")
    kept = store.idempotency.begin("app", "empty", b"print")
    assert kept is not None
    assert kept.status == 204


def test_an_erasure_and_a_write_that_marks_its_key_as_done_wait_for_each_other_once(
    store: Store, database_url: str
) -> None:
    put_customer(store, "marked", {})
    assert store.idempotency.begin("app", "marking", b"print") is None
    with (
        held(database_url, ("SELECT pg_advisory_xact_lock(%s)", (audit.LOCK,))) as write,
        waiting(database_url, lambda: erase(store, "marked")) as erased,
    ):
        write.execute("UPDATE repeats SET done = true WHERE key = %s", ["marking"])
        write.commit()
        assert erased.result()


def test_an_erasure_waits_for_decisions_that_are_being_kept_and_redacts_them(store: Store, database_url: str) -> None:
    store.customers.load([("kept-1", {}), ("kept-2", {})])
    with transaction(store) as connection:
        assert decisions.insert_many(connection, [made("kept-2"), made("kept-1"), made("nobody")]) == {
            "kept-1",
            "kept-2",
        }
        with waiting(database_url, lambda: erase(store, "kept-1")) as erased:
            connection.commit()
            assert erased.result()
    assert left(database_url, "kept-1") == {}
    assert left(database_url, "kept-2")["decisions"] == 1
    assert left(database_url, "nobody") == {}


def test_events_do_not_wait_for_a_decision_that_is_being_kept(store: Store) -> None:
    put_customer(store, "busy", {})
    with transaction(store) as connection:
        decisions.insert_many(connection, [made("busy")])
        assert store.events.record(Event("e-busy", "busy", "click", NOW))
        store.decisions.insert(new_decision_id(NOW), "busy", NOW, 1, b"another")


def test_erasing_again_takes_out_what_an_earlier_erasure_left(store: Store, database_url: str) -> None:
    put_customer(store, "straggler", {})
    assert erase(store, "straggler")
    row = made("straggler")
    insert = "INSERT INTO decisions (id, customer_id, at, release_id, record) VALUES (%s, %s, %s, %s, %s)"
    execute(database_url, insert, *row.values())
    assert erase(store, "straggler") is False
    assert left(database_url, "straggler") == {}
    kept = store.decisions.read(str(row["id"]))
    assert kept.customer_id.startswith("erased-") and kept.record == kept.customer_id.encode()
    newest = store.audit.list_rows(1)[0]
    assert (newest["action"], newest["detail"]["decisions"]) == ("customer.erase", 1)
    assert erase(store, "straggler") is False
    assert store.audit.list_rows(1)[0]["seq"] == newest["seq"], "what finds nothing is not told again"


def test_a_job_laid_out_during_an_erasure_waits_and_names_nobody_of_everybody(store: Store, database_url: str) -> None:
    put_customer(store, "everybody", {})
    store.jobs.add("bank", None, {}, AllCustomers())
    with (
        erasing(database_url, "everybody") as erasure,
        waiting(database_url, lambda: store.jobs.take(60_000)) as taken,
    ):
        erasure.commit()
        assert taken.result() is not None
    assert left(database_url, "everybody") == {}


def test_what_the_feed_tells_of_an_erased_customer_becomes_no_delivery(store: Store, database_url: str) -> None:
    put_customer(store, "told", {})
    store.webhooks.add("https://crm.example/", ["lead.*"], "bank", None)
    with transaction(store) as connection:
        note(connection, "lead.open", "lead-1", {"customer_id": "told"}, customer_id="told")
    with (
        erasing(database_url, "told") as erasure,
        waiting(database_url, lambda: store.deliveries.fan_out(nothing_fails)) as fanned,
    ):
        erasure.commit()
        assert fanned.result() is False
    assert left(database_url, "told") == {}


def test_a_sale_is_credited_under_the_customers_lock_and_to_nobody_who_was_erased(
    store: Store, database_url: str
) -> None:
    put_customer(store, "sold", {})
    store.leads.put_advisers([AdviserRow("li", "b-1", 60, 20)], Actor("test"))
    new = NewLead(made("sold"), "term-12m", 1.0, (), LeadJudgement(None, 1, NOW + 60_000))
    assert store.leads.add("sold", AdviserRow("li", "b-1", 60, 20), Lookback(0), lambda _: new, NOW) is not None
    execute(database_url, "UPDATE leads SET status = 'contacted', contacted_at = 1 WHERE customer_id = 'sold'")
    store.events.record(Event("bought", "sold", "purchase", 5, "term-12m", amount_yuan=1000.0))
    with held(database_url, (LOCKED, ("sold",))) as other, waiting(database_url, store.leads.settle) as settled:
        forget = "UPDATE leads SET customer_id = 'erased-1', status = 'erased' WHERE customer_id = %s"
        for statement in (forget, UNTOLD, GONE):
            other.execute(statement.encode(), ("sold",))
        other.commit()
        assert settled.result() == 0
    assert execute(database_url, "SELECT status FROM leads") == [("erased",)]
