"""Trails in the store: what all the events say, kept in a size that does not grow, whatever happens to the events."""

import random
import threading
from dataclasses import replace

import psycopg
import pytest

from service.core.domain import KEPT, SURVEYS, Context, Event, Lookback, Release, Snapshot, Trail
from service.core.trails import EVERY, surveys_of, trails_of
from service.decision import decide, encode
from service.rules.expiry import AnswerExpiry
from service.rules.history.required_events import cut_snapshot
from service.rules.policy import DEFAULT, Policy, from_documents, load
from service.store import Store
from tests.seed import put_customer
from tests.servers import execute

DAY = 86_400_000
NOW = 1_790_740_800_000
ALL = Lookback(0)
WHOLE = Lookback(0, EVERY)
IMPRESSIONS = """
    INSERT INTO events (id, customer_id, kind, at, offer, channel)
    SELECT %s || '-' || n, %s, 'impression', %s::bigint - n * 1000,
        (ARRAY['term-12m', 'mixed-r3', 'cash-r1'])[1 + n %% 3], 'mobile_app' FROM generate_series(1, %s) AS n
"""
"""So many impressions of three offers, a second apart."""


def told(_customer_id: str, _revision: int) -> bool:
    return True


def some(customer: str, count: int, chance: random.Random) -> list[Event]:
    """Events of every kind, about known and unknown things, several at the same instant."""
    kinds, offers = ("impression", "impression", "contact", "survey", "purchase"), ("term-12m", "gone", None)
    return [
        Event(
            f"{customer}-{number}", customer, chance.choice(kinds), NOW - chance.randint(0, 40) * DAY,
            chance.choice(offers), chance.choice(["sms", None]), None, None, chance.choice([None, 1.5, 4.0]),
        )
        for number in range(count)
    ]  # fmt: skip


def newest(trails: tuple[Trail, ...]) -> tuple[Trail, ...]:
    return tuple(replace(one, instants=one.instants[-KEPT:]) for one in trails)


def as_stored_before_trails(database_url: str, customer: str) -> None:
    """The customer as a migration finds them: with events, without trails."""
    for table in ("trails", "surveys"):
        execute(database_url, f"DELETE FROM {table} WHERE customer_id = %s", customer)
    execute(database_url, "UPDATE customers SET trailed = false WHERE id = %s", customer)


def make_all(store: Store) -> None:
    while store.trails.make():
        pass


def read(store: Store, customer: str, back: Lookback = ALL) -> Snapshot:
    found = store.customers.snapshot(customer, back)
    assert found is not None
    assert store.customers.snapshots([customer], back) == {customer: found}, "one by one and many at once"
    return found


def test_what_is_kept_is_the_newest_of_all_events_however_they_came(store: Store, database_url: str) -> None:
    past = some("c-kept", 600, random.Random(1))
    put_customer(store, "c-kept", {}, told)
    for event in random.Random(2).sample(past, len(past)):
        assert store.events.record(event, told) is True
        assert event.at != NOW or store.events.record(event, told) is False, "a repeated event counts once"
    in_order = sorted(past, key=lambda one: (one.at, one.id))
    kept = read(store, "c-kept")
    assert kept.trails == newest(trails_of(past))
    assert kept.surveys == surveys_of(in_order)[-SURVEYS:]
    assert max(len(one.instants) for one in kept.trails) == KEPT
    assert read(store, "c-kept", WHOLE).trails == trails_of(past), "who reckons with counts reads them all"
    as_stored_before_trails(database_url, "c-kept")
    assert read(store, "c-kept") == kept, "read from the events until the trails are made"
    make_all(store)
    assert read(store, "c-kept") == kept


def test_an_event_between_the_migration_and_the_making_of_trails_is_in_them(store: Store, database_url: str) -> None:
    put_customer(store, "c-between", {}, told)
    first, second, third = (Event(f"between-{n}", "c-between", "click", NOW + n, "term-12m", "sms") for n in range(3))
    store.events.record(first, told)
    as_stored_before_trails(database_url, "c-between")
    store.events.record(second, told)
    assert execute(database_url, "SELECT count(*) FROM trails WHERE customer_id = 'c-between'") == [(0,)]
    make_all(store)
    store.events.record(third, told)
    assert read(store, "c-between").trails == (Trail("click", "term-12m", "sms", (NOW, NOW + 1, NOW + 2)),)


def test_events_that_come_while_trails_are_made_are_neither_lost_nor_counted_twice(
    store: Store, database_url: str
) -> None:
    names = [f"c-busy-{number}" for number in range(8)]
    for name in names:
        put_customer(store, name, {}, told)
        as_stored_before_trails(database_url, name)

    def deliver(name: str) -> None:
        for number in range(20):
            store.events.record(Event(f"{name}-{number}", name, "click", NOW + number), told)

    senders = [threading.Thread(target=deliver, args=(name,)) for name in names]
    for sender in senders:
        sender.start()
    while any(sender.is_alive() for sender in senders):
        store.trails.make()
    make_all(store)
    make_all(store)
    for name in names:
        assert read(store, name).trails == (Trail("click", None, None, tuple(range(NOW, NOW + 20))),)
    assert execute(database_url, "SELECT count(*) FROM customers WHERE NOT trailed") == [(0,)]


