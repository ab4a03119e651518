"""The mapping of the annuity files: attributes of the bank's own, a validation file without outcomes, the true rate."""

from pathlib import Path

import pytest

from service.core.errors import InvalidInput
from tests.shared import shared
from training.data.bank import open_bank
from training.data.bank_tables import default_table, read_customers, read_outcomes, table_of

BANK = Path(__file__).resolve().parents[2] / "examples" / "annuity"


def test_a_banks_own_attributes_stand_beside_the_shipped_ones():
    table = table_of(BANK)
    assert table.kind_of("credit_score") is not None
    assert default_table().kind_of("credit_score") is None
    assert {one.name for one in default_table().features} == {one.name for one in table.features}


def test_the_validation_file_is_scored_and_never_learned_from():
    files = shared("bank-annuity")
    customers = read_customers(BANK, files)
    outcomes = read_outcomes(open_bank(BANK), files, customers)
    learned = [customers.ids[row] for row in outcomes.rows]
    assert (len(customers), len(learned)) == (10_619, 8_495)
    assert all(one.startswith("t") for one in learned)
    assert outcomes.bought["wealth"].mean() == pytest.approx(0.343, abs=0.001)


def test_the_first_customer_by_hand():
    first = dict(read_customers(BANK, shared("bank-annuity")))["t1"]
    assert (first["demand_yuan"], first["branch_id"], first["region"]) == (1986.81, "branch B2", "R")
    assert (first["credit_score"], first["teller_visits"]) == (674, 0)


@pytest.mark.parametrize("rate", ["1.5", "0", "two"])
def test_a_true_rate_must_be_a_share(rate, tmp_path):
    text = (BANK / "bank.yaml").read_text().replace("wealth: 0.02", f"wealth: {rate}")
    (tmp_path / "bank.yaml").write_text(text)
    (tmp_path / "customers.sql").write_text("SELECT 1")
    with pytest.raises(InvalidInput, match="true_rate"):
        open_bank(tmp_path)
