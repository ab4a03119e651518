"""The whole road from a bank's files to a bundle of models, and from a bundle to scores for any files of that shape.

Order of ``train``: the bank's SQL (``dataset``) -> features (the policy's table, compiled) -> one model per family
(``fit``) -> figures on unseen customers (``evaluate``) -> bundle (``registry.write_bundle``) -> gate against the
champion. Serving a bundle is a release and none of this module's business.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, time
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from scipy.stats import rankdata
from sklearn.base import clone

from service.errors import InvalidInput
from service.expressions import Kind
from service.rules.policy import DEFAULT, load
from service.scoring.attributes import AttributeTable
from service.scoring.features import FeatureProgram
from service.scoring.hearing import TICKET
from service.scoring.models import Bundle, open_bundle
from training import distributed
from training.bank import Bank, open_bank
from training.dataset import Customers, Outcomes, read_customers, read_lapses, read_outcomes, table_of
from training.evaluate import measure
from training.fit import PropensityModel
from training.keepsakes import Unseen, check_allowed, gathered
from training.lesson import Lesson
from training.portrait import columns_of, portrait_parts
from training.registry import TrainedFamily, Verdict, folder_of, gate, metrics_of, write_bundle
from training.review import review_of
from training.ticket import LEAST_AMOUNTS, fit_ticket, formula_tickets
from training.warehouse import files_read

MEMBERS: Mapping[str, tuple[tuple[int, float], ...]] = {
    "deposit": ((40, 4.0), (20, 1.0)),
    "wealth": ((20, 1.0), (20, 2.0)),
}
"""The members of each family's model, chosen by repeated splits on the Xiamen customers: (num_leaves, emphasis)."""

Progress = Callable[[int, int], None]
Metrics = Mapping[str, Mapping[str, Any]]

MOST_WORDS = 64
"""A text with more different words is a name of something (a branch, an adviser), not a property to learn from."""
HALF_LIFE = 0.125
"""Where a bank splits by time: the share of its customers, counted back from the last, after which one counts half."""
UNSEEN_SHARE = 0.2
"""The last share in time that measures the models of a bank that splits by time."""
CROSS_FITTED = "every customer, by boosters and tables that have not seen them; those that serve have learned from all"
LATER = "customers of the last fifth in time, by a model of the others; the model that serves has learned from all"


@dataclass(frozen=True)
class Sample:
    """What one bank's models learn from: the matrix (n, f), its columns, and who did what."""

    rows: npt.NDArray[np.float64]
    names: list[str]
    categories: dict[str, list[str]]
    table: AttributeTable
    outcomes: Outcomes


@dataclass(frozen=True)
class TrainReport:
    """The new bundle's ``version``, its ``metrics`` by family, and what the ``gate`` says of it."""

    version: str
    metrics: Metrics
    gate: Verdict
    customers: int = field(default=0)


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
        Same seed and same files give the same bundle, byte for byte.
    artifacts
        The folder of all bundles.
    progress
        Told how much of how much is done.
    champion
        The version that serves now, for the gate.
    model
        Another choice of parameters than the default, as an unfitted model or one per family; its random state
        becomes ``seed``.
    allow_leak
        Attributes that may know more than the canary allows (``leakage``); the manifest keeps their names.
    cluster
        Address of a Dask scheduler whose workers grow the trees.

    Raises
    ------
    InvalidInput
        The folder, the SQL or the files are not as agreed; every fault is named.
    """
    described = open_bank(bank)
    sample, customers = read_sample(described, Path(files))
    check_allowed(allow_leak, sample.table)
    sources = files_read(described, Path(files))
    models = _unfitted(model, described.families, seed, cluster)
    step = _steps(models.values(), described, progress)
    with ThreadPoolExecutor() as pool:  # one core a family: LightGBM leaves Python free while it works
        tasks = {family: pool.submit(_family, one, sample, described, family, step) for family, one in models.items()}
        families = {family: task.result() for family, task in tasks.items()}
    if progress:
        progress(1, 1)
    unseen = {family: one.unseen for family, one in families.items() if one.unseen is not None}
    columns = columns_of(customers, sample.table)
    evidence = gathered(described, sample, customers, columns, unseen, allowed=allow_leak, seed=seed)
    families = {
        family: replace(one, metrics={**one.metrics, "leakage": evidence.leakage[family]})
        for family, one in families.items()
    }
    version = write_bundle(
        Path(artifacts),
        families | tickets_of(sample, customers, described, seed),
        sample.table.only(sample.names).document,
        outcome=described.outcome,
        horizon_days=described.horizon_days,
        seed=seed,
        sources=sources,
        parts={**_portrait(described, Path(files), customers, seed), **evidence.parts},
        review=review_of(described, sample, columns, families, seed=seed),
    )
    metrics = {family: one.metrics for family, one in families.items()}
    rival = _champion_metrics(Path(artifacts), champion, sources, customers, sample.outcomes)
    return TrainReport(version, metrics, gate(metrics, rival), len(sample.rows))


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


def default_model(family: str) -> PropensityModel:
    """The unfitted model that the shipped training fits for a family."""
    return PropensityModel(members=MEMBERS[family])


def _unfitted(
    model: PropensityModel | Mapping[str, PropensityModel] | None,
    families: Sequence[str],
    seed: int,
    cluster: str | None = None,
) -> dict[str, PropensityModel]:
    """Each family's model, as given or as shipped, with the seed."""
    given = model if isinstance(model, Mapping) else dict.fromkeys(families, model)
    chosen = {family: given.get(family) or default_model(family) for family in families}
    return {family: clone(one).set_params(random_state=seed, cluster=cluster) for family, one in chosen.items()}


