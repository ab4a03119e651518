"""The tracking server, where one is set: runs, and the names champion and challenger; a failure prints a sentence."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from service.core.errors import FourcastError
from service.engine.releases.artifacts import Artifacts
from service.runtime.config import Settings


def track_training(settings: Settings, version: str, passes: bool) -> None:
    """Track a trained bundle: a run, and the name challenger where the gate lets it pass."""
    _tell(settings, version, lambda tracking, uri, folder: tracking.record(uri, folder, passes))


def track_serving(settings: Settings, version: str | None) -> None:
    """Track the bundle that serves now, by promotion or rollback, as the champion; nothing where priors serve."""
    if version is not None:
        _tell(settings, version, lambda tracking, uri, folder: tracking.name_champion(uri, folder))


def _tell(settings: Settings, version: str, told: Callable[[Any, str, Path], object]) -> None:
    if settings.tracking_uri is None:
        return
    from training import tracking

    try:
        told(tracking, settings.tracking_uri, Artifacts.of(settings).folder_of(version))
    except FourcastError as error:
        click.echo(f"{error.title}: {error}", err=True)
