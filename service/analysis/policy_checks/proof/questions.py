"""Questions: whether some customer passes given gates and breaks a law, answered once for all of one shape. Pure.

Two questions have one shape where their formulas differ in nothing but the figures that single columns are compared
with, and the values that stand for all (``search``) meet the same conditions in the same order. The offers of a
catalogue may each have another minimum: their cells are of one shape, so one search answers for all, and a witness of
one is one of another by its place among the values.

The work of a policy is bounded by its ``Budget``; that of one question by ``MOST_OF_ONE``, so that an expression that
takes too much does not leave the rest undecided.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from service.analysis.policy_checks.proof.search import (
    MOST_CONDITIONS,
    Budget,
    Exhausted,
    Witness,
    domains_of,
    find_witness,
)
from service.analysis.policy_checks.proof.truth import Atom, Formula, Value
from service.analysis.policy_checks.proof.variables import Vocabulary

MOST_OF_ONE = MOST_CONDITIONS // 4
"""Conditions that are evaluated for one question."""
Places = Mapping[int, int]
"""A witness by places: of each variable, in the order of a shape, which of its values."""


@dataclass(frozen=True, slots=True)
class _Solution:
    """What the search found for one shape, and the conditions it took; ``decided`` is False where they ran out."""

    places: Places | None
    work: int
    decided: bool = True


@dataclass(frozen=True, slots=True)
class _Asked:
    """One question: its shape, and what finding it took. ``witness``: the answer, where the shape has one."""

    shape: bytes
    work: int
    names: tuple[str, ...]
    domains: Mapping[str, list[Value]]

    def translate(self, places: Places) -> Witness:
        """The witness that a solution of the shape is for this question."""
        return {self.names[name]: self.domains[self.names[name]][value] for name, value in places.items()}


class Questions:
    """The questions of policies that share their attributes and names, with the solution of each shape."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._asked: dict[tuple[str, ...], _Asked] = {}
        self._solved: dict[bytes, _Solution] = {}

    def __len__(self) -> int:
        """How many questions are kept."""
        return len(self._asked)

    def answer(self, held: Sequence[Formula], broken: Formula, payer: "Payer") -> Witness | None:
        """Values under which ``held`` are true and ``broken`` is not; None where there are none.

        Raises: Exhausted: when the work allowed ends first.
        """
        if any(gate.key == broken.key for gate in held):
            return None
        key = (broken.key, *(one.key for one in held))
        asked = self._asked.get(key)
        if asked is None:
            asked = self._asked[key] = _read(held, broken, self._vocabulary)
        payer.pay(key, asked.work)
        solution = self._solution(asked, held, broken, payer)
        if not solution.decided:
            raise Exhausted
        return None if solution.places is None else asked.translate(solution.places)

    def _solution(self, asked: _Asked, held: Sequence[Formula], broken: Formula, payer: "Payer") -> _Solution:
        known = self._solved.get(asked.shape)
        if known is None:
            known = self._solved[asked.shape] = self._solve(asked, held, broken, payer.budget)
        payer.pay(asked.shape, known.work)
        return known

    def _solve(self, asked: _Asked, held: Sequence[Formula], broken: Formula, whole: Budget) -> _Solution:
        budget = Budget(min(MOST_OF_ONE, whole.left))
        allowed = budget.left
        try:
            found = find_witness(held, broken, asked.domains, budget)
        except Exhausted:
            if allowed < MOST_OF_ONE:
                raise
            return _Solution(None, allowed, decided=False)
        places = None if found is None else _places(found, asked)
        return _Solution(places, allowed - budget.left)


class Payer:
    """What one policy has paid for: a question or a shape that is known from before costs what it cost then, once."""

    def __init__(self, budget: Budget) -> None:
        self.budget = budget
        self._paid: set[object] = set()

    def pay(self, what: object, work: int) -> None:
        """Spend the work, the first time.

        Raises: Exhausted: when less is left.
        """
        if what not in self._paid:
            self.budget.spend(work)
            self._paid.add(what)


def _places(found: Witness, asked: _Asked) -> Places:
    number = {name: place for place, name in enumerate(asked.names)}
    return {number[name]: asked.domains[name].index(value) for name, value in found.items()}


def _read(held: Sequence[Formula], broken: Formula, vocabulary: Vocabulary) -> _Asked:
    """The question with its shape: formulas over numbered atoms, and what each value of each variable makes of them."""
    formulas = [broken, *held]
    domains = domains_of(formulas, vocabulary)
    atoms = list({atom.key: atom for one in formulas for atom in one.atoms()}.values())
    numbers = {atom.key: place for place, atom in enumerate(atoms)}
    names = tuple(dict.fromkeys(name for atom in atoms for name in atom.names))
    rows = [_row(name, domains[name], atoms) for name in names]
    shape = repr(([_shape(one, numbers) for one in formulas], [_reads(atom, names) for atom in atoms], rows))
    work = sum(one.size for one in formulas) + sum(len(domain) for domain in domains.values())
    return _Asked(sha256(shape.encode()).digest(), work, names, domains)


def _shape(formula: Formula, numbers: Mapping[str, int]) -> object:
    if isinstance(formula, Atom):
        return numbers[formula.key]
    return type(formula).__name__, formula.mark, [_shape(part, numbers) for part in formula.parts]


def _reads(atom: Atom, names: tuple[str, ...]) -> object:
    """What an atom reads, by place; of one that reads several, all that it is."""
    return [names.index(name) for name in atom.names], atom.key if len(atom.names) > 1 else ""


def _row(name: str, domain: Sequence[Value], atoms: Sequence[Atom]) -> object:
    """What each value makes of the conditions on its variable; its values too where one reads others as well."""
    read = [atom for atom in atoms if name in atom.names]
    alone = [[atom.mask({name: value}) for atom in read if len(atom.names) == 1] for value in domain]
    return alone, list(domain) if any(len(atom.names) > 1 for atom in read) else []
