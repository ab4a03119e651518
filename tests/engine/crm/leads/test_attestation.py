"""Advisers confirm the rules of conduct once a year; without that no risk-rated lead is handed to them."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from service.core.domain import Event, EventKind
from service.core.grid import DAY_MS
from service.engine.crm.leads.attestation import advisers_lacking
from service.rendering.readers.conduct import VERSION
from service.routes.crm.attestations import AttestationsAnswer
from service.store.leads import Actor
from tests.clock import Clock, noon_of_next_wednesday
from tests.engine.crm.conftest import Crm, House
from tests.engine.crm.leads.conftest import customers, step
from tests.servers import execute

PATH = "/v1/advisers/a-1/attestations"
INVESTOR = {"wealth_product_yuan": 300_000.0, "fund_yuan": 90_000.0, "risk_tolerance": 3, "demand_yuan": 600_000.0}


@pytest.fixture
def unattested(house: House, branch: Crm) -> Crm:
    """The branch before anybody has confirmed anything."""
    execute(house.store.url, "DELETE FROM attestations")
    return branch


@pytest.fixture
def investors(house: House, clock: Clock) -> list[str]:
    """Customers who may be called about risk-rated products alone: they took a deposit two days ago."""
    assessed = datetime.fromtimestamp(clock() / 1000, UTC).date().isoformat()
    names = customers(house, 4, risk_assessed_on=assessed, **INVESTOR)
    bought = clock() - 2 * DAY_MS
    taken = [Event(f"{name}-took", name, EventKind.PURCHASE, bought, "term-12m", "branch") for name in names]
    house.engine.record_events(taken)
    return names


def build(house: House) -> dict[str, int]:
    built = house.engine.crm.leads.build(Actor("test", "b-1", language="en"))
    return {one.reason: one.customers for one in built.fell_out} | {"leads": built.leads}


def offers(crm: Crm) -> list[str]:
    return [one["offer"] for one in crm.ask("GET", "/v1/leads?limit=50&status=open").json()["leads"]]


def risky(house: House, named: list[str]) -> list[str]:
    terms = {one.id: one.terms for one in house.engine._releases.serving.policy.offers}
    return [one for one in named if terms[one].get("risk") is not None]


def test_without_attestation_no_risk_rated_lead_is_built_and_deposit_leads_go_on(
    house: House, unattested: Crm, investors: list[str]
) -> None:
    savers = customers(house, 3, wealth_product_yuan=0.0, risk_tolerance=None)
    fell = build(house)
    assert fell["not-attested"] >= 1
    assert risky(house, offers(unattested)) == []
    leads = unattested.ask("GET", "/v1/leads?limit=50").json()["leads"]
    assert {one["customer_id"] for one in leads} & set(savers), "deposits go on"
    for name in ("a-1", "a-2"):
        body = {"version": VERSION, "on_behalf_of": name}
        assert unattested.ask("POST", f"/v1/advisers/{name}/attestations", body).status_code == 201
    execute(house.store.url, "DELETE FROM leads")
    assert "not-attested" not in build(house)
    assert risky(house, offers(unattested)) != []


def test_a_risk_rated_lead_is_neither_claimed_nor_handed_over_without_it(
    house: House, branch: Crm, investors: list[str]
) -> None:
    build(house)
    leads = branch.ask("GET", "/v1/leads?limit=50&status=open").json()["leads"]
    lead = next(one for one in leads if risky(house, [one["offer"]]))
    execute(house.store.url, "DELETE FROM attestations WHERE adviser = 'a-2'")
    refused = step(branch, lead, "claim", "a-2")
    assert refused.status_code == 409
    assert refused.json()["detail"] == 'Adviser "a-2" has not confirmed the rules of conduct within 12 months.'
    override = step(branch, lead, "override", "a-2", offer=lead["offer"], reason="asked for it")
    assert override.status_code == 409
    assert step(branch, lead, "claim", "a-1").status_code == 200


def test_the_standing_is_told_with_the_rules_and_the_text_confirmed_must_be_the_present_one(
    unattested: Crm, house: House
) -> None:
    before = unattested.ask("GET", PATH, **{"Accept-Language": "en"}).json()
    assert AttestationsAnswer(unknown="raise").validate(before) == {}
    assert (before["attested"], before["attested_on"], before["attestations"]) == (False, None, [])
    old = unattested.ask("POST", PATH, {"version": "0" * 12})
    assert old.status_code == 409 and VERSION in old.json()["detail"]
    done = unattested.ask("POST", PATH, {"version": before["conduct"]["version"], "on_behalf_of": "a-1"})
    assert done.status_code == 201 and done.json()["attested"] is True
    assert done.json()["attestations"][0]["recorded_by"] == "a-1"
    (shown,) = [one for one in unattested.ask("GET", "/v1/advisers").json()["advisers"] if one["id"] == "a-1"]
    assert (shown["attested"], shown["attested_on"]) == (True, done.json()["attested_on"])
    row = next(one for one in house.store.audit.list_rows(5) if one["action"] == "adviser.attest")
    assert (row["subject"], row["detail"]["version"]) == ("a-1", VERSION)


def test_another_branchs_adviser_and_none_are_not_there(unattested: Crm) -> None:
    for name in ("a-9", "nobody"):
        assert unattested.ask("GET", f"/v1/advisers/{name}/attestations").status_code == 404
        refused = unattested.ask("POST", f"/v1/advisers/{name}/attestations", {"version": VERSION})
        assert refused.status_code == 404


@pytest.fixture
def at_midnight(clock: Clock) -> Any:
    """``(day, seconds)``: the clock so many seconds after that day began in Shanghai; afterwards as before."""

    def stop(day: date, seconds: int) -> None:
        began = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("Asia/Shanghai"))
        clock.stop_at(int(began.timestamp() + seconds) * 1000)

    yield stop
    clock.reset()
    clock.start_at(noon_of_next_wednesday())


@pytest.mark.parametrize(
    ("given", "last"),
    [(date(2026, 3, 10), date(2027, 3, 10)), (date(2028, 2, 29), date(2029, 2, 28))],
)
def test_it_holds_to_the_last_second_of_the_same_day_a_year_later_in_the_banks_zone(
    house: House, unattested: Crm, at_midnight: Callable[[date, int], None], given: date, last: date
) -> None:
    at_midnight(given, 0)
    assert house.engine.crm.attestations.confirm("a-1", VERSION, None, Actor("test")).valid
    at_midnight(last, 86_399)
    assert house.engine.crm.attestations.standing("a-1").valid
    assert "a-1" not in advisers_lacking(house.store, last)[0]
    at_midnight(last, 86_400)
    assert not house.engine.crm.attestations.standing("a-1").valid


@pytest.mark.parametrize(("days", "status"), [(0, 201), (-364, 201), (-367, 422), (1, 422)])
def test_a_day_that_lies_ahead_or_holds_no_more_is_refused(
    unattested: Crm, house: House, days: int, status: int
) -> None:
    on = date.fromordinal(house.engine.crm.attestations.today().toordinal() + days).isoformat()
    answer = unattested.ask("POST", PATH, {"version": VERSION, "attested_on": on})
    assert answer.status_code == status, answer.text


def test_who_lacks_it_is_counted_among_the_active(house: House, unattested: Crm) -> None:
    today = house.engine.crm.attestations.today()
    assert advisers_lacking(house.store, today) == (["a-1", "a-2", "a-9"], 3)
    house.engine.crm.attestations.confirm("a-2", VERSION, None, Actor("test"))
    assert advisers_lacking(house.store, today) == (["a-1", "a-9"], 3)


def test_a_lead_in_hand_stands_still_once_the_attestation_is_over(
    house: House, branch: Crm, investors: list[str]
) -> None:
    build(house)
    leads = branch.ask("GET", "/v1/leads?limit=50&status=open").json()["leads"]
    lead = next(one for one in leads if risky(house, [one["offer"]]))
    assert step(branch, lead, "claim", "a-1").status_code == 200
    execute(house.store.url, "DELETE FROM attestations WHERE adviser = 'a-1'")
    lapsed = 'Adviser "a-1" has not confirmed the rules of conduct within 12 months.'
    assert step(branch, lead, "contact", "a-1").json()["detail"] == lapsed
    for outcome in ("accepted", "sold"):
        assert step(branch, lead, "reaction", "a-1", outcome=outcome, amount_yuan=20_000).json()["detail"] == lapsed
    branch.ask("POST", PATH, {"version": VERSION, "on_behalf_of": "a-1"})
    assert step(branch, lead, "contact", "a-1").status_code == 200
