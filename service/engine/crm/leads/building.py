"""Leads built: a batch of decisions in the advisers' channel, cut to the advisers' hours, best first.

``decide_many`` finds the customers worth a call and ``planning.leads`` those that fit into the hours. Each of these is
decided once more alone, under the customer's lock: a lead comes from a recorded decision like any other. A build for a
branch decides for its customers only. Customers without a lead are counted by reason, so that leads and reasons
together are all customers.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from service.core.clock import Clock
from service.core.domain import Context, Lookback, Snapshot, Text
from service.core.errors import InvalidInput
from service.core.grid import DAY_MS, day_at
from service.core.progress import Progress
from service.decision import decide_many, population_of
from service.decision.contact_permission import find_next_open, find_zone
from service.engine.auth.branch_scope import ADVISER, BRANCH
from service.engine.crm.leads.attestation import is_valid
from service.engine.crm.leads.judging import adviser_channel
from service.engine.offers.recommend import decide_recorded
from service.engine.offers.request import OfferRequest
from service.engine.releases.active_release import ActiveRelease, ReleaseFollower
from service.engine.releases.scores import score_many
from service.planning.leads import (
    HOURS_FULL,
    NO_ADVISER,
    NO_SKILL,
    NOT_ATTESTED,
    Adviser,
    Assigned,
    Candidate,
    assign,
    left_out,
)
from service.rules.policy import Policy
from service.store import Store, new_decision_id
from service.store.leads import Actor, AdviserRow, LeadJudgement, NewLead

PAGE = 2_000
HAS_LEAD, CHANGED = "has-lead", "changed-meanwhile"
WORDS: dict[str, Text] = {
    HAS_LEAD: {"zh": "已有进行中的线索", "en": "Has a lead at work"},
    NO_ADVISER: {"zh": "所属网点没有在岗的客户经理", "en": "No adviser of their branch is here"},
    NOT_ATTESTED: {
        "zh": "可销售该风险等级的客户经理未在12个月内确认行为规范",
        "en": "Advisers who may sell it have not confirmed the rules of conduct within 12 months",
    },
    NO_SKILL: {"zh": "在岗客户经理均无权销售该风险等级", "en": "No adviser here may sell a product of that risk"},
    HOURS_FULL: {"zh": "客户经理工时已满", "en": "The advisers' hours are full"},
    CHANGED: {"zh": "制作期间情况有变", "en": "Something changed while the list was made"},
    "no-positive-value": {"zh": "目前没有净收益为正的方案", "en": "Nothing would be worth more than the call costs"},
}
"""Why a customer gets no lead, where no gate of the policy is the reason."""


@dataclass(frozen=True, slots=True)
class Term:
    """Days until a lead is due, and until it expires."""

    due_days: int = 7
    expire_days: int = 14


@dataclass(frozen=True, slots=True)
class FellOut:
    """Why customers got no lead: the gate or reason, in words, and how many."""

    reason: str
    text: str
    customers: int


@dataclass(frozen=True, slots=True)
class Built:
    """A build: all customers, those worth a call, contacts within the hours, leads made; why the others got none.

    ``customers`` are the leads and all customers in ``fell_out``, most frequent reason first.
    """

    customers: int
    candidates: int
    places: int
    leads: int
    fell_out: tuple[FellOut, ...]

    def document(self) -> dict[str, object]:
        """As plain JSON values."""
        fell = [{"reason": one.reason, "text": one.text, "customers": one.customers} for one in self.fell_out]
        numbers = {name: getattr(self, name) for name in ("customers", "candidates", "places", "leads")}
        return {**numbers, "fell_out": fell}


class Building:
    """Builds leads."""

    def __init__(self, store: Store, releases: ReleaseFollower, clock: Clock) -> None:
        self._store, self._leads, self._releases, self._clock = store, store.leads, releases, clock

    def build(self, actor: Actor, advance: Progress = lambda _done, _of: None, term: Term = Term()) -> Built:
        """Make the leads that fit into the advisers' hours now, best first; for the actor's branch, if it has one.

        Raises:
            InvalidInput: no adviser is stored.
        """
        serving, now = self._releases.serving, self._clock()
        rows = self._here(actor.branch, serving, now)
        everybody, busy = self._leads.count_customers(actor.branch)
        candidates, fell = list[Candidate](), Counter({HAS_LEAD: busy})
        for people in self._pages(serving.expiry.lookback(now), actor.branch):
            candidates += self._candidates(serving, people, now, fell)
            advance(len(candidates) + fell.total(), everybody)
        candidates = [replace(one, adviser=rows.stand_in(one.adviser)) for one in candidates]
        placed = assign(candidates, rows.advisers)
        fell += left_out(candidates, rows.advisers, placed)
        made = self._make(serving, placed, rows, now, term, lambda: advance(everybody, everybody))
        fell[CHANGED] += len(placed) - made
        return self._built(actor, serving, len(candidates), sum(one.contacts for one in rows.advisers), made, fell)

    def _built(
        self, actor: Actor, serving: ActiveRelease, candidates: int, places: int, made: int, fell: Counter[str]
    ) -> Built:
        reasons = tuple(
            FellOut(reason, _said(serving.policy, reason)[actor.language], count)
            for reason, count in fell.most_common()
            if count > 0
        )
        detail = {"leads": made, "candidates": candidates, "release": serving.release.id}
        self._store.audit.append(actor.client, "leads.build", actor.branch or "bank", detail)
        return Built(made + sum(one.customers for one in reasons), candidates, places, made, reasons)

    def _here(self, branch: str | None, serving: ActiveRelease, now: int) -> "_Here":
        known = self._leads.list_advisers(branch)
        if not known:
            whose = "" if branch is None else f' of branch "{branch}"'
            raise InvalidInput(f"No adviser{whose} is stored: store them first, with their hours.")
        today = day_at(now, serving.policy.contact.timezone)
        newest = self._store.attestations.newest(branch)
        attested = frozenset(one.id for one, _ in known if is_valid(newest.get(one.id), today))
        return _Here(known, today, attested)

    def _pages(self, back: Lookback, branch: str | None) -> Iterator[list[Snapshot]]:
        after = ""
        while people := self._leads.next_customers(after, PAGE, back, branch):
            yield people
            after = max(one.customer_id for one in people)

    def _candidates(
        self, serving: ActiveRelease, people: Sequence[Snapshot], now: int, fell: Counter[str]
    ) -> Iterator[Candidate]:
        """The customers for whom the batch has an offer, by the release that serves each."""
        groups: dict[int, tuple[ActiveRelease, list[Snapshot]]] = {}
        for one in people:
            mine = serving.for_customer(one)
            groups.setdefault(id(mine), (mine, []))[1].append(one)
        for mine, members in groups.values():
            yield from _worth_a_call(mine, members, now, fell)

    def _make(
        self, serving: ActiveRelease, placed: Sequence[Assigned], rows: "_Here", now: int, term: Term,
        step: Callable[[], None],
    ) -> int:  # fmt: skip
        made = 0
        for one in placed:
            adviser = rows.all[one.adviser]
            sells = adviser if adviser.id in rows.attested else replace(adviser, max_risk=0)
            made += self._made(serving, one.candidate.customer_id, sells, now, term)
            step()
        return made

    def _made(self, serving: ActiveRelease, customer_id: str, adviser: AdviserRow, now: int, term: Term) -> bool:
        def decide(snapshot: Snapshot) -> NewLead | None:
            mine = serving.for_customer(snapshot)
            channel = adviser_channel(mine.policy)
            at = find_next_open(mine.policy, channel, now, find_zone(mine.policy, snapshot))
            made = decide_recorded(serving, snapshot, OfferRequest(channel, limit=1), at, (), new_decision_id(now))
            first = made.decision.treatments[0] if made.decision.treatments else None
            if first is None or not adviser.may_sell(risk_of(mine.policy, first.offer)):
                return None
            row = {"id": made.decision.id, "customer_id": customer_id, "at": at, "record": made.record,
                   "release_id": serving.release.id}  # fmt: skip
            judged = LeadJudgement(None, serving.release.id, serving.until(now))
            due = _due(snapshot, day_at(now, mine.policy.contact.timezone), term.due_days)
            ends = now + term.expire_days * DAY_MS
            return NewLead(row, first.offer, first.priority, first.strategies, judged, due, ends)

        return self._leads.add(customer_id, adviser, serving.expiry.lookback(now), decide, now) is not None


class _Here:
    """The advisers who get leads now (active, not on leave), their substitutes, and who of them is attested."""

    def __init__(self, known: Sequence[tuple[AdviserRow, int]], today: date, attested: frozenset[str]) -> None:
        self.attested = attested
        self.all = {one.id: one for one, _ in known if one.active and not one.is_away(today)}
        self._away = {one.id: one.substitute for one, _ in known if one.active and one.is_away(today)}
        self.advisers = [_with_capacity(one, at_work, attested) for one, at_work in known if one.id in self.all]

    def stand_in(self, adviser: str | None) -> str | None:
        """The adviser who works for this adviser: the same, or the substitute during a leave."""
        return self._away.get(adviser, adviser) if adviser is not None else None


def _with_capacity(one: AdviserRow, at_work: int, attested: frozenset[str]) -> Adviser:
    minutes = one.minutes_per_week, one.minutes_per_contact
    return Adviser(one.id, one.branch, *minutes, at_work, one.max_risk, one.id in attested)


def risk_of(policy: Policy, offer: str) -> float | None:
    """The risk level of an offer's product, 1 to 5; None where it has none, as an ordinary deposit."""
    terms = next((one.terms for one in policy.offers if one.id == offer), {})
    risk = terms.get("risk")
    return float(risk) if isinstance(risk, int | float) else None


