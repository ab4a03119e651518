"""One bad row does not hold up a million: up to a number of them are set aside and told, and the others stored."""

import csv
import json
from pathlib import Path

import pytest

from service.core.domain import Lookback
from service.store import Store
from tests.cli.files import ACCOUNTS, SAID, Folders, folders


@pytest.fixture
def bank(tmp_path: Path, opened: tuple[Store, str], redis_url: str) -> Folders:
    return folders(tmp_path, opened[1], redis_url)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "rows.csv"


def rows(out: Path) -> list[list[str]]:
    with out.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def stored(store: Store) -> list[str]:
    return store.customers.sample_ids(9)


def test_rows_that_do_not_fit_are_written_with_row_customer_and_reason_and_the_others_stored(
    bank: Folders, opened: tuple[Store, str], out: Path
) -> None:
    bank.put("accounts.csv", ACCOUNTS.replace("e-2,2000", "e-2,much"))
    bank.put("said.csv", SAID.replace("e-3,marketing:sms", "e-3,marketing:pigeon") + "e-1,personalisation,perhaps\n")
    told = bank.json("import", "--rejects", str(out), "--most-rejects", "4")
    assert told == {"customers": 2, "consents": 1, "rejected": 4, "rejects": str(out)}
    head, customer, orphan, pigeon, perhaps = rows(out)
    assert head == ["table", "row", "customer_id", "reason"]
    assert customer[:3] == ["customers", "2", "e-2"]
    assert customer[3].startswith("demand_yuan: must be a number")
    assert orphan == ["consents", "2", "e-2", orphan[3]]
    assert orphan[3].startswith("customer_id: must be a customer of customers.sql, or one who is stored")
    assert pigeon[:3] == ["consents", "3", "e-3"]
    assert perhaps[:3] == ["consents", "4", "e-1"]
    assert perhaps[3].startswith("granted: must be true or false")
    assert stored(opened[0]) == ["e-1", "e-3"]
    found = opened[0].customers.snapshot("e-1", Lookback(0))
    assert found is not None
    assert dict(found.consents) == {"marketing:sms": True}


def test_with_one_more_than_that_nothing_is_stored(bank: Folders, opened: tuple[Store, str], out: Path) -> None:
    bank.put("accounts.csv", ACCOUNTS.replace("2000", "-1e99").replace("3000", "1e99"))
    refused = bank.run("import", "--rejects", str(out), "--most-rejects", "1")
    assert refused.exit_code == 2
    assert "more than the 1 rows that may be set aside do not fit; nothing was stored" in refused.output
    assert "row 2, customer 'e-2', demand_yuan" in refused.output
    assert stored(opened[0]) == []
    assert f"Nothing was stored. {out} names 2 rows that do not fit." in refused.output
    assert [row[:3] for row in rows(out)[1:]] == [["customers", "2", "e-2"], ["customers", "3", "e-3"]]


def test_whatever_keeps_the_import_from_storing_leaves_no_file_of_another_day(
    bank: Folders, opened: tuple[Store, str], out: Path
) -> None:
    bank.run("import")
    out.write_text("of last month")
    bank.put("accounts.csv", "id,demand\ne-1,much\n")
    refused = bank.run("import", "--rejects", str(out))
    assert (refused.exit_code, [row[:3] for row in rows(out)[1:]]) == (2, [["customers", "1", "e-1"]])
    bank.put("customers.sql", "SELECT id AS customer_id, 5 AS age FROM read_csv(file('accounts.csv'))")
    unasked = bank.run("import", "--replace", "--rejects", str(out), "--most-rejects", "2")
    assert unasked.exit_code == 1, unasked.output
    assert f"Nothing was stored. {out} names 0 rows that do not fit." in unasked.stderr
    assert rows(out) == [["table", "row", "customer_id", "reason"]]
    assert opened[0].customers.read("e-1").attributes == {"demand_yuan": 1000}


def test_without_the_option_one_bad_row_refuses_the_whole_as_ever(bank: Folders, opened: tuple[Store, str]) -> None:
    bank.put("said.csv", SAID.replace("e-3,marketing:sms", "e-3,marketing:pigeon"))
    assert bank.run("import").exit_code == 2
    assert stored(opened[0]) == []


def test_where_every_row_fits_the_file_holds_its_head_alone(bank: Folders, out: Path) -> None:
    assert bank.json("import", "--rejects", str(out), "--most-rejects", "9")["rejected"] == 0
    assert rows(out) == [["table", "row", "customer_id", "reason"]]


def test_a_fault_that_is_no_row_s_refuses_the_whole_whatever_the_number(
    bank: Folders, opened: tuple[Store, str], out: Path
) -> None:
    bank.put("customers.sql", "SELECT id AS customer_id, demand AS demand_yun FROM read_csv(file('accounts.csv'))")
    refused = bank.run("import", "--rejects", str(out), "--most-rejects", "100")
    assert refused.exit_code == 2
    assert 'did you mean "demand_yuan"' in refused.output
    assert stored(opened[0]) == []


def test_of_yes_and_no_at_once_the_no_is_kept(bank: Folders, opened: tuple[Store, str], out: Path) -> None:
    bank.put("said.csv", SAID + "e-1,marketing:sms,false\n")
    assert bank.json("import", "--rejects", str(out), "--most-rejects", "1")["rejected"] == 1
    assert opened[0].consents.read_current("e-1").said["marketing:sms"].granted is False


def test_ids_that_no_path_can_name_and_formulas_are_set_aside_and_defused(
    bank: Folders, opened: tuple[Store, str], out: Path
) -> None:
    bank.put("accounts.csv", ACCOUNTS + "=1/2,5\n")
    bank.json("import", "--rejects", str(out), "--most-rejects", "1")
    (_, row) = rows(out)
    assert row[:3] == ["customers", "4", "'=1/2"]
    assert stored(opened[0]) == ["e-1", "e-2", "e-3"]


def test_a_number_without_a_file_is_refused(bank: Folders) -> None:
    refused = bank.run("import", "--most-rejects", "1")
    assert refused.exit_code == 2
    assert "--most-rejects needs --rejects FILE" in refused.output


def test_check_files_says_how_many_outcomes_belong_to_nobody(bank: Folders) -> None:
    bank.put("outcomes.sql", "SELECT id AS customer_id, bought AS bought_deposit FROM read_csv(file('bought.csv'))")
    bank.put("bought.csv", "id,bought\ne-1,true\nz-1,true\nz-2,false\n")
    told = bank.run("check-files")
    assert told.exit_code == 2, "the one customer with an outcome is too few to learn from"
    assert "note: outcomes: 2 of 3 rows belong to nobody in customers.sql" in told.output
    assert json.loads(bank.run("check-files", "--json").stdout)["nobodys"] == {"outcomes": 2}
