"""Runs and model versions in MLflow, where the bank has it: what was trained, from what, how good, and the champion.

Order: ``record`` (after training: one run and one model version per bundle, with parameters, figures and files; the
name ``challenger`` where the gate lets it pass) -> ``name_champion`` (after promotion or rollback: the name
``champion``). MLflow is for information only. The bundle and the release exist before anything is tracked, and a
failure here is a message (``NotTracked``), never a reason to undo them. Nothing that serves imports MLflow.
"""

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from service.core.errors import FourcastError
from service.scoring.models.manifest import NAME, read_manifest

MODEL = "fourcast"
"""The name of the experiment and of the registered model."""
CHAMPION, CHALLENGER = "champion", "challenger"
RETRIES = "2"


class NotTracked(FourcastError):
    """The tracking server failed; the training or release that should be tracked is done all the same."""

    status = 503
    slug = "untold"
    title = "The tracking server was not told"


def record(uri: str, folder: Path, passes: bool) -> str:
    """Log a bundle as a run and a model version, once; return the version's number.

    Raises: NotTracked: the tracking server failed.
    """
    manifest = read_manifest(folder)
    with _board(uri) as board:
        number = _number(board, manifest["version"])
        if number is None:
            number = _registered(board, uri, folder, manifest)
        if passes:
            board.set_registered_model_alias(MODEL, CHALLENGER, number)
        return number


def name_champion(uri: str, folder: Path) -> None:
    """Give the bundle the alias ``champion`` and take away ``challenger``.

    Raises: NotTracked: the tracking server failed.
    """
    version = read_manifest(folder)["version"]
    number = record(uri, folder, passes=False)
    with _board(uri) as board:
        board.set_registered_model_alias(MODEL, CHAMPION, number)
        if _named(board, CHALLENGER) == version:
            board.delete_registered_model_alias(MODEL, CHALLENGER)


def version_named(uri: str, alias: str) -> str | None:
    """The bundle that has an alias now; None where none has.

    Raises: NotTracked: the tracking server failed.
    """
    with _board(uri) as board:
        return _named(board, alias)


def _registered(board: Any, uri: str, folder: Path, manifest: Mapping[str, Any]) -> str:
    run = board.create_run(_experiment(board, uri), run_name=manifest["version"], tags={"bundle": manifest["version"]})
    for name, value in _parameters(manifest).items():
        board.log_param(run.info.run_id, name, value)
    for name, value in _figures(manifest):
        board.log_metric(run.info.run_id, name, value)
    for path in [folder / NAME, *(folder / name for name in _files(manifest))]:
        board.log_artifact(run.info.run_id, str(path))
    board.set_terminated(run.info.run_id)
    if not board.search_registered_models(f"name='{MODEL}'"):
        board.create_registered_model(MODEL)
    tags = {"bundle": manifest["version"], "digest": manifest["digest"]}
    return str(board.create_model_version(MODEL, run.info.artifact_uri, run.info.run_id, tags=tags).version)


def _parameters(manifest: Mapping[str, Any]) -> dict[str, Any]:
    made = {f"created_by.{name}": value for name, value in manifest["created_by"].items()}
    sources = {f"sha256.{Path(name).name}": value for name, value in manifest["sources"].items()}
    trees = {
        f"{family}.trees": sum(row["trees"] for row in entry["files"]) for family, entry in manifest["families"].items()
    }
    return {"seed": manifest["seed"], "horizon_days": manifest["horizon_days"], **made, **sources, **trees}


def _figures(manifest: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Every number among the metrics: "deposit.auc", "deposit.none_held.auc", "experience.as_served.brier"."""
    for family, entry in manifest["families"].items():
        yield from _numbers(family, entry["metrics"])
    yield from _numbers("experience", manifest.get("experience") or {})


def _numbers(prefix: str, figures: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in figures.items():
        if isinstance(value, Mapping):
            yield from _numbers(f"{prefix}.{name}", value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            yield f"{prefix}.{name}", float(value)


def _files(manifest: Mapping[str, Any]) -> list[str]:
    return [row["file"] for entry in manifest["families"].values() for row in entry["files"]]


def _experiment(board: Any, uri: str) -> str:
    found = board.get_experiment_by_name(MODEL)
    if found is not None:
        return str(found.experiment_id)
    if not uri.startswith("sqlite:///"):
        return str(board.create_experiment(MODEL))
    beside = Path(uri.removeprefix("sqlite:///")).resolve()  # else MLflow makes a folder wherever it is called
    return str(board.create_experiment(MODEL, artifact_location=f"{beside}.files"))


def _number(board: Any, version: str) -> str | None:
    """The number of the model version that holds this bundle."""
    found = board.search_model_versions(f"name='{MODEL}' and tag.bundle='{version}'")
    return str(found[0].version) if found else None


def _named(board: Any, alias: str) -> str | None:
    models = board.search_registered_models(f"name='{MODEL}'")
    if not models or alias not in models[0].aliases:
        return None
    return str(board.get_model_version_by_alias(MODEL, alias).tags["bundle"])


@contextmanager
def _board(uri: str) -> Iterator[Any]:
    """A client of the tracking server; its failures are raised as NotTracked."""
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", RETRIES)
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
    try:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
    except ImportError as error:
        raise NotTracked(
            "FOURCAST_TRACKING_URI needs MLflow; install it with: pip install 'fourcast[tracking]'"
        ) from error
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    try:
        yield MlflowClient(tracking_uri=uri, registry_uri=uri)
    except (MlflowException, OSError) as error:
        raise NotTracked(str(error).splitlines()[0][:300]) from error
