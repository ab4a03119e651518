"""Leads: the customers an adviser should call this week, best first, and what becomes of each.

Built from a batch of decisions in the adviser's channel (``decide_many``, then ``make`` for those who fit into the
advisers' hours, ``planning.leads``). The gates hold at every step: when a lead is built, whenever it is shown, when it
is claimed and when another offer is proposed they are asked for the next moment at which an adviser may call; when the
contact is made they are asked for that moment, and the contact counts at once. A closed gate withdraws a lead that
waits. Every step is told on the feed and written to the audit log.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from service.crm.reach import ADVISER, BRANCH
from service.deciding import make
from service.decision import decide_many, population
from service.decision.permission import closed_by, next_open
from service.domain import Context, Event, EventKind, Snapshot
from service.errors import Conflict, ContactRefused, InvalidInput, Problem
from service.governance import scores
from service.kept import Kept
from service.planning.leads import Adviser, Candidate, assign
from service.request import OfferRequest
from service.rules.policy import Policy
from service.serving import Releases, Serving
from service.store import Store, new_decision_id
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
    Judged,
    Lead,
    New,
    Search,
)

PAGE = 2_000
ROUNDS = 5
SWEEP = 100
GONE = "offer-not-in-policy"
"""What closes a lead whose offer the policy has no more, or whose customer nobody has."""
NOT_IN_POLICY = {"zh": "现行政策中已无此产品", "en": "The policy does not have this offer any more"}
OUTCOMES = {
    "accepted": (ACCEPTED, EventKind.ACCEPT),
    "sold": (SOLD, EventKind.PURCHASE),
    "rejected": (REJECTED, EventKind.REJECT),
    "no_answer": (CLAIMED, None),
    "call_back": (CLAIMED, None),
}
"""What the customer did -> the lead's status, and the event by which every later decision knows."""
Advance = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Built:
    """A build: customers looked at, those worth a call, contacts the advisers have left, leads made."""

    customers: int
    candidates: int
    places: int
    leads: int


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

    # Building --------------------------------------------------------------------------------------------------------

    def build(self, actor: Actor, advance: Advance = lambda _done, _of: None) -> Built:
        """Make the leads that fit into the advisers' hours now, best first; InvalidInput where there is no adviser."""
        rows = {one.id: (one, at_work) for one, at_work in self._leads.advisers(actor.branch) if one.active}
        if not rows:
            raise InvalidInput("No adviser is stored: store them first, with their hours.")
        serving, now = self._releases.serving, _now()
        advisers = [Adviser(one.id, one.branch, one.minutes_per_week, one.minutes_per_contact, at_work)
                    for one, at_work in rows.values()]  # fmt: skip
        seen, found = 0, list[Candidate]()
        for people in self._pages(now - serving.clock.depth_ms):
            seen += len(people)
            found += self._candidates(serving, people, now)
            advance(seen, max(seen, self._store.count_customers()))
        made = [self._made(serving, one.candidate.customer_id, rows[one.adviser][0], now)
                for one in assign(_of_branch(found, actor.branch), advisers)]  # fmt: skip
        built = Built(seen, len(found), sum(one.contacts for one in advisers), sum(made))
        told = {"leads": built.leads, "candidates": built.candidates, "release": serving.release.id}
        self._store.audit(actor.client, "leads.build", actor.branch or "bank", told)
        return built

    def _pages(self, since: int) -> Iterator[list[Snapshot]]:
        after = ""
        while people := self._leads.page(after, PAGE, since):
            yield people
            after = max(one.customer_id for one in people)

    def _candidates(self, serving: Serving, people: Sequence[Snapshot], now: int) -> Iterator[Candidate]:
        """Those of some customers whom the batch has an offer for, by whichever release serves each."""
        groups: dict[int, tuple[Serving, list[Snapshot]]] = {}
        for one in people:
            mine = serving.of(one)
            groups.setdefault(id(mine), (mine, []))[1].append(one)
        for mine, members in groups.values():
            channel = adviser_channel(mine.policy)
            context = Context(next_open(mine.policy, channel, now), channel, limit=1)
            spoken = {} if mine.bundle is None else scores(mine.bundle, members)
            found = decide_many(mine.policy, population(mine.policy, members), context, spoken, mine.release)
            for row, one in enumerate(members):
                if found.offer[row, 0] >= 0:
                    branch, adviser = _text(one, BRANCH), _text(one, ADVISER)
                    yield Candidate(one.customer_id, float(found.priority[row, 0]), branch, adviser)

    def _made(self, serving: Serving, customer_id: str, adviser: AdviserRow, now: int) -> bool:
        def decide(snapshot: Snapshot) -> New | None:
            mine = serving.of(snapshot)
            channel = adviser_channel(mine.policy)
            at = next_open(mine.policy, channel, now)
            made = make(serving, snapshot, OfferRequest(channel, limit=1), at, (), new_decision_id(now))
            if not made.decision.treatments:
                return None
            first = made.decision.treatments[0]
            row = {"id": made.decision.id, "customer_id": customer_id, "at": at, "record": made.record,
                   "release_id": serving.release.id}  # fmt: skip
            judged = Judged(None, serving.release.id, serving.until(now))
            return New(row, first.offer, first.priority, first.strategies, judged)

        return self._leads.add(customer_id, adviser, now - serving.clock.depth_ms, decide, now) is not None

    # Reading ---------------------------------------------------------------------------------------------------------

    def listed(self, search: Search) -> list[Lead]:
        """Leads best first, each with gates that are open as things stand."""
        found = self._leads.listed(search)
        for _ in range(ROUNDS):
            names = self._leads.doubtful(
                _now(), self._releases.serving.release.id, len(found), [one.id for one in found]
            )
            if not names:
                break
            self._judge_again(names)
            found = self._leads.listed(search)
        return found

    def read(self, lead_id: str, branch: str | None) -> Lead:
        """One lead, judged as things stand; NotFound."""
        lead = self._leads.read(lead_id, branch)
        self._judge_again(self._leads.doubtful(_now(), self._releases.serving.release.id, 1, [lead.id]))
        return self._leads.read(lead_id, branch)

    def sweep(self) -> bool:
        """Judge leads again whose customer, release or hour changed, and credit sales; True where there may be more."""
        names = self._leads.doubtful(_now(), self._releases.serving.release.id, SWEEP)
        self._judge_again(names)
        return len(names) == SWEEP or self._leads.settle() > 0

    def _judge_again(self, names: Sequence[str]) -> None:
        actor = Actor("fourcast")
        for name in names:
            with self._leads.desk(name, self._since()) as desk:
                if desk.snapshot is None:
                    desk.set("withdraw", actor, {"gate": GONE}, status=WITHDRAWN, closed_by=GONE)
                else:
                    desk.judged(self._judge(desk.snapshot, desk.lead.offer), actor)

    # Working ---------------------------------------------------------------------------------------------------------

    def claim(self, lead_id: str, actor: Actor) -> Lead:
        """The lead is this adviser's; Conflict where another has it, ContactRefused where a gate closed meanwhile."""
        adviser = self._adviser(actor)
        with self._leads.desk(lead_id, self._since(), actor.branch) as desk:
            _expect_branch(adviser, desk.lead)
            if desk.lead.status == CLAIMED and desk.lead.adviser == adviser.id:
                return desk.lead
            _expect_status(desk.lead, (OPEN,))
            judged = self._judge(_there(desk), desk.lead.offer)
            lead = desk.judged(judged, actor)
            if judged.closed_by is None:
                lead = desk.set("claim", actor, status=CLAIMED, adviser=adviser.id, claimed_at=_now())
        if judged.closed_by is not None:
            raise self._refused(judged.closed_by, "The lead was withdrawn.", actor)
        return lead

    def release(self, lead_id: str, actor: Actor) -> Lead:
        """Give a claimed lead back; Conflict where it is not this adviser's."""
        with self._leads.desk(lead_id, self._since(), actor.branch) as desk:
            self._expect_own(desk.lead, actor, (CLAIMED,))
            return desk.set("release", actor, status=OPEN, claimed_at=None)

    def contact(self, lead_id: str, actor: Actor) -> Lead:
        """The customer is contacted now, and it counts; ContactRefused names the closed gate."""
        with self._leads.desk(lead_id, self._since(), actor.branch) as desk:
            self._expect_own(desk.lead, actor, (CLAIMED, ACCEPTED))
            snapshot, now = _there(desk), _now()
            contact = self._event(desk.lead, EventKind.CONTACT, f"contact-{desk.lead.contacts + 1}", now)
            mine = self._releases.serving.of(snapshot)
            gate = closed_by(mine.policy, snapshot, contact, mine.release)
            if gate is not None:
                raise self._refused(gate, "This contact may not be made now.", actor)
            desk.happened(contact, self._kept.forget)
            return desk.set("contact", actor, status=CONTACTED, contacted_at=now, contacts=desk.lead.contacts + 1)

    def react(self, lead_id: str, reaction: Reaction, actor: Actor) -> Lead:
        """What the customer did, for every later decision to count; Conflict where no contact was made."""
        status, kind = OUTCOMES[reaction.outcome]
        with self._leads.desk(lead_id, self._since(), actor.branch) as desk:
            self._expect_own(desk.lead, actor, (CONTACTED, ACCEPTED))
            _there(desk)
            now = _now()
            values: dict[str, object] = {"status": status, "reason": reaction.reason}
            if kind is not None:
                event = self._event(desk.lead, kind, reaction.outcome, now, reaction.amount_yuan)
                desk.happened(event, self._kept.forget)
            if status == SOLD:
                values |= {"sold_at": now, "sold_yuan": reaction.amount_yuan}
            return desk.set("react", actor, {"outcome": reaction.outcome, "reason": reaction.reason}, **values)

    def override(self, lead_id: str, offer: str, reason: str, actor: Actor) -> Lead:
        """Propose another offer: only where every gate is open; ContactRefused otherwise, also on record."""
        adviser = self._adviser(actor)
        with self._leads.desk(lead_id, self._since(), actor.branch) as desk:
            _expect_branch(adviser, desk.lead)
            _expect_status(desk.lead, WAITING)
            snapshot = _there(desk)
            if offer not in {one.id for one in self._releases.serving.of(snapshot).policy.offers}:
                raise InvalidInput("The policy has no such offer.", [Problem("offer", f'is no offer: "{offer}"')])
            judged = self._judge(snapshot, offer)
            if judged.closed_by is None:
                told = {"from": desk.lead.offer, "to": offer, "reason": reason}
                return desk.set("override", actor, told, offer=offer, reason=reason, strategies=[])
        refused = {"offer": offer, "gate": judged.closed_by, "reason": reason, "on_behalf_of": actor.behalf}
        self._store.audit(actor.client, "lead.override.refused", lead_id, refused)
        raise self._refused(str(judged.closed_by), "This offer may not be proposed.", actor)

    def _judge(self, snapshot: Snapshot, offer: str) -> Judged:
        """What the gates say of an offer by an adviser, for the next moment at which one may call."""
        serving, now = self._releases.serving, _now()
        mine = serving.of(snapshot)
        channel = adviser_channel(mine.policy)
        at = next_open(mine.policy, channel, now)
        contact = Event("", snapshot.customer_id, EventKind.CONTACT, at, offer, channel)
        known = offer in {one.id for one in mine.policy.offers}
        gate = closed_by(mine.policy, snapshot, contact, mine.release) if known else GONE
        return Judged(gate, serving.release.id, serving.until(now))

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

    def _refused(self, gate: str, sentence: str, actor: Actor) -> ContactRefused:
        rules = {rule.id: rule.reason for rule in self._releases.serving.policy.rules}
        return ContactRefused(sentence, [Problem(gate, rules.get(gate, NOT_IN_POLICY)[actor.language])])

    def _since(self) -> int:
        return _now() - self._releases.serving.clock.depth_ms


def adviser_channel(policy: Policy) -> str:
    """The outbound channel in which an adviser speaks with the customer, by its term ``adviser``; InvalidInput."""
    for one in policy.channels:
        if one.direction == "outbound" and one.terms.get("adviser") is True:
            return one.id
    raise InvalidInput("The policy has no outbound channel of advisers: none states the term `adviser`.")


def _of_branch(found: Sequence[Candidate], branch: str | None) -> list[Candidate]:
    return [one for one in found if branch is None or one.branch == branch]


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


def _text(one: Snapshot, name: str) -> str | None:
    value = one.attributes.get(name)
    return value if isinstance(value, str) else None


def _now() -> int:
    return time.time_ns() // 1_000_000
