"""`fourcast check-files`: a bank's SQL and files held against the contract; nothing is stored."""

import sys
from pathlib import Path

import click

from service.cli.bank import selection
from service.cli.bank.bank_folder import bank_option, bank_without_erased, files_option
from service.cli.terminal import json_option, show
from service.core.errors import InvalidInput, Problem
from service.engine.rights.preferences import purposes_of
from service.rules.policy import load

MOST_TOLD = 1_000
"""Faulty values of a column that --json tells singly; of all others it has the distinct values with their counts."""


@click.command("check-files")
@bank_option
@files_option
@json_option
def check_files(bank: Path, files: Path, as_json: bool) -> None:
    """Every fault of a bank's SQL and files at once, by row, customer, column and value. Exit code 2 if any.

    So it is where sound files hold too little to learn from.
    """
    from training.data.check_files import check_files as check
    from training.data.query_rows import LISTED

    settings = selection.settings_for_import(bank, supplement=False)
    policy = load(settings.policy)
    with bank_without_erased(settings, bank, policy) as (described, left_out):
        found = check(described, files, purposes_of(policy), listed=MOST_TOLD if as_json else LISTED)
    if as_json:
        show({**found.document(), **left_out.document}, as_json)
        sys.exit(InvalidInput.exit_code if found.faults or found.unlearnable else 0)
    for table, rows in found.rows.items():
        click.echo(f"{table:<10} {rows:>12,} rows")
    if found.faults:
        said = [Problem(f"{table}: {fault.where}", fault.message) for table, fault in found.faults]
        raise InvalidInput(f"{bank}: the files do not hold what they should, in {len(said)} places", said)
    for note in found.notes:
        click.echo(f"note: {note}")
    if found.unlearnable:
        raise InvalidInput(f"{bank}: the files hold what they should, and too little to learn from", found.unlearnable)
    click.echo("nothing wrong")


VERBS = (check_files,)
