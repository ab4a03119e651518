"""`fourcast policy-value --log`: any bank's log, CSV or Parquet, good or bad; and how often its intervals hold."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from benchmarks.policy_value import DESIGNS, covered, drawn
from service.cli.main import main

COLUMNS = ("--action", "action", "--reward", "reward", "--propensity", "p")


@pytest.fixture(scope="module")
def log():
    """A log of the softmax design, with the new policy's probability of every action."""
    make, rows, spread = DESIGNS["softmax"]
    rng = np.random.default_rng(5)
    return drawn(make(rng, rows), spread, rng)


@pytest.fixture
def frame(log):
    return pd.DataFrame(
        {
            "action": np.array(log.actions)[log.action],
            "reward": log.reward,
            "p": log.propensity,
            "new": log.new,
            **{f"x{place}": log.features[:, place] for place in range(log.features.shape[1])},
        }
    )


@pytest.fixture
def table(log):
    return pd.DataFrame(log.probabilities, columns=list(log.actions))


def run(*words):
    return CliRunner().invoke(main, ["policy-value", *map(str, words)])


def value(*words):
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def problems(*words):
    result = run(*words)
    assert result.exit_code == 2, result.output
    return [line.strip() for line in result.stderr.splitlines()]


def test_csv_and_parquet_column_and_table_give_the_same_estimates(frame, table, tmp_path):
    frame.to_csv(tmp_path / "log.csv", index=False)
    frame.to_parquet(tmp_path / "log.parquet")
    table.to_csv(tmp_path / "new.csv", index=False)
    found = [
        value("--log", tmp_path / "log.csv", *COLUMNS, "--new-propensity", "new"),
        value("--log", tmp_path / "log.parquet", *COLUMNS, "--new-propensity", "new"),
        value("--log", tmp_path / "log.parquet", *COLUMNS, "--new-probabilities", tmp_path / "new.csv"),
    ]
    weights = frame["new"] / frame["p"]
    for one in found:
        assert one["ips"]["value"] == pytest.approx((weights * frame["reward"]).mean(), abs=1e-9)
        assert one["snips"]["value"] == pytest.approx((weights * frame["reward"]).sum() / weights.sum(), abs=1e-9)
        assert one["effective_sample_size"] == pytest.approx(weights.sum() ** 2 / (weights**2).sum(), abs=1e-9)
        assert one["dr"] is None
        assert one["verdict"] in {"better", "worse", "cannot tell", "not supported by the log"}


def test_features_add_the_doubly_robust_estimate(frame, table, tmp_path):
    frame["kind"] = np.where(frame["x0"] > 0, "old", "new")
    frame.loc[3, "x1"] = None
    frame.to_parquet(tmp_path / "log.parquet")
    table.to_parquet(tmp_path / "new.parquet")
    words = ("--log", tmp_path / "log.parquet", *COLUMNS, "--features", "x0,x1,x2,x3,kind")
    whole = value(*words, "--new-probabilities", tmp_path / "new.parquet")
    alone = value(*words, "--new-propensity", "new")
    for found in (whole, alone):
        assert found["dr"]["low"] < found["dr"]["value"] < found["dr"]["high"]
        assert found["by"] == "dr"
        assert abs(found["dr"]["value"] - found["snips"]["value"]) < 0.05


def test_the_report_in_words_names_its_verdict(frame, tmp_path):
    frame.to_csv(tmp_path / "log.csv", index=False)
    told = run("--log", tmp_path / "log.csv", *COLUMNS, "--new-propensity", "p").stdout
    assert "verdict                cannot tell" in told
    assert "effective sample size  400.0" in told


def test_an_action_that_the_log_never_shows_is_named(frame, table, tmp_path):
    table = table * 0.7
    table["gold"] = 0.3
    frame.to_csv(tmp_path / "log.csv", index=False)
    table.to_csv(tmp_path / "new.csv", index=False)
    found = value("--log", tmp_path / "log.csv", *COLUMNS, "--new-probabilities", tmp_path / "new.csv")
    assert found["verdict"] == "not supported by the log"
    assert found["support"]["unsupported_actions"] == ["gold"]
    assert found["support"]["unsupported_share"] == pytest.approx(0.3)


