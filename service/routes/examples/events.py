"""Events and contacts."""

from typing import Any

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
CONTACT: dict[str, Any] = {"id": "sms-7f3a-1", "customer_id": "c-000001", "offer": "term-12m", "channel": "sms"}
CONTACT_ANSWER: dict[str, Any] = {
    **CONTACT,
    "external_key": "CIF-0042",
    "decision_id": None,
    "at": "2026-11-23T09:30:00+08:00",
    "state": "reserved",
    "reserved_at": "2026-11-23T09:30:00+08:00",
}
STORED: dict[str, Any] = {
    "events": [
        {"id": EVENT["id"], "status": "stored"},
        {
            "id": "app-7f3a-2",
            "status": "refused",
            "problem": {
                "type": "urn:fourcast:problem:not-found",
                "title": "Not found",
                "detail": 'No customer "c-000009". Import customers first, or check the id.',
            },
        },
    ]
}
DUPLICATE: dict[str, Any] = {"events": [{"id": EVENT["id"], "status": "duplicate"}]}
