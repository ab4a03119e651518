"""`fourcast import`: a month-end file comes in, and what was told to the API since its day stays."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from service.cli.main import main
from service.core.domain import Attributes, Lookback
from service.store import CustomerChange, Origin, Store
from tests.servers import DEADLINE_MS
from training.data.bank import open_bank

BANK = "name: B\nas_of: 2026-01-31\ntimezone: Asia/Shanghai\nsplit: customer\nhorizon_days: 92\nfamilies: [deposit]\n"
MIDNIGHT = 1_769_875_200_000
"""2026-02-01 00:00 in Shanghai: the end of the bank's day."""

Import = Callable[..., Result]


@pytest.fixture
def store(make_database: Any, monkeypatch: pytest.MonkeyPatch, redis_url: str) -> Iterator[Store]:
    database = make_database()
    monkeypatch.setenv("FOURCAST_DATABASE_URL", database)
    monkeypatch.setenv("FOURCAST_REDIS_URL", redis_url)
    opened = Store(database, DEADLINE_MS)
    yield opened
    opened.close()


@pytest.fixture
def imported(tmp_path: Path, store: Store) -> Import:
    """``("id,age\\na,40\\n", "--yes")``: a file of customers, read as of the end of January."""
    (tmp_path / "bank.yaml").write_text(BANK)

    def run(people: str, *words: str) -> Result:
        (tmp_path / "people.csv").write_text(people)
        (tmp_path / "customers.sql").write_text("SELECT * RENAME (id AS customer_id) FROM read_csv(file('people.csv'))")
        return CliRunner().invoke(main, ["import", "--bank", str(tmp_path), "--files", str(tmp_path), *words])

    return run


def say(store: Store, at: int, **attributes: float | str | bool) -> None:
    wanted = CustomerChange("a", None, attributes, Origin(at, "api:crm"))
    store.customers.put(wanted, lambda _: None, lambda *_: True)


def known(store: Store) -> Attributes:
    return store.customers.read("a").attributes


def test_facts_told_since_the_bank_s_day_outlive_its_file(imported: Import, store: Store) -> None:
    say(store, MIDNIGHT + 1, deceased=True, frozen=True, risk_tolerance=4)
    done = imported("id,age,deceased,risk_tolerance\na,40,false,2\nb,50,false,3\n", "--json")
    assert (done.exit_code, json.loads(done.stdout)["customers"]) == (0, 2)
    assert known(store) == {"deceased": True, "frozen": True, "risk_tolerance": 4, "age": 40}


def test_facts_told_before_the_end_of_the_bank_s_day_are_older_than_its_file(imported: Import, store: Store) -> None:
    say(store, MIDNIGHT, risk_tolerance=4)
    imported("id,risk_tolerance\na,2\n")
    assert known(store) == {"risk_tolerance": 2}


