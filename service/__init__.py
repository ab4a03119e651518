"""Fourcast: the next best offer for every customer, its channel, and why. The package holds the rooms of the house."""

__version__ = "0.1.0"
