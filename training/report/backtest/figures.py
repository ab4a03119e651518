"""The figures of a backtest as a document of plain JSON values.

``buyers`` bought a kind; ``lawful_buyers`` bought one that the law would have let be offered to them. ``hit`` is over
the lawful ones, ``raw`` over all. ``closed_by`` counts, for each gate, the purchases that it alone would have shut, and
those of them that the law leaves open (``beyond_law``): what a bank's own rule costs.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from service.analysis.groups import find_groups
from service.core.domain import Context
from service.decision.law import IDS
from service.rules.policy import Policy
from training.arrays import Flags, Floats
from training.report.backtest import intervals
from training.report.backtest.crowd import Crowd
from training.report.backtest.judged import ORDERS, SERVED, TAKE_UP, Judged, judge_buyers
from training.report.backtest.rankings import Ranking, kind_loss, rank
from training.report.backtest.scores import cross_fit, simple_answers

RANKS = (1, 2, 3)
AXES = ("segment", "balances", "stage")
"""Axes of groups by which hits are told, where the policy can place customers on them."""


def backtest(
    policy: Policy,
    crowd: Crowd,
    *,
    order: str = SERVED,
    scores: Mapping[str, Floats] | None = None,
    bundle: str | None = None,
    seed: int = 7,
) -> dict[str, Any]:
    """Hold a policy against what the customers bought; see the head of this module.

    ``scores``: of a bundle, by name, (n,) each; cross-fitted where they are left out. ``order``: of ``ORDERS``.
    """
    said = cross_fit(crowd, seed) if scores is None else scores
    judged, ruled = judge_buyers(policy, crowd, said), judge_buyers(policy, crowd, {})
    buyers = np.flatnonzero(crowd.buyers)
    found = _Figures(crowd, judged, crowd.bought[buyers])
    simple = {name: chances[buyers] for name, chances in simple_answers(crowd, seed).items()}
    rankings = {name: found.rank(judged.order[name]) for name in ORDERS}
    rivals = {name: found.rank_kinds(chances) for name, chances in simple.items()}
    rivals |= {"rules": found.rank(ruled.order[SERVED]), "priors": found.rank(ruled.order[TAKE_UP])}
    chances = simple | {"fourcast": found.by_kind(judged.take_up), "rules": found.by_kind(ruled.take_up)}
    return {
        "bank": crowd.bank.name,
        "as_of": crowd.bank.as_of.isoformat(),
        "policy": policy.hash,
        "bundle": bundle,
        "scores": sorted(said),
        "order": order,
        "customers": len(crowd.snapshots),
        "buyers": len(buyers),
        "lawful_buyers": int(found.lawful.sum()),
        "purchases": {kind: int(of.sum()) for kind, of in zip(crowd.kinds, crowd.bought.T, strict=True)},
        "not_on_the_shelf": [kind for kind, of in zip(crowd.kinds, judged.members.T, strict=True) if not of.any()],
        **found.summary(rankings[order]),
        "hit_value_yuan": found.hit_value(rankings[order]),
        "log_loss": found.losses(chances["fourcast"]),
        "by": found.by_group(rankings[order], _groups(policy, crowd, buyers, said)),
        "orders": {name: found.summary(one) for name, one in rankings.items()},
        "first_offers": found.first_offers(policy, rankings[order]),
        "closed_by": found.closed_by(),
        "baselines": {
            name: {**found.summary(one), **({"log_loss": found.losses(chances[name])} if name in chances else {})}
            for name, one in rivals.items()
        },
        "paired": {
            name: found.paired(rankings[order], one, chances["fourcast"], chances.get(name))
            for name, one in rivals.items()
        },
    }


def _groups(policy: Policy, crowd: Crowd, buyers: Any, scores: Mapping[str, Floats]) -> Mapping[str, Any]:
    snapshots = [crowd.snapshots[row] for row in buyers]
    mine = {name: column[buyers] for name, column in scores.items()}
    found = find_groups(policy, snapshots, Context(crowd.now), mine)
    return {axis: found[axis] for axis in AXES if axis in found}


class _Figures:
    """The figures of b buyers: ``bought`` (b, kinds), ``lawful`` (b,) who bought a kind that was lawful for them."""

    def __init__(self, crowd: Crowd, judged: Judged, bought: Flags) -> None:
        self.crowd, self.judged, self.bought = crowd, judged, bought
        self.lawful = (bought & judged.lawful).any(axis=1)

    def rank(self, order: Floats) -> Ranking:
        """Rank by what offers are ordered by."""
        return rank(order, self.judged.members, self.bought)

    def rank_kinds(self, chances: Floats) -> Ranking:
        """Rank the open kinds by their chances: each is one answer."""
        order = np.where(self.judged.open, chances, -np.inf)
        return rank(order, np.eye(len(self.crowd.kinds), dtype=bool), self.bought)

    def by_kind(self, take_up: Floats) -> Floats:
        """(b, kinds) the take-up of all open offers of each kind."""
        found: Floats = take_up @ self.judged.members
        return found

    def summary(self, ranking: Ranking) -> dict[str, Any]:
        """Hits by offers and by kinds over the lawful buyers, hits over all buyers, and the mean reciprocal rank."""
        lawful = self.lawful
        return {
            "hit": _hits(ranking.offer[lawful]),
            "hit_kinds": _hits(ranking.kind[lawful]),
            "raw": _hits(ranking.offer),
            "reciprocal_rank": intervals.mean(1.0 / ranking.kind[lawful]),
        }

    def hit_value(self, ranking: Ranking) -> dict[str, Any]:
        """The mean value in yuan, if taken, of the first offers that were right, over the lawful buyers."""
        right = self.lawful & (ranking.offer == 1)
        rows, offers = np.flatnonzero(right), ranking.first[right].astype(np.int64)
        return intervals.mean(self.judged.value_yuan[rows, offers])

    def losses(self, chances: Floats) -> dict[str, Any]:
        """The log loss of the bought kind among the open ones: of all kinds, and of each family's."""
        return {name: intervals.mean(_known(self._loss(chances, of))) for name, of in self._scopes()}

    def _loss(self, chances: Floats, kinds: Flags) -> Floats:
        """(b,) of the lawful buyers, NaN for the others."""
        found = kind_loss(chances[:, kinds], self.judged.open[:, kinds], self.bought[:, kinds])
        return np.where(self.lawful, found, np.nan)

    def _scopes(self) -> Iterator[tuple[str, Flags]]:
        families = np.array(self.crowd.families, dtype=object)
        yield "all", np.ones(len(families), dtype=bool)
        for family in dict.fromkeys(self.crowd.families):
            yield family, families == family

    def by_group(self, ranking: Ranking, groups: Mapping[str, Mapping[str, Flags]]) -> dict[str, Any]:
        """Hits of the lawful buyers by bought kind, by family, and by the groups of each axis."""
        kinds = {kind: self.bought[:, place] for place, kind in enumerate(self.crowd.kinds)}
        of_families = {name: np.asarray(self.bought[:, of].any(axis=1)) for name, of in self._scopes() if name != "all"}
        axes: Mapping[str, Mapping[str, Flags]] = {"kind": kinds, "family": of_families, **groups}
        return {
            axis: {name: self._group(ranking, of & self.lawful) for name, of in parts.items() if of.any()}
            for axis, parts in axes.items()
        }

    def _group(self, ranking: Ranking, of: Flags) -> dict[str, Any]:
        return {"lawful_buyers": int(of.sum()), "hit": _hits(ranking.offer[of])}

    def first_offers(self, policy: Policy, ranking: Ranking) -> dict[str, int]:
        """How many buyers get each offer first, the commonest first; none where nothing is offered."""
        names = [*(offer.id for offer in policy.offers), "none"]
        places, counts = np.unique(ranking.first.astype(np.int64), return_counts=True)
        found = {names[place]: int(count) for place, count in zip(places.tolist(), counts.tolist(), strict=True)}
        return dict(sorted(found.items(), key=lambda one: -one[1]))

    def closed_by(self) -> list[dict[str, Any]]:
        """The gates that shut purchases, those that cost most beyond the law first."""
        purchases = int(self.bought.sum())
        rows = [self._gate(gate, shut, purchases) for gate, shut in self.judged.shut.items()]
        return sorted(
            (row for row in rows if row["purchases"]), key=lambda row: (-row["beyond_law"], -row["purchases"])
        )

    def _gate(self, gate: str, shut: Flags, purchases: int) -> dict[str, Any]:
        lost = self.bought & shut
        beyond = int((lost & self.judged.lawful).sum())
        kinds = {kind: int(count) for kind, count in zip(self.crowd.kinds, lost.sum(axis=0), strict=True) if count}
        return {
            "gate": gate,
            "law": gate in IDS,
            "purchases": int(lost.sum()),
            "beyond_law": beyond,
            "share": beyond / max(purchases, 1),
            "kinds": kinds,
        }

    def paired(self, mine: Ranking, theirs: Ranking, chances: Floats, rivals: Floats | None) -> dict[str, Any]:
        """This policy less a baseline over the same lawful buyers; above 0 is better for the policy throughout."""
        lawful, better = self.lawful, dict[str, Any]()
        better["reciprocal_rank"] = intervals.mean(1.0 / mine.kind[lawful] - 1.0 / theirs.kind[lawful])
        for place in RANKS:
            better[f"hit_kinds_{place}"] = intervals.mean(
                _at(mine.kind, place)[lawful] - _at(theirs.kind, place)[lawful]
            )
        if rivals is not None:
            for name, of in self._scopes():
                gain = self._loss(rivals, of) - self._loss(chances, of)
                better["log_loss" if name == "all" else f"log_loss_{name}"] = intervals.mean(_known(gain))
        return better


def _at(position: Floats, place: int) -> Floats:
    """(b,) 1.0 where the first right one stands at this place or before it."""
    return np.asarray((position <= place).astype(float))


def _hits(position: Floats) -> dict[str, Any]:
    return {str(place): intervals.share(_at(position, place)) for place in RANKS}


def _known(values: Floats) -> Floats:
    return values[~np.isnan(values)]
