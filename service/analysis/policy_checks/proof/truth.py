"""Truth: formulas in SQL's three-valued logic, and what each can still be while some variables are open. Pure.

The value of a formula is a mask: the outcomes (true, false, unknown) that are still possible under what is known of the
variables. With every variable known the mask holds one outcome. With some open it holds at least the possible ones, so
a proof that rests on a missing outcome is sound.

The constructors simplify as they build. Two formulas of the same ``key`` mean the same.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import reduce

TRUE, FALSE, UNKNOWN = 1, 2, 4
ANY = TRUE | FALSE | UNKNOWN
Value = float | str | None
"""The value of a variable; None is unknown."""
Known = Mapping[str, Value]

_OUTCOMES = (TRUE, FALSE, UNKNOWN)
_MASKS = range(ANY + 1)


def _least(one: int, other: int) -> int:
    """``and`` of two outcomes."""
    return FALSE if FALSE in (one, other) else UNKNOWN if UNKNOWN in (one, other) else TRUE


def _spread(join: Callable[[int, int], int]) -> tuple[tuple[int, ...], ...]:
    """A join of outcomes as a table of masks."""

    def joined(left: int, right: int) -> int:
        pairs = ((a, b) for a in _OUTCOMES if a & left for b in _OUTCOMES if b & right)
        return reduce(lambda found, pair: found | join(*pair), pairs, 0)

    return tuple(tuple(joined(left, right) for right in _MASKS) for left in _MASKS)


_NOT = tuple((mask & UNKNOWN) | (mask & TRUE) << 1 | (mask & FALSE) >> 1 for mask in _MASKS)
_AND = _spread(_least)
_OR = tuple(tuple(_NOT[_AND[_NOT[left]][_NOT[right]]] for right in _MASKS) for left in _MASKS)
_SAME = _spread(lambda one, other: UNKNOWN if UNKNOWN in (one, other) else TRUE if one == other else FALSE)


class Formula(ABC):
    """A condition over variables. ``key`` names it, ``variables`` are all that it reads, ``size`` counts its parts.

    ``columns`` are the names that stand in it, those of its free parts too. ``mark`` tells formulas of one class and
    the same parts apart.
    """

    __slots__ = ("columns", "key", "mark", "parts", "size", "variables")

    def __init__(
        self, key: str, parts: Sequence["Formula"], variables: frozenset[str] = frozenset(), mark: int = 0
    ) -> None:
        self.key, self.parts, self.mark = key, tuple(parts), mark
        self.size: int = 1 + sum(one.size for one in parts)
        self.variables: frozenset[str] = variables.union(*(one.variables for one in parts))
        self.columns: frozenset[str] = frozenset[str]().union(*(one.columns for one in parts))

    @abstractmethod
    def mask(self, known: Known) -> int:
        """The outcomes that are possible where only ``known`` is known."""

    def atoms(self) -> Iterable["Atom"]:
        """Every atom below, as often as it stands there."""
        for part in self.parts:
            yield from part.atoms()

    def open_atoms(self, known: Known) -> Iterable["Atom"]:
        """The atoms that are not settled yet and may still decide the formula."""
        for part in self.parts:
            if part.mask(known) not in _OUTCOMES:
                yield from part.open_atoms(known)


class Constant(Formula):
    """One outcome, whatever the variables are."""

    __slots__ = ("outcome",)

    def __init__(self, outcome: int) -> None:
        super().__init__({TRUE: "true", FALSE: "false", UNKNOWN: "unknown"}[outcome], (), mark=outcome)
        self.outcome = outcome

    def mask(self, known: Known) -> int:
        """The outcome."""
        return self.outcome


ALWAYS, NEVER, UNDECIDED = Constant(TRUE), Constant(FALSE), Constant(UNKNOWN)


class Atom(Formula):
    """A condition that is not taken apart: a function of the values of ``names``, constant between ``cuts``.

    ``cuts`` are the points of each variable at which the condition may change. ``opaque`` is the expression's text
    where the condition reads only what the law reads, and yet cannot be cut into such pieces.
    """

    __slots__ = ("_judge", "_judged", "cuts", "names", "opaque", "text")

    def __init__(
        self,
        text: str,
        names: Sequence[str],
        judge: Callable[..., int],
        cuts: Mapping[str, Sequence[float | str]] | None = None,
        opaque: bool = False,
        key: str | None = None,
        columns: frozenset[str] | None = None,
    ) -> None:
        super().__init__(text if key is None else key, (), frozenset(names))
        self.columns = self.variables if columns is None else columns
        self.text, self.names, self.cuts, self.opaque = text, tuple(names), cuts or {}, opaque
        self._judge, self._judged = judge, dict[tuple[Value, ...], int]()

    def mask(self, known: Known) -> int:
        """What it is for these values; anything while one of them is open."""
        try:
            values = tuple([known[name] for name in self.names])
        except KeyError:
            return ANY
        found = self._judged.get(values)
        if found is None:
            found = self._judged[values] = self._judge(*values)
        return found

    def atoms(self) -> Iterable["Atom"]:
        """Itself."""
        yield self

    def open_atoms(self, known: Known) -> Iterable["Atom"]:
        """Itself, while a value is open."""
        if not known.keys() >= self.variables:
            yield self


class _Not(Formula):
    __slots__ = ()

    def mask(self, known: Known) -> int:
        return _NOT[self.parts[0].mask(known)]


class _Chain(Formula):
    """``and`` or ``or``; the first side that settles it ends the work."""

    __slots__ = ("_settles", "_table")

    def __init__(self, key: str, parts: Sequence[Formula], table: tuple[tuple[int, ...], ...], settles: int) -> None:
        super().__init__(key, parts, mark=settles)
        self._table, self._settles = table, settles

    def mask(self, known: Known) -> int:
        found = _NOT[self._settles]
        for part in self.parts:
            found = self._table[found][part.mask(known)]
            if found == self._settles:
                break
        return found


class _Same(Formula):
    """Whether two conditions are known and equal."""

    __slots__ = ()

    def mask(self, known: Known) -> int:
        return _SAME[self.parts[0].mask(known)][self.parts[1].mask(known)]


class _Certain(Formula):
    """Whether a condition has the outcome; never unknown itself."""

    __slots__ = ("_outcome",)

    def __init__(self, key: str, part: Formula, outcome: int) -> None:
        super().__init__(key, (part,), mark=outcome)
        self._outcome = outcome

    def mask(self, known: Known) -> int:
        found = self.parts[0].mask(known)
        return (TRUE if found & self._outcome else 0) | (FALSE if found & ~self._outcome else 0)


class _Choice(Formula):
    """``case``: the branch of the first guard that is true. Parts: guard, branch, guard, branch, ..., otherwise."""

    __slots__ = ()

    def mask(self, known: Known) -> int:
        found = 0
        for guard, branch in zip(self.parts[:-1:2], self.parts[1:-1:2], strict=True):
            held = guard.mask(known)
            if held & TRUE:
                found |= branch.mask(known)
            if held == TRUE:
                return found
        return found | self.parts[-1].mask(known)

    def open_atoms(self, known: Known) -> Iterable[Atom]:
        """Those of the guards and of the branches that may still be taken."""
        for guard, branch in zip(self.parts[:-1:2], self.parts[1:-1:2], strict=True):
            held = guard.mask(known)
            if held not in _OUTCOMES:
                yield from guard.open_atoms(known)
            if held & TRUE:
                yield from branch.open_atoms(known)
            if held == TRUE:
                return
        yield from self.parts[-1].open_atoms(known)


class _FirstKnown(Formula):
    """``coalesce`` of conditions: the first that is known."""

    __slots__ = ()

    def mask(self, known: Known) -> int:
        found = 0
        for part in self.parts:
            each = part.mask(known)
            found |= each & ~UNKNOWN
            if not each & UNKNOWN:
                return found
        return found | UNKNOWN

    def open_atoms(self, known: Known) -> Iterable[Atom]:
        """Those up to the first that is surely known."""
        for part in self.parts:
            each = part.mask(known)
            if each not in _OUTCOMES:
                yield from part.open_atoms(known)
            if not each & UNKNOWN:
                return


def first_known(parts: Sequence[Formula]) -> Formula:
    """``coalesce``."""
    kept: list[Formula] = []
    for part in parts:
        if part is not UNDECIDED:
            kept.append(part)
        if part is ALWAYS or part is NEVER:
            break
    if len(kept) < 2:
        return kept[0] if kept else UNDECIDED
    return _FirstKnown(f"coalesce({', '.join(one.key for one in kept)})", kept)


def negation(part: Formula) -> Formula:
    """``not``."""
    if isinstance(part, Constant):
        return {TRUE: NEVER, FALSE: ALWAYS, UNKNOWN: UNDECIDED}[part.outcome]
    return part.parts[0] if isinstance(part, _Not) else _Not(f"not ({part.key})", (part,))


def conjunction(parts: Iterable[Formula]) -> Formula:
    """``and``."""
    return _chain("and", parts, _AND, NEVER, ALWAYS)


def disjunction(parts: Iterable[Formula]) -> Formula:
    """``or``."""
    return _chain("or", parts, _OR, ALWAYS, NEVER)


def _chain(
    word: str, parts: Iterable[Formula], table: tuple[tuple[int, ...], ...], settles: Constant, neutral: Constant
) -> Formula:
    kept = list({one.key: one for one in parts if one is not neutral}.values())
    if any(one is settles for one in kept):
        return settles
    if len(kept) < 2:
        return kept[0] if kept else neutral
    return _Chain("(" + f" {word} ".join(one.key for one in kept) + ")", kept, table, settles.outcome)


def sameness(left: Formula, right: Formula) -> Formula:
    """``=`` of two conditions."""
    if isinstance(left, Constant) and isinstance(right, Constant):
        return _CONSTANTS[_SAME[left.outcome][right.outcome]]
    return _Same(f"({left.key}) = ({right.key})", (left, right))


def certainty(part: Formula, outcome: int = TRUE) -> Formula:
    """Whether the condition is known to be true (false, unknown): true or false, never unknown."""
    if isinstance(part, Constant):
        return ALWAYS if part.outcome == outcome else NEVER
    if isinstance(part, _Certain) and outcome == TRUE:
        return part
    return _Certain(f"{_CONSTANTS[outcome].key}({part.key})", part, outcome)


def choice(branches: Sequence[tuple[Formula, Formula]], otherwise: Formula) -> Formula:
    """``case when ... then ... else ... end``."""
    kept: list[tuple[Formula, Formula]] = []
    for guard, branch in branches:
        if guard is ALWAYS:
            otherwise = branch
            break
        if not isinstance(guard, Constant):
            kept.append((guard, branch))
    if not kept or all(branch.key == otherwise.key for _, branch in kept):
        return otherwise
    words = " ".join(f"when {guard.key} then {branch.key}" for guard, branch in kept)
    return _Choice(f"case {words} else {otherwise.key} end", [*(one for pair in kept for one in pair), otherwise])


_CONSTANTS = {TRUE: ALWAYS, FALSE: NEVER, UNKNOWN: UNDECIDED}
