"""A small strict YAML: one document of mappings, lists, text, numbers, booleans and null.

Refused are aliases and anchors, tags, duplicate keys, deep nesting and control characters. Only ``true`` and ``false``
are booleans; ``21:00`` and ``2026-01-01`` are text, as a marketer would expect. The value is built from the parser's
events, so nothing else can be constructed, and every fault names its line.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml

from service.core.errors import Problem

MOST_NODES = 50_000
MOST_DEPTH = 12
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_FRAMES = (yaml.StreamStartEvent, yaml.StreamEndEvent, yaml.DocumentEndEvent)
_WHOLE = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]{1,40}|[0-9]{1,40}(?:\.[0-9]{0,40})?)(?:[eE][-+]?[0-9]{1,3})?")
_WORDS: Mapping[str, object] = {"": None, "~": None, "null": None, "true": True, "false": False}


class RefusedError(Exception):
    """This document cannot be read any further; the problem is already noted."""


def parse(file: str, text: str, problems: list[Problem]) -> object:
    """The plain value of one YAML text.

    Raises:
        RefusedError: there is none; the problem is already noted.
    """
    reading = _Reading(file, problems)
    try:
        return reading.document(yaml.parse(text, Loader=_LOADER))
    except yaml.YAMLError as error:
        problems.append(Problem(file, f"is not YAML: {_syntax(error)}"))
        raise RefusedError from error


def _syntax(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    words = str(getattr(error, "problem", None) or error).splitlines()[0]
    return f"{words} (line {mark.line + 1}, column {mark.column + 1})" if mark else words


def _plain(text: str) -> object:
    """The value of an unquoted scalar: null, a boolean, a number, else the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    number = float(text) if _FLOAT.fullmatch(text) else math.nan
    return number if math.isfinite(number) else text


class _Reading:
    """One pass over the parser's events; every value is made here and nowhere else."""

    def __init__(self, file: str, problems: list[Problem]) -> None:
        self.file, self.problems, self.nodes = file, problems, 0

    def document(self, events: Iterable[Any]) -> object:
        rest = (event for event in events if not isinstance(event, _FRAMES))
        if next(rest, None) is None:
            return None
        value = self.value(next(rest), rest, 0)
        if extra := next(rest, None):
            raise self.refuse("a second document stands in the file; expected one", extra)
        return value

    def value(self, event: Any, rest: Iterator[Any], depth: int) -> object:
        self.bound(event, depth)
        if isinstance(event, yaml.SequenceStartEvent):
            return self.items(rest, depth)
        if isinstance(event, yaml.MappingStartEvent):
            return self.mapping(rest, depth)
        return _plain(event.value) if event.implicit[0] and event.style in (None, "") else event.value

    def items(self, rest: Iterator[Any], depth: int) -> list[object]:
        values: list[object] = []
        while not isinstance(event := next(rest), yaml.SequenceEndEvent):
            values.append(self.value(event, rest, depth + 1))
        return values

    def mapping(self, rest: Iterator[Any], depth: int) -> dict[str, object]:
        values: dict[str, object] = {}
        while not isinstance(event := next(rest), yaml.MappingEndEvent):
            key = self.key(event)
            if key in values:
                self.note(f'key "{key}" stands twice in one mapping', event)
            values[key] = self.value(next(rest), rest, depth + 1)
        return values

    def key(self, event: Any) -> str:
        self.bound(event, 0)
        if not isinstance(event, yaml.ScalarEvent):
            raise self.refuse("a key must be text", event)
        return str(event.value)

    def bound(self, event: Any, depth: int) -> None:
        self.nodes += 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self.refuse(f'anchors and aliases are not read ("{event.anchor}"): write the value out', event)
        if event.tag not in (None, "!"):
            raise self.refuse(f'tags are not read ("{event.tag}"): expected plain values', event)
        if depth > MOST_DEPTH:
            raise self.refuse(f"nested deeper than {MOST_DEPTH} levels", event)
        if self.nodes > MOST_NODES:
            raise self.refuse(f"more than {MOST_NODES} values in one file", event)

    def note(self, message: str, event: Any) -> None:
        self.problems.append(Problem(self.file, f"line {event.start_mark.line + 1}: {message}"))

    def refuse(self, message: str, event: Any) -> RefusedError:
        self.note(message, event)
        return RefusedError(message)
