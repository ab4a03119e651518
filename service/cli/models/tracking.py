"""What other verbs tell the tracking server, where one is set; where it does not listen, a sentence says so."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from service.core.errors import FourcastError
from service.engine.releases.artifacts import Artifacts
from service.runtime.config import Settings


def tell_trained(settings: Settings, version: str, passes: bool) -> None:
    """A bundle was trained: a run, and the name challenger where the gate lets it pass."""
    _tell(settings, version, lambda tracking, uri, folder: tracking.record(uri, folder, passes))


def tell_serving(settings: Settings, version: str | None) -> None:
    """A bundle came to serve, by promotion or rollback: it is the champion. Nothing to tell where priors serve."""
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