def _worth_a_call(
    mine: ActiveRelease, members: Sequence[Snapshot], now: int, fell: Counter[str]
) -> Iterator[Candidate]:
    """The members who are worth a call, those of each time zone judged at the next time at which they may be called."""
    for zone, neighbours in _by_zone(mine.policy, members).items():
        at = find_next_open(mine.policy, adviser_channel(mine.policy), now, zone)
        yield from _worth_a_call_at(mine, neighbours, at, fell)


def _by_zone(policy: Policy, members: Sequence[Snapshot]) -> dict[str | None, list[Snapshot]]:
    found: dict[str | None, list[Snapshot]] = {}
    for one in members:
        found.setdefault(find_zone(policy, one), []).append(one)
    return found


def _worth_a_call_at(
    mine: ActiveRelease, members: Sequence[Snapshot], at: int, fell: Counter[str]
) -> Iterator[Candidate]:
    context = Context(at, adviser_channel(mine.policy), limit=1)
    scores = score_many(mine.bundle, members)
    people = population_of(mine.policy, members)
    decisions = decide_many(mine.policy, people, context, scores, mine.release, reasons=True)
    mine.note_stops(decisions.stops or {}, True, context.now)
    for row, one in enumerate(members):
        if decisions.offer[row, 0] >= 0:
            offer = mine.policy.offers[int(decisions.offer[row, 0])].id
            branch, adviser, risk = _text(one, BRANCH), _text(one, ADVISER), risk_of(mine.policy, offer)
            yield Candidate(one.customer_id, float(decisions.priority[row, 0]), branch, adviser, risk)
        else:
            fell[str(decisions.closed[row])] += 1  # type: ignore[index]


def _due(snapshot: Snapshot, today: date, days: int) -> date:
    """The date in ``days`` days, or the day on which the customer's money matures, if that is earlier."""
    due, matures = today + timedelta(days=days), snapshot.attributes.get("next_maturity_on")
    on = date.fromisoformat(matures[:10]) if isinstance(matures, str) else None
    return on if on is not None and today <= on < due else due


def _said(policy: Policy, reason: str) -> Text:
    return WORDS.get(reason) or next((rule.reason for rule in policy.rules if rule.id == reason), _as_it_is(reason))


def _as_it_is(reason: str) -> Text:
    return {"zh": reason, "en": reason}


def _text(one: Snapshot, name: str) -> str | None:
    value = one.attributes.get(name)
    return value if isinstance(value, str) else None