def test_files_leave_assessments_alone_where_a_setting_says_so(
    imported: Import, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOURCAST_IMPORT_ASSESSMENTS", "off")
    say(store, 1, risk_tolerance=2)
    refused = imported("id,age,risk_tolerance\na,40,5\n")
    assert (refused.exit_code, "risk_tolerance: is not for files to say" in refused.stderr) == (2, True)
    assert imported("id,age\na,40\n", "--replace", "--yes").exit_code == 2
    assert imported("id,age\na,40\n").exit_code == 0
    assert known(store) == {"risk_tolerance": 2, "age": 40}


def test_an_assessment_after_the_bank_s_day_is_refused(imported: Import, store: Store) -> None:
    refused = imported("id,risk_assessed_on\na,2026-02-01\n")
    assert (refused.exit_code, "risk_assessed_on" in refused.stderr) == (2, True)
    assert imported("id,risk_assessed_on\na,2026-01-31\n").exit_code == 0


def test_a_day_that_is_not_over_counts_from_its_beginning(tmp_path: Path) -> None:
    (tmp_path / "bank.yaml").write_text(BANK)
    (tmp_path / "customers.sql").write_text("SELECT 1")
    bank, day = open_bank(tmp_path), 86_400_000
    assert (bank.known_until(MIDNIGHT), bank.known_until(MIDNIGHT - 1)) == (MIDNIGHT, MIDNIGHT - day)


def test_an_import_of_one_column_keeps_the_others(imported: Import, store: Store) -> None:
    imported("id,age,sex,demand_yuan\na,40,male,9.5\n")
    assert imported("id,age\na,41\n").exit_code == 0
    assert known(store) == {"age": 41, "sex": "male", "demand_yuan": 9.5}


def test_replacing_says_what_would_become_unknown_and_wants_a_yes(imported: Import, store: Store) -> None:
    imported("id,age,sex,demand_yuan\na,40,male,9.5\nb,50,,1\n")
    refused = imported("id,age\na,41\nb,51\n", "--replace")
    assert refused.exit_code == 1
    assert "2 attributes would become unknown for 2 customers: the file lacks them. --yes agrees" in refused.output
    assert known(store) == {"age": 40, "sex": "male", "demand_yuan": 9.5}
    assert imported("id,age\na,41\nb,51\n", "--replace", "--yes").exit_code == 0
    assert known(store) == {"age": 41}


def test_a_full_refresh_says_whom_it_retires_and_wants_a_yes(imported: Import, store: Store) -> None:
    imported("id,age\na,40\nb,50\nc,60\n")
    refused = imported("id,age\na,40\n", "--full-refresh")
    assert refused.exit_code == 1
    assert "2 of 3 customers are not in the file: 2 would get no outbound contact any more." in refused.output
    assert imported("id,age\na,40\n", "--full-refresh", "--yes").exit_code == 0
    assert store.customers.snapshots(["a", "b"], Lookback(0))["b"].consents == {"retired": True}
    assert store.customers.snapshots(["a"], Lookback(0))["a"].consents == {}


def test_who_agreed_already_is_told_how_many_were_retired_now_and_before(imported: Import, store: Store) -> None:
    imported("id,age\na,40\nb,50\nc,60\n")
    done = imported("id,age\na,40\nb,50\n", "--full-refresh", "--yes")
    assert done.stderr.endswith(
        "1 of 3 customers are not in the file: 1 were retired: they get no outbound contact any more.\n"
    )
    store.customers.put(
        CustomerChange("d", None, {"age": 70}, Origin(MIDNIGHT + 1, "api:crm")), lambda _: None, lambda *_: True
    )
    refused = imported("id,age\na,40\n", "--full-refresh")
    assert (
        "3 of 4 customers are not in the file: 1 would get no outbound contact any more, 1 were retired before, "
        "1 were told of later than the file, and stay."
    ) in refused.output
    told = json.loads(imported("id,age\na,40\n", "--full-refresh", "--yes", "--json").stdout)
    assert (told["retired"], told["retired_before"]) == (1, 1)


def test_who_agreed_already_is_told_how_many_attributes_became_unknown_for_how_many(
    imported: Import, store: Store
) -> None:
    imported("id,age,sex,demand_yuan\na,40,male,9.5\nb,50,,1\nc,60,,\n")
    done = imported("id,age\na,41\nb,51\nc,61\n", "--replace", "--yes", "--json")
    assert "2 attributes became unknown for 2 customers: the file lacks them." in done.stderr
    told = json.loads(done.stdout)
    assert (told["unknown_attributes"], told["unknown_for"]) == (2, 2)


def test_a_zone_that_is_not_the_policy_s_is_told_by_check_and_import(imported: Import, tmp_path: Path) -> None:
    assert "timezone" not in imported("id,age\na,40\n").output
    (tmp_path / "bank.yaml").write_text(BANK.replace("Asia/Shanghai", "Europe/Lisbon"))
    said = "bank.yaml says timezone: Europe/Lisbon, the policy Asia/Shanghai: a day of the files is another one"
    done = imported("id,age\na,40\n", "--json")
    assert (done.exit_code, said in done.stderr, json.loads(done.stdout)["customers"]) == (0, True, 1)
    words = ["check-files", "--bank", str(tmp_path), "--files", str(tmp_path)]
    checked = CliRunner().invoke(main, words)
    assert (checked.exit_code, checked.stderr.count(said)) == (0, 1)


def test_a_bank_s_day_after_today_stores_and_retires_nobody(imported: Import, store: Store, tmp_path: Path) -> None:
    imported("id,age\na,40\nb,50\n")
    (tmp_path / "bank.yaml").write_text(BANK.replace("2026-01-31", "2199-12-31"))
    refused = imported("id,age\na,41\n", "--full-refresh", "--yes")
    assert refused.exit_code == 2
    assert "bank.yaml: as_of: 2199-12-31 lies after today" in refused.output
    assert known(store) == {"age": 40}
    assert store.customers.snapshots(["b"], Lookback(0))["b"].consents == {}
    words = ["check-files", "--bank", str(tmp_path), "--files", str(tmp_path)]
    checked = CliRunner().invoke(main, words)
    assert (checked.exit_code, "bank.yaml: as_of: 2199-12-31 lies after today" in checked.output) == (2, True)


def test_a_full_refresh_sets_no_rows_aside(imported: Import, tmp_path: Path) -> None:
    rejects = ("--rejects", str(tmp_path / "rejects.csv"), "--most-rejects", "1")
    refused = imported("id,age\na,400\n", "--full-refresh", *rejects)
    assert (refused.exit_code, "whoever is set aside would be retired" in refused.output) == (2, True)


def keys(store: Store) -> dict[str, str]:
    return store.customers.keys_of(["a", "b", "c"])


def test_a_file_gives_customers_their_external_keys_as_text_and_no_attribute(imported: Import, store: Store) -> None:
    assert imported("id,age,external_key\na,40,007\nb,50,\nc,60,CIF 9\n").exit_code == 0
    assert keys(store) == {"a": "007", "c": "CIF 9"}
    assert known(store) == {"age": 40}
    before = store.customers.read("a").revision
    assert imported("id,age\na,40\n", "--replace", "--yes").exit_code == 0
    assert (keys(store)["a"], store.customers.read("a").revision) == ("007", before)


def test_two_customers_change_keys_with_each_other_by_a_file(imported: Import, store: Store) -> None:
    assert imported("id,external_key\na,one\nb,two\nc,three\n").exit_code == 0
    assert imported("id,external_key\na,two\nb,one\nc,\n").exit_code == 0
    assert keys(store) == {"a": "two", "b": "one", "c": "three"}


@pytest.mark.parametrize(
    ("people", "sentence"),
    [
        ("id,external_key\na,k\nb,k\n", "row 2, customer 'b', external_key: must stand in one row only, got 'k'"),
        ("id,external_key\na,x/y\nb,k\n", "row 1, customer 'a', external_key: must not hold \"/\", got 'x/y'"),
        ("id,external_key\na,theirs\nb,k\n", 'row 1: external_key "theirs" is customer "c"\'s'),
    ],
)
def test_a_key_that_cannot_be_theirs_stores_nothing(imported: Import, store: Store, people: str, sentence: str) -> None:
    assert imported("id,external_key\nc,theirs\n").exit_code == 0
    refused = imported(people)
    assert (refused.exit_code, sentence in refused.stderr) == (2, True), refused.stderr
    assert keys(store) == {"c": "theirs"}
    assert not store.customers.find_stored(["a", "b"])
