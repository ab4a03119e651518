"""Hyperparameter search by an Optuna study: members tried on the folds, the best few blended into one model.

Order: the sample (``training_sample``) -> per family a study in one SQLite file, whose first trials are the default
members -> each trial trains one member; its out-of-fold scores are stored beside the study, and a trial below the
median of the others at the same round is pruned -> the best ``blend`` -> ``train.train``, which makes new folds,
measures, writes the bundle and asks the gate.

A study resumes where it ended: same file, same bank files. Time decides how many trials there are, so two runs of 15
minutes may find different members; the same members and seed always give the same bundle. The folds of the figures
differ from those of the search, but the customers are the same, so the figures flatter a little, as after any search;
measure the model on the bank's customers of the next quarter.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone

from service.core.errors import InvalidInput
from service.core.progress import Progress
from training.arrays import Floats
from training.bundles.champion import champion_of
from training.data import sufficiency
from training.data.bank import Bank, open_bank
from training.data.training_sample import read_sample
from training.data.warehouse import files_read
from training.models.blend import LARGEST_BLEND, blend, blend_score
from training.models.family import MEMBERS, training_set_of
from training.models.propensity import PropensityModel
from training.models.training_set import BoosterSpec, TrainingSet
from training.train import TrainReport, train

SEARCH_SHARE = 0.55
"""The share of the minutes for the search; the rest trains the chosen members, which takes its time."""
LOOKS = (100, 200)
"""Rounds after which a trial is looked at and may be given up."""
FIRST_NUMBER = 1_000
"""Seeds of trials start here, apart from those of the model's own members."""


@dataclass(frozen=True)
class Search:
    """One family's search: what it learns from, where its study stands, and when it ends (``time.monotonic``)."""

    family: str
    training_set: TrainingSet
    storage: Any
    base: PropensityModel
    scores: Path
    seed: int
    ends_at: float
    most_trials: int | None


def tune(  # noqa: PLR0913, PLR0917 (what the command line takes)
    bank: Path | Bank,
    files: Path,
    minutes: float = 15.0,
    study: Path = Path("study.db"),
    seed: int = 7,
    artifacts: Path = Path("model_artifacts"),
    progress: Progress | None = None,
    champion: str | None = None,
    most_trials: int | None = None,
    base: PropensityModel | None = None,
) -> tuple[TrainReport, dict[str, list[dict[str, Any]]]]:
    """Search, then train the bundle; return its report and each family's chosen members.

    ``most_trials`` per family ends the search early and, on a new study, makes it the same every time. ``base`` has
    the parameters that no trial asks for: folds, rounds, patience.

    Raises:
        InvalidInput: when ``train`` would raise it, before the search begins; when Optuna is not installed, or the
            study belongs to other files.
    """
    begun, base = time.monotonic(), base or PropensityModel()
    champion_of(artifacts, champion)
    described = open_bank(bank)
    sample, _ = read_sample(described, Path(files))
    sufficiency.require_enough(sample, described)
    storage, scores = _opened(Path(study), files_read(described, Path(files)))
    ends_at = begun + 60 * minutes * SEARCH_SHARE
    searches = [
        Search(family, training_set_of(sample, family), storage, base, scores, seed, ends_at, most_trials)
        for family in described.families
    ]
    recipes = _searched(searches, _report_search(begun, ends_at, progress))
    models = {family: clone(base).set_params(members=chosen) for family, chosen in recipes.items()}
    report = train(bank, files, seed, artifacts, _second(progress), champion, models)
    return report, {
        family: [_asked_of(spec) | {"own": dict(spec.own)} for spec in chosen] for family, chosen in recipes.items()
    }


def _searched(searches: Sequence[Search], clock: Callable[[], None]) -> dict[str, list[BoosterSpec]]:
    with ThreadPoolExecutor() as pool:  # one core a family: LightGBM leaves Python free while it works
        tasks = {one.family: pool.submit(_search, one, clock) for one in searches}
        return {family: task.result() for family, task in tasks.items()}


def _search(search: Search, clock: Callable[[], None]) -> list[BoosterSpec]:
    """Run trials until the time is up; return the members of the best blend of all the study's trials."""
    optuna = _optuna()
    study = optuna.create_study(
        study_name=search.family,
        storage=search.storage,
        direction="maximize",
        load_if_exists=True,
        sampler=optuna.samplers.TPESampler(seed=search.seed, n_startup_trials=8, multivariate=True),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=LOOKS[0] - 1),
    )
    if not study.trials:
        for leaves, new_buyer_weight in MEMBERS[search.family]:
            study.enqueue_trial(_plain(BoosterSpec(leaves, new_buyer_weight)))

    def stop(study: Any, _: Any) -> None:
        clock()
        if time.monotonic() >= search.ends_at:
            study.stop()

    study.optimize(lambda trial: _trial(search, trial, clock), n_trials=search.most_trials, callbacks=[stop])
    done = [one for one in study.trials if one.value is not None and _kept(search, one.number).is_file()]
    done = sorted(done, key=lambda one: -one.value)[: 5 * LARGEST_BLEND]
    places = blend(search.training_set, [np.load(_kept(search, one.number)) for one in done])
    return [_spec(done[place].params) for place in places]


