"""Many customers at one moment: ``decide_many``, the same decision as ``decide``, to the last bit, as arrays.

Customers are taken in blocks that fit a processor's cache. The whole method, the customers who are not personalised,
and the few of all other arms together (``arms.mixed``) are judged apart, each by ``CompiledRules.judge``. Only the
ordering of lists differs from ``single``.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from math import nan
from types import NoneType
from typing import Any

import numpy as np

from service.core.domain import Arm, Context, Release, Snapshot
from service.core.grid import Array, by_customer
from service.decision.arms.assignment import ArmAssignment
from service.decision.arms.exploration import Draw, draw_explorations
from service.decision.arms.mixed import MixedArms
from service.decision.compiled import NO_POSITIVE_VALUE, CompiledPolicy, JudgedCells, compile_policy
from service.decision.law import IDS, encode_facts, is_lawful
from service.decision.population import Decisions, Population
from service.decision.privacy import is_personal_arm, withdrawn_many
from service.rules.contact_gates import Crowd, GateMask
from service.rules.history.event_counts import past_table
from service.rules.policy import Policy
from service.rules.rulebook import Fit, open_cells
from service.rules.statutory import FOR_EVERYBODY
from service.scoring import arbitration

Fired = Sequence[tuple[Fit, GateMask]]
"""The fit rules that fired, and in which cells."""

BLOCK = 4096
"""Customers judged at once: at 20 offers and 6 channels one array of priorities then takes 4 MB."""


def decide_many(
    policy: Policy | CompiledPolicy,
    population: Population,
    context: Context,
    scores: Mapping[str, Array],
    release: Release,
    reasons: bool = False,
    block: int = BLOCK,
) -> Decisions:
    """The offers for n customers at one moment. ``scores``: name (``scoring.propensity``) -> (n,), NaN for none.

    Row for row what ``decide`` gives, bit for bit in every priority. With ``reasons``, what withholds and what raises
    is returned as well, at the cost of a pass over all gates.

    Raises: InvalidInput: when the policy does not have the context's channel.
    """
    compiled = policy if isinstance(policy, CompiledPolicy) else compile_policy(policy)
    task = _Task(compiled, context, release, reasons)
    whole = task.blank(population.customers)
    places = _arms(task.compiled.arms, population, release)
    for arm, members in _groups(task.compiled.arms, places):
        for rows in _blocks(members, block):
            spoken = {family: column[rows] for family, column in scores.items()}
            task.decide(population.rows(rows), spoken, arm or MixedArms(task.compiled, places[rows]), rows, whole)
    whole.arms[:] = np.array(task.compiled.arms.names, dtype=object)[places]
    return whole


def judge_many(
    policy: Policy | CompiledPolicy,
    population: Population,
    context: Context,
    scores: Mapping[str, Array],
    release: Release,
    block: int = BLOCK,
) -> Iterator[tuple[Array, JudgedCells]]:
    """Yield blocks of rows with all their treatments judged, each customer as their arm is, as ``decide_many`` does.

    Raises: InvalidInput: when the policy does not have the context's channel.
    """
    compiled = policy if isinstance(policy, CompiledPolicy) else compile_policy(policy)
    task = _Task(compiled, context, release, False)
    places = _arms(compiled.arms, population, release)
    for arm, members in _groups(compiled.arms, places):
        for rows in _blocks(members, block):
            spoken = {family: column[rows] for family, column in scores.items()}
            yield rows, task.judge(population.rows(rows), spoken, arm or MixedArms(compiled, places[rows]))


def population_of(policy: Policy, snapshots: Sequence[Snapshot]) -> Population:
    """The snapshots as one population, in their order."""
    compiled = compile_policy(policy)
    table = compiled.columns.features.table
    encoded = [table.encode(snapshot.attributes) for snapshot in snapshots]
    return Population(
        [snapshot.customer_id for snapshot in snapshots],
        {name: _column([one[name] for one in encoded]) for name in table.encode({})},
        np.array([any(value is not None for value in one.attributes.values()) for one in snapshots], dtype=bool),
        _consents([snapshot.consents for snapshot in snapshots]),
        past_table(snapshots, compiled.places),
        encode_facts(snapshots),
    )


def _column(values: list[Any]) -> Array:
    text = any(issubclass(kind, str | NoneType) for kind in set(map(type, values)))
    return by_customer(np.array(values, dtype=object if text else np.float64))


def _consents(ledgers: Sequence[Mapping[str, bool]]) -> dict[str, Array]:
    purposes: Iterable[str] = dict.fromkeys(purpose for ledger in ledgers for purpose in ledger)
    return {purpose: np.array([float(ledger.get(purpose, nan)) for ledger in ledgers]) for purpose in purposes}


def _blocks(members: Array, size: int) -> Iterator[Array]:
    for first in range(0, len(members), size):
        yield members[first : first + size]


def _arms(arms: ArmAssignment, population: Population, release: Release) -> Array:
    """(n,) the place of each customer's arm; as ``arm_of``."""
    personal = population.known & ~withdrawn_many(population.consents, len(population.customers))
    places = np.full(len(personal), arms.index(Arm.UNPERSONALISED), dtype=np.int16)
    names = [population.customers[row] for row in np.flatnonzero(personal).tolist()]
    places[personal] = arms.index(Arm.CHALLENGER) if release.on_trial else arms.assign_many(names)
    return places


