"""Bundles on disk: whole or not at all, the same content under the same name, and a gate that gives its numbers."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from service.analysis.model_gate import judge_challenger
from service.core.errors import BundleError, GateRefused, InvalidInput
from service.scoring.models import folders
from training.bundles import atomic_folder
from training.models.trained import TrainedFamily

Trained = dict[str, TrainedFamily]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_content_has_the_same_version_and_the_same_bytes(
    tmp_path: Path, trained: Trained, bundle_folder: Path, write_bundle_of: Any
) -> None:
    again = write_bundle_of(tmp_path, trained)
    assert again.name == bundle_folder.name
    assert contents(again) == contents(bundle_folder)
    assert set(contents(again)) == {"manifest.json", "deposit.txt", "deposit-2.txt", "wealth.txt", "wealth-2.txt"}


def test_another_content_has_another_version(tmp_path: Path, trained: Trained, write_bundle_of: Any) -> None:
    other = {**trained, "deposit": replace(trained["deposit"], calibration=([0.0, 1.0], [0.0, 1.0]))}
    assert write_bundle_of(tmp_path, trained).name != write_bundle_of(tmp_path, other).name
    assert len(list(folders.list_bundles(tmp_path))) == 2


def test_the_manifest_says_what_made_it(bundle_folder: Path) -> None:
    manifest = json.loads((bundle_folder / "manifest.json").read_text())
    assert manifest["version"] == bundle_folder.name == f"b-{manifest['digest'][:12]}"
    assert manifest["seed"] == 7
    assert manifest["sources"] == {"bank": "0" * 64}
    assert manifest["horizon_days"] == 92
    assert set(manifest["created_by"]) >= {"fourcast", "lightgbm", "numpy", "python"}
    deposit = manifest["families"]["deposit"]
    assert [row["file"] for row in deposit["files"]] == ["deposit.txt", "deposit-2.txt"]
    assert [row["trees"] for row in deposit["files"]] == [40, 40]
    assert deposit["categories"]["sex"] == ["female", "male"]


def test_writing_again_keeps_what_lies_beside_the_models(
    tmp_path: Path, trained: Trained, write_bundle_of: Any
) -> None:
    folder = write_bundle_of(tmp_path, trained)
    (folder / "report.html").write_text("<p>")
    assert write_bundle_of(tmp_path, trained) == folder
    assert (folder / "report.html").exists()


def test_writing_again_mends_a_damaged_folder(tmp_path: Path, trained: Trained, write_bundle_of: Any) -> None:
    folder = write_bundle_of(tmp_path, trained)
    (folder / "deposit.txt").write_text("damaged")
    write_bundle_of(tmp_path, trained)
    assert folders.verify(tmp_path, folder.name).version == folder.name


def test_a_write_that_fails_leaves_nothing_behind(
    tmp_path: Path, trained: Trained, write_bundle_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> None:
        if path.name == "wealth.txt":
            raise OSError(28, "No space left on device")
        path.write_bytes(content)

    monkeypatch.setattr(atomic_folder, "_write", full)
    with pytest.raises(OSError, match="No space left"):
        write_bundle_of(tmp_path, trained)
    assert list(tmp_path.iterdir()) == []


def test_every_file_is_on_the_disk_before_the_folder_has_its_name(
    tmp_path: Path, trained: Trained, write_bundle_of: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[bool] = []
    fsync = os.fsync

    def watch(handle: int) -> None:
        synced.append(any(tmp_path.glob("b-*")))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", watch)
    write_bundle_of(tmp_path, trained)
    assert synced == [False] * 6 + [True]  # five files and their folder, rename, then the folder above


def test_models_that_read_other_features_are_refused_with_both_lists(
    tmp_path: Path, trained: Trained, write_bundle_of: Any
) -> None:
    wrong = replace(trained["deposit"], features=["age", "sex"])
    with pytest.raises(InvalidInput, match="must read age, sex, reads age, sex, region"):
        write_bundle_of(tmp_path, {"deposit": wrong})
    assert list(tmp_path.iterdir()) == []


def test_listing_names_damaged_bundles_as_such(tmp_path: Path, trained: Trained, write_bundle_of: Any) -> None:
    folder = write_bundle_of(tmp_path, trained)
    (tmp_path / "b-000000000000").mkdir()
    (tmp_path / "notes").mkdir()
    listed = dict(folders.list_bundles(tmp_path))
    assert isinstance(listed["b-000000000000"], BundleError)
    assert not isinstance(listed[folder.name], BundleError)
    assert len(listed) == 2


@pytest.mark.parametrize(
    "word", ["", "latest", "../b-000000000000", "b-00000000000G", "b-0000000000000", "b-000000000000\n"]
)
def test_a_word_that_is_no_version_is_refused(word: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="12 hex digits"):
        folders.folder_of(tmp_path, word)


def test_a_version_that_is_not_there_names_those_that_are(
    tmp_path: Path, trained: Trained, write_bundle_of: Any
) -> None:
    folder = write_bundle_of(tmp_path, trained)
    with pytest.raises(InvalidInput, match=f"no such bundle; there are: {folder.name}"):
        folders.folder_of(tmp_path, "b-000000000000")


def test_a_folder_that_holds_another_bundle_is_not_promoted(
    tmp_path: Path, trained: Trained, write_bundle_of: Any
) -> None:
    write_bundle_of(tmp_path, trained).rename(tmp_path / "b-000000000000")
    with pytest.raises(BundleError, match="holds another bundle"):
        folders.verify(tmp_path, "b-000000000000")


# -- the gate ----------------------------------------------------------------------------------------------------------


def metrics(auc: float, error: float = 0.01) -> dict[str, float]:
    return {"auc": auc, "calibration_error": error}


def test_a_first_bundle_passes_on_its_own_merit() -> None:
    verdict = judge_challenger({"deposit": metrics(0.9)}, None)
    assert verdict.passes
    assert verdict.lines == (
        "yes  deposit: AUC 0.9000 (at least 0.6)",
        "yes  deposit: calibration error 0.0100 (at most 0.02)",
    )


def beside(gain: float, half: float = 0.001, by: str | None = "others") -> dict[str, Any]:
    """A family beside the champion: the gain, and half of its interval."""
    figures = {"auc": 0.9, "auc_champion": 0.9 - gain, "gain": gain, "low": gain - half, "high": gain + half}
    return {"by": by, "customers": 9_000, "taken": 900, **figures, "why": "nothing remembers"}


@pytest.mark.parametrize(
    ("challenger", "champion", "passes"),
    [
        ({"deposit": metrics(0.90)}, {"deposit": beside(0.02)}, True),
        ({"deposit": metrics(0.90)}, {"deposit": beside(-0.0015)}, True),  # clear, and not worth a refusal
        ({"deposit": metrics(0.90)}, {"deposit": beside(-0.0025)}, False),
        ({"deposit": metrics(0.90)}, {"deposit": beside(-0.0025, half=0.003)}, True),  # worse by chance, perhaps
        ({"deposit": metrics(0.90)}, {"deposit": beside(-0.0025, by="files")}, False),
        ({"deposit": metrics(0.90)}, {"deposit": beside(-0.0015, by="files")}, True),
        ({"deposit": metrics(0.90)}, {"deposit": beside(-0.5, by=None)}, True),  # nothing was compared
        ({"deposit": metrics(0.90, 0.021)}, None, False),
        ({"deposit": metrics(0.59)}, None, False),
        ({"deposit": metrics(0.90)}, {"deposit": beside(0.02), "wealth": beside(0.02)}, False),
        ({"deposit": metrics(0.90), "wealth": metrics(0.7)}, {"deposit": beside(0.02)}, True),
        ({"deposit": metrics(float("nan"))}, None, False),
        ({}, None, False),
    ],
)
def test_the_gate_refuses_what_is_clearly_worse_than_the_champion(challenger: Any, champion: Any, passes: bool) -> None:
    compared = None if champion is None else {"champion": "b-0123456789ab", "families": champion}
    assert judge_challenger(challenger, compared).passes is passes


def test_what_could_not_be_compared_is_said_and_decides_nothing() -> None:
    compared = {"champion": "b-0123456789ab", "families": {"deposit": beside(0.0, by=None)}}
    told = "--   deposit: not compared with b-0123456789ab: nothing remembers; the other bounds decide"
    assert told in judge_challenger({"deposit": metrics(0.9)}, compared).lines


def test_a_bundle_that_does_not_fit_the_bank_is_refused_whatever_its_figures() -> None:
    verdict = judge_challenger({"deposit": metrics(0.9)}, None, misfits=["it was trained for another bank"])
    assert not verdict.passes
    assert verdict.lines[0] == "no   it was trained for another bank"


def test_a_no_is_an_error_with_all_the_numbers() -> None:
    with pytest.raises(GateRefused) as caught:
        judge_challenger(
            {"deposit": metrics(0.85, 0.03)}, {"champion": "b-1", "families": {"deposit": beside(-0.05)}}
        ).or_refuse()
    assert "no   deposit: calibration error 0.0300 (at most 0.02)" in str(caught.value)
    told = "no   deposit: AUC -0.0500 [-0.0510, -0.0490] against b-1 on 9,000 customers from whom neither has learned"
    assert told in str(caught.value)
    judge_challenger({"deposit": metrics(0.9)}, None).or_refuse()
