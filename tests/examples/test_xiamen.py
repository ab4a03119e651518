"""The mapping of the Xiamen files: hand-made rows, and (where the files are) the facts their README states."""

import gzip
from pathlib import Path

import pytest

from service.core.errors import InvalidInput
from tests.shared import shared
from training.data.bank import open_bank
from training.data.bank_tables import read_customers, read_outcomes
from training.data.warehouse import files_read

BANK = Path(__file__).resolve().parents[2] / "examples" / "xiamen"
LATER = ("y_Q3_3", "cunkuan_m10", "behavior_Q4", "savings_Q4", "aum_Q4", "y_Q4_3", "cust_avli_Q1")
"""What the bank could not know on 30 September."""
SEPTEMBER = {
    "aum_Q3": "cust_no,X1,X2,X3,X4,X5,X6,X7,X8\n"
    "0x10,1,2,3.5,4,5,6,7,8\n0x11,0,0,10,0,0,0,0,0\n0x12,0,0,10,0,0,0,0,0\n0x13,50000,0,0,0,0,0,0,0\n",
    "behavior_Q3": "cust_no,B1,B2,B3,B4,B5,B6,B7\n"
    "0x10,9,1,100.5,2,50,2019-09-30 12:00:00,4\n0x11,0,0,0,0,0,,0\n0x12,0,0,0,0,0,,0\n",
    "cunkuan_m7": "cust_no,C1,C2\n0x10,12,3\n0x99,1,1\n",
    "cunkuan_m8": "cust_no,C1,C2\n0x10,13,4\n",
    "cunkuan_m9": "cust_no,C1,C2\n0x10,14.5,5\n0x11,10,1\n",
}
DECEMBER = {
    "aum_Q4": "cust_no,X1,X2,X3,X4,X5,X6,X7,X8\n"
    "0x10,1,10002,0,0,0,0,0,7.99\n0x11,0,0,0,0,0,0.01,0,0\n0x13,50000,9999.99,0,10000,0,0,0,0.01\n",
}


def put(folder: Path, tables: dict[str, str]) -> None:
    for name, text in tables.items():
        (folder / f"{name}.csv.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


@pytest.fixture
def september(tmp_path: Path) -> Path:
    put(tmp_path, SEPTEMBER)
    return tmp_path


def test_attributes_by_hand_with_only_the_files_of_september(september):
    first, second, *_ = read_customers(BANK, september)
    assert first == (
        "0x10",
        {
            "relationship_number": 16,
            "structured_deposit_yuan": 1,
            "time_deposit_yuan": 2,
            "demand_yuan": 3.5,
            "wealth_product_yuan": 4,
            "fund_yuan": 5,
            "plan_yuan": 6,
            "loan_yuan": 7,
            "large_cd_yuan": 8,
            "deposit_total_yuan": 14.5,
            "deposit_total_1m_ago_yuan": 13,
            "deposit_total_2m_ago_yuan": 12,
            "deposit_products": 5,
            "deposit_products_1m_ago": 4,
            "deposit_products_2m_ago": 3,
            "logins_30d": 9,
            "transfers_in_30d": 1,
            "transfers_in_30d_yuan": 100.5,
            "transfers_out_30d": 2,
            "transfers_out_30d_yuan": 50,
            "transfers_90d": 4,
            "last_transfer_days": 0.5,
            "last_transfer_on": "2019-09-30",
        },
    )
    assert second[1]["deposit_total_yuan"] == 10
    assert not {"deposit_total_1m_ago_yuan", "last_transfer_days"} & set(second[1])


def test_a_customer_who_is_in_no_other_file_is_still_there(september):
    assert dict(read_customers(BANK, september))["0x13"]["structured_deposit_yuan"] == 50000


def test_outcomes_by_hand_at_the_edge_of_10000_yuan(september):
    put(september, DECEMBER)
    customers = read_customers(BANK, september)
    outcomes = read_outcomes(open_bank(BANK), september, customers)
    assert [customers.ids[row] for row in outcomes.rows] == ["0x10", "0x11", "0x13"]
    # 11.00 -> 10010.99 is 9999.99 more; 0 -> 0; 50000 -> 60000.00 is 10000 more
    assert outcomes.bought["deposit"].tolist() == [0.0, 0.0, 1.0]
    # 15 -> 0; came to hold 0.01; came to hold 10000
    assert outcomes.bought["wealth"].tolist() == [0.0, 1.0, 1.0]
    # the only kinds that rose by 10,000 or more: 2 -> 10002 and 0 -> 10000; 0 -> 9999.99 is less
    assert outcomes.purchases is not None
    assert outcomes.purchases.to_pylist() == [
        {"customer_id": "0x10", "product": "term", "amount_yuan": 10000.0},
        {"customer_id": "0x13", "product": "wealth_product", "amount_yuan": 10000.0},
    ]
    assert outcomes.held["deposit"].tolist() == [True, False, True]
    assert outcomes.held["wealth"].tolist() == [True, False, False]


def test_no_file_from_after_september_is_an_input():
    sql = (BANK / "customers.sql").read_text()
    assert [name for name in LATER if name in sql] == []


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InvalidInput, match=r"aum_Q3\.csv\.gz"):
        read_customers(BANK, tmp_path)


def test_the_real_files_give_the_stated_facts():
    files = shared("xiamen-bank")
    customers = read_customers(BANK, files)
    outcomes = read_outcomes(open_bank(BANK), files, customers)
    assert len(customers) == 55_502
    assert len(outcomes.rows) == 50_084
    for family, held, rate, new in (("deposit", 0.560, 0.184, 0.0578), ("wealth", 0.171, 0.084, 0.0577)):
        none = ~outcomes.held[family]
        assert outcomes.held[family].mean() == pytest.approx(held, abs=0.005)
        assert outcomes.bought[family].mean() == pytest.approx(rate, abs=0.005)
        assert outcomes.bought[family][none].mean() == pytest.approx(new, abs=0.003)


def test_the_real_files_give_the_stated_purchases_of_each_kind():
    files = shared("xiamen-bank")
    purchases = read_outcomes(open_bank(BANK), files, read_customers(BANK, files)).purchases
    assert purchases is not None
    counts = {one["values"]: one["counts"] for one in purchases.column("product").value_counts().to_pylist()}
    assert counts == {
        "structured": 8_202,
        "wealth_product": 3_392,
        "large_cd": 1_496,
        "fund": 429,
        "plan": 234,
        "term": 149,
    }
    assert min(purchases.column("amount_yuan").to_pylist()) >= 10_000


def test_the_sources_name_every_file_that_was_read():
    read = set(files_read(open_bank(BANK), shared("xiamen-bank")))
    assert {name for name in read if name.endswith(".gz")} == {f"{name}.csv.gz" for name in (*SEPTEMBER, *DECEMBER)}
    assert {"customers.sql", "outcomes.sql", "bank.yaml"} <= read
