"""The policy: everything the bank's marketers own, as one immutable value named by the hash of its documents.

Here: the value itself, ``load`` (a folder of YAML files) and ``from_documents`` (what ``load`` read, or what a store
kept). Not here: how a document is read and checked (``reading``), how rules are applied (``rulebook``, ``contact``).
Reading goes: attributes -> catalogue -> channels -> schema -> strategies -> rules -> weights -> contact -> experiments
-> messages -> compliance; each step adds its problems to one list, and all are raised together at the end.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from numpy.typing import NDArray

from service.rules.nouns import (
    CONCERNS,
    LANGUAGES,
    STAGES,
    Cap,
    Case,
    Channel,
    ConsentRule,
    Contact,
    CoolOff,
    Experiments,
    FamilyTerms,
    FitRule,
    GateRule,
    Messages,
    Offer,
    QuietHours,
    Rule,
    Schema,
    Strategy,
    Template,
    Term,
)
from service.scoring.attributes import AttributeTable
from service.scoring.features import FeatureProgram

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
    "CoolOff",
    "Experiments",
    "FamilyTerms",
    "FitRule",
    "GateRule",
    "Messages",
    "Offer",
    "Policy",
    "QuietHours",
    "Rule",
    "Schema",
    "Strategy",
    "Template",
    "Term",
    "from_documents",
    "load",
]

DEFAULT = Path(__file__).parent / "default"
"""The folder of the policy that ships with the service."""


@dataclass(frozen=True, eq=False)
class Policy:
    """What marketers own, checked and frozen; equal policies have equal hashes.

    ``gates`` stand in stage order; ``gates`` and ``fits`` leave out what a switched-off strategy takes with it.
    ``static_columns`` hold ``offer.*`` as (1, m, 1) and ``channel.*`` as (1, 1, k): numbers, dates (days) and booleans
    as float64 with NaN for not stated, text as objects with None.
    """

    hash: str
    canonical: bytes
    attributes: AttributeTable
    features: FeatureProgram
    families: Mapping[str, FamilyTerms]
    offers: tuple[Offer, ...]
    channels: tuple[Channel, ...]
    terms: Mapping[str, Term]
    gates: tuple[GateRule, ...]
    fits: tuple[FitRule, ...]
    weights: Mapping[str, float]
    strategies: Mapping[str, Strategy]
    contact: Contact
    experiments: Experiments
    messages: Messages
    schema: Schema
    static_columns: Mapping[str, NDArray]


def load(folder: Path) -> Policy:
    """The policy written in a folder of YAML files; PolicyError names every problem with file and key."""
    raise NotImplementedError


def from_documents(documents: Mapping[str, object]) -> Policy:
    """The policy of documents by name (``catalogue``, ``channels``, ...); PolicyError names every problem."""
    raise NotImplementedError
