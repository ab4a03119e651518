"""The manifest of a bundle: what is in the folder, hashed; read and verified before LightGBM sees a byte.

Order: bytes (bounded) -> JSON -> digest over everything but ``version`` and ``digest`` -> shape -> each file's size and
SHA-256 -> the file's bytes. LightGBM's own reader does not detect damage: most damaged models kill the process or load
with other scores. ``training.bundles.registry`` writes what is read here; ``model_artifacts/README.md`` describes the
format.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from service.core.domain import Family
from service.core.errors import BundleError, Problem
from service.scoring import evidence, lifetime, reference, segments
from service.scoring.models import calibration, shelf
from service.scoring.propensity import KIND, OFFER, TICKET, UPLIFT

FORMAT = 1
NAME = "manifest.json"
KEPT = {"review": "review.json", "memory": "memory.json"}
"""Files for a report, and for whom the bundle learned from, where the manifest holds a hash under that name. Serving
never reads them."""
LARGEST_MANIFEST = 16_000_000
LARGEST_MODEL = 500_000_000
FILE_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
UNHASHED = ("version", "digest")
PROBABILITIES, YUAN, GAINS = (1.0, 1.0), (50.0, 1e12), (10.0, 1.0, -10.0)
"""The bounds of a calibration's input and output: raw and calibrated P, log yuan and yuan, uplifts."""
KINDS: Mapping[str, tuple[str, tuple[float, ...]]] = {
    "families": ("", PROBABILITIES),
    "offers": (OFFER, PROBABILITIES),
    "tickets": (TICKET, YUAN),
    "uplifts": (UPLIFT, GAINS),
    "kinds": (KIND, PROBABILITIES),
}
"""The manifest's key of each kind of model, what their names begin with, and the limits of their calibration."""
PRODUCT = re.compile(r"[a-z][a-z0-9_]{0,39}")
"""The name of a product kind."""
SEGMENTS, LAPSE, EVIDENCE, RESPONSE = "segments", "lapse", "evidence", "response"
"""The parts of a manifest beside its models that say something of a customer."""
PARTS: Mapping[str, Callable[[object], Iterator[str]]] = {
    SEGMENTS: segments.faults,
    LAPSE: lifetime.faults,
    EVIDENCE: evidence.evidence_faults,
    RESPONSE: evidence.response_faults,
    "reference": reference.faults,
    "shelf": shelf.faults,
}
"""What a manifest may hold besides models, and the function that finds its faults."""

Manifest = Mapping[str, Any]


def canonical(document: Mapping[str, Any]) -> bytes:
    """Sorted JSON without blanks.

    Raises: ValueError: for NaN and infinity.
    """
    words = {"sort_keys": True, "separators": (",", ":"), "ensure_ascii": False, "allow_nan": False}
    return json.dumps(document, **words).encode()  # type: ignore[arg-type]


def digest_of(manifest: Manifest) -> str:
    """SHA-256 over all of the manifest but its own name."""
    return sha256(canonical({key: manifest[key] for key in manifest if key not in UNHASHED})).hexdigest()


def version_of(digest: str) -> str:
    """``b-`` and the first 12 hex digits of the digest: the same content has the same version."""
    return f"b-{digest[:12]}"


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a bundle's folder.

    Raises: BundleError: naming every fault, when it is missing, changed or malformed.
    """
    where = folder / NAME
    manifest = _parsed(where, _bytes(where, LARGEST_MANIFEST))
    if manifest.get("format") != FORMAT:
        raise BundleError(f"{where}: format must be {FORMAT}, got {str(manifest.get('format'))[:20]}")
    digest = _digest(where, manifest)
    if manifest.get("digest") != digest or manifest.get("version") != version_of(digest):
        raise BundleError(f"{where}: was changed after it was written (version and content do not agree)")
    problems = list(_shape_faults(manifest))
    if problems:
        raise BundleError(f"{where}: does not describe a bundle", problems)
    return manifest


def models_of(manifest: Manifest) -> dict[str, Mapping[str, Any]]:
    """Every model's entry under the name of its score (``scoring.propensity``), in the order of ``KINDS``."""
    return {
        prefix + name: entry for kind, (prefix, _) in KINDS.items() for name, entry in manifest.get(kind, {}).items()
    }


def names_of(manifest: Manifest) -> tuple[str, ...]:
    """The name of everything in a bundle that says something of a customer: its models, and its other parts."""
    parts = (SEGMENTS, LAPSE, EVIDENCE, RESPONSE)
    return (*models_of(manifest), *(part for part in parts if part in manifest))


def model_bytes(folder: Path, manifest: Manifest) -> dict[str, list[bytes]]:
    """The bytes of each model's files, with size and SHA-256 verified.

    Raises: BundleError: when a file is missing or damaged.
    """
    return {name: [_checked(folder, row) for row in entry["files"]] for name, entry in models_of(manifest).items()}


