"""Bundles and challengers over HTTP: the facts of the command line, the gate, and two pairs of eyes."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask import Flask

from service.app import create_app
from service.cache import Cache
from service.core.domain import Client
from service.engine.auth import new_key
from service.engine.engine import Engine
from service.routes.governance import models
from service.routes.governance.inventory import InventoryAnswer
from service.routes.governance.policies.policies import ReleaseAnswer
from service.rules.policy import DEFAULT, load
from service.runtime.config import Settings
from service.store import Store
from tests.conftest import write_small
from training.models.trained import TrainedFamily

STAFF = {
    "scientist": Client("mia", frozenset({"models:promote"})),
    "author": Client("anna", frozenset({"policies:write", "policies:approve"})),
    "officer": Client("ben", frozenset({"policies:approve"})),
}
Headers = dict[str, str]
ABSENT = "b-000000000000"


@pytest.fixture
def fresh(make_database: Any) -> Iterator[Store]:
    """A store of this test alone, in which the shipped policy serves by priors."""
    store = Store(make_database(), 2000)
    shipped = load(DEFAULT)
    store.proposals.bootstrap(shipped.hash, shipped.documents, None, "demo", "first light")
    yield store
    store.close()


@pytest.fixture
def keys(fresh: Store) -> dict[str, Headers]:
    headers = {}
    for name, client in STAFF.items():
        key, digest = new_key()
        fresh.clients.add(client, digest, actor="test")
        headers[name] = {"Authorization": f"Bearer {key}"}
    return headers


@pytest.fixture
def version(bundle_folder: Path) -> str:
    return bundle_folder.name


@pytest.fixture
def app(fresh: Store, redis_url: str, tmp_path: Path, bundle_folder: Path) -> Iterator[Flask]:
    shutil.copytree(bundle_folder, tmp_path / bundle_folder.name)
    settings = replace(Settings(), artifacts=tmp_path)
    engine = Engine(settings, fresh, Cache(redis_url))
    yield create_app(settings, engine, lambda line: None)
    engine.close()


def fits(schema: Any, answer: Any) -> Any:
    assert answer.status_code == 200, answer.json
    assert schema().validate(answer.json) == {}
    return answer.json


def test_bundles_are_listed_told_and_compared(client: Any, keys: dict[str, Headers], version: str) -> None:
    (row,) = fits(models.ModelsAnswer, client.get("/v1/models", headers=keys["scientist"]))["models"]
    assert (row["version"], row["serves_as"], row["problem"]) == (version, None, None)
    assert row["metrics"]["deposit"]["auc"] == 0.8
    told = fits(models.ManifestAnswer, client.get(f"/v1/models/{version}", headers=keys["officer"]))
    assert told["families"]["deposit"]["metrics"] == row["metrics"]["deposit"]
    assert "golden" not in told["families"]["deposit"]
    url = f"/v1/models/compare?one={version}&other={version}"
    beside = fits(models.CompareAnswer, client.get(url, headers=keys["scientist"]))
    assert beside["same_files"]
    assert beside["families"]["wealth"]["auc"] == {"one": 0.8, "other": 0.8}


@pytest.mark.parametrize("name", [ABSENT, "..", "b-0", "b-00000000000g"])
def test_a_bundle_that_is_not_there_is_not_found(
    client: Any, keys: dict[str, Headers], name: str, version: str
) -> None:
    for path in (f"/v1/models/{name}", f"/v1/models/compare?one={version}&other={name}"):
        assert client.get(path, headers=keys["scientist"]).status_code == 404
    assert client.post(f"/v1/models/{name}/promote", headers=keys["scientist"]).status_code == 404


def test_a_damaged_bundle_is_listed_with_what_is_wrong(
    client: Any, keys: dict[str, Headers], tmp_path: Path, version: str
) -> None:
    manifest = tmp_path / version / "manifest.json"
    manifest.write_bytes(manifest.read_bytes()[:-40])
    (row,) = client.get("/v1/models", headers=keys["scientist"]).json["models"]
    assert row["metrics"] is None
    assert row["problem"]
    assert client.get(f"/v1/models/{version}", headers=keys["scientist"]).json["type"].endswith("damaged-bundle")


def test_a_bundle_is_promoted_by_its_client_and_taken_back(
    client: Any, keys: dict[str, Headers], version: str, fresh: Store
) -> None:
    assert client.post(f"/v1/models/{version}/promote", headers=keys["officer"]).status_code == 403
    made = fits(ReleaseAnswer, client.post(f"/v1/models/{version}/promote", headers=keys["scientist"]))
    assert made["bundle"] == version
    assert client.get("/v1/models", headers=keys["scientist"]).json["models"][0]["serves_as"] == "champion"
    assert fresh.releases.list_releases(1)[0]["actor"] == "mia"
    back = fits(ReleaseAnswer, client.post("/v1/releases/rollback", json={}, headers=keys["scientist"]))
    assert back["bundle"] is None
    assert fresh.audit.verify().broken_at is None


def test_a_promotion_may_say_why_and_nothing_else(
    client: Any, keys: dict[str, Headers], version: str, fresh: Store
) -> None:
    url = f"/v1/models/{version}/promote"
    assert client.post(url, json={"force": True}, headers=keys["scientist"]).status_code == 422
    fits(ReleaseAnswer, client.post(url, json={"note": "Autumn", "override": True}, headers=keys["scientist"]))
    assert fresh.releases.list_releases(1)[0]["note"] == "Autumn"


def test_what_the_gate_refuses_does_not_serve(
    client: Any, keys: dict[str, Headers], version: str, fresh: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.analysis.model_gate.LEAST_AUC", 0.95)
    body = {"override": True}
    answer = client.post(f"/v1/models/{version}/promote", json=body, headers=keys["scientist"])
    assert (answer.status_code, answer.json["type"]) == (409, "urn:fourcast:problem:gate-refused")
    assert fresh.releases.active().bundle is None


def test_a_challenger_begins_by_somebody_else_and_ends(client: Any, keys: dict[str, Headers], fresh: Store) -> None:
    documents = load(DEFAULT).documents
    documents["catalogue"]["families"]["deposit"]["prior"] = 0.0421
    body = {"documents": documents, "note": "another prior"}
    name = client.post("/v1/policies", json=body, headers=keys["author"]).json["policy"]
    assert client.get("/v1/challenger", headers=keys["officer"]).json == {"challenger": None}
    wanted = {"policy": name, "share": 0.2, "note": "a trial"}
    own = client.put("/v1/challenger", json=wanted, headers=keys["author"])
    assert (own.status_code, own.json["type"]) == (409, "urn:fourcast:problem:own-approval")
    fits(ReleaseAnswer, client.put("/v1/challenger", json=wanted, headers=keys["officer"]))
    trial = fits(models.TrialAnswer, client.get("/v1/challenger", headers=keys["officer"]))
    assert trial == {"challenger": {"policy": name, "bundle": None, "share": 0.2}}
    assert fresh.releases.list_releases(1)[0]["actor"] == "ben"
    fits(ReleaseAnswer, client.delete("/v1/challenger", headers=keys["officer"]))
    assert client.delete("/v1/challenger", headers=keys["officer"]).status_code == 409


def test_a_bundle_is_put_on_trial_only_where_it_fits_the_bank(
    client: Any, keys: dict[str, Headers], version: str, fresh: Store, tmp_path: Path, trained: dict[str, TrainedFamily]
) -> None:
    fits(ReleaseAnswer, client.put("/v1/challenger", json={"bundle": version}, headers=keys["scientist"]))
    assert client.get("/v1/models", headers=keys["officer"]).json["models"][0]["serves_as"] == "challenger"
    fits(ReleaseAnswer, client.post(f"/v1/models/{version}/promote", headers=keys["scientist"]))
    lame = write_small(tmp_path, {"wealth": trained["wealth"]}).name
    refused = client.put("/v1/challenger", json={"bundle": lame}, headers=keys["scientist"])
    assert (refused.status_code, refused.json["type"]) == (409, "urn:fourcast:problem:gate-refused")
    assert "deposit: the champion scores it, the challenger does not" in refused.json["detail"]
    assert client.get("/v1/challenger", headers=keys["officer"]).json == {"challenger": None}
    assert client.put("/v1/challenger", json={"bundle": ABSENT}, headers=keys["scientist"]).status_code == 404


@pytest.mark.parametrize(
    ("body", "status"), [({"share": 0.9}, 422), ({}, 409), ({"policy": "f" * 64}, 404), ({"who": "me"}, 422)]
)
def test_a_challenger_that_does_not_fit_is_refused(
    client: Any, keys: dict[str, Headers], body: dict[str, Any], status: int
) -> None:
    answer = client.put(
        "/v1/challenger", data=orjson.dumps(body), headers=keys["officer"], content_type="application/json"
    )
    assert answer.status_code == status, answer.json


def test_the_inventory_lists_every_model_and_stops_and_starts_one(
    client: Any, keys: dict[str, Headers], version: str, fresh: Store
) -> None:
    path = "/v1/models/inventory"
    client.post(f"/v1/models/{version}/promote", headers=keys["scientist"])
    rows = fits(InventoryAnswer, client.get(path, headers=keys["officer"]))["models"]
    assert {row["model"] for row in rows} >= {"deposit", "wealth"}
    assert all((row["owner"], row["review"], row["stopped"]) == ("not stated", "not stated", None) for row in rows)
    assert rows[0]["bundles"] == {version: "champion"}
    assert client.post(f"{path}/deposit/stop", json={"reason": "odd"}, headers=keys["officer"]).status_code == 403
    assert client.post(f"{path}/deposit/stop", json={}, headers=keys["scientist"]).status_code == 422
    assert client.post(f"{path}/no-such/stop", json={"reason": "odd"}, headers=keys["scientist"]).status_code == 404
    made = fits(ReleaseAnswer, client.post(f"{path}/deposit/stop", json={"reason": "odd"}, headers=keys["scientist"]))
    assert (made["bundle"], fresh.releases.active().id) == (version, made["id"])  # type: ignore[union-attr]
    (stopped,) = (row["stopped"] for row in client.get(path, headers=keys["officer"]).json["models"] if row["stopped"])
    assert (stopped["actor"], stopped["reason"]) == ("mia", "odd")
    again = client.post(f"{path}/deposit/stop", json={"reason": "odd"}, headers=keys["scientist"])
    assert (again.status_code, again.json["detail"]) == (409, 'Model "deposit" is stopped already.')
    fits(ReleaseAnswer, client.post(f"{path}/deposit/start", json={"note": "mended"}, headers=keys["scientist"]))
    assert client.post(f"{path}/deposit/start", json={}, headers=keys["scientist"]).status_code == 409
