"""Bundles: damage is a clean error, never a dead process; one customer, many, and LightGBM itself agree bit for bit."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as some

from service.core.errors import BundleError
from service.scoring.models import Bundle, golden, lightgbm_c, open_bundle
from service.scoring.models.calibration import Calibration, faults
from service.scoring.models.manifest import canonical, digest_of, version_of

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def bundle(bundle_folder: Path) -> Bundle:
    return open_bundle(bundle_folder)


@pytest.fixture
def copy(bundle_folder: Path, tmp_path: Path) -> Path:
    """A copy to damage."""
    return Path(shutil.copytree(bundle_folder, tmp_path / bundle_folder.name))


def edit(folder: Path, change: Callable[[dict[str, Any]], None], *, sign: bool = False) -> None:
    """Change the manifest; with ``sign``, as a forger would who knows the format."""
    manifest = json.loads((folder / "manifest.json").read_text())
    change(manifest)
    if sign:
        manifest["digest"] = digest_of(manifest)
        manifest["version"] = version_of(manifest["digest"])
    (folder / "manifest.json").write_bytes(canonical(manifest))


def replace_model(folder: Path, content: bytes) -> None:
    """Another model in place of the first, with a manifest that vouches for it: only the trial load can tell."""
    (folder / "deposit.txt").write_bytes(content)
    edit(folder, lambda m: m["families"]["deposit"]["files"][0].update(sha256=sha256(content).hexdigest()), sign=True)


# -- scores ------------------------------------------------------------------------------------------------------------


def test_many_is_bitwise_what_lightgbm_and_numpy_give(
    bundle: Bundle, bundle_folder: Path, customers: pd.DataFrame
) -> None:
    scores = bundle.score_many(customers)
    for family, entry in bundle.manifest["families"].items():
        columns: dict[str, Any] = bundle.program.table.encode_frame(customers)
        bundle.program.derive_many(columns)
        matrix = bundle.program.matrix(entry["features"], entry["categories"], columns)
        first, second = (lightgbm.Booster(model_file=bundle_folder / row["file"]) for row in entry["files"])
        mean = (first.predict(matrix, num_threads=1) + second.predict(matrix, num_threads=1)) / 2
        expected = np.interp(mean, entry["calibration"]["x"], entry["calibration"]["y"])
        assert scores[family].tobytes() == expected.tobytes()


def test_one_is_bitwise_what_many_gives(bundle: Bundle, customers: pd.DataFrame) -> None:
    scores = bundle.score_many(customers)
    singles = [bundle.score_one(record) for record in customers.to_dict("records")]
    for family in bundle.families:
        assert np.array([one[family] for one in singles]).tobytes() == scores[family].tobytes()


def test_scores_do_not_depend_on_the_block_they_fall_in(
    bundle: Bundle, customers: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = bundle.score_many(customers)
    monkeypatch.setattr("service.scoring.models.bundle.BLOCK", 7)
    for family, scores in bundle.score_many(customers).items():
        assert scores.tobytes() == whole[family].tobytes()


def test_scores_differ_between_customers_and_are_shares(bundle: Bundle, customers: pd.DataFrame) -> None:
    for scores in bundle.score_many(customers).values():
        assert len(np.unique(scores)) > 20
        assert ((scores >= 0.0) & (scores <= 1.0)).all()


def test_a_customer_of_whom_nothing_is_known_has_a_score(bundle: Bundle) -> None:
    assert set(bundle.score_one({})) == {"deposit", "wealth"}
    assert bundle.score_one({"age": float("nan"), "sex": 7, "no_such_name": 1}) == bundle.score_one({})


def test_an_empty_file_has_no_scores(bundle: Bundle, customers: pd.DataFrame) -> None:
    assert {family: len(scores) for family, scores in bundle.score_many(customers.iloc[:0]).items()} == {
        "deposit": 0,
        "wealth": 0,
    }


def test_a_family_without_a_model_is_not_scored(trained: Any, tmp_path: Path, write_bundle_of: Any) -> None:
    opened = open_bundle(write_bundle_of(tmp_path, {"wealth": trained["wealth"]}))
    assert list(opened.score_one({"age": 40})) == ["wealth"]


def test_several_threads_may_share_a_bundle(bundle: Bundle, customers: pd.DataFrame) -> None:
    records = customers.to_dict("records")
    alone = [bundle.score_one(record) for record in records]
    with ThreadPoolExecutor(4) as pool:
        together = [list(pool.map(bundle.score_one, records)) for _ in range(3)]
    assert together == [alone] * 3


def test_without_the_fast_call_one_row_scores_the_same_and_says_why(
    bundle: Bundle, bundle_folder: Path, customers: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    reason = lightgbm_c.missing_symbols(object())
    assert reason is not None
    assert "SingleRowFast" in reason
    monkeypatch.setattr(lightgbm_c, "missing_symbols", lambda _: reason)
    slow = open_bundle(bundle_folder, proven=bundle.manifest["digest"])
    assert slow.warnings == (reason,)
    assert bundle.warnings == ()
    for record in customers.to_dict("records")[:50]:
        assert slow.score_one(record) == bundle.score_one(record)


# -- the table a bundle carries ----------------------------------------------------------------------------------------


def test_a_bundle_reads_by_its_own_table_and_passes_over_what_it_never_knew(bundle: Bundle) -> None:
    record = {"age": 50.0, "fund_yuan": 10.0, "demand_yuan": 30.0, "income_yuan": 9.0}
    columns = bundle.columns(record)
    assert columns["customer.fund_share"] == 0.25
    assert bundle.score_one(record) == bundle.score_one({**record, "income_yuan": None})


# -- calibration -------------------------------------------------------------------------------------------------------

shares = some.floats(0.0, 1.0)


def test_between_two_points_lies_a_straight_line_and_beyond_them_the_last_value() -> None:
    calibration = Calibration([0.2, 0.4], [0.1, 0.3])
    assert [calibration.calibrate_one(p) for p in (0.0, 0.2, 0.4, 1.0)] == [0.1, 0.1, 0.3, 0.3]
    assert calibration.calibrate_one(0.3) == pytest.approx(0.2)
    assert Calibration([0.5], [0.7]).calibrate_one(0.1) == 0.7


@given(some.lists(some.integers(0, 2**20), min_size=1, max_size=30, unique=True), some.data())
def test_calibration_is_bitwise_numpys_interpolation(grains: list[int], draw: some.DataObject) -> None:
    x = sorted(grain / 2**20 for grain in grains)
    y = sorted(draw.draw(some.lists(shares, min_size=len(x), max_size=len(x))))
    p = np.array([*draw.draw(some.lists(shares, max_size=10)), *x])
    calibration = Calibration(x, y)
    expected = np.interp(p, x, y)
    assert calibration.calibrate_many(p).tobytes() == expected.tobytes()
    assert np.array([calibration.calibrate_one(one) for one in p.tolist()]).tobytes() == expected.tobytes()


@pytest.mark.parametrize(
    ("x", "y"),
    [([], []), (None, None), ([0.1], [0.1, 0.2]), ([0.1, 0.1], [0, 1]), ([0.1, 0.2], [1, 0]), ([2.0], [0.5]),
     ([0.5], [True]), ([0.0, 5e-324], [0.0, 1.0]), (["a"], [0.1])],
)  # fmt: skip
def test_a_table_that_is_no_calibration_is_refused(x: Any, y: Any) -> None:
    assert faults(x, y)


# -- damage ------------------------------------------------------------------------------------------------------------


def truncate(folder: Path) -> None:
    path = folder / "deposit.txt"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip_a_bit(folder: Path) -> None:
    content = bytearray((folder / "wealth-2.txt").read_bytes())
    content[len(content) // 3] ^= 1
    (folder / "wealth-2.txt").write_bytes(content)


def edit_a_threshold(folder: Path) -> None:
    text = (folder / "deposit.txt").read_text()
    (folder / "deposit.txt").write_text(text.replace("threshold=", "threshold=1", 1))


def lose_a_file(folder: Path) -> None:
    (folder / "wealth.txt").unlink()


def lose_the_manifest(folder: Path) -> None:
    (folder / "manifest.json").unlink()


def link_elsewhere(folder: Path) -> None:
    (folder / "wealth.txt").rename(folder / "moved.txt")
    (folder / "wealth.txt").symlink_to(folder / "moved.txt")


def rename_the_version(folder: Path) -> None:
    edit(folder, lambda manifest: manifest.update(version="b-000000000000"))


def edit_the_calibration(folder: Path) -> None:
    edit(folder, lambda manifest: manifest["families"]["deposit"]["calibration"]["y"].__setitem__(-1, 1.0))


def edit_a_metric(folder: Path) -> None:
    edit(folder, lambda manifest: manifest["families"]["deposit"]["metrics"].update(auc=0.99))


def write_garbage(folder: Path) -> None:
    (folder / "manifest.json").write_bytes(b'{"format": 1, ')


def write_a_number(folder: Path) -> None:
    (folder / "manifest.json").write_bytes(b"7")


def write_depth(folder: Path) -> None:
    (folder / "manifest.json").write_bytes(b"[" * 200_000 + b"]" * 200_000)


def write_nan(folder: Path) -> None:
    (folder / "manifest.json").write_bytes(b'{"format": 1, "seed": NaN}')


def write_a_flood(folder: Path) -> None:
    (folder / "manifest.json").write_bytes(b'{"format": 1, "notes": "' + b"x" * 17_000_000 + b'"}')


def sign_another_format(folder: Path) -> None:
    edit(folder, lambda manifest: manifest.update(format=2), sign=True)


def sign_a_way_out(folder: Path) -> None:
    edit(folder, lambda m: m["families"]["deposit"]["files"][0].update(file="../../../../etc/passwd"), sign=True)


def sign_an_absolute_path(folder: Path) -> None:
    edit(folder, lambda m: m["families"]["deposit"]["files"][0].update(file="/etc/passwd"), sign=True)


def sign_a_falling_calibration(folder: Path) -> None:
    edit(folder, lambda m: m["families"]["deposit"]["calibration"]["y"].reverse(), sign=True)


def sign_fewer_features(folder: Path) -> None:
    edit(folder, lambda m: m["families"]["deposit"]["features"].pop(), sign=True)


def sign_an_unknown_feature(folder: Path) -> None:
    edit(folder, lambda m: m["families"]["deposit"]["features"].__setitem__(0, "shoe_size"), sign=True)


def sign_no_categories(folder: Path) -> None:
    edit(folder, lambda m: m["families"]["deposit"].update(categories={}), sign=True)


def sign_a_broken_feature(folder: Path) -> None:
    edit(folder, lambda m: m["table"]["features"][0].update(expression="customer.demand_yuan +"), sign=True)


def sign_no_families(folder: Path) -> None:
    edit(folder, lambda m: m.update(families={}), sign=True)


def sign_strange_shapes(folder: Path) -> None:
    edit(folder, lambda m: m.update(families={"deposit": 7, "wealth": {"files": [3], "golden": "x"}}), sign=True)


DAMAGE = {
    truncate: "is damaged: SHA-256 must be",
    flip_a_bit: "wealth-2.txt: is damaged",
    edit_a_threshold: "deposit.txt: is damaged",
    lose_a_file: "wealth.txt: is missing",
    lose_the_manifest: "manifest.json: is missing",
    link_elsewhere: "not a plain file",
    rename_the_version: "was changed after it was written",
    edit_the_calibration: "was changed after it was written",
    edit_a_metric: "was changed after it was written",
    write_garbage: "is not JSON",
    write_a_number: "must be a JSON object",
    write_depth: "is not JSON",
    write_nan: "holds what JSON cannot",
    write_a_flood: "is larger than 16000000 bytes",
    sign_another_format: "format must be 1, got 2",
    sign_a_way_out: "file must be a plain name in this folder",
    sign_an_absolute_path: "file must be a plain name in this folder",
    sign_a_falling_calibration: "calibration y must never fall",
    sign_fewer_features: "golden must hold rows",
    sign_an_unknown_feature: '"shoe_size" is not in the table',
    sign_no_categories: "all text has them",
    sign_a_broken_feature: "table does not hold together",
    sign_no_families: "must map deposit or wealth to a model",
    sign_strange_shapes: "must be an object",
}


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda damage: damage.__name__)
def test_damage_is_found_before_lightgbm_reads_a_byte(
    damage: Callable[[Path], None], copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_late(*_: object) -> None:
        raise AssertionError("a damaged bundle reached the trial load")

    damage(copy)
    monkeypatch.setattr(golden, "prove_apart", too_late)
    with pytest.raises(BundleError) as caught:
        open_bundle(copy)
    assert DAMAGE[damage] in str(caught.value)


@pytest.mark.parametrize("part", range(6))
def test_a_vouched_for_but_damaged_model_dies_in_the_trial_and_not_here(part: int, copy: Path) -> None:
    content = (copy / "deposit.txt").read_bytes()
    place = len(content) * (part + 1) // 8
    replace_model(copy, content[:place] if part % 2 else content[:place] + b"\n9" + content[place + 200 :])
    with pytest.raises(BundleError, match="the trial load"):
        open_bundle(copy)


def test_a_vouched_for_threshold_that_moved_is_told_by_the_golden_rows(copy: Path) -> None:
    content = (copy / "deposit.txt").read_bytes()
    at = content.index(b"threshold=") + len(b"threshold=")
    other = b"7" if content[at : at + 1] != b"7" else b"8"
    replace_model(copy, content[:at] + other + content[at + 1 :])
    with pytest.raises(BundleError, match="golden rows score differently here"):
        open_bundle(copy)


def test_a_trial_that_hangs_is_given_up(copy: Path, bundle: Bundle) -> None:
    with pytest.raises(BundleError, match=r"hung for 0\.001 s"):
        golden.prove_apart(copy, bundle.manifest["digest"], patience_s=0.001)


def test_a_trial_that_dies_names_the_signal() -> None:
    died = subprocess.CompletedProcess([], -11, b"", b"")
    assert golden._cause(died) == "the trial load was killed by signal 11; the bundle is not used"


def test_a_folder_that_changes_while_it_is_opened_is_refused(copy: Path) -> None:
    with pytest.raises(BundleError, match="changed while it was being opened"):
        golden.prove_apart(copy, "0" * 64)


def test_a_folder_that_is_not_there_is_one_clear_sentence(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match=r"manifest\.json: is missing"):
        open_bundle(tmp_path / "b-0123456789ab")


def test_the_check_by_hand_says_yes_and_no_by_exit_code(bundle_folder: Path, copy: Path) -> None:
    flip_a_bit(copy)
    command = [sys.executable, "-m", "service.scoring.models", "--verify"]
    codes = [
        subprocess.run([*command, str(one)], cwd=ROOT, capture_output=True, check=False).returncode
        for one in (bundle_folder, copy)
    ]
    assert codes == [0, 1]


# -- the system's part -------------------------------------------------------------------------------------------------


def test_a_missing_libgomp_is_one_sentence_that_says_what_to_install() -> None:
    error = OSError("libgomp.so.1: cannot open shared object file: No such file or directory")
    sentence = lightgbm_c.library_fault(error)
    assert "apt-get install libgomp1" in sentence
    assert "\n" not in sentence


def test_a_library_that_does_not_open_is_a_bundle_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lib_lightgbm.so").write_bytes(b"not a library")
    monkeypatch.setattr(lightgbm_c, "library_path", lambda: tmp_path / "lib_lightgbm.so")
    with pytest.raises(BundleError, match="C library does not open"):
        lightgbm_c.library.__wrapped__()


FORKS = """
import os, sys, time
import lightgbm, numpy
from pathlib import Path
from service.scoring.models import open_bundle

