"""The release that this worker serves: loaded, checked, and replaced as one reference.

A thread in each worker asks PostgreSQL for the active release every ``release_poll_seconds``, and at once when a
request read a new release id. Policy and bundle are loaded and checked (``loader``) while the current release serves;
only when both are good is the reference replaced, between two requests. The loader keeps what it loaded, so a new
policy loads no models again. Policies that may serve next (the newest proposals, the release before) are loaded ahead.

A release that does not load is logged and tried again after ``RETRY_S``; the last good one keeps serving. If no release
can be read at start (PostgreSQL is down), the policy folder on disk serves without a bundle.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property

from service.analysis.policy_checks.proposal import assert_proposable
from service.core.clock import Clock, now_ms
from service.core.domain import Event, Release, Snapshot
from service.core.errors import BundleError, FourcastError, PolicyError, Unavailable
from service.decision.contact_permission import first_closed_gate
from service.decision.privacy import is_personal
from service.engine.metrics import note_calendar, note_market, note_model_stops, note_serving
from service.engine.releases.artifacts import Artifacts
from service.engine.releases.challenger import expect_same_placements, is_served_by_challenger
from service.engine.releases.law_stops import LawStops
from service.engine.releases.loader import POLICIES, ReleaseLoader
from service.rendering.answer import Phrasebook
from service.rules.expiry import AnswerExpiry
from service.rules.policy import Policy, load
from service.rules.triggers import triggers_of
from service.runtime.config import Settings
from service.scoring.models import NO_BUNDLE, Models
from service.store import PolicyNames, Store

LOG = logging.getLogger(__name__)
RETRY_S = 15.0
"""Seconds until a release that failed to load is tried again."""

ON_DISK = 0
"""The release id of the policy folder on disk, which is in no database."""
NOTHING_SERVES = "The policy of this service's folder was withdrawn, and nothing was ever released: approve another."


@dataclass(frozen=True, eq=False)
class ActiveRelease:
    """A release with everything loaded, immutable; ``challenger`` and its ``share`` are its trial, if there is one."""

    release: Release
    policy: Policy
    bundle: Models
    phrases: Phrasebook
    challenger: "ActiveRelease | None" = None
    share: float = 0.0
    stops: LawStops = field(default_factory=LawStops)
    """Where the law's stops are noted."""

    @cached_property
    def expiry(self) -> AnswerExpiry:
        """When answers end, and how far back decisions read; for champion and challenger together."""
        mine = AnswerExpiry.for_policy(self.policy)
        return mine if self.challenger is None else mine.merge(self.challenger.expiry)

    @cached_property
    def names(self) -> PolicyNames:
        """The names that events may carry, of champion and challenger together."""
        both = [self.policy] if self.challenger is None else [self.policy, self.challenger.policy]
        return PolicyNames(
            frozenset(one.id for policy in both for one in policy.offers),
            frozenset(one.id for policy in both for one in policy.channels),
            frozenset(one.id for policy in both for one in policy.portrait.satisfaction.questions),
        )

    @cached_property
    def triggers(self) -> frozenset[str]:
        """The triggers that requests may carry, of champion and challenger together."""
        mine = triggers_of(self.policy)
        return mine if self.challenger is None else mine | self.challenger.triggers

    def until(self, now: int) -> int:
        """When answers made at ``now`` end (ms UTC): the end of the policy's time grain, or its next edge."""
        return self.expiry.end(now)

    def max_age_s(self, now: int) -> int:
        """Whole seconds for which an answer made at ``now`` is valid, at least 1."""
        return max(1, (self.until(now) - now) // 1000)

    def for_customer(self, snapshot: Snapshot) -> "ActiveRelease":
        """The release that serves this customer: the champion, or for a share of customers the challenger."""
        other = self.challenger
        if other is None:
            return self
        name = f"{other.policy.hash}:{other.release.bundle}"
        return other if is_served_by_challenger(snapshot, self.policy, name, self.share) else self

    def closed_gate(self, snapshot: Snapshot, contact: Event) -> str | None:
        """The first gate that is closed to a contact; None where all are open. A stop by the law is noted.

        Raises: InvalidInput: when the policy does not have the offer or the channel, or the channel is inbound.
        """
        gate = first_closed_gate(self.policy, snapshot, contact, self.release)
        if gate is not None:
            self.note_stops({gate: 1}, is_personal(snapshot.attributes, snapshot.consents), contact.at)
        return gate

    def note_stops(self, stopped: Mapping[str, int], personalised: bool, now: int) -> None:
        """Note what the law stopped at ``now`` (ms UTC), offers by gate."""
        self.stops.note(self.release, stopped, personalised, now, self.policy.contact.timezone)

    @property
    def degraded(self) -> tuple[str, ...]:
        """``("models",)`` where priors decide because no bundle serves, or a model of it is stopped."""
        return ("models",) if self.bundle.version is None or self.bundle.stopped else ()


def models_state(serving: ActiveRelease) -> str:
    """How the models of a release are, in words: ``ok``, none, or which are stopped."""
    if serving.bundle.version is None:
        return "priors only"
    return f"stopped: {', '.join(serving.bundle.stopped)}" if serving.bundle.stopped else "ok"


class ReleaseFollower:
    """Follows the active release; ``serving`` is the newest one that loaded."""

    def __init__(self, settings: Settings, store: Store, clock: Clock = now_ms) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self.artifacts = Artifacts.of(settings)
        self.loader = ReleaseLoader(store, self.artifacts)
        self._wake = threading.Event()
        self._closed = False
        self._failed: tuple[int, float] | None = None
        self._read: deque[str] = deque(maxlen=POLICIES)
        self.problem: str | None = None
        self._stops = LawStops()
        self._withdrawn = False
        self._serving = self._first()
        note_serving(None, self.serving.release)
        note_calendar(self.serving.policy, clock())
        note_market(self.serving.policy, clock())
        self._thread = threading.Thread(target=self._watch, name="releases", daemon=True)
        self._thread.start()

    @property
    def serving(self) -> ActiveRelease:
        """The newest release that loaded.

        Raises: Unavailable: when nothing was ever released, and the policy of the folder was withdrawn.
        """
        if self._withdrawn:
            raise Unavailable(NOTHING_SERVES)
        return self._serving

    @serving.setter
    def serving(self, release: ActiveRelease) -> None:
        self._serving, self._withdrawn = release, False

    def notice(self, release_id: int | None) -> None:
        """Wake the following thread if a request read another release id than the serving one."""
        if release_id is not None and release_id != self._serving.release.id:
            self._wake.set()

    def refresh(self) -> None:
        """Load the active release if it is new; keep the last good one if it does not load.

        Raises:
            Unavailable: PostgreSQL does not answer.
        """
        release = self._store.releases.active()
        if release is None:
            return self._hold_folder()
        if self._serves(release) or self._is_backing_off(release.id):
            return None
        try:
            former, self.serving = self._serving.release, self._load(release)
            note_serving(former, self.serving.release)
            note_calendar(self.serving.policy, self._clock())
            note_market(self.serving.policy, self._clock())
            self.problem = None
            LOG.info("serving release", extra={"release": release.id})
        except Unavailable:
            raise
        except FourcastError as error:
            self._failed = (release.id, time.monotonic())
            self.problem = f"release {release.id} does not load: {error.message}"
            LOG.error("release does not load", extra={"release": release.id, "problem": str(error)})

    def policy(self, policy_hash: str) -> Policy:
        """The policy of a hash: the serving one, or from the store.

        Raises:
            NotFound: no such policy is stored.
            PolicyError: its documents were altered, or cannot be read any more.
        """
        serving = self.serving.policy
        return serving if serving.hash == policy_hash else self.loader.policy(policy_hash)

    def close(self) -> None:
        """Stop following; returns when the thread has ended, and what it had to tell is in the audit log."""
        self._closed = True
        self._wake.set()
        self._thread.join(timeout=5)
        try:
            self._stops.audit(self._store)
        except Unavailable as away:
            LOG.error("stops by the law are not in the audit log", extra={"problem": away.message})

    def _first(self) -> ActiveRelease:
        try:
            release = self._store.releases.active()
            if release is not None:
                return self._load(release, priors_allowed=True)
        except FourcastError as error:
            self.problem = f"no release could be loaded: {error.message}"
            LOG.error("no release could be loaded", extra={"problem": str(error)})
        policy = load(self._settings.policy)
        assert_proposable(policy)
        with suppress(Unavailable):  # a store that is away says nothing of withdrawals; `refresh` asks again
            self._store.withdrawals.expect_may_serve(policy.hash)
        return ActiveRelease(
            Release(ON_DISK, policy.hash, None), policy, NO_BUNDLE, Phrasebook(policy), stops=self._stops
        )

    def _hold_folder(self) -> None:
        """Let the folder's policy serve only while nobody withdrew it."""
        self._withdrawn = self._store.withdrawals.find(self._serving.policy.hash) is not None
        if self._withdrawn:
            self.problem = NOTHING_SERVES

    def _load(self, release: Release, priors_allowed: bool = False) -> ActiveRelease:
        self._store.withdrawals.expect_may_serve(release.policy)
        policy = self.loader.compiled(release.policy)
        models = self._models_or_priors(release) if priors_allowed else self.loader.models(release.bundle)
        stopped = self._store.model_stops.list_stops()
        note_model_stops(stopped)
        left = models.without(stopped)
        return self._challenged(ActiveRelease(release, policy, left, Phrasebook(policy), stops=self._stops), stopped)

    def _models_or_priors(self, release: Release) -> Models:
        """The release's models; ``NO_BUNDLE``, tried again later, where they do not load."""
        try:
            return self.loader.models(release.bundle)
        except BundleError as error:
            self._failed = (release.id, time.monotonic())
            self.problem = error.message
            LOG.error("bundle does not load", extra={"bundle": release.bundle, "problem": str(error)})
            return NO_BUNDLE

    def _challenged(self, champion: ActiveRelease, stopped: Collection[str]) -> ActiveRelease:
        """The champion with its release's challenger; alone if that does not load, so that a trial stops nothing."""
        trial = self._store.challengers.find(champion.release.id)
        if trial is None:
            return champion
        try:
            policy = self.loader.compiled(trial.policy)
            expect_same_placements(champion.policy, policy)
            models = self.loader.models(trial.bundle).without(stopped)
        except (BundleError, PolicyError) as error:
            LOG.error("challenger does not load", extra={"release": champion.release.id, "problem": str(error)})
            return champion
        release = replace(champion.release, policy=trial.policy, bundle=trial.bundle, on_trial=True)
        other = ActiveRelease(release, policy, models, Phrasebook(policy), stops=self._stops)
        return replace(champion, challenger=other, share=trial.share)

    def _serves(self, release: Release) -> bool:
        """Whether the release serves with its bundle; one that serves without is tried again, as it may be mended."""
        whole = release.bundle is None or self._serving.bundle.version is not None
        return whole and release.id == self._serving.release.id

    def _is_backing_off(self, release_id: int) -> bool:
        return (
            self._failed is not None and self._failed[0] == release_id and time.monotonic() - self._failed[1] < RETRY_S
        )

    def _watch(self) -> None:
        while not self._closed:
            self._wake.wait(self._settings.release_poll_seconds)
            self._wake.clear()
            try:
                self.refresh()
                self._stops.audit(self._store)
                self._read_ahead()
            except Unavailable:
                time.sleep(self._settings.release_poll_seconds)

    def _read_ahead(self) -> None:
        """Load one policy that may serve next, so that approving it or rolling back only replaces a reference."""
        for policy_hash in self._store.proposals.list_likely():
            if policy_hash not in self._read:
                self._read.append(policy_hash)
                return self._try(policy_hash)
        return None

    def _try(self, policy_hash: str) -> None:
        try:
            self.loader.compiled(policy_hash)
            LOG.info("policy read ahead", extra={"policy": policy_hash})
        except Unavailable:
            raise
        except FourcastError as error:
            LOG.warning("proposal does not load", extra={"policy": policy_hash, "problem": str(error)})
