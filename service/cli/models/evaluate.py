"""`fourcast evaluate`: a bundle's figures on any files with outcomes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from service.cli.bank import selection
from service.cli.bank.bank_folder import bank_option, bank_without_erased, files_option
from service.cli.terminal import json_option, show
from service.engine.releases.artifacts import Artifacts
from service.scoring.models.lightgbm_c import library


@click.command()
@click.argument("version")
@bank_option
@files_option
@json_option
def evaluate(version: str, bank: Path, files: Path, as_json: bool) -> None:
    """Figures of the bundle VERSION on any files with outcomes, and whether it has learned from these customers."""
    library()
    from service.scoring.models.folders import verify
    from training.bundles.drift import evaluate_bundle
    from training.bundles.registry import read_learned_from

    settings = selection.settings_of_folder(bank)
    home = Artifacts.of(settings).folder_of(version)
    bundle = verify(home.parent, version)
    with bank_without_erased(settings, bank) as (described, left_out):
        found = evaluate_bundle(bundle, read_learned_from(home, bundle.manifest), described, files)
    show({"bundle": version, **left_out.document, **_evaluation(found, as_json)}, as_json)


def _evaluation(found: Mapping[str, Any], as_json: bool) -> dict[str, Any]:
    """The figures to print: those of customers the bundle has not learned from are a test, the others are none."""
    from training.evaluation.metrics import summary

    def told(figures: Mapping[str, Any]) -> dict[str, Any]:
        return dict(figures) if as_json else {family: summary(each) for family, each in figures.items()}

    about = {"learned_from_them": found["learned_from_them"], **({"lacks": found["lacks"]} if found["lacks"] else {})}
    unseen = told(found["unseen"]) if "unseen" in found else {}
    if as_json:
        learned = {name: found[name] for name in ("learned_from",) if name in found}
        more = {**learned, **({"unseen": unseen} if unseen else {})}
    else:
        more = {f"{family}, unseen": figures for family, figures in unseen.items()}
    warning = _warning(found)
    return {**about, **told(found["families"]), **more, **({"warning": warning} if warning else {})}


def _warning(found: Mapping[str, Any]) -> str:
    if found["learned_from_them"] is None:
        return "the bundle keeps no memory of whom it learned from: no test unless you know that it was from others"
    if not found["learned_from_them"]:
        return ""
    if "unseen" not in found:
        return "learned from these very files: no test"
    return f"learned from about {found['learned_from']:,} of these customers: only the figures of the unseen are a test"


VERBS = (evaluate,)
