"""What the bank watches in models that serve, and from where on it must be told: ``monitoring.yaml`` as a value.

``analysis.drift`` applies the bounds to what it measures; training's report applies the one on fairness.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Monitoring:
    """The bounds. Below ``psi_watch`` and ``ks_watch`` all is steady; at the alerts the command says no.

    Attributes
    ----------
    psi_watch, psi_alert
        Population stability index, 0 for no change.
    ks_watch, ks_alert
        Kolmogorov-Smirnov distance, 0 to 1.
    calibration_alert
        Outcomes may differ from the propensities' sum by this share of it, either way.
    certainty
        How sure chance must be ruled out before anything is said, 0 to 1.
    least_customers
        Fewer say nothing.
    window_days, most_customers
        Of stored decisions: how far back, and of how many customers at most.
    fairness_alert
        Acceptance of a group over that of the best-served; alert where the whole interval lies below.
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
"""What holds for a policy written before the document was there."""
