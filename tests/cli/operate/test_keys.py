"""`fourcast keys` and `fourcast audit views` on a real database: made, listed, rotated, revoked, ended."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result

from service.cli.main import main
from service.store import Store
from tests.seed import put_customer
from tests.servers import execute

Run = Callable[..., Result]
SCOPES = ("--scope", "leads:read", "--scope", "offers:read")
BRANCH = ("keys", "add", "crm", *SCOPES, "--branch", "siming", "--quota", "90")


@pytest.fixture
def run(database_url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Run:
    execute(database_url, "DELETE FROM clients")
    monkeypatch.setenv("FOURCAST_DATABASE_URL", database_url)
    monkeypatch.setenv("FOURCAST_REDIS_URL", redis_url)
    monkeypatch.setenv("FOURCAST_STATE_DIR", str(tmp_path / "state"))
    return lambda *words: CliRunner().invoke(main, list(words))


def told(result: Result) -> dict[str, Any]:
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def holder(store: Store, key: str) -> Any:
    return store.clients.find_by_key_hash(hashlib.sha256(key.encode()).hexdigest())


def test_a_key_may_have_to_say_what_it_has_seen(run: Run, store: Store) -> None:
    made = told(run("keys", "add", "careful", *SCOPES, "--require-if-match", "--json"))
    assert made["if-match"] == "required"
    assert holder(store, made["key"]).require_if_match
    turned = told(run("keys", "rotate", "careful", "--json"))
    assert holder(store, turned["key"]).require_if_match
    assert "if-match required" in run("keys", "list").output


def test_a_key_is_bound_to_its_branch_and_quota_and_shown_once(run: Run, store: Store) -> None:
    key = told(run(*BRANCH, "--json"))["key"]
    client = holder(store, key)
    assert (client.name, client.branch, client.quota, client.customer_id) == ("crm", "siming", 90, None)
    assert client.scopes == {"leads:read", "offers:read"}
    listed = run("keys", "list")
    assert "client crm" in listed.output
    assert "branch siming" in listed.output
    assert key not in listed.output


def test_rotating_gives_the_same_rights_and_ends_the_old_key_after_the_overlap(run: Run, store: Store) -> None:
    old = told(run(*BRANCH, "--json"))["key"]
    new = told(run("keys", "rotate", "crm", "--overlap-hours", "1", "--json"))["key"]
    assert holder(store, old) == holder(store, new)
    newest = told(run("keys", "rotate", "crm", "--json"))["key"]
    assert holder(store, old) is None
    assert holder(store, new) is None
    assert holder(store, newest).branch == "siming"


def test_a_key_that_ended_opens_nothing(run: Run, store: Store, database_url: str) -> None:
    day = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
    row = told(run(*BRANCH, "--expires", day, "--json"))
    assert row["expires"].startswith(day)
    assert holder(store, row["key"]) is not None
    execute(database_url, "UPDATE clients SET expires_at = now() - interval '1 second'")
    assert holder(store, row["key"]) is None
    assert told(run("keys", "list", "--json"))["keys"] == []
    assert run("keys", "rotate", "crm").exit_code == 2
    assert run("keys", "revoke", "crm").exit_code == 2


@pytest.mark.parametrize("bound", [(), ("--branch", "huli"), ("--customer", "c-1")], ids=["free", "branch", "customer"])
def test_two_live_keys_of_one_name_are_bound_alike(run: Run, bound: tuple[str, ...]) -> None:
    told(run(*BRANCH, "--json"))
    told(run(*BRANCH, "--json"))
    refused = run("keys", "add", "crm", *SCOPES, *bound)
    assert refused.exit_code == 2
    assert '"crm" holds a live key that is bound otherwise' in refused.stderr
    run("keys", "revoke", "crm")
    told(run("keys", "add", "crm", *SCOPES, *bound, "--json"))


def test_a_keys_name_holds_no_control_characters(run: Run) -> None:
    refused = run("keys", "add", "crm\x1b[2J", *SCOPES)
    assert (refused.exit_code, "must be printable text" in refused.stderr) == (2, True)


def test_every_fault_of_a_key_is_named_at_once(run: Run) -> None:
    result = run(*BRANCH, "--customer", "c-1", "--scope", "offers:raed", "--expires", "2020-01-01")
    assert result.exit_code == 2
    for fault in ("--scope", "offers:raed", "--branch", "--expires"):
        assert fault in result.stderr


def test_the_views_of_a_branch_are_told(run: Run, store: Store) -> None:
    put_customer(store, "c-1", {"branch_id": "siming"})
    assert store.access_log.record_views("crm", "siming", ["c-1", "c-none"], "GET /x") == {"c-1"}
    rows = told(run("audit", "views", "--client", "crm", "--json"))["views"]
    assert {(row["customer_id"], row["allowed"]) for row in rows} == {("c-1", True), ("c-none", False)}
    assert "refused" in run("audit", "views", "--customer", "c-none").output
