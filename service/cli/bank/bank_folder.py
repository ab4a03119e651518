"""A bank's folder, read by every verb that reads its files, with what the service knows of the customers in them.

Erased customers are left out of every table that is read, and counted: the files of a core bank name them for years.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from service.cli.bank.services import governance_of
from service.cli.bank.stack import Stack, open_stack
from service.rules.policy import Policy
from service.runtime.config import Settings
from service.store import Store

folder_type = click.Path(exists=True, file_okay=False, path_type=Path)
bank_option = click.option("--bank", type=folder_type, required=True, help="Folder with the SQL.")
files_option = click.option("--files", type=folder_type, required=True, help="The bank's files.")


class ErasedCustomers:
    """The filter of erased customers: of some ids, those that the service has erased; it counts all it has returned."""

    def __init__(self, store: Store | None = None) -> None:
        self._store, self._found = store, set[str]()

    def __call__(self, names: Collection[str]) -> Collection[str]:
        """Those of the ids that were erased; none where there is no database."""
        found = set() if self._store is None else self._store.customers.find_erased(names)
        self._found |= found
        return found

    def add(self, names: Collection[str]) -> None:
        """Count customers who were erased while the files were read, and left out as they were stored."""
        self._found |= set(names)

    def __str__(self) -> str:
        count = len(self._found)
        return f"{count:,} erased customer{'s' * (count != 1)} left out"

    @property
    def document(self) -> Mapping[str, int]:
        """``{"erased": count}``; empty where nobody was left out."""
        return {"erased": len(self._found)} if self._found else {}

    def tell(self) -> None:
        """Print how many were left out, beside the verb's result; nothing where nobody was."""
        if self._found:
            click.echo(str(self), err=True)


def known_bank(store: Store, bank: Path) -> tuple[Any, ErasedCustomers]:
    """The bank of a folder as this database knows its customers, and the filter of erased customers."""
    from training.data.bank import open_bank

    left_out = ErasedCustomers(store)
    return replace(open_bank(bank), erased=left_out, stored=store.customers.find_stored), left_out


ZONES = """bank.yaml says timezone: {}, the policy {}: a day of the files is another one than that of decisions.
Set timezone in bank.yaml, or in the policy's contact.yaml, to the zone of the bank."""


def tell_zones(described: Any, policy: Policy) -> None:
    """Print a warning where the bank's time zone is not that of the policy: dates would shift by a day in silence."""
    if described.timezone.key != policy.contact.timezone:
        click.echo(ZONES.format(described.timezone.key, policy.contact.timezone), err=True)


@contextmanager
def bank_without_erased(
    settings: Settings, bank: Path, policy: Policy | None = None
) -> Iterator[tuple[Any, ErasedCustomers]]:
    """The bank of a folder, and the filter of its erased customers; without a database no customer is known.

    Its time zone is compared with that of ``policy``, else of the policy that serves.
    """
    if settings.database_url is None and not (settings.state_dir / "postgres").is_dir():
        from training.data.bank import open_bank

        described = open_bank(bank)
        if policy is not None:
            tell_zones(described, policy)
        yield described, ErasedCustomers()
        return
    with open_stack(settings) as stack:
        described, left_out = known_bank(stack.store, bank)
        decides = policy or _served(stack)
        if decides is not None:
            tell_zones(described, decides)
        yield described, left_out
        left_out.tell()


def _served(stack: Stack) -> Policy | None:
    """The policy that serves; None before the first release."""
    release = stack.store.releases.active()
    return None if release is None else governance_of(stack).policy(release.policy)
