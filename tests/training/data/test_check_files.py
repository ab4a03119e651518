"""`fourcast check-files`: every fault of every table of a small bank at once, and none in a bank as it should be."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from service.cache import Cache
from service.cli.bank.stack import Stack
from service.cli.customers.import_files import load_bank
from service.cli.main import main
from service.core.errors import InvalidInput
from service.runtime.config import Settings
from service.store import Store
from training.data.bank import open_bank
from training.data.bank_tables import read_consents, read_customers
from training.data.check_files import check_files
from training.data.table_contract import day_faults

BANK = """name: Small bank
as_of: 2026-01-31
timezone: Asia/Shanghai
split: customer
horizon_days: 92
families: [deposit, wealth]
"""
SQL = {
    "customers": "SELECT id AS customer_id, age, sex, CAST(asked AS DATE) AS risk_assessed_on, "
    "CAST(matures AS DATE) AS next_maturity_on FROM read_csv(file('people.csv'))",
    "outcomes": "SELECT id AS customer_id, deposit AS bought_deposit, wealth AS bought_wealth, "
    "CAST(yuan AS DOUBLE) AS amount_deposit FROM read_csv(file('bought.csv'))",
    "lapse": "SELECT id AS customer_id, gone AS lapsed FROM read_csv(file('gone.csv'))",
    "consents": "SELECT id AS customer_id, purpose, granted FROM read_csv(file('said.csv'))",
}
SOUND = {
    "people": "id,age,sex,asked,matures\na,40,female,2026-01-31,2026-05-01\nb,,male,,\n",
    "bought": "id,deposit,wealth,yuan\na,1,0,20000\nb,0,1,\n",
    "gone": "id,gone\na,0\nb,1\n",
    "said": "id,purpose,granted\na,marketing:sms,true\na,personalisation,false\nb,marketing:sms,false\n",
}
FAULTY = {
    "people": "id,age,sex,asked,matures\na,140,female,2026-02-01,2026-05-01\nb,40,robot,2026-01-31,\n",
    "bought": "id,deposit,wealth,yuan\na,2,0,20000\nb,0,,-5\n",
    "gone": "id,gone\na,0\na,1\n",
    "said": "id,purpose,granted\na,marketing:smss,true\nb,,false\na,personalisation,7\n",
}


def put(folder: Path, tables: dict[str, str]) -> None:
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text)


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    folder = tmp_path / "bank"
    folder.mkdir()
    (folder / "bank.yaml").write_text(BANK)
    for name, text in SQL.items():
        (folder / f"{name}.sql").write_text(text)
    return folder


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    put(folder, SOUND)
    return folder


def run(bank: Path, files: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["check-files", "--bank", str(bank), "--files", str(files), *words])


def told(bank: Path, files: Path) -> list[str]:
    return [f"{table}: {fault}" for table, fault in check_files(bank, files).faults]


def test_a_bank_as_it_should_be_passes(bank: Path, files: Path) -> None:
    more = [(f"c{place}", place) for place in range(100)]
    put(
        files,
        {
            "people": SOUND["people"] + "".join(f"{one},{20 + place % 50},male,,\n" for one, place in more),
            "bought": SOUND["bought"] + "".join(f"{one},{place % 2},{place % 2},\n" for one, place in more),
        },
    )
    result = run(bank, files)
    assert result.exit_code == 0, result.output
    assert result.output.splitlines()[-1] == "nothing wrong"
    assert [line.split()[:2] for line in result.output.splitlines()[:-1]] == [
        ["customers", "102"],
        ["outcomes", "102"],
        ["lapse", "2"],
        ["consents", "3"],
    ]


def test_every_fault_of_every_table_is_told_at_once(bank: Path, files: Path) -> None:
    put(files, FAULTY)
    result = run(bank, files)
    assert result.exit_code == 2
    flag = "must be true or false (or 1 and 0)"
    for said in (
        "customers: row 1, customer 'a', age: must be a number 0 to 120 (years), got '140'",
        "customers: row 2, customer 'b', sex: must be",
        "customers: row 1, customer 'a', risk_assessed_on: must not lie after 2026-01-31, the bank's day",
        f"outcomes: row 1, customer 'a', bought_deposit: {flag}, got '2'",
        f"outcomes: row 2, customer 'b', bought_wealth: {flag}, got 'None'",
        "outcomes: row 2, customer 'b', amount_deposit: must be an amount of 0 yuan or more, got '-5.0'",
        "lapse: row 2, customer 'a', customer_id: must stand in one row only",
        "consents: row 1, customer 'a', purpose: must be one of personalisation, contact, marketing:",
        "consents: row 2, customer 'b', purpose: must be text of 1 to 64 characters, got 'None'",
        f"consents: row 3, customer 'a', granted: {flag}, got '7'",
    ):
        assert said in result.output, result.output


def test_each_fault_in_json_has_its_row_customer_column_value_and_expectation(bank: Path, files: Path) -> None:
    put(files, {"people": FAULTY["people"]})
    result = run(bank, files, "--json")
    assert result.exit_code == 2
    found: dict[str, Any] = json.loads(result.stdout)
    age = next(fault for fault in found["faults"] if fault["column"] == "age")
    assert age == {
        "table": "customers",
        "where": "row 1, customer 'a', age",
        "message": "must be a number 0 to 120 (years), got '140'",
        "row": 1,
        "customer": "a",
        "column": "age",
        "value": 140,
        "expected": "must be a number 0 to 120 (years)",
    }
    assert found["rows"] == {"customers": 2, "outcomes": 2, "lapse": 2, "consents": 3}


def test_the_same_holds_where_files_are_read_to_train_or_to_import(bank: Path, files: Path) -> None:
    put(files, FAULTY)
    with pytest.raises(InvalidInput, match="risk_assessed_on: must not lie after 2026-01-31"):
        read_customers(bank, files)
    with pytest.raises(InvalidInput, match="granted: must be true or false"):
        read_consents(bank, files)


def test_an_import_tells_of_a_purpose_that_the_policy_does_not_ask_after(
    bank: Path, files: Path, make_database: Any, redis_url: str
) -> None:
    (bank / "consents.sql").write_text("SELECT 'a' AS customer_id, 'marketing:pigeon' AS purpose, true AS granted")
    assert read_consents(bank, files) is not None  # without a policy only the form is judged
    store = Store(make_database(), 5000)
    try:
        with pytest.raises(InvalidInput) as refused:
            load_bank(Stack(Settings(), store, Cache(redis_url)), bank, files, supplement=False)
    finally:
        store.close()
    assert "got 'marketing:pigeon'" in refused.value.problems[0].message


def test_a_day_in_a_text_is_held_against_the_bank_s_day_too(bank: Path, files: Path) -> None:
    (bank / "customers.sql").write_text("SELECT unnest(['a', 'b']) AS customer_id, '2026-02-01' AS risk_assessed_on")
    assert "risk_assessed_on: must not lie after" in " ".join(told(bank, files))
    (bank / "customers.sql").write_text("SELECT unnest(['a', 'b']) AS customer_id, '2026-01-31' AS risk_assessed_on")
    assert told(bank, files) == []


def test_an_attribute_of_the_bank_s_own_may_speak_of_the_future_where_it_says_so(bank: Path, files: Path) -> None:
    (bank / "customers.sql").write_text("SELECT unnest(['a', 'b']) AS customer_id, DATE '2027-01-01' AS lease_ends_on")
    assert "is no attribute" in " ".join(told(bank, files))
    own = "attributes:\n  - {name: lease_ends_on, kind: date, meaning: End of the lease%s}\n"
    (bank / "attributes.yaml").write_text(own % "")
    assert "lease_ends_on: must not lie after" in " ".join(told(bank, files))
    (bank / "attributes.yaml").write_text(own % ", ahead: true")
    assert told(bank, files) == []


def test_a_table_that_cannot_be_read_does_not_hide_the_others(bank: Path, files: Path) -> None:
    put(files, FAULTY)
    (bank / "customers.sql").write_text("SELECT nothing FROM read_csv(file('people.csv'))")
    (files / "gone.csv").write_bytes(b"id,gone,\xff\xff\na,0,\xff\n")
    found = told(bank, files)
    assert any(one.startswith("customers: customers.sql") and '"nothing" not found' in one for one in found)
    assert any(
        one.startswith("lapse: lapse.sql") and "gone.csv: is not UTF-8 or GB18030, or is damaged (byte 8)" in one
        for one in found
    )
    assert any(one.startswith("outcomes: row 1") for one in found)


def test_a_column_of_another_kind_does_not_hide_the_others(bank: Path, files: Path) -> None:
    (bank / "customers.sql").write_text("SELECT 'a' AS customer_id, 'forty' AS age, 'robot' AS sex, 1 AS sx")
    found = " ".join(told(bank, files))
    for column in ("customer 'a', age: must be a number", "sex: must be", "customers: sx: is no attribute"):
        assert column in found


@pytest.mark.parametrize("twice", ["customer_id", "age"])
def test_a_column_that_comes_twice_is_told(bank: Path, files: Path, twice: str) -> None:
    (bank / "customers.sql").write_text(f"SELECT 'a' AS customer_id, 40 AS age, 41 AS {twice}")
    assert f"customers: {twice}: is returned twice" in told(bank, files)


def test_yes_and_no_at_once_is_no_consent(bank: Path, files: Path) -> None:
    put(files, {"said": "id,purpose,granted\na,contact,true\na,contact,false\nb,contact,true\n"})
    found = told(bank, files)
    assert found == [
        "consents: row 1, customer 'a', purpose: must be granted or refused, not both, unless said_on tells which is "
        "later, got 'contact'"
    ]


def test_ids_that_stand_twice_and_words_that_disagree_are_told_with_the_other_faults_of_their_table(
    bank: Path, files: Path
) -> None:
    put(files, {
        "people": "id,age,sex,asked,matures\na,140,female,,\nb,40,male,,\nb,41,male,,\n,42,male,,\n",
        "said": "id,purpose,granted\na,contact,true\na,contact,false\nb,pigeon,true\nb,contact,perhaps\n"
        "z,contact,true\n",
    })  # fmt: skip
    once, torn = "customer_id: must stand in one row only", "purpose: must be granted or refused, not both"
    customers = ["row 1, customer 'a', age", "row 4, no customer_id, customer_id",
                 f"row 2, customer 'b', {once}", f"row 3, customer 'b', {once}"]  # fmt: skip
    consents = [f"row 1, customer 'a', {torn}", "row 3, customer 'b', purpose: must be one of",
                "row 4, customer 'b', granted: must be true or false", "row 5, customer 'z', customer_id"]  # fmt: skip
    output = run(bank, files).output
    assert [one for one in customers if f"customers: {one}" not in output] == []
    assert [one for one in consents if f"consents: {one}" not in output] == []
    with pytest.raises(InvalidInput) as read:
        read_customers(bank, files)
    assert [one for one in customers if one not in str(read.value)] == []
    put(files, {"people": SOUND["people"]})
    among = read_customers(bank, files)
    with pytest.raises(InvalidInput) as read:
        read_consents(bank, files, ("contact",), among)
    assert [one for one in consents if one not in str(read.value)] == []


def test_a_column_that_is_missing_hides_no_fault_of_the_others(bank: Path, files: Path) -> None:
    (bank / "outcomes.sql").write_text(
        "SELECT id AS customer_id, deposit AS bought_deposit FROM read_csv(file('bought.csv'))"
    )
    (bank / "consents.sql").write_text("SELECT id AS customer_id, purpose FROM read_csv(file('said.csv'))")
    (bank / "lapse.sql").write_text("SELECT id AS customer_id FROM read_csv(file('gone.csv'))")
    put(files, {"bought": "id,deposit\na,7\nb,1\nb,1\n", "gone": "id,gone\na,0\na,0\n", "said": "id,purpose\n,\n"})
    found = " ".join(told(bank, files))
    for said in ("outcomes: bought_wealth: is missing", "outcomes: row 1, customer 'a', bought_deposit",
                 "outcomes: row 2, customer 'b', customer_id: must stand in one row only", "lapse: lapsed: is missing",
                 "lapse: row 2, customer 'a', customer_id", "consents: granted: is missing",
                 "consents: row 1, no customer_id, purpose"):  # fmt: skip
        assert said in found


def test_of_thousands_of_ids_that_stand_twice_twenty_are_told(bank: Path, files: Path) -> None:
    put(files, {"gone": "id,gone\n" + "a,0\n" * 5000})
    lapse = [one for one in told(bank, files) if one.startswith("lapse: ")]
    assert (len(lapse), lapse[-1]) == (21, "lapse: customer_id: and 4,980 more rows like these; in all 'a' 5,000 times")


DATED = "SELECT id AS customer_id, purpose, granted, said_on FROM read_csv(file('said.csv'), all_varchar=true)"


def test_a_history_of_words_is_no_fault_and_words_of_one_day_that_disagree_are(bank: Path, files: Path) -> None:
    (bank / "consents.sql").write_text(DATED.replace("granted,", "granted = 'true' AS granted,"))
    put(files, {"said": "id,purpose,granted,said_on\na,contact,true,2026-01-02\na,contact,false,2026-01-03\n"})
    assert told(bank, files) == []
    put(files, {"said": "id,purpose,granted,said_on\na,contact,true,2026-01-03\na,contact,false,2026-01-03\n"})
    assert "row 1, customer 'a', purpose: must be granted or refused" in " ".join(told(bank, files))
    put(files, {"said": "id,purpose,granted,said_on\na,contact,true,\na,contact,false,2026-01-03\n"})
    assert "row 1, customer 'a', purpose: must be granted or refused" in " ".join(told(bank, files))


@pytest.mark.parametrize(
    ("said_on", "message"),
    [
        ("DATE '2999-01-01'", "must be a date or an instant of 1900 to 2199"),
        ("DATE '2100-01-01'", "must not lie in the future: nobody has said it yet, got '2100-01-01'"),
        ("'infinity'::DATE", "must be a date or an instant"),
        ("'infinity'::TIMESTAMP", "must be a date or an instant"),
        ("'31/03/2025'", "must be a date or an instant of 1900 to 2199, such as 2026-03-31"),
        ("'2025-02-30'", "must be a date or an instant"),
        ("20.5", "must be a date or an instant"),
        ("NULL, 1 AS said_at", "said_at: is no column of consents; expected customer_id, purpose"),
    ],
)
def test_a_time_of_consent_that_is_none_or_lies_ahead_is_a_fault(
    bank: Path, files: Path, said_on: str, message: str
) -> None:
    said = said_on.replace(",", " AS said_on,") if "," in said_on else f"{said_on} AS said_on"
    said = f"SELECT 'a' AS customer_id, 'contact' AS purpose, true AS granted, {said}"
    (bank / "consents.sql").write_text(said)
    (found,) = told(bank, files)
    assert message in found


def test_a_bank_s_day_that_lies_ahead_is_one_fault_whether_or_not_there_are_consents(bank: Path, files: Path) -> None:
    (bank / "bank.yaml").write_text(BANK.replace("2026-01-31", "2199-12-31"))
    (found,) = told(bank, files)
    assert found.startswith("bank: bank.yaml: as_of: 2199-12-31 lies after today, ")
    (bank / "consents.sql").unlink()
    assert told(bank, files) == [found]
    assert found.endswith("; set it to the day at whose end the files were written")


@pytest.mark.parametrize(("second", "faults"), [(-1, 1), (0, 0)])
def test_today_is_the_bank_s_own(bank: Path, second: int, faults: int) -> None:
    midnight = 1_769_788_800
    """2026-01-31 00:00 in Shanghai, where the bank's day begins."""
    assert len(day_faults(open_bank(bank), (midnight + second) * 1000)) == faults


