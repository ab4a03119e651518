"""`fourcast check`: before traffic, see that everything is in place."""

import os
import sys
from collections.abc import Mapping

import click
import orjson

from service.cli.bank import selection
from service.cli.operate.deployment_check import Finding, examine
from service.cli.terminal import json_option
from service.core.errors import FourcastError, InvalidInput, NoLightGBM
from service.runtime.config import Settings
from service.scoring.models.lightgbm_c import library

MARKS = {"ok": "ok   ", "note": "note ", "fault": "FAULT"}


@click.command()
@click.option("--deployment", is_flag=True, help="Look at the servers and the active release too.")
@json_option
def check(deployment: bool, as_json: bool) -> None:
    """Look at settings, folders, policy (and servers and release), every fault at once. Exit code 1 with any."""
    settings, findings = readable(os.environ)
    settings, more = bank(settings)
    findings += more
    findings += [*machine(), *examine(settings, deployment)]
    faults = sum(finding.verdict == "fault" for finding in findings)
    if as_json:
        click.echo(orjson.dumps({"ready": faults == 0, "findings": findings}, option=orjson.OPT_INDENT_2).decode())
    else:
        click.echo("\n".join(line(finding) for finding in findings))
        click.echo(f"\n{faults} fault{'s' * (faults != 1)}." if faults else "\nReady.")
    sys.exit(1 if faults else 0)


def line(finding: Finding) -> str:
    """One finding as a row; further lines of its words are below the first."""
    return f"{MARKS[finding.verdict]} {finding.name:<22} " + finding.words.replace("\n", "\n" + " " * 29)


def readable(environ: Mapping[str, str]) -> tuple[Settings, list[Finding]]:
    """The settings without the variables that do not fit, and a fault for each of those."""
    try:
        return Settings.read(environ), [Finding("settings", "ok", "every variable fits")]
    except InvalidInput as error:
        wrong = {problem.where for problem in error.problems}
        kept = {name: text for name, text in environ.items() if name not in wrong}
        return Settings.read(kept), [Finding("settings", "fault", str(problem)) for problem in error.problems]


def bank(settings: Settings) -> tuple[Settings, list[Finding]]:
    """The settings of the chosen bank, and a fault where it cannot be used."""
    try:
        return selection.chosen_settings(settings), []
    except FourcastError as error:
        return settings, [Finding("bank", "fault", str(error))]


def machine() -> list[Finding]:
    """Whether LightGBM finds the system's OpenMP."""
    try:
        library()
    except NoLightGBM as error:
        return [Finding("openmp", "fault", error.message)]
    return [Finding("openmp", "ok", "LightGBM loads")]


VERBS = (check,)
