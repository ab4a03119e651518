"""Events: exactly once, whoever delivers them and however often, and never lost once acknowledged."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace

import pytest

from service.core.domain import Event
from service.core.errors import Conflict, InvalidInput, NotFound
from service.store import Store
from service.store.schema import events
from tests.seed import put_customer
from tests.servers import DEADLINE_MS, execute

CLICK = Event("click-1", "c-once", "click", 1_000, offer="term-12m", channel="sms", amount_yuan=1.10)


def told(_customer_id: str, _revision: int) -> bool:
    return True


def stored_ids(database_url: str, customer_id: str) -> list[str]:
    return [str(row[0]) for row in execute(database_url, "SELECT id FROM events WHERE customer_id = %s", customer_id)]


def test_the_same_event_again_is_a_duplicate_and_changes_nothing(store: Store, database_url: str) -> None:
    put_customer(store, "c-once", {}, told)
    assert store.events.record(CLICK, told) is True
    before = store.customers.read_revision("c-once")
    assert store.events.record(CLICK, told) is False
    assert store.customers.read_revision("c-once") == before
    assert stored_ids(database_url, "c-once") == ["click-1"]


@pytest.mark.parametrize("change", [{"kind": "reject"}, {"amount_yuan": 1.11}, {"offer": None}, {"at": 1_001}])
def test_the_same_id_with_another_content_is_a_conflict(store: Store, change: dict[str, object]) -> None:
    put_customer(store, "c-conflict", {}, told)
    event = replace(CLICK, id=f"conflict-{change}", customer_id="c-conflict")
    store.events.record(event, told)
    with pytest.raises(Conflict, match="recorded before with another content"):
        store.events.record(replace(event, **change), told)  # type: ignore[arg-type]


def test_an_event_of_a_stranger_is_refused_and_its_id_stays_free(store: Store) -> None:
    event = replace(CLICK, id="later", customer_id="c-later")
    with pytest.raises(NotFound):
        store.events.record(event, told)
    put_customer(store, "c-later", {}, told)
    assert store.events.record(event, told) is True


@pytest.mark.parametrize("field", ["id", "kind", "offer", "channel", "decision_id"])
def test_a_nul_in_any_name_of_an_event_is_refused(store: Store, field: str) -> None:
    with pytest.raises(InvalidInput, match=field):
        store.events.record(replace(CLICK, **{field: "a\0b"}), told)  # type: ignore[arg-type]


def test_eight_threads_with_the_same_and_other_events_store_each_exactly_once(store: Store, database_url: str) -> None:
    put_customer(store, "c-storm", {}, told)
    events = [replace(CLICK, id=f"storm-{number}", customer_id="c-storm") for number in range(25)]

    def deliver(seed: int) -> int:
        mine = random.Random(seed).sample(events, len(events))
        return sum(store.events.record(event, told) for event in mine)

    with ThreadPoolExecutor(8) as threads:
        acknowledged_new = sum(threads.map(deliver, range(8)))
    assert acknowledged_new == len(events)
    assert sorted(stored_ids(database_url, "c-storm")) == sorted(event.id for event in events)
    assert store.customers.read_revision("c-storm")[0] == 1 + len(events)


def test_eight_threads_that_cannot_tell_the_cache_raise_the_generation_once_per_event(store: Store) -> None:
    put_customer(store, "c-untold", {}, told)
    before = store.customers.read_revision("c-untold")[2]
    events = [replace(CLICK, id=f"untold-{number}", customer_id="c-untold") for number in range(24)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(store.events.record, events))
    assert store.customers.read_revision("c-untold") == (25, 0, before + 24)


def accepts(customer_id: str, decision: str, count: int) -> list[Event]:
    """So many accepts of one offer that one decision showed, each under an id of its own."""
    first = replace(CLICK, customer_id=customer_id, kind="accept", decision_id=decision)
    return [replace(first, id=f"{decision}-{number}") for number in range(count)]


def test_a_second_accept_of_what_a_decision_showed_counts_nothing(store: Store, database_url: str) -> None:
    put_customer(store, "c-twice", {}, told)
    first, second = accepts("c-twice", "decision-1", 2)
    assert [store.events.record(each, told) for each in (first, second, first)] == [True, False, False]
    assert stored_ids(database_url, "c-twice") == [first.id]
    assert store.customers.read_revision("c-twice")[0] == 2
    for other in ({"decision_id": "decision-2"}, {"offer": "term-6m"}, {"decision_id": None}, {"kind": "purchase"}):
        assert store.events.record(replace(second, id=f"other-{other}", **other), told), other  # type: ignore[arg-type]


def test_a_second_accept_under_another_events_id_is_a_conflict(store: Store) -> None:
    put_customer(store, "c-mixed", {}, told)
    first, second = accepts("c-mixed", "decision-1-mixed", 2)
    store.events.record(first, told)
    store.events.record(replace(CLICK, id=second.id, customer_id="c-mixed"), told)
    with pytest.raises(Conflict):
        store.events.record(second, told)


def test_an_accept_that_could_not_be_stored_leaves_the_offer_to_be_accepted(store: Store) -> None:
    (accept,) = accepts("c-not-yet", "decision-1-not-yet", 1)
    with pytest.raises(NotFound):
        store.events.record(accept, told)
    put_customer(store, "c-not-yet", {}, told)
    assert store.events.record(replace(accept, id="a-second-id"), told) is True


def test_of_eight_accepts_at_once_exactly_one_is_stored(store: Store, database_url: str) -> None:
    put_customer(store, "c-rush", {}, told)
    rounds, start = 20, threading.Barrier(8)

    def deliver(number: int) -> int:
        start.wait(30)
        return sum(store.events.record(accepts("c-rush", f"rush-{each}", 8)[number], told) for each in range(rounds))

    with ThreadPoolExecutor(8) as threads:
        stored = sum(threads.map(deliver, range(8)))
    assert stored == len(stored_ids(database_url, "c-rush")) == rounds
    assert store.customers.read_revision("c-rush")[0] == 1 + rounds


DELIVER_FOR_EVER = """
import itertools, sys
from service.core.domain import Event
from service.store import Store
from service.store.schema import events
store = Store(sys.argv[1], 5000)
for number in itertools.count():
    store.events.record(Event(f"{sys.argv[2]}-{number}", "c-killed", "click", number), lambda *_: True)
    print(number, flush=True)
