"""Training from a bank's files to a bundle of models.

Order of ``train``: the bank's SQL (``bank_tables``) -> features (``training_sample``) -> one model per family, measured
out of fold (``family``), and per kind of product where the outcomes tell kinds (``kinds``) -> the champion on customers
new to both (``champion``) -> bundle (``registry.write_bundle``) -> gate.
Serving a bundle is a release, which is not made here.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pyarrow as pa
from sklearn.base import clone

from service.analysis.model_gate import Verdict, judge_challenger
from service.core.progress import Progress
from service.rules.policy import DEFAULT, load
from service.scoring.models.shelf import SHELF, SHELF_POLICY, shelf_of
from service.scoring.propensity import KIND, TICKET
from training.bundles.champion import champion_of, compare_with_champion
from training.bundles.diagnostics import check_allowed, gather_diagnostics
from training.bundles.learned_from import LearnedFrom
from training.bundles.portrait_parts import columns_of, portrait_parts
from training.bundles.registry import write_bundle
from training.bundles.review import build_review
from training.data import sufficiency
from training.data.bank import Bank, open_bank
from training.data.bank_tables import Customers, read_lapses, table_of
from training.data.training_sample import Sample, read_sample
from training.data.warehouse import files_read
from training.models.family import default_model, fit_family
from training.models.kinds import bought_kinds, fit_kinds, unfitted_kinds
from training.models.propensity import PropensityModel
from training.models.ticket import LEAST_AMOUNTS, fit_ticket, formula_tickets
from training.models.trained import TrainedFamily
from training.uplift.bundle_part import describe_uplifts, randomised_trials, study_families

Metrics = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class TrainReport:
    """The new bundle's ``version``, its ``metrics`` by family, the ``gate``'s verdict; ``uplift`` by family.

    ``kinds`` says of each product kind how good its model is, or why it has none.

    ``left_out`` counts erased customers that the files still name.
    """

    version: str
    metrics: Metrics
    gate: Verdict
    customers: int = field(default=0)
    uplift: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)


def train(  # noqa: PLR0913
    bank: Path | Bank,
    files: Path,
    seed: int = 7,
    artifacts: Path = Path("model_artifacts"),
    progress: Progress | None = None,
    champion: str | None = None,
    model: PropensityModel | Mapping[str, PropensityModel] | None = None,
    *,
    allow_leak: Collection[str] = (),
    cluster: str | None = None,
) -> TrainReport:
    """Train a bundle from a bank's files.

    Parameters
    ----------
    bank, files
        The folder with bank.yaml and the SQL; the folder of files it reads.
    seed
        Same seed, files and champion give the same bundle, byte for byte.
    artifacts
        The folder of all bundles.
    progress
        Called with how much is done, of how much.
    champion
        The version that serves now, for the gate; the comparison is part of the bundle.
    model
        Another choice of parameters than the default, as an unfitted model or one per name of a score (a family,
        ``kind:<product>``); its random state becomes ``seed``.
    allow_leak
        Attributes that may know more than the canary allows (``leakage``); the manifest lists them.
    cluster
        Address of a Dask scheduler whose workers grow the trees.

    Raises:
        InvalidInput: when the folder, the SQL or the files break their contract (with every fault), or there is no such
            champion.
        NotLearnable: when there are too few customers to learn from, or one outcome only.
    """
    against = champion_of(artifacts, champion)
    described = open_bank(bank)
    sample, customers = read_sample(described, Path(files))
    sufficiency.require_enough(sample, described)
    check_allowed(allow_leak, sample.table)
    sources = files_read(described, Path(files))
    bought = bought_kinds(sample.outcomes, customers)
    given = _given(model, [*described.families, *(KIND + kind for kind in bought)])
    models = _unfitted(given, described.families, seed, cluster)
    kind_models = unfitted_kinds(bought, given, seed, cluster)
    step = _steps([*models.values(), *kind_models.values()], described, progress)
    with ThreadPoolExecutor() as pool:  # one core a family: LightGBM leaves Python free while it works
        tasks = {
            family: pool.submit(fit_family, one, sample, described, family, step) for family, one in models.items()
        }
        families = {family: task.result() for family, task in tasks.items()}
    kinds = fit_kinds(kind_models, bought, families, sample, described, step, seed)
    beside = (
        None if against is None else compare_with_champion(against, families, sample, customers, described, seed, step)
    )
    if progress:
        progress(1, 1)
    out_of_fold = {family: one.out_of_fold for family, one in families.items() if one.out_of_fold is not None}
    gains, gainful = study_families(
        randomised_trials(sample, out_of_fold), sample.categories, seed, described.true_rate
    )
    columns = columns_of(customers, sample.table)
    of_kinds = {name: one.out_of_fold for name, one in kinds.models.items() if one.out_of_fold is not None}
    evidence = gather_diagnostics(
        described, sample, customers, columns, out_of_fold | of_kinds, allowed=allow_leak, seed=seed
    )
    families = {
        family: replace(one, metrics={**one.metrics, "leakage": evidence.leakage[family]})
        for family, one in families.items()
    }
    version = write_bundle(
        Path(artifacts),
        {**families, **tickets_of(sample, customers, described, seed), **gainful, **kinds.models},
        sample.table.only(sample.names).document,
        outcome=described.outcome,
        horizon_days=described.horizon_days,
        seed=seed,
        sources=sources,
        parts={
            **_portrait(described, Path(files), customers, seed),
            **evidence.parts,
            **_shelf(),
            **({"kind": kinds.told} if bought else {}),
            **({"uplift": gains} if gains else {}),
            **({"compared": beside} if beside else {}),
        },
        review=build_review(described, sample, columns, families, kinds.models, seed=seed),
        learned_from=_learned_from(described, customers, sample, sources),
    )
    metrics = {family: one.metrics for family, one in families.items()}
    verdict = judge_challenger(metrics, beside)
    return TrainReport(version, metrics, verdict, len(sample.rows), describe_uplifts(gains), kinds=kinds.describe())


def _shelf() -> dict[str, Any]:
    """The offers of the shipped policy: training knows no other shelf, and its formulas read the same one."""
    policy = load(DEFAULT)
    return {SHELF: shelf_of(policy), SHELF_POLICY: policy.hash}


def _learned_from(bank: Bank, customers: Customers, sample: Sample, sources: Mapping[str, str]) -> LearnedFrom:
    """The filter of the customers with an outcome, until their horizon is over."""
    ids = customers.table.column("customer_id").take(pa.array(sample.outcomes.rows)).to_pylist()
    return LearnedFrom.by_customers(ids, bank.as_of + timedelta(days=bank.horizon_days), repr(sorted(sources.items())))


def tickets_of(sample: Sample, customers: Customers, bank: Bank, seed: int) -> dict[str, TrainedFamily]:
    """``{"ticket:<family>": model}`` for the families whose buyers' amounts are known of enough customers."""
    policy, found = load(DEFAULT), {}
    then = round(datetime.combine(bank.as_of, time(12), bank.timezone).timestamp() * 1000)
    for family, amounts in sample.outcomes.amounts.items():
        rows = np.flatnonzero((sample.outcomes.bought[family] > 0) & (amounts > 0))
        buyers = customers.table.take(pa.array(sample.outcomes.rows[rows]))
        if len(rows) >= LEAST_AMOUNTS:
            formula = formula_tickets(policy, family, buyers, then)
            found[TICKET + family] = fit_ticket(
                sample.rows[rows], amounts[rows], sample.names, sample.categories, seed, formula
            )
    return found


