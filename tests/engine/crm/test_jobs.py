"""Jobs over HTTP: queued, worked off by a runner, cancelled, downloaded; and what is left when a runner is killed."""

import csv
import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest

from service.core.domain import Client
from service.decision import decode
from service.store import Store
from tests.engine.crm.conftest import Crm, House
from tests.routes.conftest import SAVER
from tests.servers import execute
from tests.waiting import eventually


@pytest.fixture(scope="module")
def crowd(house: House) -> list[str]:
    """450 customers: more than two parts."""
    names = [f"j-{number:03}" for number in range(450)]
    house.store.customers.load((one, SAVER | {"age": 20 + place % 60}) for place, one in enumerate(names))
    return names


def work(house: House) -> None:
    """A runner's turn in this process, until nothing waits."""
    while house.engine.crm.jobs.work(lambda: False):
        pass


def lines(bank: Crm, path: str) -> list[dict[str, Any]]:
    answer = bank.ask("GET", path)
    assert answer.status_code == 200, answer.text
    return [orjson.loads(line) for line in answer.content.splitlines()]


def test_a_job_is_queued_worked_off_and_downloaded(house: House, bank: Crm, crowd: list[str]) -> None:
    made = bank.ask("POST", "/v1/jobs", {"customers": [*crowd, "ghost"], "channel": "branch", "limit": 2})
    assert made.status_code == 202
    path = made.headers["Location"]
    assert bank.ask("GET", path).json()["state"] == "queued"
    assert bank.ask("GET", f"{path}/results").status_code == 409
    work(house)
    job = bank.ask("GET", path).json()
    assert (job["state"], job["total"], job["done"], job["failed"]) == ("done", 451, 451, 1)
    assert job["results"] == f"{path}/results"
    rows = lines(bank, job["results"])
    assert list(dict.fromkeys(row["customer_id"] for row in rows)) == [*crowd, "ghost"]
    assert (rows[-1]["status"], rows[-1]["offer"]) == (404, None)
    single = bank.ask("GET", f"/v1/customers/{crowd[7]}/offers?channel=branch&limit=2").json()
    mine = [row for row in rows if row["customer_id"] == crowd[7]]
    assert [row["offer"] for row in mine] == [one["offer"] for one in single["offers"]]
    assert bank.ask("GET", f"/v1/decisions/{mine[0]['decision_id']}/replay").json()["identical"]


def test_results_come_as_csv_json_lines_and_parquet(house: House, bank: Crm, crowd: list[str]) -> None:
    path = bank.ask("POST", "/v1/jobs", {"customers": crowd[:3], "channel": "mobile_app"}).headers["Location"]
    work(house)
    rows = lines(bank, f"{path}/results")
    assert rows and all(row["decided_at"].endswith("+08:00") for row in rows)
    page = bank.ask("GET", f"{path}/results", Accept="text/csv")
    assert page.headers["Content-Type"] == "text/csv; charset=utf-8"
    table = list(csv.DictReader(io.StringIO(page.content.decode("utf-8"))))
    assert [row["offer"] for row in table] == [row["offer"] for row in rows]
    assert list(table[0]) == list(rows[0])
    marked = bank.ask("GET", f"{path}/results?bom=true", Accept="text/csv")
    assert marked.content == b"\xef\xbb\xbf" + page.content
    assert bank.ask("GET", f"{path}/results?bom=false&format=csv").content == page.content
    assert bank.ask("GET", f"{path}/results?bom=1").status_code == 422
    parquet = bank.ask("GET", f"{path}/results?format=parquet")
    assert pq.read_table(io.BytesIO(parquet.content)).to_pylist() == rows
    assert bank.ask("GET", f"{path}/results", Accept="image/png").status_code == 406
    assert bank.ask("GET", f"{path}/results?format=xlsx").status_code == 422


def test_everybody_is_one_word(house: House, bank: Crm, crowd: list[str]) -> None:
    path = bank.ask("POST", "/v1/jobs", {"customers": "all", "limit": 1}).headers["Location"]
    assert bank.ask("GET", path).json()["total"] is None
    work(house)
    job = bank.ask("GET", path).json()
    assert job["total"] == job["done"] == house.store.customers.count()


