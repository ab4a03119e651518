"""Scoring: a customer's raw facts -> attributes -> features -> models (propensities) -> arbitration (the order)."""
