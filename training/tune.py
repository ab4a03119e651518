"""Recipes found by an Optuna study: many members tried on the folds, the best few blended, one model like the default.

Order: the sample (``training_sample``) -> per family a study in one SQLite file, its first trials the default recipes
-> each trial one member: its scores of unseen customers are kept beside the study, and a trial that falls behind the
median of the others at the same round is given up -> the best ``blend`` -> recipes for ``train.train``, which makes
folds anew, measures, writes the bundle and asks the gate.

A study goes on where it was left: same file, same bank files. Time decides how many trials there are, so two runs of 15
minutes may find different recipes; the same recipes and seed always give the same bundle. The folds of the figures
are others than those of the search, but the customers are the same, so the figures flatter a little, as after any
search; a bank's own customers of the next quarter are the judge.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import clone

from service.core.errors import InvalidInput
from training.bundles.champion import champion_of
from training.data import sufficiency
from training.data.bank import Bank, open_bank
from training.data.training_sample import read_sample
from training.data.warehouse import files_read
from training.models.blend import LARGEST_BLEND, blend, standing
from training.models.family import MEMBERS, lesson_of
from training.models.propensity import PropensityModel
from training.models.training_set import Lesson, Recipe
from training.train import TrainReport, train

Floats = npt.NDArray[np.float64]
Told = Callable[[int, int], None]

SEARCH_SHARE = 0.55
"""The share of the minutes for the search; the rest trains the chosen recipes, which nobody can hurry."""
LOOKS = (100, 200)
"""Rounds after which a trial is looked at and may be given up."""
FIRST_NUMBER = 1_000
"""Seeds of trials start here, apart from those of the model's own members."""


@dataclass(frozen=True)
class Search:
    """One family's search: what it learns from, where its study stands, and when it ends (``time.monotonic``)."""

    family: str
    lesson: Lesson
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
    progress: Told | None = None,
    champion: str | None = None,
    most_trials: int | None = None,
    base: PropensityModel | None = None,
) -> tuple[TrainReport, dict[str, list[dict[str, Any]]]]:
    """Search, then train the bundle; its report, and each family's recipes.

    ``most_trials`` per family ends the search early and, on a new study, makes it the same every time. ``base`` has
    the parameters that no trial asks for: folds, rounds, patience.

    Raises
    ------
    InvalidInput
        As ``train``, before the search begins; or Optuna is not installed; or the study belongs to other files.
    """
    begun, base = time.monotonic(), base or PropensityModel()
    champion_of(artifacts, champion)
    described = open_bank(bank)
    sample, _ = read_sample(described, Path(files))
    sufficiency.refuse(sample, described)
    storage, scores = _opened(Path(study), files_read(described, Path(files)))
    ends_at = begun + 60 * minutes * SEARCH_SHARE
    searches = [
        Search(family, lesson_of(sample, family), storage, base, scores, seed, ends_at, most_trials)
        for family in described.families
    ]
    recipes = _searched(searches, _clock(begun, ends_at, progress))
    models = {family: clone(base).set_params(members=chosen) for family, chosen in recipes.items()}
    report = train(bank, files, seed, artifacts, _second(progress), champion, models)
    return report, {
        family: [one._asdict() | {"own": dict(one.own)} for one in chosen] for family, chosen in recipes.items()
    }


def _searched(searches: Sequence[Search], clock: Callable[[], None]) -> dict[str, list[Recipe]]:
    with ThreadPoolExecutor() as pool:  # one core a family: LightGBM leaves Python free while it works
        tasks = {one.family: pool.submit(_search, one, clock) for one in searches}
        return {family: task.result() for family, task in tasks.items()}


def _search(search: Search, clock: Callable[[], None]) -> list[Recipe]:
    """Trials until the time is up, and the recipes of the best blend of all the study's trials."""
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
        for leaves, emphasis in MEMBERS[search.family]:
            study.enqueue_trial(_plain(leaves, emphasis))

    def stop(study: Any, _: Any) -> None:
        clock()
        if time.monotonic() >= search.ends_at:
            study.stop()

    study.optimize(lambda trial: _trial(search, trial, clock), n_trials=search.most_trials, callbacks=[stop])
    done = [one for one in study.trials if one.value is not None and _kept(search, one.number).is_file()]
    done = sorted(done, key=lambda one: -one.value)[: 5 * LARGEST_BLEND]
    places = blend(search.lesson, [np.load(_kept(search, one.number)) for one in done])
    return [_recipe(done[place].params) for place in places]


def _trial(search: Search, trial: Any, clock: Callable[[], None]) -> float:
    """The standing of one recipe among unseen customers; its scores are kept for the blend."""
    lesson, model = search.lesson, clone(search.base).set_params(random_state=search.seed)
    recipe = _recipe(_asked(trial))
    number = FIRST_NUMBER + trial.number

    def watch(done: int, scores: Callable[[], Floats]) -> None:
        clock()
        if done in LOOKS:
            trial.report(standing(lesson.taken, scores(), lesson.held), done)
            if trial.should_prune():
                raise _optuna().TrialPruned

    _, unseen = model.grower().unseen(recipe, number, lesson, watch)
    search.scores.mkdir(parents=True, exist_ok=True)
    np.save(_kept(search, trial.number), unseen)
    return standing(lesson.taken, unseen, lesson.held)


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


def _recipe(asked: Mapping[str, Any]) -> Recipe:
    own = tuple((name, value) for name, value in asked.items() if name not in Recipe._fields)
    return Recipe(asked["num_leaves"], asked["emphasis"], own)


def _plain(leaves: int, emphasis: float) -> dict[str, Any]:
    """A default recipe in the words of the search space."""
    parameters = PropensityModel().get_params()
    shared = ("learning_rate", "min_data_in_leaf", "feature_fraction", "bagging_fraction", "lambda_l2")
    plain = {name: parameters[name] for name in shared} | {"path_smooth": 0.0, "extra_trees": False}
    return {"num_leaves": leaves, "emphasis": emphasis} | plain


def _kept(search: Search, number: int) -> Path:
    return search.scores / f"{search.family}-{number}.npy"


def _opened(study: Path, sources: Mapping[str, str]) -> tuple[Any, Path]:
    """The study's storage and the folder of its scores; InvalidInput where it was begun on other files."""
    study.parent.mkdir(parents=True, exist_ok=True)
    scores = study.with_name(f"{study.name}.scores")
    scores.mkdir(exist_ok=True)
    mark = scores / "files.sha256"
    name = sha256(repr(sorted(sources.items())).encode()).hexdigest()
    if mark.is_file() and mark.read_text() != name:
        raise InvalidInput(f"{study}: was begun on other files or other SQL; give --study another name")
    mark.write_text(name)
    return _optuna().storages.RDBStorage(f"sqlite:///{study}"), scores


def _clock(begun: float, ends_at: float, progress: Told | None) -> Callable[[], None]:
    """Seconds of the search as (done, of) of the whole."""
    of = round((ends_at - begun) / SEARCH_SHARE) or 1

    def clock() -> None:
        if progress:
            progress(min(round(time.monotonic() - begun), round(SEARCH_SHARE * of)), of)

    return clock


def _second(progress: Told | None) -> Told | None:
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
