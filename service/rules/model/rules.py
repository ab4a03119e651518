"""The policy's nouns as frozen values: what the YAML documents become once they are checked.

``loading`` makes these values, ``rulebook`` applies the rules, ``policy`` holds them together; the contact policy's
nouns are in ``contact``. Money is yuan, rates are per year. Texts carry both languages.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from service.core.domain import Arm, Scalar, Text
from service.core.expressions import Expression, Name
from service.core.grid import GridIndex
from service.core.hashing import assign_buckets

STAGES = ("eligibility", "applicability", "suitability", "contact")
"""The gates in the order in which a reason is named; the stage ``fit`` only weighs."""

ATTRIBUTION_DAYS = 7.0
"""The default of a policy that states none."""

CONCERNS = ("consumer", "cost", "convenience", "communication")
LANGUAGES = ("zh", "en")


@dataclass(frozen=True, slots=True)
class Term:
    """A term that an offer or a channel may state; rules read it as ``offer.<name>`` or ``channel.<name>``."""

    name: str
    kind: str
    unit: str | None
    low: float | None
    high: float | None
    values: tuple[str, ...] | None
    meaning: str


@dataclass(frozen=True, slots=True)
class Dominance:
    """By which terms a family's offers are compared: no less of ``more``, no more of ``less``, alike in ``same``."""

    more: tuple[str, ...]
    less: tuple[str, ...]
    same: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FamilyTerms:
    """What all offers of one family share: the prior propensity, the horizon, the ticket and the value formulas.

    ``ticket`` is the amount that a customer is expected to bring, ``value`` the margin over the horizon if taken (both
    yuan); ``value`` may read ``offer.ticket_yuan``.
    """

    id: str
    prior: float
    horizon_days: int
    ticket: Expression
    value: Expression
    trait_ground: str | None = None
    dominance: Dominance | None = None


@dataclass(frozen=True, slots=True)
class Offer:
    """One product on stated terms. ``share`` = popularity / sum of its family's popularities.

    ``issuer`` is the company that issues it, where another than the bank does.
    """

    id: str
    family: str
    popularity: float
    share: float
    lever: float
    name: Text
    terms: Mapping[str, Scalar]
    issuer: Text | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """One way to reach the customer. ``response`` is neutral at 1.0; NULL counts as 1.0."""

    id: str
    direction: str
    contact_cost_yuan: float
    response: Expression
    placements: tuple[str, ...]
    name: Text
    terms: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Strategy:
    """A named group of rules with its aim. Switched off, its fit and applicability rules fall away.

    They also fall away for customers outside ``target``, its segments as one condition; None targets everybody.
    """

    id: str
    concern: str
    name: Text
    objective: Text
    kpi: Text
    segments: tuple[str, ...]
    enabled: bool
    target: Expression | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Case:
    """A rule's own example: with these facts, and nothing else known, a gate passes or a fit rule fires (``holds``)."""

    given: Mapping[str, Scalar]
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What every rule has: whose concern it is, its stage, why it is there, and what would unlock it.

    ``trait_ground`` (of ``traits.TRAIT_GROUNDS``) is claimed where a personal trait decides between terms.
    """

    id: str
    concern: str
    stage: str
    strategy: str
    reason: Text
    unlock: Text | None = None
    ground: str | None = None
    trait_ground: str | None = None


DOMINATED = Rule(
    id="dominated",
    concern="cost",
    stage="applicability",
    strategy="",
    reason={
        "zh": "另有存款可办理，利率不低，期限和起点金额也不高于它",
        "en": "Another open deposit pays no less, for no longer a term and no larger a minimum",
    },
)
"""The gate of dominated offers (``scoring.dominance``), in force where a family compares its offers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRule(Rule):
    """Passes where ``require`` is true or ``applies`` is false; ``applies`` None applies always. Unknown never opens
    it.
    """

    applies: Expression | None
    require: Expression
    cases: tuple[Case, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FitRule(Rule):
    """Multiplies its concern's score by ``weight``, above 0 to 4, where ``when`` is true. Unknown is neutral."""

    when: Expression
    weight: float
    cases: tuple[Case, ...] = ()


TEST_KINDS = ("random-relevant", "propensity-only", "without-levers", "eligibility-only", "without-strategy")


@dataclass(frozen=True, slots=True)
class StandingTest:
    """A share of the customers who are served without one part of the method, to measure what that part contributes.

    ``strategy`` is the one withheld where ``kind`` is ``without-strategy``. ``service.decision.arms`` says what each
    kind does.
    """

    id: str
    kind: str
    share: float
    salt: str
    strategy: str | None = None


@dataclass(frozen=True, slots=True)
class ReleaseGate:
    """What a policy's value on stored decisions must show before another policy replaces this one.

    Refused where the difference's lower bound is below ``-most_worse_share`` x this policy's value, if at least
    ``least_effective`` decisions count effectively.
    """

    most_worse_share: float = 0.1
    least_effective: int = 500


@dataclass(frozen=True, slots=True)
class Experiments:
    """Exploration with probability ``epsilon``, a holdout of ``share``, each by its salt; the cache's grain in minutes.

    ``tests`` are in the order in which they draw their customers. ``arms`` is the arm of each bucket of customers
    (``hashing.assign_buckets``): one hash of a customer, by the holdout's salt, finds the holdout and every test. An
    offer taken within ``attribution_days`` of an impression is its outcome.
    """

    exploration_epsilon: float
    exploration_salt: str
    holdout_share: float
    holdout_salt: str
    cache_grain_minutes: int
    tests: tuple[StandingTest, ...] = ()
    attribution_days: float = ATTRIBUTION_DAYS
    release_gate: ReleaseGate = ReleaseGate()
    arms: tuple[str, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Assigns the buckets, once."""
        rows = [(test.id, test.salt, test.share) for test in self.tests]
        buckets = assign_buckets(rows, self.holdout_share, Arm.PERSONALISED) if rows else ()
        object.__setattr__(self, "arms", tuple(buckets))


@dataclass(frozen=True, slots=True)
class Message:
    """The words that a customer sees, in one language. ``disclosures`` follow the body, each a sentence of its own."""

    title: str
    body: str
    disclosures: tuple[str, ...]
    link: str


Messages = Mapping[tuple[str, str, str], Message]
"""Every message of the policy by offer, channel and language, with its placeholders filled in."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A segment's words for the offers in ``messages``, for customers for whom ``when`` is true."""

    id: str
    segment: str
    when: Expression = field(repr=False)
    messages: Messages = field(repr=False)

    @property
    def offers(self) -> frozenset[str]:
        """The offers for which it has words of its own."""
        return frozenset(offer for offer, _, _ in self.messages)


Schema = Mapping[str, Name]


def grid_index_of(offers: Iterable[Offer], channels: Iterable[Channel]) -> GridIndex:
    """The axes of the grid: a catalogue's offers and channels, each in its order."""
    return GridIndex([(offer.id, offer.family) for offer in offers], [(one.id, one.direction) for one in channels])
