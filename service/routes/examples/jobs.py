"""Jobs, and what is answered later."""

from typing import Any

POLICY_QUEUED: dict[str, Any] = {
    "id": "0b6e1d1c-3a53-4c0a-9b0b-5f2f4f6c8e21",
    "kind": "approval",
    "state": "queued",
    "created_at": "2026-11-23T01:30:00Z",
    "started_at": None,
    "finished_at": None,
    "answer": None,
}
POLICY_ENDED: dict[str, Any] = POLICY_QUEUED | {
    "state": "refused",
    "started_at": "2026-11-23T01:30:01Z",
    "finished_at": "2026-11-23T01:30:02Z",
    "answer": {
        "status": 409,
        "location": None,
        "body": {
            "type": "urn:fourcast:problem:own-approval",
            "title": "Two pairs of eyes",
            "status": 409,
            "detail": '"anna" proposed this policy: somebody else must approve it.',
            "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        },
    },
}
