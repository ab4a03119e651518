"""`fourcast train | score | models | promote | rollback`: bundles, from a bank's files to what serves."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from service.cli.bank import selection
from service.cli.bank.bank_folder import bank_without_erased
from service.cli.bank.stack import open_stack
from service.cli.customers.import_files import bank_option, files_option
from service.cli.models.dataset import days_option, learned, window_option
from service.cli.models.tracking import tell_serving, tell_trained
from service.cli.policies.policy import rollback
from service.cli.terminal import bar, bom_option, json_option, show
from service.core.errors import InvalidInput
from service.engine.releases import promotion
from service.engine.releases.artifacts import Artifacts
from service.runtime.config import Settings
from service.scoring.models.lightgbm_c import library

FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)

cluster_option = click.option("--cluster", help="tcp://HOST:PORT of a Dask scheduler whose workers do the work.")


@click.command()
@click.option("--bank", type=FOLDER, help="Folder with the SQL.")
@click.option("--files", type=FOLDER, help="The bank's files.")
@click.option("--from-events", is_flag=True, help="Learn from the service's own decisions and events instead of files.")
@days_option
@window_option
@click.option("--seed", type=int, default=7, show_default=True, help="Same seed and files, same bundle.")
@click.option("--champion", help="The version to be compared with; without it only the absolute bounds hold.")
@click.option(
    "--allow-leak",
    "allowed",
    metavar="ATTRIBUTE",
    multiple=True,
    help="Accept this attribute although the canary says that it knows the future; the manifest keeps it.",
)
@cluster_option
@json_option
def train(  # noqa: PLR0913, PLR0917 (one per option)
    bank: Path | None,
    files: Path | None,
    from_events: bool,
    days: int,
    window: float | None,
    seed: int,
    champion: str | None,
    allowed: tuple[str, ...],
    cluster: str | None,
    as_json: bool,
) -> None:
    """Train a bundle of models and print its version. Exit code 1 when the gate says no.

    From a bank's files (--bank and --files), or from what the service itself has shown and what customers did
    (--from-events).
    """
    library()
    if from_events and (bank, files) == (None, None):
        return _told(learned(days, window, seed), as_json)
    if from_events or bank is None or files is None:
        raise InvalidInput("train learns from --bank and --files, or from --from-events alone: give one of the two.")
    settings = selection.settings_of_folder(bank)
    return tell(trained(settings, bank, files, seed, champion, allow_leak=allowed, cluster=cluster), as_json)


def tell(report: Any, as_json: bool, recipes: Any = None) -> None:
    """Print what a training made; raises GateRefused, after all is said, where the gate says no."""
    show(
        {
            "version": report.version,
            "customers": report.customers,
            **report.left_out,
            "passes": report.gate.passes,
            "gate": list(report.gate.lines) if as_json else "\n  ".join(["", *report.gate.lines]),
            **{f"uplift of {family}": said for family, said in report.uplift.items()},
            **({"metrics": report.metrics} if as_json else {}),
            **({"recipes": recipes} if as_json and recipes else {}),
        },
        as_json,
    )
    report.gate.or_refuse()


def _told(report: Any, as_json: bool) -> None:
    """What was learned from events, and whether it is fit to serve."""
    lines = list(report.gate.lines) if as_json else "\n  ".join(["", *report.gate.lines])
    show({"version": report.version, "passes": report.gate.passes, "gate": lines, **report.summary}, as_json)
    report.gate.or_refuse()


def trained(settings: Settings, bank: Path, files: Path, seed: int, champion: str | None = None, **choices: Any) -> Any:
    """Train (``choices`` as ``training.train``) with a progress bar, and put the bundle where bundles live."""
    from training.train import train as train_bundle

    artifacts = Artifacts.of(settings)
    if champion is not None:
        artifacts.folder_of(champion)
    with bank_without_erased(settings, bank) as (described, left_out), bar("Training two propensity models") as advance:
        report = train_bundle(described, files, seed, artifacts.folder, advance, champion, **choices)
    report = replace(report, left_out=left_out.document)
    artifacts.publish(report.version)
    tell_trained(settings, report.version, report.gate.passes)
    return report


@click.command()
@bank_option
@files_option
@click.option("--bundle", "version", required=True, help="The version whose models score.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="A .parquet or .csv file.")
@cluster_option
@bom_option
@json_option
def score(bank: Path, files: Path, version: str, out: Path, cluster: str | None, bom: bool, as_json: bool) -> None:
    """Score every customer of a bank's files: customer_id, family, propensity. No outcomes are needed.

    A column that the models read and the files lack is unknown of everybody; it is told by name.
    """
    library()
    from service.scoring.models.folders import verify
    from training.score import score as score_files

    settings = selection.settings_of_folder(bank)
    folder = Artifacts.of(settings).folder_of(version)
    bundle = verify(folder.parent, version)
    source = bundle if cluster is None else folder
    with bank_without_erased(settings, bank) as (described, left_out):
        scored = score_files(described, files, source, out, cluster, bom)
    told = {"customers": scored.customers, "out": str(out), **left_out.document}
    lacks = scored.lacks if as_json else f"{len(scored.lacks)} columns that the models read: {', '.join(scored.lacks)}"
    show({**told, **({"lacks": lacks} if scored.lacks else {})}, as_json)


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


@click.command()
@click.argument("version")
@click.option("--override", is_flag=True, help="Although a gate says no; the audit log keeps it.")
@json_option
def promote(version: str, override: bool, as_json: bool) -> None:
    """Make the bundle VERSION serve, beside the policy that serves. Exit code 1 when a gate says no.

    One gate reads the bundle's figures beside the champion's and whether it fits this bank (its name, its families, the
    attributes it reads), the other its value on the stored decisions: see `fourcast policy-value`.
    """
    with open_stack(selection.chosen_settings()) as stack:
        release = promotion.promote(stack.store, stack.settings, version, override=override, against=override)
        tell_serving(stack.settings, release.bundle)
    show({"release": release.id, "policy": release.policy, "bundle": release.bundle}, as_json)


VERBS = (train, score, models_, promote, rollback)