"""


def test_processes_killed_in_the_middle_lose_nothing_they_acknowledged(store: Store, database_url: str) -> None:
    put_customer(store, "c-killed", {}, told)
    for name in ("a", "b"):
        command = [sys.executable, "-c", DELIVER_FOR_EVER, database_url, name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(40):
                process.stdout.readline()
            process.kill()
            acknowledged = 40 + len(process.stdout.readlines())
        stored = {identity for identity in stored_ids(database_url, "c-killed") if identity.startswith(name)}
        assert {f"{name}-{number}" for number in range(acknowledged)} <= stored
    revision = store.customers.read_revision("c-killed")[0]
    assert revision == 1 + len(stored_ids(database_url, "c-killed"))


def test_a_fork_opens_its_own_connections_and_leaves_the_parents_alone(database_url: str) -> None:
    store = Store(database_url, DEADLINE_MS)
    put_customer(store, "c-fork", {}, told)
    child = os.fork()
    if child == 0:
        done = store.customers.read_revision("c-fork")[0] == 1 and put_customer(store, "c-fork", {"age": 1}, told) == 2
        os._exit(0 if done else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert store.customers.read_revision("c-fork")[0] == 2
    assert put_customer(store, "c-fork", {"age": 2}, told) == 3
    store.close()


def test_a_signal_while_waiting_neither_loses_nor_repeats_an_event(store: Store, database_url: str) -> None:
    put_customer(store, "c-signal", {}, told)
    previous = signal.signal(signal.SIGUSR1, lambda *_: None)
    stop = threading.Event()

    def disturb() -> None:
        while not stop.is_set():
            os.kill(os.getpid(), signal.SIGUSR1)
            time.sleep(0.0005)

    disturber = threading.Thread(target=disturb)
    disturber.start()
    try:
        for number in range(50):
            assert store.events.record(replace(CLICK, id=f"signal-{number}", customer_id="c-signal"), told)
            assert store.customers.read_revision("c-signal")[0] == number + 2
    finally:
        stop.set()
        disturber.join()
        signal.signal(signal.SIGUSR1, previous)
    assert len(stored_ids(database_url, "c-signal")) == 50


def test_every_field_of_an_event_is_a_column_of_the_same_name() -> None:
    assert [field.name for field in fields(Event)] == [column.name for column in events.columns]
