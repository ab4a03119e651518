"""Bundles on disk: written whole or not at all, and named by their content.

Order: trained families -> ``write_bundle`` (``atomic_folder`` puts it on disk) -> ``verify`` (what promotion asks for
first). ``analysis.model_gate`` judges a bundle before promotion; ``fourcast promote`` releases it. The same seed and
files give the same content, version and bytes; a bundle contains no time.
"""

import json
import platform
import re
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import service
from service.core.errors import BundleError, InvalidInput, Problem
from service.scoring.models.golden import make_golden_rows
from service.scoring.models.manifest import FORMAT, KEPT, KINDS, NAME, digest_of, version_of
from training.bundles.atomic_folder import write_folder
from training.bundles.learned_from import LearnedFrom
from training.models.trained import TrainedFamily

_FEATURE_NAMES = re.compile(r"^feature_names=(.*)$", re.MULTILINE)


def write_bundle(  # noqa: PLR0913 (each is a part of the bundle)
    root: Path,
    families: Mapping[str, TrainedFamily],
    table: Mapping[str, Any],
    *,
    outcome: Mapping[str, str],
    horizon_days: int,
    seed: int,
    sources: Mapping[str, str],
    parts: Mapping[str, Any] | None = None,
    review: Mapping[str, Any] | None = None,
    learned_from: LearnedFrom | None = None,
) -> str:
    """Write ``root/<version>/`` and return the version.

    Parameters
    ----------
    root
        The folder of all bundles (``model_artifacts``).
    families
        Models by score name (``scoring.propensity``): a family, ``offer:<id>``, ``kind:<product>``,
        ``ticket:<family>``, whose calibration gives yuan, or ``uplift:<family>``.
    table
        The document of attributes and features the models were trained with.
    outcome, horizon_days
        What each family's model predicts, in a sentence, and within how many days.
    seed, sources
        What reproduces it: the seed, and the SHA-256 of every input file by name.
    parts
        Further members of the manifest: ``segments`` and ``lapse``, for the customer's portrait; ``evidence`` and
        ``response``, counted from events; ``uplift`` and ``kind``, what was found of each family and kind; ``shelf``,
        the offers of that time; ``reference`` and ``about``.
    review
        What a report is made from (``training.bundles.review``): a file of its own, whose hash the manifest keeps.
    learned_from
        Whom it has learned from: as the review.

    Raises:
        InvalidInput: when the models do not read the features as named.
    """
    models = {_file_name(name, place): text for name, one in families.items() for place, text in enumerate(one.models)}
    documents = {"review": review, "memory": None if learned_from is None else learned_from.document}
    kept = {
        part: json.dumps(one, sort_keys=True, allow_nan=False) for part, one in documents.items() if one is not None
    }
    content: dict[str, Any] = {
        **(parts or {}),
        **{part: sha256(text.encode()).hexdigest() for part, text in kept.items()},
        "format": FORMAT,
        "created_by": _created_by(),
        "seed": seed,
        "sources": dict(sources),
        "outcome": dict(outcome),
        "horizon_days": horizon_days,
        "table": table,
        **_entries(families, seed),
    }
    content = json.loads(json.dumps(content, allow_nan=False))  # tuples and NumPy floats as JSON will give them back
    digest = digest_of(content)
    manifest = {"version": version_of(digest), "digest": digest, **content}
    text = json.dumps(manifest, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_folder(root / manifest["version"], {NAME: text, **models, **{KEPT[part]: one for part, one in kept.items()}})
    return version_of(digest)


def read_review(folder: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Read the bundle's ``review.json`` and check its hash.

    Raises: InvalidInput: the bundle has none. BundleError: it is damaged.
    """
    found = _kept(folder, manifest, "review")
    if found is None:
        raise InvalidInput(f"{folder}: keeps nothing to report from; train it anew: fourcast train")
    return found


def read_learned_from(folder: Path, manifest: Mapping[str, Any]) -> LearnedFrom | None:
    """Read the filter of the bundle's customers; None where it has none that this version reads.

    Raises: BundleError: it is damaged.
    """
    found = _kept(folder, manifest, "memory")
    return None if found is None else LearnedFrom.read(found)


def _kept(folder: Path, manifest: Mapping[str, Any], part: str) -> dict[str, Any] | None:
    if part not in manifest:
        return None
    where = folder / KEPT[part]
    content = where.read_bytes() if where.is_file() else b""
    if sha256(content).hexdigest() != manifest[part]:
        raise BundleError(f"{where}: is missing or was changed: SHA-256 must be {manifest[part]}")
    found: dict[str, Any] = json.loads(content)
    return found


def _entries(models: Mapping[str, TrainedFamily], seed: int) -> dict[str, dict[str, Any]]:
    """A manifest's ``families``, and where there are such models, its other ``KINDS``."""
    found: dict[str, dict[str, Any]] = {"families": {}}
    for name, one in models.items():
        kind = next((kind for kind, (prefix, _) in KINDS.items() if prefix and name.startswith(prefix)), "families")
        found.setdefault(kind, {})[name.removeprefix(KINDS[kind][0])] = _entry(name, one, seed)
    return found


def _entry(family: str, trained: TrainedFamily, seed: int) -> dict[str, Any]:
    models = [text.encode() for text in trained.models]
    _check_names(family, trained)
    return {
        "files": [_file_entry(_file_name(family, place), model) for place, model in enumerate(models)],
        "features": list(trained.features),
        "categories": {name: list(words) for name, words in trained.categories.items()},
        "calibration": {"x": list(map(float, trained.calibration[0])), "y": list(map(float, trained.calibration[1]))},
        "metrics": dict(trained.metrics),
        "base_rate": float(trained.base_rate),
        "golden": make_golden_rows(models, seed),
        **({} if trained.weights is None else {"weights": list(map(float, trained.weights))}),
        **({} if trained.recipe is None else {"recipe": dict(trained.recipe)}),
    }


def _check_names(family: str, trained: TrainedFamily) -> None:
    problems = [
        Problem(f"{family}: model {place}", f"must read {', '.join(trained.features)}, reads {', '.join(names)}")
        for place, text in enumerate(trained.models)
        if (names := _names_of(text)) != list(trained.features)
    ]
    if problems or not trained.models:
        raise InvalidInput("models and features do not agree", problems)


def _names_of(text: str) -> list[str]:
    found = _FEATURE_NAMES.search(text)
    return found.group(1).split() if found else []


def _file_name(model: str, place: int) -> str:
    name = model.replace(":", ".")
    return f"{name}.txt" if place == 0 else f"{name}-{place + 1}.txt"


def _file_entry(name: str, content: bytes) -> dict[str, Any]:
    return {
        "file": name,
        "sha256": sha256(content).hexdigest(),
        "bytes": len(content),
        "trees": content.count(b"\nTree="),
    }


def _created_by() -> dict[str, str]:
    libraries = {name: installed(name) for name in ("lightgbm", "numpy", "scikit-learn")}
    return {"fourcast": service.__version__, "python": platform.python_version(), **libraries}
