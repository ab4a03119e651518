"""The terms of a customer's portrait, as frozen values: stages, tags, needs, holdings, lifetime, surveys.

``loading.portrait`` reads these from ``portrait.yaml``; ``decision.portrait`` applies them to a customer. Expressions
read ``customer.*``, ``context.*`` of the day, and those ``history.*`` that vary over the customer alone. Tags and needs
may also read what was worked out before them (``PORTRAIT_NAMES``).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from service.core.domain import Text
from service.core.expressions import Expression, Kind, Name

_CUSTOMER = frozenset({"customer"})

PORTRAIT_NAMES: Mapping[str, Name] = {
    "customer.segment": Name(Kind.TEXT, _CUSTOMER),
    "customer.stage": Name(Kind.TEXT, _CUSTOMER),
    "customer.lifetime_value_yuan": Name(Kind.MONEY, _CUSTOMER),
    "customer.satisfaction": Name(Kind.NUMBER, _CUSTOMER),  # 0 to 100, the whole over the four C
}
"""What a portrait works out first; its tags and needs may read it. NULL where it is unknown."""


@dataclass(frozen=True, slots=True)
class ShownAttribute:
    """An attribute that says who the customer is, with its name in both languages."""

    attribute: str
    name: Text


@dataclass(frozen=True, slots=True)
class StageOfLife:
    """A stage of the relationship; a customer is in the first whose ``when`` is true."""

    id: str
    name: Text
    when: Expression


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag of the customer, or a need, shown where ``when`` is true."""

    id: str
    text: Text
    when: Expression


@dataclass(frozen=True, slots=True)
class Holding:
    """A balance (``yuan``) and what it earns the bank in a year (``margin_yuan``), both expressions."""

    id: str
    family: str
    name: Text
    yuan: Expression
    margin_yuan: Expression


@dataclass(frozen=True, slots=True)
class LifetimeTerms:
    """How many years lifetime value covers, the discount rate per year, and the yearly cost of serving a customer.

    ``lapse_per_year`` is used where no bundle estimates it.
    """

    years: int
    discount_rate: float
    lapse_per_year: float
    servicing_yuan: float


@dataclass(frozen=True, slots=True)
class Question:
    """A survey's question, its concern, and its importance (1 to 10)."""

    id: str
    concern: str
    importance: float
    text: Text


@dataclass(frozen=True, slots=True)
class SatisfactionTerms:
    """The scale of the answers, for how many days an answer counts, and the threshold on the index (0 to 100)."""

    low: float
    high: float
    window_days: float
    threshold: float
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class PortraitTerms:
    """All of ``portrait.yaml``."""

    who: tuple[ShownAttribute, ...]
    holdings: tuple[Holding, ...]
    stages: tuple[StageOfLife, ...]
    needs: tuple[Tag, ...]
    tags: tuple[Tag, ...]
    lifetime: LifetimeTerms
    satisfaction: SatisfactionTerms