def test_a_bank_s_day_of_no_calendar_is_a_fault_of_bank_yaml(bank: Path, files: Path) -> None:
    (bank / "bank.yaml").write_text(BANK.replace("2026-01-31", "9999-12-31"))
    with pytest.raises(InvalidInput, match=r"as_of: must be a date YYYY-MM-DD of 1900 to 2199"):
        check_files(bank, files)


def test_nobody_has_said_anything_is_no_fault_and_no_customers_is(bank: Path, files: Path) -> None:
    put(files, {"said": "id,purpose,granted\n"})
    (bank / "consents.sql").write_text(f"{SQL['consents']} WHERE false")
    assert told(bank, files) == []
    (bank / "customers.sql").write_text(f"{SQL['customers']} WHERE false")
    assert "customers: customer_id: the query returns no rows at all" in told(bank, files)


def test_outcomes_of_other_customers_are_told_with_an_id_of_each(bank: Path, files: Path) -> None:
    put(files, {"bought": "id,deposit,wealth,yuan\n0a,1,0,\n0b,0,1,\n"})
    (said,) = told(bank, files)
    assert "outcomes: customer_id: none of its 2 customers, such as '0a', is among those" in said


def test_a_folder_that_is_no_bank_is_wrong_input(bank: Path, files: Path) -> None:
    (bank / "bank.yaml").write_text("name: x\n")
    result = run(bank, files)
    assert result.exit_code == 2
    assert "families: is missing" in result.output


def test_an_id_that_no_path_can_name_is_told_by_row_unless_it_is_stored(bank: Path, files: Path) -> None:
    named = SOUND["people"] + "c/1,40,male,,\n c2,40,male,,\nbulk,40,male,,\n"
    put(files, {"people": named})
    assert told(bank, files) == [
        "customers: row 3, customer 'c/1', customer_id: must not hold \"/\", got 'c/1'",
        "customers: row 4, customer ' c2', customer_id: must not begin or end with a blank, got ' c2'",
        "customers: row 5, customer 'bulk', customer_id: must not be \"bulk\": no path can name it, got 'bulk'",
    ]
    known = replace(open_bank(bank), stored=lambda names: {"c/1", " c2", "bulk"} & set(names))
    assert check_files(known, files).faults == []
