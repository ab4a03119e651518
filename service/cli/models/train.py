"""`fourcast train`: a bundle of models, from a bank's files or from the service's own events."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from service.cli.bank import selection
from service.cli.bank.bank_folder import bank_without_erased, folder_type
from service.cli.models.dataset import days_option, train_from_events, window_option
from service.cli.models.tracking import track_training
from service.cli.terminal import bar, json_option, show
from service.core.errors import InvalidInput
from service.engine.releases.artifacts import Artifacts
from service.runtime.config import Settings
from service.scoring.models.lightgbm_c import library

cluster_option = click.option("--cluster", help="tcp://HOST:PORT of a Dask scheduler whose workers do the work.")


@click.command()
@click.option("--bank", type=folder_type, help="Folder with the SQL.")
@click.option("--files", type=folder_type, help="The bank's files.")
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
        return _print_training(train_from_events(days, window, seed), as_json)
    if from_events or bank is None or files is None:
        raise InvalidInput("train learns from --bank and --files, or from --from-events alone: give one of the two.")
    settings = selection.settings_of_folder(bank)
    return print_report(
        train_and_publish(settings, bank, files, seed, champion, allow_leak=allowed, cluster=cluster), as_json
    )


def print_report(report: Any, as_json: bool, recipes: Any = None) -> None:
    """Print the report of a training.

    Raises: GateRefused: when the gate says no, after everything is printed.
    """
    show(
        {
            "version": report.version,
            "customers": report.customers,
            **report.left_out,
            "passes": report.gate.passes,
            "gate": list(report.gate.lines) if as_json else "\n  ".join(["", *report.gate.lines]),
            **{f"uplift of {family}": said for family, said in report.uplift.items()},
            **{f"kind {kind}": said for kind, said in report.kinds.items()},
            **({"metrics": report.metrics} if as_json else {}),
            **({"recipes": recipes} if as_json and recipes else {}),
        },
        as_json,
    )
    report.gate.or_refuse()


def _print_training(report: Any, as_json: bool) -> None:
    """Print what was learned from events, and what the gate says."""
    lines = list(report.gate.lines) if as_json else "\n  ".join(["", *report.gate.lines])
    show({"version": report.version, "passes": report.gate.passes, "gate": lines, **report.summary}, as_json)
    report.gate.or_refuse()


def train_and_publish(
    settings: Settings, bank: Path, files: Path, seed: int, champion: str | None = None, **choices: Any
) -> Any:
    """Train (``choices`` as ``training.train``) with a progress bar, and publish the bundle to the artifacts."""
    from training.train import train as train_bundle

    artifacts = Artifacts.of(settings)
    if champion is not None:
        artifacts.folder_of(champion)
    with bank_without_erased(settings, bank) as (described, left_out), bar("Training propensity models") as advance:
        report = train_bundle(described, files, seed, artifacts.folder, advance, champion, **choices)
    report = replace(report, left_out=left_out.document)
    artifacts.publish(report.version)
    track_training(settings, report.version, report.gate.passes)
    return report


VERBS = (train,)
