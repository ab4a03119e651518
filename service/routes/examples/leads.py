"""Advisers and leads."""

from typing import Any

from service.routes.examples.offers import OFFERS

ADVISER_IN: dict[str, Any] = {"branch": "b-1", "minutes_per_week": 600, "minutes_per_contact": 25}
ADVISER: dict[str, Any] = {"id": "a-17", **ADVISER_IN, "active": True, "leads_at_work": 4}
LEAD: dict[str, Any] = {
    "id": "6c1d2e7a-0a3b-4b1e-8f55-0d6f2b7e4c10",
    "customer_id": "c-000001",
    "branch": "b-1",
    "adviser": "a-17",
    "offer": "term-12m",
    "decided_offer": "term-12m",
    "decision_id": OFFERS["decision_id"],
    "priority_yuan": 412.5,
    "strategies": ["tiered-rates"],
    "status": "open",
    "closed_by": None,
    "reason": None,
    "contacts": 0,
    "built_at": "2026-11-23T08:00:00+08:00",
    "claimed_at": None,
    "contacted_at": None,
    "sold_at": None,
    "sold_yuan": None,
    "talking_points": ["Twelve-month deposit", "Early withdrawal earns the demand rate."],
    "why": [{"code": "idle-demand-balance", "text": "Much of your balance earns the demand rate."}],
    "why_not": [{"offer": "mixed-r3", "name": "Mixed R3", "text": "Withheld: a risk assessment is needed first."}],
    "unlocks": ["Complete the risk assessment: opens 8 offers."],
}
REACTION_IN: dict[str, Any] = {"on_behalf_of": "a-17", "outcome": "rejected", "reason": "rate-too-low"}
OVERRIDE_IN: dict[str, Any] = {"on_behalf_of": "a-17", "offer": "term-6m", "reason": "Customer asked for six months"}
