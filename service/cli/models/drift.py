"""`fourcast drift`: a bundle against the customers of today, from a bank's files or the stored decisions."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import orjson

from service.analysis.drift import Drift
from service.cli.bank import selection
from service.cli.bank.bank_folder import bank_without_erased, folder_type
from service.cli.bank.services import engine_of
from service.cli.bank.stack import open_stack
from service.cli.terminal import json_option
from service.core.errors import InvalidInput
from service.engine.releases.artifacts import Artifacts
from service.rules.policy import load
from service.runtime.config import Settings
from service.scoring.models.lightgbm_c import library

HEAD = f"{'':<9}{'':<34}{'PSI':>8}{'KS':>8}{'unknown then / now':>20}  verdict"
SHOWN = 12


@click.command()
@click.option("--bank", type=folder_type, help="Folder with the SQL, for customers of today from files.")
@click.option("--files", type=folder_type, help="The bank's files.")
@click.option("--bundle", "version", help="The bundle to compare with; the one that serves unless named.")
@click.option("--from-store", is_flag=True, help="Customers of the decisions stored lately, by the bundle that serves.")
@json_option
def drift(bank: Path | None, files: Path | None, version: str | None, from_store: bool, as_json: bool) -> None:
    """How far features, scores and outcomes lie from what the models learned. Exit code 1 over the policy's bounds."""
    if from_store == (bank is not None) or (bank is None) != (files is None):
        raise InvalidInput("Name either --bank and --files, or --from-store.")
    if from_store:
        found, about = _of_store(version)
    else:
        assert bank is not None and files is not None
        found, about = _of_files(bank, files, version)
    told = {**about, **found.document()}
    click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2).decode() if as_json else "\n".join(lines(found, about)))
    sys.exit(1 if found.drifted else 0)


def _of_store(version: str | None) -> tuple[Drift, dict[str, Any]]:
    if version is not None:
        raise InvalidInput("Stored decisions are compared with the bundle that serves: leave out --bundle.")
    with open_stack() as stack:
        engine = engine_of(stack)
        try:
            return engine.drift.measure()
        finally:
            engine.close()


def _of_files(bank: Path, files: Path, version: str | None) -> tuple[Drift, dict[str, Any]]:
    library()
    from service.scoring.models.folders import verify
    from training.bundles.drift import drift_of

    settings = selection.settings_of_folder(bank, needed=version is None)
    version = version or _serving(settings)
    bundle = verify(Artifacts.of(settings).folder_of(version).parent, version)
    with bank_without_erased(settings, bank) as (described, left_out):
        found = drift_of(bundle, described, files, load(settings.policy).monitoring)
    return found, {"bundle": version, **left_out.document}


def _serving(settings: Settings) -> str:
    with open_stack(settings) as stack:
        active = stack.store.releases.active()
    if active is None or active.bundle is None:
        raise InvalidInput("No bundle serves that could be compared with; name one: --bundle VERSION")
    return active.bundle


def lines(found: Drift, about: Mapping[str, Any]) -> list[str]:
    """The report as lines of text, the worst first."""
    rows = [
        f"{one.kind:<9}{one.name:<34}{one.psi:>8.3f}{'' if one.ks is None else f'{one.ks:.3f}':>8}"
        f"{one.unknown_before:>11.1%} / {one.unknown_now:<6.1%}  {one.verdict}"
        for one in found.shifts
    ]
    more = [f"... and {len(rows) - SHOWN} more (--json has them all)"] if len(rows) > SHOWN else []
    kept = [
        f"calibration of {one.family}: {one.taken:,} took it, {one.expected:,.0f} expected"
        f"{'' if one.ratio is None else f' ({one.ratio:.2f} times: {one.ratio_low:.2f} to {one.ratio_high:.2f})'}"
        f", {one.verdict}"
        for one in found.calibration
    ]
    customers = max((one.customers for one in found.shifts), default=0)
    left_out = about.get("unreadable_decisions", 0)
    unread = [f"{left_out} decisions left out: their record cannot be read"] if left_out else []
    verdict = f"drifted: {', '.join(found.drifted)}" if found.drifted else "nothing drifted"
    return [f"{about['bundle']} against {customers:,} customers", HEAD, *rows[:SHOWN], *more, *kept, *unread, verdict]


VERBS = (drift,)
