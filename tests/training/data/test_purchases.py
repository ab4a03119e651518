"""What customers bought, as ``outcomes.sql`` tells it by kind of product."""

import math
from pathlib import Path

import pytest

from service.core.errors import InvalidInput
from tests.training.small_bank import small_bank
from training.data.bank import open_bank
from training.data.bank_tables import Outcomes, read_customers, read_outcomes
from training.data.check_files import check_files

CUSTOMERS = "SELECT unnest(['a', 'b', 'c']) AS customer_id, 40 AS age"
ROWS = "SELECT * FROM (VALUES {}) AS rows (customer_id, bought_product, bought_amount_yuan)"


def outcomes_of(root: Path, sql: str) -> Outcomes:
    bank, files = small_bank(root, customers=CUSTOMERS, outcomes=sql)
    text = (bank / "bank.yaml").read_text().replace("[deposit]", "[deposit, wealth]")
    (bank / "bank.yaml").write_text(text)
    return read_outcomes(open_bank(bank), files, read_customers(bank, files))


def faults(root: Path, *rows: str) -> str:
    with pytest.raises(InvalidInput) as caught:
        outcomes_of(root, ROWS.format(", ".join(rows)))
    return str(caught.value)


def test_purchases_are_a_row_a_kind_and_the_families_follow_from_them(tmp_path):
    rows = "('b', 'term', 20000), ('b', 'structured', 30000), ('a', NULL, NULL), ('c', 'fund', NULL), ('z', 'fund', 1)"
    outcomes = outcomes_of(tmp_path, ROWS.format(rows))
    assert outcomes.purchases is not None
    assert outcomes.purchases.to_pylist() == [
        {"customer_id": "b", "product": "structured", "amount_yuan": 30000.0},
        {"customer_id": "b", "product": "term", "amount_yuan": 20000.0},
        {"customer_id": "c", "product": "fund", "amount_yuan": None},
    ]
    assert outcomes.rows.tolist() == [0, 1, 2]
    assert outcomes.bought["deposit"].tolist() == [0.0, 1.0, 0.0]
    assert outcomes.bought["wealth"].tolist() == [0.0, 0.0, 1.0]
    assert outcomes.amounts["deposit"].tolist()[1] == 50000.0
    assert all(math.isnan(one) for one in outcomes.amounts["wealth"])


def test_families_stated_beside_the_kinds_keep_what_they_say(tmp_path):
    sql = ROWS.format("('a', 'term', 20000), ('b', NULL, NULL)")
    outcomes = outcomes_of(tmp_path, f"SELECT *, true AS bought_deposit, 5 AS amount_deposit FROM ({sql})")
    assert outcomes.bought["deposit"].tolist() == [1.0, 1.0]
    assert outcomes.amounts["deposit"].tolist() == [5.0, 5.0]
    assert outcomes.bought["wealth"].tolist() == [0.0, 0.0]


def test_a_bank_that_knows_no_kinds_has_no_purchases(tmp_path):
    outcomes = outcomes_of(tmp_path, "SELECT 'a' AS customer_id, true AS bought_deposit, false AS bought_wealth")
    assert outcomes.purchases is None


def test_a_product_kind_of_the_catalogue_is_a_purchase_too(tmp_path):
    outcomes = outcomes_of(tmp_path, "SELECT 'a' AS customer_id, 'index_fund' AS bought_product")
    assert outcomes.purchases is not None
    assert outcomes.purchases.to_pylist() == [{"customer_id": "a", "product": "index_fund", "amount_yuan": None}]
    assert outcomes.bought["wealth"].tolist() == [1.0]


def test_purchases_that_nobody_made_are_none(tmp_path):
    outcomes = outcomes_of(tmp_path, "SELECT 'a' AS customer_id, NULL AS bought_product")
    assert outcomes.purchases is not None
    assert outcomes.purchases.num_rows == 0


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            ["('a', 'bond', 1)"],
            "row 1, customer 'a', bought_product: must be NULL for nothing bought, or one of structu",
        ),
        (
            ["('a', 'term', 1)", "('a', NULL, NULL)"],
            "row 2, customer 'a', bought_product: must not be NULL: another row",
        ),
        (["('a', 'term', 1)", "('a', 'term', 2)"], "row 2, customer 'a', bought_product: must stand in one row only"),
        (["('a', NULL, NULL)", "('a', NULL, NULL)"], "row 2, customer 'a', bought_product: must stand in one row only"),
        (
            ["('a', 'term', -1)"],
            "row 1, customer 'a', bought_amount_yuan: must be an amount of 0 yuan or more, got '-1'",
        ),
        (["('a', NULL, 7)"], "row 1, customer 'a', bought_amount_yuan: must be NULL where bought_product is NULL"),
        (["('', 'term', 1)"], "row 1, no customer_id, customer_id: must be text of 1 to"),
        (["('a', 1.5, 1)"], "bought_product: must be the text of a product kind, or NULL, got a column of"),
    ],
)
def test_a_faulty_purchase_is_named_by_row_customer_and_expectation(tmp_path, rows, expected):
    assert expected in faults(tmp_path, *rows)


def test_an_amount_without_a_product_is_refused(tmp_path):
    bank, files = small_bank(
        tmp_path,
        customers=CUSTOMERS,
        outcomes="SELECT 'a' AS customer_id, true AS bought_deposit, 5 AS bought_amount_yuan",
    )
    with pytest.raises(InvalidInput, match="bought_amount_yuan: belongs to bought_product, which is missing"):
        read_outcomes(open_bank(bank), files, read_customers(bank, files))


def test_rows_of_one_customer_say_the_same_of_the_families(tmp_path):
    sql = ROWS.format("('a', 'term', 1), ('a', 'fund', 1)")
    with pytest.raises(InvalidInput, match="row 2, customer 'a', held_deposit: must be the same in every row"):
        outcomes_of(tmp_path, f"SELECT *, bought_product = 'term' AS held_deposit FROM ({sql})")


def test_all_faults_of_purchases_come_with_those_of_the_other_tables(tmp_path):
    bank, files = small_bank(
        tmp_path, customers=CUSTOMERS, outcomes="SELECT 'a' AS customer_id, 'fund' AS bought_product"
    )
    told = [str(fault) for _, fault in check_files(bank, files).faults]
    assert any("is of the family wealth, which families of bank.yaml does not list" in one for one in told)
