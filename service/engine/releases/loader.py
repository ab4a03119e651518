"""Policies and bundles by name, each loaded and checked once: their name is their content, so what was read stays good.

The few used last are kept, so that a rollback finds the release before it still loaded and a new policy keeps the
bundle that serves. What fails to load is tried again at the next call.
"""

from functools import lru_cache

from service.analysis.policy_checks import conduct
from service.core.errors import PolicyError
from service.decision.compiled import compile_policy
from service.engine.releases.artifacts import Artifacts
from service.rules.policy import Policy, from_documents
from service.scoring.models import NO_BUNDLE, Bundle, Models, open_bundle
from service.store import Store

POLICIES, BUNDLES = 8, 2


class ReleaseLoader:
    """One process's loaded policies and bundles; safe from several threads."""

    def __init__(self, store: Store, artifacts: Artifacts) -> None:
        self._store = store
        self._artifacts = artifacts
        self.policy = lru_cache(maxsize=POLICIES)(self._read)
        """The policy of a hash as the store keeps it; NotFound, PolicyError where it is altered or reads no more."""
        self.compiled = lru_cache(maxsize=POLICIES)(self._compile)
        """The policy of a hash, compiled and held against the rules of conduct: fit to serve; errors as ``policy``."""
        self.bundle = lru_cache(maxsize=BUNDLES)(self._open)
        """The bundle of a version; BundleError."""

    def models(self, version: str | None) -> Models:
        """The bundle of a version; ``NO_BUNDLE`` for None.

        Raises: BundleError.
        """
        return NO_BUNDLE if version is None else self.bundle(version)

    def _read(self, policy_hash: str) -> Policy:
        policy = from_documents(self._store.releases.policy(policy_hash))
        if policy.hash != policy_hash:
            raise PolicyError(f"the documents stored as policy {policy_hash} are altered: they hash to {policy.hash}")
        return policy

    def _compile(self, policy_hash: str) -> Policy:
        policy = self.policy(policy_hash)
        compile_policy(policy)
        conduct.refuse(policy)
        return policy

    def _open(self, version: str) -> Bundle:
        return open_bundle(self._artifacts.folder_of(version))