SPREAD = """
    INSERT INTO events (id, customer_id, kind, at, offer, channel)
    SELECT %(name)s || '-' || n, %(name)s,
        (ARRAY['impression', 'click', 'dismiss', 'reject', 'contact', 'survey'])[1 + n / 160 %% 6],
        %(now)s::bigint - n * 250000::bigint, (%(offers)s::text[])[1 + n %% 23], (%(channels)s::text[])[1 + n / 23 %% 7]
    FROM generate_series(1, 10000) AS n
"""
"""Events of every offer in every channel and in none."""


def reckoning(policy: Policy) -> Policy:
    """The policy, with a channel whose response reckons with a count of contacts."""
    documents = policy.documents
    documents["channels"]["channels"][0]["response"] = "1 + history.contacts_7d / 100"
    return from_documents(documents)


def test_the_store_hands_over_what_the_rules_read_however_the_events_are_spread(
    store: Store, database_url: str
) -> None:
    shipped = load(DEFAULT)
    places = {"offers": [one.id for one in shipped.offers], "channels": [one.id for one in shipped.channels]}
    put_customer(store, "c-spread", {}, told)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(SPREAD, {"name": "c-spread", "now": NOW, **places})
    as_stored_before_trails(database_url, "c-spread")
    for trailed in (False, True):
        if trailed:
            make_all(store)
        whole = read(store, "c-spread", WHOLE)
        for policy, kinds, most in (
            (shipped, {"impression", "click", "dismiss", "reject", "contact"}, 5_000),
            (reckoning(shipped), {"impression", "click", "dismiss", "reject", "contact"}, 7_000),
        ):
            handed = read(store, "c-spread", AnswerExpiry.for_policy(policy).lookback(NOW))
            assert cut_snapshot(policy, handed, NOW) == cut_snapshot(policy, whole, NOW)
            assert {one.kind for one in handed.trails} == kinds, "nobody reads when surveys were answered"
            assert {one.channel for one in handed.trails if one.kind == "impression"} == {None}
            assert sum(len(one.instants) for one in handed.trails) < most
    assert sum(len(one.instants) for one in whole.trails) == 10_000


def test_what_was_dropped_with_an_old_month_is_still_known_and_what_is_too_old_is_not_read(
    store: Store, database_url: str
) -> None:
    put_customer(store, "c-old", {}, told)
    store.events.record(Event("old", "c-old", "reject", NOW - 150 * DAY, "term-12m", "branch"), told)
    execute(database_url, "DELETE FROM events WHERE customer_id = 'c-old'")
    assert [one.kind for one in read(store, "c-old", Lookback(NOW - 200 * DAY)).trails] == ["reject"]
    assert read(store, "c-old", Lookback(NOW - 100 * DAY)).trails == ()


def test_who_is_erased_leaves_no_trail(store: Store, database_url: str) -> None:
    put_customer(store, "c-gone", {}, told)
    store.events.record(Event("gone", "c-gone", "survey", NOW, None, None, None, None, 4.0), told)
    store.customers.erase("c-gone", lambda record, _: record, told, "test", {})
    for table in ("trails", "surveys"):
        assert execute(database_url, f"SELECT FROM {table} WHERE customer_id = 'c-gone'") == []


@pytest.fixture(scope="module")
def busy(store: Store, database_url: str) -> dict[int, str]:
    """Customers with 0, 100 and 10,000 impressions of three offers, by how many; each with the same facts."""
    names = {count: f"c-many-{count:05}" for count in (0, 100, 10_000)}
    for count, name in names.items():
        put_customer(store, name, {"age": 40, "demand_yuan": 90_000.0}, told)
        execute(database_url, IMPRESSIONS, name, name, NOW, count)
        as_stored_before_trails(database_url, name)
    make_all(store)
    return names


def test_rows_read_and_the_record_are_as_large_after_10_000_events_as_after_100(
    store: Store, database_url: str, busy: dict[int, str]
) -> None:
    policy = load(DEFAULT)
    sizes, rows = {}, {}
    for count, name in busy.items():
        snapshot, at, release = read(store, name), Context(NOW, "mobile_app"), Release(1, policy.hash, None)
        record = encode(decide(policy, snapshot, at, {}, release, "d"), snapshot, at, {}, release)
        sizes[count] = len(record)
        (rows[count],) = execute(
            database_url,
            "SELECT count(*), coalesce(sum(cardinality(instants)), 0)::int FROM trails WHERE customer_id = %s", name
        )  # fmt: skip
    assert rows == {0: (0, 0), 100: (3, 3 * KEPT), 10_000: (3, 3 * KEPT)}
    assert sizes[10_000] == sizes[100]
    assert sizes[100] - sizes[0] < 2_500


def test_a_decision_reads_no_event_however_many_there_are(
    store: Store, database_url: str, busy: dict[int, str]
) -> None:
    before = {name: read(store, name) for name in busy.values()}
    execute(database_url, "DELETE FROM events WHERE customer_id LIKE 'c-many-%%'")
    assert {name: read(store, name) for name in busy.values()} == before


def test_the_ten_thousandth_event_writes_no_more_than_the_hundredth(
    store: Store, database_url: str, busy: dict[int, str]
) -> None:
    widths = {}
    for count in (100, 10_000):
        store.events.record(Event(f"next-{count}", busy[count], "impression", NOW, "term-12m", "mobile_app"), told)
        query = "SELECT pg_column_size(trails) FROM trails WHERE customer_id = %s AND offer = 'term-12m'"
        ((widths[count],),) = execute(database_url, query, busy[count])
    assert widths[100] == widths[10_000]
