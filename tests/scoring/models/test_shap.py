"""What each feature added: additive to the raw score, equal to LightGBM's own, and the propensity is the live one."""

from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
import pytest

from service.scoring.models import Bundle, open_bundle
from service.scoring.models.shap import contributions


@pytest.fixture(scope="module")
def bundle(bundle_folder: Path) -> Bundle:
    return open_bundle(bundle_folder)


def record(customers: pd.DataFrame, row: int) -> dict[str, object]:
    return {name: value for name, value in customers.iloc[row].to_dict().items() if not pd.isna(value)}


@pytest.mark.parametrize("row", [0, 7, 23])
def test_base_and_contributions_sum_to_the_raw_score_and_the_propensity_is_the_live_one(
    bundle: Bundle, customers: pd.DataFrame, row: int
) -> None:
    attributes = record(customers, row)
    live = bundle.score_one(attributes)
    for family, found in contributions(bundle, attributes).items():
        total = found["base"] + sum(one["contribution"] for one in found["features"])
        assert total == pytest.approx(found["raw"], abs=1e-9)
        assert found["additive"]
        assert found["propensity"] == live[family]
        sizes = [abs(one["contribution"]) for one in found["features"]]
        assert sizes == sorted(sizes, reverse=True)


def test_they_are_lightgbms_own(bundle: Bundle, bundle_folder: Path, customers: pd.DataFrame) -> None:
    attributes = record(customers, 3)
    columns = bundle.program.table.encode(attributes)
    bundle.program.derive_one(columns)
    for family, entry in bundle.manifest["families"].items():
        (group,) = [one for one in bundle.model_groups if family in one.models]
        row = np.array([group.inputs.take_row(columns)])
        own = [lightgbm.Booster(model_file=str(bundle_folder / one["file"])) for one in entry["files"]]
        expected = np.mean([booster.predict(row, pred_contrib=True)[0] for booster in own], axis=0)
        found = {one["name"]: one["contribution"] for one in contributions(bundle, attributes)[family]["features"]}
        assert [found[name] for name in group.inputs.names] == pytest.approx(list(expected[:-1]))