def test_rows_carry_priority_text_disclosures_token_and_external_key(house: House, bank: Crm) -> None:
    body = {"attributes": SAVER | {"age": 44}, "external_key": "crm-77"}
    assert bank.ask("PUT", "/v1/customers/j-key", body).status_code == 201
    path = bank.ask("POST", "/v1/jobs", {"customers": ["j-key"], "channel": "mobile_app"}).headers["Location"]
    work(house)
    rows = lines(bank, f"{path}/results")
    decision = decode(house.store.decisions.read(rows[0]["decision_id"]).record)[0]
    priority = {one.offer: one.priority for one in decision.treatments}
    single = bank.ask("GET", "/v1/customers/j-key/offers?channel=mobile_app").json()["offers"]
    assert [row["priority_yuan"] for row in rows] == [priority[row["offer"]] for row in rows]
    assert [row["text"] for row in rows] == [one["text"]["body"] for one in single]
    assert [row["disclosures"].splitlines() for row in rows] == [one["text"]["disclosures"] for one in single]
    assert {row["external_key"] for row in rows} == {"crm-77"}
    accept = {"id": "j-key-1", "customer_id": "j-key", "kind": "accept", "offer": rows[0]["offer"],
              "token": rows[0]["token"], "at": rows[0]["decided_at"]}  # fmt: skip
    assert bank.ask("POST", "/v1/events", accept).status_code == 201, "the row's token proves that it was shown"


def test_an_outbound_list_holds_until_its_campaign_ends(house: House, bank: Crm) -> None:
    house.store.customers.load([("j-out", SAVER)])
    house.store.consents.load([("j-out", "marketing:sms", True)])
    end = datetime.now(UTC).replace(microsecond=0) + timedelta(days=40)
    asked = {"customers": ["j-out"], "channel": "sms", "valid_until": end.isoformat()}
    made = bank.ask("POST", "/v1/jobs", asked)
    week = bank.ask("POST", "/v1/jobs", {"customers": ["j-out"], "channel": "sms"}).json()
    work(house)
    assert datetime.fromisoformat(made.json()["valid_until"]) == end
    rows = lines(bank, f"{made.headers['Location']}/results")
    assert rows and {datetime.fromisoformat(row["valid_until"]) for row in rows} == {end}
    assert all(row["token"].split(".")[2] == str(int(end.timestamp())) for row in rows if row["token"])
    created, until = (datetime.fromisoformat(week[name]) for name in ("created_at", "valid_until"))
    assert abs(until - created - timedelta(days=7)) <= timedelta(seconds=2)
    inbound = bank.ask("POST", "/v1/jobs", {"customers": ["j-out"], "channel": "branch"}).json()
    assert inbound["valid_until"] is None
    past = bank.ask("POST", "/v1/jobs", asked | {"valid_until": "2020-01-01T00:00:00Z"})
    assert (past.status_code, past.json()["errors"][0]["where"]) == (422, "valid_until")


def test_a_hundred_thousand_ids_go_through(house: House, bank: Crm) -> None:
    names = [f"crm-customer-of-a-large-bank-{place:06}" for place in range(100_000)]
    made = bank.ask("POST", "/v1/jobs", {"customers": names})
    assert (made.status_code, made.json()["total"]) == (202, 100_000)
    counted = execute(
        house.store.url, "SELECT count(*), max(place) FROM job_items WHERE job_id = %s", made.json()["id"]
    )
    assert counted == [(100_000, 100_000)]
    assert bank.ask("POST", f"{made.headers['Location']}/cancel").status_code == 200