folder, trains = Path(sys.argv[1]), sys.argv[2] == "train"
if trains:  # a parent that has used a whole team of threads
    x = numpy.random.default_rng(0).random((5000, 8))
    lightgbm.train({"objective": "binary", "verbosity": -1, "num_threads": 2}, lightgbm.Dataset(x, x[:, 0] > 0.5), 5)
record = {"age": 40.0, "fund_yuan": 5.0, "demand_yuan": 1.0}
preloaded = open_bundle(folder)
expected = preloaded.score_one(record)
children = []
for _ in range(3):
    child = os.fork()
    if child == 0:
        good = preloaded.score_one(record) == expected
        for _ in range(2):
            good = good and open_bundle(folder).score_one(record) == expected
        os._exit(0 if good else 3)
    children.append(child)
for child in children:
    if os.waitpid(child, 0)[1] != 0:
        sys.exit(1)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.parametrize("parent", ["serve", "train"])
def test_preload_fork_and_reload_never_hang(parent: str, bundle_folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKS, str(bundle_folder), parent],
        cwd=ROOT,
        timeout=90,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()


def test_opening_a_bundle_does_not_import_the_training_libraries(bundle_folder: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from service.scoring.models import open_bundle;"
        f"open_bundle(Path({str(bundle_folder)!r})).score_one({{}});"
        "print([name for name in ('lightgbm', 'pandas', 'sklearn', 'scipy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, check=False)
    assert done.stdout.decode().strip() == "[]", done.stderr.decode()
