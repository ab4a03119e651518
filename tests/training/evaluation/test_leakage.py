"""The canary: what knows the future is caught, what is honest is not; the gate refuses, and a name lets it pass."""

from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.leakage import mapped, with_duration, with_label
from service.analysis.model_gate import MOST_CLOSED, judge_challenger, list_suspects
from service.core.attributes import parse_table
from service.core.errors import GateRefused, InvalidInput
from tests.shared import shared
from training.bundles.diagnostics import KNOWN, TAKEN, leakage_of
from training.bundles.portrait_parts import columns_of
from training.data.bank import open_bank
from training.data.training_sample import read_sample
from training.evaluation.leakage import Matrix, examine, sources
from training.synthetic import write

TABLE = parse_table(
    {
        "attributes": [{"name": name, "kind": "number", "meaning": name} for name in ("age", "means", "told", "again")],
        "features": [{"name": "told_twice", "kind": "number", "expression": "2 * customer.told"}],
    }
)


def people(seed: int = 3, size: int = 4000) -> tuple[dict[str, Any], Any]:
    """Columns and outcomes: age and means move the outcome, ``told`` is written down after it."""
    chance = np.random.default_rng(seed)
    age, means = chance.normal(0, 1, size), chance.normal(0, 1, size)
    taken = (chance.random(size) < 1 / (1 + np.exp(2 - 0.8 * age - 0.8 * means))).astype(float)
    told = np.where(taken > 0, chance.exponential(5, size), chance.exponential(1, size))
    return {"age": age, "means": means, "told": told}, taken


def found(columns: dict[str, Any], taken: Any) -> dict[tuple[str, ...], bool]:
    matrix = Matrix(np.column_stack(list(columns.values())), list(columns), ())
    return {one.attributes: one.suspect for one in examine(matrix, taken, TABLE)}


# -- small, made for the purpose ---------------------------------------------------------------------------------------


def test_honest_attributes_are_left_in_peace_and_one_written_afterwards_is_caught() -> None:
    columns, taken = people()
    assert found(columns, taken) == {("told",): True, ("age",): False, ("means",): False}
    del columns["told"]
    assert set(found(columns, taken).values()) == {False}


def test_a_leak_that_stands_twice_is_caught_with_its_copy() -> None:
    columns, taken = people()
    assert found({**columns, "again": np.round(columns["told"], 6)}, taken)["told", "again"]


def test_a_leak_is_caught_through_the_features_made_of_it() -> None:
    columns, taken = people()
    columns["told_twice"] = 2 * columns.pop("told")
    assert found(columns, taken)["told",]


def test_a_leak_by_what_is_missing_is_caught() -> None:
    columns, taken = people()
    columns["told"] = np.where(taken > 0, 1.0, np.nan)
    assert found(columns, taken)["told",]


def test_noise_is_no_leak_however_few_the_customers() -> None:
    for seed in range(5):
        columns, taken = people(seed, 400)
        columns["told"] = np.random.default_rng(seed).normal(0, 1, 400)
        assert not any(found(columns, taken).values())


def test_too_few_outcomes_tell_nothing() -> None:
    columns, taken = people()
    assert found(columns, np.zeros(len(taken))) == {}


def test_the_same_customers_give_the_same_findings() -> None:
    columns, taken = people()
    matrix = Matrix(np.column_stack(list(columns.values())), list(columns), ())
    assert examine(matrix, taken, TABLE) == examine(matrix, taken, TABLE)


def test_a_feature_is_made_of_raw_attributes() -> None:
    assert sources(TABLE)["told_twice"] == {"told"}


# -- the gate ----------------------------------------------------------------------------------------------------------


def metrics(allowed: list[str]) -> dict[str, Any]:
    finding = {"question": TAKEN, "attributes": ["told"], "closes": 0.7, "suspect": True}
    return {"auc": 0.95, "calibration_error": 0.01, "leakage": {"findings": [finding], "allowed": allowed}}


def test_the_gate_refuses_and_names_the_attribute() -> None:
    verdict = judge_challenger({"deposit": metrics([])}, None)
    assert verdict.lines[0] == (
        f"no   deposit: knows the future: told (who takes it: 0.70) of the unknown closed alone (at most {MOST_CLOSED})"
    )
    with pytest.raises(GateRefused, match="told"):
        verdict.or_refuse()


def test_what_is_allowed_by_name_passes_and_is_said() -> None:
    verdict = judge_challenger({"deposit": metrics(["told"])}, None)
    assert verdict.passes
    assert "told allowed by name" in verdict.lines[0]
    assert list_suspects(metrics(["age"])["leakage"])


# -- the example banks -------------------------------------------------------------------------------------------------


def leakage(bank: Path, files: Path) -> dict[str, dict[str, Any]]:
    sample, customers = read_sample(open_bank(bank), files)
    return leakage_of(sample, len(customers), columns_of(customers, sample.table), [], seed=7)


def accused(leakages: dict[str, dict[str, Any]]) -> set[tuple[str, str]]:
    return {
        (name, one["question"])
        for leak in leakages.values()
        for one in list_suspects(leak)
        for name in one["attributes"]
    }


def test_no_attribute_of_the_synthetic_bank_is_accused(tmp_path: Path) -> None:
    assert accused(leakage(*write(tmp_path, 6_000, 1, date(2026, 1, 31)))) == set()


def test_the_duration_of_a_call_is_caught_and_the_honest_mapping_is_not(tmp_path: Path) -> None:
    files = shared("uci-bank-additional")
    assert accused(leakage(Path("examples/uci"), files)) == set()
    assert accused(leakage(mapped("uci", tmp_path, with_duration), files)) == {("logins_30d", TAKEN)}


def test_the_label_of_the_next_quarter_is_caught_and_the_honest_mapping_is_not(tmp_path: Path) -> None:
    files = shared("xiamen-bank")
    assert accused(leakage(Path("examples/xiamen"), files)) == set()
    assert accused(leakage(mapped("xiamen", tmp_path, with_label), files)) == {("campaign_contacts", KNOWN)}


def test_only_an_attribute_can_be_allowed(tmp_path: Path) -> None:
    from training.train import train

    with pytest.raises(InvalidInput, match="nonsense: is no attribute"):
        train(*write(tmp_path, 1_000, 1, date(2026, 1, 31)), artifacts=tmp_path, allow_leak=("nonsense",))
