"""Decisions and events of one customer of the small bank, and the experience that they become."""

from typing import Any

from service.core.domain import Event, Release
from service.decision import decide, encode
from tests.decision.bank import ALL_CONSENTS, DAY, NOON, RICH, context, customer, small_policy
from training.experience.observations import Experience, collect_experience

POLICY = small_policy()
RELEASE = Release(1, "p-small", None)
NEVER = NOON + 400 * DAY


def made(decision_id: str = "d-1", at: int = NOON, facts: dict[str, Any] | None = None, policy=POLICY, **more) -> bytes:
    """A real decision of the small bank at an instant, in the app: term, then equity, then cash."""
    snapshot = customer(facts or RICH, ALL_CONSENTS | more.pop("consents", {}), **more)
    asked = context(now=at, channel="mobile_app")
    return encode(decide(policy, snapshot, asked, {}, RELEASE, decision_id), snapshot, asked, {}, RELEASE)


def said(kind: str, at: int, offer: str | None = "term", decision: str | None = "d-1", **more: Any) -> Event:
    return Event(f"e-{kind}-{at}-{offer}", "c-1", kind, at, offer, "mobile_app", decision, **more)


def experience(
    records: list[bytes], events: list[Event], until: int = NEVER, days: float | None = 7, policy=POLICY
) -> Experience:
    return collect_experience([("c-1", records, tuple(events))], policy, until, days)
