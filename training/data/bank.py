"""A bank's folder: what the bank is (``bank.yaml``) and the SQL that maps its files to our attributes and outcomes.

    bank.yaml       name, as_of, timezone, split, horizon_days, families, outcome, true_rate, encoding, owner, notes
    attributes.yaml attributes and features beyond the shipped table              (where the bank knows more)
    customers.sql   customer_id and any of our raw attributes, one row per customer        (always)
    outcomes.sql    customer_id, bought_, held_, amount_, treated_<family>                 (to train; not to score)
                    bought_product, bought_amount_yuan: a row for each kind bought         (where the bank knows kinds)
    lapse.sql       customer_id, lapsed: gone within the horizon                           (where the bank can tell)
    consents.sql    customer_id, purpose, granted, said_on: when they said it, if known    (if the bank has any)

This module reads and checks the folder and runs nothing. ``warehouse`` runs the SQL, ``bank_tables`` checks the tables
it returns.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import yaml

from service.core.domain import Family
from service.core.errors import InvalidInput, Problem
from service.core.grid import start_of
from training.data.files.encoding import ENCODINGS, read_text

FILE = "bank.yaml"
OWN_TABLE = "attributes.yaml"
SPLITS = ("customer", "time")
REQUIRED = ("name", "as_of", "timezone", "split", "horizon_days", "families")
OPTIONAL = ("split_column", "outcome", "true_rate", "encoding", "owner", "notes")

Among = Callable[[Collection[str]], Collection[str]]
"""A function that returns, of some customers' ids, those for which a property holds."""


def nobody(_: Collection[str]) -> Collection[str]:
    """Return no customer: the property is known of none."""
    return ()


@dataclass(frozen=True)
class Bank:
    """A bank as its folder describes it.

    ``as_of`` is the day at whose end the attributes hold; ``horizon_days`` how long outcomes were watched after it.
    ``split`` says which customers measure the models: random folds of customers, or, where ``split_column`` of
    outcomes.sql gives a time, the last fifth in time. ``outcome`` is a sentence for each family's outcome.
    ``true_rate`` is the share of takers among all customers, per family, where takers were over-sampled in the files.
    ``encoding`` is that of its files; without it, UTF-8 or else GB18030. ``owner`` names the person responsible for the
    models. ``erased`` and ``stored`` return, of some customers' ids, those that were erased and those that the service
    stores.
    """

    folder: Path
    name: str
    as_of: date
    timezone: ZoneInfo
    split: str
    horizon_days: int
    families: tuple[str, ...]
    outcome: Mapping[str, str]
    split_column: str | None = None
    true_rate: Mapping[str, float] = field(default_factory=dict)
    encoding: str | None = None
    owner: str = ""
    notes: str = ""
    erased: Among = field(default=nobody, compare=False)
    stored: Among = field(default=nobody, compare=False)

    def known_until(self, now_ms: int) -> int:
        """The instant until which its files are complete (ms UTC): the end of ``as_of`` in the bank's zone.

        It is the beginning of that day while the day is not over: a file cannot know the rest of the day.
        """
        begins, ends = (start_of(day, self.timezone.key) for day in (self.as_of, self.as_of + timedelta(days=1)))
        return ends if ends <= now_ms else begins

    def sql(self, name: str) -> str | None:
        """The text of ``<name>.sql``; None when the folder has no such file."""
        path = self.folder / f"{name}.sql"
        return read_text(path) if self.has(name) else None

    def has(self, name: str) -> bool:
        """Whether the folder has a ``<name>.sql``."""
        return (self.folder / f"{name}.sql").is_file()


