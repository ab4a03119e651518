"""The effect of every fit rule, measured on the stored decisions beside what its weight claims.

Each customer's first decision whose attribution window has closed is judged again under the policy that is asked about,
with the facts, the time and the scores of its record. Which rules fire is read of each treatment that was shown, by any
arm, and what was taken of it from the events after it. The statistics are ``analysis.rule_effects``.

Left out, and counted: customers without personalisation (no rule reads them), records that cannot be read, records
that may hold less of the past than the policy tells apart, and treatments of offers or channels that it does not have.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from service.analysis.lift import LEVEL
from service.analysis.rule_effects import CAVEATS, Claim, RuleEffect, Trials, measure_rules
from service.core.clock import Clock
from service.core.domain import Arm, Context, Release, Snapshot, Treatment
from service.core.errors import NotFound
from service.core.grid import DAY_MS
from service.core.progress import Progress
from service.decision import Scores, compile_policy, decode
from service.decision.compiled import CompiledPolicy, JudgedCells
from service.decision.record import UNREADABLE
from service.decision.single import cell_figure, judge_cells
from service.engine.releases.loader import ReleaseLoader
from service.rules.history.required_events import can_answer
from service.rules.policy import Policy
from service.store import Store
from service.store.decisions.outcomes import LabelledDecision

CUSTOMERS, DAYS = 20_000, 90
"""The most customers whose decisions are read, and how far back."""
LEAST_CHANCE = 1e-9
"""A propensity is taken as at least this and at most 1 less this, so that its log-odds are finite."""


@dataclass(frozen=True, slots=True)
class Showing:
    """One treatment that was shown: what was expected of it without rules, which rules fired, whether it was taken."""

    customer: str
    family: str
    offset: float
    fired: frozenset[str]
    taken: bool


@dataclass(frozen=True, slots=True)
class RuleEffectsReport:
    """The effects of a policy's fit rules; ``customers`` and ``shown`` are those measured, ``left_out`` by reason."""

    policy: str
    since: int
    until: int
    window_days: float
    customers: int
    shown: int
    taken: int
    effects: tuple[RuleEffect, ...]
    left_out: dict[str, int] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        return {
            "policy": self.policy,
            "since": self.since,
            "until": self.until,
            "window_days": self.window_days,
            "level": LEVEL,
            "customers": self.customers,
            "shown": self.shown,
            "taken": self.taken,
            "rules": [one.document() for one in self.effects],
            "left_out": self.left_out,
            "caveats": list(CAVEATS),
        }


class RuleEffectService:
    """Measures the fit rules of a policy; ``serving`` returns the policy that serves."""

    def __init__(self, store: Store, loader: ReleaseLoader, serving: Callable[[], Policy], clock: Clock) -> None:
        self._store, self._loader, self._serving, self._clock = store, loader, serving, clock

    def measure(
        self,
        policy: Policy | None = None,
        days: int = DAYS,
        customers: int = CUSTOMERS,
        advance: Progress | None = None,
    ) -> RuleEffectsReport:
        """The effects of the rules of ``policy``, or of the one that serves, on decisions of the last ``days``.

        Raises:
            Unavailable: PostgreSQL does not answer.
        """
        asked, now = policy or self._serving(), self._clock()
        window = round(asked.experiments.attribution_days * DAY_MS)
        stored = self._store.outcomes.labelled(now - window - days * DAY_MS, now - window, window, customers)
        left_out: Counter[str] = Counter()
        shown = list(self._showings(asked, stored, left_out, advance))
        claims = claims_of(asked)
        return RuleEffectsReport(
            asked.hash,
            now - window - days * DAY_MS,
            now - window,
            asked.experiments.attribution_days,
            len({one.customer for one in shown}),
            len(shown),
            sum(one.taken for one in shown),
            tuple(measure_rules(trials_of(shown, claims), claims)),
            dict(left_out),
        )

    def _showings(
        self, asked: Policy, stored: list[LabelledDecision], left_out: Counter[str], advance: Progress | None
    ) -> Iterator[Showing]:
        compiled, recorders = compile_policy(asked), _Recorders(self._loader)
        for number, outcome in enumerate(stored, 1):
            if advance is not None:
                advance(number, len(stored))
            yield from _showings_of(compiled, recorders, outcome, left_out)


