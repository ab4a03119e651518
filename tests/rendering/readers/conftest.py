"""Customers of the demo bank, and a decision of each, in every state that a reader may not be told of."""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest

from service.core.domain import Context, Release, Snapshot
from service.decision import decide
from service.rendering import Subject
from service.rules.policy import DEFAULT, Policy, load
from training.synthetic import make

NOON = 1_773_115_200_000
"""2026-03-10 12:00 in Shanghai."""
STATES: tuple[dict[str, Any], ...] = (
    {},
    {"risk_tolerance": 2, "risk_assessed_on": "2025-06-01"},
    {"risk_tolerance": 5, "risk_assessed_on": "2025-06-01", "age": 71},
    {"risk_tolerance": 4, "risk_assessed_on": "2025-03-09", "demand_yuan": 400_000.0},
    {"risk_tolerance": 3, "risk_assessed_on": "2025-03-20", "qualified_investor": False, "demand_yuan": 900_000.0},
    {"risk_tolerance": 3, "risk_assessed_on": "2026-02-01", "qualified_investor": True, "demand_yuan": 900_000.0},
    {"risk_tolerance": None, "risk_assessed_on": None},
    {"complaint_open": True, "employees_thousand": 120.0, "region": "east"},
    {"risk_tolerance": 1, "risk_assessed_on": "2026-03-10", "adviser_id": "a-1", "branch_id": "b-1"},
)
"""What is changed of a customer: assessments valid, ending and over, from 65, qualified, with a complaint."""
CONSENTS: tuple[dict[str, bool], ...] = (
    {"marketing:adviser_call": True, "marketing:sms": True},
    {},
    {"personalisation": False},
    {"marketing:sms": False, "contact": False},
)
ASKED: tuple[dict[str, Any], ...] = ({"channel": "adviser_call"}, {"channel": "mobile_app"}, {}, {"channel": "branch"})


@pytest.fixture(scope="session")
def policy() -> Policy:
    return load(DEFAULT)


@pytest.fixture(scope="session")
def explain(policy: Policy) -> Callable[..., Subject]:
    """``(attributes, consents, asked) -> subject``: the decision at noon, with all it was made from."""

    def subject_of(attributes: dict[str, Any], consents: dict[str, bool] | None = None, **asked: Any) -> Subject:
        snapshot, release = Snapshot("c-1", 1, attributes, consents or {}), Release(1, policy.hash, None)
        context = Context(NOON, **asked)
        return Subject(policy, decide(policy, snapshot, context, {}, release, "d-1"), snapshot, context, {}, release)

    return subject_of


@pytest.fixture(scope="session")
def decisions(explain: Callable[..., Subject]) -> list[Subject]:
    """Decisions of 36 customers of the demo bank, each state with each consent, asked for by several channels."""
    people = make(500, 7, date(2026, 3, 10)).customers.slice(0, 36).to_pylist()
    return list(_decide(explain, people))


def _decide(explain: Callable[..., Subject], people: list[dict[str, Any]]) -> Iterator[Subject]:
    for number, person in enumerate(people):
        known = {name: _plain(value) for name, value in person.items() if name != "customer_id"}
        state, consents = STATES[number % len(STATES)], CONSENTS[number // len(STATES) % len(CONSENTS)]
        yield explain(known | state, consents, **ASKED[(number + number // len(STATES)) % len(ASKED)])


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