def open_bank(folder: Path | Bank) -> Bank:
    """Return the bank of a folder; an open bank is returned unchanged.

    Raises: InvalidInput: with every fault of ``bank.yaml`` and every missing file.
    """
    if isinstance(folder, Bank):
        return folder
    folder = Path(folder)
    where = folder / FILE
    if not where.is_file():
        raise InvalidInput(f"{where}: no such file; a bank's folder holds {FILE}, customers.sql and outcomes.sql")
    document = read_yaml(where)
    if not isinstance(document, dict):
        raise InvalidInput(f"{where}: must hold keys and values: {', '.join(REQUIRED)}")
    problems = [Problem(f"{FILE}: {key}" if key else FILE, fault) for key, fault in _faults(document)]
    if not (folder / "customers.sql").is_file():
        problems.append(Problem("customers.sql", f"is missing in {folder}"))
    if problems:
        raise InvalidInput(f"{folder}: does not describe a bank", problems)
    return _bank(folder, document)


def read_yaml(where: Path) -> Any:
    """Return the document of a YAML file of the bank.

    Raises: InvalidInput: the file is not YAML.
    """
    try:
        return yaml.safe_load(read_text(where))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InvalidInput(f"{where}: is not YAML: {error}") from error


def _faults(document: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    known = ", ".join((*REQUIRED, *OPTIONAL))
    yield from ((key, "is missing") for key in REQUIRED if key not in document)
    yield from ((str(key), f"is not known; expected {known}") for key in document if key not in REQUIRED + OPTIONAL)
    for key, (fits, expected) in _EXPECTED.items():
        if key in document and not fits(document[key]):
            yield key, f"must be {expected}, got {str(document[key])[:60]!r}"
    if (document.get("split") == "time") != ("split_column" in document):
        yield "split_column", "belongs to split: time, which needs it"


def _is_families(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(one in list(Family) for one in value) and _differ(value)


def _differ(values: list[str]) -> bool:
    return len(set(values)) == len(values)


def _are_rates(rates: Mapping[object, object]) -> bool:
    return set(rates) <= set(Family) and all(type(one) is float and 0 < one < 1 for one in rates.values())


_EXPECTED: Mapping[str, tuple[Any, str]] = {
    "name": (lambda value: isinstance(value, str) and bool(value), "text"),
    "as_of": (lambda value: type(value) is date and 1900 <= value.year < 2200, "a date YYYY-MM-DD of 1900 to 2199"),
    "timezone": (
        lambda value: isinstance(value, str) and value in available_timezones(),
        "a time zone such as Asia/Shanghai",
    ),
    "split": (lambda value: value in SPLITS, " or ".join(SPLITS)),
    "split_column": (lambda value: isinstance(value, str) and value.isidentifier(), "a column of outcomes.sql"),
    "horizon_days": (lambda value: type(value) is int and 1 <= value <= 3660, "whole days from 1 to 3660"),
    "families": (_is_families, f"a list of {', '.join(Family)}"),
    "outcome": (lambda value: isinstance(value, dict) and set(value) <= set(Family), "a sentence for each family"),
    "true_rate": (
        lambda value: isinstance(value, dict) and _are_rates(value),
        "a share above 0 and below 1 per family",
    ),
    "encoding": (lambda value: value in ENCODINGS, " or ".join(ENCODINGS)),
    "owner": (lambda value: isinstance(value, str), "text: who answers for the models"),
    "notes": (lambda value: isinstance(value, str), "text"),
}


def _bank(folder: Path, document: Mapping[str, Any]) -> Bank:
    days = document["horizon_days"]
    spoken = {family: f"took a {family} offer within {days} days" for family in document["families"]}
    return Bank(
        folder=folder,
        name=document["name"],
        as_of=document["as_of"],
        timezone=ZoneInfo(document["timezone"]),
        split=document["split"],
        horizon_days=days,
        families=tuple(document["families"]),
        outcome=spoken | document.get("outcome", {}),
        split_column=document.get("split_column"),
        true_rate=document.get("true_rate", {}),
        encoding=document.get("encoding"),
        owner=document.get("owner", ""),
        notes=document.get("notes", ""),
    )
