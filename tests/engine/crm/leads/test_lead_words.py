"""What the leads of the demo bank say: none coaches a retest, names a level to reach, or a product that is closed."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from service.core.grid import day_at
from service.rules.policy import DEFAULT, load
from service.store.leads import Actor
from tests.clock import Clock
from tests.engine.crm.conftest import House
from tests.seed import attest
from tests.servers import execute
from training.synthetic import make

POLICY = load(DEFAULT)
COACHING = re.compile("测评|解锁|首推|assess|retake|unlock|must be|at least|不低于|当前\\d|[CR][1-5]", re.IGNORECASE)
WORDS = ("talking_points", "why", "why_not", "unlocks")
NEWLY = {"risk_tolerance": 2, "qualified_investor": False}
STATES: tuple[dict[str, Any], ...] = (
    NEWLY,
    {"risk_tolerance": 1},
    {"risk_tolerance": 3, "age": 70},
    {"risk_tolerance": 5, "age": 66},
    {"risk_tolerance": None},
    {"risk_tolerance": 4, "demand_yuan": 900_000.0},
)


@pytest.fixture
def people(house: House, clock: Clock) -> dict[str, dict[str, Any]]:
    """Customers of the demo bank who may be called, with assessments of every result, valid and over."""
    today = day_at(clock(), POLICY.contact.timezone)
    made = {row.pop("customer_id"): row for row in make(500, 7, today).customers.slice(0, 90).to_pylist()}
    assessed = today - timedelta(days=200), today - timedelta(days=500)
    for number, row in enumerate(made.values()):
        open_to_all = {"do_not_contact": False, "complaint_open": False, "demand_yuan": 60_000.0 + number}
        row.update(open_to_all, adviser_id="d-1", branch_id="b-demo", risk_assessed_on=assessed[number % 7 == 0])
        row.update(STATES[number % len(STATES)])
    rows = {name: {each: _plain(value) for each, value in row.items()} for name, row in made.items()}
    house.store.customers.load(rows.items())
    for row in rows.values():
        row["valid"] = row["risk_assessed_on"] == assessed[0].isoformat()
    house.store.consents.load((name, "marketing:adviser_call", True) for name in rows)
    return rows


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


@pytest.fixture
def leads(house: House, people: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every lead, in both languages."""
    url = house.store.url
    execute(url, "DELETE FROM leads")
    execute(url, "DELETE FROM advisers")
    bank = house.client("demo-bank")
    body = {"branch": "b-demo", "minutes_per_week": 3_000, "minutes_per_contact": 30}
    assert bank.ask("PUT", "/v1/advisers/d-1", body).status_code == 200
    attest(house.engine, "d-1")
    house.engine.crm.leads.build(Actor("test", "b-demo"))
    return list(_read(house))


def _read(house: House) -> Iterator[tuple[str, dict[str, Any]]]:
    for language in ("zh", "en"):
        answer = house.client("demo-reader").ask("GET", "/v1/leads?limit=50", **{"Accept-Language": language})
        yield from ((language, lead) for lead in answer.json()["leads"])


def said(lead: dict[str, Any]) -> str:
    """The lead's words, without the disclosures of the offer it proposes, which the policy owes."""
    return "\n".join(str(lead[part]) for part in ("why", "why_not", "unlocks"))


def test_no_lead_of_the_demo_bank_coaches_or_names_what_is_closed(
    leads: list[tuple[str, dict[str, Any]]], people: dict[str, dict[str, Any]]
) -> None:
    assert len(leads) >= 40
    assert len({lead["offer"] for _, lead in leads}) > 3
    for language, lead in leads:
        assert COACHING.search(said(lead)) is None, said(lead)
        whole = "\n".join(str(lead[part]) for part in WORDS)
        assert [one for one in closed_to(people[lead["customer_id"]]) if one[language].lower() in whole.lower()] == []


def closed_to(facts: dict[str, Any]) -> Iterator[Any]:
    """The names of the products above the customer's tolerance, or private to others."""
    tolerance = (facts["risk_tolerance"] or 0) if facts["valid"] else 0
    for offer in POLICY.offers:
        risk = offer.terms.get("risk")
        if (risk is not None and float(str(risk)) > tolerance) or offer.terms.get("qualified_only"):
            yield offer.name