def test_a_branch_is_one_filter(house: House, bank: Crm) -> None:
    house.store.customers.load((f"j-b{number}", SAVER | {"branch_id": f"b-{number % 2}"}) for number in range(4))
    path = bank.ask("POST", "/v1/jobs", {"customers": {"branch": "b-1"}, "limit": 1}).headers["Location"]
    work(house)
    assert bank.ask("GET", path).json()["total"] == 2
    assert {row["customer_id"] for row in lines(bank, f"{path}/results")} == {"j-b1", "j-b3"}
    mine = house.client("b-1-jobs", branch="b-1")
    assert mine.ask("POST", "/v1/jobs", {"customers": {"branch": "b-1"}}).status_code == 202
    assert mine.ask("POST", "/v1/jobs", {"customers": {"branch": "b-0"}}).status_code in (403, 404)
    work(house)
    wrong = bank.ask("POST", "/v1/jobs", {"customers": {"brnch": "b-1"}})
    assert (wrong.status_code, wrong.json()["errors"][0]["where"]) == (422, "customers.branch")


def test_a_cancelled_job_stays_cancelled(house: House, bank: Crm, crowd: list[str]) -> None:
    path = bank.ask("POST", "/v1/jobs", {"customers": crowd}).headers["Location"]
    job_id = path.rpartition("/")[2]

    def cancel_after_one_part() -> bool:
        done = int(str(execute(house.store.url, "SELECT done FROM jobs WHERE id = %s", job_id)[0][0]))
        if done:
            assert bank.ask("POST", f"{path}/cancel").json()["state"] == "cancelled"
        return False

    assert house.engine.crm.jobs.work(cancel_after_one_part)
    assert bank.ask("POST", f"{path}/cancel").status_code == 200, "cancelling twice is harmless"
    work(house)
    job = bank.ask("GET", path).json()
    assert (job["state"], job["done"]) == ("cancelled", 200)
    assert bank.ask("GET", f"{path}/results").status_code == 409


def test_a_job_that_is_done_cannot_be_cancelled_and_none_is_not_found(
    house: House, bank: Crm, crowd: list[str]
) -> None:
    path = bank.ask("POST", "/v1/jobs", {"customers": crowd[:1]}).headers["Location"]
    work(house)
    assert bank.ask("POST", f"{path}/cancel").status_code == 409
    for name in ("none", "4f2c8a52-6f0e-4f7e-9d0c-2c8f7f0f3b11"):
        assert bank.ask("GET", f"/v1/jobs/{name}").status_code == 404


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"customers": []}, "customers"),
        ({"customers": "some"}, "customers"),
        ({"customers": ["a", "a"]}, "customers"),
        ({"customers": ["a", 5, ""]}, "customers.1"),
        ({"customers": "all", "channel": "pigeon"}, "channel"),
    ],
)
def test_what_is_no_job_is_refused_at_once(bank: Crm, body: object, where: str) -> None:
    refused = bank.ask("POST", "/v1/jobs", body)
    assert (refused.status_code, refused.json()["errors"][0]["where"]) == (422, where)


def test_a_job_nobody_gets_on_with_is_failed(house: House, bank: Crm, crowd: list[str]) -> None:
    path = bank.ask("POST", "/v1/jobs", {"customers": crowd[:1]}).headers["Location"]
    for _ in range(6):
        house.store.jobs.take(0)
        time.sleep(0.002)
    job = bank.ask("GET", path).json()
    assert job["state"] == "failed" and "5 attempts" in job["error"]


def test_an_erased_customer_leaves_the_results(house: House, bank: Crm) -> None:
    house.store.customers.load([("j-gone", SAVER), ("j-stays", SAVER)])
    path = bank.ask("POST", "/v1/jobs", {"customers": ["j-gone", "j-stays"]}).headers["Location"]
    work(house)
    assert bank.ask("DELETE", "/v1/customers/j-gone").status_code == 204
    assert {row["customer_id"] for row in lines(bank, f"{path}/results")} == {"j-stays"}