def test_every_fault_of_a_log_is_told_by_row_and_column(frame, tmp_path):
    frame = frame.astype(object)
    for row, column, wrong in [(0, "p", 0.0), (1, "p", 1.2), (2, "reward", "n/a"), (4, "new", -0.1), (5, "action", "")]:
        frame.loc[row, column] = wrong
    frame.loc[6, "p"] = None
    frame.loc[7, "x0"] = float("inf")
    frame.to_csv(tmp_path / "log.csv", index=False)
    told = problems("--log", tmp_path / "log.csv", *COLUMNS, "--new-propensity", "new", "--features", "x0")
    assert told[1:] == [
        "row 6, column action: must be the name of an action, got nothing",
        "row 3, column reward: must be a finite number, got 'n/a'",
        "row 1, column p: must be a probability above 0, at most 1, got '0.0'",
        "row 2, column p: must be a probability above 0, at most 1, got '1.2'",
        "row 7, column p: must be a probability above 0, at most 1, got nothing",
        "row 5, column new: must be a probability from 0 to 1, got '-0.1'",
        "row 8, column x0: must be finite, or nothing where it is unknown, got 'inf'",
    ]


def test_every_fault_of_a_table_of_probabilities_is_told(frame, table, tmp_path):
    table = table.rename(columns={"a0": "b0"}).iloc[:399]
    table.loc[0, "a1"] += 0.1
    table.loc[1, "a2"] = float("nan")
    frame.to_parquet(tmp_path / "log.parquet")
    table.to_parquet(tmp_path / "new.parquet", index=False)
    told = problems("--log", tmp_path / "log.parquet", *COLUMNS, "--new-probabilities", tmp_path / "new.parquet")
    row = int(np.flatnonzero(frame["action"] == "a0")[0]) + 1
    assert told[1:] == [
        "new probabilities: must have a row for each of the 400 of the log, got 399",
        "row 2, column a2: must be a probability from 0 to 1, got nothing",
        "row 1, new probabilities: must add up to 1, got 1.1",
        f'row {row}, column action: must be one of b0, a1, a2, a3, a4; the table has no "a0"',
    ]


TINY = "a,r,p,q\nx,1,1e-200,1\n" + "y,0,0.5,0.5\n" * 20
DESCRIBED = ("--action", "a", "--reward", "r", "--propensity", "p", "--new-propensity", "q")


def test_a_tiny_propensity_is_told_as_not_supported_by_the_log(tmp_path):
    (tmp_path / "log.csv").write_text(TINY)
    found = value("--log", tmp_path / "log.csv", *DESCRIBED)
    assert (found["effective_sample_size"], found["verdict"]) == (1.0, "not supported by the log")
    assert all(np.isfinite(list(found[name].values())).all() for name in ("logged", "ips", "snips", "difference"))
    told = run("--log", tmp_path / "log.csv", *DESCRIBED)
    assert (told.exit_code, max(map(len, told.stdout.splitlines())) < 100) == (0, True)


def test_a_tiny_propensity_does_not_stop_the_reward_model(frame, tmp_path):
    frame.loc[0, ["p", "new"]] = 1e-200, 1.0
    frame.to_csv(tmp_path / "log.csv", index=False)
    found = value("--log", tmp_path / "log.csv", *COLUMNS, "--new-propensity", "new", "--features", "x0,x1")
    assert found["verdict"] == "not supported by the log"
    assert np.isfinite(list(found["dr"].values())).all()


