"""The house of the engine's tests: real servers, a bundle, the shipped policy in force."""

from tests.engine.conftest import home, house

__all__ = ["home", "house"]
