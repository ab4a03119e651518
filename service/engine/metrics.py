"""Prometheus metrics of what the engine serves: withheld offers by rule, model scores, each worker's release.

They are summed over the workers at /metrics. Only fresh decisions are counted, as an answer from the cache repeats one.
No label holds anything about a customer; labels are the policy's own names. Requests are counted in
``routes.http.metrics``, calls to Redis in ``cache``, calls to PostgreSQL in ``store``.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import timedelta
from functools import lru_cache
from math import nan

from prometheus_client import Counter, Gauge, Histogram

from service.analysis.drift import DRIFTED, Drift
from service.analysis.fairness.fairness import MARGIN, OFFERED, SHOWN, Fairness
from service.analysis.policy_checks.calendar_horizon import find_horizon
from service.analysis.policy_checks.market_age import read_rates
from service.core.domain import Decision, Release
from service.core.grid import day_at, start_of
from service.rules.policy import Policy
from service.scoring.propensity import is_propensity

_SCORES = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)
_decisions = Counter("fourcast_decisions_total", "Fresh decisions by what they led to.", ["outcome"])
_withheld = Counter("fourcast_withheld_total", "Offers withheld in fresh decisions, by the rule that did.", ["rule"])
_law = Counter(
    "fourcast_law_stops_total",
    "Offers that the law closed in a channel in which the policy had let them through.",
    ["rule"],
)
_scores = Histogram("fourcast_model_score", "Calibrated propensity by model.", ["model"], buckets=_SCORES)
_serving = Gauge(
    "fourcast_serving",
    "Workers that serve with this release.",
    ["release", "policy", "bundle"],
    multiprocess_mode="livesum",
)


def _newest(name: str, meaning: str, *labels: str) -> Gauge:
    """A gauge that shows the latest measurement of any process."""
    return Gauge(name, meaning, labels, multiprocess_mode="mostrecent")


_psi = _newest("fourcast_drift_psi", "Population stability index of a feature or score.", "bundle", "kind", "name")
_ks = _newest("fourcast_drift_ks", "Kolmogorov-Smirnov distance of a feature or score.", "bundle", "kind", "name")
_drifted = _newest("fourcast_drift_alert", "1 where the policy calls it drifted, else 0.", "bundle", "kind", "name")
_ratio = _newest("fourcast_calibration_ratio", "Taken / expected by propensity.", "bundle", "family")
_measured = _newest("fourcast_drift_measured_seconds", "When drift was measured, Unix time.", "bundle")
_waiting = _newest("fourcast_waiting_items", "Items that wait in a queue of the runners.", "queue")
_oldest = _newest("fourcast_waiting_oldest_seconds", "For how long the oldest item of a queue has waited.", "queue")
_objections = _newest("fourcast_objections", "Customers' objections by what they wait for: open, overdue.", "state")
_failures = Counter("fourcast_work_failures_total", "Units of a runner's work that failed unforeseen.", ["line"])
_drift_gauges = (_psi, _ks, _drifted, _ratio, _measured)
_calendar = _newest(
    "fourcast_calendar_until_seconds",
    "When the known calendar ends, Unix time, by its ground; 0 where today is not known, NaN where no rule reads it.",
    "ground",
)
_market = _newest(
    "fourcast_market_until_seconds",
    "When the first rate of the market that an expression reads goes stale, Unix time; NaN where none is read.",
)
_FAIRNESS = ("axis", "group", "family")
_offer_ratio = _newest("fourcast_fairness_ratio", "Rate of a group over the best-served group's.", "what", *_FAIRNESS)
_unfair = _newest("fourcast_fairness_alert", "1 where a gap is not excused, else 0.", *_FAIRNESS)
_compared = _newest("fourcast_fairness_measured_seconds", "When offer rates by group were measured, Unix time.")
MOST_NAMES = 200
"""The number of features and scores with gauges, worst first; it bounds what a policy can add."""


def note_objections(open_cases: int, overdue: int) -> None:
    """Show how many objections of customers are open, and how many of them are after their last day."""
    _objections.labels("open").set(open_cases)
    _objections.labels("overdue").set(overdue)


_anchored = _newest("fourcast_audit_anchored_seconds", "When the audit log's head was last anchored; 0: never.")


_stopped = Gauge(
    "fourcast_model_stopped", "Workers in which the model is stopped.", ["model"], multiprocess_mode="livesum"
)
_ever_stopped: set[str] = set()
_reviews = _newest("fourcast_model_reviews", "Models by the state of their review: due, overdue, not stated.", "state")


def note_model_stops(stopped: Iterable[str]) -> None:
    """Show which models are stopped in this worker; those that score again show 0."""
    now = set(stopped)
    _ever_stopped.update(now)
    for model in _ever_stopped:
        _stopped.labels(model).set(model in now)


def note_reviews(states: Mapping[str, int]) -> None:
    """Show how many models have their review ahead, overdue, or not stated."""
    for state, count in states.items():
        _reviews.labels(state).set(count)


def note_anchor(at_ms: int | None) -> None:
    """Show when the head of the audit log was last written outside the database (ms); None: never."""
    _anchored.set(0.0 if at_ms is None else at_ms / 1000)


def note_drift(found: Drift | None, bundle: str = "", at_s: float = 0.0) -> None:
    """Show the latest drift; None removes all figures, where nothing that serves can be compared."""
    for gauge in _drift_gauges:
        gauge.clear()
    if found is None:
        return
    _measured.labels(bundle).set(at_s)
    for shift in found.shifts[:MOST_NAMES]:
        labels = bundle, shift.kind, shift.name
        _psi.labels(*labels).set(shift.psi)
        _drifted.labels(*labels).set(shift.verdict == DRIFTED)
        if shift.ks is not None:
            _ks.labels(*labels).set(shift.ks)
    for one in found.calibration:
        _drifted.labels(bundle, "calibration", one.family).set(one.verdict == DRIFTED)
        if one.ratio is not None:
            _ratio.labels(bundle, one.family).set(one.ratio)


def note_fairness(found: Fairness, gaps: Collection[str], at_s: float) -> None:
    """Show the latest rates by group; ``gaps`` are the names of those that nobody excused."""
    _offer_ratio.clear()
    _unfair.clear()
    _compared.set(at_s)
    rows = [(one, row) for one in found.comparisons for row in one.rows]
    for one, row in rows[:MOST_NAMES]:
        labels = one.axis, row.group, one.family
        if row.ratio is not None:
            _offer_ratio.labels(one.what, *labels).set(row.ratio)
        if one.what in (OFFERED, SHOWN):
            _unfair.labels(*labels).set("/".join(labels) in gaps)
    for axis, several in found.margins.items():
        for margin in several:
            _unfair.labels(axis, margin.group, MARGIN).set(f"{axis}/{margin.group}/{MARGIN}" in gaps)


def note_waiting(queue: str, items: int, oldest_s: float) -> None:
    """Show how many items wait in a queue, and for how long the oldest has."""
    _waiting.labels(queue).set(items)
    _oldest.labels(queue).set(oldest_s)


def count_failure(line: str) -> None:
    """Count an unforeseen failure of a unit of a runner's work."""
    _failures.labels(line).inc()


