"""Who writes several rows in one transaction takes them in one order: of two who meet one waits, both are served."""

from service.core.domain import UNKNOWN_CUSTOMER, Event
from service.store import Store
from service.store.customers.file_import.consents import ConsentWord
from service.store.security import audit
from tests.seed import put_customer
from tests.servers import execute
from tests.store.waiting import held, waiting

KEY = "INSERT INTO event_keys (id, body_hash, at) VALUES (%s, '', 1)"
TRAIL = "SELECT 1 FROM visitor_trails WHERE offer = %s FOR UPDATE NOWAIT"


def clicks(*rows: tuple[str, str]) -> list[Event]:
    return [Event(name, UNKNOWN_CUSTOMER, "click", 5, offer, "mobile_app") for name, offer in rows]


def test_a_devices_events_take_their_ids_in_order_however_they_are_sent(store: Store, database_url: str) -> None:
    sent = clicks(("ids-2", "term-6m"), ("ids-1", "term-12m"))
    with (
        held(database_url, (KEY, ("ids-1",))) as other,
        waiting(database_url, lambda: store.visitors.record("device-of-ids", sent)) as became,
    ):
        other.execute("SET LOCAL lock_timeout = '1s'")
        other.execute(KEY.encode(), ("ids-2",))
        other.rollback()
        assert became.result() == [True, True]


def test_a_devices_events_take_their_trails_in_order_however_they_are_sent(store: Store, database_url: str) -> None:
    store.visitors.record("device-of-trails", clicks(("trails-1", "fund-a"), ("trails-2", "fund-b")))
    sent = clicks(("trails-3", "fund-b"), ("trails-4", "fund-a"))
    with (
        held(database_url, (TRAIL, ("fund-a",))) as other,
        waiting(database_url, lambda: store.visitors.record("device-of-trails", sent)) as became,
    ):
        other.execute(TRAIL.encode(), ("fund-b",))
        other.rollback()
        assert became.result() == [True, True]
    counted = "SELECT sum(cardinality(instants)) FROM visitor_trails WHERE offer LIKE 'fund-%'"
    assert execute(database_url, counted) == [(4,)]


def test_a_file_of_consents_takes_its_customers_in_order_however_they_stand_in_it(
    store: Store, database_url: str
) -> None:
    store.customers.load([("order-2", {}), ("order-1", {})])
    words = [ConsentWord("order-2", "marketing:sms", True), ConsentWord("order-1", "marketing:sms", True)]
    lock = "SELECT 1 FROM customers WHERE id = %s FOR UPDATE NOWAIT"
    with (
        held(database_url, (lock, ("order-1",))) as other,
        waiting(database_url, lambda: store.consents.load(words)) as loaded,
    ):
        other.execute(lock.encode(), ("order-2",))
        other.rollback()
        assert loaded.result() == 2


def test_a_file_that_takes_long_leaves_what_serves_to_others_until_its_end(store: Store, database_url: str) -> None:
    store.customers.load([("slow", {})])
    words = [ConsentWord("slow", "marketing:sms", False)]
    with (
        held(database_url, ("SELECT 1 FROM customers WHERE id = %s FOR UPDATE", ("slow",))) as other,
        waiting(database_url, lambda: store.customers.load_files([("fast", {})], words)) as loaded,
    ):
        other.execute(b"SELECT 1 FROM serving FOR UPDATE NOWAIT")
        other.rollback()
        assert loaded.result().outvoted == 0


def test_an_erasure_takes_the_audit_log_before_what_serves_as_a_release_does(store: Store, database_url: str) -> None:
    put_customer(store, "erased-in-order", {})
    with (
        held(database_url, ("SELECT pg_advisory_xact_lock(%s)", (audit.LOCK,))) as release,
        waiting(database_url, lambda: erase(store, "erased-in-order")) as erased,
    ):
        release.execute(b"UPDATE serving SET cache_generation = cache_generation")
        release.commit()
        assert erased.result()


def erase(store: Store, name: str) -> bool:
    return store.customers.erase(name, lambda record, _: record, lambda *_: True, "test", {})
