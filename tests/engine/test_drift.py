"""Drift of what serves, on real decisions in a real PostgreSQL: by the engine, over HTTP and on the command line."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
import requests
from click.testing import CliRunner
from prometheus_client import REGISTRY

from service.app import create_app
from service.cache import Cache
from service.cli.main import main
from service.cli.models.drift import lines
from service.core.attributes import parse_table
from service.core.attributes.features import FeatureProgram
from service.core.domain import Client, Event
from service.core.errors import NotFound
from service.engine.auth import new_key
from service.engine.engine import Engine, OfferRequest
from service.engine.metrics import MOST_NAMES, note_drift
from service.routes.governance.drift import DriftAnswer
from service.rules.policy import load
from service.runtime.config import Settings
from service.scoring.models import open_bundle
from service.scoring.reference import reference_of
from service.store import Store
from service.store.decisions.decisions import new_decision_id
from tests.conftest import FEATURES, SMALL_TABLE, small_bank
from tests.seed import activate, put_policy
from tests.servers import execute
from tests.waiting import eventually
from training.bundles.registry import write_bundle

DAY_MS = 86_400_000
ASKED = OfferRequest(channel="mobile_app", placement="home_banner")
SPOIL = "UPDATE decisions SET record = %s WHERE id = %s"
SERVED = 260
"""Customers served: enough for a verdict, though some are held out."""


@dataclass(frozen=True)
class Watched:
    """A service whose bundle keeps references, the URLs it runs on, and the decisions it has made."""

    engine: Engine
    store: Store
    settings: Settings
    decisions: dict[str, str]

    def environ(self) -> dict[str, str]:
        """What the command line needs to reach the same service."""
        urls = {"DATABASE_URL": self.settings.database_url, "REDIS_URL": self.settings.redis_url}
        return {f"FOURCAST_{name}": str(one) for name, one in (*urls.items(), ("ARTIFACTS", self.settings.artifacts))}

    def serve(self, customers: dict[str, dict[str, Any]]) -> dict[str, str]:
        """Store customers and decide for each; the decisions by customer."""
        self.store.customers.load(customers.items())
        return {name: json.loads(self.engine.recommend(name, ASKED).body)["decision_id"] for name in customers}


def people(rows: int, seed: int, prefix: str, **told: Any) -> dict[str, dict[str, Any]]:
    """Customers of the small bank, as records; ``told`` is said of each."""
    records = small_bank(rows, seed).drop(columns=["staff"]).to_dict("records")
    known = [{name: value for name, value in one.items() if value is not None} for one in records]
    return {f"{prefix}-{place}": {**one, **told} for place, one in enumerate(known)}


def references(bundle: Path) -> dict[str, Any]:
    """How features and scores were spread among 3,000 customers of the small bank."""
    program, bank = FeatureProgram(parse_table(SMALL_TABLE)), small_bank(3_000, 1)
    columns: dict[str, Any] = program.table.encode_frame(bank)
    program.derive_many(columns)
    size = len(bank)
    names = [name for name in FEATURES if name != "risk_assessed_on"]
    features = {name: np.broadcast_to(np.ravel(columns[f"customer.{name}"]), size) for name in names}
    scores = open_bundle(bundle).score_many(bank)
    kept = (("features", features), ("scores", scores))
    return {what: {name: reference_of(column) for name, column in columns.items()} for what, columns in kept}


@pytest.fixture(scope="module")
def watched(
    make_database: Any, redis_url: str, tmp_path_factory: pytest.TempPathFactory, trained: Any, bundle_folder: Path
) -> Iterator[Watched]:
    root = tmp_path_factory.mktemp("watched")
    words: dict[str, Any] = {"outcome": dict.fromkeys(trained, "took it"), "seed": 7, "sources": {"bank": "0" * 64}}
    parts = {"reference": references(bundle_folder)}
    version = write_bundle(root, trained, SMALL_TABLE, horizon_days=1, parts=parts, **words)
    settings = replace(Settings.read({}), database_url=make_database(), redis_url=redis_url, artifacts=root)
    store = Store(str(settings.database_url), 5000)
    store.migrate()
    policy = load(settings.policy)
    put_policy(store, policy.hash, policy.documents)
    store.releases.put_bundle(version, orjson.loads((root / version / "manifest.json").read_bytes()))
    activate(store, policy.hash, version, "watched", "test")
    engine = Engine(settings, store, Cache(redis_url))
    made = Watched(engine, store, settings, {})
    made.decisions.update(made.serve(people(SERVED, 2, "calm")))
    yield made
    engine.close()
    store.close()


def verdicts(found: Any) -> dict[str, str]:
    return {one.name: one.verdict for one in found.shifts}


def test_customers_like_those_it_learned_from_have_not_drifted(watched: Watched) -> None:
    found, about = watched.engine.drift.measure()
    assert 200 <= about["customers"] <= SERVED
    assert {one.customers for one in found.shifts} == {about["customers"]}
    assert set(verdicts(found)) == {*FEATURES, "deposit", "wealth"} - {"risk_assessed_on"}
    assert found.drifted == ()
    assert found.calibration == ()


def test_a_customer_who_asks_often_counts_once_with_the_latest_word(watched: Watched) -> None:
    before = watched.engine.drift.measure()[1]["customers"]
    again = {name: record for name, record in people(SERVED, 2, "calm").items() if name in ("calm-1", "calm-2")}
    for _ in range(2):
        watched.serve({name: {**record, "age": 61} for name, record in again.items()})
    now = time.time_ns() // 1_000_000
    latest = watched.store.decisions.latest_per_customer(now - DAY_MS, now + 1000, 1000)
    assert len({one.customer_id for one in latest}) == len(latest)
    told = {one.customer_id: json.loads(one.record) for one in latest}
    assert {name: told[name]["snapshot"]["attributes"].get("age") for name in again} == dict.fromkeys(again, 61)
    assert [one.id for one in latest] == sorted((one.id for one in latest), reverse=True)
    assert watched.engine.drift.measure()[1]["customers"] == before
    assert len(watched.store.decisions.latest_per_customer(now - DAY_MS, now + 1000, 7)) == 7


ALTERED = (
    *(b"no JSON", b"[]", b'{"decision": {"arm": "personalised"}}', b"\xff\x00"),
    b'{"decision": {"arm": "personalised"}, "release": {"bundle": "b"}, "snapshot": 7, "scores": {}}',
    b'{"decision": {"arm": "x"}, "release": {"bundle": "b"}, "snapshot": {"attributes": {}}, "scores": {"a": "much"}}',
    b'{"decision": {"arm": "x"}, "release": {"bundle": "b"}, "snapshot": {"attributes": {}}, "scores": [0.5]}',
)


def test_records_that_somebody_altered_are_left_out_and_counted(watched: Watched) -> None:
    """Measured twice over the same customers: with their records as made, and with some of them spoilt."""
    now = time.time_ns() // 1_000_000
    latest = watched.store.decisions.latest_per_customer(now - DAY_MS, now + 1000, 1000)[: len(ALTERED)]
    before, about = watched.engine.drift.measure()
    assert about["unreadable_decisions"] == 0
    for record, spoilt in zip(latest, ALTERED, strict=True):
        execute(str(watched.settings.database_url), SPOIL, spoilt, record.id)
    found, after = watched.engine.drift.measure()
    told = "\n".join(lines(found, after))
    for record in latest:
        execute(str(watched.settings.database_url), SPOIL, record.record, record.id)
    assert after["unreadable_decisions"] == len(ALTERED)
    assert after["customers"] == about["customers"] - sum(_scored(record.record) for record in latest)
    assert f"{len(ALTERED)} decisions left out" in told
    assert watched.engine.drift.measure()[0] == before, "whole again, the figures are the same again"


def _scored(record: bytes) -> bool:
    read = orjson.loads(record)
    return bool(read["scores"]) and read["decision"]["arm"] != "unpersonalised"


def test_propensities_are_held_against_what_customers_took_within_the_horizon(watched: Watched) -> None:
    """Two days ago, horizon one day: everybody took a deposit an hour later, and wealth only when it was too late."""
    then = time.time_ns() // 1_000_000 - 2 * DAY_MS
    events = []
    for place, decision in enumerate(watched.decisions.values()):
        record = watched.store.decisions.read(decision)
        watched.store.decisions.insert(
            new_decision_id(then), record.customer_id, then, record.release_id, record.record
        )
        words = {"kind": "accept", "customer_id": record.customer_id}
        events.append(Event(id=f"d-{place}", offer="term-12m", at=then + DAY_MS // 24, **words))
        events.append(Event(id=f"w-{place}", offer="cash-r1", at=then + DAY_MS + 1000, **words))
    watched.engine.record_events(events)
    found, about = watched.engine.drift.measure()
    deposit, wealth = found.calibration
    assert (deposit.family, deposit.taken, deposit.verdict) == ("deposit", deposit.customers, "drifted")
    assert 200 <= deposit.customers <= about["customers"]
    assert deposit.ratio == pytest.approx(deposit.taken / deposit.expected, rel=1e-3)
    assert (wealth.family, wealth.taken, wealth.ratio) == ("wealth", 0, 0.0)
    assert "calibration of deposit" in found.drifted


def test_when_other_customers_come_the_api_and_the_command_line_say_which_feature(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.serve(people(SERVED, 3, "old", age=88))
    key, digest = new_key()
    watched.store.clients.add(Client("mia", frozenset({"models:promote"})), digest, actor="test")
    app = create_app(watched.settings, watched.engine, lambda line: None)
    answer = app.test_client().get("/v1/models/drift", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 200, answer.json
    assert answer.headers["Cache-Control"] == "no-store"
    assert DriftAnswer().validate(answer.json) == {}
    assert {"age", "senior"} <= set(answer.json["drifted"])
    assert "region" not in answer.json["drifted"]
    for name, value in watched.environ().items():
        monkeypatch.setenv(name, value)
    result = CliRunner().invoke(main, ["drift", "--from-store", "--json"])
    assert result.exit_code == 1, result.output
    told = json.loads(result.stdout)
    assert [told[part] for part in ("drifted", "shifts", "customers")] == [
        answer.json[part] for part in ("drifted", "shifts", "customers")
    ]
    said = CliRunner().invoke(main, ["drift", "--from-store"])
    assert said.output.splitlines()[-1].startswith("drifted: ")
    assert CliRunner().invoke(main, ["drift", "--from-store", "--bundle", told["bundle"]]).exit_code == 2


def test_a_bundle_without_references_says_so(watched: Watched, bundle_folder: Path) -> None:
    settings = replace(watched.settings, artifacts=bundle_folder.parent)
    policy, before = load(settings.policy), watched.store.releases.active()
    watched.store.releases.put_bundle(bundle_folder.name, orjson.loads((bundle_folder / "manifest.json").read_bytes()))
    activate(watched.store, policy.hash, bundle_folder.name, "without", "test")
    engine = Engine(settings, watched.store, Cache(str(settings.redis_url)))
    try:
        with pytest.raises(NotFound, match="No bundle with references serves"):
            engine.drift.measure()
    finally:
        engine.close()
        assert before is not None
        activate(watched.store, before.policy, before.bundle, "as before", "test", before.prices)


def samples(name: str) -> dict[tuple[str, str], float]:
    """The samples of one gauge by kind and name."""
    return {
        (one.labels.get("kind", ""), one.labels.get("name", "")): one.value
        for metric in REGISTRY.collect()
        for one in metric.samples
        if one.name == name
    }


def test_the_runner_shows_prometheus_what_was_measured_and_only_of_what_serves(watched: Watched) -> None:
    assert watched.engine.drift.watch() is False
    found, about = watched.engine.drift.measure()
    psi, alerts = samples("fourcast_drift_psi"), samples("fourcast_drift_alert")
    assert psi == {(one.kind, one.name): one.psi for one in found.shifts}
    assert {name for (_, name), value in alerts.items() if value} == {
        name.removeprefix("calibration of ") for name in found.drifted
    }
    assert ("calibration", "deposit") in alerts
    assert samples("fourcast_drift_measured_seconds")["", ""] == pytest.approx(about["until"] / 1000, abs=60)
    note_drift(replace(found, shifts=found.shifts * 100), about["bundle"])
    assert len(samples("fourcast_drift_psi")) <= MOST_NAMES
    note_drift(None)
    assert samples("fourcast_drift_psi") == samples("fourcast_drift_measured_seconds") == {}


def shown(url: str) -> bool:
    """Whether a runner that listens shows drift."""
    try:
        return "fourcast_drift_psi{" in requests.get(url, timeout=2).text
    except requests.ConnectionError:
        return False


def test_a_runner_beside_nothing_else_answers_prometheus(watched: Watched) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {**os.environ, **watched.environ(), "FOURCAST_RUNNER_METRICS_PORT": str(port)}
    runner = subprocess.Popen([sys.executable, "-m", "service.cli.main", "work"], env=environ)
    try:
        url = f"http://127.0.0.1:{port}/metrics"
        assert eventually(lambda: shown(url), 40)
    finally:
        runner.terminate()
        assert runner.wait(30) == 0
