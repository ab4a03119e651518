"""Jobs."""

from typing import Any

JOB_IN: dict[str, Any] = {"customers": ["c-000001", "c-000002"], "channel": "branch", "limit": 3}
JOB: dict[str, Any] = {
    "id": "4f2c8a52-6f0e-4f7e-9d0c-2c8f7f0f3b11",
    "kind": "offers",
    "state": "done",
    "total": 2,
    "done": 2,
    "failed": 0,
    "error": None,
    "valid_until": None,
    "created_at": "2026-11-23T09:30:00+08:00",
    "started_at": "2026-11-23T09:30:01+08:00",
    "finished_at": "2026-11-23T09:30:02+08:00",
    "results": "/v1/jobs/4f2c8a52-6f0e-4f7e-9d0c-2c8f7f0f3b11/results",
}
