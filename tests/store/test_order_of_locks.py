"""Who writes several rows in one transaction takes them in one order: of two who meet one waits, both are served."""

from service.domain import UNKNOWN_CUSTOMER, Event
from service.store import Store
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
