"""The bank of a verb: the one that is named, else the one that is served here, else the last one.

In order: FOURCAST_DATABASE_URL or FOURCAST_STATE_DIR mean exactly what they say -> ``--bank-state NAME`` names a folder
in the state folder -> else the best of the banks in ``.fourcast`` by their rank, which is printed on standard error. A
verb that only reads makes no bank, and a misspelt name makes none either: ``--new-bank NAME`` does, in verbs that
write.
"""

import os
from difflib import get_close_matches
from pathlib import Path

import click

from service.cli.bank.state import BankState
from service.core.errors import InvalidInput
from service.runtime.config import Settings
from service.runtime.embedded.state_owner import refuse_foreign

CHOSEN, NEW = "fourcast.bank", "fourcast.new"
"""Where a run of the command line keeps which bank was chosen, and whether its name is that of a new one."""
ELSEWHERE = """It is a bank of these files' own: what is imported into it is not in any other.
To import into another, name it: --bank-state {0} (there are: {1})."""


def existing_settings() -> Settings:
    """The settings of the chosen bank.

    Raises: InvalidInput: when there is no bank.
    """
    settings, bank = _choice()
    if bank is None or bank.exists:
        return settings
    raise InvalidInput(_nothing_in(bank.folder))


def bank_if_any() -> Settings | None:
    """The settings of the chosen bank; None where there is none.

    Raises: InvalidInput: when a bank is named and absent.
    """
    settings, bank = _choice()
    if bank is not None and named_bank() is not None and not bank.exists:
        raise InvalidInput(_no_bank_named(bank))
    return settings if bank is None or bank.exists else None


def chosen_settings(settings: Settings | None = None) -> Settings:
    """The settings of the chosen bank, or, where there is none, of the place where one would be made.

    Raises: InvalidInput: when the bank is named and absent, unless ``--new-bank`` named it.
    """
    chosen, bank = _choice() if settings is None else _chosen(settings)
    if bank is not None and named_bank() is not None and not bank.exists and not _is_new():
        raise InvalidInput(_no_bank_named(bank))
    return chosen


def settings_of_folder(described: Path, needed: bool = False) -> Settings:
    """The settings of the bank whose SQL is in this folder, where there is one here; else as ``chosen_settings``.

    ``needed``: as ``existing_settings``.
    """
    own = _own(described, supplement=False)
    if own is not None:
        return own
    return existing_settings() if needed else chosen_settings()


def settings_for_import(described: Path, supplement: bool) -> Settings:
    """The settings of the bank that stores a bank's files: their own, else right in the state folder; never another
    bank.
    """
    own = _own(described, supplement)
    if own is not None:
        return own
    settings = Settings.read(os.environ)
    if not _is_free(settings):
        return chosen_settings()
    mine = BankState(settings.state_dir.name, settings.state_dir)
    chosen = _told(mine, "which is not there yet: `fourcast import` makes it")
    if others := [bank for bank in _ranked(settings.state_dir) if bank.folder != mine.folder and not bank.foreign]:
        click.echo(ELSEWHERE.format(others[0].name, ", ".join(bank.name for bank in others)), err=True)
    return chosen


def state_name(described: Path | None, supplement: bool) -> str:
    """The name of a demo's bank: that of the folder with its SQL."""
    return (described.resolve().name if described else "synthetic") + ("-supplemented" if supplement else "")


def named_bank() -> str | None:
    """The name that --bank-state or --new-bank gives; None without either."""
    context = click.get_current_context(silent=True)
    return None if context is None else context.find_root().obj


def _is_new() -> bool:
    """Whether --new-bank named it."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.find_root().meta.get(NEW))


def _own(described: Path, supplement: bool) -> Settings | None:
    """The settings of these files' own bank; None where there is none, or where another is named."""
    settings = Settings.read(os.environ)
    bank = BankState.of(
        settings.state_dir, _name_of(settings.state_dir, described) or state_name(described, supplement)
    )
    return _told(bank) if _is_free(settings) and bank.exists else None


def _name_of(root: Path, described: Path) -> str | None:
    """The bank whose state folder holds these files, as a demo's own files are; None where they are elsewhere."""
    inside, home = described.resolve(), root.resolve()
    return inside.relative_to(home).parts[0] if home in inside.parents else None


