"""Diagnostics that a bundle stores beside its models, to be judged by later: no row of any customer.

    reference   how every feature and every unseen score was spread       (the manifest; ``analysis.drift`` reads it)
    about       the bank, its day, its split, its owner and its notes     (the manifest; the model card reads it)
    leakage     what the canary found, and what was allowed by name       (each family's metrics; the gate reads it)

Order: sample, customers and out-of-fold scores of ``train`` -> ``gather_diagnostics`` -> ``registry.write_bundle``.
"""

from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from service.core.attributes import AttributeTable
from service.core.attributes.features import FeatureProgram
from service.core.errors import InvalidInput, Problem
from service.core.expressions import Kind
from service.scoring.reference import reference_of
from training.data.bank import Bank
from training.data.bank_tables import Customers
from training.evaluation.leakage import Finding, Matrix, examine, sources
from training.models.trained import OutOfFold

TAKEN, KNOWN = "who takes it", "whose outcome is known"
"""What the canary asks of each attribute."""


@dataclass(frozen=True)
class Diagnostics:
    """``parts`` are members of the manifest; ``leakage`` belongs into the metrics of each family."""

    parts: Mapping[str, Any]
    leakage: Mapping[str, Mapping[str, Any]]


def gather_diagnostics(
    bank: Bank,
    sample: Any,
    customers: Customers,
    columns: Mapping[str, Any],
    out_of_fold: Mapping[str, OutOfFold],
    *,
    allowed: Collection[str],
    seed: int,
) -> Diagnostics:
    """The diagnostics of one training. ``columns``: every attribute and feature of all customers, (n, 1, 1) each."""
    parts = {
        "reference": {
            "features": {name: reference_of(np.ravel(columns[f"customer.{name}"])) for name in _compared(sample)},
            "scores": {family: reference_of(one.served) for family, one in out_of_fold.items()},
        },
        "about": _about(bank, len(customers), len(sample.rows)),
    }
    return Diagnostics(parts, leakage_of(sample, len(customers), columns, sorted(allowed), seed))


def _compared(sample: Any) -> list[str]:
    """Features that the models read, without dates, which only grow."""
    return [name for name in sample.names if sample.table.kind_of(name) is not Kind.DATE]


def _about(bank: Bank, customers: int, learned: int) -> dict[str, Any]:
    return {
        "bank": bank.name,
        "as_of": bank.as_of.isoformat(),
        "split": bank.split,
        "owner": bank.owner,
        "notes": bank.notes,
        "customers": customers,
        "learned_from": learned,
    }


def leakage_of(
    sample: Any, customers: int, columns: Mapping[str, Any], allowed: list[str], seed: int
) -> dict[str, dict[str, Any]]:
    """``{family: {"findings": [...], "allowed": [...]}}``, for its outcome and for having an outcome at all."""
    matrix = Matrix(sample.rows, sample.names, sample.categories)
    questions = {family: (matrix, taken) for family, taken in sample.outcomes.bought.items()}
    if customers > len(sample.rows):
        everybody = FeatureProgram(sample.table).matrix(sample.names, sample.categories, columns)
        known = np.zeros(customers)
        known[sample.outcomes.rows] = 1.0
        questions[KNOWN] = (Matrix(everybody, sample.names, sample.categories), known)
    with ThreadPoolExecutor() as pool:
        tasks = {name: pool.submit(examine, *question, sample.table, seed) for name, question in questions.items()}
        found = {name: task.result() for name, task in tasks.items()}
    missing = _asked(KNOWN, found.pop(KNOWN, []))
    return {name: {"findings": [*_asked(TAKEN, one), *missing], "allowed": allowed} for name, one in found.items()}


def _asked(question: str, findings: list[Finding]) -> list[dict[str, Any]]:
    return [{"question": question, **one.document()} for one in findings]


def check_allowed(allowed: Collection[str], table: AttributeTable) -> None:
    """Raise InvalidInput where ``allowed`` names what is no attribute."""
    raw = {name for name, read in sources(table).items() if read == {name}}
    strange = [Problem(name, "is no attribute") for name in sorted(set(allowed) - raw)]
    if strange:
        raise InvalidInput("only an attribute can be allowed, by its name", strange)
