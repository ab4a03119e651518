"""Advisers."""

from typing import Any

ADVISER_IN: dict[str, Any] = {"branch": "b-1", "minutes_per_week": 600, "minutes_per_contact": 25, "max_risk": 3}
ADVISER: dict[str, Any] = {
    "id": "a-17",
    **ADVISER_IN,
    "active": True,
    "away_from": "2026-12-21",
    "away_until": "2027-01-03",
    "substitute": "a-18",
    "manager": False,
    "leads_at_work": 4,
}
