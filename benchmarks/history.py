"""What a long past costs: ``python -m benchmarks.history [--rounds 40]``.

Customers with the same facts and 0, 100, 1,000 and 10,000 impressions, clicks, dismissals and refusals, spread over 20
offers, six channels and none, are read from their own PostgreSQL, decided and recorded by the shipped policy in turns;
and each is told of one more event. Printed:
the wall time of a decision and of an event, and the size of the record, each beside the customer without a past. The
ratios hold on any machine; the times do not.
"""

import argparse
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psycopg

from benchmarks.decision import customers
from service.core.domain import Context, Event, Release
from service.decision import decide, encode
from service.rules.expiry import AnswerExpiry
from service.rules.history.required_events import cut_snapshot
from service.rules.policy import DEFAULT, Policy, load
from service.runtime.embedded import start_postgres
from service.store import CustomerChange, Store

COUNTS = (0, 100, 1_000, 10_000)
NOW = time.time_ns() // 1_000_000
SHOWN = """
    INSERT INTO events (id, customer_id, kind, at, offer, channel)
    SELECT %(name)s || '-' || n, %(name)s,
        (ARRAY['impression', 'click', 'dismiss', 'reject'])[1 + n / 140 %% 4], %(now)s::bigint - n * 250000::bigint,
        (%(offers)s::text[])[1 + n %% 20], (%(channels)s::text[])[1 + n / 20 %% 7]
    FROM generate_series(1, %(count)s) AS n
"""


def told(_customer_id: str, _revision: int) -> bool:
    return True


def fill(store: Store, url: str, policy: Policy) -> None:
    """A customer for each count, with that many events in the last month."""
    facts = next(one for one in customers(policy, 10) if len(one.attributes) > 10).attributes
    offers = [offer.id for offer in policy.offers][:20]
    places = {"offers": offers, "channels": [channel.id for channel in policy.channels]}
    with psycopg.connect(url, autocommit=True) as connection:
        for count in COUNTS:
            store.customers.put(CustomerChange(f"c-{count}", None, facts), lambda _: None, told)
            connection.execute(SHOWN, {"name": f"c-{count}", "now": NOW, "count": count, **places})
        connection.execute("UPDATE customers SET trailed = false")
        connection.execute("ANALYZE")
    while store.trails.make():
        pass


def once(call: Callable[[], object]) -> float:
    """Wall microseconds of a call."""
    started = time.perf_counter_ns()
    call()
    return (time.perf_counter_ns() - started) / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=40, help="decisions and events of each customer")
    rounds = parser.parse_args().rounds
    policy = load(DEFAULT)
    release, asked, back = (
        Release(1, policy.hash, None),
        Context(NOW, "mobile_app"),
        AnswerExpiry.for_policy(policy).lookback(NOW),
    )
    records: dict[int, int] = {}
    numbers = itertools.count()

    with tempfile.TemporaryDirectory() as folder, start_postgres(Path(folder)) as server:
        store = Store(server.url, 5_000)
        store.migrate()
        fill(store, server.url, policy)

        def decided(count: int) -> None:
            snapshot = store.customers.snapshot(f"c-{count}", back)
            assert snapshot is not None
            snapshot = cut_snapshot(policy, snapshot, NOW)
            record = encode(decide(policy, snapshot, asked, {}, release, "d"), snapshot, asked, {}, release)
            records[count] = len(record)

        def happened(count: int) -> None:
            event = Event(f"new-{next(numbers)}", f"c-{count}", "impression", NOW, policy.offers[0].id, "mobile_app")
            store.events.record(event, told)

        deciding: dict[int, list[float]] = {count: [] for count in COUNTS}
        telling: dict[int, list[float]] = {count: [] for count in COUNTS}
        for turn, count in itertools.product(range(rounds + 3), COUNTS):
            deciding[count] += [once(lambda count=count: decided(count))][turn < 3 :]
            telling[count] += [once(lambda count=count: happened(count))][turn < 3 :]
        store.close()
    decision, event = ({n: statistics.median(each) for n, each in found.items()} for found in (deciding, telling))
    print(f"{'events':>8}{'decision us':>13}{'ratio':>7}{'record bytes':>14}{'ratio':>7}{'event us':>10}{'ratio':>7}")
    for n in COUNTS:
        print(
            f"{n:8}{decision[n]:13.0f}{decision[n] / decision[0]:7.2f}{records[n]:14}{records[n] / records[0]:7.2f}"
            f"{event[n]:10.0f}{event[n] / event[0]:7.2f}"
        )


if __name__ == "__main__":
    main()
