"""`fourcast leads` and `fourcast advisers` on a real database: hours stored, the list built, shown and reported."""

import csv
import io
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from service.cli.main import main
from service.core.clock import now_ms
from service.store import Store
from tests.clock import noon_of_next_wednesday
from tests.engine.crm.leads.conftest import RICH
from tests.servers import DEADLINE_MS

Run = Callable[..., Result]
CSV = "id,branch,minutes_per_week,minutes_per_contact\na-1,b-1,60,30\na-2,b-2,30,30\n"


@pytest.fixture
def run(make_database: Any, redis_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """The command line on a bank of six customers who may be called."""
    database = make_database()
    store = Store(database, DEADLINE_MS)
    names = [f"cli-{place}" for place in range(6)]
    store.customers.load((one, RICH) for one in names)
    store.consents.load((one, "marketing:adviser_call", True) for one in names)
    store.close()
    words = {"DATABASE_URL": database, "REDIS_URL": redis_url, "STATE_DIR": str(tmp_path / "state")}
    shift_ns = (noon_of_next_wednesday() - now_ms()) * 1_000_000
    monkeypatch.setattr("service.core.clock.time_ns", lambda: time.time_ns() + shift_ns)
    for name, word in words.items():
        monkeypatch.setenv(f"FOURCAST_{name}", word)
    return lambda *words: CliRunner().invoke(main, list(words))


def told(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def imported(run: Run, folder: Path, text: str = CSV) -> Result:
    file = folder / "advisers.csv"
    file.write_text(text)
    return run("advisers", "import", str(file), "--json")


def test_advisers_are_imported_changed_and_listed(run: Run, tmp_path: Path) -> None:
    assert told(imported(run, tmp_path)) == {"advisers": 2}
    put = run("advisers", "put", "a-2", "--branch", "b-2", "--minutes-per-week", "45", "--away")
    assert (put.exit_code, put.stdout) == (0, "stored a-2\n")
    assert told(run("advisers", "list", "--json")) == {
        "a-1": "b-1, 60 minutes a week, 30 a contact, 0 leads",
        "a-2": "b-2, 45 minutes a week, 30 a contact, 0 leads, away",
    }


def test_a_file_with_faults_names_each_line_and_stores_none(run: Run, tmp_path: Path) -> None:
    refused = imported(run, tmp_path, CSV + "a-3,b-1,many,30\n,b-1,60,30\n")
    assert refused.exit_code == 2
    assert "advisers.csv:4" in refused.output
    assert "advisers.csv:5" in refused.output
    assert told(run("advisers", "list", "--json")) == {}


def test_advisers_confirm_the_rules_of_conduct_and_who_lacks_it_is_listed(run: Run, tmp_path: Path) -> None:
    imported(run, tmp_path)
    rules = told(run("advisers", "conduct", "--language", "en", "--json"))
    assert told(run("advisers", "attestations", "--json")) == dict.fromkeys(
        ("a-1", "a-2"), "has never confirmed the rules of conduct"
    )
    done = told(run("advisers", "attest", "a-1", "--version", rules["version"], "--by", "m-1", "--json"))
    assert done["a-1"].startswith("confirmed on 20") and " by m-1, until 20" in done["a-1"]
    assert list(told(run("advisers", "attestations", "--lacking", "--json"))) == ["a-2"]
    old, none = run("advisers", "attest", "a-1", "--version", "old"), run("advisers", "attest", "a-1", "nobody")
    assert "read them again" in old.stderr and old.exit_code == 2
    assert "nobody" in none.stderr
    assert "no-prompting" in run("advisers", "conduct").stdout


def test_leads_are_built_within_the_hours_listed_and_reported(run: Run, tmp_path: Path) -> None:
    imported(run, tmp_path)
    run("advisers", "attest", "a-1", "a-2")
    assert told(run("leads", "build", "--branch", "b-1", "--json"))["leads"] == 2
    rows = list(csv.DictReader(io.StringIO(run("leads", "list", "--adviser", "a-1").stdout)))
    assert [(row["branch"], row["status"]) for row in rows] == [("b-1", "open")] * 2
    assert float(rows[0]["priority"]) >= float(rows[1]["priority"])
    assert run("leads", "list", "--status", "sold").stdout.splitlines()[1:] == []
    report = told(run("leads", "report", "--json"))
    assert [row["leads"] for row in report["rows"] if (row["by"], row["name"]) == ("adviser", "a-1")] == [2]
