"""Leads: the customers an adviser should call this week, best first, and what becomes of each.

Built from a batch of decisions in the adviser's channel (``decide_many``, then ``make`` for those who fit into the
advisers' hours, ``planning.leads``). The gates hold at every step: when a lead is built, whenever it is shown, when it
is claimed and when another offer is proposed they are asked for the next moment at which an adviser may call; when the
contact is made they are asked for that moment, and the contact counts at once. A closed gate withdraws a lead that
waits. Every step is told on the feed and written to the audit log.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from service.crm.building import Building
from service.crm.judging import GONE, Judging, adviser_channel, now_ms
from service.decision.permission import closed_by
from service.domain import Event, EventKind, Lookback, Snapshot
from service.errors import Conflict, InvalidInput, Problem
from service.kept import Kept
from service.nearest import unknown
from service.serving import Releases
from service.store import Store
from service.store.leads import (
    ACCEPTED,
    CLAIMED,
    CONTACTED,
    OPEN,
    REJECTED,
    SOLD,
    WAITING,
    WITHDRAWN,
    Actor,
    AdviserRow,
    Desk,
    Lead,
    Search,
)

ROUNDS = 5
SWEEP = 100
OUTCOMES = {
    "accepted": (ACCEPTED, EventKind.ACCEPT),
    "sold": (SOLD, EventKind.PURCHASE),
    "rejected": (REJECTED, EventKind.REJECT),
    "no_answer": (CLAIMED, None),
    "call_back": (CLAIMED, None),
}
"""What the customer did -> the lead's status, and the event by which every later decision knows."""


@dataclass(frozen=True, slots=True)
class Reaction:
    """What an adviser reports of a contact."""

    outcome: str
    reason: str | None = None
    amount_yuan: float | None = None


