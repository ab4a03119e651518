"""The state of a customer's risk assessment, as far as their reader may hear of it: valid or not, and when it ends."""

from dataclasses import dataclass
from datetime import date, timedelta

from service.core.domain import Snapshot
from service.core.grid import day_at, year_after

SOON = timedelta(days=30)
"""How long before its end an assessment may be spoken of again."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """``valid`` today; ``ends`` is its last day, None unless that is within ``SOON``."""

    valid: bool
    ends: date | None = None


def assessment_of(snapshot: Snapshot, now: int, timezone: str) -> Assessment:
    """The assessment at ``now`` (ms UTC); one whose result or day is unknown is not valid."""
    level, said = snapshot.attributes.get("risk_tolerance"), snapshot.attributes.get("risk_assessed_on")
    taken, today = _day(said), day_at(now, timezone)
    if level is None or taken is None or not taken <= today <= year_after(taken):
        return Assessment(False)
    return Assessment(True, year_after(taken) if year_after(taken) - today <= SOON else None)


def _day(said: object) -> date | None:
    try:
        return date.fromisoformat(said[:10]) if isinstance(said, str) else None
    except ValueError:
        return None
