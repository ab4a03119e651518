"""A bundle against the bank's files of today: drift of every feature and score, and of calibration with outcomes.

``bank_tables`` reads the files; ``service.analysis.drift`` calculates, as it does for the service's stored decisions.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from service.analysis.drift import Calibrated, Drift, compare_calibration, measure_drift
from service.core.errors import InvalidInput
from service.rules.model.monitoring import DEFAULT, Monitoring
from service.scoring.models import Bundle
from service.scoring.propensity import KIND
from training.arrays import Floats
from training.bundles.champion import until_of
from training.bundles.learned_from import LearnedFrom
from training.data.bank import Bank, open_bank
from training.data.bank_tables import Customers, Outcomes, read_customers, read_outcomes, table_of
from training.data.query_rows import ID
from training.data.sufficiency import lacking_outcome
from training.data.warehouse import files_read
from training.evaluation.metrics import measure
from training.models.kinds import bought_kinds
from training.score import lacking


def drift_of(bundle: Bundle, bank: Path | Bank, files: Path, bounds: Monitoring = DEFAULT) -> Drift:
    """The drift between the customers of these files and those that the bundle learned from.

    Raises: InvalidInput: the bundle has no references (an older version trained it), or the files break their contract.
    """
    references = references_of(bundle)
    described = open_bank(bank)
    customers = read_customers(described, Path(files))
    scores = bundle.score_many(customers.table)
    outcomes = read_outcomes(described, Path(files), customers) if described.sql("outcomes") is not None else None
    found: tuple[Calibrated, ...] = ()
    if outcomes is not None:
        taken = {**outcomes.bought, **_kinds_taken(bundle, outcomes, customers)}
        scored = [name for name in (*bundle.families, *bundle.kinds) if name in taken and name in scores]
        found = tuple(compare_calibration(name, scores[name][outcomes.rows], taken[name], bounds) for name in scored)
    growing = table_of(described).growing | bundle.program.table.growing
    return measure_drift(references, features_of(bundle, customers), scores, bounds, found, growing)


def _kinds_taken(bundle: Bundle, outcomes: Outcomes, customers: Customers) -> dict[str, Floats]:
    """Who bought each kind that the bundle scores, by the score's name; none where the files do not tell kinds."""
    if outcomes.purchases is None:
        return {}
    bought = bought_kinds(outcomes, customers)
    nobody = np.zeros(len(outcomes.rows))
    return {name: bought.get(name.removeprefix(KIND), nobody) for name in bundle.kinds}


def references_of(bundle: Bundle) -> Mapping[str, Any]:
    """The references in a bundle's manifest.

    Raises: InvalidInput: there are none.
    """
    references: Mapping[str, Any] | None = bundle.manifest.get("reference")
    if references is None:
        raise InvalidInput(f"{bundle.version} keeps no reference to compare with; train it anew: fourcast train")
    return references


def features_of(bundle: Bundle, customers: Customers) -> dict[str, Any]:
    """Every attribute and feature the bundle reads, (n,) each."""
    columns: dict[str, Any] = dict(bundle.program.table.encode_frame(customers.table))
    bundle.program.derive_many(columns)
    size = len(customers)
    return {name.removeprefix("customer."): np.broadcast_to(np.ravel(one), size) for name, one in columns.items()}


def evaluate_bundle(bundle: Bundle, learned_from: LearnedFrom | None, bank: Path | Bank, files: Path) -> dict[str, Any]:
    """``{"families": {family: figures}, ...}`` of a bundle on any files with outcomes; figures as ``metrics.measure``.

    ``learned_from_them`` is False where it has learned from none of these customers, or where all their outcomes are
    later; None where the bundle has no filter. Otherwise ``learned_from`` estimates from how many, and ``unseen`` has
    the figures of the customers certainly new to it: they alone are a test.

    Raises: InvalidInput: the files break their contract, or every family has one outcome only.
    """
    described = open_bank(bank)
    customers = read_customers(described, Path(files))
    outcomes = read_outcomes(described, Path(files), customers)
    scores = bundle.score_many(customers.table.take(pa.array(outcomes.rows)))
    families = [family for family in bundle.families if family in outcomes.bought]
    _expect_both(described, {family: outcomes.bought[family] for family in families})

    def figures(part: Any) -> dict[str, Any]:
        return {f: measure(outcomes.bought[f][part], scores[f][part], _part(outcomes.held[f], part)) for f in families}

    found: dict[str, Any] = {"families": figures(slice(None)), "lacks": lacking(bundle, customers)}
    until = until_of(bundle.manifest, learned_from)
    if until is not None and described.as_of >= until:
        return {**found, "learned_from_them": False}
    if learned_from is None:
        same = dict(bundle.manifest["sources"]) == files_read(described, Path(files))
        return {**found, "learned_from_them": True if same else None}
    ids = customers.table.column(ID).take(pa.array(outcomes.rows)).to_pylist()
    recognised = learned_from.may_know(ids)
    learned = learned_from.estimate(recognised)
    if not learned:
        return {**found, "learned_from_them": False}
    unseen = {} if recognised.all() else {"unseen": figures(~recognised)}
    return {**found, "learned_from_them": True, "learned_from": learned, **unseen}


def _expect_both(bank: Bank, bought: Mapping[str, Any]) -> None:
    """Raise InvalidInput where every family has one outcome only."""
    problems = [problem for family, taken in bought.items() for problem in lacking_outcome(family, taken)]
    if problems and len(problems) == len(bought):
        raise InvalidInput(f"{bank.folder}: one outcome only, so there is nothing to measure", problems)


def _part(held: Any, part: Any) -> Any:
    return None if held is None else held[part]
