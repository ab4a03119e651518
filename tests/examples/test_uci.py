"""The mapping of the UCI bank-marketing file: no duration, no "unknown", and the stated rate of takers."""

from pathlib import Path

import pytest

from tests.shared import shared
from training.data.bank import open_bank
from training.data.bank_tables import read_customers, read_outcomes

BANK = Path(__file__).resolve().parents[2] / "examples" / "uci"


def test_the_duration_of_a_call_is_never_read():
    lines = (BANK / "customers.sql").read_text().splitlines()
    assert not any("duration" in line for line in lines if not line.startswith("--"))


def test_the_first_customer_by_hand():
    first = dict(read_customers(BANK, shared("uci-bank-additional")))["1"]
    assert (first["age"], first["occupation"], first["education"]) == (56, "housemaid", "basic.4y")
    assert (first["contact_type"], first["contact_month"], first["contact_weekday"]) == ("telephone", "may", "mon")
    assert (first["credit_default"], first["housing_loan"], first["campaign_contacts"]) == (False, False, 1)
    assert "last_campaign_days" not in first


def test_the_file_gives_the_stated_rate():
    files = shared("uci-bank-additional")
    customers = read_customers(BANK, files)
    outcomes = read_outcomes(open_bank(BANK), files, customers)
    assert len(outcomes.rows) == 41_188
    assert outcomes.bought["deposit"].mean() == pytest.approx(0.11265, abs=1e-4)
