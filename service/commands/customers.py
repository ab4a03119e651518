"""`fourcast check-files | import`: a bank's files held against the contract; its customers and consents stored."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

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


@contextmanager
def bank_without_erased(settings: Settings, bank: Path) -> Iterator[Any]:
    """The bank of a folder, without the customers whom this service has erased, where it has a database at all."""
    from training.bank import open_bank

    described = open_bank(bank)
    if settings.database_url is None and not (settings.state_dir / "postgres").is_dir():
        yield described
        return
    with opened(settings) as stack:
        yield replace(described, erased=stack.store.register.erased)


def load_bank(stack: Stack, bank: Path, files: Path, supplement: bool, seed: int = 7) -> int:
    """Map the bank's files and store its customers and consents, the erased left out; the number of customers."""
    from training.bank import open_bank
    from training.dataset import read_consents, read_customers
    from training.synthetic import simulated_consents, supplement_customers

    described = replace(open_bank(bank), erased=stack.store.register.erased)
    customers = read_customers(described, files)
    consents = read_consents(described, files, purposes(load(stack.settings.policy)))
    if supplement:
        customers = supplement_customers(customers, seed)
        consents = simulated_consents(customers, seed)
    with bar("Storing customers") as advance:
        stack.store.load_customers(customers, progress=advance)
    if consents is not None:
        with bar("Storing consents") as advance:
            stack.store.load_consents(consents, progress=advance)
    return len(customers)


@click.command("check-files")
@bank_option
@files_option
@json_option
def check_files(bank: Path, files: Path, as_json: bool) -> None:
    """Every fault of a bank's SQL and files at once, by row, customer, column and value. Exit code 2 if any."""
    from training.checking import check_files as check

    found = check(bank, files, purposes(load(Settings.read(os.environ).policy)))
    if as_json:
        show(found.document(), as_json)
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
        show({"customers": load_bank(stack, bank, files, supplement)}, as_json)


VERBS = (check_files, import_)
