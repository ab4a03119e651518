"""Models of product kinds: who bought what, too few say so, over-sampling is undone, and the truth is found."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from service.cli.main import main
from service.core.errors import InvalidInput
from service.rules.policy import DEFAULT, load
from service.scoring.models import Bundle, open_bundle
from service.scoring.models.shap import contributions
from training.bundles.drift import drift_of
from training.data.bank_tables import Customers, Outcomes
from training.data.purchases import SCHEMA
from training.evaluation.metrics import calibration_error
from training.models.kinds import LEAST, bought_kinds, default_kind_model, lacking, true_rate_of
from training.models.propensity import PropensityModel
from training.report import document, page
from training.score import score
from training.synthetic import write
from training.train import TrainReport, train

QUICK = PropensityModel(rounds=40, patience=10, folds=3, members=((8, 1.0),), learning_rate=0.1, curve=1)
KINDS = ("fund", "large_cd", "structured", "term", "wealth_product")


def outcomes(purchases: list[tuple[str, str]] | None) -> tuple[Outcomes, Customers]:
    """Four customers, the second of whom has no outcome."""
    rows = [{"customer_id": who, "product": kind, "amount_yuan": None} for who, kind in purchases or []]
    table = None if purchases is None else pa.Table.from_pylist(rows, schema=SCHEMA)
    none = np.zeros(3)
    read = Outcomes(np.array([0, 2, 3]), {"deposit": none}, {"deposit": None}, purchases=table)
    return read, Customers(pa.table({"customer_id": ["a", "b", "c", "d"]}))


def test_each_kind_has_its_buyers_in_the_order_of_the_customers() -> None:
    found = bought_kinds(*outcomes([("a", "fund"), ("a", "term"), ("d", "term")]))
    assert {kind: taken.tolist() for kind, taken in found.items()} == {"term": [1, 0, 1], "fund": [1, 0, 0]}
    assert list(found) == ["term", "fund"], "in order of family and name"


def test_a_bank_that_does_not_say_what_was_bought_has_no_kinds() -> None:
    assert bought_kinds(*outcomes(None)) == {}


@pytest.mark.parametrize(("buyers", "others", "enough"), [(50, 50, True), (49, 5_000, False), (5_000, 49, False)])
def test_a_kind_needs_fifty_who_bought_and_fifty_who_did_not(buyers: int, others: int, enough: bool) -> None:
    why = lacking(np.repeat([1.0, 0.0], [buyers, others]))
    assert (why == "") is enough
    assert enough or why == f"{buyers:,} bought it and {others:,} did not, at least {LEAST} of each needed"


def test_a_rare_kind_has_the_smaller_trees() -> None:
    assert default_kind_model(200).members[0][0] < default_kind_model(5_000).members[0][0]


def test_where_takers_were_over_sampled_a_kind_regains_its_rate_by_the_same_odds() -> None:
    """A family at odds 1:1 in the files and 1:9 in truth: odds fall to a ninth, so 1:3 becomes 1:27."""
    assert true_rate_of(0.25, sampled=0.5, true=0.1) == pytest.approx(1 / 28)


# -- a synthetic bank --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write(tmp_path_factory.mktemp("bank"), 4_000, seed=1, today=date(2026, 1, 31))


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("artifacts")


@pytest.fixture(scope="module")
def report(bank: tuple[Path, Path], artifacts: Path) -> TrainReport:
    return train(*bank, seed=3, artifacts=artifacts, model=QUICK)


@pytest.fixture(scope="module")
def bundle(report: TrainReport, artifacts: Path) -> Bundle:
    return open_bundle(artifacts / report.version)


@pytest.fixture(scope="module")
def told(report: TrainReport, artifacts: Path) -> dict[str, Any]:
    return document(artifacts / report.version)


def test_every_kind_has_a_model_or_says_why_not(report: TrainReport, bundle: Bundle) -> None:
    fitted = {name.removeprefix("kind:") for name in bundle.kinds}
    assert fitted <= {*KINDS, "plan"}
    assert {"structured", "term", "wealth_product"} <= fitted
    assert set(report.kinds) == fitted | set(bundle.manifest["kind"]["refused"])
    assert report.kinds["plan"].startswith("no model: ")
    assert "bought it, AUC 0." in report.kinds["structured"]


def test_scores_of_kinds_follow_the_truth_and_are_calibrated(bundle: Bundle, bank: tuple[Path, Path]) -> None:
    truth = pq.read_table(bank[0].parent / "truth.parquet")
    scores = bundle.score_many(pq.read_table(bank[1] / "customers.parquet"))
    for kind in ("structured", "term", "wealth_product"):
        true = truth[f"kind_{kind}"].to_numpy()
        assert np.corrcoef(scores[f"kind:{kind}"], true)[0, 1] > 0.6
        assert calibration_error(true, scores[f"kind:{kind}"]) < 0.02


def test_kinds_are_held_against_their_family(bundle: Bundle) -> None:
    for one in bundle.manifest["kind"]["families"].values():
        coherence = one["coherence"]
        assert coherence["above_bought"] == 0.0, "here who buys a kind takes the family"
        assert coherence["sum_of_kinds"] == pytest.approx(coherence["family"], abs=0.01)


def test_the_scores_of_kinds_say_more_of_the_kind_than_past_shares(bundle: Bundle) -> None:
    choice = bundle.manifest["kind"]["families"]["deposit"]["choice"]
    assert choice["shares"]["low"] > 0.0
    assert bundle.manifest["kind"]["hits"]["hit"]["1"]["low"] > 0.0


def test_shap_speaks_of_kinds_as_of_families(bundle: Bundle) -> None:
    attributes = {"age": 50, "demand_yuan": 80_000.0, "structured_deposit_yuan": 100_000.0}
    found = contributions(bundle, attributes)
    assert set(found) == {*bundle.families, *bundle.kinds}
    live = bundle.score_one(attributes)
    for name, one in found.items():
        assert one["additive"]
        assert one["propensity"] == live[name]


def test_the_shelf_of_that_time_is_in_the_manifest(bundle: Bundle) -> None:
    policy = load(DEFAULT)
    offer = policy.offers[0]
    assert set(bundle.manifest["shelf"]) == {one.id for one in policy.offers}
    shelved = {"family": offer.family, "product": offer.terms["product"], "popularity": offer.popularity}
    assert bundle.manifest["shelf"][offer.id] == {**shelved, "terms": dict(offer.terms)}
    assert bundle.manifest["shelf_policy"] == policy.hash


def test_drift_compares_the_scores_of_kinds_and_what_was_bought(bundle: Bundle, bank: tuple[Path, Path]) -> None:
    found = drift_of(bundle, *bank)
    assert set(bundle.kinds) <= {one.name for one in found.shifts if one.kind == "score"}
    assert set(bundle.kinds) <= {one.family for one in found.calibration}


def test_the_report_and_the_card_say_what_is_known_of_kinds(told: dict[str, Any], bundle: Bundle) -> None:
    assert set(told["kinds"]["models"]) == {name.removeprefix("kind:") for name in bundle.kinds}
    low, high = told["kinds"]["models"]["term"]["auc_interval"]
    assert low < told["kinds"]["models"]["term"]["metrics"]["auc"] < high
    assert any(line.startswith("Product kind plan: ") for line in told["left_out"])
    purpose = next(row["lines"] for row in told["card"] if row["name"] == "Purpose")
    assert "kind term: the chance that a customer buys the kind" in purpose
    assert '<section id="kinds">' in page(told)


def test_scores_of_kinds_go_to_a_file_by_the_command_line(
    bank: tuple[Path, Path], bundle: Bundle, artifacts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOURCAST_ARTIFACTS", str(artifacts))
    monkeypatch.setenv("FOURCAST_STATE_DIR", str(tmp_path / "state"))
    out = tmp_path / "kinds.parquet"
    words = ["score", "--bank", bank[0], "--files", bank[1], "--bundle", bundle.version, "--kinds", "--out", out]
    result = CliRunner().invoke(main, [*map(str, words), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.output)["customers"] == 4_000
    rows = pq.read_table(out)
    assert rows.column_names == ["customer_id", "kind", "propensity"]
    assert rows.num_rows == 4_000 * len(bundle.kinds)
    scores = bundle.score_many(pq.read_table(bank[1] / "customers.parquet"))
    mine = rows.filter(pa.compute.equal(rows["kind"], "term"))
    assert mine["propensity"].to_numpy().tobytes() == scores["kind:term"].tobytes()


def test_a_bundle_without_kinds_says_where_they_come_from(
    bank: tuple[Path, Path], bundle_folder: Path, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match=r"has no model of a product kind; .* bought_product"):
        score(*bank, bundle_folder, tmp_path / "kinds.csv", kinds=True)