def metrics_of(manifest: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """``{family: metrics}`` as a manifest states them: what ``analysis.model_gate`` compares."""
    return {family: entry["metrics"] for family, entry in manifest["families"].items()}


def _checked(folder: Path, row: Mapping[str, Any]) -> bytes:
    where = folder / row["file"]
    content = _bytes(where, LARGEST_MODEL)
    found = sha256(content).hexdigest()
    if found != row["sha256"]:
        raise BundleError(f"{where}: is damaged: SHA-256 must be {row['sha256']}, got {found} ({len(content)} bytes)")
    return content


def _bytes(where: Path, limit: int) -> bytes:
    try:
        if where.is_symlink() or not where.is_file():
            raise BundleError(f"{where}: is missing, or not a plain file")
        with where.open("rb") as stream:
            content = stream.read(limit + 1)
    except OSError as error:
        raise BundleError(f"{where}: cannot be read: {error.strerror}") from error
    if len(content) > limit:
        raise BundleError(f"{where}: is larger than {limit} bytes")
    return content


def _parsed(where: Path, content: bytes) -> dict[str, Any]:
    try:
        manifest = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{where}: is not JSON: {str(error)[:200]}") from error
    if not isinstance(manifest, dict):
        raise BundleError(f"{where}: must be a JSON object")
    return manifest


def _digest(where: Path, manifest: Manifest) -> str:
    try:
        return digest_of(manifest)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{where}: holds what JSON cannot: {error}") from error


def _shape_faults(manifest: Manifest) -> Iterator[Problem]:
    models = {kind: manifest.get(kind, {}) for kind in KINDS}
    if not all(_are_families(several) for kind, several in models.items() if kind not in ("offers", "kinds")):
        yield Problem("families, tickets and uplifts", f"must map {' or '.join(Family)} to a model")
    elif not isinstance(models["offers"], dict):
        yield Problem("offers", "must map offers to models")
    elif not _are_products(models["kinds"]):
        yield Problem("kinds", "must map names of product kinds to models")
    elif not models["families"] and "evidence" not in manifest:
        yield Problem("families", f"must map {' or '.join(Family)} to a model, or the bundle must hold evidence")
    else:
        for kind, (_, limits) in KINDS.items():
            for name, entry in models[kind].items():
                yield from (Problem(f"{kind}.{name}", fault) for fault in _entry_faults(entry, limits))
    for name, faults_of in PARTS.items():
        if name in manifest:
            yield from (Problem(name, fault) for fault in faults_of(manifest[name]))


def _are_families(models: object) -> bool:
    return isinstance(models, dict) and set(models) <= set(Family)


def _are_products(models: object) -> bool:
    return isinstance(models, dict) and all(PRODUCT.fullmatch(name) for name in models)


def _entry_faults(entry: object, limits: tuple[float, ...]) -> list[str]:
    if not isinstance(entry, dict):
        return ["must be an object"]
    points = entry.get("calibration")
    pair = (points.get("x"), points.get("y")) if isinstance(points, dict) else (None, None)
    faults = [*_file_faults(entry.get("files")), *calibration.faults(*pair, *limits)]
    if not _are_words(entry.get("features")) or not entry["features"]:
        faults.append("features must be a list of different names")
    categories = entry.get("categories")
    if not isinstance(categories, dict) or not all(map(_are_words, categories.values())):
        faults.append("categories must map names to lists of different words")
    if "weights" in entry and not _is_table([entry["weights"]], 1, len(entry.get("files") or ())):
        faults.append("weights must be a list of one figure per file")
    return faults or _golden_faults(entry)


def _file_faults(files: object) -> list[str]:
    if not isinstance(files, list) or not files:
        return ["files must be a list of at least one file"]
    return [fault for row in files for fault in _row_faults(row)]


def _row_faults(row: object) -> list[str]:
    if not isinstance(row, dict) or not isinstance(row.get("file"), str) or not isinstance(row.get("sha256"), str):
        return ["each file needs its name and its sha256"]
    return (
        []
        if FILE_NAME.fullmatch(row["file"])
        else [f"file must be a plain name in this folder, got {row['file'][:80]!r}"]
    )


def _are_words(words: object) -> bool:
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return False
    return len(set(words)) == len(words)


def _golden_faults(entry: Mapping[str, Any]) -> list[str]:
    golden = entry.get("golden")
    rows, raw = (golden.get("rows"), golden.get("raw")) if isinstance(golden, dict) else (None, None)
    if not _is_table(rows, None, len(entry["features"])) or not _is_table(raw, len(entry["files"]), len(rows or ())):
        return ["golden must hold rows (one figure or null per feature) and raw (per file one score per row)"]
    return []


def _is_table(table: object, height: int | None, width: int) -> bool:
    if not isinstance(table, list) or not table or height not in (None, len(table)):
        return False
    return all(isinstance(row, list) and len(row) == width and all(map(_is_figure, row)) for row in table)


def _is_figure(figure: object) -> bool:
    return figure is None or (isinstance(figure, (int, float)) and not isinstance(figure, bool))
