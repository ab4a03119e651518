"""Weight sensitivity: how far each weight of the four C must move before n % of first offers change.

``w_c`` moves up towards 1 or down towards 0 while the other three keep their proportions; at each point everybody is
decided anew. The share of changed first offers is not strictly monotone, so bisection finds a crossing: the distance at
which the share has reached n %, to ``RESOLUTION``, with the share measured there.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from service.analysis.simulate import without_chance
from service.core.domain import Context, Release
from service.core.grid import Array
from service.core.progress import Progress
from service.decision import Population, decide_many
from service.decision.compiled import CompiledPolicy, compile_policy
from service.rules.policy import Policy

RESOLUTION = 0.002
"""Told how many of how many directions are done."""


@dataclass(frozen=True, slots=True)
class TippingPoint:
    """The weight at which enough first offers have changed, and the share of customers for whom they have."""

    weight: float
    changed: float


@dataclass(frozen=True, slots=True)
class Firmness:
    """One weight and how far it may move; None where even 0 or 1 changes too few first offers."""

    concern: str
    weight: float
    down: TippingPoint | None
    up: TippingPoint | None

    def document(self) -> dict[str, object]:
        """As plain JSON values."""
        return asdict(self)

    def __str__(self) -> str:
        return f"{self.concern:<14} {self.weight:.4f}   {_told(self, self.down)}   {_told(self, self.up)}"


def measure_weight_sensitivity(
    policy: Policy,
    people: Population,
    context: Context,
    scores: Mapping[str, Array],
    release: Release,
    share: float = 0.05,
    advance: Progress | None = None,
) -> tuple[Firmness, ...]:
    """For each of the four C, how far its weight must fall or rise before ``share`` of first offers change."""
    trial = _WeightSearch(without_chance(policy), people, replace(context, limit=1), scores, release)
    found = []
    for done, (concern, weight) in enumerate(policy.weights.items(), 1):
        reaches = (trial.find_tipping_point(concern, weight, end, share) for end in (0.0, 1.0))
        found.append(Firmness(concern, weight, *reaches))
        if advance is not None:
            advance(done, len(policy.weights))
    return tuple(found)


def rebalance(weights: Mapping[str, float], concern: str, weight: float) -> dict[str, float]:
    """The weights with ``concern`` at ``weight`` and the others scaled to the rest, in their proportions.

    >>> rebalance({"consumer": 0.5, "cost": 0.3, "convenience": 0.1, "communication": 0.1}, "consumer", 0.0)
    {'consumer': 0.0, 'cost': 0.6, 'convenience': 0.2, 'communication': 0.2}
    """
    rest = 1.0 - weights[concern]
    equal = 1.0 / (len(weights) - 1)
    return {
        name: weight if name == concern else (1.0 - weight) * (share / rest if rest > 0.0 else equal)
        for name, share in weights.items()
    }


class _WeightSearch:
    """The population decided under one policy, and under that policy with other weights."""

    def __init__(
        self, policy: Policy, people: Population, context: Context, scores: Mapping[str, Array], release: Release
    ) -> None:
        self._compiled, self._people, self._context = compile_policy(policy), people, context
        self._scores, self._release = scores, release
        self._first = self._decided(self._compiled)

    def find_tipping_point(self, concern: str, weight: float, end: float, share: float) -> TippingPoint | None:
        """The nearest point found between ``weight`` and ``end`` at which ``share`` has changed."""
        changed = self._changed(concern, end)
        if changed < share or weight == end:
            return None
        near, far = weight, end
        while abs(far - near) > RESOLUTION:
            middle = (near + far) / 2
            found = self._changed(concern, middle)
            if found >= share:
                far, changed = middle, found
            else:
                near = middle
        return TippingPoint(far, changed)

    def _decided(self, compiled: CompiledPolicy) -> Array:
        """(n,) the first offer's place."""
        return decide_many(compiled, self._people, self._context, self._scores, self._release).offer[:, 0]

    def _changed(self, concern: str, weight: float) -> float:
        weights = rebalance(self._compiled.policy.weights, concern, weight)
        first = self._decided(self._compiled.with_weights(weights))
        return float((first != self._first).mean()) if len(first) else 0.0


def _told(firm: Firmness, reach: TippingPoint | None) -> str:
    if reach is None:
        return f"{'never':<26}"
    return f"{reach.weight - firm.weight:+.4f} to {reach.weight:.4f} ({reach.changed:.1%})"
