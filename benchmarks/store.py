"""What the store's hot statements cost: CPU of the client and wall time per call, beside two floors, in one run.

    python benchmarks/store.py [--rounds N] [--calls N] [--json]

Floors: (a) the same SQL through a prepared psycopg cursor, (b) through SQLAlchemy Core with its pool and transaction.
The contestants take turns within each round, and each call reads another customer; the median of the rounds counts.
Starts its own PostgreSQL in a temporary folder: durable, as in service.
"""

import argparse
import itertools
import json
import re
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import sqlalchemy

from service.core.domain import KEPT, Event, Lookback
from service.runtime.embedded import start_postgres
from service.store import Store, new_decision_id
from service.store.customers.snapshots import REVISION, SNAPSHOT
from service.store.decisions.decisions import INSERT

CUSTOMERS = 5_000
RECORD = bytes(range(256)) * 8
Call = Callable[[str], object]


def told(_customer_id: str, _revision: int) -> bool:
    return True


def fill(store: Store) -> None:
    """Customers with 40 attributes, 6 consents and 8 events each (events for the first tenth)."""
    wide = {f"attribute_{number}": number + 0.25 for number in range(40)}
    names = [f"c{number:05d}" for number in range(CUSTOMERS)]
    store.customers.load((name, wide) for name in names)
    store.consents.load((name, f"marketing:{channel}", True) for name in names for channel in range(6))
    now = time.time_ns() // 1_000_000
    for name, number in itertools.product(names[: CUSTOMERS // 10], range(8)):
        store.events.record(Event(f"{name}-{number}", name, "impression", now - number, "term-12m", "sms"), told)


def driver_sql(text: bytes) -> str:
    """A hot statement's text with the driver's placeholders."""
    words = text.decode()
    for number in range(1, 6):
        words = words.replace(f"${number}", "%s")
    return words


def contestants(store: Store, url: str) -> dict[str, dict[str, Call]]:
    """By statement: ours and the two floors."""
    cursor = psycopg.connect(url, autocommit=True).cursor()
    engine = sqlalchemy.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    now = time.time_ns() // 1_000_000

    def through_cursor(text: bytes, values: Callable[[str], tuple[object, ...]]) -> Call:
        words = driver_sql(text)

        def call(name: str) -> object:
            cursor.execute(words, values(name), prepare=True)
            return cursor.fetchall() if cursor.description else None

        return call

    def through_core(text: bytes, values: Callable[[str], tuple[object, ...]]) -> Call:
        words = driver_sql(text)

        def call(name: str) -> object:
            with engine.begin() as connection:
                result = connection.exec_driver_sql(words, values(name))
                return result.fetchall() if result.returns_rows else None

        return call

    def kept(name: str) -> tuple[object, ...]:
        return name, new_decision_id(now), now, 1, RECORD

    def past(name: str) -> tuple[object, ...]:
        given = {"1": name, "2": 0, "3": KEPT}
        return tuple(given[number] for number in re.findall(r"\$(\d)", SNAPSHOT.text.decode()))

    rows: dict[str, tuple[Call, bytes, Callable[[str], tuple[object, ...]]]] = {
        "check": (store.customers.read_revision, REVISION.text, lambda name: (name,)),
        "snapshot": (lambda name: store.customers.snapshot(name, Lookback(0)), SNAPSHOT.text, past),
        "remember": (
            lambda name: store.decisions.insert(new_decision_id(now), name, now, 1, RECORD),
            INSERT.text,
            kept,
        ),
    }
    return {
        title: {"store": ours, "cursor": through_cursor(text, values), "core": through_core(text, values)}
        for title, (ours, text, values) in rows.items()
    }


def event_call(store: Store) -> Call:
    numbers = itertools.count()
    return lambda name: store.events.record(Event(f"new-{next(numbers)}", name, "click", 1), told)


def measure(call: Call, names: Iterator[str], calls: int) -> tuple[float, list[float]]:
    """CPU microseconds per call, and each call's wall microseconds."""
    walls = []
    cpu = time.process_time_ns()
    for _ in range(calls):
        started = time.perf_counter_ns()
        call(next(names))
        walls.append((time.perf_counter_ns() - started) / 1000)
    return (time.process_time_ns() - cpu) / 1000 / calls, walls


def run(rounds: int, calls: int) -> list[dict[str, object]]:
    """The table's rows."""
    with tempfile.TemporaryDirectory() as folder, start_postgres(Path(folder)) as server:
        store = Store(server.url, 5_000)
        store.migrate()
        fill(store)
        table = {**contestants(store, server.url), "record_event": {"store": event_call(store)}}
        names = itertools.cycle([f"c{number:05d}" for number in range(0, CUSTOMERS // 10, 7)])
        taken: dict[tuple[str, str], list[tuple[float, list[float]]]] = {}
        for turn, (title, row) in itertools.product(range(rounds + 1), table.items()):
            for who, call in row.items():
                found = measure(call, names, calls)
                if turn:
                    taken.setdefault((title, who), []).append(found)
        store.close()
    return [summary(title, who, found, taken[title, "store"]) for (title, who), found in taken.items()]


def summary(
    title: str, who: str, found: list[tuple[float, list[float]]], ours: list[tuple[float, list[float]]]
) -> dict[str, object]:
    walls = sorted(wall for _, each in found for wall in each)
    cpu, our_cpu = (statistics.median(each for each, _ in rounds) for rounds in (found, ours))
    return {
        "statement": title, "through": who, "cpu_us": round(cpu, 1), "ours_to_this": round(our_cpu / cpu, 2),
        "p50_us": round(walls[len(walls) // 2], 1), "p99_us": round(walls[int(len(walls) * 0.99)], 1),
    }  # fmt: skip


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--calls", type=int, default=400)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    rows = run(chosen.rounds, chosen.calls)
    if chosen.json:
        print(json.dumps(rows))
        return
    print(f"{'statement':<14}{'through':<9}{'CPU us':>9}{'ours/this':>11}{'p50 us':>9}{'p99 us':>9}")
    for row in rows:
        print("{statement:<14}{through:<9}{cpu_us:>9}{ours_to_this:>11}{p50_us:>9}{p99_us:>9}".format(**row))


if __name__ == "__main__":
    main()
