"""Leads: one, its steps, a build and a report."""

from typing import Any

LEAD: dict[str, Any] = {
    "id": "6c1d2e7a-0a3b-4b1e-8f55-0d6f2b7e4c10",
    "customer_id": "c-000001",
    "branch": "b-1",
    "adviser": "a-17",
    "offer": "term-12m",
    "decided_offer": "term-12m",
    "decision_id": "0199d3c8-6f1e-7c3a-9a55-0d6f2b7e4c10",
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
    "due_on": "2026-11-30",
    "expires_at": "2026-12-07T08:00:00+08:00",
    "call_back_at": None,
    "note": None,
    "outcome": None,
    "corrected_at": None,
    "maturity": {"on": "2026-12-05", "amount_yuan": 80000.0},
    "last_contact": {
        "at": "2026-10-20T10:05:00+08:00",
        "channel": "adviser_call",
        "offer": "term-6m",
        "outcome": "rejected",
    },
    "customer_reason": "rate-too-low",
    "call": {"from": "2026-11-23T09:00:00+08:00", "until": "2026-11-23T20:00:00+08:00"},
    "best_time": {"from": "18:00", "until": "19:00"},
    "talking_points": [
        "80,000 yuan of theirs mature on 2026-12-05",
        "Much of your balance earns the demand rate.",
        "Their reason last time: rate-too-low",
        "Twelve-month deposit: 1.25% a year, from 50 yuan.",
        "Early withdrawal earns the demand rate.",
    ],
    "why": [{"code": "idle-demand-balance", "text": "Much of your balance earns the demand rate."}],
    "why_not": [{"offer": "mixed-r3", "name": "Mixed R3", "text": "Withheld: a risk assessment is needed first."}],
    "unlocks": ["Complete the risk assessment: opens 8 offers."],
}
REACTION_IN: dict[str, Any] = {"on_behalf_of": "a-17", "outcome": "rejected", "reason": "rate-too-low"}
OVERRIDE_IN: dict[str, Any] = {"on_behalf_of": "a-17", "offer": "term-6m", "reason": "Customer asked for six months"}
PLAN_IN: dict[str, Any] = {"on_behalf_of": "a-17", "note": "Wants to ask her husband first"}
REASSIGN_IN: dict[str, Any] = {"on_behalf_of": "m-1", "to": "a-18", "reason": "On leave next week"}
CORRECTION_IN: dict[str, Any] = {"on_behalf_of": "a-17", "amount_yuan": 80000, "reason": "Typed one zero too many"}
