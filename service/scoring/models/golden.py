"""Golden rows: a bundle's own proof that this machine reads its trees as the machine that trained them did.

``make_golden_rows`` takes them from the thresholds of the trees, half on a threshold and half just above it. So many
branches are walked, and no customer's row leaves the training set. Rows are scored as raw sums of leaves, which no
library function rounds differently, and compared bit for bit (``prove``). That happens in a short-lived process
(``prove_apart``), because a damaged model may kill or hang the process that loads it.
"""

import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from service.core.attributes import Array
from service.core.errors import BundleError
from service.scoring.models.lightgbm_c import Booster, thread_limit
from service.scoring.models.manifest import Manifest, model_bytes, models_of, read_manifest

ROWS = 64
UNKNOWN_SHARE = 0.2
BEYOND = 1e300  # the threshold of a split that only parts the known from the unknown
PATIENCE_S = 60.0
_ROOT = Path(__file__).resolve().parents[3]


def make_golden_rows(models: Sequence[bytes], seed: int = 0) -> dict[str, Any]:
    """``{"rows": [[...]], "raw": [[...]]}`` of a family's boosters; 64 rows, one list of raw sums each."""
    chance = np.random.default_rng(seed)
    rows = np.column_stack([_drawn(levels, steps, chance) for levels, steps in _levels(models)])
    rows[chance.random(rows.shape) < UNKNOWN_SHARE] = np.nan
    with thread_limit(1):
        raw = [Booster(model).predict_many(rows, raw=True).tolist() for model in models]
    return {"rows": [[None if np.isnan(x) else x for x in row] for row in rows.tolist()], "raw": raw}


def prove(manifest: Manifest, boosters: dict[str, list[Booster]]) -> None:
    """Score every model's golden rows and compare bit by bit.

    Raises: BundleError: when a booster scores differently.
    """
    for name, entry in models_of(manifest).items():
        rows = _matrix(entry["golden"]["rows"])
        for row, booster, expected in zip(entry["files"], boosters[name], entry["golden"]["raw"], strict=True):
            _prove_one(f"{name}: {row['file']}", booster, rows, np.array(expected, dtype=np.float64))


def prove_here(folder: Path, digest: str) -> None:
    """Read, load and prove a bundle in this process; ``digest`` is the one that the calling process read.

    Raises: BundleError: when it changed meanwhile, is damaged, or scores differently.
    """
    manifest = read_manifest(folder)
    if manifest["digest"] != digest:
        raise BundleError(f"{folder}: changed while it was being opened")
    contents = model_bytes(folder, manifest)
    prove(manifest, {name: [Booster(one) for one in models] for name, models in contents.items()})


def prove_apart(folder: Path, digest: str, patience_s: float = PATIENCE_S) -> None:
    """``prove_here`` in a process of its own.

    Raises: BundleError: when that process dies, hangs or finds a difference.
    """
    command = [sys.executable, "-m", "service.scoring.models", "--verify", str(folder), "--digest", digest]
    search_path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": search_path}
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
    found = booster.predict_many(rows, raw=True)
    if found.tobytes() != expected.tobytes():
        worst = float(np.max(np.abs(found - expected)))
        raise BundleError(f"{where}: golden rows score differently here, by up to {worst:.3g}")


def _matrix(rows: list[list[float | None]]) -> Array:
    return np.array([[np.nan if figure is None else figure for figure in row] for row in rows], dtype=np.float64)


def _drawn(levels: Array, steps: bool, chance: np.random.Generator) -> Array:
    """One column: any of the levels; where they are thresholds, half of the figures just above (the other branch)."""
    figures = chance.choice(levels, ROWS)
    return np.where(chance.random(ROWS) < 0.5, np.nextafter(figures, np.inf), figures) if steps else figures


def _levels(models: Sequence[bytes]) -> Iterator[tuple[Array, bool]]:
    """Per feature: the thresholds at which any tree splits it (True), or its codes (False)."""
    thresholds = _thresholds(models)
    for place, word in enumerate(_line(models[0], b"feature_infos")):
        if word.startswith(b"[") and thresholds[place]:
            yield np.array(sorted(thresholds[place])), True
        else:
            codes = [] if word.startswith(b"[") or word == b"none" else word.split(b":")
            yield np.array([float(code) for code in codes] or [0.0]), False


def _thresholds(models: Sequence[bytes]) -> dict[int, set[float]]:
    found: dict[int, set[float]] = defaultdict(set)
    for model in models:
        for tree in model.split(b"\nTree=")[1:]:
            for place, threshold in zip(_line(tree, b"split_feature"), _line(tree, b"threshold"), strict=True):
                if abs(float(threshold)) < BEYOND:
                    found[int(place)].add(float(threshold))
    return found


def _line(text: bytes, key: bytes) -> list[bytes]:
    """The words of the first line ``key=...``; none where a tree is a single leaf and has no such line."""
    found = re.search(rb"^" + key + rb"=(.*)$", text, re.MULTILINE)
    return found.group(1).split() if found else []
