"""A policy held against what the customers of a synthetic bank bought."""

from datetime import date
from pathlib import Path

import numpy as np
import orjson
import pytest
from click.testing import CliRunner

from service.cli.main import main
from service.core.domain import Context, Release
from service.core.errors import InvalidInput
from service.decision import decide_many, population_of
from service.rules.policy import DEFAULT, load
from tests.shared import shared
from training.data.bank import open_bank
from training.report.backtest import Crowd, backtest, page, read_crowd
from training.report.backtest.judged import judge_buyers, whole_method
from training.report.backtest.scores import simple_answers
from training.synthetic import write

TODAY = date(2026, 1, 31)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> tuple[Path, Path]:
    return write(tmp_path_factory.mktemp("bank"), 600, 5, TODAY)


@pytest.fixture(scope="module")
def crowd(files) -> Crowd:
    return read_crowd(open_bank(files[0]), files[1], supplement=True)


@pytest.fixture(scope="module")
def found(crowd) -> dict:
    return backtest(load(DEFAULT), crowd, scores={"deposit": np.full(600, 0.1)})


def test_the_order_as_served_is_that_of_the_decision(crowd):
    policy = whole_method(load(DEFAULT))
    judged = judge_buyers(policy, crowd, {})
    buyers = [one for one, bought in zip(crowd.snapshots, crowd.buyers, strict=True) if bought]
    context = Context(crowd.now, limit=len(policy.offers))
    decided = decide_many(policy, population_of(policy, buyers), context, {}, Release(1, policy.hash, None))
    order = judged.order["served"]
    ranked = np.where(np.sort(-order, axis=1) < 0, np.argsort(-order, axis=1, kind="stable"), -1)
    assert ranked.tolist() == decided.offer.tolist()


def test_whoever_is_lawful_bought_something_that_the_law_leaves_open(crowd, found):
    assert 0 < found["lawful_buyers"] <= found["buyers"] == int(crowd.buyers.sum())
    assert sum(found["purchases"].values()) == int(crowd.bought.sum())
    assert not any(row["beyond_law"] > row["purchases"] for row in found["closed_by"])
    assert all(row["beyond_law"] == 0 for row in found["closed_by"] if row["law"])


def test_more_offers_never_hit_less_and_kinds_never_less_than_offers(found):
    for one in (*found["orders"].values(), *found["baselines"].values()):
        for what in ("hit", "hit_kinds", "raw"):
            shares = [one[what][place]["value"] for place in ("1", "2", "3")]
            assert shares == sorted(shares)
        assert one["hit_kinds"]["3"]["value"] >= one["hit"]["3"]["value"]


def test_the_rivals_stand_beside_the_policy_with_paired_intervals(found):
    assert set(found["baselines"]) == set(found["paired"]) == {"shares", "models", "rules", "priors"}
    gain = found["paired"]["shares"]["reciprocal_rank"]
    both = (found["reciprocal_rank"]["value"], found["baselines"]["shares"]["reciprocal_rank"]["value"])
    assert gain["value"] == pytest.approx(both[0] - both[1])
    assert gain["low"] <= gain["value"] <= gain["high"]


def test_simple_answers_have_not_seen_the_customer(crowd):
    shares = simple_answers(crowd, 7)["shares"]
    assert len({tuple(row) for row in shares.tolist()}) == 5
    assert shares.mean(axis=0).tolist() == pytest.approx(crowd.bought.mean(axis=0).tolist())


def test_the_page_needs_no_network_and_is_the_same_for_the_same_document(found):
    told = page(found)
    assert told == page(found)
    assert "<svg" in told
    assert "http" not in told.replace("http-equiv", "")


def test_a_bank_that_does_not_say_what_was_bought_is_told_so(tmp_path):
    bank, files = write(tmp_path, 300, 5, TODAY)
    outcomes = bank / "outcomes.sql"
    outcomes.write_text(f"SELECT customer_id, bought_deposit, bought_wealth FROM ({outcomes.read_text()}) GROUP BY ALL")
    with pytest.raises(InvalidInput, match="must return bought_product"):
        read_crowd(open_bank(bank), files)


def test_the_command_prints_every_way_and_writes_the_page(files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FOURCAST_STATE_DIR", str(tmp_path / "state"))
    bank, folder = map(str, files)
    out = tmp_path / "backtest.html"
    asked = ["backtest", "--bank", bank, "--files", folder, "--sample", "200", "--order", "take-up", "--out", str(out)]
    result = CliRunner().invoke(main, asked, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    plain = CliRunner().invoke(main, [*asked[:-2], "--json"], catch_exceptions=False)
    assert set(orjson.loads(plain.stdout)["by"]["family"]) == {"deposit", "wealth"}
    for word in ("served", "take-up", "shares", "models", "rules", "priors", "closed by"):
        assert word in result.output
    assert out.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_the_real_bank_in_short(monkeypatch):
    files = shared("xiamen-bank")
    bank = Path(__file__).resolve().parents[4] / "examples" / "xiamen"
    crowd = read_crowd(open_bank(bank), files, supplement=True, most=1_000)
    judged = judge_buyers(load(DEFAULT), crowd, {})
    assert crowd.kinds == ("large_cd", "structured", "term", "fund", "plan", "wealth_product")[: len(crowd.kinds)]
    assert judged.lawful[:, crowd.kinds.index("large_cd")].all()
    assert not (judged.open & ~judged.lawful).any()
