"""Which customer goes to which adviser: as much priority as the advisers' stated hours can carry. Pure.

An adviser has ``contacts`` places (hours over minutes per contact, less what is open already). A customer goes to their
own adviser where the bank has named one who is here, otherwise to any adviser of their branch, otherwise to anybody.
So the advisers a customer may go to are one adviser, one branch, or the whole bank: sets that nest. The sets of
customers that can be placed together are then a laminar matroid, and taking customers best first, each one if all
taken so far still fit, gives the greatest total priority there is (Edmonds 1971). Nothing is approximated; a test tries
every assignment of small cases.

In order: best first -> taken if their adviser, their branch and the bank have a place left -> own advisers first, then
the branch's, then the rest, each to whoever has most places left, ties by the adviser's id.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Adviser:
    """An adviser of a branch: minutes a week for leads, minutes a contact takes, and how many leads are open now."""

    id: str
    branch: str
    minutes_per_week: int
    minutes_per_contact: int
    open: int = 0

    @property
    def contacts(self) -> int:
        """How many more contacts fit into a week's stated hours.

        >>> Adviser("a", "b", 600, 25, open=4).contacts
        20
        """
        return max(0, self.minutes_per_week // self.minutes_per_contact - self.open)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A customer worth a contact: ``priority`` in yuan, their branch and own adviser where known."""

    customer_id: str
    priority: float
    branch: str | None = None
    adviser: str | None = None


@dataclass(frozen=True, slots=True)
class Assigned:
    """A customer and the adviser who gets the lead."""

    candidate: Candidate
    adviser: str


@dataclass
class Places:
    """How many contacts are left: by adviser, by branch, in all; and how many advisers' places are promised away."""

    left: Counter[str]
    branch_of: Mapping[str, str]
    taken: Counter[tuple[str, ...]] = field(default_factory=Counter)

    def sets(self, candidate: Candidate) -> list[tuple[str, ...]]:
        """The nested sets of advisers that the candidate counts against, narrowest first; none where nobody may."""
        if candidate.adviser in self.branch_of:
            own = str(candidate.adviser)
            return [("adviser", own), ("branch", self.branch_of[own]), ("bank",)]
        if candidate.branch is not None:
            return [("branch", candidate.branch), ("bank",)]
        return [("bank",)]

    def size(self, group: tuple[str, ...]) -> int:
        """How many contacts the advisers of a set have in all."""
        if group[0] == "adviser":
            return self.left[group[1]]
        members = [one for one, branch in self.branch_of.items() if group[0] == "bank" or branch == group[1]]
        return sum(self.left[one] for one in members)


def assign(candidates: Iterable[Candidate], advisers: Sequence[Adviser]) -> list[Assigned]:
    """The customers with the greatest total priority that fit into the advisers' hours, best first, each placed.

    A candidate whose priority is not above zero is left out. Ties by customer id, so the same input gives the same
    answer. O(n log n) for n candidates.
    """
    places = Places(Counter({one.id: one.contacts for one in advisers}), {one.id: one.branch for one in advisers})
    return _placed(_taken(candidates, places), places)


def _taken(candidates: Iterable[Candidate], places: Places) -> list[Candidate]:
    """Best first, while every set that holds the candidate has a place left."""
    sizes: dict[tuple[str, ...], int] = {}
    taken = []
    for one in sorted(candidates, key=lambda each: (-each.priority, each.customer_id)):
        groups = places.sets(one)
        for group in groups:
            if group not in sizes:
                sizes[group] = places.size(group)
        if one.priority > 0.0 and all(places.taken[group] < sizes[group] for group in groups):
            places.taken.update(groups)
            taken.append(one)
    return taken


def _placed(taken: Sequence[Candidate], places: Places) -> list[Assigned]:
    """The narrowest sets first: what is left over then always suffices for the wider ones."""
    where: dict[str, str] = {}
    for width in (3, 2, 1):
        for one in taken:
            groups = places.sets(one)
            if len(groups) == width:
                where[one.customer_id] = _roomiest(groups[0], places)
    return [Assigned(one, where[one.customer_id]) for one in taken]


def _roomiest(group: tuple[str, ...], places: Places) -> str:
    members = [
        one for one, branch in places.branch_of.items() if group in (("adviser", one), ("branch", branch), ("bank",))
    ]
    best = min(members, key=lambda one: (-places.left[one], one))
    places.left[best] -= 1
    return best