def lesson_of(sample: Sample, family: str) -> Lesson:
    """What a family's members learn from, for whoever tries members apart from a model."""
    taken, held = sample.outcomes.bought[family], sample.outcomes.held[family]
    return PropensityModel().lesson(sample.rows, taken, held, sample.names, list(sample.categories))


def _portrait(bank: Bank, files: Path, customers: Customers, seed: int) -> dict[str, Any]:
    """Segments and lapse of the bank's customers, those without an outcome included."""
    lapses = read_lapses(bank, files, customers)
    return portrait_parts(customers, lapses, table_of(bank), bank.horizon_days, seed)


def read_sample(bank: Bank, files: Path, table: AttributeTable | None = None) -> tuple[Sample, Customers]:
    """The customers with an outcome as a matrix of attributes and features that tell customers apart."""
    table = table or table_of(bank)
    customers = read_customers(bank, files, table)
    outcomes = read_outcomes(bank, files, customers)
    known = customers.table.take(pa.array(outcomes.rows))
    program = FeatureProgram(table)
    columns: dict[str, Any] = dict(table.encode_frame(known))
    program.many(columns)
    names = telling(table, columns)
    categories = program.categories(names, columns)
    return Sample(program.matrix(names, categories, columns), names, categories, table, outcomes), customers


def score(bank: Path | Bank, files: Path, bundle: Bundle | Path, out: Path, cluster: str | None = None) -> int:
    """Write ``customer_id, family, propensity`` for every customer of the files; the number of customers.

    ``out`` ends in .parquet or .csv. Outcomes are not needed. ``cluster`` is the address of a Dask scheduler whose
    workers score; the bundle is then given by its folder.
    """
    opened = bundle if isinstance(bundle, Bundle) else open_bundle(bundle)
    write = _WRITERS.get(Path(out).suffix)
    if write is None:
        raise InvalidInput(f"{out}: must end in {' or '.join(_WRITERS)}")
    customers = read_customers(open_bank(bank), Path(files))
    if cluster is not None and isinstance(bundle, Path):
        scores = distributed.scores_of(cluster, bundle, customers.table)
    else:
        scores = opened.score_many(customers.table)
    ids = customers.table.column("customer_id").combine_chunks()
    parts = [
        pa.table({"customer_id": ids, "family": pa.array([family] * len(ids)), "propensity": pa.array(p)})
        for family, p in scores.items()
        if family in opened.families
    ]
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    write(pa.concat_tables(parts), str(out))
    return len(customers)


_WRITERS: Mapping[str, Callable[[pa.Table, str], None]] = {
    ".parquet": pyarrow.parquet.write_table,
    ".csv": pyarrow.csv.write_csv,
}


def telling(table: AttributeTable, columns: Mapping[str, Any]) -> list[str]:
    """Names of the columns that vary. Dates stay out (they only grow), and so do texts of too many words."""
    names = [*(one.name for one in table.attributes), *(one.name for one in table.features)]
    return [name for name in names if _tells(table.kind_of(name), columns[f"customer.{name}"])]


