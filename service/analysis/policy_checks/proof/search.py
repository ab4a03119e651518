"""Search: whether some customer passes every gate and yet breaks a statutory one. Pure.

``find_witness`` looks for values of the variables under which each formula of ``held`` is true and ``broken`` is not.
It is complete over the values that stand for all (``variables``), so that nothing found is a proof. First the law's own
variables, then those of the open gate that reads the fewest. The work is bounded by ``Budget``, in conditions evaluated
and not in seconds, so that the answer is the same on every machine.
"""

from collections.abc import Iterable, Mapping, Sequence

from service.analysis.policy_checks.proof.truth import TRUE, Atom, Formula, Value
from service.analysis.policy_checks.proof.variables import Vocabulary

MOST_CONDITIONS = 1_500_000
"""Conditions that are evaluated for one policy: under 5 seconds of computing."""
MOST_DEEP = 300
"""Variables that are chosen one after another."""
MOST_SIGNATURES = 512
"""A variable of more values than this is not thinned out."""


class Exhausted(Exception):
    """The budget is used up: undecided."""


class Budget:
    """How many conditions may still be evaluated, for a whole policy."""

    def __init__(self, conditions: int = MOST_CONDITIONS) -> None:
        self.left = conditions

    def spend(self, conditions: int) -> None:
        """The work of one state.

        Raises: Exhausted: when less is left.
        """
        if self.left < conditions:
            raise Exhausted
        self.left -= conditions


Witness = Mapping[str, Value]


def find_witness(
    held: Sequence[Formula], broken: Formula, domains: Mapping[str, list[Value]], budget: Budget
) -> Witness | None:
    """Values under which ``held`` are true and ``broken`` is false; None where there are none.

    ``domains`` are the values to try of each variable.

    Raises: Exhausted: when the budget ends first.
    """
    found: dict[str, Value] = {}
    for wanted in _components([(broken, False), *((gate, True) for gate in held)]):
        part = _search(wanted, {}, domains, budget)
        if part is None:
            return None
        found.update(part)
    return found


def domains_of(formulas: Iterable[Formula], vocabulary: Vocabulary) -> dict[str, list[Value]]:
    """The values to try of each variable; of values that no condition tells apart, the first."""
    readers: dict[str, dict[str, Atom]] = {}
    for formula in formulas:
        for atom in formula.atoms():
            for name in atom.names:
                readers.setdefault(name, {})[atom.key] = atom
    return {name: _told_apart(name, vocabulary, list(atoms.values())) for name, atoms in readers.items()}


def _told_apart(name: str, vocabulary: Vocabulary, atoms: list[Atom]) -> list[Value]:
    """The values of a variable that the conditions tell apart; all where a condition reads others as well."""
    values = vocabulary[name].values(atoms)
    if len(values) > MOST_SIGNATURES or any(len(atom.names) > 1 for atom in atoms):
        return values
    found: dict[tuple[int, ...], Value] = {}
    for value in values:
        found.setdefault(tuple(atom.mask({name: value}) for atom in atoms), value)
    return list(found.values())


Wanted = list[tuple[Formula, bool]]


def _components(wanted: Wanted) -> list[Wanted]:
    """The formulas in groups that share no variable, each searched for itself; the first stays first."""
    groups: list[tuple[set[str], Wanted]] = []
    for pair in wanted:
        joined: tuple[set[str], Wanted] = (set(pair[0].variables), [pair])
        apart = []
        for group in groups:
            if group[0] & joined[0]:
                joined = (group[0] | joined[0], [*group[1], *joined[1]])
            else:
                apart.append(group)
        groups = [joined, *apart] if wanted[0] in joined[1] else [*apart, joined]
    return [group for _, group in groups]


def _search(
    wanted: Wanted, known: dict[str, Value], domains: Mapping[str, list[Value]], budget: Budget
) -> Witness | None:
    budget.spend(sum(formula.size for formula, _ in wanted))
    if len(known) > MOST_DEEP:
        raise Exhausted
    open_ = _still_open(wanted, known)
    if open_ is None:
        return None
    if not open_:
        return dict(known)
    name = _next_variable(open_, known)
    for value in domains[name]:
        known[name] = value
        found = _search(open_, known, domains, budget)
        if found is not None:
            return found
    del known[name]
    return None


def _still_open(wanted: Wanted, known: dict[str, Value]) -> Wanted | None:
    """What is not settled yet; None where something cannot be had any more."""
    open_: Wanted = []
    for formula, truth in wanted:
        mask = formula.mask(known)
        can, must = (mask & TRUE, mask == TRUE) if truth else (mask != TRUE, not mask & TRUE)
        if not can:
            return None
        if not must:
            open_.append((formula, truth))
    return open_


def _next_variable(open_: Wanted, known: Mapping[str, Value]) -> str:
    """A variable of the first formula while it must fail, else of the one that reads the fewest open ones."""
    first, must_hold = open_[0]
    chosen = first if not must_hold else min((one for one, _ in open_), key=lambda one: len(one.variables - set(known)))
    return next(name for atom in chosen.open_atoms(known) for name in atom.names if name not in known)
