"""What no model can learn from is wrong input (exit code 2), told by `check-files` and `train` in the same words."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from service.cli.main import main
from tests.training.small_bank import small_bank
from training.data.bank import open_bank
from training.data.bank_tables import Outcomes, default_table
from training.data.sufficiency import by_time, faults
from training.data.training_sample import Sample

CUSTOMERS = "SELECT 'c' || i AS customer_id, {age} AS age, {demand} AS demand_yuan FROM range({count}) AS t(i)"
OUTCOMES = "SELECT 'c' || i AS customer_id, {took} AS bought_deposit FROM range({count}) AS t(i)"


def made(
    root: Path, count: int, took: str, age: str = "i % 60 + 18", demand: str = "i * 7 % 1000"
) -> tuple[Path, Path]:
    return small_bank(
        root,
        customers=CUSTOMERS.format(age=age, demand=demand, count=count),
        outcomes=OUTCOMES.format(took=took, count=count),
    )


@pytest.mark.parametrize(
    ("count", "took", "columns", "told"),
    [
        (500, "0", {}, "who did not among the customers of customers.sql, holds 0 and 500"),
        (30, "i % 3 = 0", {}, "who did not among the customers of customers.sql, holds 10 and 20"),
        (500, "i = 7", {}, "who did not among the customers of customers.sql, holds 1 and 499"),
        (500, "i % 3 = 0", {"age": "40", "demand": "5"}, "nothing tells the customers with an outcome apart"),
        (500, "i % 3 = 0", {"age": "NULL", "demand": "NULL"}, "nothing tells the customers with an outcome apart"),
    ],
    ids=["one outcome", "thirty rows", "a single taker", "constant columns", "unknown columns"],
)
def test_what_cannot_be_learned_from_ends_check_and_train_alike(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    count: int,
    took: str,
    columns: dict[str, str],
    told: str,
) -> None:
    bank, files = made(tmp_path, count, took, **columns)
    monkeypatch.setenv("FOURCAST_ARTIFACTS", str(tmp_path / "artifacts"))
    monkeypatch.setenv("FOURCAST_STATE_DIR", str(tmp_path / "state"))
    for verb in ("check-files", "train"):
        result = CliRunner().invoke(main, [verb, "--bank", str(bank), "--files", str(files)])
        assert (verb, result.exit_code) == (verb, 2), result.output
        assert told in result.output
    assert not (tmp_path / "artifacts").exists(), "nothing was written"


def sample(took: list[float], times: list[int] | None = None) -> Sample:
    taken = np.array(took)
    outcomes = Outcomes(
        np.arange(len(taken)), {"deposit": taken}, {"deposit": None}, None if times is None else np.array(times)
    )
    return Sample(np.zeros((len(taken), 1)), ["age"], {}, default_table(), outcomes)


def test_twenty_of_each_outcome_are_enough_and_nineteen_are_not(tmp_path: Path) -> None:
    bank = open_bank(made(tmp_path, 1, "0")[0])
    assert list(faults(sample([1.0] * 20 + [0.0] * 20), bank)) == []
    (one,) = faults(sample([1.0] * 19 + [0.0] * 51), bank)
    assert str(one).endswith("holds 19 and 51")


def test_a_bank_that_splits_by_time_needs_both_outcomes_before_and_after(tmp_path: Path) -> None:
    bank = open_bank(made(tmp_path, 1, "0")[0])
    took = [1.0, 0.0] * 100 + [0.0] * 50
    assert [str(one) for one in faults(sample(took, list(range(250))), bank)] == [
        "bought_deposit: must hold at least 10 who took an offer and 10 who did not among the last fifth in time, "
        "holds 0 and 50"
    ]


@pytest.mark.parametrize(("times", "late"), [([5, 1, 2, 3, 4], [0]), ([1, 2, 2, 2, 2], [1, 2, 3, 4])])
def test_the_last_fifth_in_time_takes_in_whoever_came_as_late(times: list[int], late: list[int]) -> None:
    assert by_time(np.array(times))[1].tolist() == late


Told = Callable[[Path, Path], str]


def told_by_check(bank: Path, files: Path) -> str:
    result = CliRunner().invoke(main, ["check-files", "--bank", str(bank), "--files", str(files)])
    assert result.exit_code == 2
    return result.output


def test_one_bad_cell_is_told_by_row_customer_and_value_and_no_innocent_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOURCAST_STATE_DIR", str(tmp_path / "state"))
    ages = [70, 71, 72, 73, 74, "forty", 76]
    bank, files = small_bank(tmp_path, customers="SELECT id AS customer_id, age FROM read_csv(file('a.csv'))")
    (files / "a.csv").write_text("id,age\n" + "".join(f"c{place},{age}\n" for place, age in enumerate(ages)))
    told = told_by_check(bank, files)
    assert "row 6, customer 'c5', age: must be a number 0 to 120 (years), got 'forty'" in told
    assert "'70'" not in told
    assert told.count(" row ") == 1


def test_a_column_of_another_kind_is_told_by_row_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOURCAST_STATE_DIR", str(tmp_path / "state"))
    bank, files = small_bank(tmp_path, customers="SELECT 'a' AS customer_id, true AS age")
    assert "row 1, customer 'a', age: must be a number 0 to 120 (years), got 'True'" in told_by_check(bank, files)


def test_many_bad_cells_end_in_their_different_values_with_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOURCAST_STATE_DIR", str(tmp_path / "state"))
    bank, files = small_bank(tmp_path, customers="SELECT id AS customer_id, age FROM read_csv(file('a.csv'))")
    bad = ["n/a"] * 30 + ["forty"] * 5 + [f"x{place:02}" for place in range(12)]
    (files / "a.csv").write_text("id,age\n" + "".join(f"c{place},{age}\n" for place, age in enumerate([40, *bad])))
    told = told_by_check(bank, files)
    assert told.count("customer 'c") == 20
    assert "and 27 more rows like these; in all 'n/a' 30 times, 'forty' 5 times, " in told
    assert told.rstrip().endswith("4 other values")
