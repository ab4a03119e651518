"""A challenger beside the champion: only customers from whom neither has learned tell which of them knows more."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sklearn.metrics import roc_auc_score

from service.analysis.model_gate import compare_manifests
from service.scoring.models.bundle import Bundle
from tests.training.small_bank import keep_deposits
from training.bundles import champion as comparing
from training.bundles.champion import Champion, champion_of, compare_with_champion
from training.bundles.learned_from import LearnedFrom
from training.data.bank import Bank, open_bank
from training.data.bank_tables import Customers
from training.data.training_sample import Sample, read_sample
from training.models.family import fit_family
from training.models.propensity import PropensityModel
from training.models.trained import TrainedFamily
from training.synthetic import write
from training.train import train

QUICK = PropensityModel(rounds=40, patience=10, folds=3, members=((20, 1.0),), learning_rate=0.2)
Folders = tuple[Path, Path]
Compared = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    bank, files = write(tmp_path_factory.mktemp("bank"), 2_000, seed=1, today=date(2026, 1, 31))
    keep_deposits(bank)
    return bank, files


@pytest.fixture(scope="module")
def artifacts(folders: Folders, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("artifacts")


@pytest.fixture(scope="module")
def version(folders: Folders, artifacts: Path) -> str:
    return train(*folders, seed=3, artifacts=artifacts, model=QUICK).version


@pytest.fixture(scope="module")
def champion(version: str, artifacts: Path) -> Champion:
    found = champion_of(artifacts, version)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def learned(folders: Folders) -> tuple[Bank, Sample, Customers, TrainedFamily]:
    """The challenger: the same recipe, on the same customers."""
    bank = open_bank(folders[0])
    sample, customers = read_sample(bank, folders[1])
    unfitted = QUICK.set_params(random_state=3)
    return bank, sample, customers, fit_family(unfitted, sample, bank, "deposit", lambda _: None)


@pytest.fixture
def beside(learned: tuple[Bank, Sample, Customers, TrainedFamily]) -> Compared:
    """The challenger beside a champion; ``days`` after the champion's bank day."""

    def found(champion: Champion, days: int = 0, customers: Customers | None = None) -> dict[str, Any]:
        bank, sample, everybody, trained = learned
        later = replace(bank, as_of=bank.as_of + timedelta(days=days))
        told = compare_with_champion(
            champion, {"deposit": trained}, sample, customers or everybody, later, seed=3, step=lambda _: None
        )
        assert told["champion"] == champion.bundle.version
        row: dict[str, Any] = told["families"]["deposit"]
        return row

    return found


def altered(
    champion: Champion, learned_from: LearnedFrom | None, without: tuple[str, ...] = (), **more: Any
) -> Champion:
    """The champion as another training would have left it."""
    bundle = champion.bundle
    entry = {name: part for name, part in bundle.manifest["families"]["deposit"].items() if name not in without}
    manifest = {name: part for name, part in bundle.manifest.items() if name not in without}
    return Champion(
        Bundle({**manifest, "families": {"deposit": entry}, **more}, bundle.model_groups, bundle.program), learned_from
    )


def test_a_bundle_remembers_every_customer_it_has_learned_from_and_until_when(
    champion: Champion, learned: tuple[Bank, Sample, Customers, TrainedFamily]
) -> None:
    assert champion.learned_from is not None
    assert champion.learned_from.may_know(learned[2].ids).all()
    assert champion.until == date(2026, 1, 31) + timedelta(days=92)


def test_a_champion_that_knows_these_customers_is_fitted_anew_by_its_recipe(
    champion: Champion, beside: Compared
) -> None:
    for days in (0, 31):  # the same files, and one more month
        row = beside(champion, days)
        assert (row["by"], row["gain"], row["low"], row["high"]) == ("recipe", 0.0, 0.0, 0.0)


def test_outcomes_later_than_all_it_learned_from_are_new_to_it(
    champion: Champion, beside: Compared, learned: tuple[Bank, Sample, Customers, TrainedFamily]
) -> None:
    row = beside(champion, 92)
    _, sample, customers, trained = learned
    taken, unseen = sample.outcomes.bought["deposit"], trained.out_of_fold
    assert unseen is not None
    assert (row["by"], row["customers"]) == ("later", 2_000)
    theirs = roc_auc_score(taken, champion.bundle.score_many(customers.table)["deposit"])
    assert row["auc_champion"] == pytest.approx(theirs)
    assert row["gain"] == pytest.approx(roc_auc_score(taken, unseen.scores) - theirs)
    assert row["low"] < row["gain"] < row["high"]


