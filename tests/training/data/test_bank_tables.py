from dataclasses import replace
from pathlib import Path

import pytest

from service.core.errors import InvalidInput
from training.data.bank import open_bank
from training.data.bank_tables import read_consents, read_customers, read_lapses, read_outcomes

BANK = """name: Small bank
as_of: 2026-01-31
timezone: Asia/Shanghai
split: customer
horizon_days: 92
families: [deposit]
"""
CUSTOMERS = "SELECT id AS customer_id, age, CAST(day AS DATE) AS risk_assessed_on FROM read_csv(file('people.csv'))"
OUTCOMES = "SELECT id AS customer_id, bought = 1 AS bought_deposit FROM read_csv(file('bought.csv'))"


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    folder = tmp_path / "bank"
    folder.mkdir()
    (folder / "bank.yaml").write_text(BANK)
    (folder / "customers.sql").write_text(CUSTOMERS)
    (folder / "outcomes.sql").write_text(OUTCOMES)
    return folder


@pytest.fixture
def files(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "people.csv").write_text("id,age,day\nb,40,2025-06-01\na,,2025-07-01\nc,33,\n")
    (folder / "bought.csv").write_text("id,bought\nc,1\nb,0\nz,1\n")
    return folder


def faults(call) -> str:
    with pytest.raises(InvalidInput) as caught:
        call()
    return str(caught.value)


def test_customers_come_sorted_with_unknown_values_left_out(bank, files):
    assert list(read_customers(bank, files)) == [
        ("a", {"risk_assessed_on": "2025-07-01"}),
        ("b", {"age": 40, "risk_assessed_on": "2025-06-01"}),
        ("c", {"age": 33}),
    ]


def test_who_was_erased_does_not_come_back_with_the_files(bank, files):
    described = replace(open_bank(bank), erased=lambda ids: {"b"} & set(ids))
    (bank / "lapse.sql").write_text("SELECT id AS customer_id, 1 AS lapsed FROM read_csv(file('bought.csv'))")
    (bank / "consents.sql").write_text(
        "SELECT id AS customer_id, 'contact' AS purpose, true AS granted FROM read_csv(file('bought.csv'))"
    )
    customers = read_customers(described, files)
    assert customers.ids == ["a", "c"]
    lapses, consents = read_lapses(described, files, customers), read_consents(described, files)
    assert lapses is not None
    assert [customers.ids[row] for row in lapses.rows] == ["c"]
    assert consents is not None
    assert [customer for customer, *_ in consents] == ["c", "z"]
    outcomes = read_outcomes(described, files, customers)
    assert [customers.ids[row] for row in outcomes.rows] == ["c"]


def test_outcomes_are_aligned_to_the_customers_they_belong_to(bank, files):
    customers = read_customers(bank, files)
    outcomes = read_outcomes(open_bank(bank), files, customers)
    assert [customers.ids[row] for row in outcomes.rows] == ["b", "c"]
    assert outcomes.bought["deposit"].tolist() == [0.0, 1.0]
    assert outcomes.held["deposit"] is None


def test_a_bank_without_consents_has_unknown_consent(bank, files):
    assert read_consents(bank, files) is None


def test_consents_are_read_by_purpose(bank, files):
    (bank / "consents.sql").write_text("SELECT 'a' AS customer_id, 'marketing:sms' AS purpose, true AS granted")
    begins, ends = 1_769_788_800_000, 1_769_875_199_999
    assert read_consents(bank, files) == [("a", "marketing:sms", True, begins, ends, False)]


def test_every_faulty_value_is_named_by_row_customer_column_and_expectation(bank, files):
    (files / "people.csv").write_text("id,age,day\nb,140,2025-06-01\na,-3,2025-07-01\n")
    told = faults(lambda: read_customers(bank, files))
    assert "row 1, customer 'b', age: must be a number 0 to 120 (years), got '140'" in told
    assert "row 2, customer 'a', age" in told


def test_the_listing_is_capped_and_says_how_many_more(bank, files):
    (files / "people.csv").write_text("id,age,day\n" + "".join(f"c{row},200,\n" for row in range(50)))
    told = faults(lambda: read_customers(bank, files))
    assert told.count("customer 'c") == 20
    assert "and 30 more rows like these" in told


def test_a_customer_in_two_rows_is_refused(bank, files):
    (files / "people.csv").write_text("id,age,day\nb,40,\nb,41,\n")
    assert "row 2, customer 'b', customer_id: must stand in one row only" in faults(lambda: read_customers(bank, files))


def test_a_column_that_is_no_attribute_is_refused_with_a_suggestion(bank, files):
    (bank / "customers.sql").write_text("SELECT 'a' AS customer_id, 1 AS demand_yun")
    assert 'did you mean "demand_yuan"' in faults(lambda: read_customers(bank, files))


def test_a_missing_id_and_an_empty_answer_are_said(bank, files):
    (bank / "customers.sql").write_text("SELECT 1 AS age WHERE false")
    told = faults(lambda: read_customers(bank, files))
    assert "customer_id: is missing" in told
    assert "no rows at all" in told


def test_an_outcome_of_null_is_refused(bank, files):
    (bank / "outcomes.sql").write_text("SELECT 'a' AS customer_id, NULL::BOOLEAN AS bought_deposit")
    customers = read_customers(bank, files)
    told = faults(lambda: read_outcomes(open_bank(bank), files, customers))
    assert "row 1, customer 'a', bought_deposit: must be true or false" in told


def test_a_fault_in_the_sql_names_the_file_and_quotes_duckdb(bank, files):
    (bank / "customers.sql").write_text("SELECT nothing FROM read_csv(file('people.csv'))")
    told = faults(lambda: read_customers(bank, files))
    assert "customers.sql" in told
    assert '"nothing" not found' in told


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "SELECT * FROM read_text(file('../bank/bank.yaml'))",
        "COPY (SELECT 1) TO '/tmp/stolen.csv'",
        "SELECT 1 AS customer_id; SELECT 2 AS customer_id",
        "SET threads = 8",
        "ATTACH '/tmp/other.db'",
    ],
)
def test_sql_reads_the_files_folder_and_does_nothing_else(bank, files, sql):
    (bank / "customers.sql").write_text(sql)
    told = faults(lambda: read_customers(bank, files))
    assert "one SELECT" in told or "Permission Error" in told


def test_every_fault_of_bank_yaml_is_told_at_once(bank):
    (bank / "bank.yaml").write_text("name: x\nas_of: soon\ntimezone: Mars\nsplit: time\nhorizon_days: 0\nwealth: 1\n")
    told = faults(lambda: open_bank(bank))
    for key in ("as_of", "timezone", "horizon_days", "families: is missing", "wealth: is not known", "split_column"):
        assert f"bank.yaml: {key}" in told


def test_a_folder_without_bank_yaml_says_what_belongs_there(tmp_path):
    assert "bank.yaml, customers.sql and outcomes.sql" in faults(lambda: open_bank(tmp_path))


def test_a_missing_folder_of_files_is_said(bank, tmp_path):
    assert "no such folder of files" in faults(lambda: read_customers(bank, tmp_path / "nowhere"))


def test_links_in_the_folder_are_followed_and_what_nobody_linked_stays_shut(bank, files, tmp_path):
    linked = tmp_path / "linked"
    linked.mkdir()
    (linked / "people.csv").symlink_to(files / "people.csv")
    assert read_customers(bank, linked).ids == read_customers(bank, files).ids
    (bank / "customers.sql").write_text(f"SELECT id AS customer_id FROM read_csv('{files / 'bought.csv'}')")
    assert "Permission" in faults(lambda: read_customers(bank, linked))
