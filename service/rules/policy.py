"""The policy: everything the bank's marketers own, as one immutable value named by the hash of its documents.

Here: the value itself, ``load`` (a folder of YAML files) and ``from_documents`` (documents as ``load`` reads them, or
as a store returns them). Elsewhere: how a document is read and checked (``loading``), how rules are applied
(``rulebook``, ``contact_gates``). Reading order: market -> attributes -> catalogue -> channels -> schema -> strategies
-> rules -> weights -> calendar -> contact -> experiments -> messages -> portrait -> monitoring -> kinds -> compliance.
Each step adds its problems to one list, and all are raised together at the end.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from numpy.typing import NDArray

from service.core.attributes import AttributeTable
from service.core.attributes.features import FeatureProgram
from service.core.errors import PolicyError, Problem, tell_problems
from service.rules.ahp import Hierarchy
from service.rules.loading import assembly
from service.rules.loading.documents.folder import NAMES, OPTIONAL, canonical, content_hash, nearest, read_folder
from service.rules.model.contact import RETIREMENT, Cap, ConsentRule, Contact, ContactRule, CoolOff, QuietHours
from service.rules.model.kinds import ProductKind
from service.rules.model.market import Market
from service.rules.model.monitoring import Monitoring
from service.rules.model.portrait import PortraitTerms
from service.rules.model.rules import (
    CONCERNS,
    DOMINATED,
    LANGUAGES,
    STAGES,
    Case,
    Channel,
    Experiments,
    FamilyTerms,
    FitRule,
    GateRule,
    Message,
    Messages,
    Offer,
    Rule,
    Schema,
    StandingTest,
    Strategy,
    Term,
    Variant,
)
from service.rules.model.targeting import Target
from service.rules.statutory import statutory_rules

__all__ = [
    "CONCERNS",
    "DEFAULT",
    "LANGUAGES",
    "STAGES",
    "Cap",
    "Case",
    "Channel",
    "ConsentRule",
    "Contact",
    "ContactRule",
    "CoolOff",
    "Experiments",
    "FamilyTerms",
    "FitRule",
    "GateRule",
    "Message",
    "Messages",
    "Offer",
    "Policy",
    "QuietHours",
    "Rule",
    "Schema",
    "StandingTest",
    "Strategy",
    "Target",
    "Term",
    "Variant",
    "from_documents",
    "load",
]

DEFAULT = Path(__file__).parent / "default"
"""The folder of the default policy."""
KEPT = 8
"""So many of the policies read last are cached."""


@dataclass(frozen=True, eq=False)
class Policy:
    """What marketers own, checked and frozen; equal policies have equal hashes.

    ``gates`` are in stage order; ``gates`` and ``fits`` leave out what a switched-off strategy takes with it.
    ``static_columns`` hold ``offer.*`` as (1, m, 1) and ``channel.*`` as (1, 1, k): numbers, dates (days) and booleans
    as float64, NaN where not stated; text as objects, None where not stated. ``canonical`` is the documents as sorted
    JSON. ``variants`` are segments' words for offers; the first that fits is used.
    """

    hash: str
    canonical: bytes = field(repr=False)
    attributes: AttributeTable = field(repr=False)
    features: FeatureProgram = field(repr=False)
    families: Mapping[str, FamilyTerms] = field(repr=False)
    offers: tuple[Offer, ...] = field(repr=False)
    channels: tuple[Channel, ...] = field(repr=False)
    offer_terms: Mapping[str, Term] = field(repr=False)
    channel_terms: Mapping[str, Term] = field(repr=False)
    gates: tuple[GateRule, ...] = field(repr=False)
    fits: tuple[FitRule, ...] = field(repr=False)
    weights: Mapping[str, float] = field(repr=False)
    hierarchy: Hierarchy = field(repr=False)
    strategies: Mapping[str, Strategy] = field(repr=False)
    targets: Mapping[str, Target] = field(repr=False)
    contact: Contact = field(repr=False)
    experiments: Experiments = field(repr=False)
    messages: Messages = field(repr=False)
    variants: Mapping[str, Variant] = field(repr=False)
    portrait: PortraitTerms = field(repr=False)
    monitoring: Monitoring = field(repr=False)
    kinds: Mapping[str, ProductKind] = field(repr=False)
    schema: Schema = field(repr=False)
    static_columns: Mapping[str, NDArray[Any]] = field(repr=False)
    market: Market = field(default_factory=Market, repr=False)

    @property
    def documents(self) -> dict[str, Any]:
        """A fresh copy of the documents by name: what a store keeps and ``from_documents`` reads."""
        documents: dict[str, Any] = orjson.loads(self.canonical)
        return documents

    @property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule in force: gates, contact gates (first ``RETIREMENT``), fit rules, then the statutory gates.

        Last comes ``DOMINATED``, where a family compares its offers.
        """
        compared = (DOMINATED,) if self.compares_offers else ()
        return (*self.gates, RETIREMENT, *self.contact.rules, *self.fits, *statutory_rules(), *compared)

    @property
    def compares_offers(self) -> bool:
        """Whether some family closes dominated offers."""
        return any(family.dominance is not None for family in self.families.values())

    def message(self, offer_id: str, channel_id: str, language: str, variant: str | None = None) -> Message:
        """The words for one offer in one channel and language (``zh`` or ``en``).

        ``variant`` is the id of a segment's words; None are the plain ones.

        Raises:
            KeyError: no such words.
        """
        written = self.messages if variant is None else self.variants[variant].messages
        return written[offer_id, channel_id, language]

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickles a policy as its documents."""
        return from_documents, (self.documents,)


def load(folder: Path) -> Policy:
    """The policy written in a folder of YAML files.

    Raises:
        PolicyError: names every problem with file and key.
    """
    problems: list[Problem] = []
    return _policy(read_folder(folder, problems), problems)


def from_documents(documents: Mapping[str, object], exact: bool = False) -> Policy:
    """The policy of documents by name (``catalogue``, ``channels``, ...).

    ``exact``: it compares money as it is, not in whole fen.

    Raises:
        PolicyError: names every problem with document and key.
    """
    needed = [name for name in NAMES if name not in OPTIONAL]
    missing = [Problem(f"{name}.yaml", "is missing") for name in needed if name not in documents]
    return _policy(documents, missing, exact)


def _policy(documents: Mapping[str, object], problems: list[Problem], exact: bool = False) -> Policy:
    """The policy of canonical documents, so that files and a store give the same policy in the same order."""
    content = canonical(documents, problems)
    return _checked(content, problems, exact) if problems else _kept(content, exact)


@lru_cache(maxsize=KEPT)
def _kept(content: bytes, exact: bool) -> Policy:
    """The policy of these documents, checked once; a policy never changes, so the last ``KEPT`` are cached."""
    return _checked(content, [], exact)


def _checked(content: bytes, problems: list[Problem], exact: bool) -> Policy:
    plain = orjson.loads(content)
    strangers = sorted(set(plain) - set(NAMES))
    problems += [Problem(name, f"is no document of a policy; {nearest(name, NAMES)}") for name in strangers]
    parts = assembly.assemble(plain, problems, exact)
    if problems:
        raise PolicyError(f"the policy does not hold together ({tell_problems(len(problems))})", problems)
    return Policy(hash=content_hash(content), canonical=content, **parts)
