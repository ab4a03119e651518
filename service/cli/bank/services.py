"""The services that verbs ask: the engine and the governance of releases, over the servers of a stack."""

from service.cli.bank.stack import Stack
from service.engine.engine import Engine
from service.engine.releases.artifacts import Artifacts
from service.engine.releases.governance import Governance
from service.engine.releases.loader import ReleaseLoader


def engine_of(stack: Stack) -> Engine:
    """The engine of this process."""
    return Engine(stack.settings, stack.store, stack.cache)


def governance_of(stack: Stack) -> Governance:
    """The governance of releases, in this process."""
    return Governance(stack.store, ReleaseLoader(stack.store, Artifacts.of(stack.settings)))