def _tells(kind: Kind | None, column: npt.NDArray[Any]) -> bool:
    if kind is Kind.DATE:
        return False
    if kind is Kind.TEXT:
        return 1 < len(set(column.flat)) <= MOST_WORDS
    known = column[~np.isnan(column)]
    return len(known) > 0 and (len(known) < column.size or bool((known != known[0]).any()))


def _family(
    unfitted: PropensityModel, sample: Sample, bank: Bank, family: str, step: Callable[[int], None]
) -> TrainedFamily:
    taken, held = sample.outcomes.bought[family], sample.outcomes.held[family]
    fitted = _fitted(unfitted, sample, family, slice(None), step)
    metrics = {**measure(taken, fitted.unseen_, held), "measured_on": CROSS_FITTED, "rounds": fitted.rounds_}
    unseen = Unseen(np.arange(len(taken)), fitted.unseen_, taken, fitted.unseen_served_)
    if bank.split == "time":
        later, unseen = _later(unfitted, sample, family, step)
        metrics = {**later, "cross_fitted": metrics}
    base_rate, table = float(taken.mean()), fitted.table()
    if family in bank.true_rate:
        sampled, table = table, table.at_rate(base_rate, bank.true_rate[family])
        unseen = replace(unseen, served=np.interp(unseen.served, sampled.y, table.y))
        metrics |= {"sampled_rate": base_rate, "true_rate": bank.true_rate[family]}
    return TrainedFamily(
        models=fitted.texts(),
        features=sample.names,
        calibration=(table.x, table.y),
        metrics=metrics,
        base_rate=bank.true_rate.get(family, base_rate),
        categories=sample.categories,
        unseen=unseen,
    )


def _later(
    unfitted: PropensityModel, sample: Sample, family: str, step: Callable[[int], None]
) -> tuple[dict[str, Any], Unseen]:
    """Figures on the last fifth in time, by a model that has seen the earlier four only."""
    times = np.asarray(sample.outcomes.times)
    order = np.argsort(times, kind="stable")
    border = times[order[int(len(order) * (1 - UNSEEN_SHARE))]]
    early, late = np.flatnonzero(times < border), np.flatnonzero(times >= border)
    fitted = _fitted(unfitted, sample, family, early, step)
    held, taken = sample.outcomes.held[family], sample.outcomes.bought[family][late]
    p = fitted.predict_proba(sample.rows[late])[:, 1]
    figures = measure(taken, p, None if held is None else held[late])
    return {**figures, "measured_on": LATER}, Unseen(late, p, taken, p)


def _fitted(
    unfitted: PropensityModel, sample: Sample, family: str, part: Any, step: Callable[[int], None]
) -> PropensityModel:
    held = sample.outcomes.held[family]
    fitted: PropensityModel = clone(unfitted).fit(
        sample.rows[part],
        sample.outcomes.bought[family][part],
        held=None if held is None else held[part],
        names=sample.names,
        categorical=list(sample.categories),
        progress=step,
        weight=None if sample.outcomes.times is None else recency(np.asarray(sample.outcomes.times)[part]),
    )
    return fitted


def recency(times: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """0.5 ** (share of the customers that came later / 0.125), (n,): what was true lately counts for tomorrow."""
    later = 1.0 - rankdata(times, method="max") / len(times)
    weights: npt.NDArray[np.float64] = 0.5 ** (later / HALF_LIFE)
    return weights


def _steps(models: Iterable[PropensityModel], bank: Bank, progress: Progress | None) -> Callable[[int], None]:
    """Rounds of trees as (done, of): every fit is expected to need as many rounds as it may."""
    of = sum(model.rounds * len(model.members) for model in models) * (2 if bank.split == "time" else 1)
    done, counting = 0, Lock()

    def step(rounds: int) -> None:
        nonlocal done
        with counting:
            done += rounds
            if progress and done % 10 == 0:
                progress(min(done, of - 1), of)

    return step


def _champion_metrics(
    artifacts: Path, champion: str | None, sources: Mapping[str, str], customers: Customers, outcomes: Outcomes
) -> Metrics | None:
    """The champion's figures on customers it has not seen: its own where it learned from these very files."""
    if champion is None:
        return None
    bundle = open_bundle(folder_of(artifacts, champion))
    if bundle.manifest["sources"] == dict(sources):
        return metrics_of(bundle.manifest)
    scores = bundle.score_many(customers.table.take(pa.array(outcomes.rows)))
    families: Sequence[str] = [family for family in bundle.families if family in outcomes.bought]
    return {family: measure(outcomes.bought[family], scores[family], outcomes.held[family]) for family in families}
