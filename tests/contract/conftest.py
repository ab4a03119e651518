"""The service that the tests of the contract call."""

from tests.contract.stack import live  # noqa: F401 - a fixture
