"""One mapping of a document, read key by key: each problem is noted, and a stand-in is returned.

``Entry`` knows its file and what it describes, so a problem reads
``catalogue.yaml: offer "term-12m": rate must be 0 to 0.2 (per year), got 2.1``. ``close``, which every reader of an
entry calls last, notes the keys that nobody has read.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from service.core.domain import Text
from service.core.errors import ExpressionError, Problem
from service.core.expressions import Expression, Kind, Name, parse
from service.rules.loading.documents.folder import nearest
from service.rules.model.rules import LANGUAGES, Case

_ID = re.compile(r"[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*")
_STAND_INS = {Kind.BOOLEAN: "true", Kind.NUMBER: "1", Kind.MONEY: "1"}


def quote_json(value: object) -> str:
    """A value as a problem quotes it: JSON, at most 60 characters."""
    words = json.dumps(value, ensure_ascii=False, default=str)
    return words if len(words) <= 60 else words[:57] + "..."


class Entry:
    """A mapping with its place; ``noun`` says what it is (``offer "term-12m"``), ``path`` is the key that led here."""

    def __init__(self, value: object, file: str, problems: list[Problem], noun: str = "", path: str = "") -> None:
        self.where = f"{file}: {noun}" if noun else file
        self.file, self.noun, self.path, self.problems = file, noun, path, problems
        self.read: set[str] = set()
        self.values: Mapping[str, Any] = value if isinstance(value, Mapping) else {}
        if not isinstance(value, Mapping):
            self.add_fault("", f"must be a mapping, got {quote_json(value)}")

    def add_fault(self, key: str, message: str) -> None:
        """Note that the value of ``key`` is wrong."""
        spot = ".".join(part for part in (self.path, key) if part)
        self.problems.append(Problem(self.where, f"{spot} {message}" if spot else message))

    def close(self) -> None:
        """Note every key that nobody read."""
        for key in sorted(set(self.values) - self.read):
            hint = nearest(key, tuple(sorted(self.read)))
            self.add_fault("", f'{"holds the " if self.path else ""}unknown key "{key}"; {hint}')

    def has(self, key: str) -> bool:
        """Whether the key has a value other than null."""
        self.read.add(key)
        return self.values.get(key) is not None

    def add_wrong_kind(self, key: str, expected: str) -> None:
        """Note that the key is missing, or that its value is not what was expected."""
        if self.has(key):
            self.add_fault(key, f"must be {expected}, got {quote_json(self.values[key])}")
        else:
            self.add_fault(key, f"is missing: expected {expected}")

    def text(self, key: str, expected: str = "text") -> str:
        """A text that is not blank."""
        value = self.values.get(key)
        if self.has(key) and isinstance(value, str) and value.strip():
            return value.strip()
        self.add_wrong_kind(key, expected)
        return ""

    def name(self, key: str) -> str:
        """An identifier: small letters, digits, and single hyphens or underscores between them."""
        value = self.values.get(key)
        if self.has(key) and isinstance(value, str) and len(value) <= 64 and _ID.fullmatch(value):
            return value
        self.add_wrong_kind(key, "small letters, digits, - and _ (at most 64, a letter first)")
        return ""

    def number(self, key: str, low: float, high: float, unit: str = "", *, default: float | None = None) -> float:
        """A number from low to high, both included; ``default`` where the key may be left out."""
        value = self.values.get(key)
        if not self.has(key) and default is not None:
            return default
        if isinstance(value, int | float) and value is not True and value is not False and low <= value <= high:
            return float(value)
        self.add_wrong_kind(key, f"{low:g} to {high:g}{f' ({unit})' if unit else ''}")
        return low

    def whole(self, key: str, low: int, high: int, *, default: int | None = None) -> int:
        """A whole number from low to high, both included."""
        value = self.values.get(key)
        if not self.has(key) and default is not None:
            return default
        if (
            isinstance(value, int | float)
            and not isinstance(value, bool)
            and low <= value <= high
            and value == int(value)
        ):
            return int(value)
        self.add_wrong_kind(key, f"a whole number from {low} to {high}")
        return low

    def flag(self, key: str, *, default: bool) -> bool:
        """true or false."""
        value = self.values.get(key)
        if self.has(key) and not isinstance(value, bool):
            self.add_wrong_kind(key, "true or false")
        return value if isinstance(value, bool) else default

    def choice(self, key: str, known: Sequence[str]) -> str:
        """One of the known words."""
        value = self.values.get(key)
        if self.has(key) and isinstance(value, str):
            if value not in known:
                self.add_fault(key, f"must be one of {', '.join(known)}, got {quote_json(value)}{_meant(value, known)}")
            return value if value in known else ""
        self.add_wrong_kind(key, f"one of {', '.join(known)}")
        return ""

    def words(self, key: str, known: Sequence[str] | None = None, *, optional: bool = False) -> tuple[str, ...]:
        """A list of words, each from ``known`` where that is given; empty only where optional."""
        value = self.values.get(key)
        if not self.has(key) and optional:
            return ()
        if not isinstance(value, list) or not value or not all(isinstance(word, str) and word for word in value):
            self.add_wrong_kind(key, "a list of words" if known is None else f"a list of words from {', '.join(known)}")
            return ()
        for stranger in (word for word in value if known is not None and word not in known):
            self.add_fault(
                key,
                f"must be from {', '.join(known or ())}, got {quote_json(stranger)}{_meant(stranger, known or ())}",
            )
        return tuple(value)

    def bilingual(self, key: str) -> Text:
        """The same sentence in both languages."""
        if not isinstance(self.values.get(key), Mapping):
            self.add_wrong_kind(key, f"a text in both languages ({', '.join(LANGUAGES)})")
            return dict.fromkeys(LANGUAGES, "")
        child = self.child(key)
        found = {language: child.text(language) for language in LANGUAGES}
        child.close()
        return found

    def bilingual_or_none(self, key: str) -> Text | None:
        """The same sentence in both languages; None where the key is missing."""
        return self.bilingual(key) if self.has(key) else None

    def child(self, key: str) -> "Entry":
        """The mapping under the key."""
        path = f"{self.path}.{key}" if self.path else key
        if self.has(key):
            return Entry(self.values[key], self.file, self.problems, self.noun, path)
        self.add_wrong_kind(key, "a mapping")
        return Entry({}, self.file, [], self.noun, path)

    def children(self, key: str, noun: str, *, optional: bool = False, named_by: str = "id") -> list["Entry"]:
        """The mappings of the list under the key, each named by its own id (unique), else by its position."""
        value = self.values.get(key)
        if not self.has(key) and optional:
            return []
        if not isinstance(value, list):
            self.add_wrong_kind(key, f"a list of {noun}s")
            return []
        self._unique(key, [item.get(named_by) for item in value if isinstance(item, Mapping)], named_by)
        return [
            Entry(item, self.file, self.problems, self._noun(item, noun, named_by, i))
            for i, item in enumerate(value, 1)
        ]

    def expression(self, key: str, schema: Mapping[str, Name] | None, kind: Kind) -> Expression:
        """An expression of the kind; its faults are noted with line and column. Without a schema it is not checked."""
        text = self.values.get(key)
        if not self.has(key) or not isinstance(text, str | int | float | bool):
            self.add_wrong_kind(key, f"an expression ({kind})")
            return parse(_STAND_INS[kind], {})
        if schema is None:
            return parse(_STAND_INS[kind], {})
        try:
            return parse(text if isinstance(text, str) else json.dumps(text), schema, kind)
        except ExpressionError as error:
            for problem in error.problems or (Problem("", error.message),):
                self.add_fault(key, f"({problem.where}): {problem.message}" if problem.where else problem.message)
            return parse(_STAND_INS[kind], {})

    def cases(self, key: str, verbs: tuple[str, str]) -> tuple[Case, ...]:
        """A rule's examples; ``verbs`` are the words for holding and not holding (``passes``, ``blocks``)."""
        entries = self.children(key, "case", optional=True, named_by="")
        return tuple(self._case(entry, verbs, place) for place, entry in enumerate(entries, 1))

    def _case(self, entry: "Entry", verbs: tuple[str, str], place: int) -> Case:
        entry.where, entry.path = self.where, f"cases[{place}]"
        outcome, given = entry.choice("expect", verbs), entry.child("given").values
        entry.close()
        return Case(dict(given), outcome == verbs[0])

    def _unique(self, key: str, ids: Iterable[object], named_by: str) -> None:
        seen: list[object] = []
        for value in ids:
            if value is not None and value in seen:
                self.add_fault(key, f"name {named_by} {quote_json(value)} more than once")
            seen.append(value)

    @staticmethod
    def _noun(item: object, noun: str, named_by: str, place: int) -> str:
        name = item.get(named_by) if isinstance(item, Mapping) else None
        return f'{noun} "{name}"' if isinstance(name, str) else f"{noun} {place}"


def _meant(word: str, known: Sequence[str]) -> str:
    hint = nearest(word, tuple(known))
    return f"; {hint}" if hint.startswith("did") else ""
