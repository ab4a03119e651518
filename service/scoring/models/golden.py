"""Golden rows: a bundle's own proof that this machine reads its trees as the machine that trained them did.

Made (``make``) from the ranges that the model states of its own inputs, so that no customer's row leaves the training
set; scored there as raw sums of leaves, which no library function rounds differently; compared bit for bit (``prove``)
in a short-lived process (``prove_apart``), because a damaged model may kill or hang whoever loads it.
"""

import os
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from service.errors import BundleError
from service.scoring.attributes import Array
from service.scoring.models.library import Booster, thread_limit
from service.scoring.models.manifest import Manifest, model_bytes, read

ROWS = 32
UNKNOWN_SHARE = 0.2
PATIENCE_S = 60.0
_RANGES = re.compile(rb"^feature_infos=(.*)$", re.MULTILINE)
_ROOT = Path(__file__).resolve().parents[3]


def make(models: Sequence[bytes], seed: int = 0) -> dict[str, Any]:
    """``{"rows": [[...]], "raw": [[...]]}`` for the boosters of a family: 32 rows, one list of raw sums each."""
    chance = np.random.default_rng(seed)
    ranges = [_range(word) for word in _ranges(models[0])]
    columns = [chance.uniform(low, high, ROWS) if low < high else np.full(ROWS, low) for low, high in ranges]
    rows = np.column_stack(columns)
    rows[chance.random(rows.shape) < UNKNOWN_SHARE] = np.nan
    with thread_limit(1):
        raw = [Booster(model).many(rows, raw=True).tolist() for model in models]
    return {"rows": [[None if np.isnan(x) else x for x in row] for row in rows.tolist()], "raw": raw}


def prove(manifest: Manifest, boosters: dict[str, list[Booster]]) -> None:
    """Every booster scores its family's golden rows to the same bits; raises BundleError where one does not."""
    for family, entry in manifest["families"].items():
        rows = _matrix(entry["golden"]["rows"])
        for row, booster, expected in zip(entry["files"], boosters[family], entry["golden"]["raw"], strict=True):
            _prove_one(f"{family}: {row['file']}", booster, rows, np.array(expected, dtype=np.float64))


def prove_here(folder: Path, digest: str) -> None:
    """Read, load and prove a bundle in this process; ``digest`` is the one the asking process has read."""
    manifest = read(folder)
    if manifest["digest"] != digest:
        raise BundleError(f"{folder}: changed while it was being opened")
    contents = model_bytes(folder, manifest)
    prove(manifest, {family: [Booster(one) for one in models] for family, models in contents.items()})


def prove_apart(folder: Path, digest: str, patience_s: float = PATIENCE_S) -> None:
    """``prove_here`` in a process of its own; a death, a hang or a difference there is a BundleError here."""
    command = [sys.executable, "-m", "service.scoring.models", "--verify", str(folder), "--digest", digest]
    road = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": road}
    try:
        done = subprocess.run(
            command, env=environment, capture_output=True, timeout=patience_s, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as error:
        raise BundleError(f"{folder}: the trial load hung for {patience_s:g} s; the bundle is not used") from error
    if done.returncode != 0:
        raise BundleError(f"{folder}: {_cause(done)}")


def _cause(done: "subprocess.CompletedProcess[bytes]") -> str:
    if done.returncode < 0:
        return f"the trial load was killed by signal {-done.returncode}; the bundle is not used"
    words = done.stderr.decode("utf-8", "replace").strip()
    return f"the trial load says no: {words[-400:] or f'exit code {done.returncode}'}"


def _prove_one(where: str, booster: Booster, rows: Array, expected: Array) -> None:
    if booster.width != rows.shape[1]:
        raise BundleError(f"{where}: the model reads {booster.width} features, the manifest names {rows.shape[1]}")
    found = booster.many(rows, raw=True)
    if found.tobytes() != expected.tobytes():
        worst = float(np.max(np.abs(found - expected)))
        raise BundleError(f"{where}: golden rows score differently here, by up to {worst:.3g}")


def _matrix(rows: list[list[float | None]]) -> Array:
    return np.array([[np.nan if figure is None else figure for figure in row] for row in rows], dtype=np.float64)


def _ranges(model: bytes) -> list[bytes]:
    found = _RANGES.search(model[:5_000_000])
    if found is None:
        raise BundleError("a model in LightGBM's text format must state feature_infos")
    return found.group(1).split()


def _range(word: bytes) -> tuple[float, float]:
    """``[0:12.5]`` of a number, ``0:3:1`` of codes, ``none`` of a feature that never varied."""
    if word == b"none":
        return 0.0, 0.0
    figures = [float(figure) for figure in word.strip(b"[]").split(b":")]
    return min(figures), max(figures)
