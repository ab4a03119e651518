"""Segments and lapse on real customers: apart, calibrated, and the same every time."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.segments import in_words, measured
from service.scoring.segments import Segmentation
from tests.shared import shared

BANK = Path(__file__).resolve().parents[2] / "examples" / "xiamen"


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return measured(BANK, shared("xiamen-bank"))


def test_segments_of_a_real_bank_stand_apart(found: dict[str, Any]) -> None:
    document = found["segments"]
    assert max(document["silhouettes"].values()) > 0.3
    assert min(one["share"] for one in document["segments"]) > 0.02
    assert len({one["id"] for one in document["segments"]}) == len(document["segments"])


def test_every_real_customer_has_a_segment(found: dict[str, Any]) -> None:
    assert found["segments"]["customers"] == found["customers"]
    typical = {**found["segments"]["segments"][0]["profile"], "time_deposit_yuan": 0}
    assert Segmentation(found["segments"]).assign(typical) is not None


def test_lapse_is_foreseen_on_customers_the_estimate_has_not_seen(found: dict[str, Any]) -> None:
    said = found["lapse"]["metrics"]
    assert said["auc"] > 0.93
    assert said["calibration_error"] < 0.005
    assert all(abs(p - y) < 0.02 for p, y in found["tenths"])


def test_the_same_files_give_the_same_parts(found: dict[str, Any]) -> None:
    again = measured(BANK, shared("xiamen-bank"))
    assert json.dumps(again["segments"]) == json.dumps(found["segments"])
    assert json.dumps(again["lapse"]) == json.dumps(found["lapse"])


def test_the_report_prints_the_silhouette(found: dict[str, Any]) -> None:
    assert "silhouette 0.3" in in_words(found)
