"""What waits for the runners: counted on a real PostgreSQL, and shown to Prometheus by a runner."""

import os
import socket
import subprocess
import sys

import requests
from prometheus_client.parser import text_string_to_metric_families

from service.store import Store
from service.store.outbox.backlog import QUEUES
from tests.servers import execute
from tests.waiting import eventually

HOUR_MS = 3_600_000
Figures = dict[tuple[str, str], float]


def waiting_webhook(store: Store, database: str, hours: int) -> str:
    """A webhook with one delivery that has waited so long; its id."""
    made, _ = store.webhooks.add("https://crm.example/in", ["*"], "test", None)
    execute(
        database,
        "INSERT INTO deliveries (webhook_id, type, body, created_at, next_at) "
        "VALUES (%s, 'job.ended', '{}', now_ms() - %s, 9e15)",
        made.id,
        hours * HOUR_MS,
    )
    return made.id


def test_empty_queues_are_measured_too(fresh_store: Store) -> None:
    measured = fresh_store.backlog.measure()
    assert set(measured) == set(QUEUES)
    assert {(one.items, one.oldest_s) for one in measured.values()} == {(0, 0.0)}


def test_depth_and_age_are_those_of_what_still_waits(fresh_store: Store, fresh_database: str) -> None:
    old, new = (fresh_store.jobs.add("test", None, {}, ["c-1"]) for _ in range(2))
    execute(fresh_database, "UPDATE jobs SET created_at = now_ms() - %s WHERE id = %s", HOUR_MS, old.id)
    queued = fresh_store.backlog.measure()["jobs_queued"]
    assert queued.items == 2
    assert 3600 <= queued.oldest_s < 3660
    taken = fresh_store.jobs.take(60_000)
    assert taken is not None
    assert taken.id == old.id
    measured = fresh_store.backlog.measure()
    assert (measured["jobs_queued"].items, measured["jobs_running"].items) == (1, 1)
    assert measured["jobs_queued"].oldest_s < 60 < measured["jobs_running"].oldest_s
    fresh_store.jobs.cancel(new.id)
    assert fresh_store.backlog.measure()["jobs_queued"].items == 0


def nothing_fails(change: str, failure: Exception) -> None:
    raise AssertionError(change) from failure


def test_changes_wait_until_they_are_laid_out_for_webhooks(fresh_store: Store) -> None:
    fresh_store.customers.load([("c-1", {}), ("c-2", {})])
    assert fresh_store.backlog.measure()["changes"].items == 2
    assert eventually(
        lambda: (
            not fresh_store.deliveries.fan_out(nothing_fails) and fresh_store.backlog.measure()["changes"].items == 0
        )
    )


def test_nothing_waits_for_a_webhook_that_is_switched_off(fresh_store: Store, fresh_database: str) -> None:
    webhook = waiting_webhook(fresh_store, fresh_database, 2)
    assert 7200 <= fresh_store.backlog.measure()["deliveries"].oldest_s < 7260
    fresh_store.webhooks.change(webhook, None, "test", {"enabled": False})
    assert fresh_store.backlog.measure()["deliveries"].items == 0


def figures(url: str) -> Figures:
    """What a runner shows of its queues; nothing before it listens."""
    try:
        families = text_string_to_metric_families(requests.get(url, timeout=2).text)
        samples = [sample for family in families for sample in family.samples]
        return {(one.name, one.labels["queue"]): one.value for one in samples if "queue" in one.labels}
    except requests.ConnectionError:
        return {}


def test_a_runner_shows_what_waits(fresh_store: Store, fresh_database: str, redis_url: str) -> None:
    waiting_webhook(fresh_store, fresh_database, 2)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    told = {"DATABASE_URL": fresh_database, "REDIS_URL": redis_url, "RUNNER_METRICS_PORT": port}
    environ = os.environ | {f"FOURCAST_{name}": word for name, word in told.items()}
    runner = subprocess.Popen([sys.executable, "-m", "service.cli.main", "work"], env=environ)
    try:
        assert eventually(lambda: len(figures(f"http://127.0.0.1:{port}/metrics")) == 2 * len(QUEUES), 40)
        shown = figures(f"http://127.0.0.1:{port}/metrics")
    finally:
        runner.terminate()
        assert runner.wait(30) == 0
    assert shown["fourcast_waiting_items", "deliveries"] == 1
    assert 7200 <= shown["fourcast_waiting_oldest_seconds", "deliveries"] < 7320
