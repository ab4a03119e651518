"""Fairness overrides: a group that is offered a family too rarely, excused by a person, for a reason, for a time.

An override is never changed and ends by itself, at most ``MOST_DAYS`` after it was made. Each is in the audit log in
the same transaction.
"""

from dataclasses import asdict, dataclass

from sqlalchemy import insert, select

from service.core.clock import Clock, now_ms
from service.core.errors import InvalidInput, Problem
from service.core.grid import DAY_MS
from service.store.connection.database import Database
from service.store.schema import fairness_overrides
from service.store.security import audit

MOST_DAYS = 90
LEAST_REASON, MOST_TEXT = 10, 500


@dataclass(frozen=True, slots=True)
class FairnessOverride:
    """One override; ``at`` and ``until`` are ms UTC."""

    axis: str
    group: str
    family: str
    reason: str
    actor: str
    at: int
    until: int

    @property
    def name(self) -> str:
        """The gap that it excuses: axis, group and family."""
        return f"{self.axis}/{self.group}/{self.family}"

    def document(self) -> dict[str, object]:
        """The override as plain JSON values."""
        return asdict(self)


class FairnessOverrideRepository:
    """The overrides of one database; each method is one transaction."""

    def __init__(self, database: Database, clock: Clock = now_ms) -> None:
        self._database, self._clock = database, clock

    def excuse(self, axis: str, group: str, family: str, reason: str, days: int, actor: str) -> FairnessOverride:
        """Excuse a gap for so many days from now.

        Raises:
            InvalidInput: the reason is too short or a word too long, or it would hold longer than ``MOST_DAYS``.
        """
        _check(axis, group, family, reason, days)
        now = self._clock()
        made = FairnessOverride(axis, group, family, reason.strip(), actor, now, now + days * DAY_MS)
        row = made.document() | {"named": group}
        row.pop("group")
        with self._database.begin() as connection:
            connection.execute(insert(fairness_overrides).values(**row))
            audit.append(
                connection, actor, "fairness.override", made.name, {"reason": made.reason, "until": made.until}
            )
        return made

    def in_force(self, now: int) -> list[FairnessOverride]:
        """The overrides that have not ended, oldest first."""
        asked = select(fairness_overrides).where(fairness_overrides.c.until > now).order_by(fairness_overrides.c.id)
        with self._database.begin() as connection:
            return [
                FairnessOverride(row.axis, row.named, row.family, row.reason, row.actor, row.at, row.until)
                for row in connection.execute(asked)
            ]


def _check(axis: str, group: str, family: str, reason: str, days: int) -> None:
    problems = [
        Problem(name, f"must be 1 to {MOST_TEXT} characters")
        for name, text in (("axis", axis), ("group", group), ("family", family), ("reason", reason))
        if not 0 < len(text) <= MOST_TEXT
    ]
    if len(reason.strip()) < LEAST_REASON:
        problems.append(Problem("reason", f"must say why, in {LEAST_REASON} characters or more"))
    if not 1 <= days <= MOST_DAYS:
        problems.append(Problem("days", f"must be 1 to {MOST_DAYS}, got {days}"))
    if problems:
        raise InvalidInput("This override cannot be made.", problems)
