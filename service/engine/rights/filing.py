"""The filing of the algorithm: what it is for, how it works in plain words, and under which number it is filed.

The bank's own document, a YAML file named by the setting FOURCAST_FILING; every member may be left out, and is then
told as not stated. Source: algorithm recommendation provisions art. 16 (what users are told) and 24 (filing).

    purpose: {zh: ..., en: ...}          what the recommendations are for
    principle: {zh: ..., en: ...}        how they are made, in plain words
    contact: {zh: ..., en: ...}          where customers ask and complain
    filing_number: 网信算备...号          as the register names it
    filed_on: "2026-05-01"
"""

from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import Any

from service.core.domain import Text
from service.core.errors import InvalidInput, Problem
from service.rules.loading.documents.entry import Entry
from service.rules.loading.documents.strict_yaml import RefusedError, parse

NOT_STATED: Text = {"zh": "未说明", "en": "not stated"}
MOST_BYTES = 100_000


@dataclass(frozen=True, slots=True)
class Filing:
    """What the bank states; None where it states nothing."""

    purpose: Text | None = None
    principle: Text | None = None
    contact: Text | None = None
    filing_number: str | None = None
    filed_on: str | None = None

    @property
    def missing(self) -> tuple[str, ...]:
        """The members that the bank does not state."""
        return tuple(field.name for field in fields(self) if getattr(self, field.name) is None)

    def describe(self, language: str) -> dict[str, Any]:
        """Every member in ``zh`` or ``en``; what is missing says that it is not stated."""
        said = {field.name: getattr(self, field.name) for field in fields(self)}
        words = {name: one[language] if isinstance(one, dict) else one for name, one in said.items()}
        return {
            "language": language,
            **{name: NOT_STATED[language] if one is None else one for name, one in words.items()},
            "not_stated": list(self.missing),
        }


def read_filing(path: Path | None) -> Filing:
    """The filing of a file; an empty one where no file is named.

    Raises:
        InvalidInput: the file cannot be read, or does not fit.
    """
    if path is None:
        return Filing()
    problems: list[Problem] = []
    try:
        document = parse(path.name, _text(path), problems)
    except RefusedError:
        document = {}
    entry = Entry(document, path.name, problems)
    words = {name: entry.bilingual_or_none(name) for name in ("purpose", "principle", "contact")}
    number = entry.text("filing_number") if entry.has("filing_number") else None
    found = Filing(**words, filing_number=number, filed_on=_day(entry))
    entry.close()
    if problems:
        raise InvalidInput(f"The filing {path} does not fit.", problems)
    return found


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InvalidInput(f"The filing {path} is longer than {MOST_BYTES:,} bytes.")
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(f"The filing {path} cannot be read: set FOURCAST_FILING to a UTF-8 file.") from error


def _day(entry: Entry) -> str | None:
    if not entry.has("filed_on"):
        return None
    said = entry.text("filed_on")
    try:
        return date.fromisoformat(said).isoformat()
    except ValueError:
        entry.add_fault("filed_on", f'must be a day in quotes, as "2026-05-01", got "{said}"')
        return None
