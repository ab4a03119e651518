"""`fourcast check --deployment` on real servers: ready where all is well, and every fault at once where it is not."""

import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from click.testing import CliRunner

from service.cli.main import main
from service.cli.operate.deployment_check import Finding, examine
from service.core.clock import now_ms
from service.core.grid import day_at
from service.rules.policy import DEFAULT, load
from service.runtime.config import Settings
from service.runtime.embedded import start_valkey
from service.store import Store
from service.store.leads import Actor, AdviserRow
from tests.seed import activate, put_policy
from tests.servers import DEADLINE_MS, execute

Findings = dict[str, list[tuple[str, str]]]
Look = Callable[..., Findings]


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server of its own, because the tests change its settings."""
    with start_valkey(tmp_path_factory.mktemp("valkey")) as server:
        yield server.url


@pytest.fixture
def look(database_url: str, valkey: str, tmp_path: Path) -> Look:
    """``(**changes of settings) -> findings by name``."""
    artifacts = tmp_path / "artifacts"
    artifacts.mkdir(mode=0o755)

    def looked(**changes: Any) -> Findings:
        settings = Settings(**{"database_url": database_url, "redis_url": valkey, "artifacts": artifacts, **changes})
        found: Findings = {}
        for finding in examine(settings, deployed=True):
            found.setdefault(finding.name, []).append((finding.verdict, finding.words))
        return found

    return looked


def faults(found: Findings) -> list[str]:
    return [words for rows in found.values() for verdict, words in rows if verdict == "fault"]


def test_a_good_deployment_has_no_fault(look: Look) -> None:
    found = look()
    disk_unsafe = [words for words in faults(found) if "fsync" in words or "full_page_writes" in words]
    assert faults(found) == disk_unsafe, "the tests' own server does not wait for its disk; nothing else is wrong"
    assert len(disk_unsafe) == 2
    assert found["migrations"][0][0] == "ok"
    assert found["redis when full"] == [("ok", "allkeys-lru at 256 MiB")]
    assert "Asia/Shanghai" in found["policy on disk"][0][1]


def test_a_calendar_that_ends_is_told_on_disk_and_of_what_serves(look: Look, database_url: str, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DEFAULT, tmp_path / "policy"))
    (folder / "calendar.yaml").unlink()
    contact = (folder / "contact.yaml").read_text().replace("holidays: []", 'holidays: ["2020-01-01"]')
    contact = re.sub(r"(2026-02-17|2027-01-01) 11:00", "2020-01-01 11:00", contact)
    (folder / "contact.yaml").write_text(re.sub(r".*adviser_call.*2026-02-14 11:00.*\n", "", contact))
    ended, store = load(folder), Store(database_url, 5000)
    put_policy(store, ended.hash, ended.documents)
    activate(store, ended.hash, None, "test", "test")
    store.close()
    found = look(policy=folder)
    for name in ("calendar on disk", "calendar"):
        ((verdict, words),) = found[name]
        assert verdict == "fault"
        assert words.startswith("no official notice covers ")
        assert words.endswith(", then publish and approve the policy")


def test_a_stale_rate_of_the_market_that_is_read_is_told_on_disk(look: Look, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DEFAULT, tmp_path / "policy"))
    assert look(policy=folder)["market on disk"][0][0] in {"ok", "note"}
    cost = (folder / "cost.yaml").read_text()
    (folder / "cost.yaml").write_text(
        cost.replace("coalesce(customer.demand_yuan, 0) < 400000", "coalesce(market.old, 0) < 1")
    )
    row = '{id: old, rate: 0.01, day: "2020-01-01", meaning: a, source: b, licence: c, fresh_days: 30}'
    (folder / "market.yaml").write_text(f"rates:\n  - {row}\n")
    text = (
        (folder / "cost.yaml")
        .read_text()
        .replace("customer.demand_yuan: 500000}, expect: blocks", "market.old: 1}, expect: blocks")
    )
    (folder / "cost.yaml").write_text(text)
    ((verdict, words),) = look(policy=folder)["market on disk"]
    assert verdict == "note"
    assert words.startswith("market.old is of 2020-01-01 and held until 2020-01-31 (read by ")
    assert words.endswith(": fourcast market import FILE FOLDER, then publish and approve the policy")


def test_advisers_without_attestation_are_counted_in_a_note(look: Look, make_database: Any) -> None:
    url = make_database()
    store = Store(url, DEADLINE_MS)
    store.leads.put_advisers([AdviserRow("li", "b-1", 60, 20), AdviserRow("wu", "b-1", 60, 20)], Actor("test"))
    ((verdict, words),) = look(database_url=url)["advisers"]
    assert verdict == "note" and words.startswith("2 of 2 have not confirmed the rules of conduct within 12 months")
    today = day_at(now_ms(), "Asia/Shanghai")
    for name in ("li", "wu"):
        store.attestations.record(name, "a" * 12, today, Actor("test"))
    store.close()
    assert look(database_url=url)["advisers"] == [("ok", "all 2 have confirmed the rules of conduct within 12 months")]


def test_servers_that_are_away_are_faults_beside_each_other(look: Look) -> None:
    found = look(database_url="postgresql://nobody@127.0.0.1:9/none", redis_url="redis://127.0.0.1:9")
    assert {"postgresql", "redis", "release"} <= {name for name, rows in found.items() if rows[0][0] == "fault"}


def test_an_old_schema_is_a_fault_that_names_the_command(look: Look, make_database: Any) -> None:
    url = make_database()
    Store(url, 5000).migrate("0001")
    (finding,) = look(database_url=url)["migrations"]
    assert finding[0] == "fault"
    assert finding[1].endswith("fourcast migrate")


def test_missing_rights_are_named_one_by_one(look: Look, make_database: Any) -> None:
    url = make_database()
    execute(url, "DROP ROLE IF EXISTS clerk")
    execute(url, "CREATE ROLE clerk LOGIN")
    execute(url, "GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO clerk")
    execute(url, "REVOKE INSERT ON decisions FROM clerk")
    found = look(database_url=f"{url}&options=-c%20role%3Dclerk")
    words = [text for _, text in found["rights in postgresql"]]
    assert any("INSERT on decisions" in text for text in words)
    assert any("next months' partitions" in text for text in words)
    assert len(words) == 2
    execute(url, "DROP OWNED BY clerk")


def test_a_full_redis_that_refuses_to_write_is_a_fault(look: Look, valkey: str) -> None:
    client = redis.Redis.from_url(valkey)
    client.config_set("maxmemory-policy", "noeviction")
    try:
        ((verdict, words),) = look()["redis when full"]
        assert (verdict, words.endswith("set allkeys-lru")) == ("fault", True)
        client.config_set("maxmemory", 0)
        assert look()["redis when full"][0][0] == "note"
    finally:
        client.config_set("maxmemory", 256 * 2**20)
        client.config_set("maxmemory-policy", "allkeys-lru")


def test_what_the_cache_may_not_do_is_named(look: Look, valkey: str) -> None:
    client = redis.Redis.from_url(valkey)
    client.acl_setuser("guest", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-eval"])
    try:
        found = look(redis_url=valkey.replace("unix://", "unix://guest:x@", 1))
        assert any("EVAL" in words for verdict, words in found["rights in redis"] if verdict == "fault")
    finally:
        client.acl_deluser("guest")


def test_a_clock_that_is_away_is_a_fault() -> None:
    from service.cli.operate.deployment_check import _clock

    (late,), (well,) = _clock("clock of redis", 1500.0), _clock("clock of redis", 300.0)
    assert (late.verdict, well.verdict) == ("fault", "ok")
    assert late.words == "1.5 s from ours: synchronise both by NTP"


@pytest.fixture
def promoted_bundle(bundle_folder: Path, database_url: str, tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """(artifacts, the active bundle's folder): the shipped policy serves with a bundle."""
    store, artifacts = Store(database_url, 5000), tmp_path / "models"
    shutil.copytree(bundle_folder, artifacts / bundle_folder.name)
    shipped = load(DEFAULT)
    put_policy(store, shipped.hash, shipped.documents)
    manifest = json.loads((artifacts / bundle_folder.name / "manifest.json").read_text())
    store.releases.put_bundle(bundle_folder.name, manifest)
    activate(store, shipped.hash, bundle_folder.name, "test", "test")
    yield artifacts, artifacts / bundle_folder.name
    execute(database_url, "UPDATE serving SET release_id = NULL")
    store.close()


def test_a_damaged_bundle_is_a_fault_before_any_customer_sees_it(
    look: Look, promoted_bundle: tuple[Path, Path]
) -> None:
    artifacts, folder = promoted_bundle
    assert look(artifacts=artifacts)["bundle"][0][0] == "ok"
    model = next(folder.glob("*.txt"))
    model.write_bytes(model.read_bytes()[:-20] + b"x" * 20)
    (finding,) = look(artifacts=artifacts)["release"][1:]
    assert finding[0] == "fault"
    assert model.name in finding[1]


def test_a_folder_of_bundles_that_everybody_can_write_is_a_fault(look: Look, tmp_path: Path) -> None:
    loose = tmp_path / "loose"
    loose.mkdir()
    loose.chmod(0o777)
    assert look(artifacts=loose)["bundles"][0][0] == "fault"
    assert "cannot" not in look(artifacts=loose)["bundles"][0][1]
    assert look(artifacts=tmp_path / "nowhere")["bundles"][0][0] == "fault"


def test_every_fault_is_told_at_once_and_the_exit_code_is_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, text in {
        "FOURCAST_WORKERS": "many",
        "FOURCAST_DATABSE_URL": "x",
        "FOURCAST_ARTIFACTS": str(tmp_path / "nowhere"),
        "FOURCAST_POLICY": str(tmp_path / "no-policy"),
    }.items():
        monkeypatch.setenv(name, text)
    ran = CliRunner().invoke(main, ["check", "--deployment", "--json"])
    told = json.loads(ran.output)
    assert (ran.exit_code, told["ready"]) == (1, False)
    names = [row["name"] for row in told["findings"] if row["verdict"] == "fault"]
    assert names == ["settings", "settings", "bundles", "policy", "postgresql", "redis"]


def test_without_servers_a_good_machine_is_ready(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FOURCAST_ARTIFACTS", str(tmp_path))
    ran = CliRunner().invoke(main, ["check"])
    assert ran.exit_code == 0
    assert ran.output.endswith("\nReady.\n")


def test_migrate_wants_a_database_of_the_banks_own(monkeypatch: pytest.MonkeyPatch, make_database: Any) -> None:
    monkeypatch.delenv("FOURCAST_DATABASE_URL", raising=False)
    assert CliRunner().invoke(main, ["migrate"]).exit_code == 2
    url = make_database()
    Store(url, 5000).migrate("0001")
    monkeypatch.setenv("FOURCAST_DATABASE_URL", url)
    assert CliRunner().invoke(main, ["migrate", "--json"]).exit_code == 0
    assert examine(Settings(database_url=url), deployed=True).count(Finding("migrations", "ok", "")) == 0
