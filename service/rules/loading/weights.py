"""weights.yaml: the situation analysis and the experts' judgments, composed to the weights of the four C.

Three kinds of comparison: ``groups`` (the SWOT groups under the goal), one per group over its factors, and one per
factor over the four C. Every expert judges every pair, written ``strengths/threats: 2`` or ``strengths/threats: 1/2``.
A matrix with CR >= 0.1 is refused; the problem names the judgment whose change would mend it most.
"""

import re
from collections.abc import Sequence
from itertools import combinations

from service.rules import ahp
from service.rules.ahp import Comparison, Factor, Hierarchy
from service.rules.loading.documents.entry import Entry
from service.rules.model.rules import CONCERNS

GROUPS = ("strengths", "weaknesses", "opportunities", "threats")
PEST = ("political", "economic", "social", "technological")
FORCES = ("rivalry", "new_entrants", "substitutes", "supplier_power", "buyer_power")
_FRACTION = re.compile(r"1/([2-9])")
_EQUAL = dict.fromkeys(CONCERNS, 1.0 / len(CONCERNS))
_NONE = Hierarchy({}, (), _EQUAL, ())


def read_weights(page: Entry) -> Hierarchy:
    """The composed hierarchy; one with equal weights where anything is wrong."""
    before = len(page.problems)
    experts = tuple(entry.name("id") for entry in _closed(page.children("experts", "expert"), "name"))
    factors = tuple(_factor(entry) for entry in page.children("factors", "factor"))
    _demand_factors(page, factors, experts)
    hierarchy = _hierarchy(page, factors, experts) if len(page.problems) == before else None
    return hierarchy if hierarchy is not None and len(page.problems) == before else _NONE


def _closed(entries: list[Entry], *texts: str) -> list[Entry]:
    """The entries after their bilingual texts were read; unknown keys are noted."""
    for entry in entries:
        entry.has("id")
        for text in texts:
            entry.bilingual(text)
        entry.close()
    return entries


def _factor(entry: Entry) -> Factor:
    factor = Factor(
        id=entry.name("id"),
        group=entry.choice("group", GROUPS),
        origin=entry.choice("origin", (*PEST, *FORCES)),
        name=entry.bilingual("name"),
        weight=0.0,
        concerns={},
    )
    entry.close()
    return factor


def _demand_factors(page: Entry, factors: Sequence[Factor], experts: Sequence[str]) -> None:
    if not experts:
        page.add_fault("experts", "must name at least one expert")
    for group in GROUPS:
        count = sum(factor.group == group for factor in factors)
        if not 1 <= count <= max(ahp.RANDOM_INDEX):
            page.add_fault("factors", f"must hold 1 to {max(ahp.RANDOM_INDEX)} factors of group {group}, got {count}")


def _hierarchy(page: Entry, factors: Sequence[Factor], experts: Sequence[str]) -> Hierarchy | None:
    judgments = page.child("judgments")
    groups = _comparison(judgments, "groups", GROUPS, experts)
    section = judgments.child("factors")
    within = {g: _comparison(section, g, [f.id for f in factors if f.group == g], experts) for g in GROUPS}
    section.close()
    section = judgments.child("concerns")
    beneath = {factor.id: _comparison(section, factor.id, CONCERNS, experts) for factor in factors}
    for entry in (section, judgments, page):
        entry.close()
    return ahp.compose(groups, within, beneath, factors)


def _comparison(section: Entry, key: str, members: Sequence[str], experts: Sequence[str]) -> Comparison:
    """One matrix: each expert's judgments checked alone, then combined."""
    if len(members) == 1 and not section.has(key):
        return Comparison(key, tuple(members), (1.0,), 0.0, {})
    entry = section.child(key)
    matrices = {expert: _matrix(entry.child(expert), members) for expert in experts}
    entry.close()
    for expert, matrix in matrices.items():
        _demand_consistency(entry, expert, matrix, members)
    ratios = {expert: ahp.consistency(matrix).ratio or 0.0 for expert, matrix in matrices.items()}
    whole = ahp.combine_experts(list(matrices.values()))
    return Comparison(key, tuple(members), ahp.weights(whole), ahp.consistency(whole).ratio or 0.0, ratios)


def _matrix(entry: Entry, members: Sequence[str]) -> ahp.Matrix:
    judgments: dict[tuple[int, int], float] = {}
    for (i, first), (j, second) in combinations(enumerate(members), 2):
        forward, backward = f"{first}/{second}", f"{second}/{first}"
        if entry.has(backward) and entry.has(forward):
            entry.add_fault(backward, f"is judged twice: expected {forward} or {backward}, not both")
        if entry.has(backward):
            judgments[j, i] = _judgment(entry, backward)
        else:
            judgments[i, j] = _judgment(entry, forward)
    entry.close()
    return ahp.matrix(len(members), judgments)


def _judgment(entry: Entry, key: str) -> float:
    value = entry.values.get(key)
    fraction = _FRACTION.fullmatch(value) if isinstance(value, str) else None
    if entry.has(key) and fraction:
        return 1.0 / int(fraction.group(1))
    if type(value) is int and 1 <= value <= 9:
        return float(value)
    entry.add_wrong_kind(key, "1 to 9 or 1/2 to 1/9 (Saaty's scale)")
    return 1.0


def _demand_consistency(entry: Entry, expert: str, matrix: ahp.Matrix, members: Sequence[str]) -> None:
    found = ahp.consistency(matrix)
    if found.accepted:
        return
    best = ahp.suggest_mend(matrix)
    pair = f"{members[best.first]}/{members[best.second]}"
    entry.add_fault(
        expert,
        f"contradicts itself: consistency ratio {found.ratio:.3f} must be below {ahp.ACCEPTED_RATIO}"
        f' (random index: {ahp.RANDOM_INDEX_SOURCE}); the judgment "{pair}: {_written(best.given)}" is furthest off:'
        f" {_written(best.better)} would give {best.ratio:.3f}",
    )


def _written(judgment: float) -> str:
    return f"{judgment:.0f}" if judgment >= 1 else f"1/{1 / judgment:.0f}"
