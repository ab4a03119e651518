"""One customer, one moment: ``decide``.

Columns -> judge every cell -> name what withholds each offer -> best channel per offer -> order -> treatments. The grid
is (1, m, k) with plain scalars for the customer; once the best channel of each offer is known, lists do the rest.
"""

from collections.abc import Mapping, Sequence
from math import isnan, nan
from typing import Any

import numpy as np

from service.core.domain import Context, Decision, Release, Snapshot, Treatment
from service.core.grid import Array, Moment
from service.decision.arms.assignment import arm_of
from service.decision.arms.exploration import Draw, draw_exploration
from service.decision.arms.policies import ArmPolicy
from service.decision.compiled import NO_POSITIVE_VALUE, CompiledPolicy, JudgedCells, compile_policy
from service.decision.law import is_lawful
from service.decision.privacy import is_personal_arm
from service.rules.contact_gates import GateMask
from service.rules.history.event_counts import group_events
from service.rules.policy import Policy
from service.rules.rulebook import cell_value
from service.rules.statutory import LAW
from service.scoring import arbitration
from service.scoring.propensity import Scores


def decide(
    policy: Policy,
    snapshot: Snapshot,
    context: Context,
    scores: Scores,
    release: Release,
    decision_id: str,
    degraded: Sequence[str] = (),
) -> Decision:
    """The offers for one customer at one moment, each in its best channel, with all factors and reasons. Pure.

    ``context.channel`` names the only channel that competes; without it every channel does. At most ``Context.limit``
    treatments, highest priority first (in an explored decision: in random order). ``withheld`` counts, per gate, the
    offers whose last channel among those that compete was closed by it, gates taken in stage order.

    Raises: InvalidInput: when the policy does not have the channel.
    """
    return decide_with_stops(policy, snapshot, context, scores, release, decision_id, degraded)[0]


def decide_with_stops(
    policy: Policy,
    snapshot: Snapshot,
    context: Context,
    scores: Scores,
    release: Release,
    decision_id: str,
    degraded: Sequence[str] = (),
) -> tuple[Decision, Mapping[str, int]]:
    """The decision as ``decide``, and what the law stopped: offers by statutory gate, as ``count_stops``.

    Raises: InvalidInput: when the policy does not have the channel.
    """
    compiled, arm = compile_policy(policy), arm_of(snapshot, policy.experiments, release.on_trial)
    asked, moment = compiled.asked_channel(context), compiled.columns.moment(context.now)
    cells = judge_cells(compiled, snapshot, context, scores, release, arm, moment)
    closing, first = first_closed(compiled.gate_ids, cells.gate_masks, cells.priority.shape[1:])
    allowed, withheld = first == len(closing), count_withheld(closing, first, asked)
    arm_policy = compiled.arm_policies[arm]
    slate = Slate(compiled, cells, allowed, asked, arm_policy)
    missing = len(policy.offers) - sum(withheld.values()) - len(slate.ranked)
    if missing:
        withheld[NO_POSITIVE_VALUE] = missing
    chance = draw_exploration(policy, snapshot.customer_id, moment.day, arm_policy.epsilon or 0.0)
    decision = Decision(
        id=decision_id,
        customer_id=snapshot.customer_id,
        at=context.now,
        arm=arm,
        personalised=is_personal_arm(arm),
        explored=chance.explores,
        treatments=slate.treatments(context.limit, chance, scores if arm_policy.scored else {}, release),
        withheld=withheld,
        degraded=tuple(degraded),
    )
    return decision, count_stops(closing, first, asked)


def judge_cells(
    compiled: CompiledPolicy,
    snapshot: Snapshot,
    context: Context,
    scores: Scores,
    release: Release,
    arm: str,
    moment: Moment,
) -> JudgedCells:
    """Every cell of one customer's grid; ``moment`` is the context's, in the bank's time zone."""
    past = group_events(snapshot.trails, snapshot.surveys, compiled.places, context.now)
    personal = is_personal_arm(arm)
    columns, contact_columns = compiled.columns.of_one(snapshot, context, scores, past, moment, personal)
    own = compiled.columns.own_moment(columns, context.now, moment)
    contact = compiled.contact.check_one(snapshot.consents, past, own, compiled.columns.calendar, personal)
    rules = compiled.arm_rules[arm]
    resolved = compiled.score_resolver.resolve_one(scores if rules.arm_policy.scored else {})
    cost = compiled.contact_cost + compiled.prices(release.prices)
    law = compiled.law.columns_of_one(snapshot, columns, personal) if is_lawful(release) else None
    return rules.judge(columns, contact_columns, contact, resolved, cost, law)


def first_closed(
    ids: Sequence[str], gate_masks: Sequence[GateMask], shape: tuple[int, ...]
) -> tuple[Sequence[str], Array]:
    """The gates that close some cell, and (m, k) the place of the first that closes each; their number: none does."""
    closing = [(gate, ok) for gate, ok in zip(ids, gate_masks, strict=True) if ok is not True]
    steps = np.empty((len(closing) + 1, *shape), dtype=bool)
    for step, (_, ok) in enumerate(closing):
        steps[step] = ok
    steps[-1] = False
    return [gate for gate, _ in closing], steps.argmin(axis=0)