@pytest.mark.parametrize(
    ("column", "written", "said"),
    [
        ("r", "1_000", "row 1, column r: must be a finite number, got '1_000'"),
        ("r", "１２", "row 1, column r: must be a finite number, got '１２'"),
        ("r", "1e308", "row 1, column r: must be at most 1e+15 either way, got '1e308'"),
        ("r", "-1e308", "row 1, column r: must be at most 1e+15 either way, got '-1e308'"),
        ("r", "1e309", "row 1, column r: must be a finite number, got '1e309'"),
        ("p", "0_1", "row 1, column p: must be a probability above 0, at most 1, got '0_1'"),
        ("p", "０.５", "row 1, column p: must be a probability above 0, at most 1, got '０.５'"),
        ("p", "-0.5", "row 1, column p: must be a probability above 0, at most 1, got '-0.5'"),
        ("p", "0", "row 1, column p: must be a probability above 0, at most 1, got '0'"),
        ("p", "1e-308", "row 1, column p: must be 1e-200 or more, else its weight is beyond all numbers, got '1e-308'"),
        ("q", "1_0", "row 1, column q: must be a probability from 0 to 1, got '1_0'"),
        ("f", "1_000", "row 1, column f: must be a number in plain digits, or a word, got '1_000'"),
    ],
)
def test_a_number_that_is_none_or_beyond_all_use_is_refused_by_row(tmp_path, column, written, said):
    row = {"a": "x", "r": "1", "p": "0.5", "q": "0.5", "f": "3"} | {column: written}
    (tmp_path / "log.csv").write_text("a,r,p,q,f\n" + ",".join(row.values()) + "\n" + "y,0,0.5,0.5,4\n" * 20)
    assert problems("--log", tmp_path / "log.csv", *DESCRIBED, "--features", "f")[1:] == [said]


def test_faults_beyond_twenty_are_counted(frame, tmp_path):
    frame.assign(p=0.0).to_csv(tmp_path / "log.csv", index=False)
    told = problems("--log", tmp_path / "log.csv", *COLUMNS, "--new-propensity", "new")
    assert told[-1] == "column p: and 380 more rows like these"
    assert len(told) == 22


def test_missing_columns_are_all_named_at_once(frame, tmp_path):
    frame.to_csv(tmp_path / "log.csv", index=False)
    told = problems("--log", tmp_path / "log.csv", "--action", "act", "--reward", "gain", "--propensity", "p",
                    "--new-propensity", "new")  # fmt: skip
    assert [line.split(":")[0] for line in told[1:]] == ["column act", "column gain"]
    assert "the file has action, reward, p, new, x0, x1, x2, x3" in told[1]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("log.csv", "", "cannot be read as csv: Empty CSV file"),
        ("log.csv", "action,reward,p,new\n", "must be at least one"),
        ("log.csv", "action,action,p,new\n1,2,3,4\n", "stands in the file twice"),
        ("log.xlsx", "x", "must be a .csv, .csv.gz or .parquet file"),
        ("log.parquet", "x", "cannot be read as parquet"),
    ],
)
def test_a_file_that_is_no_log_is_refused_in_a_sentence(tmp_path, name, content, said):
    (tmp_path / name).write_text(content)
    assert said in "\n".join(problems("--log", tmp_path / name, *COLUMNS, "--new-propensity", "new"))


def test_a_log_that_is_not_described_names_what_lacks(tmp_path):
    told = "\n".join(problems("--log", tmp_path / "log.csv"))
    assert all(name in told for name in ("--action", "--reward", "--propensity"))
    assert "cannot be read" in "\n".join(problems("--log", tmp_path / "no.csv", *COLUMNS, "--new-propensity", "new"))


@pytest.mark.parametrize("design", list(DESIGNS))
def test_intervals_hold_the_truth_of_simulated_logs(design):
    """IPS and SNIPS over 300 logs; `python -m benchmarks.policy_value` runs 500 with the reward model."""
    found = covered(design, 300, features=False)
    for name in ("ips", "snips"):
        assert 0.92 <= found[name]["covered"] <= 0.985, found
        assert abs(found[name]["bias"]) < 0.03


@pytest.mark.parametrize(("design", "logs"), [("uniform", 100), ("softmax", 100)])
def test_doubly_robust_intervals_hold_the_truth_too(design: str, logs: int):
    """A hundred logs tell gross failures only; `python -m benchmarks.policy_value` tells it to a per cent."""
    found = covered(design, logs)["dr"]
    assert 0.88 <= found["covered"] <= 0.995, found
    assert abs(found["bias"]) < 0.08, found


def test_a_reward_model_makes_the_interval_narrower_where_rewards_follow_the_features():
    found = covered("uniform", 20)
    assert found["dr"]["width"] < 0.85 * found["ips"]["width"]
