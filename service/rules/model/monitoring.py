"""The bounds of monitoring, ``monitoring.yaml`` as a value: from where on drift, calibration and fairness need
attention.

``analysis.drift`` applies the bounds to its measurements; training's report applies the one on fairness.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Monitoring:
    """The bounds. Below ``psi_watch`` and ``ks_watch`` nothing drifts; from the alerts on, the command exits with 1.

    Attributes
    ----------
    psi_watch, psi_alert
        Population stability index, 0 for no change.
    ks_watch, ks_alert
        Kolmogorov-Smirnov distance, 0 to 1.
    calibration_alert
        How far outcomes may differ from the propensities' sum, as a share of it, either way.
    certainty
        How surely chance must be excluded before anything is reported, 0 to 1.
    least_customers
        Nothing is reported of fewer customers.
    window_days, most_customers
        Of stored decisions: how far back, and of how many customers at most.
    fairness_alert
        A rate of a group over that of the best-served; alert where the whole interval lies below.
    """

    psi_watch: float = 0.1
    psi_alert: float = 0.25
    ks_watch: float = 0.1
    ks_alert: float = 0.2
    calibration_alert: float = 0.25
    certainty: float = 0.99
    least_customers: int = 200
    window_days: int = 30
    most_customers: int = 2000
    fairness_alert: float = 0.8


DEFAULT = Monitoring()
"""The bounds of a policy without the document."""
