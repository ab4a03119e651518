"""`fourcast report`: a bundle's report and model card, as one HTML page without network or as JSON."""

import webbrowser
from pathlib import Path

import click
import orjson

from service.cli.bank import selection
from service.cli.bank.bank_folder import bank_without_erased, folder_type
from service.cli.terminal import json_option, show
from service.core.errors import InvalidInput
from service.engine.releases.artifacts import Artifacts
from service.scoring.models.lightgbm_c import library

NAME = "report.html"


@click.command()
@click.argument("version")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="The HTML file; in the bundle's folder unless named."
)
@click.option("--bank", type=folder_type, help="Folder with the SQL of customers of today, for a section on drift.")
@click.option("--files", type=folder_type, help="Their files.")
@click.option("--champion", help="The version to compare with, in the gate and on the model card.")
@click.option("--open", "open_it", is_flag=True, help="Open the page in the browser.")
@json_option
def report(
    version: str,
    out: Path | None,
    bank: Path | None,
    files: Path | None,
    champion: str | None,
    open_it: bool,
    as_json: bool,
) -> None:
    """The report and model card of the bundle VERSION, from the bundle alone: one page that needs no network."""
    if (bank is None) != (files is None):
        raise InvalidInput("--bank and --files go together: the SQL, and the files it reads.")
    library()
    from service.scoring.models.folders import verify
    from training.bundles.drift import drift_of
    from training.report import document, page

    settings = selection.chosen_settings() if bank is None else selection.settings_of_folder(bank)
    artifacts = Artifacts.of(settings)
    home, rival = _home(artifacts, version), None if champion is None else _home(artifacts, champion)
    drift = None
    if bank is not None and files is not None:
        with bank_without_erased(settings, bank) as (described, _):
            drift = drift_of(verify(home.parent, version), described, files)
    told = document(home, drift, rival)
    target = out or home / NAME
    if not as_json or out is not None or open_it:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(page(told), encoding="utf-8")
    if as_json:
        click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode())
    else:
        show({"report": str(target), "gate": "yes" if told["gate"]["passes"] else "no"}, False)
    if open_it:
        webbrowser.open(target.resolve().as_uri())


def _home(artifacts: Artifacts, version: str) -> Path:
    """The folder of a bundle.

    Raises: InvalidInput: when the word is no version, or there is no such bundle.
    """
    from service.scoring.models.folders import folder_of

    return folder_of(artifacts.folder_of(version).parent, version)


VERBS = (report,)
