import csv
from datetime import date

import numpy as np
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from service.cli.main import main
from service.core.errors import InvalidInput
from service.scoring.models import open_bundle
from tests.training.quick_model import QUICK
from training.evaluation.metrics import auc, calibration_error
from training.models.family import recency
from training.score import Scored, score
from training.synthetic import write
from training.train import train


@pytest.fixture(scope="module")
def synthetic(tmp_path_factory):
    return write(tmp_path_factory.mktemp("synthetic"), 8_000, seed=1, today=date(2026, 1, 31))


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory):
    return tmp_path_factory.mktemp("artifacts")


@pytest.fixture(scope="module")
def report(synthetic, artifacts):
    return train(*synthetic, seed=3, artifacts=artifacts, model=QUICK)


@pytest.fixture(scope="module")
def scores(synthetic, artifacts, report):
    out = artifacts / "scores.parquet"
    assert score(*synthetic, artifacts / report.version, out) == Scored(8_000, [])
    return pq.read_table(out)


def test_the_bundle_passes_the_gate_and_opens(report, artifacts):
    assert report.gate.passes
    assert open_bundle(artifacts / report.version).families == ("deposit", "wealth")


def test_same_seed_and_files_give_the_same_bytes(report, synthetic, artifacts, tmp_path):
    again = train(*synthetic, seed=3, artifacts=tmp_path, model=QUICK)
    assert again.version == report.version
    for path in (artifacts / report.version).iterdir():
        assert (tmp_path / report.version / path.name).read_bytes() == path.read_bytes()


def test_scores_follow_the_truth_that_training_never_saw(scores, synthetic):
    truth = pq.read_table(synthetic[0].parent / "truth.parquet")
    for family in ("deposit", "wealth"):
        p = scores.filter(pyarrow.compute.equal(scores["family"], family))["propensity"].to_numpy()
        assert np.corrcoef(p, truth[family].to_numpy())[0, 1] > 0.8


def test_unseen_figures_are_near_what_the_truth_allows(report, synthetic):
    truth = pq.read_table(synthetic[0].parent / "truth.parquet")["deposit"].to_numpy()
    taken = pq.read_table(synthetic[1] / "outcomes.parquet")["bought_deposit"].to_numpy(zero_copy_only=False)
    best = auc(taken.astype(float), truth)
    assert best - 0.06 < report.metrics["deposit"]["auc"] < best + 0.01
    assert report.metrics["deposit"]["calibration_error"] < 0.02


def test_propensities_are_calibrated_against_the_truth(scores, synthetic):
    truth = pq.read_table(synthetic[0].parent / "truth.parquet")["wealth"].to_numpy()
    p = scores.filter(pyarrow.compute.equal(scores["family"], "wealth"))["propensity"].to_numpy()
    assert calibration_error(truth, p) < 0.015


def test_scoring_needs_no_outcomes(report, synthetic, artifacts, tmp_path):
    bank, files = tmp_path / "bank", tmp_path / "files"
    for folder in (bank, files):
        folder.mkdir()
    for name in ("bank.yaml", "customers.sql"):
        (bank / name).write_text((synthetic[0] / name).read_text())
    pq.write_table(pq.read_table(synthetic[1] / "customers.parquet").slice(0, 10), files / "customers.parquet")
    score(bank, files, open_bundle(artifacts / report.version), tmp_path / "scores.csv")
    rows = pyarrow.csv.read_csv(tmp_path / "scores.csv")
    assert rows.column_names == ["customer_id", "family", "propensity"]
    assert rows.num_rows == 20


BANK = """
name: T
as_of: 2026-03-31
timezone: Asia/Shanghai
split: customer
horizon_days: 90
families: [deposit]
"""
CUSTOMERS = """
SELECT id AS customer_id, CAST(demand AS DOUBLE) AS demand_yuan, region
FROM read_csv(file('accounts.csv'), types = {'id': 'VARCHAR'})
"""
ACCOUNTS = """id,demand,region
"=HYPERLINK(""http://x"")",1000,-5
+2,5,a;=1
厦门;@x,7,b
"""


@pytest.fixture
def formulas(tmp_path):
    """A bank whose ids and regions begin like formulas."""
    texts = {"bank/bank.yaml": BANK, "bank/customers.sql": CUSTOMERS, "files/accounts.csv": ACCOUNTS}
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path / "bank", tmp_path / "files"


