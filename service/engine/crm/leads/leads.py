"""Leads: the customers an adviser should call this week, best first, and what becomes of each.

Built from a batch of decisions in the adviser's channel (``decide_many``, then ``decide_recorded`` for those who fit
into the advisers' hours, ``planning.leads``). The gates are evaluated at every step. When a lead is built, read,
claimed or given another offer, they are evaluated for the next moment at which an adviser may call. When the contact is
made, they are evaluated for that moment, and the contact counts at once. A closed gate withdraws a waiting lead; a lead
past its last day expires. Every step goes to the feed and to the audit log.

Who acts: the lead's own adviser, their substitute while they are on leave, and, where it says so, a manager of the
branch. An adviser has in hand no more leads than fit into their hours, and proposes nothing they may not sell.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from service.core.clock import Clock
from service.core.domain import Event, EventKind, Snapshot
from service.core.errors import Conflict, InvalidInput, Problem
from service.core.grid import DAY_MS
from service.core.suggestions import explain_unknown
from service.engine.crm.leads.actors import LeadActors, expect_branch, expect_status
from service.engine.crm.leads.building import Building
from service.engine.crm.leads.confirmations import expect_confirmed
from service.engine.crm.leads.judging import GONE, MOVED, Judging, adviser_channel
from service.engine.offers.answer_cache import AnswerCache
from service.engine.releases.active_release import ReleaseFollower
from service.engine.runner_failures import Failures
from service.store import Store
from service.store.leads import (
    ACCEPTED,
    AT_WORK,
    CLAIMED,
    CONTACTED,
    CREDIT_MS,
    EXPIRED,
    IN_HAND,
    OPEN,
    REJECTED,
    SOLD,
    WAITING,
    WITHDRAWN,
    Actor,
    Lead,
    LeadJudgement,
    LeadSearch,
    LockedLead,
)

ROUNDS = 5
SWEEP = 100
UNDONE = "sale-undone"
"""Closes a lead whose sale was undone, while the customer has another lead by now."""
OUTCOMES = {
    "accepted": (ACCEPTED, EventKind.ACCEPT),
    "sold": (SOLD, EventKind.PURCHASE),
    "rejected": (REJECTED, EventKind.REJECT),
    "no_answer": (CLAIMED, None),
    "call_back": (CLAIMED, None),
}
"""Outcome -> the lead's status, and the event that later decisions count.

