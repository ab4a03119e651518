"""Leads: one, its steps, a build and a report."""

from typing import Any

from service.routes.examples.offers import OFFERS

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
BUILD_IN: dict[str, Any] = {"branch": "b-1"}
BUILD: dict[str, Any] = {
    "id": "9e0b9c5e-5a0c-4d7c-8a43-8a4d6a9d2f10",
    "state": "done",
    "branch": "b-1",
    "total": 2084,
    "done": 2084,
    "error": None,
    "created_at": "2026-11-23T08:00:00+08:00",
    "finished_at": "2026-11-23T08:00:03+08:00",
    "built": {
        "customers": 2084,
        "candidates": 143,
        "places": 20,
        "leads": 20,
        "fell_out": [
            {
                "reason": "marketing-consent",
                "text": "The customer has not agreed to marketing in this channel",
                "customers": 1941,
            },
            {"reason": "hours-full", "text": "The advisers' hours are full", "customers": 123},
        ],
    },
}
REPORT: dict[str, Any] = {
    "branch": "b-1",
    "since": "2026-10-24T08:00:00+08:00",
    "until": "2026-11-23T08:00:00+08:00",
    "rows": [
        {
            "by": "adviser",
            "name": "a-17",
            "leads": 20,
            "claimed": 18,
            "contacted": 17,
            "accepted": 5,
            "sold": 4,
            "sold_yuan": 360000.0,
            "rejected": 6,
            "withdrawn": 1,
            "expired": 1,
            "corrected": 0,
            "overridden": 2,
        }
    ],
}
