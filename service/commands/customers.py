"""`fourcast check-files | import`: a bank's files held against the contract; its customers and consents stored."""

import os
import sys
from pathlib import Path
from typing import Any

import click

from service.commands.left_out import bank_without_erased, known_bank
from service.commands.stack import Stack, opened
from service.commands.terminal import bar, json_option, show
from service.config import Settings
from service.errors import InvalidInput, Problem
from service.preferences import purposes
from service.rules.policy import load

bank_option = click.option(
    "--bank", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True, help="Folder with the SQL."
)
files_option = click.option(
    "--files", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True, help="The bank's files."
)


def load_bank(stack: Stack, bank: Path, files: Path, supplement: bool, seed: int = 7) -> dict[str, Any]:
    """Map the bank's files and store its customers and consents, the erased left out: all of it, or nothing.

    Returns how many customers are stored, how many words of theirs were read, and who was left out.
    """
    from training.dataset import read_consents, read_customers
    from training.synthetic import simulated_consents, supplement_customers

    described, left_out = known_bank(stack.store, bank)
    customers = read_customers(described, files)
    consents = read_consents(described, files, purposes(load(stack.settings.policy)), customers)
    if supplement:
        customers = supplement_customers(customers, seed)
        consents = simulated_consents(customers, seed)
    with bar("Storing customers and consents") as advance:
        stack.store.load(customers, consents, progress=advance)
    left_out.tell()
    return {"customers": len(customers), "consents": len(consents or ()), **left_out.document}


@click.command("check-files")
@bank_option
@files_option
@json_option
def check_files(bank: Path, files: Path, as_json: bool) -> None:
    """Every fault of a bank's SQL and files at once, by row, customer, column and value. Exit code 2 if any."""
    from training.checking import check_files as check

    settings = Settings.read(os.environ)
    with bank_without_erased(settings, bank) as (described, left_out):
        found = check(described, files, purposes(load(settings.policy)))
    if as_json:
        show({**found.document(), **left_out.document}, as_json)
        sys.exit(InvalidInput.exit_code if found.faults else 0)
    for table, rows in found.rows.items():
        click.echo(f"{table:<10} {rows:>12,} rows")
    if found.faults:
        said = [Problem(f"{table}: {fault.where}", fault.message) for table, fault in found.faults]
        raise InvalidInput(f"{bank}: the files do not hold what they should, in {len(said)} places", said)
    click.echo("nothing wrong")


@click.command("import")
@bank_option
@files_option
@click.option("--supplement", is_flag=True, help="Add simulated, labelled risk assessments and consents.")
@json_option
def import_(bank: Path, files: Path, supplement: bool, as_json: bool) -> None:
    """Map a bank's files by its SQL and store customers and consents."""
    with opened() as stack:
        show(load_bank(stack, bank, files, supplement), as_json)


VERBS = (check_files, import_)
