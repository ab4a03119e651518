"""A challenger compared with the champion, on customers that neither has learned from: the gate decides by it.

    later    the bank's day is past all that the champion learned from: every outcome is new to it
    others customers that are certainly not in the champion's filter (``learned_from``)
    recipe   the champion's recipe, fitted to the same customers anew and cross-fitted just as the challenger is
    files    both measured on the very same files, each on unseen customers, but not side by side

The challenger's scores are always out of fold. The first three are paired: the difference of the AUCs has an interval
(DeLong). ``later`` comes first, then ``others`` where they are enough customers, then ``recipe``. Where none is
possible, the document says why.
"""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from service.analysis.model_gate import not_compared
from service.scoring.models import Bundle
from service.scoring.models.folders import folder_of, verify
from training.arrays import Flags, Floats
from training.bundles.learned_from import LearnedFrom
from training.bundles.registry import read_learned_from
from training.data.bank import Bank
from training.data.bank_tables import Customers
from training.data.training_sample import Sample
from training.evaluation.metrics import auc, gain_standard_error
from training.models.family import fit_family
from training.models.propensity import PropensityModel
from training.models.trained import OutOfFold, TrainedFamily
from training.models.training_set import BoosterSpec

LATER, OTHERS, RECIPE = "later", "others", "recipe"
Z = 1.959963984540054
WIDEST = 0.01
"""Half the interval of the AUC difference beyond which the customers are too few."""

Document = dict[str, Any]


@dataclass(frozen=True)
class Champion:
    """The bundle that serves, and its filter of customers; None where it has none that this version reads."""

    bundle: Bundle
    learned_from: LearnedFrom | None

    @property
    def until(self) -> date | None:
        """The day at whose end its outcomes were counted; None where that is not stored."""
        return until_of(self.bundle.manifest, self.learned_from)


def champion_of(artifacts: Path, version: str | None) -> Champion | None:
    """Open the bundle to compare with; None without a version.

    Raises: InvalidInput, BundleError: there is no such bundle, or it is damaged.
    """
    if version is None:
        return None
    bundle = verify(Path(artifacts), version)
    return Champion(bundle, read_learned_from(folder_of(Path(artifacts), version), bundle.manifest))


def until_of(manifest: Mapping[str, Any], learned_from: LearnedFrom | None) -> date | None:
    """The filter's day; without a filter the bank's day plus the horizon, as the manifest states them."""
    day = manifest.get("about", {}).get("as_of")
    if learned_from is not None or day is None:
        return None if learned_from is None else learned_from.until
    return date.fromisoformat(day) + timedelta(days=manifest["horizon_days"])


def compare_with_champion(
    champion: Champion,
    trained: Mapping[str, TrainedFamily],
    sample: Sample,
    customers: Customers,
    bank: Bank,
    seed: int,
    step: Callable[[int], None],
) -> Document:
    """``{"champion": version, "families": {family: figures, or why there are none}}``: the manifest's ``compared``."""
    known = customers.table.take(pa.array(sample.outcomes.rows))
    comparison = ChampionComparison(champion, known, sample, bank, seed, step)
    families = champion.bundle.families
    with ThreadPoolExecutor() as pool:
        tasks = {family: pool.submit(comparison.compare_family, family, trained.get(family)) for family in families}
        return {"champion": champion.bundle.version, "families": {one: task.result() for one, task in tasks.items()}}


