"""Leads and advisers as stored, and the values their methods take."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Any

from sqlalchemy import Row

from service.core.grid import DAY_MS
from service.store.schema import leads

OPEN, CLAIMED, CONTACTED, ACCEPTED = "open", "claimed", "contacted", "accepted"
SOLD, REJECTED, WITHDRAWN, EXPIRED, ERASED = "sold", "rejected", "withdrawn", "expired", "erased"
WAITING = (OPEN, CLAIMED)
"""The statuses in which a closed gate withdraws the lead: the customer has not been contacted yet."""
IN_HAND = (CLAIMED, CONTACTED, ACCEPTED)
"""The statuses in which an adviser works on the lead."""
CREDIT_MS = 30 * DAY_MS
"""How long after the contact a purchase of the offer is credited to the lead."""
AT_WORK = (OPEN, *IN_HAND)
"""The statuses in which the customer gets no other lead."""


@dataclass(frozen=True, slots=True)
class AdviserRow:
    """An adviser as stored.

    Away from ``away_from`` to ``away_until``, both included (None: without end); meanwhile ``substitute`` works their
    leads. They sell nothing riskier than ``max_risk`` (None: whatever there is). A ``manager`` may hand leads of the
    branch from one adviser to another.
    """

    id: str
    branch: str
    minutes_per_week: int
    minutes_per_contact: int
    active: bool = True
    away_from: date | None = None
    away_until: date | None = None
    substitute: str | None = None
    max_risk: int | None = None
    manager: bool = False

    @property
    def contacts(self) -> int:
        """How many contacts fit into a week's stated hours."""
        return self.minutes_per_week // self.minutes_per_contact

    def is_away(self, day: date) -> bool:
        """Whether they are on leave that day."""
        return self.away_from is not None and self.away_from <= day <= (self.away_until or day)

    def may_sell(self, risk: float | None) -> bool:
        """Whether they may sell a product of that risk, 1 to 5; None has none."""
        return risk is None or self.max_risk is None or risk <= self.max_risk


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead as stored; instants in ms UTC. ``decided_offer`` differs from ``offer`` after an override.

    ``outcome`` is the outcome of the last contact, ``said`` the customer's own reason, ``corrected_at`` when its sale
    was corrected.
    """

    id: str
    customer_id: str
    branch: str
    adviser: str
    offer: str
    decided_offer: str
    decision_id: str
    priority: float
    strategies: tuple[str, ...]
    status: str
    closed_by: str | None
    reason: str | None
    revision: int
    release_id: int
    judged_until: int
    contacts: int
    built_at: int
    claimed_at: int | None
    contacted_at: int | None
    sold_at: int | None
    sold_yuan: float | None
    due_on: date | None = None
    expires_at: int | None = None
    call_back_at: int | None = None
    note: str | None = None
    outcome: str | None = None
    said: str | None = None
    corrected_at: int | None = None

    def is_over(self, now: int) -> bool:
        """Whether a lead at work has passed its end."""
        return self.status in AT_WORK and self.expires_at is not None and self.expires_at <= now

    def lasting(self, until: int) -> int | None:
        """When it ends, at least ``until``; None where it has no end."""
        return None if self.expires_at is None else max(self.expires_at, until)


@dataclass(frozen=True, slots=True)
class PastContact:
    """A lead of the customer: when they were last contacted, the outcome, and their own reason."""

    customer_id: str
    contacted_at: int | None
    outcome: str | None
    said: str | None


@dataclass(frozen=True, slots=True)
class LeadJudgement:
    """The judgement of the gates: ``closed_by``, the first closed one (None: all open), ``until`` its end (ms)."""

    closed_by: str | None
    release_id: int
    until: int


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes a lead: the client, its branch (None: the whole bank), on whose behalf, in which language."""

    client: str
    branch: str | None = None
    behalf: str | None = None
    language: str = "zh"


@dataclass(frozen=True, slots=True)
class NewLead:
    """A decision that becomes a lead: its row for ``decisions``, and the lead's fields that it gives."""

    decision: Mapping[str, object]
    offer: str
    priority: float
    strategies: tuple[str, ...]
    judged: LeadJudgement
    due_on: date | None = None
    expires_at: int | None = None


@dataclass(frozen=True, slots=True)
class LeadSearch:
    """Which leads to list; ``after`` is the last one of the page before (priority, id).

    ``own``: none whose customer has moved to another branch.
    """

    branch: str | None = None
    adviser: str | None = None
    status: str | None = None
    after: tuple[float, str] | None = None
    limit: int = 20
    own: bool = False


COLUMNS = [leads.c[field.name] for field in fields(Lead)]


def lead_of(row: Row[Any]) -> Lead:
    """The row of ``COLUMNS``."""
    values = dict(row._mapping)
    yuan = values["sold_yuan"]
    return Lead(
        **values | {"strategies": tuple(values["strategies"]), "sold_yuan": None if yuan is None else float(yuan)}
    )
