"""`fourcast models`: the bundles there are, with their figures."""

from typing import Any

import click

from service.cli.bank import selection
from service.cli.terminal import json_option, show
from service.engine.releases.artifacts import Artifacts


@click.command("models")
@json_option
def models_(as_json: bool) -> None:
    """List the bundles in the artifact folder with their figures on unseen customers."""
    from service.scoring.models.folders import list_bundles
    from service.scoring.models.manifest import metrics_of

    artifacts = Artifacts.of(selection.chosen_settings())
    for version in artifacts.versions():
        artifacts.folder_of(version)
    found: dict[str, object] = {}
    for version, manifest in list_bundles(artifacts.folder):
        figures = metrics_of(manifest) if isinstance(manifest, dict) else str(manifest)
        found[version] = figures if as_json or isinstance(figures, str) else _in_short(figures)
    show(found, as_json)


def _in_short(figures: Any) -> str:
    return ", ".join(f"{family} AUC {each['auc']:.3f}" for family, each in figures.items())


VERBS = (models_,)