@dataclass(frozen=True)
class ChampionComparison:
    """The champion, and the customers ``known`` with an outcome, on which it is compared."""

    champion: Champion
    known: pa.Table
    sample: Sample
    bank: Bank
    seed: int
    step: Callable[[int], None]

    def compare_family(self, family: str, challenger: TrainedFamily | None) -> Document:
        """One family: figures side by side, or ``{"by": None, "why": ...}``."""
        if challenger is None or challenger.out_of_fold is None:
            return not_compared("the challenger does not score it")
        if (why := self._unlike(family)) is not None:
            return not_compared(why)
        found = self._as_it_serves(family, challenger.out_of_fold)
        if found is not None and (found["by"] == LATER or found["high"] - found["low"] <= 2 * WIDEST):
            return found
        return self._by_recipe(family, challenger.out_of_fold) or found or not_compared(self._why_none())

    def _unlike(self, family: str) -> str | None:
        """Why the champion cannot be measured on these files; None where it can."""
        manifest = self.champion.bundle.manifest
        if "experience" in manifest:
            return "the champion has learned from events, another outcome than the files'"
        if manifest["horizon_days"] != self.bank.horizon_days:
            days = f"{manifest['horizon_days']} days, the challenger {self.bank.horizon_days}"
            return f"the champion looks ahead {days}"
        lacking = [name for name in self.champion.bundle.attributes_read(family) if name not in self.known.column_names]
        return f"the files lack columns that the champion reads: {', '.join(lacking)}" if lacking else None

    def _as_it_serves(self, family: str, out_of_fold: OutOfFold) -> Document | None:
        """Compare by the champion's own scores of customers that are new to it; None where they are too few."""
        by, new = self._new(out_of_fold)
        if not _can_tell(out_of_fold.taken[new]):
            return None
        scores = self.champion.bundle.score_many(self.known.take(pa.array(out_of_fold.rows[new])))[family]
        return _paired(by, out_of_fold.taken[new], out_of_fold.scores[new], scores)

    def _new(self, out_of_fold: OutOfFold) -> tuple[str, Flags]:
        """Which customers are certainly new to the champion, and why."""
        until, learned_from = self.champion.until, self.champion.learned_from
        if until is not None and self.bank.as_of >= until:
            return LATER, np.ones(len(out_of_fold.rows), dtype=bool)
        if learned_from is None:
            return OTHERS, np.zeros(len(out_of_fold.rows), dtype=bool)
        ids = self.known.column("customer_id").take(pa.array(out_of_fold.rows)).to_pylist()
        return OTHERS, ~learned_from.may_know(ids)

    def _by_recipe(self, family: str, out_of_fold: OutOfFold) -> Document | None:
        """Compare by the champion's recipe and columns, cross-fitted as the challenger; None without a recipe."""
        entry = self.champion.bundle.manifest["families"][family]
        recipe = unfitted_of(entry.get("recipe"))
        if recipe is None:
            return None
        program = self.champion.bundle.program
        columns: dict[str, Any] = dict(program.table.encode_frame(self.known))
        program.derive_many(columns)
        names = list(entry["features"])
        categories = program.categories(names, columns)
        sample = replace(
            self.sample, rows=program.matrix(names, categories, columns), names=names, categories=categories
        )
        fitted = fit_family(recipe.set_params(random_state=self.seed), sample, self.bank, family, self.step)
        assert fitted.out_of_fold is not None
        return _paired(RECIPE, out_of_fold.taken, out_of_fold.scores, fitted.out_of_fold.scores)

    def _why_none(self) -> str:
        if self.champion.learned_from is None:
            return "the champion keeps no memory that could tell here whom it has learned from, nor a recipe"
        return "the champion has learned from nearly all of these customers, and its recipe is not known here"


def unfitted_of(recipe: Mapping[str, Any] | None) -> PropensityModel | None:
    """The unfitted model that a manifest's ``recipe`` describes.

    None without one, or where another version wrote it in another form.
    """
    if recipe is None or not set(recipe) <= set(PropensityModel().get_params()) or not _is_written_here(recipe):
        return None
    members = [(leaves, emphasis, tuple(map(tuple, own))) for leaves, emphasis, own in recipe["members"]]
    return PropensityModel(**{**recipe, "members": members})


def _is_written_here(recipe: Mapping[str, Any]) -> bool:
    """Whether every member is what ``BoosterSpec`` takes, and all else a figure."""
    members, figures = recipe.get("members"), (value for name, value in recipe.items() if name != "members")
    return isinstance(members, list) and all(map(_is_member, members)) and all(map(_is_figure, figures))


def _is_member(told: object) -> bool:
    """A row of leaves, emphasis, and pairs of a setting and its value."""
    if not (isinstance(told, list) and len(told) == len(BoosterSpec._fields) and all(map(_is_figure, told[:2]))):
        return False
    return isinstance(told[2], list) and all(isinstance(pair, list) and len(pair) == 2 for pair in told[2])


def _is_figure(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _can_tell(taken: Floats) -> bool:
    """Two of each outcome, without which a difference has no standard error."""
    return bool(min(taken.sum(), len(taken) - taken.sum()) >= 2)


def _paired(by: str, taken: Floats, mine: Floats, theirs: Floats) -> Document:
    """Both AUCs, and their difference with its interval of 95 %."""
    one, other = auc(taken, mine), auc(taken, theirs)
    spread = Z * gain_standard_error(taken, mine, theirs)
    counts = {"customers": len(taken), "taken": int(taken.sum())}
    gain = one - other
    return {
        "by": by, **counts, "auc": one, "auc_champion": other, "gain": gain, "low": gain - spread, "high": gain + spread
    }  # fmt: skip
