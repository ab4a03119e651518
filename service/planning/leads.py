"""Which customer goes to which adviser: as much priority as the advisers' stated hours can carry. Pure.

An adviser takes ``contacts`` customers (hours over minutes per contact, less what is open already), and sells nothing
riskier than ``max_risk``. A customer goes to their own adviser where the bank has named one who is here and may sell
what is offered, otherwise to any such adviser of their branch, otherwise to any of the bank. The sets of customers that
can be placed together are a transversal matroid. So taking customers best first, each one if all taken so far can still
be placed, gives the greatest total priority there is (Edmonds 1971). A test tries every assignment of small cases.

In order: best first -> to the adviser of their choice with the most capacity left (ties by the adviser's id) -> where
all are full, a customer placed before moves to a colleague with capacity, along the shortest chain. Customers of the
same choice are alike: once one of them finds no adviser, none of the later ones does.
"""

from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

NO_ADVISER, NO_SKILL, HOURS_FULL = "no-adviser", "no-skill", "hours-full"
NOT_ATTESTED = "not-attested"
"""Why a customer worth a contact gets none: no adviser is here, none here may sell it, all are full, or those who may
sell it have not confirmed the rules of conduct within 12 months."""


@dataclass(frozen=True, slots=True)
class Adviser:
    """An adviser of a branch: minutes a week for leads, minutes a contact takes, and how many leads are open now.

    ``max_risk`` is the riskiest product they may sell, 1 to 5; None: any. Advisers who are not ``attested`` get no
    customers for risk-rated products.
    """

    id: str
    branch: str
    minutes_per_week: int
    minutes_per_contact: int
    open: int = 0
    max_risk: int | None = None
    attested: bool = True

    @property
    def contacts(self) -> int:
        """How many more contacts fit into a week's hours.

        >>> Adviser("a", "b", 600, 25, open=4).contacts
        20
        """
        return max(0, self.minutes_per_week // self.minutes_per_contact - self.open)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A customer worth a contact: ``priority`` in yuan, their branch and own adviser, the offer's risk where known."""

    customer_id: str
    priority: float
    branch: str | None = None
    adviser: str | None = None
    risk: float | None = None


@dataclass(frozen=True, slots=True)
class Assigned:
    """A customer and the adviser who gets the lead."""

    candidate: Candidate
    adviser: str


Choice = tuple[str, ...]
"""The advisers a customer may go to."""


class Advisers:
    """The advisers who are here, and the choice of each customer."""

    def __init__(self, advisers: Sequence[Adviser]) -> None:
        self.all = {one.id: one for one in sorted(advisers, key=lambda one: one.id)}
        self._branches: dict[str, list[Adviser]] = {}
        for one in self.all.values():
            self._branches.setdefault(one.branch, []).append(one)
        self._choices: dict[tuple[str | None, str | None, float | None], Choice] = {}

    def here(self, candidate: Candidate) -> list[Adviser]:
        """The advisers of the customer's branch, or of the bank where they have none."""
        return list(self.all.values()) if candidate.branch is None else self._branches.get(candidate.branch, [])

    def choice(self, candidate: Candidate) -> Choice:
        """The ids of the advisers who may get the customer."""
        own = candidate.adviser if candidate.adviser in self.all else None
        key = (own, candidate.branch, candidate.risk)
        if key not in self._choices:
            mine = _skilled([self.all[own]] if own else [], candidate.risk)
            self._choices[key] = mine or _skilled(self.here(candidate), candidate.risk)
        return self._choices[key]


def _skilled(advisers: Iterable[Adviser], risk: float | None) -> Choice:
    return tuple(one.id for one in advisers if risk is None or (one.attested and _may_sell(one, risk)))


def _may_sell(adviser: Adviser, risk: float) -> bool:
    return adviser.max_risk is None or risk <= adviser.max_risk


class _AdviserCapacity:
    """How many contacts each adviser has left, and which customers they have, by choice."""

    def __init__(self, advisers: Mapping[str, Adviser]) -> None:
        self.left = {name: one.contacts for name, one in advisers.items()}
        self.held: dict[str, dict[Choice, list[Candidate]]] = {name: {} for name in advisers}

    def take(self, candidate: Candidate, choice: Choice) -> bool:
        """Place the candidate, moving others where needed; False where no adviser has capacity."""
        chain = self._chain(choice)
        if chain is None:
            return False
        *full, free = chain
        self.left[free] -= 1
        for name, onward in zip(reversed(full), reversed(chain), strict=False):
            moved = next(kind for kind, members in self.held[name].items() if members and onward in kind)
            self.held[onward].setdefault(moved, []).append(self.held[name][moved].pop())
        self.held[chain[0]].setdefault(choice, []).append(candidate)
        return True

    def _chain(self, choice: Choice) -> list[str] | None:
        """The advisers of a chain: each gives one customer to the next, the last has capacity.

        None where there is no such chain.
        """
        before: dict[str, str | None] = dict.fromkeys(choice)
        wave = deque([choice])
        while wave:
            group = wave.popleft()
            free = [name for name in group if self.left[name] > 0]
            if free:
                return _steps(min(free, key=lambda name: (-self.left[name], name)), before)
            for name in group:
                for kind in [kind for kind, members in self.held[name].items() if members]:
                    if fresh := tuple(other for other in kind if other not in before):
                        before |= dict.fromkeys(fresh, name)
                        wave.append(fresh)
        return None


def _steps(last: str, before: Mapping[str, str | None]) -> list[str]:
    steps = [last]
    while (previous := before[steps[0]]) is not None:
        steps.insert(0, previous)
    return steps


def assign(candidates: Iterable[Candidate], advisers: Sequence[Adviser]) -> list[Assigned]:
    """The customers of greatest total priority that fit into the advisers' hours, best first, each with an adviser.

    A candidate whose priority is not above zero is left out. Ties by customer id, so the same input gives the same
    answer.
    """
    known = Advisers(advisers)
    places, full, taken = _AdviserCapacity(known.all), set[Choice](), list[Candidate]()
    for one in sorted(candidates, key=lambda each: (-each.priority, each.customer_id)):
        choice = known.choice(one)
        if not one.priority > 0.0 or choice in full:
            continue
        if places.take(one, choice):
            taken.append(one)
        else:
            full.add(choice)
    where = {
        one.customer_id: name for name, kinds in places.held.items() for members in kinds.values() for one in members
    }
    return [Assigned(one, where[one.customer_id]) for one in taken]


def left_out(candidates: Iterable[Candidate], advisers: Sequence[Adviser], placed: Sequence[Assigned]) -> Counter[str]:
    """Reason -> how many candidates were left out for it."""
    known, served = Advisers(advisers), {one.candidate.customer_id for one in placed}
    return Counter(_reason(one, known) for one in candidates if one.customer_id not in served)


def _reason(candidate: Candidate, known: Advisers) -> str:
    if known.choice(candidate):
        return HOURS_FULL
    here = [known.all[candidate.adviser]] if candidate.adviser in known.all else known.here(candidate)
    if candidate.risk is not None and any(_may_sell(one, candidate.risk) for one in here):
        return NOT_ATTESTED
    return NO_SKILL if candidate.adviser in known.all or known.here(candidate) else NO_ADVISER
