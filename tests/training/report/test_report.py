"""The report: every figure from the bundle, the same bytes every time, no network; curves and fairness by hand."""

import json
import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from service.analysis.fairness.group_rates import wilson
from service.cli.main import main
from service.core.errors import BundleError, InvalidInput
from service.rules.policy import DEFAULT, load
from training.evaluation.curves import curves_of, intervals
from training.evaluation.fairness import fairness_of, groups_of, suitable
from training.evaluation.metrics import figures_of
from training.models.propensity import PropensityModel
from training.report import document, page
from training.report.svg import Frame, bars
from training.synthetic import write
from training.train import train

QUICK = PropensityModel(rounds=30, patience=20, folds=3, members=((15, 1.0),), learning_rate=0.2)
DAY = date(2026, 1, 31)


@pytest.fixture(scope="module")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("artifacts")


@pytest.fixture(scope="module")
def folder(artifacts: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    bank = write(tmp_path_factory.mktemp("bank"), 3_000, seed=1, today=DAY)
    return artifacts / train(*bank, artifacts=artifacts, model=QUICK).version


@pytest.fixture(scope="module")
def told(folder: Path) -> dict[str, Any]:
    return document(folder)


# -- by hand -----------------------------------------------------------------------------------------------------------


def test_curves_of_ten_customers_by_hand() -> None:
    taken = np.array([1, 1, 0, 1, 0, 0, 0, 0, 0, 0], dtype=float)
    found = curves_of(taken, np.arange(10, 0, -1) / 10, seed=1)
    assert found["roc"][:4] == [[0.0, 0.0], [0.0, 0.333333], [0.0, 0.666667], [0.142857, 0.666667]]
    assert found["gain"][3] == [0.3, 0.666667]
    assert found["pr"][3] == [1.0, 0.75]
    assert [one["taken"] for one in found["calibration"]] == [0, 0, 0, 0, 0, 0, 1, 0, 1, 1]


def test_the_area_under_the_roc_points_is_the_auc() -> None:
    chance = np.random.default_rng(2)
    p = chance.random(5000)
    taken = (chance.random(5000) < p).astype(float)
    roc = np.array(curves_of(taken, p, seed=1)["roc"])
    assert np.trapezoid(roc[:, 1], roc[:, 0]) == pytest.approx(figures_of(taken, p)["auc"], abs=0.002)


def test_intervals_hold_the_figure_they_are_of() -> None:
    chance = np.random.default_rng(4)
    p = chance.beta(1, 6, 8000)
    taken = (chance.random(8000) < p).astype(float)
    figures, found = figures_of(taken, p), intervals(taken, p, seed=1)
    for name in ("auc", "average_precision", "brier", "lift_top_tenth"):
        low, high = found[name]
        assert low < figures[name] < high
        assert high - low < 0.35 * figures[name]
    assert intervals(taken, p, seed=1) == found


def test_a_share_of_nothing_has_an_interval_that_is_not_nothing() -> None:
    low, high = wilson(0, 100)
    assert (low, high) == (0.0, pytest.approx(0.037, abs=0.001))


def test_a_group_that_takes_half_as_often_is_an_alert_and_a_small_one_says_nothing() -> None:
    words = np.array(["a"] * 2000 + ["b"] * 2000 + ["few"] * 50, dtype=object)
    taken = np.concatenate([np.tile([1.0, 0, 0, 0], 500), np.tile([1.0, 0, 0, 0, 0, 0, 0, 0], 250), np.zeros(50)])
    scores = 1.0 - np.arange(4050) % 2000 / 2000  # the best of a and of b are as good
    found = fairness_of({"region": words}, taken, scores, np.ones(4050, bool), 0.8)
    rows = {row["group"]: row for row in found["axes"]["region"]["accepted"]}
    assert set(rows) == {"a", "b"}
    assert (rows["a"]["ratio"], rows["a"]["ratio_low"]) == (1.0, None)
    assert rows["b"]["ratio"] == 0.5
    spread = 1.959964 * np.sqrt(1 / 250 - 1 / 2000 + 1 / 500 - 1 / 2000)
    assert rows["b"]["ratio_high"] == pytest.approx(0.5 * np.exp(spread), abs=1e-5)
    assert found["alerts"] == ["region b: accepted"]


def test_who_is_not_suitable_does_not_count() -> None:
    words = np.array(["a", "b"] * 500, dtype=object)
    may = words == "a"
    found = fairness_of({"sex": words}, np.ones(1000), np.zeros(1000), may, 0.8)
    assert found["suitable"] == 500
    assert found["axes"]["sex"]["accepted"] == []


def test_ages_fall_into_bands_and_a_single_group_is_no_axis() -> None:
    columns = {
        "customer.age": np.array([24.0, 25.0, 64.9, 70.0, np.nan]),
        "customer.sex": np.array(["female"] * 5, object),
    }
    assert set(groups_of(columns, np.arange(5))) == {"age"}
    assert groups_of(columns, np.arange(5))["age"].tolist() == ["under 25", "25 to 34", "55 to 64", "65 and over", None]


def test_suitable_for_wealth_is_who_has_a_valid_assessment() -> None:
    policy = load(DEFAULT)
    people = [{"age": 40, "risk_tolerance": 5, "risk_assessed_on": on} for on in ("2026-01-01", "2020-01-01", None)]
    encoded = [policy.attributes.encode({k: v for k, v in one.items() if v is not None}) for one in people]
    columns = {
        name: np.array([one[name] for one in encoded], dtype=object if encoded[0][name] is None else float)
        for name in encoded[0]
    }
    found = suitable(policy, {name: column.reshape(-1, 1, 1) for name, column in columns.items()}, DAY)
    assert found["wealth"].tolist() == [True, False, False]
    assert found["deposit"].all()


# -- the page ----------------------------------------------------------------------------------------------------------


class Tags(HTMLParser):
    """Every tag with its attributes; complains of what is left open."""

    VOID = frozenset({"meta", "link", "br", "rect", "circle", "path", "polyline"})

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_asks_nothing_of_the_network(told: dict[str, Any]) -> None:
    html, tags = page(told), Tags()
    tags.feed(html)
    assert tags.open == []
    links = [value for _, names in tags.seen for key, value in names.items() if key in ("src", "href") and value]
    assert all(link.startswith("#") for link in links)
    assert not re.search(r"https?://|@import|url\(", html)
    anchors = {names.get("id") for _, names in tags.seen}
    assert {link[1:] for link in links} <= anchors
    assert "nan" not in html.lower().replace("finance", "")


def test_the_same_bundle_gives_the_same_bytes(folder: Path, told: dict[str, Any]) -> None:
    assert page(document(folder)) == page(told)


def test_every_section_is_there_or_said_to_be_left_out(told: dict[str, Any]) -> None:
    html = page(told)
    for heading in (
        "ROC",
        "Precision and recall",
        "Calibration",
        "Lift",
        "Gain",
        "Importance",
        "SHAP",
        "Fairness",
        "Segments",
        "Product kinds",
    ):
        assert heading in html
    rare = {f"Product kind {kind}" for kind in told["kinds"]["refused"]}
    assert "Product kind plan" in rare
    assert {line.partition(":")[0] for line in told["left_out"]} == {
        *rare,
        "Uplift and Qini",
        "Policy value",
        "Drift",
        "Lifetime",
    }


def test_the_card_is_made_of_what_the_bundle_says(folder: Path, told: dict[str, Any]) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    card = {row["name"]: " ".join(row["lines"]) for row in told["card"]}
    assert all(digest in card["Data"] for digest in manifest["sources"].values())
    assert "Synthetic bank, as of 2026-01-31" in card["Bank and day"]
    assert "add it to bank.yaml" in card["Owner"]
    assert manifest["digest"] in card["Seed and digest"]
    assert "closes most" in card["Leakage check"]


def test_the_card_has_the_seven_headings_of_the_disclosure_standard(folder: Path, told: dict[str, Any]) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    card = {row["name"]: " ".join(row["lines"]) for row in told["card"]}
    headings = ("combination", "logic", "use", "data", "owner", "change", "audit")
    assert [name for name in card if name.startswith("JR/T 0287")] == [f"JR/T 0287 {one}" for one in headings]
    assert all(card[f"JR/T 0287 {one}"] for one in headings)
    assert all(family in card["JR/T 0287 combination"] for family in manifest["families"])
    assert manifest["version"] in card["JR/T 0287 change"]
    assert manifest["digest"] in card["JR/T 0287 audit"]


def test_no_customer_stands_in_the_review(folder: Path) -> None:
    assert not re.search(r"s0000\d{3}", (folder / "review.json").read_text() + (folder / "manifest.json").read_text())


def test_a_changed_review_is_refused(folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / folder.name
    copy.mkdir()
    for path in folder.iterdir():
        (copy / path.name).write_bytes(path.read_bytes().replace(b'"format": 1, "', b'"format": 2, "'))
    with pytest.raises(BundleError, match=r"review\.json: is missing or was changed"):
        document(copy)


def test_a_bundle_without_a_review_says_how_to_mend_it(bundle_folder: Path) -> None:
    with pytest.raises(InvalidInput, match="train it anew"):
        document(bundle_folder)


def test_words_of_the_bank_cannot_become_markup(told: dict[str, Any]) -> None:
    row = {"name": "Limits", "zh": "局限", "lines": ["<script>alert(1)</script>"]}
    html = page({**told, "card": [row]})
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "<b>" not in bars("x", [("<b>", 0.5)], str)


def test_a_chart_puts_a_point_where_it_belongs() -> None:
    frame = Frame((0.0, 1.0), (0.0, 2.0), ("x", "y"))
    assert frame.at(0.0, 0.0) == (46, 210)
    assert frame.at(1.0, 2.0) == (328, 10)


def test_the_command_writes_the_page_and_prints_the_figures(
    folder: Path, artifacts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOURCAST_ARTIFACTS", str(artifacts))
    out = tmp_path / "deep" / "report.html"
    result = CliRunner().invoke(main, ["report", folder.name, "--out", str(out), "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["families"]["deposit"]["intervals"]["auc"][0] < found["families"]["deposit"]["metrics"]["auc"]
    assert out.read_text() == page(document(folder))


def test_the_card_shows_the_champion_it_is_compared_with_where_that_is_fair(folder: Path) -> None:
    def row(found: dict[str, Any]) -> str:
        return " ".join(next(one["lines"] for one in found["card"] if one["name"] == "Challenger"))

    assert "no champion was named" in row(document(folder))
    beside = document(folder, champion=folder)
    assert f"champion {folder.name}" in row(beside)
    assert any(f"+0.0000 against {folder.name}, by both" in line for line in beside["gate"]["lines"])