class _Recorders:
    """The policies that decided, by hash; None where one is not stored."""

    def __init__(self, loader: ReleaseLoader) -> None:
        self._loader, self._known = loader, dict[str, Policy | None]()

    def policy_that_decided(self, policy: str) -> Policy | None:
        if policy not in self._known:
            try:
                self._known[policy] = self._loader.policy(policy)
            except NotFound:
                self._known[policy] = None
        return self._known[policy]


def _showings_of(
    compiled: CompiledPolicy, recorders: _Recorders, outcome: LabelledDecision, left_out: Counter[str]
) -> Iterator[Showing]:
    try:
        decision, snapshot, context, scores, release = decode(outcome.record)
    except UNREADABLE:
        left_out["record unreadable"] += 1
        return
    recorded = recorders.policy_that_decided(release.policy)
    if decision.arm == Arm.UNPERSONALISED:
        left_out["not personalised"] += 1
    elif recorded is None or not can_answer(recorded, compiled.policy, snapshot, context.now):
        left_out["record may hold too little of the past"] += 1
    else:
        cells = _judge(compiled, snapshot, replace(context, channel=None), scores, release)
        for one in decision.treatments:
            showing = _showing(compiled, cells, snapshot.customer_id, one, outcome.taken)
            if showing is None:
                left_out["offer or channel gone"] += 1
            else:
                yield showing


def _judge(
    compiled: CompiledPolicy, snapshot: Snapshot, context: Context, scores: Scores, release: Release
) -> JudgedCells:
    """Every cell as the whole method judges it, whichever arm the customer was in."""
    mine = replace(release, policy=compiled.policy.hash, on_trial=False)
    return judge_cells(
        compiled, snapshot, context, scores, mine, Arm.PERSONALISED, compiled.columns.moment(context.now)
    )


def _showing(
    compiled: CompiledPolicy, cells: JudgedCells, customer: str, one: Treatment, taken: frozenset[str]
) -> Showing | None:
    offers, channels = compiled.places.offers, compiled.places.channel
    if one.offer not in offers or one.channel not in channels:
        return None
    offer, channel = offers.index(one.offer), channels[one.channel]
    chance = min(max(cell_figure(cells.propensity, offer, channel), LEAST_CHANCE), 1.0 - LEAST_CHANCE)
    response = max(cell_figure(cells.response, offer, channel), LEAST_CHANCE)
    return Showing(
        customer,
        compiled.policy.offers[offer].family,
        float(np.log(chance) - np.log1p(-chance) + np.log(response)),
        frozenset(cells.fitness.reasons(offer, channel)),
        one.offer in taken,
    )


def claims_of(policy: Policy) -> list[Claim]:
    """What each fit rule's weight says of the odds, in the policy's order."""
    return [Claim(rule.id, rule.weight, 4.0 * policy.weights[rule.concern]) for rule in policy.fits]


def trials_of(shown: list[Showing], claims: list[Claim]) -> Trials:
    """The showings as arrays, a column a claim."""
    families = {name: place for place, name in enumerate(sorted({one.family for one in shown}))}
    customers = {name: place for place, name in enumerate(dict.fromkeys(one.customer for one in shown))}
    fired = np.array([[claim.rule in one.fired for claim in claims] for one in shown], dtype=bool)
    return Trials(
        np.array([one.offset for one in shown], dtype=np.float64),
        fired.reshape(len(shown), len(claims)),
        np.array([one.taken for one in shown], dtype=bool),
        np.array([customers[one.customer] for one in shown], dtype=np.int64),
        np.array([families[one.family] for one in shown], dtype=np.int64),
    )
