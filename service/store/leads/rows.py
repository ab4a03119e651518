"""Leads and advisers as stored, and what goes with them."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Row

from service.store.schema import leads

OPEN, CLAIMED, CONTACTED, ACCEPTED = "open", "claimed", "contacted", "accepted"
SOLD, REJECTED, WITHDRAWN, ERASED = "sold", "rejected", "withdrawn", "erased"
WAITING = (OPEN, CLAIMED)
"""The statuses in which a closed gate withdraws the lead: nobody has been contacted yet."""


@dataclass(frozen=True, slots=True)
class AdviserRow:
    """An adviser as stored."""

    id: str
    branch: str
    minutes_per_week: int
    minutes_per_contact: int
    active: bool = True


@dataclass(frozen=True, slots=True)
class Lead:
    """A lead as stored; instants in ms UTC. ``decided_offer`` differs from ``offer`` after an override."""

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


@dataclass(frozen=True, slots=True)
class Judged:
    """What the gates said: ``closed_by`` is the first closed one (None: all open), ``until`` when that ends (ms)."""

    closed_by: str | None
    release_id: int
    until: int


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something to a lead: the client, its branch (None: the whole bank), for whom, in which language."""

    client: str
    branch: str | None = None
    behalf: str | None = None
    language: str = "zh"


@dataclass(frozen=True, slots=True)
class New:
    """A decision that becomes a lead: its row for ``decisions``, and what the lead takes from it."""

    decision: Mapping[str, object]
    offer: str
    priority: float
    strategies: tuple[str, ...]
    judged: Judged


@dataclass(frozen=True, slots=True)
class Search:
    """Which leads to list; ``after`` is the last one of the page before (priority, id)."""

    branch: str | None = None
    adviser: str | None = None
    status: str | None = None
    after: tuple[float, str] | None = None
    limit: int = 20


COLUMNS = [leads.c[field.name] for field in fields(Lead)]


def lead_of(row: Row[Any]) -> Lead:
    """The row of ``COLUMNS``."""
    values = dict(row._mapping)
    yuan = values["sold_yuan"]
    return Lead(
        **values | {"strategies": tuple(values["strategies"]), "sold_yuan": None if yuan is None else float(yuan)}
    )
