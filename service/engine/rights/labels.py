"""Labels that decide for a customer: read in words, dropped one by one, taken back. In force with the next decision.

A dropped label is a consent that the customer refused (``rules.model.labels``), so it is in the ledger and raises the
customer's revision in the same transaction. Source: algorithm recommendation provisions art. 17.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any

from service.core.clock import Clock
from service.core.domain import Context
from service.core.errors import MOST_PROBLEMS, InvalidInput, Problem
from service.core.suggestions import explain_unknown
from service.decision.portrait import Portrait
from service.decision.segment_membership import SegmentMembership
from service.engine.offers.answer_cache import AnswerCache
from service.engine.portrait import portray_stored
from service.engine.releases.active_release import ReleaseFollower
from service.engine.releases.scores import score_one
from service.rendering.labels import REFUSED, describe_label, held_labels, labels_of
from service.rules.model.labels import PURPOSE
from service.rules.policy import Policy
from service.store import ConsentWords, Store
from service.store.customers.consents import ConsentOnPurpose, Expect, whatever

SENTENCE = "The labels do not fit; nothing was changed."


@dataclass(frozen=True, slots=True)
class CustomerLabels:
    """One customer's labels now, and their last word on each: label -> word."""

    policy: Policy
    portrait: Portrait
    held: tuple[str, ...]
    revision: int
    said: Mapping[str, ConsentOnPurpose]

    @property
    def personalised(self) -> bool:
        """Whether any label may be used at all."""
        return self.portrait.personalised

    def describe(self, language: str) -> list[dict[str, Any]]:
        """Every label that the customer has or dropped, in words, in the order of the policy."""
        order = {label: place for place, label in enumerate(labels_of(self.policy))}
        mine = sorted({*self.held, *self.portrait.dropped}, key=lambda label: (order.get(label, len(order)), label))
        return [describe_label(label, self.portrait, self.policy, language) for label in mine]

    def note(self, language: str) -> str | None:
        """What to know beside the list; None where there is nothing."""
        return None if self.personalised else REFUSED[language]


class LabelService:
    """Reads and changes the labels of customers under the policy that serves them."""

    def __init__(self, store: Store, releases: ReleaseFollower, answers: AnswerCache, clock: Clock) -> None:
        self._store, self._releases, self._answers, self._clock = store, releases, answers, clock

    def read(self, customer_id: str) -> CustomerLabels:
        """The customer's labels now.

        Raises:
            NotFound: no such customer is stored.
        """
        now, serving = self._clock(), self._releases.serving
        revision, said = self._store.consents.read_current(customer_id)
        portrait, snapshot, mine = portray_stored(self._store, serving, customer_id, now)
        targets, _ = _compile_targets(mine.policy).evaluate(
            snapshot, Context(now), score_one(mine.bundle, snapshot, True)
        )
        words = {purpose.removeprefix(PURPOSE): word for purpose, word in said.items() if purpose.startswith(PURPOSE)}
        held = held_labels(portrait, [name for name, holds in targets.items() if holds])
        return CustomerLabels(mine.policy, portrait, held, revision, words)

    def say(
        self, customer_id: str, used: Mapping[str, bool], source: str, version: str, expect: Expect = whatever
    ) -> CustomerLabels:
        """Drop labels (False) or take them back (True); the next call in any worker follows it.

        Raises:
            InvalidInput: neither the policy nor the customer's ledger has such a label.
            NotFound: no such customer is stored.
        """
        said = self._store.consents.read_current(customer_id).said
        spoken_of = {one.removeprefix(PURPOSE) for one in said if one.startswith(PURPOSE)}
        _expect_known(used, spoken_of.union(labels_of(self._releases.serving.policy)))
        words = ConsentWords({PURPOSE + label: word for label, word in used.items()}, source, version)
        self._store.consents.say(customer_id, words, self._clock(), self._answers.forget, expect)
        return self.read(customer_id)


@lru_cache(maxsize=16)
def _compile_targets(policy: Policy) -> SegmentMembership:
    return SegmentMembership(policy, {name: target.when for name, target in policy.targets.items()})


def _expect_known(wanted: Iterable[str], known: set[str]) -> None:
    strangers = islice((label for label in wanted if label not in known), MOST_PROBLEMS)
    problems = [Problem(f"labels.{label}", explain_unknown(label, sorted(known))) for label in strangers]
    if problems:
        raise InvalidInput(SENTENCE, problems)