def test_a_list_hands_out_nothing_that_its_customer_has_refused_since(house: House, bank: Crm) -> None:
    names = ["j-label", "j-private", "j-as-before", "j-private-before"]
    house.store.customers.load((name, SAVER) for name in names)
    refusal = {"withdraw_all": True, "version": "1"}
    assert bank.ask("PUT", "/v1/customers/j-private-before/preferences", refusal).status_code == 200
    path = bank.ask("POST", "/v1/jobs", {"customers": names}).headers["Location"]
    work(house)
    assert {row["status"] for row in lines(bank, f"{path}/results")} == {200}
    for name in ("j-private", "j-private-before"):
        assert bank.ask("PUT", f"/v1/customers/{name}/preferences", refusal).status_code == 200
    dropped = {"labels": {"target:savers": False}, "version": "1"}
    assert bank.ask("PUT", "/v1/customers/j-label/labels", dropped).status_code == 200
    told = {row["customer_id"]: row["status"] for row in lines(bank, f"{path}/results")}
    assert told == {"j-label": 409, "j-private": 409, "j-as-before": 200, "j-private-before": 200}
    dropped["labels"] = {"target:savers": True}
    assert bank.ask("PUT", "/v1/customers/j-label/labels", dropped).status_code == 200
    assert {row["status"] for row in lines(bank, f"{path}/results") if row["customer_id"] == "j-label"} == {200}


def test_who_has_left_the_branch_leaves_the_results_that_it_reads(house: House, bank: Crm) -> None:
    branch = house.client("b-j1-crm", branch="b-j1")
    house.store.customers.load((name, SAVER | {"branch_id": "b-j1"}) for name in ("j-moves", "j-rests"))
    path = branch.ask("POST", "/v1/jobs", {"customers": ["j-moves", "j-rests"]}).headers["Location"]
    work(house)
    assert {row["status"] for row in lines(branch, f"{path}/results")} == {200}
    moved = {"external_key": "K-j-after", "attributes": SAVER | {"branch_id": "b-j2"}}
    assert bank.ask("PUT", "/v1/customers/j-moves", moved).status_code == 200
    nobody, *rest = lines(branch, f"{path}/results")
    said = {name: value for name, value in nobody.items() if value is not None}
    assert (said.pop("problem").split(".")[0], said) == (
        'No customer "j-moves"',
        {"customer_id": "j-moves", "status": 404},
    )
    assert {(row["customer_id"], row["status"]) for row in rest} == {("j-rests", 200)}
    assert {row["status"] for row in lines(bank, f"{path}/results")} == {200}


def runner(database_url: str, redis_url: str, folder: Path) -> "subprocess.Popen[bytes]":
    """A `fourcast work` of its own."""
    own = {"FOURCAST_DATABASE_URL": database_url, "FOURCAST_REDIS_URL": redis_url, "FOURCAST_JOB_LEASE_SECONDS": "2",
           "FOURCAST_STATE_DIR": str(folder)}  # fmt: skip
    with (folder / "runner.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "service.cli.main", "work"], env=os.environ | own, stdout=log, stderr=log
        )


def test_a_killed_runners_job_is_finished_exactly_once(
    make_database: Callable[[], str], redis_url: str, tmp_path: Path
) -> None:
    database = make_database()
    store = Store(database, 5_000)
    names = [f"x-{number:04}" for number in range(3_000)]
    store.customers.load((one, SAVER) for one in names)
    store.clients.add(Client("x", frozenset({"offers:read"})), "0" * 64, "test")
    request = {"channel": "branch", "placement": None, "limit": 1, "language": "zh"}
    job = store.jobs.add("x", None, request, names)
    first = runner(database, redis_url, tmp_path)
    try:
        assert eventually(lambda: store.jobs.read(job.id).done > 0, 90), (tmp_path / "runner.log").read_text()
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait(10)
    left = store.jobs.read(job.id)
    assert left.state == "running" and left.done < 3_000, "it was killed in the middle"
    second = runner(database, redis_url, tmp_path)
    try:
        assert eventually(lambda: store.jobs.read(job.id).state == "done", 150), (tmp_path / "runner.log").read_text()
    finally:
        second.send_signal(signal.SIGTERM)
        assert second.wait(30) == 0, "told to stop, it ends cleanly"
    assert store.jobs.read(job.id).done == 3_000
    assert [row["customer_id"] for row in store.jobs.results(job.id)] == names
    counted = execute(database, "SELECT count(*), count(DISTINCT customer_id) FROM decisions")
    assert counted == [(3_000, 3_000)], "each was decided on record once"
    store.close()
