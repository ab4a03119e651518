"""An old and a new policy side by side: both decide for the same customers at the same moment, with the same models.

``decide_many`` decides, so a simulation is what the service would answer, except for chance. Exploration is left out.
Where an arm still draws, both sides draw alike: a draw depends on the policy's hash, and chance would look like change.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from service.analysis.groups import Groups, find_groups
from service.analysis.simulation_result import Example, Group, Move, Shift, Simulation
from service.core.domain import Context, Release, Snapshot
from service.core.grid import Array
from service.decision import Decisions, decide_many, population_of
from service.rules.model.rules import DOMINATED
from service.rules.policy import Policy

EXAMPLES = 10
ANY_HASH = ""
Scores = Mapping[str, Array]
"""Name -> (n,) scores, NaN where there is none."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """One policy's decisions: each customer's first offer by id (None: none), and its priority in yuan (0: none)."""

    policy: Policy
    decisions: Decisions
    first: Array
    value: Array

    @property
    def served(self) -> Array:
        """(n,) who gets an offer."""
        found: Array = self.decisions.offer[:, 0] >= 0
        return found


def simulate(
    old: Policy,
    new: Policy,
    customers: Sequence[Snapshot],
    context: Context,
    scores: Scores,
    release: Release,
) -> Simulation:
    """What would change if ``new`` served instead of ``old``, with the models and prices of ``release``.

    Raises: InvalidInput: when a policy does not have the context's channel.
    """
    before = _side(old, customers, context, scores, release)
    after = _side(new, customers, context, scores, release)
    changed = before.first != after.first
    difference = after.value - before.value
    return Simulation(
        old=old.hash,
        new=new.hash,
        at=context.now,
        channel=context.channel,
        customers=len(customers),
        identical=int(_same_lists(before, after).sum()),
        first_changed=int(changed.sum()),
        gained=int((after.served & ~before.served).sum()),
        lost=int((before.served & ~after.served).sum()),
        better=int((difference > 0.0).sum()),
        worse=int((difference < 0.0).sum()),
        value_yuan=Shift("value", float(before.value.sum()), float(after.value.sum())),
        volumes=_volumes(before, after),
        starved=_shifts(_starved(before), _starved(after)),
        groups=_groups(_axes(old, new, customers, context, scores), before, after, changed),
        moves=_moves(before.first[changed], after.first[changed]),
        gainers=_examples(customers, before, after, difference, -1.0),
        losers=_examples(customers, before, after, difference, 1.0),
    )


def without_chance(policy: Policy) -> Policy:
    """The policy without exploration or standing tests (some order by no yuan), with the same draws as any other."""
    sure = replace(policy.experiments, exploration_epsilon=0.0, tests=())
    return replace(policy, hash=ANY_HASH, experiments=sure)


def _side(policy: Policy, customers: Sequence[Snapshot], context: Context, scores: Scores, release: Release) -> Side:
    found = decide_many(
        without_chance(policy), population_of(policy, customers), context, scores, release, reasons=True
    )
    value = np.where(found.offer[:, 0] >= 0, found.priority[:, 0], 0.0)
    return Side(policy, found, _offer_ids(policy, found.offer[:, 0]), value)


def _offer_ids(policy: Policy, places: Array) -> Array:
    """Offer places as ids, -1 as None."""
    return np.array([*(offer.id for offer in policy.offers), None], dtype=object)[places]


def _channel_ids(policy: Policy, places: Array) -> Array:
    return np.array([*(channel.id for channel in policy.channels), None], dtype=object)[places]


def _same_lists(before: Side, after: Side) -> Array:
    """(n,) whose offers and channels are the same, in the same order."""
    offers = _offer_ids(before.policy, before.decisions.offer) == _offer_ids(after.policy, after.decisions.offer)
    channels = _channel_ids(before.policy, before.decisions.channel) == _channel_ids(
        after.policy, after.decisions.channel
    )
    same: Array = (offers & channels).all(axis=1)
    return same


def _volumes(before: Side, after: Side) -> dict[str, tuple[Shift, ...]]:
    return {name: _shifts(count(before), count(after)) for name, count in VOLUMES.items()}


def _first(side: Side) -> dict[str, int]:
    return _count(side.first, [offer.id for offer in side.policy.offers])


def _shown(side: Side) -> dict[str, int]:
    return _count(_offer_ids(side.policy, side.decisions.offer).ravel(), [offer.id for offer in side.policy.offers])


def _channels(side: Side) -> dict[str, int]:
    first = _channel_ids(side.policy, side.decisions.channel[:, 0])
    return _count(first, [channel.id for channel in side.policy.channels])


def _strategies(side: Side) -> dict[str, int]:
    """First treatments that a rule of the strategy raised; one treatment may credit several strategies."""
    assert side.decisions.spoken is not None
    rules = [rule.strategy for rule in side.policy.fits]
    names = [name for name, each in side.policy.strategies.items() if each.enabled]
    members = {name: [place for place, strategy in enumerate(rules) if strategy == name] for name in names}
    return {name: int(side.decisions.spoken[:, places].any(axis=1).sum()) for name, places in members.items()}


def _dominated(side: Side) -> dict[str, int]:
    """Offers closed because another open one beats them, over all customers; none where the policy compares none."""
    withheld = side.decisions.withheld or {}
    return {DOMINATED.id: withheld.get(DOMINATED.id, 0)} if side.policy.compares_offers else {}


VOLUMES = {
    "offer": _first,
    "shown": _shown,
    "channel": _channels,
    "strategy": _strategies,
    "dominated": _dominated,
}


def _starved(side: Side) -> dict[str, int]:
    assert side.decisions.closed is not None
    return dict(Counter(gate for gate in side.decisions.closed.tolist() if gate is not None).most_common())


def _count(values: Array, names: Sequence[str]) -> dict[str, int]:
    counts = Counter(values.tolist())
    return {name: counts[name] for name in names}


def _shifts(old: Mapping[str, int], new: Mapping[str, int]) -> tuple[Shift, ...]:
    return tuple(Shift(name, old.get(name, 0), new.get(name, 0)) for name in dict.fromkeys([*old, *new]))


def _axes(old: Policy, new: Policy, customers: Sequence[Snapshot], context: Context, scores: Scores) -> Groups:
    """The groups of both policies; an axis of both is taken from the new one."""
    return {**find_groups(old, customers, context, scores), **find_groups(new, customers, context, scores)}


def _groups(axes: Groups, before: Side, after: Side, changed: Array) -> tuple[Group, ...]:
    return tuple(
        _group(axis, name, members, before, after, changed)
        for axis, named in axes.items()
        for name, members in named.items()
        if members.any()
    )


def _group(axis: str, name: str, members: Array, before: Side, after: Side, changed: Array) -> Group:
    served = Shift("served", int(before.served[members].sum()), int(after.served[members].sum()))
    value = Shift("value", float(before.value[members].sum()), float(after.value[members].sum()))
    return Group(axis, name, int(members.sum()), served, int(changed[members].sum()), value)


def _moves(old: Array, new: Array) -> tuple[Move, ...]:
    kinds = Counter(zip(old.tolist(), new.tolist(), strict=True))
    return tuple(Move(*pair, count) for pair, count in sorted(kinds.items(), key=lambda kind: (-kind[1], str(kind[0]))))


def _examples(
    customers: Sequence[Snapshot], before: Side, after: Side, difference: Array, sign: float
) -> tuple[Example, ...]:
    """Those who gain most (``sign`` -1) or lose most (1), greatest first; ties in the customers' order."""
    rows = np.argsort(sign * difference, kind="stable")[:EXAMPLES].tolist()
    return tuple(
        Example(customers[row].customer_id, before.first[row], after.first[row], float(difference[row]))
        for row in rows
        if sign * difference[row] < 0.0
    )
