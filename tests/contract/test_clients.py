"""Clients that nobody wrote: generated from the contract, compiled, and run against the service over HTTP."""

import importlib
import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from service.cli.operate.openapi import contract
from tests.contract.stack import EXAMPLE_CUSTOMER
from tests.served import Served

NODE = Path(__file__).parent / "node"


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The contract as a file."""
    path = tmp_path_factory.mktemp("contract") / "openapi.json"
    path.write_text(json.dumps(contract()))
    return path


# Python


@pytest.fixture(scope="module")
def generated(document: Path, tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The package that openapi-python-client makes of the contract."""
    home = tmp_path_factory.mktemp("client")
    (home / "settings.yaml").write_text("post_hooks: []\n")
    tool = Path(sys.executable).with_name("openapi-python-client")
    options = ["--path", str(document), "--output-path", str(home / "fourcast_client"), "--meta", "none"]
    command = [str(tool), "generate", *options, "--config", str(home / "settings.yaml"), "--fail-on-warning"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    sys.path.insert(0, str(home))
    return importlib.import_module("fourcast_client")


def test_the_python_client_has_a_function_for_every_operation(generated: ModuleType) -> None:
    modules = {path.stem for path in Path(str(generated.__file__)).parent.glob("api/*/*.py")} - {"__init__"}
    ids = [
        row["operationId"]
        for methods in contract()["paths"].values()
        for row in methods.values()
        if "operationId" in row
    ]
    assert modules == {"".join(f"_{c.lower()}" if c.isupper() else c for c in name) for name in ids}
    for path in Path(str(generated.__file__)).parent.glob("api/*/*.py"):
        compile(path.read_text(), str(path), "exec")


def test_the_python_client_reads_offers_and_reports_a_click(generated: ModuleType, live: Served) -> None:
    client = generated.AuthenticatedClient(base_url=f"http://127.0.0.1:{live.port}", token=live.key)
    offers = importlib.import_module("fourcast_client.api.offers.list_offers")
    answer = offers.sync(EXAMPLE_CUSTOMER, client=client, channel="mobile_app", placement="home_banner", limit=2)
    assert answer.customer_id == EXAMPLE_CUSTOMER
    first = answer.offers[0]
    assert first.rank == 1
    assert first.text.title

    events = importlib.import_module("fourcast_client.api.events.record_events")
    models: Any = importlib.import_module("fourcast_client.models")
    click = models.EventInput.from_dict(
        {
            "id": f"py-{answer.decision_id}",
            "customer_id": EXAMPLE_CUSTOMER,
            "kind": "click",
            "at": datetime.now(UTC).isoformat(),
            "offer": first.offer,
            "channel": first.channel,
            "decision_id": answer.decision_id,
        }
    )
    stored = events.sync_detailed(client=client, body=click)
    assert stored.status_code == 201
    assert stored.parsed.events[0].status == "stored"


def test_the_python_client_reads_an_error_as_a_problem(generated: ModuleType, live: Served) -> None:
    client = generated.AuthenticatedClient(base_url=f"http://127.0.0.1:{live.port}", token=live.key)
    offers = importlib.import_module("fourcast_client.api.offers.list_offers")
    answer = offers.sync_detailed("nobody", client=client)
    assert answer.status_code == 404
    assert answer.parsed.title == "Not found"


# TypeScript and the linters, where node is


def node(*words: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """A tool of tests/contract/node; skips where it is not installed (.ci/run installs it where npm is)."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    if not (NODE / "node_modules" / ".bin" / words[0]).exists():
        pytest.skip("npm ci --prefix tests/contract/node has not been run")
    command = [str(NODE / "node_modules" / ".bin" / words[0]), *words[1:]]
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1"}
    return subprocess.run(
        command, cwd=NODE, env=os.environ | quiet | environ, capture_output=True, text=True, check=False
    )


def test_the_typescript_client_compiles_strictly_and_runs(document: Path, live: Served) -> None:
    made = node("openapi-typescript", str(document), "--output", "build/schema.d.ts")
    assert made.returncode == 0, made.stderr
    compiled = node("tsc", "--project", "tsconfig.json")
    assert compiled.returncode == 0, compiled.stdout
    environ = {"FOURCAST_URL": f"http://127.0.0.1:{live.port}", "FOURCAST_KEY": live.key}
    ran = subprocess.run(
        ["node", "build/client.js"],
        cwd=NODE,
        env=os.environ | environ | {"FOURCAST_CUSTOMER": EXAMPLE_CUSTOMER},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    told = json.loads(ran.stdout)
    assert 1 <= len(told["offers"]) <= 2
    assert all(told["offers"])
    assert told["etag"]
    assert told["events"][0] == 201
    assert [row["status"] for row in told["events"][1]["events"]] == ["stored", "stored"]
    assert told["wrong"] == [422, "limit"]


def test_redocly_finds_nothing_in_the_contract(document: Path) -> None:
    ran = node("redocly", "lint", "--config", "redocly.yaml", str(document))
    assert ran.returncode == 0, ran.stderr[-3000:] + ran.stdout[-3000:]


def test_spectral_finds_nothing_in_the_contract(document: Path) -> None:
    ran = node("spectral", "lint", "--ruleset", "spectral.yaml", "--fail-severity", "hint", str(document))
    assert ran.returncode == 0, ran.stdout[-3000:]
