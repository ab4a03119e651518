"""The result of a simulation, as frozen values that print: text for a person, a document for a program.

Money is expected value in yuan: the priorities of first treatments, summed over customers. Nothing is calculated here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

MOST_MOVES = 20
"""Kinds of change that are listed; the others are counted."""

NOTHING = "no offer"


@dataclass(frozen=True, slots=True)
class Shift:
    """One figure under the old policy and under the new."""

    name: str
    old: float
    new: float

    @property
    def difference(self) -> float:
        """New minus old."""
        return self.new - self.old


@dataclass(frozen=True, slots=True)
class Move:
    """Customers whose first offer became another; None is no offer."""

    old: str | None
    new: str | None
    customers: int


@dataclass(frozen=True, slots=True)
class Example:
    """One customer whose first offer is worth more or less: before, after, and the difference in yuan."""

    customer: str
    old: str | None
    new: str | None
    difference_yuan: float


@dataclass(frozen=True, slots=True)
class Group:
    """Customers alike in one way: how many, how many of them served, whose first offer changed, and their value."""

    axis: str
    name: str
    customers: int
    served: Shift
    changed: int
    value_yuan: Shift


@dataclass(frozen=True, slots=True)
class Simulation:
    """Two policies over the same customers at the same moment.

    ``identical``: customers whose whole list is the same, offers and channels in order. ``first_changed``: whose first
    offer is another, or came or went. ``gained`` and ``lost``: who had nothing and now has an offer, and the reverse.
    ``better`` and ``worse``: whose first priority rose or fell. ``volumes``: by ``offer`` (first place), ``shown`` (any
    place), ``channel`` and ``strategy`` (of first treatments), ``dominated`` (closed by that gate). ``starved``: who
    gets nothing, by the gate that closed the last offer.
    """

    old: str
    new: str
    at: int
    channel: str | None
    customers: int
    identical: int
    first_changed: int
    gained: int
    lost: int
    better: int
    worse: int
    value_yuan: Shift
    volumes: Mapping[str, tuple[Shift, ...]]
    starved: tuple[Shift, ...]
    groups: tuple[Group, ...]
    moves: tuple[Move, ...]
    gainers: tuple[Example, ...]
    losers: tuple[Example, ...]

    @property
    def unchanged(self) -> bool:
        """True where nobody is served differently."""
        return self.identical == self.customers and self.better == self.worse == 0

    def document(self) -> dict[str, object]:
        """All of it as plain JSON values."""
        return {**asdict(self), "unchanged": self.unchanged}

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def _lines(found: Simulation) -> Iterable[str]:
    yield f"{found.customers:,} customers, policy {found.old[:12]} beside {found.new[:12]}"
    yield f"  the same list                 {_share(found.identical, found)}"
    yield f"  another first offer           {_share(found.first_changed, found)}"
    yield f"  gain an offer / lose the last {found.gained:,} / {found.lost:,}"
    yield f"  first offer worth more / less {found.better:,} / {found.worse:,}"
    yield f"  expected value, yuan          {_shift(found.value_yuan, 2)}"
    for axis, shifts in found.volumes.items():
        yield from _table(VOLUME_TITLES.get(axis, axis), shifts)
    yield from _table("customers without an offer, by the gate that closed the last one", found.starved)
    yield from _groups(found.groups)
    yield from _moves(found.moves)
    yield from _examples("gain most", found.gainers)
    yield from _examples("lose most", found.losers)


VOLUME_TITLES = {
    "offer": "first offers",
    "shown": "offers shown at any rank",
    "channel": "first offers by channel",
    "strategy": "first offers credited to a strategy",
    "dominated": "offers closed because another open one beats them",
}


def _share(count: int, found: Simulation) -> str:
    return f"{count:,} ({count / found.customers:.1%})" if found.customers else "0"


def _shift(shift: Shift, digits: int = 0) -> str:
    return f"{shift.old:,.{digits}f} -> {shift.new:,.{digits}f} ({shift.difference:+,.{digits}f})"


def _table(title: str, shifts: Sequence[Shift]) -> Iterable[str]:
    """Each figure; those that are 0 on both sides by name only, since a starved offer or strategy should be seen."""
    told = [shift for shift in shifts if shift.old or shift.new]
    none = [shift.name for shift in shifts if not (shift.old or shift.new)]
    if shifts:
        yield f"{title}:"
    width = max((len(shift.name) for shift in told), default=0)
    yield from (f"  {shift.name:<{width}}  {_shift(shift)}" for shift in told)
    if none:
        yield f"  0 -> 0: {', '.join(none)}"


def _groups(groups: Sequence[Group]) -> Iterable[str]:
    if groups:
        yield "by group (customers, served, first offer changed, value in yuan); a customer may be in several segments:"
    for group in groups:
        label = f"{group.axis} {group.name}"
        served, value = _shift(group.served), _shift(group.value_yuan)
        yield f"  {label:<28} {group.customers:>9,}  {served}  {group.changed:,}  {value}"


def _moves(moves: Sequence[Move]) -> Iterable[str]:
    if moves:
        yield "first offers that change:"
    for move in moves[:MOST_MOVES]:
        yield f"  {move.old or NOTHING} -> {move.new or NOTHING}: {move.customers:,}"
    if len(moves) > MOST_MOVES:
        rest = moves[MOST_MOVES:]
        yield f"  and {len(rest)} further kinds: {sum(move.customers for move in rest):,}"


def _examples(title: str, examples: Sequence[Example]) -> Iterable[str]:
    if examples:
        yield f"customers who {title}:"
    for one in examples:
        yield f"  {one.customer}: {one.old or NOTHING} -> {one.new or NOTHING} ({one.difference_yuan:+,.2f} yuan)"
