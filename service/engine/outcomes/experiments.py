"""Experiment reports: the lift of every standing test and strategy, from the arms' outcomes, by ``analysis.lift``.

Every test is compared with the customers served by the whole method at the same time, under the experiments that serve
now. Reports only; nothing here changes how a customer is served.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from service.analysis.lift import CAVEATS, LEVEL, Figures, figures, lift
from service.core.clock import Clock
from service.core.domain import Arm
from service.core.grid import DAY_MS
from service.engine.releases.active_release import ActiveRelease
from service.rules.policy import Policy, StandingTest
from service.store import Store

DAYS, WINDOW_DAYS = 90, 30
"""Default period, and default attribution window after a customer's first decision, in days."""

HOLDOUT = StandingTest(Arm.HOLDOUT, "no-personalised-offer", 0.0, "")
ASKED: Mapping[str, str] = {
    "no-personalised-offer": "What do personal offers bring, beside priors alone?",
    "random-relevant": "What does the next best action bring, beside a random relevant one?",
    "propensity-only": "What do value, fit and levers bring, beside propensity alone?",
    "without-levers": "What do the marketers' levers bring?",
    "eligibility-only": "What does arbitration bring, beside the gates alone?",
    "without-strategy": "What does the strategy bring?",
    "challenger": "What does the challenger bring, beside the champion?",
}


class ExperimentService:
    """Reports on experiments; ``serving`` returns the active release."""

    def __init__(self, store: Store, serving: Callable[[], ActiveRelease], clock: Clock) -> None:
        self._store, self._serving, self._clock = store, serving, clock

    def report(self, days: int = DAYS, window_days: int = WINDOW_DAYS) -> dict[str, Any]:
        """The lift of every test over the last ``days``, with confidence intervals, as plain JSON values.

        An offer taken within ``window_days`` after the customer's first decision counts.

        Raises:
            Unavailable: PostgreSQL does not answer.
        """
        serving, until = self._serving(), self._clock()
        policy = serving.policy
        since = until - days * DAY_MS
        counted = self._store.outcomes.by_arm(policy.hash, since, until, window_days * DAY_MS)
        arms = figures(counted.arms)
        whole = arms.get(Arm.PERSONALISED, Figures())
        tests = [HOLDOUT, *policy.experiments.tests]
        rows = [_row(test, policy, whole, arms.get(test.id, Figures())) for test in tests]
        return {
            "policy": policy.hash,
            "since": since,
            "until": until,
            "window_days": window_days,
            "level": LEVEL,
            "personalised": _counts(whole),
            "unreadable_decisions": counted.unreadable,
            "tests": rows,
            "challenger": self._trial(serving, since, until, window_days * DAY_MS),
            "strategies": {strategy: counted.credits.get(strategy, 0) for strategy in policy.strategies},
            "strategy_effects": _effects(policy, rows, counted.credits),
            "caveats": list(CAVEATS),
        }

    def _trial(self, serving: ActiveRelease, since: int, until: int, window_ms: int) -> dict[str, Any] | None:
        """The challenger's lift over the champion since the trial began; None without a trial."""
        trial = serving.challenger
        if trial is None:
            return None
        arms = figures(
            self._store.outcomes.by_arm(serving.policy.hash, since, until, window_ms, serving.release.id).arms
        )
        mine, whole = arms.get(Arm.CHALLENGER, Figures()), arms.get(Arm.PERSONALISED, Figures())
        return {
            "policy": trial.policy.hash,
            "bundle": trial.release.bundle,
            "release": serving.release.id,
            "share": serving.share,
            "question": ASKED["challenger"],
            **_counts(mine),
            "champion": _counts(whole),
            "lift": lift(mine, whole).document(),
        }


def _row(test: StandingTest, policy: Policy, whole: Figures, without: Figures) -> dict[str, Any]:
    share = policy.experiments.holdout_share if test is HOLDOUT else test.share
    return {
        "id": test.id,
        "kind": test.kind,
        "strategy": test.strategy,
        "share": share,
        "question": ASKED[test.kind],
        **_counts(without),
        "lift": lift(whole, without).document(),
    }


def _effects(policy: Policy, rows: Sequence[Mapping[str, Any]], credited: Mapping[str, int]) -> list[dict[str, Any]]:
    """Every strategy with its aim, and its effect by the test that withholds it; None where no test does."""
    tests = {row["strategy"]: row for row in rows}
    return [
        {
            "id": strategy.id,
            "concern": strategy.concern,
            "name": strategy.name,
            "enabled": strategy.enabled,
            "objective": strategy.objective,
            "kpi": strategy.kpi,
            "segments": list(strategy.segments),
            "credited": credited.get(strategy.id, 0),
            "effect": _effect(tests.get(strategy.id)),
        }
        for strategy in policy.strategies.values()
    ]


def _effect(row: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if row is None else {"test": row["id"], "customers": row["customers"], **row["lift"]}


def _counts(arm: Figures) -> dict[str, Any]:
    return {
        "customers": arm.customers,
        "decisions": arm.decisions,
        "shown": arm.shown,
        "taken": arm.taken,
        "value_yuan": round(arm.value, 2),
    }
