"""What one client may have waiting, and how soon a job that is under way can be cancelled."""

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg

from service.core.errors import FourcastError
from service.store.outbox.jobs import MOST as MOST_JOBS
from service.store.outbox.webhooks import MOST as MOST_WEBHOOKS
from tests.engine.crm.conftest import Crm, House
from tests.routes.conftest import SAVER
from tests.servers import execute
from tests.waiting import eventually

QUEUED = """
    INSERT INTO jobs (id, client, request, state, total, created_at)
    SELECT gen_random_uuid(), %s, '{}', %s, 0, 9e15 FROM generate_series(1, %s)
"""
LISTENING = """
    INSERT INTO webhooks (id, url, types, client, secret)
    SELECT gen_random_uuid(), 'https://crm.example/', '{}', %s, '' FROM generate_series(1, %s)
"""


def test_queued_jobs_are_bounded_for_each_client_and_ended_ones_count_for_nothing(house: House) -> None:
    full, other = house.client("full"), house.client("other")
    execute(house.store.url, QUEUED, "full", "done", 1000)
    execute(house.store.url, QUEUED, "full", "running", MOST_JOBS)
    refused = full.ask("POST", "/v1/jobs", {"customers": ["x"]})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "60")
    assert f"{MOST_JOBS} jobs of this client" in refused.json()["detail"]
    assert other.ask("POST", "/v1/jobs", {"customers": ["x"]}).status_code == 202
    execute(house.store.url, "UPDATE jobs SET state = 'cancelled' WHERE client = 'full' AND state = 'running'")
    assert full.ask("POST", "/v1/jobs", {"customers": ["x"]}).status_code == 202


def test_webhooks_are_bounded_for_each_client(house: House) -> None:
    full, other = house.client("listener"), house.client("another")
    execute(house.store.url, LISTENING, "listener", MOST_WEBHOOKS)
    wanted = {"url": "https://8.8.8.8/hooks", "types": ["lead.*"]}
    refused = full.ask("POST", "/v1/webhooks", wanted)
    assert refused.status_code == 409
    assert f"{MOST_WEBHOOKS} webhooks" in refused.json()["detail"]
    made = other.ask("POST", "/v1/webhooks", wanted)
    assert made.status_code == 201
    execute(house.store.url, "DELETE FROM webhooks WHERE client = 'listener' AND id <> %s", made.json()["id"])
    assert full.ask("POST", "/v1/webhooks", wanted).status_code == 201


def test_clients_that_race_never_pass_the_bound_together(house: House) -> None:
    execute(house.store.url, QUEUED, "racer", "queued", MOST_JOBS - 1)

    def add(_: int) -> bool:
        try:
            house.store.jobs.add("racer", None, {}, ["x"])
        except FourcastError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(add, range(6))) == 1


def test_a_job_is_cancelled_while_its_runner_lays_it_out_or_keeps_a_part(house: House, bank: Crm) -> None:
    """The runner waits for a customer who is being erased; who cancels waits for neither."""
    house.store.customers.load([("k-1", SAVER), ("k-2", SAVER)])
    execute(house.store.url, "UPDATE jobs SET state = 'cancelled'")
    for customers in ("all", ["k-1", "k-2"]):
        path = bank.ask("POST", "/v1/jobs", {"customers": customers}).headers["Location"]
        with psycopg.connect(house.store.url) as erasing:
            erasing.execute("SELECT 1 FROM customers WHERE id = 'k-1' FOR UPDATE")
            runner = threading.Thread(target=house.engine.crm.jobs.work, args=(lambda: False,))
            runner.start()
            assert eventually(lambda: execute(house.store.url, "SELECT 1 FROM pg_locks WHERE NOT granted"))
            cancelled = bank.ask("POST", f"{path}/cancel")
            assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")
        runner.join(30)
        job = bank.ask("GET", path).json()
        assert (job["state"], job["done"]) == ("cancelled", 0), "what the runner was writing is undone"
