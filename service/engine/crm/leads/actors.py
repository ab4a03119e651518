"""Advisers, substitutes and managers: what each may do with a lead, and which leads fit an adviser.

An adviser has no more leads in hand than fit into their hours, and proposes nothing riskier than they may sell; nothing
risk-rated without a valid attestation.
"""

from collections.abc import Sequence
from datetime import date

from service.core.clock import Clock
from service.core.domain import Lookback
from service.core.errors import Conflict, InvalidInput, Problem
from service.core.grid import day_at
from service.engine.crm.leads.attestation import Attestations
from service.engine.crm.leads.building import risk_of
from service.engine.releases.active_release import ReleaseFollower
from service.store import Store
from service.store.leads import Actor, AdviserRow, Lead, LockedLead


class LeadActors:
    """The advisers of leads, and what each may do."""

    def __init__(self, store: Store, releases: ReleaseFollower, clock: Clock) -> None:
        self._store, self._leads, self._releases, self._clock = store, store.leads, releases, clock
        self._attestations = Attestations(store, releases, clock)

    def adviser(self, actor: Actor, name: str | None = None, where: str = "on_behalf_of") -> AdviserRow:
        """The adviser who acts, or another one by name.

        Raises:
            InvalidInput: no such adviser is active, or they are on leave.
        """
        name = actor.behalf if name is None else name
        adviser = next(
            (one for one, _ in self._leads.list_advisers(actor.branch) if one.id == name and one.active), None
        )
        if adviser is None:
            raise InvalidInput("Nobody to do this for.", [Problem(where, f'is no active adviser: "{name}"')])
        if adviser.is_away(self.today()):
            until = "" if adviser.away_until is None else f" until {adviser.away_until}"
            raise InvalidInput("Nobody to do this for.", [Problem(where, f'is on leave{until}: "{name}"')])
        return adviser

    def expect_own(self, lead: Lead, actor: Actor, statuses: Sequence[str], managers: bool = False) -> None:
        """Return if the lead is in one of the statuses and the actor may work it.

        Raises:
            Conflict: it is in another status, or another adviser's.
        """
        expect_status(lead, statuses)
        if lead.adviser == actor.behalf:
            return
        known = {one.id: one for one, _ in self._leads.list_advisers(lead.branch) if one.active}
        mine, me = known.get(lead.adviser), known.get(str(actor.behalf))
        stands_in = mine is not None and mine.is_away(self.today()) and mine.substitute == actor.behalf
        if me is None or not (stands_in or (managers and me.manager)):
            raise Conflict(f'The lead is adviser "{lead.adviser}"\'s, not "{actor.behalf}"\'s.')

    def expect_fit(self, locked: LockedLead, adviser: AdviserRow, counted: Sequence[str]) -> None:
        """Return if the lead fits into the adviser's hours and skill.

        Raises:
            Conflict: it does not fit.
        """
        self.expect_skill(adviser, locked.lead.offer)
        has = locked.count_load(adviser.id, counted)
        if has >= adviser.contacts:
            raise Conflict(f'Adviser "{adviser.id}" has {has} leads; their hours hold {adviser.contacts}.')

    def expect_skill(self, adviser: AdviserRow, offer: str) -> None:
        """Return if the adviser may sell the offer.

        Raises:
            Conflict: its risk is too high, or it has one and the adviser's attestation is missing or over.
        """
        risk = risk_of(self._releases.serving.policy, offer)
        if not adviser.may_sell(risk):
            raise Conflict(f'Adviser "{adviser.id}" sells up to R{adviser.max_risk}; "{offer}" is R{risk:g}.')
        self._attestations.expect_valid(adviser, risk)

    def expect_attested(self, actor: Actor, offer: str) -> None:
        """Return if the adviser who acts may go on with a lead for this offer.

        Raises:
            Conflict: it has a risk rating, and their attestation is missing or over.
            InvalidInput: no such adviser is active, or they are on leave.
        """
        risk = risk_of(self._releases.serving.policy, offer)
        if risk is not None:
            self._attestations.expect_valid(self.adviser(actor), risk)

    def today(self) -> date:
        """Today's date in the bank's time zone."""
        return day_at(self._clock(), self._releases.serving.policy.contact.timezone)

    def expect_manager(self, lead: Lead, actor: Actor) -> None:
        """Return if the actor is a manager of the lead's branch.

        Raises:
            Conflict: they are not.
        """
        known = {one.id: one for one, _ in self._leads.list_advisers(lead.branch) if one.active}
        me = known.get(str(actor.behalf))
        if me is None or not me.manager:
            raise Conflict(f'"{actor.behalf}" is no manager of branch "{lead.branch}".')

    def lookback(self) -> Lookback:
        """How far back the gates read now."""
        return self._releases.serving.expiry.lookback(self._clock())


def expect_branch(adviser: AdviserRow, lead: Lead) -> None:
    """Return if adviser and lead are of one branch.

    Raises:
        Conflict: they are of two.
    """
    if adviser.branch != lead.branch:
        raise Conflict(f'The lead is branch "{lead.branch}"\'s; adviser "{adviser.id}" is of "{adviser.branch}".')


def expect_status(lead: Lead, statuses: Sequence[str]) -> None:
    """Return if the lead is in one of the statuses.

    Raises:
        Conflict: it is in another one.
    """
    if lead.status not in statuses:
        raise Conflict(f"The lead is {lead.status}; this needs {' or '.join(statuses)}.")
