"""Building leads: a batch of decisions in the advisers' channel, cut to the advisers' hours, best first.

``decide_many`` says who is worth a call, ``planning.leads`` whose call fits, and each that fits is decided once more
by itself under its customer's lock: what becomes a lead is a decision like any other, on record.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from service.crm.judging import adviser_channel, now_ms
from service.crm.reach import ADVISER, BRANCH
from service.deciding import make
from service.decision import decide_many, population
from service.decision.permission import next_open
from service.domain import Context, Lookback, Snapshot
from service.errors import InvalidInput
from service.governance import scores
from service.planning.leads import Adviser, Candidate, assign
from service.request import OfferRequest
from service.serving import Releases, Serving
from service.store import Store, new_decision_id
from service.store.leads import Actor, AdviserRow, Judged, New

PAGE = 2_000
Advance = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Built:
    """A build: customers looked at, those worth a call, contacts the advisers have left, leads made."""

    customers: int
    candidates: int
    places: int
    leads: int


class Building:
    """Makes leads."""

    def __init__(self, store: Store, releases: Releases) -> None:
        self._store, self._leads, self._releases = store, store.leads, releases

    def build(self, actor: Actor, advance: Advance = lambda _done, _of: None) -> Built:
        """Make the leads that fit into the advisers' hours now, best first; InvalidInput where there is no adviser."""
        rows = {one.id: (one, at_work) for one, at_work in self._leads.advisers(actor.branch) if one.active}
        if not rows:
            raise InvalidInput("No adviser is stored: store them first, with their hours.")
        serving, now = self._releases.serving, now_ms()
        advisers = [Adviser(one.id, one.branch, one.minutes_per_week, one.minutes_per_contact, at_work)
                    for one, at_work in rows.values()]  # fmt: skip
        seen, found = 0, list[Candidate]()
        for people in self._pages(serving.clock.lookback(now)):
            seen += len(people)
            found += self._candidates(serving, people, now)
            advance(seen, max(seen, self._store.count_customers()))
        made = [self._made(serving, one.candidate.customer_id, rows[one.adviser][0], now)
                for one in assign(_of_branch(found, actor.branch), advisers)]  # fmt: skip
        built = Built(seen, len(found), sum(one.contacts for one in advisers), sum(made))
        told = {"leads": built.leads, "candidates": built.candidates, "release": serving.release.id}
        self._store.audit(actor.client, "leads.build", actor.branch or "bank", told)
        return built

    def _pages(self, back: Lookback) -> Iterator[list[Snapshot]]:
        after = ""
        while people := self._leads.page(after, PAGE, back):
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

        return self._leads.add(customer_id, adviser, serving.clock.lookback(now), decide, now) is not None


def _of_branch(found: Sequence[Candidate], branch: str | None) -> list[Candidate]:
    return [one for one in found if branch is None or one.branch == branch]


def _text(one: Snapshot, name: str) -> str | None:
    value = one.attributes.get(name)
    return value if isinstance(value, str) else None
