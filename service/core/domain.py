"""The domain's nouns as frozen values, on the standard library alone.

Nothing here decides, reads a clock or touches storage. Instants are integers: milliseconds since 1970 UTC. Money is
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
"""The customer id of a decision for an unknown visitor."""
RETIRED = "retired"
"""The consent purpose that says who is no longer a customer: true closes every outbound channel."""

KEPT = 24
"""The newest instants of each trail that are kept; at least so many are read."""
SURVEYS = 32
"""The newest survey scores that are read."""


class Family(StrEnum):
    """The two sides of the bank's personal liabilities."""

    DEPOSIT = "deposit"
    WEALTH = "wealth"


class EventKind(StrEnum):
    """The kinds of event between the customer and the bank."""

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
    """How a customer is served: personalised, by priors alone (holdout), or by the challenger.

    ``unpersonalised`` is no arm of an experiment: it serves customers who withdrew personalisation, and unknown
    visitors or customers without facts. The other arms are the policy's standing tests, each named by its id.
    """

    PERSONALISED = "personalised"
    HOLDOUT = "holdout"
    CHALLENGER = "challenger"
    UNPERSONALISED = "unpersonalised"


CLOCK_SKEW_MS = 5 * 60_000
"""How far the clock of a sender of events may be off."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event; ``id`` is the sender's and makes a repeated delivery harmless.

    ``question`` is the survey's question, by its id in the policy's portrait; None for a question about the whole.
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
    """What is kept of the events of one kind, about one offer, in one channel: the newest instants, oldest first."""

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

    ``by_offer`` and ``by_channel`` say whether trails of different offers or channels are told apart; otherwise they
    are read as one.
    """

    kind: str
    since: int
    most: int = KEPT
    by_offer: bool = True
    by_channel: bool = True


@dataclass(frozen=True, slots=True)
class Lookback:
    """How much of the past is read: events from ``since`` (ms) on, and of each trail the newest ``most``.

    ``kinds`` gives it kind by kind, and no other kind is read; None reads all kinds alike.
    """

    since: int
    most: int = KEPT
    kinds: tuple[KindLookback, ...] | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is known of one customer at one moment: what a decision reads, and what its record keeps.

    ``consents`` maps a purpose, or ``marketing:<channel>``, to the newest answer. An absent purpose is unknown, and
    unknown means no. ``trails`` are the kept events, ``surveys`` the newest scores, oldest first.
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


ARITHMETIC = 2
"""The arithmetic by which decisions are made now: since 2 the statutory gates are asked after the policy's own."""
LAWLESS = 1
"""The arithmetic before the statutory gates: of old records, and to ask what a policy's own gates leave open."""


@dataclass(frozen=True, slots=True)
class Release:
    """Policy, bundle and prices that serve together; ``bundle`` is None where priors alone decide.

    ``on_trial`` is true where policy and bundle are those of the release's challenger, which serves a share of its
    customers. ``arithmetic`` is how they decide; a record that states none was made by ``LAWLESS``.
    """

    id: int
    policy: str
    bundle: str | None
    prices: Mapping[str, float] = field(default_factory=dict)
    on_trial: bool = False
    arithmetic: int = ARITHMETIC


@dataclass(frozen=True, slots=True)
class Treatment:
    """One offer in one channel, with all the factors of its priority (yuan).

    ``reasons`` are the fit rules that fired; ``strategies`` are those of the rules that raised it. ``uplift`` is what
    offering adds to P(taken), where it replaced the propensity in the priority; else None. ``confirmations`` names
    what must be confirmed before it is sold (``rules.statutory``).
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
    confirmations: tuple[str, ...] = ()


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
    """A program that holds a key: its name, its scopes, and the customer or branch to which it is bound.

    A token minted by a branch's key is bound to both: to its customer, while the customer is of that branch.

    ``quota`` is how many requests it may make in a minute; None uses the setting. ``require_if_match``: it may write
    customers only with the revision it has read.
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
        """The name, and the customer or branch: who uses up a quota.

        Scopes are left out, so that a token of other scopes shares the quota.
        """
        return self.name, self.customer_id, self.branch

    @property
    def principal(self) -> tuple[str | None, ...]:
        """The holder and the scopes: a stored answer is shown only to the principal it was made for."""
        return *self.holder, *sorted(self.scopes)