def _told(bank: BankState, absent: str = "which is not there yet") -> Settings:
    """The settings of a bank that was not named; its name is printed on standard error where there are banks at all."""
    refuse_foreign(bank.folder)
    settings = Settings.read(os.environ)
    if _banks(settings.state_dir):
        click.echo(bank if bank.exists else f"Bank: {bank.name} ({bank.folder}), {absent}.", err=True)
    return bank.as_started(settings)


def _is_free(settings: Settings) -> bool:
    """Whether neither an option nor the environment names a bank."""
    return named_bank() is None and not settings.given & {"database_url", "state_dir"}


def _choice() -> tuple[Settings, BankState | None]:
    """The settings and the bank, chosen and printed once in a run; no bank where the database is the bank's own."""
    context = click.get_current_context(silent=True)
    meta = {} if context is None else context.meta
    if CHOSEN not in meta:
        meta[CHOSEN] = _chosen(Settings.read(os.environ))
    choice: tuple[Settings, BankState | None] = meta[CHOSEN]
    return choice


def _chosen(settings: Settings) -> tuple[Settings, BankState | None]:
    name = named_bank()
    if settings.database_url is not None:
        _refuse_both(name)
        return settings, None
    root = settings.state_dir
    if name is not None:
        bank = BankState.of(root, name)
    else:
        bank = BankState(root.name, root) if "state_dir" in settings.given else _best(root)
    refuse_foreign(bank.folder)
    if bank.exists and _is_new():
        raise InvalidInput(
            f"There is a bank {bank.name} already ({bank.folder}): --bank-state {bank.name} speaks of it."
        )
    return bank.as_started(settings), bank


def _best(root: Path) -> BankState:
    """The bank of the highest rank, printed with the others' names; the state folder itself where it holds none."""
    banks = _ranked(root)
    if not banks:
        return BankState(root.name, root)
    if banks[0].exists:
        more = f" Others: {', '.join(bank.name for bank in banks[1:])} (--bank-state NAME)." if banks[1:] else ""
        click.echo(f"{banks[0]}{more}", err=True)
    return banks[0]


def _ranked(root: Path) -> list[BankState]:
    """As ``_banks``, the highest rank first."""
    return sorted(_banks(root), key=lambda bank: bank.rank, reverse=True)


def _banks(root: Path) -> list[BankState]:
    """Every bank in the state folder, the one right in it included, those of other users too."""
    try:
        folders = [root, *sorted(path for path in root.iterdir() if path.is_dir())] if root.is_dir() else []
    except PermissionError:
        refuse_foreign(root)
        raise
    return [
        BankState(path.name, path) for path in folders if not os.access(path, os.X_OK) or (path / "postgres").is_dir()
    ]


def _refuse_both(name: str | None) -> None:
    if name is not None:
        raise InvalidInput(
            f'--bank-state "{name}" is a bank with embedded servers, but FOURCAST_DATABASE_URL is set: leave one out.'
        )


def _nothing_in(folder: Path) -> str:
    """The error where there is no bank: what to start first, and the names of the banks nearby."""
    nearby = [bank.name for bank in _banks(Settings.read(os.environ).state_dir) if bank.folder != folder]
    hint = f", or pick one of {', '.join(nearby)} by --bank-state NAME" if nearby else ""
    return f"There is no bank in {folder.absolute()}: start `fourcast demo` first, in this folder{hint}."


def _no_bank_named(bank: BankState) -> str:
    """The error for an unknown name: the nearest names, and how a bank of that name is made."""
    names = [one.name for one in _banks(Settings.read(os.environ).state_dir)]
    near = get_close_matches(bank.name, names, n=3)
    meant = f" Did you mean {' or '.join(near)}?" if near else ""
    there = f" There are: {', '.join(names)}." if names else ""
    return (
        f"There is no bank {bank.name} ({bank.folder.absolute()}).{meant}{there} "
        f"`fourcast --new-bank {bank.name} ...` or `fourcast --bank-state {bank.name} demo` makes one of that name."
    )