def _given(
    model: PropensityModel | Mapping[str, PropensityModel] | None, names: Sequence[str]
) -> Mapping[str, PropensityModel]:
    """The models given by the name of their score; none for those that keep the shipped one."""
    if isinstance(model, Mapping):
        return model
    return {} if model is None else dict.fromkeys(names, model)


def _unfitted(
    given: Mapping[str, PropensityModel], families: Sequence[str], seed: int, cluster: str | None = None
) -> dict[str, PropensityModel]:
    """Each family's model, as given or as shipped, with the seed."""
    chosen = {family: given.get(family) or default_model(family) for family in families}
    return {family: clone(one).set_params(random_state=seed, cluster=cluster) for family, one in chosen.items()}


def _portrait(bank: Bank, files: Path, customers: Customers, seed: int) -> dict[str, Any]:
    """Segments and lapse of the bank's customers, those without an outcome included."""
    lapses = read_lapses(bank, files, customers)
    return portrait_parts(customers, lapses, table_of(bank), bank.horizon_days, seed)


def _steps(models: Iterable[PropensityModel], bank: Bank, progress: Progress | None) -> Callable[[int], None]:
    """Report rounds of trees as (done, of): every fit counts with its most rounds."""
    of = sum(model.rounds * len(model.members) for model in models) * (2 if bank.split == "time" else 1)
    done, counting = 0, Lock()

    def step(rounds: int) -> None:
        nonlocal done
        with counting:
            done += rounds
            if progress and done % 10 == 0:
                progress(min(done, of - 1), of)

    return step
