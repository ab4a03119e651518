"""Text, digits and instants in the kinds that the contract knows: strictly, and named where they do not fit."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from service.core.errors import InvalidInput
from service.core.expressions import Kind
from tests.training.small_bank import small_bank
from training.data.bank import open_bank
from training.data.bank_tables import read_customers, read_outcomes
from training.data.check_files import check_files
from training.data.files.casting import day_of, number_of, read_column
from training.data.table_contract import Fault

SHANGHAI = ZoneInfo("Asia/Shanghai")
RECIPE = "SELECT id AS customer_id, age, balance AS demand_yuan, asked AS risk_assessed_on FROM read_csv(file('a.csv'))"


@pytest.mark.parametrize(
    "text",
    ["2025-03-04", "2025/3/4", "2025.3.4", "20250304", "2025年3月4日", "2025-03-04 23:59:59", "2025-03-04T23:59",
     "20250304235959", "2025-03-04T23:30:00+08:00", "2025-03-03T16:00:00Z", "2025-03-04 15:59:59.999+00"],
)  # fmt: skip
def test_a_day_is_read_with_the_year_first_and_an_instant_by_the_banks_clock(text: str) -> None:
    assert day_of(text, SHANGHAI) == date(2025, 3, 4)


@pytest.mark.parametrize(
    "text",
    ["03/04/2025", "25-03-04", "4.3.2025", "250304", "2025-13-01", "2025-02-29", "0000-00-00", "20260-01-01", "",
     "infinity", "２０２５-03-04", "2025-03-04 25:00", "2025-3", "2025-03/04", "Mar 4 2025",
     "9999-12-31T23:00:00-12:00"],
)  # fmt: skip
def test_a_day_that_is_none_or_not_sure_is_not_read(text: str) -> None:
    assert day_of(text, SHANGHAI) is None


def test_a_number_is_read_in_plain_figures_only() -> None:
    assert [number_of(one) for one in ("7", "-7", "007", "1.50", "1e3", ".5")] == [7, -7, 7, 1.5, 1000.0, 0.5]
    for text in ("1_000", "１２", "nan", "inf", "1e400", "1,5", "12a", "", "0x1f", "--1"):
        assert number_of(text) is None


@pytest.mark.parametrize(
    ("values", "kind", "read_as"),
    [
        (pa.array([12, None, 345], pa.int64()), Kind.TEXT, ["12", None, "345"]),
        (pa.array([Decimal("12.00"), Decimal("345.00")]), Kind.TEXT, ["12", "345"]),
        (pa.array([Decimal("12.50")]), Kind.TEXT, [Decimal("12.50")]),
        (pa.array([20250304, None]), Kind.DATE, [date(2025, 3, 4), None]),
        (pa.array(["true", "0", None]), Kind.BOOLEAN, [True, False, None]),
        (pa.array([datetime(2025, 3, 4, 23, 59)]), Kind.DATE, [date(2025, 3, 4)]),
        (
            pa.array([datetime(2025, 3, 3, 16, 0), datetime(2025, 3, 3, 15, 59)], pa.timestamp("us", "UTC")),
            Kind.DATE,
            [date(2025, 3, 4), date(2025, 3, 3)],
        ),
    ],
)
def test_a_column_comes_in_its_kind(values: pa.Array, kind: Kind, read_as: list[Any]) -> None:
    read, bad = read_column(pa.chunked_array([values]), kind, SHANGHAI)
    assert read.to_pylist() == read_as
    assert not bad.any()


def test_text_among_the_values_of_the_recipe_needs_no_cast(tmp_path: Path) -> None:
    bank, files = small_bank(tmp_path, customers=RECIPE)
    (files / "a.csv").write_text(
        "id,age,balance,asked\n007,040,012.50,20250304\n008,41,7,2025年3月5日\n", encoding="utf-8"
    )
    assert list(read_customers(bank, files)) == [
        ("007", {"age": 40, "demand_yuan": 12.5, "risk_assessed_on": "2025-03-04"}),
        ("008", {"age": 41, "demand_yuan": 7.0, "risk_assessed_on": "2025-03-05"}),
    ]


def test_every_value_that_does_not_fit_is_named_beside_those_out_of_range(tmp_path: Path) -> None:
    bank, files = small_bank(tmp_path, customers=RECIPE)
    rows = ["1,40,1e400,03/04/2025", "2,1_0,5,25-03-04", "3,140,n/a,infinity", "4,４０,1,2026-02-01", "5,41,2,2025/3/4"]
    (files / "a.csv").write_text("\n".join(["id,age,balance,asked", *rows]), encoding="utf-8")
    faults = [fault for _, fault in check_files(bank, files).faults]
    named = {(one.row, one.column, one.value) for one in faults if isinstance(one, Fault)}
    assert len(named) == len(faults)
    dates = {(1, "03/04/2025"), (2, "25-03-04"), (3, "infinity"), (4, "2026-02-01")}
    assert named == {
        *((row, "age", value) for row, value in ((2, "1_0"), (3, "140"), (4, "４０"))),
        *((row, "demand_yuan", value) for row, value in ((1, "1e400"), (3, "n/a"))),
        *((row, "risk_assessed_on", value) for row, value in dates),
    }
    with pytest.raises(InvalidInput, match=r"row 1, customer '1', risk_assessed_on: .* the year first .*'03/04/2025'"):
        read_customers(bank, files)


def test_whole_numbers_are_ids_by_their_digits_and_fractions_are_refused(tmp_path: Path) -> None:
    bank, files = small_bank(tmp_path, customers="SELECT id AS customer_id FROM read_parquet(file('a.parquet'))")
    pq.write_table(pa.table({"id": pa.array([2**53 + 1, 12], pa.int64())}), files / "a.parquet")
    assert read_customers(bank, files).ids == ["12", "9007199254740993"]
    pq.write_table(pa.table({"id": pa.array([12345.0, 1e15])}), files / "a.parquet")
    with pytest.raises(InvalidInput, match=r"customer_id: must be text or whole numbers, got fractions \(double\)"):
        read_customers(bank, files)


def test_instants_and_endless_days_in_parquet_are_dated_in_the_banks_zone_or_named(tmp_path: Path) -> None:
    sql = "SELECT id AS customer_id, since AS risk_assessed_on FROM read_parquet(file('a.parquet'))"
    bank, files = small_bank(tmp_path, customers=sql)
    at = pa.array([datetime(2025, 3, 3, 16, 0), datetime(2025, 3, 3, 15, 59)], pa.timestamp("us", "UTC"))
    pq.write_table(pa.table({"id": ["a", "b"], "since": at}), files / "a.parquet")
    assert list(read_customers(bank, files)) == [
        ("a", {"risk_assessed_on": "2025-03-04"}), ("b", {"risk_assessed_on": "2025-03-03"})
    ]  # fmt: skip
    for endless in (
        pa.array([2**31 - 1], pa.int32()).cast(pa.date32()),
        pa.array([2**63 - 1]).cast(pa.timestamp("us")),
    ):
        pq.write_table(pa.table({"id": ["a"], "since": endless}), files / "a.parquet")
        assert check_files(bank, files).faults[0][1].where == "row 1, customer 'a', risk_assessed_on"


def test_flags_and_amounts_may_come_as_text(tmp_path: Path) -> None:
    outcomes = "SELECT id AS customer_id, bought AS bought_deposit, yuan AS amount_deposit FROM read_csv(file('b.csv'))"
    bank, files = small_bank(tmp_path, customers="SELECT unnest(['01', '2']) AS customer_id", outcomes=outcomes)
    (files / "b.csv").write_text("id,bought,yuan\n01,1,0012.5\n2,False,\n")
    read = read_outcomes(open_bank(bank), files, read_customers(bank, files))
    assert read.bought["deposit"].tolist() == [1.0, 0.0]
    assert read.amounts["deposit"][0] == 12.5
    (files / "b.csv").write_text("id,bought,yuan\n01,yes,12\n2,1,many\n")
    assert [fault.where for _, fault in check_files(bank, files).faults] == [
        "row 1, customer '01', bought_deposit",
        "row 2, customer '2', amount_deposit",
    ]