class Leads:
    """The leads' desk of one process."""

    def __init__(self, store: Store, releases: Releases, kept: Kept) -> None:
        self._store, self._leads, self._releases, self._kept = store, store.leads, releases, kept
        self._judging = Judging(releases)
        self.build = Building(store, releases).build

    # Reading ---------------------------------------------------------------------------------------------------------

    def listed(self, search: Search) -> list[Lead]:
        """Leads best first, each with gates that are open as things stand."""
        found = self._leads.listed(search)
        for _ in range(ROUNDS):
            names = self._leads.doubtful(
                now_ms(), self._releases.serving.release.id, len(found), [one.id for one in found]
            )
            if not names:
                break
            self._judge_again(names)
            found = self._leads.listed(search)
        return found

    def read(self, lead_id: str, branch: str | None) -> Lead:
        """One lead, judged as things stand; NotFound."""
        lead = self._leads.read(lead_id, branch)
        self._judge_again(self._leads.doubtful(now_ms(), self._releases.serving.release.id, 1, [lead.id]))
        return self._leads.read(lead_id, branch)

    def sweep(self) -> bool:
        """Judge leads again whose customer, release or hour changed, and credit sales; True where there may be more."""
        names = self._leads.doubtful(now_ms(), self._releases.serving.release.id, SWEEP)
        self._judge_again(names)
        return len(names) == SWEEP or self._leads.settle() > 0

    def _judge_again(self, names: Sequence[str]) -> None:
        actor = Actor("fourcast")
        for name in names:
            with self._leads.desk(name, self._lookback()) as desk:
                if desk.snapshot is None:
                    desk.set("withdraw", actor, {"gate": GONE}, status=WITHDRAWN, closed_by=GONE)
                else:
                    desk.judged(self._judging.judge(desk.snapshot, desk.lead.offer), actor)

    # Working ---------------------------------------------------------------------------------------------------------

    def claim(self, lead_id: str, actor: Actor) -> Lead:
        """The lead is this adviser's; Conflict where another has it, ContactRefused where a gate closed meanwhile."""
        adviser = self._adviser(actor)
        with self._leads.desk(lead_id, self._lookback(), actor.branch) as desk:
            _expect_branch(adviser, desk.lead)
            if desk.lead.status == CLAIMED and desk.lead.adviser == adviser.id:
                return desk.lead
            _expect_status(desk.lead, (OPEN,))
            judged = self._judging.judge(_there(desk), desk.lead.offer)
            lead = desk.judged(judged, actor)
            if judged.closed_by is None:
                lead = desk.set("claim", actor, status=CLAIMED, adviser=adviser.id, claimed_at=now_ms())
        if judged.closed_by is not None:
            raise self._judging.refused(judged.closed_by, "The lead was withdrawn.", actor)
        return lead

    def release(self, lead_id: str, actor: Actor) -> Lead:
        """Give a claimed lead back; Conflict where it is not this adviser's."""
        with self._leads.desk(lead_id, self._lookback(), actor.branch) as desk:
            self._expect_own(desk.lead, actor, (CLAIMED,))
            return desk.set("release", actor, status=OPEN, claimed_at=None)

    def contact(self, lead_id: str, actor: Actor) -> Lead:
        """The customer is contacted now, and it counts; ContactRefused names the closed gate."""
        with self._leads.desk(lead_id, self._lookback(), actor.branch) as desk:
            self._expect_own(desk.lead, actor, (CLAIMED, ACCEPTED))
            snapshot, now = _there(desk), now_ms()
            contact = self._event(desk.lead, EventKind.CONTACT, f"contact-{desk.lead.contacts + 1}", now)
            mine = self._releases.serving.of(snapshot)
            gate = closed_by(mine.policy, snapshot, contact, mine.release)
            if gate is not None:
                raise self._judging.refused(gate, "This contact may not be made now.", actor)
            desk.set("contact", actor, status=CONTACTED, contacted_at=now, contacts=desk.lead.contacts + 1)
            desk.happened(contact, self._kept.forget)
            return desk.lead

    def react(self, lead_id: str, reaction: Reaction, actor: Actor) -> Lead:
        """What the customer did, for every later decision to count; Conflict where no contact was made."""
        status, kind = OUTCOMES[reaction.outcome]
        with self._leads.desk(lead_id, self._lookback(), actor.branch) as desk:
            self._expect_own(desk.lead, actor, (CONTACTED, ACCEPTED))
            _there(desk)
            now = now_ms()
            values: dict[str, object] = {"status": status, "reason": reaction.reason}
            if status == SOLD:
                values |= {"sold_at": now, "sold_yuan": reaction.amount_yuan}
            desk.set("react", actor, {"outcome": reaction.outcome, "reason": reaction.reason}, **values)
            if kind is not None:
                event = self._event(desk.lead, kind, reaction.outcome, now, reaction.amount_yuan)
                desk.happened(event, self._kept.forget)
            return desk.lead

    def override(self, lead_id: str, offer: str, reason: str, actor: Actor) -> Lead:
        """Propose another offer: only where every gate is open; ContactRefused otherwise, also on record."""
        adviser = self._adviser(actor)
        with self._leads.desk(lead_id, self._lookback(), actor.branch) as desk:
            _expect_branch(adviser, desk.lead)
            _expect_status(desk.lead, WAITING)
            snapshot = _there(desk)
            offers = {one.id for one in self._releases.serving.of(snapshot).policy.offers}
            if offer not in offers:
                raise InvalidInput("The policy has no such offer.", [Problem("offer", unknown(offer, offers))])
            judged = self._judging.judge(snapshot, offer)
            if judged.closed_by is None:
                told = {"from": desk.lead.offer, "to": offer, "reason": reason}
                return desk.set("override", actor, told, offer=offer, reason=reason, strategies=[])
        refused = {"offer": offer, "gate": judged.closed_by, "reason": reason, "on_behalf_of": actor.behalf}
        self._store.audit(actor.client, "lead.override.refused", lead_id, refused)
        raise self._judging.refused(str(judged.closed_by), "This offer may not be proposed.", actor)

    def _event(self, lead: Lead, kind: str, what: str, now: int, amount_yuan: float | None = None) -> Event:
        channel, name = adviser_channel(self._releases.serving.policy), f"lead:{lead.id}:{what}"
        return Event(name, lead.customer_id, str(kind), now, lead.offer, channel, lead.decision_id, amount_yuan)

    def _adviser(self, actor: Actor) -> AdviserRow:
        for one, _ in self._leads.advisers(actor.branch):
            if one.id == actor.behalf and one.active:
                return one
        raise InvalidInput(
            "Nobody to do this for.", [Problem("on_behalf_of", f'is no active adviser: "{actor.behalf}"')]
        )

    def _expect_own(self, lead: Lead, actor: Actor, statuses: Sequence[str]) -> None:
        _expect_status(lead, statuses)
        if lead.adviser != actor.behalf:
            raise Conflict(f'The lead is adviser "{lead.adviser}"\'s, not "{actor.behalf}"\'s.')

    def _lookback(self) -> Lookback:
        return self._releases.serving.clock.lookback(now_ms())


def _expect_branch(adviser: AdviserRow, lead: Lead) -> None:
    if adviser.branch != lead.branch:
        raise Conflict(f'The lead is branch "{lead.branch}"\'s; adviser "{adviser.id}" is of "{adviser.branch}".')


def _expect_status(lead: Lead, statuses: Sequence[str]) -> None:
    if lead.status not in statuses:
        raise Conflict(f"The lead is {lead.status}; this needs {' or '.join(statuses)}.")


def _there(desk: Desk) -> Snapshot:
    if desk.snapshot is None:
        raise Conflict("The lead's customer is not stored any more.")
    return desk.snapshot
