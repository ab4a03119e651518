"""Changes and how they are sent."""

from typing import Any

from service.routes.examples.leads import LEAD

CHANGE: dict[str, Any] = {
    "id": "Ny45",
    "type": "customer.updated",
    "at": "2026-11-23T09:30:00+08:00",
    "subject": "c-000001",
    "data": {
        "customer_id": "c-000001",
        "external_key": "CIF-0042",
        "revision": 3,
        "new": False,
        "attributes": ["demand_yuan"],
    },
}
WEBHOOK_IN: dict[str, Any] = {"url": "https://crm.example/hooks", "types": ["lead.*", "customer.erased"]}
WEBHOOK: dict[str, Any] = {
    "id": "0d9c2d57-3a0e-4a43-9d0e-7f1b3d1f1c55",
    **WEBHOOK_IN,
    "enabled": True,
    "failing_since": None,
    "created_at": "2026-11-23T09:30:00+08:00",
}
DELIVERY: dict[str, Any] = {
    "id": "5b1f4f2a-9c0e-4b57-8f0d-3d2a9b7c6e11",
    "message_id": "msg_5b1f4f2a-9c0e-4b57-8f0d-3d2a9b7c6e11",
    "type": "lead.open",
    "state": "delivered",
    "attempts": 1,
    "status": 204,
    "error": None,
    "created_at": "2026-11-23T09:30:00+08:00",
    "delivered_at": "2026-11-23T09:30:01+08:00",
    "body": {"type": "lead.open", "timestamp": "2026-11-23T01:30:00.000+00:00", "data": {"lead_id": LEAD["id"]}},
}
