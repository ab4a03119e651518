"""Policies and bundles by name, each loaded and checked once: the name is the hash of the content, so it cannot change.

The last few are kept in memory, so that a rollback finds its release loaded and a new policy keeps the serving bundle.
What fails to load is tried again at the next call.
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
    """The loaded policies and bundles of one process; thread-safe."""

    def __init__(self, store: Store, artifacts: Artifacts) -> None:
        self._store = store
        self.artifacts = artifacts
        self.policy = lru_cache(maxsize=POLICIES)(self._read)
        """The stored policy of a hash.

        Raises:
            NotFound: no such policy is stored.
            PolicyError: its documents were altered, or cannot be read any more.
        """
        self.compiled = lru_cache(maxsize=POLICIES)(self._compile)
        """The policy of a hash, compiled and checked against the rules of conduct.

        Raises:
            NotFound: when no such policy is stored.
            PolicyError: when ``policy`` raises it, or a rule of conduct is broken.
        """
        self.bundle = lru_cache(maxsize=BUNDLES)(self._open)
        """The bundle of a version.

        Raises:
            NotFound: when the artefact store has no such bundle.
            BundleError: when the bundle is damaged, or the artefact store does not answer.
        """

    def models(self, version: str | None) -> Models:
        """The bundle of a version; ``NO_BUNDLE`` for None.

        Raises:
            NotFound: when the artefact store has no such bundle.
            BundleError: when the bundle is damaged, or the artefact store does not answer.
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
        conduct.assert_compliant(policy)
        return policy

    def _open(self, version: str) -> Bundle:
        return open_bundle(self.artifacts.folder_of(version))
