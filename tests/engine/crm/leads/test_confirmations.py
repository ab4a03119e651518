"""From 65, a product of R4 or R5 is sold by an adviser only after the customer confirmed a second time."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from service.store.leads import Actor
from tests.engine.crm.conftest import Crm, House
from tests.engine.crm.leads.conftest import customers, step

LATELY = (datetime.now(UTC) - timedelta(days=40)).date().isoformat()
BOLD = {
    "risk_tolerance": 5,
    "risk_assessed_on": LATELY,
    "wealth_product_yuan": 50_000.0,
    "structured_deposit_yuan": 0.0,
    "large_cd_yuan": 0.0,
    "fund_yuan": 0.0,
    "plan_yuan": 0.0,
}


def risky_lead(house: House, branch: Crm, age: int) -> dict[str, Any]:
    """A claimed lead of an R4 fund for a customer of this age."""
    names = customers(house, 3, age=age, **BOLD)
    house.engine.crm.leads.build(Actor("test", "b-1", language="en"))
    found = [one for one in branch.ask("GET", "/v1/leads?status=open").json()["leads"] if one["customer_id"] in names]
    assert step(branch, found[0], "claim").status_code == 200
    answer = step(branch, found[0], "override", offer="index-fund-r4", reason="asked")
    assert answer.status_code == 200, answer.text
    lead: dict[str, Any] = answer.json()
    return lead


@pytest.mark.parametrize(("age", "needed"), [(64, []), (65, ["second-confirmation"])])
def test_the_lead_says_what_must_be_confirmed(house: House, branch: Crm, age: int, needed: list[str]) -> None:
    lead = risky_lead(house, branch, age)
    assert [one["code"] for one in lead["confirmations"]] == needed
    assert all(one["text"].startswith("From 65") for one in lead["confirmations"])


def test_a_sale_without_the_second_confirmation_is_refused_and_the_lead_is_as_it_was(house: House, branch: Crm) -> None:
    lead = risky_lead(house, branch, 70)
    refused = step(branch, lead, "reaction", outcome="sold", amount_yuan=20_000)
    assert refused.status_code == 409
    assert (
        refused.json()["detail"]
        == 'A sale of "index-fund-r4" to this customer needs "second-confirmation" among confirmations.'
    )
    assert branch.ask("GET", f"/v1/leads/{lead['id']}").json()["status"] == "claimed"
    sold = step(branch, lead, "reaction", outcome="sold", amount_yuan=20_000, confirmations=["second-confirmation"])
    assert (sold.status_code, sold.json()["status"]) == (200, "sold")
    told = next(row for row in house.store.audit.list_rows(5) if row["action"] == "lead.react")
    assert told["detail"]["confirmations"] == ["second-confirmation"]


def test_a_confirmation_is_one_that_the_law_knows_and_goes_with_a_sale(house: House, branch: Crm) -> None:
    lead = risky_lead(house, branch, 64)
    strange = step(branch, lead, "reaction", outcome="sold", amount_yuan=20_000, confirmations=["nodded"])
    misplaced = step(branch, lead, "reaction", outcome="accepted", confirmations=["second-confirmation"])
    assert (strange.status_code, misplaced.status_code) == (422, 422)
    assert step(branch, lead, "reaction", outcome="sold", amount_yuan=20_000).json()["status"] == "sold"
