"""Findings: every statutory gate that a policy does not imply, each with a customer for whom it fails. Pure.

A proof for one cell holds for every cell of the same formulas. First only the gates that read what the law reads are
asked: if they suffice, no other can undo it. Only where they do not, all gates of the cell are asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from service.analysis.policy_checks.proof.cells import Cell, Cells, Guard
from service.analysis.policy_checks.proof.questions import Payer
from service.analysis.policy_checks.proof.search import Budget, Exhausted, Witness
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
        self.cells, self._payer = Cells(policy), Payer(budget)
        self._channels = len(policy.channels)
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
        beside = tuple(guard for guard in cell.guards if (guard.passes.columns | guard.names) & law.columns)
        try:
            implied = any(self._witness(guards, law) is None for guards in (_closest(near, law), near))
            witness = None if implied else self._witness(cell.guards, law)
        except Exhausted:
            return Undecided(row, cell, beside or cell.guards)
        return None if witness is None else Breach(row, cell, law, beside, witness)

    def _witness(self, guards: Sequence[Guard], law: Formula) -> Witness | None:
        passes = list({guard.passes.key: guard.passes for guard in guards}.values())
        return self.cells.readings.questions.answer(passes, law, self._payer)


def _closest(near: Sequence[Guard], law: Formula) -> Sequence[Guard]:
    """The gate that shares the most variables with the law; of those that share as many, the shortest."""
    return sorted(near, key=lambda guard: (-len(guard.passes.variables & law.variables), guard.passes.size))[:1]


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
    against = f"against {finding.row.id}: {finding.row.reason['en']}"
    sentence = f"{_place(where, finding.cell)} is open to this customer: {who}; {against}"
    return Problem(where, f"{_doubt(finding)}{sentence} ({finding.row.ground})")


def _place(where: str, cell: Cell) -> str:
    """The cell, without what ``where`` says already."""
    offer, channel = f'offer "{cell.offer.id}"', f'channel "{cell.channel.id}"'
    return f"in {channel} it" if where == offer else offer if where == channel else f"{offer} in {channel}"


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
