"""Judgments into weights: the analytic hierarchy process, and the SWOT hierarchy (A'WOT) built from it.

A judgment says how many times more one thing matters than another, on Saaty's scale of 1 to 9 (or its inverse). A full
set of judgments is a reciprocal matrix. Its principal eigenvector is the weights; its consistency ratio says whether
the expert contradicted themselves. Several experts are combined by the element-wise geometric mean. Plain floats in a
fixed order, no LAPACK: the same judgments give the same bits on every machine.

Sources: Saaty, The Analytic Hierarchy Process (1980); Alonso and Lamata, Consistency in the Analytic Hierarchy Process
(2006), for the random index; Kurttila et al., Utilizing the AHP in SWOT analysis (2000), for A'WOT.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import fsum, prod

Matrix = Sequence[Sequence[float]]

RANDOM_INDEX = {
    3: 0.5245,
    4: 0.8815,
    5: 1.1086,
    6: 1.2479,
    7: 1.3417,
    8: 1.4056,
    9: 1.4499,
    10: 1.4854,
    11: 1.5141,
    12: 1.5365,
    13: 1.5551,
    14: 1.5713,
    15: 1.5838,
}
"""Mean consistency index of random matrices by size (Alonso and Lamata 2006)."""

RANDOM_INDEX_SOURCE = "Alonso and Lamata 2006"
ACCEPTED_RATIO = 0.1
SCALE = (*(1.0 / n for n in range(9, 1, -1)), *(float(n) for n in range(1, 10)))
_STEPS = 10_000
_STILL = 1e-15


@dataclass(frozen=True, slots=True)
class Consistency:
    """How far a matrix contradicts itself. ``ratio`` < 0.1 is accepted; None above 15 rows, where no random index is
    known.
    """

    principal: float
    index: float
    ratio: float | None

    @property
    def accepted(self) -> bool:
        """Whether CR < 0.1."""
        return self.ratio is not None and self.ratio < ACCEPTED_RATIO


@dataclass(frozen=True, slots=True)
class Mend:
    """The one judgment whose change lowers the ratio most: rows ``first`` and ``second``, as given, better, and the new
    ratio.
    """

    first: int
    second: int
    given: float
    better: float
    ratio: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """One matrix of the hierarchy with all experts combined: its weights, and each expert's consistency ratio."""

    id: str
    members: tuple[str, ...]
    weights: tuple[float, ...]
    ratio: float
    experts: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Factor:
    """One finding of the situation analysis: its SWOT group, and the PEST dimension or competitive force it came from.

    ``weight`` is global, group x factor; ``concerns`` is how the four C share it (sum 1).
    """

    id: str
    group: str
    origin: str
    name: Mapping[str, str]
    weight: float
    concerns: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Hierarchy:
    """Goal -> SWOT groups -> factors -> four C; ``weights`` of the four C sum to 1."""

    groups: Mapping[str, float]
    factors: tuple[Factor, ...]
    weights: Mapping[str, float]
    comparisons: tuple[Comparison, ...]
    random_index: str = RANDOM_INDEX_SOURCE


def matrix(size: int, judgments: Mapping[tuple[int, int], float]) -> Matrix:
    """The reciprocal matrix of judgments ``(i, j) -> a``: a at i, j and 1 / a at j, i; 1 on the diagonal.

    Raises:
        KeyError: a pair was judged in neither direction.
    """
    return [[_judged(judgments, i, j) for j in range(size)] for i in range(size)]


def weights(comparisons: Matrix) -> tuple[float, ...]:
    """w with A w = lambda_max w and sum(w) = 1: the principal eigenvector, by power iteration.

    >>> [round(w, 4) for w in weights([[1, 2, 6], [1 / 2, 1, 3], [1 / 6, 1 / 3, 1]])]
    [0.6, 0.3, 0.1]
    """
    current = tuple(1.0 / len(comparisons) for _ in comparisons)
    for _ in range(_STEPS):
        following = _normed([fsum(a * w for a, w in zip(row, current, strict=True)) for row in comparisons])
        moved = max(abs(new - old) for new, old in zip(following, current, strict=True))
        current = following
        if moved < _STILL:
            break
    return current


