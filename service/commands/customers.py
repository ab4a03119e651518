"""`fourcast import`: a bank's customers and consents into the store, through its own SQL."""

from pathlib import Path

import click

from service.commands.stack import Stack, opened
from service.commands.terminal import bar, json_option, show

bank_option = click.option(
    "--bank", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True, help="Folder with the SQL."
)
files_option = click.option(
    "--files", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True, help="The bank's files."
)


def load_bank(stack: Stack, bank: Path, files: Path, supplement: bool, seed: int = 7) -> int:
    """Map the bank's files and store its customers and consents; the number of customers."""
    from training.dataset import read_consents, read_customers
    from training.synthetic import simulated_consents, supplement_customers

    customers = read_customers(bank, files)
    consents = read_consents(bank, files)
    if supplement:
        customers = supplement_customers(customers, seed)
        consents = simulated_consents(customers, seed)
    with bar("Storing customers") as advance:
        stack.store.load_customers(customers, progress=advance)
    if consents is not None:
        with bar("Storing consents") as advance:
            stack.store.load_consents(consents, progress=advance)
    return len(customers)


@click.command("import")
@bank_option
@files_option
@click.option("--supplement", is_flag=True, help="Add simulated, labelled risk assessments and consents.")
@json_option
def import_(bank: Path, files: Path, supplement: bool, as_json: bool) -> None:
    """Map a bank's files by its SQL and store customers and consents."""
    with opened() as stack:
        show({"customers": load_bank(stack, bank, files, supplement)}, as_json)


VERBS = (import_,)
