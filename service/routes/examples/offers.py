"""Offers of one customer and of several."""

from typing import Any

from service.routes.examples.customers import NOBODY

ASKED: dict[str, Any] = {
    "channel": "mobile_app",
    "placement": "home_banner",
    "limit": 3,
    "trigger": "maturity",
    "amount_yuan": 50000,
}
OFFERS: dict[str, Any] = {
    "customer_id": "c-000001",
    "decision_id": "0199d3c8-6f1e-7c3a-9a55-0d6f2b7e4c10",
    "language": "en",
    "decided_at": "2026-11-23T09:30:00+08:00",
    "valid_until": "2026-11-23T09:45:00+08:00",
    "personalised": True,
    "offers": [
        {
            "rank": 1,
            "offer": "term-12m",
            "decision_id": "0199d3c8-6f1e-7c3a-9a55-0d6f2b7e4c10",
            "valid_until": "2026-11-23T09:45:00+08:00",
            "token": "1.AZnTyG8efDqaVQ1vK35MEA.1795570200.6Tz3n0yRkQq4Zb8u2mWcVg",
            "channel": "mobile_app",
            "alternatives": ["branch"],
            "reasons": [{"code": "idle-demand-balance", "text": "Much of your balance earns the demand rate."}],
            "text": {
                "name": "Twelve-month deposit",
                "family": "deposit",
                "title": "Let your balance earn more",
                "body": "A twelve-month deposit from 10,000 yuan.",
                "disclosures": ["Early withdrawal earns the demand rate."],
                "link": "bank://offers/term-12m",
            },
        }
    ],
    "withheld": [
        {
            "code": "risk-assessment-missing",
            "text": "A risk assessment is needed first.",
            "unlock": "Complete the risk assessment.",
            "offers": 8,
        }
    ],
    "degraded": [],
}
BULK_IN: dict[str, Any] = {"customers": ["c-000001", "c-2"], "channel": "mobile_app", "limit": 3}
BULK: dict[str, Any] = {
    "customers": [
        {"customer_id": "c-000001", "status": 200, "answer": OFFERS},
        {"customer_id": "c-2", "status": 404, "problem": NOBODY},
    ]
}
