"""`fourcast drift | evaluate`: a bank drifts and the command says which feature; so do the store's own decisions."""

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from sklearn.metrics import brier_score_loss, roc_auc_score

from service.cli.main import main
from service.scoring.models import open_bundle
from training.data.bank import open_bank
from training.data.bank_tables import read_customers, read_outcomes
from training.models.propensity import PropensityModel
from training.synthetic import write
from training.train import train

Run = Callable[..., Result]
Bank = tuple[Path, Path]
QUICK = PropensityModel(rounds=40, patience=20, folds=3, members=((15, 1.0),), learning_rate=0.15)
TODAY = date(2026, 1, 31)


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Bank:
    return write(tmp_path_factory.mktemp("bank"), 4_000, seed=1, today=TODAY)


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("artifacts")


@pytest.fixture(scope="module")
def version(bank: Bank, artifacts: Path) -> str:
    return train(*bank, artifacts=artifacts, model=QUICK).version


@pytest.fixture
def run(artifacts: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("FOURCAST_ARTIFACTS", str(artifacts))
    return lambda *words: CliRunner().invoke(main, [str(word) for word in words])


def drift(run: Run, bank: Bank, version: str) -> tuple[int, dict[str, Any]]:
    result = run("drift", "--bank", bank[0], "--files", bank[1], "--bundle", version, "--json")
    assert result.exit_code in (0, 1), result.output
    return result.exit_code, json.loads(result.stdout)


def test_the_customers_it_learned_from_have_not_drifted(run: Run, bank: Bank, version: str) -> None:
    _, found = drift(run, bank, version)
    assert {one["psi"] for one in found["shifts"] if one["kind"] == "feature"} == {0.0}
    assert {one["verdict"] for one in found["shifts"] if one["kind"] == "feature"} == {"steady"}


def test_other_customers_of_the_same_bank_have_not_drifted(run: Run, version: str, tmp_path: Path) -> None:
    code, found = drift(run, write(tmp_path, 4_000, seed=2, today=TODAY), version)
    assert (code, found["drifted"]) == (0, [])


def test_when_money_moves_the_command_says_which_feature(run: Run, version: str, tmp_path: Path) -> None:
    bank, files = write(tmp_path, 4_000, seed=2, today=TODAY)
    people = pq.read_table(files / "customers.parquet")
    place = people.column_names.index("demand_yuan")
    people = people.set_column(place, "demand_yuan", pc.multiply(people["demand_yuan"], 5.0))
    pq.write_table(people, files / "customers.parquet")
    code, found = drift(run, (bank, files), version)
    assert code == 1
    assert "demand_yuan" in found["drifted"]
    assert "age" not in found["drifted"]
    told = run("drift", "--bank", bank, "--files", files, "--bundle", version).output
    assert told.splitlines()[-1].startswith("drifted: ")
    assert "demand_yuan" in told


def test_a_bundle_without_references_is_wrong_input_and_says_what_to_do(
    bank: Bank, bundle_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOURCAST_ARTIFACTS", str(bundle_folder.parent))
    words = ["drift", "--bank", bank[0], "--files", bank[1], "--bundle", bundle_folder.name]
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == 2
    assert f"{bundle_folder.name} keeps no reference to compare with; train it anew: fourcast train" in result.output


def test_evaluate_gives_the_figures_of_other_customers_by_hand(
    run: Run, version: str, artifacts: Path, tmp_path: Path
) -> None:
    other = write(tmp_path, 4_000, seed=2, today=TODAY)
    for name in ("customers", "outcomes"):
        sql = f"SELECT * REPLACE ('t' || customer_id AS customer_id) FROM read_parquet(file('{name}.parquet'))"
        (other[0] / f"{name}.sql").write_text(sql)
    result = run("evaluate", version, "--bank", other[0], "--files", other[1], "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert (told["bundle"], told["learned_from_them"], "warning" in told) == (version, False, False)
    customers = read_customers(*other)
    outcomes = read_outcomes(open_bank(other[0]), other[1], customers)
    scores = open_bundle(artifacts / version).score_many(customers.table)
    for family, bought in outcomes.bought.items():
        scored = scores[family][outcomes.rows]
        assert told[family]["auc"] == pytest.approx(roc_auc_score(bought, scored), abs=1e-6)
        assert told[family]["brier"] == pytest.approx(brier_score_loss(bought, scored), abs=1e-6)


def test_evaluate_warns_where_the_bundle_has_learned_from_these_very_files(run: Run, bank: Bank, version: str) -> None:
    result = run("evaluate", version, "--bank", bank[0], "--files", bank[1])
    assert result.exit_code == 0, result.output
    assert "learned from these very files: no test" in result.output
    assert run("evaluate", "b-000000000000", "--bank", bank[0], "--files", bank[1]).exit_code == 2


def evaluate(run: Run, bank: Bank, version: str) -> dict[str, Any]:
    result = run("evaluate", version, "--bank", bank[0], "--files", bank[1], "--json")
    assert result.exit_code == 0, result.output
    told: dict[str, Any] = json.loads(result.stdout)
    return told


def test_evaluate_on_the_next_month_tells_whom_of_its_customers_it_has_learned_from(
    run: Run, version: str, tmp_path: Path
) -> None:
    """5,000 customers in February, of whom the bundle learned from 4,000 in January: their outcomes overlap."""
    month = write(tmp_path / "month", 5_000, seed=1, today=date(2026, 2, 28))
    told = evaluate(run, month, version)
    assert told["learned_from_them"] is True
    assert told["learned_from"] == pytest.approx(4_000, abs=100)
    assert 400 < told["unseen"]["deposit"]["customers"] < 600
    assert "only the figures of the unseen are a test" in told["warning"]
    year = write(tmp_path / "year", 5_000, seed=1, today=date(2026, 5, 31))
    later = evaluate(run, year, version)
    assert (later["learned_from_them"], "warning" in later) == (False, False), "all outcomes are later"


@pytest.mark.parametrize(
    ("deposit", "wealth", "code", "said"),
    [
        ("0", "0", 2, "one outcome only, so there is nothing to measure"),
        ("1", "0", 2, "bought_deposit"),
        ("bought_deposit", "0", 0, "one outcome only: 0 of 4,000 took it, so no AUC"),
    ],
)
def test_evaluate_says_where_files_have_one_outcome_only(
    bank: Bank, bundle_folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path,
    deposit: str, wealth: str, code: int, said: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("FOURCAST_ARTIFACTS", str(bundle_folder.parent))
    one = Path(shutil.copytree(bank[0], tmp_path / "bank"))
    sql = (one / "outcomes.sql").read_text().strip().rstrip(";")
    (one / "outcomes.sql").write_text(
        f"SELECT * REPLACE ({deposit} AS bought_deposit, {wealth} AS bought_wealth) FROM ({sql})"
    )
    words = ["evaluate", bundle_folder.name, "--bank", one, "--files", bank[1]]
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert (result.exit_code, said in result.output) == (code, True), result.output


def test_evaluate_says_so_where_a_bundle_keeps_no_memory(
    bank: Bank, bundle_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOURCAST_ARTIFACTS", str(bundle_folder.parent))
    words = ["evaluate", bundle_folder.name, "--bank", bank[0], "--files", bank[1]]
    result = CliRunner().invoke(main, [str(word) for word in words])
    assert result.exit_code == 0, result.output
    assert "keeps no memory of whom it learned from: no test unless" in result.output


@pytest.mark.parametrize("words", [[], ["--from-store", "--bank", "."], ["--bank", "."]])
def test_it_needs_files_or_the_store_and_not_both(run: Run, words: list[str]) -> None:
    result = run("drift", *words)
    assert result.exit_code == 2
    assert "Name either --bank and --files, or --from-store." in result.output
