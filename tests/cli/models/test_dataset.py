"""`fourcast dataset` and `fourcast train --from-events` as real commands, on decisions that a real service made."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow.parquet as pq
import pytest

from service.cache import Cache
from service.core.domain import Event
from service.engine.engine import Engine
from service.runtime.config import Settings
from service.store import Store
from tests.seed import activate, put_policy
from tests.servers import DEADLINE_MS, MakeDatabase
from tests.training.exploring_policy import ASKED, exploring
from tests.training.tracking_database import rows
from training.data.bank_tables import Customers
from training.synthetic import make
from training.tracking import CHALLENGER, version_named

CUSTOMERS = 150
WINDOW = "0.00002"
"""In days: two seconds, so that every window is over when the command runs."""


@pytest.fixture(scope="module")
def surroundings(
    make_database: MakeDatabase, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """The environment of the commands: a bank whose customers saw offers, and took three of ten."""
    url, folder = make_database(), tmp_path_factory.mktemp("experience")
    store, policy, bank = Store(url, DEADLINE_MS), exploring(), make(CUSTOMERS, seed=4)
    store.customers.load(Customers(bank.customers))
    put_policy(store, policy.hash, policy.documents)
    activate(store, policy.hash, None, "first", "test")
    settings = replace(Settings.read({}), database_url=url, redis_url=redis_url, artifacts=folder / "artifacts")
    engine = Engine(settings, store, Cache(redis_url))
    chance = np.random.default_rng(1)
    for customer in bank.customers.column("customer_id").to_pylist():
        shown(engine, store, customer, chance)
    engine.close()
    store.close()
    time.sleep(float(WINDOW) * 86_400)
    yield os.environ | {
        "FOURCAST_DATABASE_URL": url,
        "FOURCAST_REDIS_URL": redis_url,
        "FOURCAST_ARTIFACTS": str(folder / "artifacts"),
        "FOURCAST_TRACKING_URI": f"sqlite:///{folder}/runs.db",
        "OMP_NUM_THREADS": "1",
    }


def shown(engine: Engine, store: Store, customer: str, chance: np.random.Generator) -> None:
    """The customer is shown what is decided, and takes each offer at once or never."""
    answer, now = orjson.loads(engine.recommend(customer, ASKED).body), time.time_ns() // 1_000_000
    for place, one in enumerate(answer["offers"]):
        name, offer = f"{customer}-{place}", one["offer"]
        about = {"offer": offer, "channel": one["channel"], "decision_id": answer["decision_id"]}
        store.events.record(Event(f"i-{name}", customer, "impression", now, **about))
        if chance.random() < 0.3:
            store.events.record(Event(f"p-{name}", customer, "purchase", now + 1, offer=offer, amount_yuan=10_000.0))


def fourcast(surroundings: dict[str, str], *words: str, codes: Sequence[int] = (0,)) -> Any:
    """The installed command, in a process of its own."""
    command = [str(Path(sys.executable).with_name("fourcast")), *words]
    ran = subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=300, check=False)
    assert ran.returncode in codes, ran.stderr + ran.stdout
    return ran


def test_dataset_writes_a_row_per_offer_shown_and_says_what_it_left_out(surroundings: dict[str, str], tmp_path: Path):
    out = tmp_path / "trials.parquet"
    told = json.loads(fourcast(surroundings, "dataset", "--out", str(out), "--window", WINDOW, "--json").stdout)
    table = pq.read_table(out)
    assert told["trials"] == table.num_rows > CUSTOMERS
    assert told["taken"] == sum(table.column("taken").to_pylist()) > CUSTOMERS // 4
    assert told["window_days"] == float(WINDOW)
    assert {"customer_id", "offer", "taken", "amount_yuan", "held_out"} < set(table.column_names)


def test_dataset_refuses_a_file_of_another_kind_and_a_window_of_nothing(surroundings: dict[str, str], tmp_path: Path):
    told = fourcast(
        surroundings, "dataset", "--out", str(tmp_path / "trials.xls"), "--window", WINDOW, codes=[2]
    ).stderr
    assert "must end in .parquet or .csv" in told
    told = fourcast(surroundings, "dataset", "--out", str(tmp_path / "trials.csv"), "--window", "0", codes=[2]).stderr
    assert "--window" in told


def test_train_from_events_writes_a_bundle_and_tells_the_tracking_server(surroundings: dict[str, str]):
    words, board = ("train", "--from-events", "--window", WINDOW, "--json"), surroundings["FOURCAST_TRACKING_URI"]
    ran = fourcast(surroundings, *words, codes=(0, 1))
    told = json.loads(ran.stdout)
    assert told["passes"] == (ran.returncode == 0)
    assert (Path(surroundings["FOURCAST_ARTIFACTS"]) / told["version"] / "manifest.json").is_file()
    assert rows(board, "select name from runs") == [(told["version"],)]
    assert version_named(board, CHALLENGER) == (told["version"] if told["passes"] else None)
    figures = dict(rows(board, "select key, value from metrics"))
    assert figures["experience.trials"] == told["trials"]
    assert figures["experience.as_served.log_loss"] == pytest.approx(told["as_served"]["log_loss"])


def test_train_from_events_says_when_no_window_is_over(surroundings: dict[str, str]):
    told = fourcast(surroundings, "train", "--from-events", "--window", "7", codes=[2]).stderr
    assert "nothing to learn from yet" in told
    assert "window not over" in told


def test_train_takes_files_or_events_and_not_both(surroundings: dict[str, str], tmp_path: Path):
    for words in (("--from-events", "--bank", str(tmp_path)), (), ("--bank", str(tmp_path))):
        assert "give one of the two" in fourcast(surroundings, "train", *words, codes=[2]).stderr
