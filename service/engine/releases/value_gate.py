"""The value of a proposed policy on the stored decisions, and the release gate that reads it.

Each customer's first decision whose attribution window has closed is replayed under the new policy and under the
champion, with the facts, the time and the scores of its record (``analysis.policy_value.replay``). A reward is the
margin that the decision stated for what the customer then took, so that no policy sets its own rewards.

The gate refuses a policy whose difference to the champion may be worse than the champion's policy allows, if the log
supports such a judgement. If it does not, the gate says so and does not refuse.

A record holds as much of the past as the policy that decided could tell apart (``rules.history.required_events``). If
another policy may tell more apart, the decision is left out and counted. If more than ``MOST_SHORT`` are left out, the
log supports no judgement.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from statistics import fmean

import numpy as np

from service.analysis.policy_value import PolicyValue, Terms, Verdict, estimate_policy_value, measure_support
from service.analysis.policy_value.replay import Cell, Replayed, Weighed, weighed
from service.core.clock import Clock, now_ms
from service.core.domain import Arm, Decision, Release
from service.core.errors import NotFound
from service.core.grid import DAY_MS
from service.core.progress import Progress
from service.decision import decode
from service.decision.record import UNREADABLE
from service.engine.releases.loader import ReleaseLoader
from service.engine.releases.scores import score_one
from service.rules.history.required_events import can_answer
from service.rules.policy import Policy
from service.scoring.models import Bundle
from service.store import Store

CUSTOMERS, DAYS = 2_000, 90
NEW = "new"
"""The side of the proposed policy and bundle; other sides are named by the hash of their policy."""
LEFT_OUT = frozenset({Arm.HOLDOUT, Arm.UNPERSONALISED})
"""Arms that no policy serves by its whole method."""

MOST_SHORT = 0.05
"""The largest share of records that may hold too little of the past, 0 to 1."""


class LeftOut(Enum):
    """Why a decision is left out: its record cannot be read, or holds too little of the past."""

    UNREADABLE = auto()
    SHORT = auto()


@dataclass(frozen=True, slots=True)
class PolicyValueReport:
    """The value of a policy on ``decisions`` customers' decisions; ``value`` is None where there are none.

    ``champion_yuan`` is the champion's value per decision on the same rows. ``least_yuan`` is the lowest difference
    that passes the gate, None where the log supports no judgement. ``unreadable`` decisions are left out because their
    record was altered, ``short`` ones because it may hold less of the past than the policies read.
    """

    policy: str
    champion: str
    decisions: int
    value: PolicyValue | None
    champion_yuan: float | None
    least_yuan: float | None
    unreadable: int = 0
    short: int = 0

    @property
    def refusal(self) -> str:
        """Why the gate refuses; empty where it does not."""
        apart = None if self.value is None else self.value.difference
        if apart is None or self.least_yuan is None or apart.low >= self.least_yuan:
            return ""
        bound = f"new less old may be {apart.low:.4f} yuan per decision (lower bound, 95 %)"
        return f"{bound}, where the champion earns {self.champion_yuan:.4f}; at least {self.least_yuan:.4f} is let pass"

    @property
    def sentence(self) -> str:
        """One sentence for the approver."""
        return f"policy value: {self._judgement}{f' ({self.left_out})' if self.left_out else ''}"

    @property
    def left_out(self) -> str:
        """How many decisions are left out, and why; empty where none are."""
        reasons = {"cannot be read": self.unreadable, "may hold too little of the past": self.short}
        return "; ".join(f"{count} decisions left out: their record {why}" for why, count in reasons.items() if count)

    @property
    def _judgement(self) -> str:
        if self.value is None:
            lacking = _lacking(self.short, 0)
            return (
                f"{Verdict.NOT_SUPPORTED}: {lacking}" if lacking else "no decision whose attribution window has closed"
            )
        if self.refusal:
            return self.refusal
        return f"{self.value.verdict}: {self.value.why}"

    def document(self) -> dict[str, object]:
        """The report as plain JSON values."""
        return {
            "policy": self.policy,
            "champion": self.champion,
            "decisions": self.decisions,
            "unreadable_decisions": self.unreadable,
            "short_decisions": self.short,
            "champion_yuan": self.champion_yuan,
            "least_yuan": self.least_yuan,
            "gate": self.refusal or "open",
            **({} if self.value is None else self.value.document()),
        }


@dataclass(frozen=True, slots=True)
class Side:
    """One decision under the new policy and under the champion, with its reward in yuan."""

    new: Weighed
    old: Weighed
    reward: float


class ValueGate:
    """Values policies on the stored decisions."""

    def __init__(self, store: Store, loader: ReleaseLoader, clock: Clock = now_ms) -> None:
        self._store, self._loader, self._clock = store, loader, clock

    def judge(
        self,
        new: Policy,
        bundle: Bundle | str | None = None,
        days: int = DAYS,
        customers: int = CUSTOMERS,
        advance: Progress | None = None,
    ) -> PolicyValueReport:
        """The value of ``new`` beside the champion, on decisions of the last ``days`` whose windows have closed.

        ``bundle``: score with it; None: use the scores of each record.

        Raises:
            NotFound: no policy serves yet.
            BundleError: the bundle cannot be read.
        """
        active = self._store.releases.active()
        if active is None:
            raise NotFound("No policy serves yet to compare with.")
        champion = self._loader.policy(active.policy)
        every = list(self._sides(new, champion, bundle, days, customers, advance))
        rows = [side for side in every if isinstance(side, Side)]
        unreadable, short = every.count(LeftOut.UNREADABLE), every.count(LeftOut.SHORT)
        if not rows:
            return PolicyValueReport(new.hash, champion.hash, 0, None, None, None, unreadable, short)
        value, worth = _value(rows, _lacking(short, len(rows))), fmean(side.old.robust for side in rows)
        gate = champion.experiments.release_gate
        judged = value.verdict is not Verdict.NOT_SUPPORTED and (
            value.support.effective_sample_size >= gate.least_effective
        )
        least = -gate.most_worse_share * abs(worth) if judged else None
        return PolicyValueReport(new.hash, champion.hash, len(rows), value, worth, least, unreadable, short)

    def _sides(
        self,
        new: Policy,
        champion: Policy,
        bundle: Bundle | str | None,
        days: int,
        customers: int,
        advance: Progress | None,
    ) -> Iterator[Side | LeftOut]:
        """Both sides of each decision, or why it is left out."""
        window, now = round(champion.experiments.attribution_days * DAY_MS), self._clock()
        stored = self._store.outcomes.labelled(now - window - days * DAY_MS, now - window, window, customers)
        sides = {policy.hash: Replayed(policy) for policy in (new, champion)}
        models = self._loader.bundle(bundle) if isinstance(bundle, str) and stored else bundle
        for number, outcome in enumerate(stored, 1):
            if advance is not None:
                advance(number, len(stored))
            try:
                decision, snapshot, context, scores, release = decode(outcome.record)
            except UNREADABLE:
                yield LeftOut.UNREADABLE
                continue
            if decision.arm in LEFT_OUT:
                continue
            recorded = self._recorded(sides, release.policy)
            if recorded is None or not all(can_answer(recorded, one, snapshot, context.now) for one in (new, champion)):
                yield LeftOut.SHORT
                continue
            seen = {
                name: sides[name].chances(snapshot, context, scores, release)
                for name in {new.hash, champion.hash, release.policy}
            }
            seen[NEW] = seen[new.hash]
            if models is not None and not isinstance(models, str):
                seen[NEW] = sides[new.hash].chances(snapshot, context, score_one(models, snapshot, True), release)
            yield _side(decision, outcome.taken, seen, champion.hash, release)

    def _recorded(self, sides: dict[str, Replayed], policy: str) -> Policy | None:
        """The policy that decided, compiled for replay; None if it is not stored, as then its reads are unknown."""
        if policy not in sides:
            try:
                sides[policy] = Replayed(self._loader.policy(policy))
            except NotFound:
                return None
        return sides[policy].policy


def _side(
    decision: Decision,
    bought: frozenset[str],
    seen: Mapping[str, Mapping[Cell, tuple[float, float]]],
    champion: str,
    release: Release,
) -> Side:
    margins = {one.offer: one.value for one in decision.treatments if one.offer in bought}
    q = {cell: worth for name in (NEW, release.policy, champion) for cell, (_, worth) in seen[name].items()}
    new_side, old_side = (
        weighed(decision.treatments, margins, seen[name], seen[release.policy], q) for name in (NEW, champion)
    )
    return Side(new_side, old_side, sum(margins.values()))


def _lacking(short: int, whole: int) -> str:
    """Why the log supports no judgement, if too many records are short; else empty."""
    if short <= MOST_SHORT * (short + whole):
        return ""
    share = f"{short / (short + whole):.1%} of the records may hold less of the past than the policies tell apart"
    return f"{share}; at most {MOST_SHORT:.0%} may"


def _value(rows: list[Side], lacking_past: str) -> PolicyValue:
    lacking: dict[str, float] = {}
    for side in rows:
        for (offer, channel), share in side.new.unsupported.items():
            lacking[f"{offer} in {channel}"] = lacking.get(f"{offer} in {channel}", 0.0) + share / len(rows)
    weights = np.array([side.new.weight for side in rows])
    terms = Terms(
        rewards=np.array([side.reward for side in rows]),
        weights=weights,
        earned=np.array([side.new.earned for side in rows]),
        robust=np.array([side.new.robust for side in rows]),
        beside=np.array([side.old.robust for side in rows]),
    )
    named = sorted(lacking, key=lambda name: -lacking[name])
    return estimate_policy_value(terms, measure_support(weights, sum(lacking.values()), named), lacking_past)
