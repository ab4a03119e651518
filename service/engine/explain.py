"""Explanations and replays of decisions. Reads only.

    explain_now     the answer that would be decided now, with its explanation
    decide_now      its record alone, for whichever reader
    explain_record  the explanation of a record: the analyst's, which holds everything
    explain_to      the explanation of a record for one reader: customer, adviser or analyst
    replay_record   the decision made again from its record, and every difference

A record holds all that was read. So the explanation of any decision, old or made only to be explained, is the same
function of the record, the immutable policy and the immutable bundle. If the bundle's folder is gone, the scores stay
as recorded; if it is here, it must give the same scores from the same attributes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from service.core.clock import Clock
from service.core.domain import Release, Snapshot
from service.core.errors import BundleError, FourcastError, NotFound, Unavailable, no_customer
from service.decision import Scores, decode, replay
from service.decision.record import UNREADABLE, policy_as_decided
from service.decision.trace.record_differences import Difference, compare_values, list_differences
from service.engine.offers.recommend import UNRECORDED, RecordedDecision, decide_recorded
from service.engine.offers.request import OfferRequest, check_slot
from service.engine.releases.active_release import ReleaseFollower
from service.rendering import Contributions, Subject, write_explanation
from service.rendering.readers.adviser import write_adviser_explanation
from service.rendering.readers.customer import write_customer_explanation
from service.scoring.models import Bundle
from service.scoring.models.shap import contributions
from service.scoring.propensity import SEGMENT
from service.store import Store


class Reader(StrEnum):
    """For whom a decision is explained: what each may hear differs (``rendering.readers``)."""

    CUSTOMER = "customer"
    ADVISER = "adviser"
    ANALYST = "analyst"


EQUAL, DIFFERENT, NOT_SCORED, NO_BUNDLE = "equal", "different", "not scored", "bundle not here"


@dataclass(frozen=True, slots=True)
class Replayed:
    """A decision made again. ``scores`` compares the models' scores now with the recorded ones:

    ``equal``, ``different``, ``not scored`` (no score is recorded), ``bundle not here`` (its folder is gone).
    """

    decision_id: str
    differences: tuple[Difference, ...]
    scores: str

    @property
    def identical(self) -> bool:
        """Whether nothing differs."""
        return not self.differences

    def document(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {
            "decision_id": self.decision_id,
            "identical": self.identical,
            "scores": self.scores,
            "differences": [{"path": one.path, "stored": one.stored, "now": one.now} for one in self.differences],
        }


class ExplanationService:
    """Explains and replays records by the policies and bundles that a worker can load."""

    def __init__(self, store: Store, releases: ReleaseFollower, clock: Clock) -> None:
        self._store, self._releases, self._clock = store, releases, clock

    def explain_now(self, customer_id: str, request: OfferRequest, shap: bool = False) -> bytes:
        """The answer that would be decided now, with its explanation as one more member.

        Raises:
            NotFound: no such customer is stored.
        """
        made, external_key = self.decide_now(customer_id, request)
        explained = orjson.dumps(self.explain_record(made.record, request.language, shap))
        until = self._releases.serving.until(made.decision.at)
        answer = made.render(request.language, until, external_key=external_key)
        return answer[:-1] + b',"explanation":' + explained + b"}"

    def decide_now(self, customer_id: str, request: OfferRequest) -> tuple[RecordedDecision, str | None]:
        """The decision that would be made now, recorded nowhere, and the customer's external key.

        Raises:
            NotFound: no such customer is stored.
        """
        now, serving = self._clock(), self._releases.serving
        check_slot(request, serving)
        stored = self._store.customers.keyed_snapshot(customer_id, serving.expiry.lookback(now))
        if stored is None:
            raise no_customer(customer_id)
        snapshot, external_key = stored
        return decide_recorded(serving, snapshot, request, now, (), UNRECORDED), external_key

    def explain_record(self, record: bytes, language: str, shap: bool) -> dict[str, Any]:
        """The analyst's explanation of a record.

        Raises:
            NotFound: its policy is gone, or with ``shap`` its bundle.
        """
        subject = self.subject_of(record)
        told = self._contributions(subject.snapshot, subject.scores, subject.release) if shap else None
        return write_explanation(subject, language, told)

    def explain_to(self, reader: Reader, record: bytes, language: str) -> dict[str, Any]:
        """The explanation of a record for one reader.

        Raises:
            NotFound: its policy is gone.
        """
        if reader is Reader.ANALYST:
            return self.explain_record(record, language, False)
        subject = self.subject_of(record)
        if reader is Reader.ADVISER:
            return write_adviser_explanation(subject, language)
        return write_customer_explanation(subject, language, self._read_by_models(subject.scores, subject.release))

    def subject_of(self, record: bytes) -> Subject:
        """What a record holds, with the policy that decided it.

        Raises:
            NotFound: its policy is gone.
        """
        decision, snapshot, context, scores, release = decode(record)
        policy = policy_as_decided(record, self._releases.policy(release.policy))
        return Subject(policy, decision, snapshot, context, scores, release)

    def _read_by_models(self, scores: Scores, release: Release) -> frozenset[str] | None:
        """The raw attributes behind the scores; None where the bundle is not here, so that any may have been read."""
        if not scores or release.bundle is None:
            return frozenset()
        try:
            return frozenset(one.name for one in self._bundle(release.bundle).program.table.attributes)
        except (NotFound, BundleError):
            return None

    def replay_record(self, decision_id: str, record: bytes) -> Replayed:
        """The decision made again from its record: identical, or every difference."""
        try:
            *_, snapshot, _, scores, release = decode(record)
        except UNREADABLE as error:
            return Replayed(decision_id, (Difference("", "a record", f"cannot be read: {error}"),), NOT_SCORED)
        scored, differing = self._scored_again(snapshot, scores, release)
        return Replayed(decision_id, (*self._decided_again(record, release), *differing), scored)

    def _decided_again(self, record: bytes, release: Release) -> Iterator[Difference]:
        try:
            yield from list_differences(record, replay(record, self._releases.policy(release.policy)))
        except Unavailable:
            raise
        except NotFound:
            yield Difference("release.policy", release.policy, "is not stored any more")
        except FourcastError as error:
            yield Difference("release.policy", release.policy, str(error))
        except UNREADABLE as error:
            yield Difference("", "a record", f"cannot be decided again: {error}")

    def _scored_again(self, snapshot: Snapshot, scores: Scores, release: Release) -> tuple[str, tuple[Difference, ...]]:
        """Whether the models still give the recorded scores."""
        if not scores or release.bundle is None:
            return NOT_SCORED, ()
        try:
            bundle = self._bundle(release.bundle)
            again = bundle.score_with_segment(snapshot.attributes, any(name.startswith(SEGMENT) for name in scores))
            differing = tuple(compare_values("scores", dict(scores), again))
        except NotFound:
            return NO_BUNDLE, ()
        except BundleError as error:
            differing = (Difference("release.bundle", release.bundle, str(error)),)
        return (DIFFERENT if differing else EQUAL), differing

    def _contributions(self, snapshot: Snapshot, scores: Scores, release: Release) -> Contributions:
        """Each feature's contribution, for the families that have a score."""
        if not scores or release.bundle is None:
            return {}
        by_family = contributions(self._bundle(release.bundle), snapshot.attributes)
        return {family: by_family[family] for family in scores if family in by_family}

    def _bundle(self, version: str) -> Bundle:
        """The bundle of that version: the serving one, or from its folder.

        Raises:
            NotFound: its folder is not here.
            BundleError: its files are damaged.
        """
        serving = self._releases.serving.bundle
        if isinstance(serving, Bundle) and serving.version == version and not serving.stopped:
            return serving
        if not self._releases.artifacts.holds(version):
            raise NotFound(f'The folder of bundle "{version}" is not here.')
        return self._releases.loader.bundle(version)
