"""Attestation: advisers confirm once a year that they know the rules of conduct (``rendering.readers.conduct``).

An attestation holds for 12 months to the day, in the bank's time zone: given on 10 March, it holds on 10 March of the
next year and no longer. Without one an adviser is handed no lead for a risk-rated product: none is built for them, none
is claimed by them or reassigned to them, and none is changed to such a product. A lead that is in hand when the
attestation ends stands still: no contact is made, and neither an accept nor a sale is reported, until they confirm
again or a manager hands it to somebody else. Leads for deposits go on. An
attestation names the text that was confirmed; a newer text makes it no less valid, and the list says so.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

from service.core.clock import Clock
from service.core.errors import Conflict, InvalidInput, Problem
from service.core.grid import day_at, year_after
from service.engine.releases.active_release import ReleaseFollower
from service.rendering.readers.conduct import VERSION
from service.store import Store
from service.store.leads import Actor, AdviserRow, Attestation


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether an adviser's newest attestation holds today; ``newest`` is None where there is none."""

    adviser: str
    newest: Attestation | None
    valid: bool

    def document(self) -> dict[str, Any]:
        """As plain JSON values."""
        newest = self.newest
        return {
            "attested": self.valid,
            "attested_on": None if newest is None else newest.attested_on.isoformat(),
            "attested_until": None if newest is None else year_after(newest.attested_on).isoformat(),
        }


def is_valid(newest: Attestation | None, today: date) -> bool:
    """Whether an attestation holds on that day: from its own to the same day a year later, both included."""
    return newest is not None and newest.attested_on <= today <= year_after(newest.attested_on)


class Attestations:
    """The attestations of advisers, by the bank's day."""

    def __init__(self, store: Store, releases: ReleaseFollower, clock: Clock) -> None:
        self._store, self._releases, self._clock = store, releases, clock

    def confirm(self, adviser_id: str, version: str, attested_on: date | None, actor: Actor) -> Standing:
        """Record that the adviser confirmed the present text, today or on the day stated.

        Raises:
            NotFound: there is no such adviser, or it is another branch's.
            Conflict: the text has changed since it was read.
            InvalidInput: the day lies ahead, or so far back that it holds no more.
        """
        adviser, _ = self._store.leads.read_adviser(adviser_id, actor.branch)
        if version != VERSION:
            raise Conflict(f'The rules of conduct are now version "{VERSION}", not "{version}": read them again.')
        on, today = attested_on or self.today(), self.today()
        if not on <= today <= year_after(on):
            problem = Problem("attested_on", f"must lie within the 12 months up to {today}, got {on}")
            raise InvalidInput("The attestation does not fit; nothing was stored.", [problem])
        self._store.attestations.record(adviser.id, version, on, actor)
        return self.standing(adviser.id, actor.branch)

    def standing(self, adviser_id: str, branch: str | None = None) -> Standing:
        """The adviser's standing today.

        Raises:
            NotFound: there is no such adviser, or it is another branch's.
        """
        adviser, _ = self._store.leads.read_adviser(adviser_id, branch)
        newest = next(iter(self._store.attestations.list_all(adviser.id)), None)
        return Standing(adviser.id, newest, is_valid(newest, self.today()))

    def standings(self, branch: str | None = None) -> dict[str, Standing]:
        """The standing of every adviser who has ever confirmed, of a branch or the bank."""
        today, newest = self.today(), self._store.attestations.newest(branch)
        return {name: Standing(name, one, is_valid(one, today)) for name, one in newest.items()}

    def expect_valid(self, adviser: AdviserRow, risk: float | None) -> None:
        """Return if the adviser may be handed a lead for a product of that risk (None: it has none).

        Raises:
            Conflict: the product has a risk rating, and the adviser's attestation is missing or over.
        """
        if risk is not None and not self.standing(adviser.id).valid:
            raise Conflict(f'Adviser "{adviser.id}" has not confirmed the rules of conduct within 12 months.')

    def today(self) -> date:
        """Today's date in the bank's time zone."""
        return day_at(self._clock(), self._releases.serving.policy.contact.timezone)


def advisers_lacking(store: Store, today: date) -> tuple[list[str], int]:
    """The active advisers without a valid attestation on that day, and how many advisers are active."""
    active = [one.id for one, _ in store.leads.list_advisers() if one.active]
    newest = store.attestations.newest()
    return [name for name in active if not is_valid(newest.get(name), today)], len(active)