A customer may cause an outcome with an event at any time; one without an event follows a call.
"""


@dataclass(frozen=True, slots=True)
class Reaction:
    """An adviser's report of a contact."""

    outcome: str
    reason: str | None = None
    amount_yuan: float | None = None
    call_back_at: int | None = None
    note: str | None = None
    confirmations: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Correction:
    """A sale's correction: its right amount, or (None) that there was no sale."""

    reason: str
    amount_yuan: float | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Notes on a lead; None leaves a field as it is."""

    call_back_at: int | None = None
    due_on: date | None = None
    note: str | None = None


class Leads:
    """Leads at work, and their builds."""

    def __init__(self, store: Store, releases: ReleaseFollower, answers: AnswerCache, clock: Clock) -> None:
        self._store, self._leads, self._releases, self._answers = store, store.leads, releases, answers
        self._clock = clock
        self._judging, self._actors = Judging(releases, clock), LeadActors(store, releases, clock)
        self._failures = Failures("leads")
        self.build = Building(store, releases, clock).build

    # Reading ---------------------------------------------------------------------------------------------------------

    def list_leads(self, search: LeadSearch) -> list[Lead]:
        """Leads, best first, each with its gates open now."""
        leads = self._leads.list_leads(search)
        for _ in range(ROUNDS):
            names = self._leads.list_doubtful(
                self._clock(), self._releases.serving.release.id, len(leads), [one.id for one in leads]
            )
            if not names:
                break
            self._judge_again(names)
            leads = self._leads.list_leads(search)
        return leads

    def read(self, lead_id: str, branch: str | None) -> Lead:
        """One lead, judged again now.

        Raises:
            NotFound: no such lead in the branch.
        """
        lead = self._leads.read(lead_id, branch)
        self._judge_again(self._leads.list_doubtful(self._clock(), self._releases.serving.release.id, 1, [lead.id]))
        return self._leads.read(lead_id, branch)

    def sweep(self) -> bool:
        """Judge leads whose customer, release or hour changed, and credit sales; True where there may be more."""
        backing_off = self._failures.backing_off()
        names = self._leads.list_doubtful(self._clock(), self._releases.serving.release.id, SWEEP, without=backing_off)
        for name in names:
            self._failures.attempt(name, self._judge_again, [name])
        return len(names) == SWEEP or self._leads.settle() > 0

    def _judge_again(self, names: Sequence[str]) -> None:
        actor = Actor("fourcast")
        for name in names:
            with self._leads.lock(name, self._actors.lookback()) as locked:
                if locked.lead.is_over(self._clock()):
                    locked.change("expire", actor, status=EXPIRED)
                elif locked.snapshot is None:
                    locked.change("withdraw", actor, {"gate": GONE}, status=WITHDRAWN, closed_by=GONE)
                else:
                    locked.apply_judgement(self._judge(locked, locked.lead.offer), actor)

    def _judge(self, locked: LockedLead, offer: str) -> LeadJudgement:
        """The gates' verdict on an offer to the lead's customer; closed if the customer has moved to another branch."""
        judged = self._judging.judge(_there(locked), offer)
        return replace(judged, closed_by=MOVED) if locked.is_elsewhere() else judged

    # Working ---------------------------------------------------------------------------------------------------------

    def claim(self, lead_id: str, actor: Actor) -> Lead:
        """Give the lead to this adviser.

        Raises:
            NotFound: no such lead in the branch.
            Conflict: another adviser has it, the adviser's hours are full, or they may not sell the offer.
            ContactRefused: a gate closed meanwhile.
        """
        adviser = self._actors.adviser(actor)
        with self._leads.lock(lead_id, self._actors.lookback(), actor.branch) as locked:
            expect_branch(adviser, locked.lead)
            if locked.lead.status == CLAIMED and locked.lead.adviser == adviser.id:
                return locked.lead
            expect_status(locked.lead, (OPEN,))
            self._actors.expect_fit(locked, adviser, IN_HAND)
            judged = self._judge(locked, locked.lead.offer)
            lead = locked.apply_judgement(judged, actor)
            if judged.closed_by is None:
                lead = locked.change("claim", actor, status=CLAIMED, adviser=adviser.id, claimed_at=self._clock())
        if judged.closed_by is not None:
            raise self._judging.refusal(judged.closed_by, "The lead was withdrawn.", actor)
        return lead

    def release(self, lead_id: str, actor: Actor) -> Lead:
        """Give a claimed lead back: one's own, or as a manager any.

        Raises:
            NotFound: no such lead in the branch.
            Conflict: the lead is another adviser's, or not claimed.
        """
        with self._leads.lock(lead_id, self._actors.lookback(), actor.branch) as locked:
            self._actors.expect_own(locked.lead, actor, (CLAIMED,), managers=True)
            return locked.change("release", actor, status=OPEN, claimed_at=None)

    def contact(self, lead_id: str, actor: Actor) -> Lead:
        """Record a contact made now; it counts at once.

        Raises:
            NotFound: no such lead in the branch.
            Conflict: the lead is another adviser's, or in another status; or the adviser's attestation is over.
            ContactRefused: names the closed gate.
        """
        with self._leads.lock(lead_id, self._actors.lookback(), actor.branch) as locked:
            self._actors.expect_own(locked.lead, actor, (CLAIMED, ACCEPTED))
            self._actors.expect_attested(actor, locked.lead.offer)
            snapshot, now = _there(locked), self._clock()
            contact = self._event(locked.lead, EventKind.CONTACT, f"contact-{locked.lead.contacts + 1}", now)
            mine = self._releases.serving.for_customer(snapshot)
            gate = mine.closed_gate(snapshot, contact)
            if gate is not None:
                raise self._judging.refusal(gate, "This contact may not be made now.", actor)
            values: dict[str, object] = {"contacted_at": now, "contacts": locked.lead.contacts + 1}
            values |= {"outcome": None, "call_back_at": None, "expires_at": locked.lead.lasting(now + CREDIT_MS)}
            locked.change("contact", actor, None, status=CONTACTED, **values)
            locked.record_event(contact, self._answers.forget)
            return locked.lead

    def react(self, lead_id: str, reaction: Reaction, actor: Actor) -> Lead:
        """Record what the customer did, so that every later decision counts it.

        A customer who accepts, buys or refuses of their own accord is reported on an open lead too, by the adviser who
        serves them. An accept that is reported again counts once.

        Raises:
            NotFound: no such lead in the branch.
            Conflict: the outcome follows a call, and none was made; a sale was not confirmed as it must be; or the
                adviser's attestation is over and the product has a risk rating.
        """
        status, kind = OUTCOMES[reaction.outcome]
        with self._leads.lock(lead_id, self._actors.lookback(), actor.branch) as locked:
            values = self._expect_reaction(locked, kind, actor)
            if status in (ACCEPTED, SOLD):
                self._actors.expect_attested(actor, locked.lead.offer)
            if status == SOLD:
                self._expect_confirmed(locked, reaction)
            now = self._clock()
            values |= {"status": status, "reason": reaction.reason, "outcome": reaction.outcome}
            values |= {"call_back_at": reaction.call_back_at, **_said(locked.lead, reaction)}
            values["expires_at"] = locked.lead.lasting(_lasts(reaction, now))
            if status == SOLD:
                values |= {"sold_at": now, "sold_yuan": reaction.amount_yuan}
            detail = {"outcome": reaction.outcome, "reason": reaction.reason}
            confirmed = {"confirmations": list(reaction.confirmations)} if reaction.confirmations else {}
            locked.change("react", actor, {**detail, **confirmed}, **values)
            if kind is not None and not locked.has_event(_named(locked.lead, reaction.outcome)):
                event = self._event(locked.lead, kind, reaction.outcome, now, reaction.amount_yuan)
                locked.record_event(event, self._answers.forget)
            return locked.lead

    def _expect_reaction(self, locked: LockedLead, kind: EventKind | None, actor: Actor) -> dict[str, object]:
        """The further changes of this reaction: the adviser who serves the customer gets an open lead.

        Raises:
            Conflict: this reaction may not be reported.
        """
        _there(locked)
        if kind is None or locked.lead.status != OPEN:
            self._actors.expect_own(locked.lead, actor, (CONTACTED, ACCEPTED) if kind is None else IN_HAND)
            return {}
        adviser = self._actors.adviser(actor)
        expect_branch(adviser, locked.lead)
        return {"adviser": adviser.id, "claimed_at": self._clock()}

    def _expect_confirmed(self, locked: LockedLead, reaction: Reaction) -> None:
        """Return if what must be confirmed before the sale was.

        Raises:
            Conflict: names what is missing.
        """
        snapshot = _there(locked)
        policy = self._releases.serving.for_customer(snapshot).policy
        expect_confirmed(policy, snapshot, locked.lead.offer, reaction.confirmations)

    # Managing --------------------------------------------------------------------------------------------------------

    def reassign(self, lead_id: str, to: str, reason: str | None, actor: Actor) -> Lead:
        """Give the lead to another adviser of the branch, in its present status; by a manager.

        Raises:
            NotFound: no such lead in the branch.
            Conflict: the actor is no manager, or the lead does not fit the adviser.
            InvalidInput: there is no such adviser.
        """
        adviser = self._actors.adviser(actor, to, "to")
        with self._leads.lock(lead_id, self._actors.lookback(), actor.branch) as locked:
            expect_status(locked.lead, AT_WORK)
            self._actors.expect_manager(locked.lead, actor)
            expect_branch(adviser, locked.lead)
            if adviser.id != locked.lead.adviser:
                self._actors.expect_fit(locked, adviser, AT_WORK)
            detail = {"from": locked.lead.adviser, "to": adviser.id, "reason": reason}
            return locked.change("reassign", actor, detail, adviser=adviser.id)

    def plan(self, lead_id: str, plan: Plan, actor: Actor) -> Lead:
        """Store when to call back, when the lead is due, and a note.

        Raises:
            NotFound: no such lead in the branch.
            Conflict: the lead is another adviser's, or over.
        """
        with self._leads.lock(lead_id, self._actors.lookback(), actor.branch) as locked:
            self._actors.expect_own(locked.lead, actor, AT_WORK, managers=True)
            given = {name: value for name in ("call_back_at", "due_on", "note")
                     if (value := getattr(plan, name)) is not None}  # fmt: skip
            lasts = 0 if plan.call_back_at is None else plan.call_back_at + DAY_MS
            return locked.change(
                "plan", actor, {"changed": sorted(given)}, **given, expires_at=locked.lead.lasting(lasts)
            )

    def correct(self, lead_id: str, correction: Correction, actor: Actor) -> Lead:
        """Correct a sale's amount, or undo the sale: the lead is as before it, and no decision counts it.

        A purchase that the bank itself reported stays; it is no longer credited to this lead.

        Raises:
            NotFound: no such lead in the branch.
            Conflict: the lead is another adviser's, or not sold.
        """
        with self._leads.lock(lead_id, self._actors.lookback(), actor.branch) as locked:
            self._actors.expect_own(locked.lead, actor, (SOLD,), managers=True)
            sale, lead = _named(locked.lead, "sold"), locked.lead
            detail = {"from_yuan": lead.sold_yuan, "to_yuan": correction.amount_yuan, "reason": correction.reason}
            if correction.amount_yuan is not None:
                locked.amend_event(sale, correction.amount_yuan)
                return locked.change(
                    "correct", actor, detail, sold_yuan=correction.amount_yuan, corrected_at=self._clock()
                )
            before = CONTACTED if lead.contacted_at is not None else CLAIMED
            before = ACCEPTED if locked.has_event(_named(lead, "accepted")) else before
            status = before if locked.is_alone() and locked.snapshot is not None else WITHDRAWN
            values = {"sold_at": None, "sold_yuan": None, "outcome": None, "corrected_at": self._clock()}
            closed = {"closed_by": UNDONE} if status == WITHDRAWN else {}
            locked.change("correct", actor, detail, status=status, **values, **closed)
            locked.undo_event(sale, self._answers.forget)
            return locked.lead

    def override(self, lead_id: str, offer: str, reason: str, actor: Actor) -> Lead:
        """Propose another offer, if every gate is open; a refusal is logged too.

        Raises:
            NotFound: no such lead in the branch.
            InvalidInput: the policy has no such offer.
            Conflict: the adviser may not sell it, or the lead is past the proposal.
            ContactRefused: names the closed gate.
        """
        adviser = self._actors.adviser(actor)
        with self._leads.lock(lead_id, self._actors.lookback(), actor.branch) as locked:
            expect_branch(adviser, locked.lead)
            expect_status(locked.lead, WAITING)
            snapshot = _there(locked)
            offers = {one.id for one in self._releases.serving.for_customer(snapshot).policy.offers}
            if offer not in offers:
                raise InvalidInput("The policy has no such offer.", [Problem("offer", explain_unknown(offer, offers))])
            self._actors.expect_skill(adviser, offer)
            judged = self._judge(locked, offer)
            if judged.closed_by is None:
                detail = {"from": locked.lead.offer, "to": offer, "reason": reason}
                return locked.change("override", actor, detail, offer=offer, reason=reason, strategies=[])
            locked.note("override.refused", actor, {"offer": offer, "gate": judged.closed_by, "reason": reason})
        raise self._judging.refusal(str(judged.closed_by), "This offer may not be proposed.", actor)

    def _event(self, lead: Lead, kind: str, what: str, now: int, amount_yuan: float | None = None) -> Event:
        channel = adviser_channel(self._releases.serving.policy)
        return Event(
            _named(lead, what), lead.customer_id, str(kind), now, lead.offer, channel, lead.decision_id, amount_yuan
        )


def _named(lead: Lead, what: str) -> str:
    """The id of a lead's event."""
    return f"lead:{lead.id}:{what}"


def _said(lead: Lead, reaction: Reaction) -> dict[str, object]:
    """The customer's reason and the adviser's note, if they are new."""
    return {"said": reaction.reason or lead.said, "note": reaction.note or lead.note}


def _lasts(reaction: Reaction, now: int) -> int:
    """The lead's earliest end (ms UTC): 30 days to buy after an accept, a day after a requested call."""
    if reaction.call_back_at is not None:
        return reaction.call_back_at + DAY_MS
    return now + CREDIT_MS if reaction.outcome == "accepted" else 0


def _there(locked: LockedLead) -> Snapshot:
    if locked.snapshot is None:
        raise Conflict("The lead's customer is not stored any more.")
    return locked.snapshot
