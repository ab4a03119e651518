"""A bundle's segments and lapse in the portrait: read from the manifest, hashed with it, refused when tampered with."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from service.core.attributes import AttributeTable
from service.core.attributes.features import FeatureProgram
from service.core.domain import Snapshot
from service.core.errors import BundleError
from service.engine.portrait import portray
from service.engine.releases.scores import estimate
from service.rendering.portrait import describe_portrait
from service.rules.policy import DEFAULT, load
from service.scoring.models import Bundle, open_bundle
from service.scoring.models.manifest import digest_of, version_of
from tests.engine.segmented import GONE, RICH
from training.models.lapse import fit_lapse

NOW = 1_769_997_600_000


def test_the_bundle_tells_segment_lapse_and_propensity(segmented_bundle: Bundle) -> None:
    rich, gone = estimate(segmented_bundle, Snapshot("c", 1, RICH)), estimate(segmented_bundle, Snapshot("c", 1, GONE))
    assert rich.segment is not None and gone.segment is not None
    assert "wealth-holders" in rich.segment.id
    assert rich.segment.id != gone.segment.id
    assert rich.lapse == pytest.approx(0.0, abs=0.02)
    assert gone.lapse == pytest.approx(0.9, abs=0.05)
    assert set(rich.scores) == {"deposit", "wealth"}


def test_lifetime_value_rests_on_the_bundles_lapse_and_says_so(segmented_bundle: Bundle) -> None:
    policy = load(DEFAULT)
    found = describe_portrait(portray(Snapshot("c", 1, RICH), (), NOW, policy, segmented_bundle), policy, "en")
    assert found["lifetime"]["lapse"] == {
        "probability": round(estimate(segmented_bundle, Snapshot("c", 1, RICH)).lapse or 0.0, 6),
        "days": 92.0,
        "source": segmented_bundle.version,
    }
    assert any(segmented_bundle.version in sentence for sentence in found["lifetime"]["assumptions"])
    assert found["segment"]["typical"]["wealth_yuan"] == pytest.approx(400_000, rel=0.3)  # one of the rich groups


def test_of_who_refused_the_bundle_is_not_asked(segmented_bundle: Bundle) -> None:
    policy = load(DEFAULT)
    silent = Snapshot("c", 1, RICH, {"personalisation": False})
    found = describe_portrait(portray(silent, (), NOW, policy, segmented_bundle), policy, "zh")
    assert [found[part] for part in ("segment", "stage", "lifetime", "needs", "tags", "propensity")] == [None] * 6
    assert "关闭个性化推荐" in found["note"]


def test_of_whom_nothing_is_known_no_model_speaks(segmented_bundle: Bundle) -> None:
    policy = load(DEFAULT)
    found = describe_portrait(portray(Snapshot("c", 1, {}), (), NOW, policy, segmented_bundle), policy, "en")
    missing = {one["part"]: one["facts"] for one in found["missing"]}
    assert found["segment"] is None and "demand_yuan" in missing["segment"]
    assert found["propensity"] is None


def rewritten(segmented_folder: Path, root: Path, change: Any, *, rehash: bool) -> Path:
    manifest = json.loads((segmented_folder / "manifest.json").read_text())
    change(manifest)
    if rehash:
        manifest["digest"] = digest_of(manifest)
        manifest["version"] = version_of(manifest["digest"])
    copy = shutil.copytree(segmented_folder, root / "copy")
    (copy / "manifest.json").write_text(json.dumps(manifest))
    return copy


def move(manifest: dict[str, Any]) -> None:
    manifest["segments"]["segments"][0]["centroid"][0] += 0.001


def cut(manifest: dict[str, Any]) -> None:
    manifest["lapse"]["weights"].pop()


def test_a_moved_centroid_is_noticed(segmented_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="changed after it was written"):
        open_bundle(rewritten(segmented_folder, tmp_path, move, rehash=False))


def test_a_part_that_cannot_be_applied_is_named(segmented_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(BundleError) as caught:
        open_bundle(rewritten(segmented_folder, tmp_path, cut, rehash=True))
    assert [problem.where for problem in caught.value.problems] == ["lapse"]


def test_a_bundle_without_parts_opens_as_before(bundle_folder: Path) -> None:
    opened = open_bundle(bundle_folder)
    assert (opened.segments, opened.lapse) == (None, None)
    assert estimate(opened, Snapshot("c", 1, RICH)).segment is None


@pytest.mark.parametrize("left", [0, 49])
def test_too_few_who_left_give_no_estimate(segmented_table: AttributeTable, left: int) -> None:
    columns: dict[str, Any] = dict(segmented_table.encode_frame(pd.DataFrame({"demand_yuan": np.arange(1000.0)})))
    FeatureProgram(segmented_table).derive_many(columns)
    columns = {name: np.broadcast_to(column, (1000, 1, 1)) for name, column in columns.items()}
    assert fit_lapse(segmented_table, columns, (np.arange(1000) < left).astype(float), 92) is None