def _trial(search: Search, trial: Any, clock: Callable[[], None]) -> float:
    """The blend score of one member; its out-of-fold scores are stored for the blend."""
    training_set, model = search.training_set, clone(search.base).set_params(random_state=search.seed)
    spec = _spec(_asked(trial))
    number = FIRST_NUMBER + trial.number

    def watch(done: int, scores: Callable[[], Floats]) -> None:
        clock()
        if done in LOOKS:
            trial.report(blend_score(training_set.taken, scores(), training_set.held), done)
            if trial.should_prune():
                raise _optuna().TrialPruned

    _, oof_scores = model.trainer().cross_fit(spec, number, training_set, watch)
    search.scores.mkdir(parents=True, exist_ok=True)
    np.save(_kept(search, trial.number), oof_scores)
    return blend_score(training_set.taken, oof_scores, training_set.held)


def _asked(trial: Any) -> dict[str, Any]:
    """The search space, asked in LightGBM's words."""
    return {
        "num_leaves": trial.suggest_int("num_leaves", 8, 64, log=True),
        "emphasis": trial.suggest_categorical("emphasis", [1.0, 2.0, 4.0]),
        "learning_rate": trial.suggest_categorical("learning_rate", [0.03, 0.05]),
        "min_data_in_leaf": trial.suggest_int("min_data_in_leaf", 20, 200, log=True),
        "feature_fraction": trial.suggest_float("feature_fraction", 0.2, 0.8),
        "bagging_fraction": trial.suggest_float("bagging_fraction", 0.5, 1.0),
        "lambda_l2": trial.suggest_float("lambda_l2", 1.0, 100.0, log=True),
        "path_smooth": trial.suggest_categorical("path_smooth", [0.0, 5.0, 20.0]),
        "extra_trees": trial.suggest_categorical("extra_trees", [False, True]),
    }


def _spec(asked: Mapping[str, Any]) -> BoosterSpec:
    """The specification of a trial's parameters; the study's file names the weight of new buyers ``emphasis``."""
    own = tuple((name, value) for name, value in asked.items() if name not in ("num_leaves", "emphasis"))
    return BoosterSpec(asked["num_leaves"], asked["emphasis"], own)


def _asked_of(spec: BoosterSpec) -> dict[str, Any]:
    return {"num_leaves": spec.num_leaves, "emphasis": spec.new_buyer_weight}


def _plain(spec: BoosterSpec) -> dict[str, Any]:
    """A default member in the words of the search space."""
    parameters = PropensityModel().get_params()
    shared = ("learning_rate", "min_data_in_leaf", "feature_fraction", "bagging_fraction", "lambda_l2")
    plain = {name: parameters[name] for name in shared} | {"path_smooth": 0.0, "extra_trees": False}
    return _asked_of(spec) | plain


def _kept(search: Search, number: int) -> Path:
    return search.scores / f"{search.family}-{number}.npy"


def _opened(study: Path, sources: Mapping[str, str]) -> tuple[Any, Path]:
    """The study's storage and the folder of its scores.

    Raises:
        InvalidInput: when the study was begun on other files or other SQL, or Optuna is not installed.
    """
    study.parent.mkdir(parents=True, exist_ok=True)
    scores = study.with_name(f"{study.name}.scores")
    scores.mkdir(exist_ok=True)
    mark = scores / "files.sha256"
    name = sha256(repr(sorted(sources.items())).encode()).hexdigest()
    if mark.is_file() and mark.read_text() != name:
        raise InvalidInput(f"{study}: was begun on other files or other SQL; give --study another name")
    mark.write_text(name)
    return _optuna().storages.RDBStorage(f"sqlite:///{study}"), scores


def _report_search(begun: float, ends_at: float, progress: Progress | None) -> Callable[[], None]:
    """Seconds of the search as (done, of) of the whole."""
    of = round((ends_at - begun) / SEARCH_SHARE) or 1

    def clock() -> None:
        if progress:
            progress(min(round(time.monotonic() - begun), round(SEARCH_SHARE * of)), of)

    return clock


def _second(progress: Progress | None) -> Progress | None:
    """What training tells, as the part of the bar after the search."""
    if progress is None:
        return None
    return lambda done, of: progress(round(1000 * (SEARCH_SHARE + (1 - SEARCH_SHARE) * done / of)), 1000)


def _optuna() -> Any:
    """Optuna, quiet; never imported by what serves."""
    try:
        import optuna
    except ImportError as error:
        raise InvalidInput("tuning needs Optuna; install it with: pip install 'fourcast[tuning]'") from error
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
