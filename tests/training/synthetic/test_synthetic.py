from datetime import date

import numpy as np
import pytest

from service.engine.rights.preferences import purposes_of
from service.rules.policy import DEFAULT, load
from training.data.bank_tables import default_table, read_consents, read_customers
from training.data.simulated_consents import PURPOSES, assessments, simulated_consents, supplement_customers
from training.evaluation.metrics import calibration_error
from training.synthetic import BASE_RATES, make, write

TODAY = date(2026, 1, 31)


@pytest.fixture(scope="module")
def made():
    return make(20_000, seed=1, today=TODAY)


def test_the_same_seed_makes_the_same_bank_and_another_another(made):
    assert make(20_000, seed=1, today=TODAY).customers.equals(made.customers)
    assert not make(20_000, seed=2, today=TODAY).outcomes.equals(made.outcomes)


@pytest.mark.parametrize("family", list(BASE_RATES))
def test_outcomes_happen_as_often_as_the_truth_says(made, family):
    taken = np.asarray(made.outcomes[f"bought_{family}"].to_numpy(zero_copy_only=False), float)
    truth = made.truth[family].to_numpy()
    assert truth.mean() == pytest.approx(BASE_RATES[family], abs=1e-3)
    assert calibration_error(taken, truth) < 0.015


def test_every_attribute_is_one_of_the_table_and_in_its_range(made):
    table = default_table()
    names = set(made.customers.column_names) - {"customer_id"}
    columns = table.encode_frame(made.customers)
    for name in names:
        known = [value is not None and value == value for value in columns[f"customer.{name}"].ravel().tolist()]
        assert known == made.customers.column(name).is_valid().to_pylist(), name
    assert names <= {one.name for one in table.attributes}
    assert {"age", "sex", "region", "risk_tolerance", "adviser_id", "sms_reachable"} <= names


def test_money_has_a_heavy_tail(made):
    total = np.sort(made.customers["deposit_total_yuan"].to_numpy())
    assert total[-len(total) // 100 :].sum() > 0.2 * total.sum()


def test_the_truth_is_kept_where_no_sql_of_the_bank_reads(tmp_path):
    bank, files = write(tmp_path, 300, seed=1, today=TODAY)
    assert (tmp_path / "truth.parquet").is_file()
    assert not list(files.glob("truth*"))
    assert all("truth" not in path.read_text() for path in bank.glob("*.sql"))
    assert len(read_customers(bank, files)) == 300
    assert len(read_consents(bank, files)) == 300 * len(PURPOSES)


def test_a_supplement_leaves_what_the_bank_knows_alone(made, tmp_path):
    bank, files = write(tmp_path, 300, seed=1, today=TODAY)
    customers = read_customers(bank, files)
    assert supplement_customers(customers, seed=9, today=TODAY).table.equals(customers.table)


def test_some_simulated_assessments_are_missing_and_some_have_expired():
    drawn = assessments(5_000, seed=3, today=TODAY)
    known = drawn["risk_assessed_on"].drop_null().to_numpy(zero_copy_only=False)
    assert 0.6 < len(known) / 5_000 < 0.8
    assert 0.1 < (known < np.datetime64("2025-01-31")).mean() < 0.4
    assert known.max() <= np.datetime64(TODAY)


def test_simulated_consents_cover_every_customer_and_purpose(tmp_path):
    bank, files = write(tmp_path, 50, seed=1, today=TODAY)
    consents = simulated_consents(read_customers(bank, files), seed=4)
    assert len(consents) == len(set(consents)) == 50 * len(PURPOSES)


def test_consents_are_simulated_for_what_the_policy_asks_after_and_nobody_forbids_contact() -> None:
    assert set(PURPOSES) == set(purposes_of(load(DEFAULT))) - {"contact"}
