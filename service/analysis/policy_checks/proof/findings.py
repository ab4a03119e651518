"""Findings: every statutory gate that a policy does not imply, each with a customer for whom it fails. Pure.

A proof for one cell holds for every cell of the same formulas. First only the gates that read what the law reads are
asked: if they suffice, no other can undo it. Only where they do not, all gates of the cell are asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from service.analysis.policy_checks.proof.cells import Cell, Cells, Guard
from service.analysis.policy_checks.proof.search import Budget, Exhausted, Witness, find_witness
from service.analysis.policy_checks.proof.truth import ALWAYS, Formula
from service.analysis.policy_checks.proof.witness import describe_customer
from service.core.errors import Problem
from service.rules.policy import Policy
from service.rules.statutory import STATUTORY, StatutoryGate, read_expressions


@dataclass(frozen=True, slots=True)
class Breach:
    """One cell that a statutory gate would have to close; ``guards`` are the gates that read the same columns."""

    row: StatutoryGate
    cell: Cell
    law: Formula
    guards: tuple[Guard, ...]
    witness: Witness


@dataclass(frozen=True, slots=True)
class Undecided:
    """One cell for which the work ended before the answer."""

    row: StatutoryGate
    cell: Cell
    guards: tuple[Guard, ...]


def find_open_laws(policy: Policy, budget: Budget | None = None) -> list[Problem]:
    """Every statutory gate that the policy's own gates do not imply, once for the offer or channel it speaks of."""
    prover = _Prover(policy, budget or Budget())
    prover.search()
    return [_problem(where, finding, prover.cells) for (_, where), finding in prover.found.items()]


class _Prover:
    """``found`` holds the first breach of each statutory gate by each offer or channel, else what is undecided."""

    def __init__(self, policy: Policy, budget: Budget) -> None:
        self.cells, self._budget = Cells(policy), budget
        self._channels = len(policy.channels)
        self._paid: set[tuple[str, ...]] = set()
        self.found: dict[tuple[str, str], Breach | Undecided] = {}

    def search(self) -> None:
        """All cells, each law in turn."""
        for number, cell in enumerate(self.cells):
            for row in STATUTORY:
                subject = row.id, _subject(row, cell)
                law = self.cells.law(row, *divmod(number, self._channels))
                if law is ALWAYS or isinstance(self.found.get(subject), Breach):
                    continue
                finding = self._finding(row, cell, law)
                if finding is not None:
                    self.found[subject] = finding

    def _finding(self, row: StatutoryGate, cell: Cell, law: Formula) -> Breach | Undecided | None:
        near = [guard for guard in cell.guards if guard.passes.variables & law.variables]
        beside = tuple(guard for guard in cell.guards if guard.passes.columns & law.columns)
        try:
            witness = None if self._witness(near, law) is None else self._witness(cell.guards, law)
        except Exhausted:
            return Undecided(row, cell, beside or cell.guards)
        return None if witness is None else Breach(row, cell, law, beside, witness)

    def _witness(self, guards: Sequence[Guard], law: Formula) -> Witness | None:
        """The witness for these formulas; one that is known from before costs what it cost then."""
        passes = list({guard.passes.key: guard.passes for guard in guards}.values())
        key, answers = (law.key, *(one.key for one in passes)), self.cells.readings.answers
        if key in answers and key not in self._paid:
            self._budget.spend(answers[key][1])
        elif key not in answers:
            before = self._budget.left
            found = find_witness(passes, law, self.cells.vocabulary, self._budget)
            answers[key] = found, before - self._budget.left
        self._paid.add(key)
        return answers[key][0]


def _subject(row: StatutoryGate, cell: Cell) -> str:
    """What a statutory gate is broken for: its offers, its channels, or everything."""
    applies, _ = read_expressions(row)
    names = frozenset[str]() if applies is None else applies.names
    if any(name.startswith("offer.") for name in names):
        return f'offer "{cell.offer.id}"'
    return f'channel "{cell.channel.id}"' if names else "every offer"


def _problem(where: str, finding: Breach | Undecided, cells: Cells) -> Problem:
    if isinstance(finding, Undecided):
        return _undecided(where, finding)
    gates = [guard.passes for guard in finding.guards]
    who = describe_customer(finding.witness, finding.law, gates, cells)
    what = f'offer "{finding.cell.offer.id}" in channel "{finding.cell.channel.id}"'
    sentence = f"{what} is open to this customer: {who}; against {finding.row.id}: {finding.row.reason['en']}"
    return Problem(where, f"{_doubt(finding)}{sentence} ({finding.row.ground})")


def _doubt(finding: Breach) -> str:
    """Names the condition on which the witness rests although it might be known better; empty where there is none."""
    for guard in finding.guards:
        for atom in guard.passes.atoms():
            if atom.opaque and atom.variables <= set(finding.witness):
                return f'cannot be decided: rule "{guard.rule}" reads {atom.text}; if that may hold, '
    return ""


def _undecided(where: str, finding: Breach | Undecided) -> Problem:
    widest = max(finding.guards, key=lambda guard: guard.passes.size)
    return Problem(where, f'cannot be decided within the work allowed: rule "{widest.rule}" requires {widest.text}; '
                          f"{finding.row.id} is not proven ({finding.row.ground})")  # fmt: skip
