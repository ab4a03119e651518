"""monitoring.yaml: the bounds of drift, calibration and fairness. A policy may lack it."""

from service.rules.loading.documents.entry import Entry
from service.rules.model.monitoring import DEFAULT, Monitoring


def read_monitoring(page: Entry) -> Monitoring:
    """The bounds of drift and fairness; ``DEFAULT`` where a policy states none."""
    if not page.values:
        return DEFAULT
    drift, calibration = page.child("drift"), page.child("calibration")
    stored, fairness = page.child("stored_decisions"), page.child("fairness")
    psi, ks = drift.child("psi"), drift.child("ks")
    bounds = Monitoring(
        psi_watch=psi.number("watch", 0.0, 10.0),
        psi_alert=psi.number("alert", 0.0, 10.0),
        ks_watch=ks.number("watch", 0.0, 1.0),
        ks_alert=ks.number("alert", 0.0, 1.0),
        calibration_alert=calibration.number("alert", 0.01, 10.0, "a share of what was expected"),
        certainty=drift.number("certainty", 0.5, 0.999999, "a probability"),
        least_customers=drift.whole("least_customers", 1, 10_000_000),
        window_days=stored.whole("window_days", 1, 3660),
        most_customers=stored.whole("most_customers", 1, 1_000_000),
        fairness_alert=fairness.number("alert", 0.0, 1.0, "a ratio"),
    )
    for entry, watch, alert in ((psi, bounds.psi_watch, bounds.psi_alert), (ks, bounds.ks_watch, bounds.ks_alert)):
        if watch > alert:
            entry.add_fault("watch", f"must not be above alert ({alert:g}), got {watch:g}")
    for entry in (psi, ks, drift, calibration, stored, fairness, page):
        entry.close()
    return bounds