def _groups(arms: ArmAssignment, places: Array) -> Iterator[tuple[Arm | None, Array]]:
    """The rows, ascending, of each arm that is judged on its own, then those of all other arms (None)."""
    others = np.ones(len(places), dtype=bool)
    for arm in (Arm.PERSONALISED, Arm.CHALLENGER, Arm.UNPERSONALISED):
        mine = places == arms.index(arm)
        others &= ~mine
        if mine.any():
            yield arm, np.flatnonzero(mine)
    if others.any():
        yield None, np.flatnonzero(others)


class _Task:
    """The constants of one call, and the work on the rows of one arm of one block."""

    def __init__(self, compiled: CompiledPolicy, context: Context, release: Release, reasons: bool) -> None:
        self.compiled, self.context = compiled, context
        self.withheld: dict[str, int] | None = {} if reasons else None
        self.stops: dict[str, int] = {}
        self.at = compiled.columns.moment(context.now)
        self.asked = compiled.asked_channel(context)
        self.cost = compiled.contact_cost + compiled.prices(release.prices)
        self.lawful = is_lawful(release)

    def blank(self, customers: Any) -> Decisions:
        """Empty decisions of the right shape; ``withheld`` is the task's own count."""
        shape, reasons = (len(customers), self.context.limit), self.withheld is not None
        return Decisions(
            customers=customers,
            offer=np.full(shape, -1),
            channel=np.full(shape, -1),
            priority=np.full(shape, np.nan),
            selection_probability=np.full(shape, np.nan),
            candidates=np.zeros(len(customers), dtype=np.int64),
            arms=np.full(len(customers), Arm.UNPERSONALISED, dtype=object),
            explored=np.zeros(len(customers), dtype=bool),
            withheld=self.withheld,
            stops=self.stops if reasons else None,
            closed=np.full(len(customers), None, dtype=object) if reasons else None,
            spoken=np.zeros((len(customers), len(self.compiled.policy.fits)), dtype=bool) if reasons else None,
        )

    def decide(
        self, part: Population, scores: Mapping[str, Array], arm: Arm | MixedArms, rows: Array, whole: Decisions
    ) -> None:
        """Judge the rows of one arm, or of several, and write them into ``whole``."""
        cells = self.judge(part, scores, arm)
        shape = len(rows), len(self.compiled.places.offers), len(self.compiled.places.channels)
        priority = arbitration.candidates(cells.priority, open_cells(cells.gate_masks, shape))
        channel, best = self._best(priority)
        candidates = (best > 0.0).sum(axis=1)
        shown = arbitration.ranking_many(best, self.context.limit)
        epsilon = self._epsilon(arm, len(rows))
        explored = draw_explorations(self.compiled.policy, part.customers, self.at.day, epsilon)
        greedy = _explored(explored, best, shown)
        whole.offer[rows], whole.candidates[rows] = shown, candidates
        whole.explored[rows[list(explored)]] = True
        whole.channel[rows] = _taken(channel, shown, -1)
        whole.priority[rows] = _taken(best, shown, np.nan)
        whole.selection_probability[rows] = _probability(shown, greedy, candidates, self.context.limit, epsilon)
        if whole.closed is not None and whole.spoken is not None:
            faulty = {*IDS} - FOR_EVERYBODY if arm == Arm.UNPERSONALISED else {*IDS}
            whole.closed[rows] = self._count(cells.gate_masks, shape, candidates, faulty)
            whole.spoken[rows] = self._spoken(cells.fitness.fired, whole.offer[rows, 0], whole.channel[rows, 0], shape)

    def _epsilon(self, arm: Arm | MixedArms, customers: int) -> Array:
        """(n,) the probability of exploring."""
        if isinstance(arm, MixedArms):
            return arm.epsilon
        return np.full(customers, self.compiled.arm_policies[arm].epsilon)

    def judge(self, part: Population, scores: Mapping[str, Array], arm: Arm | MixedArms) -> JudgedCells:
        """Every treatment of customers of one arm, or of several."""
        if isinstance(arm, MixedArms):
            return arm.correct_cells(self._cells(part, scores, arm.mask_scores(scores), Arm.PERSONALISED), self.cost)
        return self._cells(part, scores, scores if self.compiled.arm_policies[arm].scored else {}, arm)

    def _cells(self, part: Population, scores: Mapping[str, Array], used: Mapping[str, Array], arm: Arm) -> JudgedCells:
        """``scores`` give every arm the segment; ``used`` are the scores that this arm may use."""
        personal = is_personal_arm(arm)
        columns, contact_columns = self.compiled.columns.of_many(part, self.context, scores, self.at, personal)
        clocks = self.compiled.columns.own_clocks(columns, self.context.now, self.at)
        crowd = Crowd(len(part.customers), self.context.now, part.consents, part.past, personal, clocks)
        contact = self.compiled.contact.check_many(crowd, self.at, self.compiled.columns.calendar)
        resolved = self.compiled.score_resolver.resolve_many(used, crowd.customers)
        law = self.compiled.law.columns_of_many(part, columns, personal) if self.lawful else None
        return self.compiled.array_rules.judge(columns, contact_columns, contact, resolved, self.cost, law)

    def _best(self, priority: Array) -> tuple[Array, Array]:
        """The best channel of every offer, and its priority; ties go to the policy's order."""
        if self.asked is not None:
            return np.full(priority.shape[:2], self.asked), priority[:, :, self.asked]
        channel = priority.argmax(axis=2)
        return channel, np.take_along_axis(priority, channel[:, :, np.newaxis], axis=2)[:, :, 0]

    def _count(
        self, gate_masks: list[GateMask], shape: tuple[int, int, int], offered: Array, faulty: Set[str]
    ) -> Array:
        """Add to ``withheld`` and ``stops`` as ``single`` counts them; (n,) the gate that closed the last offer.

        ``faulty``: the gates whose stops are a fault of the policy.
        """
        cells, had = np.ones(shape, dtype=bool), np.full(shape[0], shape[1])
        closed = np.full(shape[0], None, dtype=object)
        for gate, ok in zip(self.compiled.gate_ids, gate_masks, strict=True):
            if ok is not True:
                if gate in faulty:
                    self._note_stop(gate, cells & np.logical_not(ok))
                cells &= ok
                alive = cells.any(axis=2) if self.asked is None else cells[:, :, self.asked]
                had = self._withhold(gate, had, alive.sum(axis=1), closed)
        self._withhold(NO_POSITIVE_VALUE, had, offered, closed)
        return closed

    def _note_stop(self, gate: str, closed: Array) -> None:
        """Add the offers of which the gate closes an asked cell, (n, m, k), that was open until then."""
        asked = closed.any(axis=2) if self.asked is None else closed[:, :, self.asked]
        if offers := int(np.count_nonzero(asked)):
            self.stops[gate] = self.stops.get(gate, 0) + offers

    def _withhold(self, gate: str, had: Array, left: Array, closed: Array) -> Array:
        offers = int((had - left).sum())
        if offers and self.withheld is not None:
            self.withheld[gate] = self.withheld.get(gate, 0) + offers
        closed[(had > 0) & (left == 0)] = gate
        return left

    def _spoken(self, fired: Fired, offer: Array, channel: Array, shape: tuple[int, int, int]) -> Array:
        """(n, fit rules): which of those that raise fired in each customer's first treatment."""
        place = {rule.id: number for number, rule in enumerate(self.compiled.policy.fits)}
        found, served = np.zeros((shape[0], len(place)), dtype=bool), np.flatnonzero(offer >= 0)
        for fit, where in fired:
            if fit.weight > 1.0:
                cells = np.broadcast_to(where, shape)
                found[served, place[fit.id]] = cells[served, offer[served], channel[served]]
        return found


def _explored(explored: Mapping[int, Draw], best: Array, shown: Array) -> Array:
    """Order the rows that explore at random; true where a shown offer is among the best."""
    limit, greedy = shown.shape[1], np.ones(shown.shape, dtype=bool)
    for row, chance in explored.items():
        ranked = arbitration.ranking(best[row].tolist())
        places = chance.order(len(ranked))[:limit]
        shown[row, : len(places)] = [ranked[place] for place in places]
        greedy[row, : len(places)] = [place < limit for place in places]
    return greedy


def _taken(values: Array, shown: Array, nothing: float) -> Array:
    """Each shown offer's value, from (n, m)."""
    return np.where(shown < 0, nothing, np.take_along_axis(values, np.maximum(shown, 0), axis=1))


def _probability(shown: Array, greedy: Array, candidates: Array, limit: int, epsilon: Array) -> Array:
    """As ``arbitration.selection_probability``, NaN where nothing is shown."""
    offers = np.maximum(candidates, 1)[:, np.newaxis]
    chance = epsilon[:, np.newaxis]
    found = (1.0 - chance) * greedy + chance * np.minimum(limit, offers) / offers
    return np.where(shown < 0, np.nan, found)