def count_withheld(closing: Sequence[str], first: Array, asked: int | None) -> dict[str, int]:
    """Per gate the offers whose last asked channel it closed.

    The first gate that closes a cell is the cell's reason; an offer's reason is the latest of its asked cells', since
    until that gate a channel was open.
    """
    last = (first.max(axis=1) if asked is None else first[:, asked]).tolist()
    return {gate: last.count(step) for step, gate in enumerate(closing) if step in last}


def count_stops(closing: Sequence[str], first: Array, asked: int | None) -> dict[str, int]:
    """Per statutory gate the offers of which it closed an asked cell that all gates before it had left open.

    An offer that stays open in another channel counts, too: the policy's own gates had let the closed cell through.
    """
    law = next((step for step, gate in enumerate(closing) if gate.startswith(LAW)), len(closing))
    cells = first if asked is None else first[:, asked : asked + 1]
    if not ((cells >= law) & (cells < len(closing))).any():
        return {}
    counts = {gate: int((cells == step).any(axis=1).sum()) for step, gate in enumerate(closing) if gate.startswith(LAW)}
    return {gate: offers for gate, offers in counts.items() if offers}


class Slate:
    """The candidates, each offer in its best channel; ``ranked`` are their indices, best first."""

    def __init__(
        self, compiled: CompiledPolicy, cells: JudgedCells, allowed: Array, asked: int | None, arm_policy: ArmPolicy
    ) -> None:
        """Finds the best channel of every offer; ties go to the policy's order."""
        self._compiled, self._cells, self._levers = compiled, cells, arm_policy.levers
        self._priority = arbitration.candidates(cells.priority[0], allowed)
        if asked is None:
            self._channel = self._priority.argmax(axis=1).tolist()
            self._best = self._priority.max(axis=1).tolist()
        else:
            self._channel = [asked] * len(allowed)
            self._best = self._priority[:, asked].tolist()
        self.ranked = arbitration.ranking(self._best)

    def treatments(self, limit: int, draw_exploration: Draw, scores: Scores, release: Release) -> tuple[Treatment, ...]:
        """The treatments to show: the best, or where the draw explores the head of a random order."""
        count, prices = len(self.ranked), self._compiled.prices(release.prices)
        shown = draw_exploration.order(count)[:limit] if draw_exploration.explores else range(min(limit, count))
        probability = {
            first: arbitration.selection_probability(first, limit, count, draw_exploration.epsilon)
            for first in (True, False)
            if count
        }
        return tuple(
            self._treatment(rank, self.ranked[place], probability[place < limit], scores, prices)
            for rank, place in enumerate(shown, 1)
        )

    def _treatment(self, rank: int, offer: int, probability: float, scores: Scores, prices: Array) -> Treatment:
        """One offer in its best channel, with the factors of its priority."""
        cells, noun, channel = self._cells, self._compiled.policy.offers[offer], self._channel[offer]
        reasons = cells.fitness.reasons(offer, channel)
        return Treatment(
            offer=noun.id,
            channel=self._compiled.places.channels[channel],
            rank=rank,
            priority=self._best[offer],
            propensity=cell_figure(cells.propensity, offer, channel),
            propensity_source=self._compiled.score_resolver.source(scores, offer),
            value=cell_figure(cells.value, offer, channel),
            fit=cell_figure(cells.fit, offer, channel),
            lever=noun.lever if self._levers else 1.0,
            response=cell_figure(cells.response, offer, channel),
            contact_cost=float(self._compiled.contact_cost[channel]),
            price=float(prices[0, offer, channel]),
            selection_probability=probability,
            reasons=reasons,
            alternatives=self._alternatives(offer, channel),
            strategies=self._compiled.credited_strategies(reasons),
            uplift=cell_figure_or_none(cells.uplift, offer, channel),
            confirmations=() if cells.law is None else self._compiled.law.confirmations(cells.law, offer, channel),
        )

    def _alternatives(self, offer: int, chosen: int) -> tuple[str, ...]:
        """The other channels in which the offer may be made, best first."""
        priority = self._priority[offer].tolist()
        names = self._compiled.places.channels
        return tuple(names[place] for place in arbitration.ranking(priority) if place != chosen)


def cell_figure_or_none(factor: Any, offer: int, channel: int) -> float | None:
    """``cell_figure``; None where it is unknown."""
    found = nan if factor is None else cell_figure(factor, offer, channel)
    return None if isnan(found) else found


def cell_figure(factor: Any, offer: int, channel: int) -> float:
    """A factor of one customer in one cell."""
    return float(cell_value(factor, offer, channel)) if isinstance(factor, np.ndarray) else float(factor)
