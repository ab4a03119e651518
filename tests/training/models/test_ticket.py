"""How much a buyer brings: right on average in every tenth, the same everywhere, and better than a formula."""

from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from service.core.errors import InvalidInput
from service.rules.policy import DEFAULT, load
from service.scoring.models import open_bundle
from tests.training.quick_model import QUICK
from training.models.ticket import TicketModel, fit_ticket, formula_tickets, measure, table_of
from training.synthetic import write
from training.train import train


@parametrize_with_checks([TicketModel(rounds=5, folds=2)])
def test_it_is_an_estimator_like_any_other(estimator, check):
    check(estimator)


def buyers(count: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Log-normal amounts whose spread differs: half of the buyers are three times as hard to tell."""
    chance = np.random.default_rng(seed)
    rows = chance.normal(0, 1, (count, 4))
    spread = np.where(rows[:, 1] > 0, 1.2, 0.4)
    return rows, np.exp(9.0 + 0.8 * rows[:, 0] + chance.normal(0, 1, count) * spread)


def test_estimates_are_right_on_average_in_every_tenth_of_unseen_buyers():
    rows, yuan = buyers(8_000)
    fitted = TicketModel().fit(rows, yuan)
    unseen = measure(yuan, fitted.oof_yuan_)
    fresh, brought = buyers(8_000, seed=2)
    elsewhere = measure(brought, fitted.predict(fresh))
    assert abs(unseen["whole"]) < 0.03
    assert unseen["tenths"] < 0.1
    assert elsewhere["tenths"] < 0.15
    naive = measure(brought, np.expm1(fitted.booster_.predict(fresh)))
    assert naive["whole"] < -0.2  # exp of a mean log is a median
    assert elsewhere["absolute_log"] < measure(brought, np.full(8_000, yuan.mean()))["absolute_log"]


def test_the_same_seed_gives_the_same_bytes_and_a_clone_learns_the_same():
    rows, yuan = buyers(600)
    one, again = TicketModel(rounds=30).fit(rows, yuan), clone(TicketModel(rounds=30)).fit(rows, yuan)
    assert one.booster_.model_to_string() == again.booster_.model_to_string()
    assert one.calibration_ == again.calibration_


def test_the_table_is_the_mean_of_its_block_by_hand():
    logs, yuan = np.repeat([8.0, 9.0], 100), np.repeat([3_000.0, 9_000.0], 100)
    assert table_of(logs, yuan).apply(np.array([7.0, 8.5, 12.0])).tolist() == [3_000.0, 6_000.0, 9_000.0]


@pytest.mark.parametrize("amounts", [[0.0, 1.0], [-5.0, 1.0]])
def test_amounts_that_nobody_brought_are_refused(amounts):
    with pytest.raises(ValueError, match="above zero"):
        TicketModel().fit(np.zeros((2, 1)), amounts)


def test_the_figures_of_a_model_stand_beside_the_formulas():
    rows, yuan = buyers(1_000)
    entry = fit_ticket(rows, yuan, ["a", "b", "c", "d"], {}, 7, np.full(1_000, 5_000.0), TicketModel(rounds=30))
    assert entry.metrics["formula"]["absolute_yuan"] == pytest.approx(np.abs(yuan - 5_000).mean())
    assert entry.metrics["buyers"] == 1_000


def test_the_policys_formula_is_weighed_over_its_offers():
    policy = load(DEFAULT)
    people = pa.table({"demand_yuan": [2_000_000.0, None]})
    rich, unknown = formula_tickets(policy, "wealth", people, 1_790_913_600_000)
    least = {offer.id: max(10_000.0, offer.terms.get("minimum_yuan") or 0.0) for offer in policy.offers}
    assert unknown == pytest.approx(
        sum(offer.share * least[offer.id] for offer in policy.offers if offer.family == "wealth")
    )
    assert 500_000 < rich < 700_000


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A synthetic bank whose outcomes say what was brought: a tenth of the balance, more or less."""
    bank, files = write(tmp_path_factory.mktemp("tickets"), 3_000, seed=2, today=date(2026, 1, 31))
    outcomes, chance = pq.read_table(files / "outcomes.parquet"), np.random.default_rng(5)
    ready = 1_000 + 0.1 * pq.read_table(files / "customers.parquet")["deposit_total_yuan"].to_numpy()
    amounts = ready * np.exp(chance.normal(0, 0.5, len(ready)))
    bought = outcomes["bought_deposit"].to_numpy(zero_copy_only=False)
    pq.write_table(
        outcomes.append_column("amount_deposit", pa.array(amounts, mask=~bought)), files / "outcomes.parquet"
    )
    return bank, files


def test_a_bundle_from_files_carries_the_ticket_and_serves_it(synthetic: tuple[Path, Path], tmp_path: Path):
    bundle = open_bundle(tmp_path / train(*synthetic, artifacts=tmp_path, model=QUICK).version)
    metrics = bundle.manifest["tickets"]["deposit"]["metrics"]
    assert metrics["absolute_log"] < metrics["formula"]["absolute_log"]
    assert metrics["tenths"] < metrics["formula"]["tenths"]
    poor, rich = (
        bundle.score_one({"deposit_total_yuan": total, "demand_yuan": total})["ticket:deposit"]
        for total in (5_000, 3e6)
    )
    assert poor < rich / 5


def test_an_amount_below_zero_is_named_by_row_and_customer(synthetic: tuple[Path, Path], tmp_path: Path):
    bank = tmp_path / "bank"
    bank.mkdir()
    for path in synthetic[0].iterdir():
        (bank / path.name).write_text(path.read_text())
    (bank / "outcomes.sql").write_text(
        "SELECT * REPLACE (-amount_deposit AS amount_deposit) FROM read_parquet(file('outcomes.parquet'))"
    )
    with pytest.raises(
        InvalidInput, match=r"customer 's\d+', amount_deposit: must be an amount of 0 yuan or more, got '-"
    ):
        train(bank, synthetic[1], artifacts=tmp_path, model=QUICK)
