"""An example of each operation, shown in the OpenAPI document; a test holds each against its schema.

The short ones stand here; ``examples.json`` holds the larger ones by operation and status (``body``: what is sent),
captured from a running service by ``python -m tests.contract.capture``.
"""

from importlib.resources import files
from typing import Any

import orjson

EVENT: dict[str, Any] = {
    "id": "app-7f3a-1",
    "customer_id": "c-000001",
    "kind": "dismiss",
    "at": "2026-11-23T09:30:00+08:00",
    "offer": "term-12m",
    "channel": "mobile_app",
}
EVENTS: dict[str, Any] = {"events": [EVENT, {**EVENT, "id": "app-7f3a-2", "kind": "impression", "offer": "term-6m"}]}
ACCEPT: dict[str, Any] = {
    **EVENT,
    "id": "app-7f3a-3",
    "kind": "accept",
    "token": "1.AZnTyG8efDqaVQ1vK35MEA.1795570200.6Tz3n0yRkQq4Zb8u2mWcVg",
}
ASKED: dict[str, Any] = {
    "channel": "mobile_app",
    "placement": "home_banner",
    "limit": 3,
    "trigger": "maturity",
    "amount_yuan": 50000,
}
RELEASE: dict[str, Any] = {"id": 12, "policy": "4933" * 16, "bundle": "b-0123456789ab", "prices": {}}
FIGURES: dict[str, Any] = {"auc": 0.898, "calibration_error": 0.007}
MODELS: dict[str, Any] = {
    "models": [
        {"version": "b-0123456789ab", "serves_as": "champion", "metrics": {"deposit": FIGURES}, "problem": None},
        {"version": "b-ba9876543210", "serves_as": None, "metrics": {"deposit": FIGURES}, "problem": None},
    ]
}
COMPARED: dict[str, Any] = {
    "one": "b-0123456789ab",
    "other": "b-ba9876543210",
    "same_files": True,
    "families": {"deposit": {"auc": {"one": 0.898, "other": 0.901}}},
}
MANIFEST: dict[str, Any] = {
    "version": "b-0123456789ab",
    "serves_as": "champion",
    "seed": 7,
    "horizon_days": 92,
    "families": {"deposit": {"features": ["age", "total_log"], "metrics": FIGURES, "base_rate": 0.11}},
}
DRIFT: dict[str, Any] = {
    "bundle": "b-0123456789ab",
    "since": "2026-10-24T09:30:00+08:00",
    "until": "2026-11-23T09:30:00+08:00",
    "customers": 1874,
    "drifted": ["demand_yuan"],
    "shifts": [
        {
            "name": "demand_yuan",
            "kind": "feature",
            "customers": 1874,
            "psi": 0.31,
            "psi_noise": 0.012,
            "ks": 0.24,
            "ks_noise": 0.038,
            "unknown_before": 0.0,
            "unknown_now": 0.0,
            "verdict": "drifted",
        }
    ],
    "calibration": [
        {
            "family": "deposit",
            "customers": 1502,
            "taken": 171,
            "expected": 165.2,
            "ratio": 1.035,
            "ratio_low": 0.849,
            "ratio_high": 1.221,
            "verdict": "steady",
        }
    ],
}
TRIAL_ASKED: dict[str, Any] = {"bundle": "b-ba9876543210", "share": 0.1, "note": "More trees"}
TRIAL: dict[str, Any] = {"challenger": {"policy": "4933" * 16, "bundle": "b-ba9876543210", "share": 0.1}}
CONTACT: dict[str, Any] = {"id": "sms-7f3a-1", "customer_id": "c-000001", "offer": "term-12m", "channel": "sms"}
CONTACT_ANSWER: dict[str, Any] = {**CONTACT, "decision_id": None, "at": "2026-11-23T09:30:00+08:00"}
PREFERENCES_SAID: dict[str, Any] = {
    "personalisation": False,
    "consents": {"marketing:sms": True},
    "version": "privacy-2026-09",
}
PREFERENCES: dict[str, Any] = {
    "customer_id": "c-000001",
    "personalisation": False,
    "do_not_contact": False,
    "consents": {"personalisation": False, "contact": True, "marketing:sms": True},
    "said": {
        "marketing:sms": {
            "granted": True,
            "at": "2026-11-23T09:30:00+08:00",
            "source": "mobile-bank",
            "version": "privacy-2026-09",
        }
    },
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


def exampled(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the captured examples, wherever an operation shows none of its own."""
    captured = orjson.loads((files("service.routes") / "examples.json").read_bytes())
    for row in document["paths"].values():
        for operation in row.values():
            if "operationId" in operation:
                _show(operation, captured.get(operation["operationId"], {}))
    return document


def _show(operation: dict[str, Any], shown: dict[str, Any]) -> None:
    sides = {"body": operation.get("requestBody", {}), **operation["responses"]}
    for side, example in shown.items():
        for content in sides.get(side, {}).get("content", {}).values():
            if "examples" not in content:
                content.setdefault("example", example)
