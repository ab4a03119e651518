"""A bundle of offers, kinds, tickets, evidence and responses: one score in every way, and damage is refused."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest

from service.core.errors import BundleError
from service.scoring.models import open_bundle
from service.scoring.models.folders import verify
from tests.conftest import SMALL_TABLE
from training.bundles.registry import write_bundle
from training.models.trained import TrainedFamily

KIND_FILE = ("kind:large_cd", "kind.large_cd.txt")
SHELVED = {"family": "deposit", "product": "large_cd", "popularity": 1.5, "terms": {"rate": 0.02, "insured": True}}
YUAN = ([0.0, 0.05, 0.2, 0.7], [1_000.0, 5_000.0, 60_000.0, 1e6])
PARTS = {
    "evidence": {
        "offers": {
            "term": {"family": "deposit", "chance": 0.02, "share": 0.4},
            "cd": {"family": "deposit", "chance": 0.01, "share": 0.1},
            "cash": {"family": "wealth", "chance": 0.03, "share": None},
        }
    },
    "response": {"attribute": "age", "edges": [30, 60], "channels": {"sms": {"factors": [1.2, 0.9, 0.6, 1.0]}}},
}


def written(root: Path, models: dict[str, TrainedFamily], parts: dict[str, Any] = PARTS) -> Path:
    return root / write_bundle(root, models, SMALL_TABLE, outcome={}, horizon_days=7, seed=7, sources={}, parts=parts)


@pytest.fixture(scope="module")
def models(trained: dict[str, TrainedFamily]) -> dict[str, TrainedFamily]:
    deposit, wealth = trained["deposit"], trained["wealth"]
    one = replace(wealth, models=wealth.models[:1])
    ticket = replace(one, calibration=YUAN)
    return {"deposit": deposit, "offer:term": one, "ticket:deposit": ticket, "kind:large_cd": one}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, models: dict[str, TrainedFamily]) -> Path:
    return written(tmp_path_factory.mktemp("parts"), models)


def test_each_model_scores_online_as_in_batch_as_lightgbm_itself(folder: Path, customers: pd.DataFrame):
    bundle = open_bundle(folder)
    many = bundle.score_many(customers)
    for row, record in enumerate(customers.to_dict("records")):
        assert bundle.score_one(record) == {name: column[row].item() for name, column in many.items()}
    (group,) = bundle.model_groups
    columns: dict[str, Any] = bundle.program.table.encode_frame(customers)
    bundle.program.derive_many(columns)
    matrix = group.inputs.take_matrix(columns)
    for name, file in (("offer:term", "offer.term.txt"), ("ticket:deposit", "ticket.deposit.txt"), KIND_FILE):
        raw = lightgbm.Booster(model_file=folder / file).predict(matrix, num_threads=1)
        assert group.models[name].calibration.calibrate_many(raw).tobytes() == many[name].tobytes()


def test_it_says_what_it_knows_and_nothing_twice(folder: Path):
    said = open_bundle(folder).score_one({"age": 70})
    models = {"deposit", "offer:term", "ticket:deposit", "kind:large_cd"}
    assert set(said) == {*models, "share:cd", "evidence:cash", "response:sms"}
    assert (said["response:sms"], said["share:cd"]) == (0.6, 0.1)
    assert 1_000 <= said["ticket:deposit"] <= 1e6


def test_a_young_bank_may_have_evidence_alone(tmp_path: Path):
    bundle = verify(tmp_path, written(tmp_path, {}).name)
    assert bundle.families == ()
    assert set(bundle.score_one({})) == {
        "evidence:term",
        "evidence:cd",
        "evidence:cash",
        "share:term",
        "share:cd",
        "response:sms",
    }


def test_a_bundle_that_says_nothing_at_all_is_refused(tmp_path: Path):
    with pytest.raises(BundleError, match="to a model, or the bundle must hold evidence"):
        open_bundle(written(tmp_path, {}, {}))


@pytest.mark.parametrize("file", ["offer.term.txt", "ticket.deposit.txt", "kind.large_cd.txt"])
def test_a_damaged_part_is_refused_before_lightgbm_sees_it(folder: Path, tmp_path: Path, file: str):
    damaged = tmp_path / folder.name
    shutil.copytree(folder, damaged)
    content = bytearray((damaged / file).read_bytes())
    content[len(content) // 2] ^= 1
    (damaged / file).write_bytes(content)
    with pytest.raises(BundleError, match=f"{file}: is damaged: SHA-256"):
        open_bundle(damaged)


@pytest.mark.parametrize(
    ("part", "match"),
    [
        ({"evidence": {"offers": {"cd": {"family": "deposit", "chance": 1.5, "share": None}}}}, "from 0 to 1, got 1.5"),
        ({"response": PARTS["response"] | {"attribute": "height"}}, '"height" must be a number of the table'),
        ({"response": PARTS["response"] | {"channels": {"sms": {"factors": [99, 1, 1, 1]}}}}, "from 0.1 to 10, got 99"),
        ({"shelf": {}}, "must map 1 to 1000 offers"),
        ({"shelf": {"cd": {**SHELVED, "family": "stocks"}}}, "cd: family must be deposit or wealth"),
        ({"shelf": {"cd": {**SHELVED, "popularity": 0}}}, "cd: popularity must be a number above 0"),
        ({"shelf": {"cd": {**SHELVED, "terms": {"rate": [1]}}}}, "cd: terms must map names to a number, a text"),
        ({"shelf": {"cd": {**SHELVED, "price": 1}}}, "cd: must hold family, product, popularity and terms"),
    ],
)
def test_a_part_that_does_not_hold_together_is_refused(tmp_path: Path, models, part: dict[str, Any], match: str):
    with pytest.raises(BundleError) as caught:
        open_bundle(written(tmp_path, models, PARTS | part))
    assert match.replace('"', "") in str(caught.value).replace('"', "")


def test_a_calibration_of_yuan_belongs_to_tickets_only(tmp_path: Path, trained: dict[str, TrainedFamily]):
    wrong = replace(trained["deposit"], calibration=YUAN)
    with pytest.raises(BundleError, match="of numbers 0 to 1 and 0 to 1"):
        open_bundle(written(tmp_path, {"deposit": wrong}))


def test_golden_rows_guard_every_model(folder: Path):
    manifest = json.loads((folder / "manifest.json").read_text())
    for entry in (manifest["offers"]["term"], manifest["tickets"]["deposit"], manifest["kinds"]["large_cd"]):
        assert np.shape(entry["golden"]["rows"])[0] == 64
        assert np.shape(entry["golden"]["raw"]) == (1, 64)