def test_scores_in_csv_hold_no_cell_that_a_spreadsheet_would_run(formulas, artifacts, report, tmp_path):
    bundle, out = artifacts / report.version, tmp_path / "scores.csv"
    assert score(*formulas, bundle, out).customers == 3
    rows = list(csv.DictReader(out.open(encoding="utf-8", newline="")))
    assert {row["customer_id"] for row in rows} == {'\'=HYPERLINK("http://x")', "'+2", "厦门;'@x"}
    assert all(0.0 < float(row["propensity"]) < 1.0 for row in rows), "numbers stay numbers"
    score(*formulas, bundle, tmp_path / "scores.parquet")
    names = pq.read_table(tmp_path / "scores.parquet").column("customer_id").to_pylist()
    assert {*names} == {'=HYPERLINK("http://x")', "+2", "厦门;@x"}, "programs read Parquet, where nothing runs"


def test_a_csv_of_scores_begins_with_a_byte_order_mark_on_request(formulas, artifacts, report, tmp_path):
    bundle = artifacts / report.version
    score(*formulas, bundle, tmp_path / "plain.csv")
    score(*formulas, bundle, tmp_path / "marked.csv", bom=True)
    plain = (tmp_path / "plain.csv").read_bytes()
    assert plain[:3] != b"\xef\xbb\xbf"
    assert (tmp_path / "marked.csv").read_bytes() == b"\xef\xbb\xbf" + plain
    with pytest.raises(InvalidInput, match=r"only CSV has a byte order mark"):
        score(*formulas, bundle, tmp_path / "scores.parquet", bom=True)


def test_scoring_says_which_of_the_models_columns_the_files_lack(formulas, artifacts, report, tmp_path, monkeypatch):
    bundle = open_bundle(artifacts / report.version)
    lacks = score(*formulas, bundle, tmp_path / "scores.csv").lacks
    assert set(lacks) == set(bundle.attributes_read()) - {"demand_yuan", "region"}
    monkeypatch.setenv("FOURCAST_ARTIFACTS", str(artifacts))
    monkeypatch.setenv("FOURCAST_STATE_DIR", str(tmp_path / "state"))
    words = ["score", "--bank", formulas[0], "--files", formulas[1], "--bundle", report.version]
    result = CliRunner().invoke(main, [*map(str, words), "--out", str(tmp_path / "again.csv")])
    assert result.exit_code == 0, result.output
    assert f"{len(lacks)} columns that the models read: {', '.join(lacks)}" in result.output
    (formulas[0] / "customers.sql").write_text("SELECT 'a' AS customer_id")
    with pytest.raises(InvalidInput, match=r"customers\.sql returns nothing that b-"):
        score(*formulas, bundle, tmp_path / "scores.csv")


def test_scores_go_to_parquet_or_csv_only(synthetic, artifacts, report, tmp_path):
    with pytest.raises(InvalidInput, match=r"must end in \.parquet or \.csv"):
        score(*synthetic, artifacts / report.version, tmp_path / "scores.xlsx")


def test_progress_ends_at_the_end(synthetic, tmp_path):
    told = []
    train(*synthetic, artifacts=tmp_path, model=QUICK, progress=lambda done, of: told.append(done / of))
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_bank_that_splits_by_time_is_measured_on_its_last_fifth(synthetic, tmp_path):
    bank = tmp_path / "bank"
    bank.mkdir()
    text = (synthetic[0] / "bank.yaml").read_text().replace("split: customer", "split: time\nsplit_column: at")
    (bank / "bank.yaml").write_text(text.replace("[deposit, wealth]", "[deposit]"))
    (bank / "customers.sql").write_text((synthetic[0] / "customers.sql").read_text())
    outcomes = "SELECT *, row_number() OVER (ORDER BY customer_id) AS at FROM read_parquet(file('outcomes.parquet'))"
    (bank / "outcomes.sql").write_text(outcomes)
    metrics = train(bank, synthetic[1], artifacts=tmp_path, model=QUICK).metrics["deposit"]
    assert metrics["customers"] == 1_600
    assert metrics["cross_fitted"]["customers"] == 8_000


def test_what_is_an_eighth_of_the_customers_older_counts_half():
    weights = recency(np.array([7, 3, 1, 2, 8, 6, 5, 4]))
    assert weights[4] == 1.0
    assert weights[0] == pytest.approx(0.5)
    assert weights[2] == pytest.approx(0.5**7)


def test_customers_of_the_same_time_count_the_same():
    assert recency(np.array([1, 1, 2, 2])).tolist() == pytest.approx([0.5**4, 0.5**4, 1.0, 1.0])