def count_decision(decision: Decision, scores: Mapping[str, float]) -> None:
    """Count one fresh decision: its outcome, withheld offers by rule, and the models' scores."""
    _outcome("offered" if decision.treatments else "nothing")()
    for rule, offers in decision.withheld.items():
        _held(rule)(offers)
    for model, score in scores.items():
        if is_propensity(model):
            _scored(model)(score)


def count_law_stop(rule: str, offers: int) -> None:
    """Count offers that a statutory gate stopped: a fault of the policy."""
    _law.labels(rule).inc(offers)


def note_serving(before: Release | None, now: Release) -> None:
    """Show that this worker now serves one release and no longer the other."""
    if before is not None:
        _of(before).set(0)
    _of(now).set(1)


def note_calendar(policy: Policy, now: int) -> None:
    """Show until when the policy's calendar is known, by official notice and by law; NaN where no rule needs it.

    Labels cannot be removed where several processes share their figures.
    """
    zone = policy.contact.timezone
    horizon = find_horizon(policy, day_at(now, zone))
    for ground, last in (("notice", horizon.noticed), ("law", horizon.by_law)):
        end = 0.0 if last is None else start_of(last + timedelta(days=1), zone) / 1000
        _calendar.labels(ground).set(end if horizon.rules else nan)


def note_market(policy: Policy, now: int) -> None:
    """Show when the first rate of the market that an expression reads says nothing any more; NaN where none is read."""
    zone = policy.contact.timezone
    ends = [one.until for one in read_rates(policy, day_at(now, zone))]
    _market.set(start_of(min(ends) + timedelta(days=1), zone) / 1000 if ends else nan)


def _of(release: Release) -> Gauge:
    return _serving.labels(str(release.id), release.policy[:12], release.bundle or "none")


@lru_cache(maxsize=2)
def _outcome(outcome: str) -> Callable[[], None]:
    return _decisions.labels(outcome).inc


@lru_cache(maxsize=512)
def _held(rule: str) -> Callable[[float], None]:
    return _withheld.labels(rule).inc


@lru_cache(maxsize=64)
def _scored(model: str) -> Callable[[float], None]:
    return _scores.labels(model).observe