def test_customers_it_has_certainly_not_learned_from_decide_where_they_are_enough(
    champion: Champion, beside: Compared, monkeypatch: pytest.MonkeyPatch
) -> None:
    strangers = altered(champion, LearnedFrom.by_customers([f"t{n}" for n in range(100)], date(2026, 5, 3), "others"))
    assert beside(strangers)["by"] == "recipe", "some 1,000 customers tell too little"
    monkeypatch.setattr(comparing, "WIDEST", 1.0)
    row = beside(strangers)
    assert row["by"] == "others"
    assert 800 < row["customers"] < 1_200
    assert beside(champion)["by"] == "recipe", "nobody is new to it"


@pytest.mark.parametrize(
    ("without", "more", "told"),
    [
        (("recipe",), {}, "the champion keeps no memory that could tell here whom it has learned from, nor a recipe"),
        ((), {"experience": {}}, "the champion has learned from events"),
        ((), {"horizon_days": 30}, "the champion looks ahead 30 days, the challenger 92"),
    ],
)
def test_what_cannot_be_compared_is_not(
    champion: Champion, beside: Compared, without: tuple[str, ...], more: dict[str, Any], told: str
) -> None:
    row = beside(altered(champion, None, without, **more))
    assert row["by"] is None
    assert told in row["why"]


@pytest.mark.parametrize(
    "other",
    [
        {"grow_policy": "depthwise"},
        {"members": [[20, 1.0]]},
        {"members": "tall"},
        {"members": [[20, 1.0, ["max_depth"]]]},
        {"learning_rate": "fast"},
        {"rounds": None},
    ],
)
def test_a_recipe_of_another_version_is_not_known_here(
    champion: Champion, beside: Compared, other: dict[str, Any]
) -> None:
    recipe = champion.bundle.manifest["families"]["deposit"]["recipe"]
    assert comparing.unfitted_of(recipe) is not None and comparing.unfitted_of({**recipe, **other}) is None
    assert comparing.unfitted_of({"members": recipe["members"]}) is not None, "the rest is as usual"
    assert comparing.unfitted_of({"rounds": 40}) is None


def test_a_champion_without_memory_is_still_compared_on_later_outcomes(champion: Champion, beside: Compared) -> None:
    assert beside(altered(champion, None, ("recipe",)), 92)["by"] == "later"
    assert beside(altered(champion, None, ("recipe", "about")), 92)["by"] is None


def test_a_champion_whose_columns_the_files_lack_is_not_starved_of_them(
    champion: Champion, beside: Compared, learned: tuple[Bank, Sample, Customers, TrainedFamily]
) -> None:
    row = beside(champion, 92, Customers(learned[2].table.drop_columns(["demand_yuan"])))
    assert row == {"by": None, "why": "the files lack columns that the champion reads: demand_yuan"}


def test_an_honest_retrain_with_a_comment_in_its_sql_passes_and_keeps_what_was_compared(
    folders: Folders, artifacts: Path, version: str, champion: Champion
) -> None:
    sql = folders[0] / "customers.sql"
    sql.write_text(f"-- as of the end of the month\n{sql.read_text()}")
    report = train(*folders, seed=3, artifacts=artifacts, model=QUICK, champion=version)
    assert report.gate.passes, report.gate.lines
    assert any(f"deposit: AUC +0.0000 [+0.0000, +0.0000] against {version}" in line for line in report.gate.lines)
    challenger = champion_of(artifacts, report.version)
    assert challenger is not None
    mine, theirs = challenger.bundle.manifest, champion.bundle.manifest
    assert mine["sources"] == theirs["sources"], "a comment is no change"
    assert compare_manifests(mine, theirs) == mine["compared"]
    assert mine["compared"]["families"]["deposit"]["by"] == "recipe"


def test_two_manifests_alone_tell_of_a_comparison_only_what_was_measured() -> None:
    def manifest(name: str, auc: float, source: str = "a") -> dict[str, Any]:
        families = {"deposit": {"metrics": {"auc": auc}}}
        return {"version": name, "sources": {"customers.sql": source}, "families": families}

    champion = manifest("b-1", 0.80)
    same = compare_manifests(manifest("b-2", 0.81), champion)
    assert same is not None
    assert same["families"]["deposit"] == {
        "by": "files", "auc": 0.81, "auc_champion": 0.80, "gain": pytest.approx(0.01)
    }  # fmt: skip
    other = compare_manifests(manifest("b-3", 0.81, "b"), champion)
    assert other is not None
    assert "fourcast train --champion b-1" in other["families"]["deposit"]["why"]
    assert compare_manifests(manifest("b-2", 0.81), None) is None
