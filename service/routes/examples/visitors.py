"""Offers to visitors, and their events."""

from typing import Any

from service.routes.examples.offers import OFFERS

DEVICE = "d7f3a1c0-5b0d-4c0e"
ASKED: dict[str, Any] = {"channel": "mobile_app", "placement": "home_banner", "limit": 3, "device_id": DEVICE}
VISITOR: dict[str, Any] = {
    **OFFERS,
    "customer_id": None,
    "personalised": False,
    "offers": [{**offer, "token": None, "reasons": []} for offer in OFFERS["offers"]],
}
EVENT: dict[str, Any] = {
    "id": "app-9-1",
    "kind": "dismiss",
    "at": "2026-11-23T09:30:00+08:00",
    "offer": "term-12m",
    "channel": "mobile_app",
}
EVENTS: dict[str, Any] = {"device_id": DEVICE, "events": [EVENT, {**EVENT, "id": "app-9-2", "kind": "impression"}]}
ANSWER: dict[str, Any] = {"events": [{"id": "app-9-1", "status": "stored"}, {"id": "app-9-2", "status": "stored"}]}