def consistency(comparisons: Matrix) -> Consistency:
    """CI = (lambda_max - n) / (n - 1), CR = CI / RI(n); two rows or fewer cannot contradict each other (CR 0).

    >>> consistency([[1, 2, 6], [1 / 2, 1, 3], [1 / 6, 1 / 3, 1]]).accepted
    True
    """
    size, eigenvector = len(comparisons), weights(comparisons)
    rows = [fsum(a * w for a, w in zip(row, eigenvector, strict=True)) for row in comparisons]
    principal = fsum(row / w for row, w in zip(rows, eigenvector, strict=True)) / size
    if size < 3:
        return Consistency(float(size), 0.0, 0.0)
    index = max(0.0, (principal - size) / (size - 1))
    return Consistency(principal, index, index / RANDOM_INDEX[size] if size in RANDOM_INDEX else None)


def combine_experts(matrices: Sequence[Matrix]) -> Matrix:
    """Element-wise geometric mean of the experts' matrices, which is reciprocal again (Aczel and Saaty 1983)."""
    size = len(matrices[0])
    return [[prod(m[i][j] for m in matrices) ** (1.0 / len(matrices)) for j in range(size)] for i in range(size)]


def suggest_mend(comparisons: Matrix) -> Mend:
    """The judgment that, set to its best value on the scale, lowers the consistency ratio most."""
    return min(_changes(comparisons), key=lambda change: change.ratio)


def compose(
    groups: Comparison, within: Mapping[str, Comparison], beneath: Mapping[str, Comparison], about: Sequence[Factor]
) -> Hierarchy:
    """w_c = sum over factors of group x factor x C: the global weights of the four C (A'WOT).

    ``within`` compares the factors of each group, ``beneath`` the four C under each factor.
    """
    share = dict(zip(groups.members, groups.weights, strict=True))
    local = {name: w for one in within.values() for name, w in zip(one.members, one.weights, strict=True)}
    factors = tuple(_weighed(factor, share[factor.group] * local[factor.id], beneath[factor.id]) for factor in about)
    concerns = next(iter(beneath.values())).members
    totals = _normed([fsum(factor.weight * factor.concerns[c] for factor in factors) for c in concerns])
    return Hierarchy(
        groups=share,
        factors=factors,
        weights=dict(zip(concerns, totals, strict=True)),
        comparisons=(groups, *within.values(), *beneath.values()),
    )


def _weighed(factor: Factor, weight: float, concerns: Comparison) -> Factor:
    shares = dict(zip(concerns.members, concerns.weights, strict=True))
    return Factor(factor.id, factor.group, factor.origin, factor.name, weight, shares)


def _judged(judgments: Mapping[tuple[int, int], float], i: int, j: int) -> float:
    if i == j:
        return 1.0
    return judgments[i, j] if (i, j) in judgments else 1.0 / judgments[j, i]


def _normed(values: Sequence[float]) -> tuple[float, ...]:
    total = fsum(values)
    return tuple(value / total for value in values)


def _changes(comparisons: Matrix) -> Iterator[Mend]:
    """Each pair at the value of the scale that lowers the consistency ratio most."""
    for i, j in combinations(range(len(comparisons)), 2):
        better = min(SCALE, key=lambda value: _ratio(_changed(comparisons, i, j, value)))
        yield Mend(i, j, comparisons[i][j], better, _ratio(_changed(comparisons, i, j, better)))


def _ratio(comparisons: Matrix) -> float:
    return consistency(comparisons).ratio or 0.0


def _changed(comparisons: Matrix, i: int, j: int, value: float) -> Matrix:
    rows = [list(row) for row in comparisons]
    rows[i][j], rows[j][i] = value, 1.0 / value
    return rows
