"""Drift of the serving bundle, measured on stored decisions against the bundle's references.

Order: the latest decision of each customer served lately (``store.decisions``) -> the personalised ones of the
serving bundle -> ``analysis.drift`` with the policy's bounds. Calibration is measured on decisions whose horizon has
passed, against what these customers accepted or bought since. Records that were altered are left out and counted.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import orjson

from service.analysis.drift import Calibrated, Drift, compare_calibration, measure_drift
from service.core.attributes import Array
from service.core.clock import Clock
from service.core.errors import NotFound
from service.core.grid import DAY_MS
from service.decision.privacy import is_personal_arm
from service.decision.record import UNREADABLE
from service.engine.metrics import note_drift
from service.engine.releases.active_release import ActiveRelease
from service.rules.policy import Policy
from service.scoring.models import Bundle, NoBundle
from service.store import Record, Store

Read = Mapping[str, Any]


class DriftService:
    """Measures drift of the serving bundle; ``serving`` returns the active release."""

    def __init__(self, store: Store, serving: Callable[[], ActiveRelease], clock: Clock) -> None:
        self._store, self._serving, self._clock = store, serving, clock

    def measure(self) -> tuple[Drift, dict[str, Any]]:
        """The drift, and on what it was measured: bundle, period, customers, unreadable decisions.

        Raises:
            NotFound: no bundle with references serves.
        """
        serving, now = self._serving(), self._clock()
        bundle, references = _referenced(serving)
        policy, bounds = serving.policy, serving.policy.monitoring
        since = now - bounds.window_days * DAY_MS
        rows, unreadable = self._decided(bundle, since, now, bounds.most_customers)
        columns = _columns(bundle, [row["attributes"] for row in rows])
        scores, calibration = _scores(rows, references["scores"]), self._calibration(bundle, policy, now)
        growing = policy.attributes.growing | bundle.program.table.growing
        drift = measure_drift(references, columns, scores, bounds, calibration, growing)
        span = {"since": since, "until": now, "customers": len(rows), "unreadable_decisions": unreadable}
        return drift, {"bundle": bundle.version, **span}

    def watch(self) -> bool:
        """Measure for Prometheus; returns False: no more work at once."""
        try:
            drift, about = self.measure()
        except NotFound:
            note_drift(None)
        else:
            note_drift(drift, about["bundle"], about["until"] / 1000)
        return False

    def _decided(self, bundle: Bundle, since: int, until: int, customers: int) -> tuple[list[Read], int]:
        """Records of customers whom this bundle scored, and the number of unreadable records."""
        every = [_read(record) for record in self._store.decisions.latest_per_customer(since, until, customers)]
        read = [row for row in every if row is not None]
        rows = [row for row in read if row["bundle"] == bundle.version and row["scores"]]
        return rows, len(every) - len(read)

    def _calibration(self, bundle: Bundle, policy: Policy, now: int) -> tuple[Calibrated, ...]:
        """Whether propensities came true, on decisions whose horizon has passed."""
        bounds, horizon = policy.monitoring, int(bundle.manifest["horizon_days"]) * DAY_MS
        until = now - horizon
        rows, _ = self._decided(bundle, until - bounds.window_days * DAY_MS, until, bounds.most_customers)
        if not rows:
            return ()
        first = min(row["at"] for row in rows)
        taken = self._store.outcomes.takings({row["customer"] for row in rows}, first, now)
        families = {offer.id: offer.family for offer in policy.offers}
        by_family = {(who, families.get(offer), at) for who, offer, at in taken}
        return tuple(
            compare_calibration(family, p, _took(rows, family, by_family, horizon), bounds)
            for family, p in _scores(rows, dict.fromkeys(bundle.families)).items()
        )


def _referenced(serving: ActiveRelease) -> tuple[Bundle, Mapping[str, Any]]:
    bundle = serving.bundle
    references = bundle.manifest.get("reference")
    if isinstance(bundle, NoBundle) or references is None:
        raise NotFound("No bundle with references serves: train one and promote it.")
    return bundle, references


def _read(record: Record) -> Read | None:
    """The fields of a record on which drift is measured; None if the record was altered and cannot be read."""
    try:
        read = orjson.loads(record.record)
        scores = {str(family): float(p) for family, p in read["scores"].items()}
        attributes, bundle = dict(read["snapshot"]["attributes"]), read["release"]["bundle"]
        personal = is_personal_arm(read["decision"]["arm"])
    except UNREADABLE:
        return None
    scored = {"attributes": attributes, "bundle": bundle, "scores": scores if personal else {}}
    return {**scored, "customer": record.customer_id, "at": record.at}


def _columns(bundle: Bundle, records: Sequence[Mapping[str, object]]) -> dict[str, Array]:
    """Every attribute and feature that the bundle reads, (n,) each."""
    if not records:
        return {}
    encoded = [bundle.program.table.encode(record) for record in records]
    columns: dict[str, Any] = {name: _column([one[name] for one in encoded]) for name in encoded[0]}
    bundle.program.derive_many(columns)
    return {
        name.removeprefix("customer."): np.broadcast_to(np.ravel(column), len(records))
        for name, column in columns.items()
    }


def _column(values: list[Any]) -> Array:
    text = any(value is None or isinstance(value, str) for value in values)
    return np.array(values, dtype=object if text else np.float64).reshape(-1, 1, 1)


def _scores(rows: Sequence[Read], families: Mapping[str, Any]) -> dict[str, Array]:
    return {
        family: np.array([row["scores"].get(family, np.nan) for row in rows], dtype=np.float64) for family in families
    }


def _took(rows: Sequence[Read], family: str, taken: set[tuple[str, str | None, int]], horizon: int) -> Array:
    """(n,) 1.0 where the customer took an offer of the family within the horizon after the decision."""
    by_customer: dict[str, list[int]] = {}
    for who, what, at in taken:
        if what == family:
            by_customer.setdefault(who, []).append(at)
    return np.array(
        [any(row["at"] <= at < row["at"] + horizon for at in by_customer.get(row["customer"], ())) for row in rows],
        dtype=np.float64,
    )
