"""`fourcast import`: a bank's customers and consents, read from its files and stored."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from service.cli.actor import person_of
from service.cli.bank import selection
from service.cli.bank.bank_folder import bank_option, files_option, known_bank, tell_zones
from service.cli.bank.stack import Stack, open_stack
from service.cli.bank.state import note_import
from service.cli.terminal import bar, json_option, show
from service.core.clock import now_ms
from service.core.errors import FourcastError, InvalidInput, Unconfirmed
from service.core.grid import day_at
from service.engine.crm.assessments import problems_in_files
from service.engine.rights.preferences import purposes_of
from service.rules.policy import load
from service.runtime.config import Settings
from service.store import CustomerFile, Loaded
from service.store.customers.file_import.consents import RECORD, SIMULATED

MOST_REJECTS = 100_000


@dataclass(frozen=True, slots=True)
class Manner:
    """How files meet what is stored: ``replace`` makes unknown what they lack, ``full`` retires customers they do not
    name.

    Both only where that was ``agreed`` to. At most ``most_rejects`` rows that do not fit are left out, and written to
    ``rejects``.
    """

    replace: bool = False
    agreed: bool = False
    full: bool = False
    rejects: Path | None = None
    most_rejects: int = 0


def load_bank(
    stack: Stack, bank: Path, files: Path, supplement: bool, seed: int = 7, manner: Manner | None = None
) -> dict[str, Any]:
    """Map the bank's files and store its customers and consents without the erased ones: all of it, or nothing.

    Returns how many customers and consents were stored, and who and what was left out.
    """
    from training.data.bank_tables import expect_day, read_consents, read_customers
    from training.data.rejects import Rejects
    from training.synthetic import simulated_consents, supplement_customers

    manner = manner or Manner()
    described, left_out = known_bank(stack.store, bank)
    expect_day(described, now := now_ms())
    policy, rejects = load(stack.settings.policy), Rejects(manner.most_rejects)
    tell_zones(described, policy)
    with _rejects_told(rejects, manner.rejects):
        customers = read_customers(described, files, rejects=rejects)
        consents: Any = read_consents(described, files, purposes_of(policy), customers, now, rejects)
        _write(rejects, manner.rejects)
        if supplement:
            customers = supplement_customers(customers, seed, day_at(now, described.timezone.key))
            consents = simulated_consents(customers, seed)
        _expect_said(stack.settings, customers.columns, manner)
        source = SIMULATED if supplement else RECORD
        loaded = _store(stack, customers, consents, source, _said(described, customers, manner, now))
    left_out.add(loaded.erased)
    left_out.tell()
    told = _tell(loaded, manner)
    told |= {} if manner.rejects is None else {"rejected": len(rejects.rows), "rejects": str(manner.rejects)}
    return {"customers": loaded.customers, "consents": len(consents or ()), **left_out.document, **told}


def _write(rejects: Any, out: Path | None) -> None:
    if out is not None:
        rejects.write(out)


@contextmanager
def _rejects_told(rejects: Any, out: Path | None) -> Iterator[None]:
    """Within the block, an error that stores nothing still writes the file of rejects, and says that nothing was
    stored.
    """
    try:
        yield
    except (FourcastError, click.Abort):
        if out is not None:
            _write(rejects, out)
            rows = f"{len(rejects.rows):,} row{'s' * (len(rejects.rows) != 1)} that do not fit"
            click.echo(f"Nothing was stored. {out} names {rows}.", err=True)
        raise


def _tell(loaded: Loaded, manner: Manner) -> dict[str, Any]:
    """Print what a load did beyond storing; returns the same as plain JSON values."""
    taken, told = loaded.taken, dict[str, Any]()
    if said := taken.answer:
        click.echo(said, err=True)
    if loaded.outvoted:
        click.echo(NOT_PROVEN.format(loaded.outvoted), err=True)
        told["outvoted"] = loaded.outvoted
    if manner.replace:
        told |= {"unknown_attributes": taken.attributes, "unknown_for": taken.losers}
    if manner.full:
        told |= {"retired": taken.retired, "retired_before": taken.before}
    return told


NOT_PROVEN = """{:,} consents of the file do not hold: a no stands that is as new, or is the customer's own.
A column said_on of consents.sql tells when a yes was said: one that is later than the no holds."""


def _said(bank: Any, customers: Any, manner: Manner, now: int) -> CustomerFile:
    """What the bank's file of customers says: its day, its columns, and how it meets what is stored."""
    said = (bank.known_until(now), customers.columns, manner.replace, manner.agreed, manner.full)
    return CustomerFile(*said, customers.external_keys)


def _expect_said(settings: Settings, columns: Iterable[str], manner: Manner) -> None:
    """Refuse files that give risk assessments where the settings do not allow it.

    Raises: InvalidInput: with each such column.
    """
    if settings.import_assessments == "off" and (problems := problems_in_files(columns, manner.replace)):
        raise InvalidInput("FOURCAST_IMPORT_ASSESSMENTS is off: files leave risk assessments as they are.", problems)


def _store(stack: Stack, customers: Any, consents: Any, source: str, file: CustomerFile) -> Loaded:
    """Store all of it; on a terminal, ask before anything is taken away."""
    try:
        with bar("Storing customers and consents") as advance:
            who = person_of(stack).name
            return stack.store.customers.load_files(customers, consents, advance, file, source, who)
    except Unconfirmed as loss:
        if not sys.stdin.isatty():
            raise Unconfirmed(f"{loss.message} --yes agrees to that.") from loss
        click.confirm(f"{loss.message} Go on?", abort=True)
        return _store(stack, customers, consents, source, replace(file, agreed=True))


def _manner(merge: bool, full_refresh: bool, yes: bool, rejects: Path | None, most_rejects: int) -> Manner:
    """The options of an import.

    Raises: InvalidInput: when they do not go together.
    """
    if most_rejects and rejects is None:
        raise InvalidInput("--most-rejects needs --rejects FILE: what is set aside must be told somewhere.")
    if most_rejects and full_refresh:
        raise InvalidInput("--full-refresh takes no --most-rejects: whoever is set aside would be retired.")
    return Manner(not merge, yes, full_refresh, rejects, most_rejects)


@click.command("import")
@bank_option
@files_option
@click.option("--supplement", is_flag=True, help="Add simulated, labelled risk assessments and consents.")
@click.option("--merge/--replace", default=True, help="An attribute that the files lack: is kept, or becomes unknown.")
@click.option("--full-refresh", is_flag=True, help="The files name every customer: whom they do not name is retired.")
@click.option("--yes", is_flag=True, help="Agree to what --replace makes unknown and --full-refresh retires, unasked.")
@click.option(
    "--rejects",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A .csv or .parquet file for the rows that do not fit; written also where nothing is stored.",
)
@click.option(
    "--most-rejects",
    type=click.IntRange(0, MOST_REJECTS),
    default=0,
    show_default=True,
    help="How many rows may not fit, of all tables together; with more nothing is stored.",
)
@json_option
def import_(bank: Path, files: Path, supplement: bool, as_json: bool, **asked: Any) -> None:
    """Map a bank's files by its SQL and store customers and consents.

    The files speak as of the bank's day. Whatever came later, by API or by a newer file, is kept. A retired
    customer gets no outbound contact and stays on record, until a file names them again.
    """
    manner = _manner(**asked)
    settings = selection.settings_for_import(bank, supplement)
    with open_stack(settings) as stack:
        loaded = load_bank(stack, bank, files, supplement, manner=manner)
    note_import(settings)
    show(loaded, as_json)


VERBS = (import_,)
