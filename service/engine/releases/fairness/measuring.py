"""Offer rates by group: of a policy on a sample of the customers, and of the decisions stored lately.

A gap (``analysis.fairness``) is excused by an override that names a reason and a person and ends by itself
(``store.fairness_overrides``). The gate of a proposal and the daily measurement read what is offered at all, what is
shown first and what it is worth; the daily one reads what was shown from the records. Both leave out what is excused,
and say so. What the policy decides by a code that tells a trait is excused by nobody.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from service.analysis.fairness.fairness import (
    MARGIN,
    OFFERED,
    SHOWN,
    Fairness,
    Gap,
    Observed,
    expected_margin,
    measure_observed,
    measure_policy,
)
from service.core.clock import Clock, now_ms
from service.core.domain import Context, Decision, Release, Snapshot
from service.core.errors import BundleError, NotFound
from service.core.grid import DAY_MS, Array
from service.decision import Scores, decode
from service.decision.privacy import is_personal_arm
from service.decision.record import UNREADABLE
from service.engine.metrics import note_fairness
from service.engine.releases.active_release import ON_DISK
from service.engine.releases.loader import ReleaseLoader
from service.engine.releases.scores import score_many
from service.rules.expiry import AnswerExpiry
from service.rules.policy import Policy
from service.scoring.models import NO_BUNDLE, Models
from service.store import FairnessOverride, Store

ASKED = (OFFERED, SHOWN, MARGIN)
LOG = logging.getLogger("fourcast.fairness")
Row = tuple[Decision, Snapshot, Scores]
CUSTOMERS = 2_000
"""Customers of a sample where none are named."""


@dataclass(frozen=True, slots=True)
class FairnessReport:
    """What was measured, the gaps that nobody excused, and the overrides in force."""

    fairness: Fairness
    overrides: tuple[FairnessOverride, ...]
    unreadable: int = 0

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The gaps that no override excuses."""
        excused = {one.name for one in self.overrides}
        return tuple(gap for gap in self.fairness.find_gaps(*ASKED) if gap.name not in excused)

    @property
    def refusal(self) -> str:
        """Why the gate refuses; empty where it does not."""
        found = self.fairness
        proxies = [str(one) for one in found.proxies if any(one.attribute in str(each) for each in found.unfair)]
        below = [f"the whole interval lies below {found.bound:.2f}"] if self.gaps else []
        told = [*map(str, self.gaps), *below, *map(str, found.unfair), *proxies]
        return f"fairness: {'; '.join(told)}" if told else ""

    def document(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        gaps = [{"axis": gap.axis, "group": gap.group, "family": gap.family, "sentence": str(gap)} for gap in self.gaps]
        return {
            **self.fairness.document(),
            "alerts_on": ", ".join(ASKED),
            "gaps": gaps,
            "overrides": [one.document() for one in self.overrides],
            "unreadable_decisions": self.unreadable,
        }


class FairnessService:
    """Measures offer rates by group; ``serving`` returns the policy that serves."""

    def __init__(
        self, store: Store, loader: ReleaseLoader, serving: Callable[[], Policy], clock: Clock = now_ms
    ) -> None:
        self._store, self._loader, self._serving, self._clock = store, loader, serving, clock

    def measure(self, policy: Policy | None = None, customers: int = CUSTOMERS) -> FairnessReport:
        """What a policy (None: the serving one) offers a sample of the customers now, with the serving models."""
        judged, now = policy or self._serving(), self._clock()
        release = self._store.releases.active() or Release(ON_DISK, judged.hash, None)
        people = self._store.customers.sample_snapshots(customers, AnswerExpiry.for_policy(judged).lookback(now))
        scores = score_many(self._models(release.bundle), people)
        found = measure_policy(judged, people, Context(now), scores, release)
        return FairnessReport(found, self._overrides(now))

    def measure_stored(self) -> FairnessReport:
        """What the latest decision of each customer showed, as far back and for as many as monitoring.yaml says.

        What is offered to them, and what it is worth, is decided anew on what was known of them then.
        """
        policy, now = self._serving(), self._clock()
        bounds = policy.monitoring
        records = self._store.decisions.latest_per_customer(
            now - bounds.window_days * DAY_MS, now, bounds.most_customers
        )
        read = [_read(record.record) for record in records]
        rows = [row for row in read if row is not None and is_personal_arm(row[0].arm)]
        observed = self._observed(policy, rows, now)
        shown = measure_observed(policy, observed, [decision.at for decision, *_ in rows])
        release = self._store.releases.active() or Release(ON_DISK, policy.hash, None)
        found = measure_policy(policy, observed.people, Context(now), _columns([one for *_, one in rows]), release)
        return FairnessReport(found.replace_shown(shown), self._overrides(now), read.count(None))

    def watch(self) -> bool:
        """Measure for Prometheus; returns False: no more work at once."""
        report = self.measure_stored()
        note_fairness(report.fairness, {gap.name for gap in report.gaps}, self._clock() / 1000)
        return False

    def _models(self, bundle: str | None) -> Models:
        """The release's models; none where they do not load, as then the release serves without them."""
        try:
            return self._loader.models(bundle)
        except (BundleError, NotFound) as error:
            LOG.warning("measured without models", extra={"bundle": bundle, "problem": error.message})
            return NO_BUNDLE

    def _overrides(self, now: int) -> tuple[FairnessOverride, ...]:
        return tuple(self._store.fairness_overrides.in_force(now))

    def _observed(self, policy: Policy, rows: Sequence[Row], now: int) -> Observed:
        families = {offer.id: offer.family for offer in policy.offers}
        taken = self._taken(policy, rows, families, now)
        shown = {
            family: _flags(any(families.get(one.offer) == family for one in each.treatments) for each, *_ in rows)
            for family in policy.families
        }
        accepted = {family: _flags((each.id, family) in taken for each, *_ in rows) for family in policy.families}
        margin = np.array([_margin(each) for each, *_ in rows], dtype=np.float64)
        return Observed([snapshot for _, snapshot, _ in rows], shown, margin, accepted=accepted)

    def _taken(self, policy: Policy, rows: Sequence[Row], families: dict[str, str], now: int) -> set[tuple[str, str]]:
        """(decision, family) where the customer took an offer of it within the attribution window so far."""
        if not rows:
            return set()
        window = policy.experiments.attribution_days * DAY_MS
        decided = {decision.customer_id: decision for decision, *_ in rows}
        events = self._store.outcomes.takings(decided, min(one.at for one in decided.values()), now)
        return {
            (decided[who].id, families[offer])
            for who, offer, at in events
            if offer in families and decided[who].at <= at < decided[who].at + window
        }


def _read(record: bytes) -> Row | None:
    """The decision of a record, its customer and their scores; None where the record was altered."""
    try:
        decision, snapshot, _, scores, *_ = decode(record)
    except UNREADABLE:
        return None
    return decision, snapshot, scores


def _columns(scores: Sequence[Scores]) -> dict[str, Array]:
    """Name -> (n,) of the recorded scores; NaN where a customer has none."""
    names = dict.fromkeys(name for one in scores for name in one)
    return {name: np.array([one.get(name, np.nan) for one in scores], dtype=np.float64) for name in names}


def _flags(values: Any) -> Array:
    return np.array(list(values), dtype=np.float64)


def _margin(decision: Decision) -> float:
    """The expected margin of the first offer, yuan; NaN without one, or where its lever is 0."""
    first = decision.treatments[0] if decision.treatments else None
    if first is None or not first.lever:
        return float("nan")
    return float(expected_margin(first.priority, first.lever, first.contact_cost, first.price))
