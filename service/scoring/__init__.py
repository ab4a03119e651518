"""Scoring: from a customer's raw facts to figures (attributes, features), propensities (models) and an order (arbitration)."""
