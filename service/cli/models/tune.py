"""`fourcast tune`: a search for better recipes than the shipped ones, ending in a bundle through the same gate."""

from dataclasses import replace
from pathlib import Path

import click

from service.cli.bank import selection
from service.cli.bank.bank_folder import bank_option, bank_without_erased, files_option
from service.cli.models.tracking import track_training
from service.cli.models.train import print_report
from service.cli.terminal import bar, json_option
from service.engine.releases.artifacts import Artifacts
from service.scoring.models.lightgbm_c import library


@click.command()
@bank_option
@files_option
@click.option("--minutes", type=click.FloatRange(0.1, 10_000), default=15.0, show_default=True, help="Time for it all.")
@click.option(
    "--study",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The SQLite file of the study; a study that is there goes on. By default in the state folder, one a bank.",
)
@click.option("--trials", type=click.IntRange(1), help="End the search after so many trials a family.")
@click.option("--seed", type=int, default=7, show_default=True)
@click.option("--champion", help="The version to be compared with; without it only the absolute bounds hold.")
@json_option
def tune(
    bank: Path,
    files: Path,
    minutes: float,
    study: Path | None,
    trials: int | None,
    seed: int,
    champion: str | None,
    as_json: bool,
) -> None:
    """Search better recipes for a bank and train their blend. Exit code 1 when the gate says no."""
    library()
    from training.tune import tune as tune_bundle

    settings = selection.settings_of_folder(bank)
    artifacts = Artifacts.of(settings)
    if champion is not None:
        artifacts.folder_of(champion)
    kept = study or settings.state_dir / f"study-{bank.resolve().name}.db"
    with bank_without_erased(settings, bank) as (described, left_out), bar("Tuning") as advance:
        report, recipes = tune_bundle(
            described, files, minutes, kept, seed, artifacts.folder, advance, champion, trials
        )
    report = replace(report, left_out=left_out.document)
    artifacts.publish(report.version)
    track_training(settings, report.version, report.gate.passes)
    print_report(report, as_json, recipes)


VERBS = (tune,)
