"""The nouns as frozen values: what the house speaks of, on the standard library alone.

Nothing here decides, reads a clock or touches storage. Instants are integers, milliseconds since 1970 UTC; money is
yuan. ``Attributes`` are a customer's raw facts as JSON carries them: numbers, booleans, ISO dates, words, or None for
unknown.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Scalar = float | int | bool | str | None
Attributes = Mapping[str, Scalar]
Text = Mapping[str, str]
"""The same sentence by language: ``{"zh": ..., "en": ...}``."""

UNKNOWN_CUSTOMER = ""
"""Whom a decision is about when nobody is known: a visitor."""
RETIRED = "retired"
"""The word of the ledger on who is a customer of the bank no more: true closes every outbound channel."""

KEPT = 24
"""Instants of each trail that are kept, the newest: no fewer are read."""
SURVEYS = 32
"""Scores of surveys that are read, the newest."""


class Family(StrEnum):
    """The two sides of the bank's personal liabilities."""

    DEPOSIT = "deposit"
    WEALTH = "wealth"


class EventKind(StrEnum):
    """What happened between the customer and the bank."""

    IMPRESSION = "impression"
    CLICK = "click"
    ACCEPT = "accept"
    REJECT = "reject"
    DISMISS = "dismiss"
    CONTACT = "contact"
    PURCHASE = "purchase"
    COMPLAINT = "complaint"
    SURVEY = "survey"


class Arm(StrEnum):
    """How a customer is served: with their own propensities and fit, (holdout) by priors alone, or by the challenger.

    ``unpersonalised`` is no arm of an experiment: who withdrew personalisation, or of whom nothing is known. The other
    arms are the policy's standing tests, each named by its id.
    """

    PERSONALISED = "personalised"
    HOLDOUT = "holdout"
    CHALLENGER = "challenger"
    UNPERSONALISED = "unpersonalised"


CLOCK_SKEW_MS = 5 * 60_000
"""By how much the clock of whoever reports may be wrong."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened; ``id`` is the sender's and makes a repeated delivery harmless.

    ``question`` is what a survey asked, by its id in the policy's portrait; None asked in general.
    """

    id: str
    customer_id: str
    kind: str
    at: int
    offer: str | None = None
    channel: str | None = None
    decision_id: str | None = None
    amount_yuan: float | None = None
    score: float | None = None
    question: str | None = None


@dataclass(frozen=True, slots=True)
class Trail:
    """What events of one kind, about one offer, in one channel leave behind: the newest instants, oldest first."""

    kind: str
    offer: str | None
    channel: str | None
    instants: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """A survey's score, and when it was given."""

    at: int
    score: float


@dataclass(frozen=True, slots=True)
class KindLookback:
    """How much is read of the events of one kind: from ``since`` (ms) on, and of each trail the newest ``most``.

    Trails that differ only in an offer or a channel that is not asked for are read as one.
    """

    kind: str
    since: int
    most: int = KEPT
    by_offer: bool = True
    by_channel: bool = True


@dataclass(frozen=True, slots=True)
class Lookback:
    """How much of the past is read: what happened from ``since`` (ms) on, and of each trail the newest ``most``.

    ``kinds`` says it kind by kind, and no other kind is read; None reads all kinds alike.
    """

    since: int
    most: int = KEPT
    kinds: tuple[KindLookback, ...] | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is known of one customer at one moment: what a decision reads, and what its record keeps.

    ``consents`` maps a purpose, or ``marketing:<channel>``, to the newest word in the ledger; absent means unknown,
    and unknown means no. ``trails`` are what is left of the events, ``surveys`` the newest scores, oldest first.
    """

    customer_id: str
    revision: int
    attributes: Attributes
    consents: Mapping[str, bool] = field(default_factory=dict)
    trails: tuple[Trail, ...] = ()
    surveys: tuple[Survey, ...] = ()


def request_field(kind: str, meaning: str, personal: bool = False) -> Any:
    """A field of ``Context`` that a request may state and a rule reads as ``context.<field>``; None where not stated.

    ``kind`` is a kind of the expression language, ``meaning`` a sentence for documentation. ``personal`` marks a fact
    about the customer: it stays unread of a customer without personalisation.
    """
    return field(default=None, metadata={"kind": kind, "meaning": meaning, "personal": personal})


@dataclass(frozen=True, slots=True)
class Context:
    """The circumstances of one request: the instant (ms UTC), the slot that asks, and what just happened."""

    now: int
    channel: str | None = request_field("text", "The channel that asks.")
    placement: str | None = request_field("text", "The placement that asks.")
    limit: int = 3
    trigger: str | None = request_field("text", "What just happened, as one of the policy's words.", personal=True)
    amount_yuan: float | None = request_field("money", "Money just received or freed, in yuan.", personal=True)


@dataclass(frozen=True, slots=True)
class Release:
    """Policy, bundle and prices that serve together; ``bundle`` is None where priors alone decide.

    ``on_trial`` where policy and bundle are the release's challenger, which a share of its customers is served by.
    """

    id: int
    policy: str
    bundle: str | None
    prices: Mapping[str, float] = field(default_factory=dict)
    on_trial: bool = False


@dataclass(frozen=True, slots=True)
class Treatment:
    """One offer in one channel, with all the factors of its priority (yuan).

    ``reasons`` are the fit rules that fired, ``strategies`` those credited with it: of the rules that raised it.
    ``uplift`` is what offering adds to P(taken), where it took the propensity's place in the priority; else None.
    """

    offer: str
    channel: str
    rank: int
    priority: float
    propensity: float
    propensity_source: str
    value: float
    fit: float
    lever: float
    response: float
    contact_cost: float
    price: float
    selection_probability: float
    reasons: tuple[str, ...]
    alternatives: tuple[str, ...]
    strategies: tuple[str, ...] = ()
    uplift: float | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What was chosen for one customer at one time, and why; replays to the same bytes."""

    id: str
    customer_id: str
    at: int
    arm: str
    personalised: bool
    explored: bool
    treatments: tuple[Treatment, ...]
    withheld: Mapping[str, int]
    degraded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Client:
    """A program that holds a key: its name and scopes, and the customer or the branch beyond which it reaches nobody.

    A token that a branch's key minted is bound to both: to its customer, while they are of that branch.

    ``quota`` is how many requests it may make a minute; None leaves that to the settings. ``require_if_match``: it
    writes customers only with the revision it has seen.
    """

    name: str
    scopes: frozenset[str]
    customer_id: str | None = None
    branch: str | None = None
    quota: int | None = None
    require_if_match: bool = False

    @property
    def bound(self) -> bool:
        """Whether it is bound to a customer or a branch."""
        return self.customer_id is not None or self.branch is not None

    @property
    def holder(self) -> tuple[str, str | None, str | None]:
        """Who asks: the name, and for which customer or branch. What one holder uses up is no other's.

        Without the scopes: asking for a token of other scopes opens no new quota.
        """
        return self.name, self.customer_id, self.branch

    @property
    def principal(self) -> tuple[str | None, ...]:
        """Who asks, and what they may: an answer to one principal is shown to no other."""
        return *self.holder, *sorted(self.scopes)
