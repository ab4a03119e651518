"""Calls of ``read_csv`` in a bank's SQL, with path and options as written.

DuckDB's tokenizer separates code from strings and comments, so text that only looks like a call is not taken for one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import duckdb

CALL = re.compile(rb"read_csv(_auto)?\b", re.IGNORECASE)
OPENING, CLOSING = b"([{", b")]}"
ASSIGNED = re.compile(r"\s*(\w+)\s*(?::=|=>|=)\s*(.*)", re.DOTALL)

Token = tuple[int, duckdb.token_type]


@dataclass(frozen=True)
class Call:
    """One call: its place in the text (bytes), its path and its options, each as SQL."""

    start: int
    end: int
    path: str
    options: Mapping[str, str]

    def option(self, *names: str) -> str | None:
        """The option of one of these names, as SQL; None where none is given."""
        return next((self.options[name] for name in names if name in self.options), None)

    def value(self, connection: duckdb.DuckDBPyConnection, *names: str) -> object | None:
        """The value of the option of one of these names; None where none is given."""
        option = self.option(*names)
        return None if option is None else connection.execute(f"SELECT {option}").fetchall()[0][0]

    def without(self, name: str) -> "Call":
        """The call as if it had no option of this name."""
        return replace(self, options={one: value for one, value in self.options.items() if one != name})

    def with_more(self, options: Mapping[str, str]) -> "Call":
        """The call with more options."""
        return replace(self, options={**self.options, **options})

    def reading(self, path: str | None = None, **more: str) -> str:
        """The call as SQL: of another path, with more options."""
        named = [f"{name} = {value}" for name, value in {**self.options, **more}.items()]
        return f"read_csv({', '.join([path or self.path, *named])})"


def csv_calls(text: str) -> list[Call]:
    """Every call of ``read_csv`` in the order of the text."""
    raw, tokens = text.encode(), duckdb.tokenize(text)
    starts = [
        place
        for place, (at, kind) in enumerate(tokens[:-1])
        if kind == duckdb.token_type.identifier and CALL.match(raw, at) and raw[tokens[place + 1][0]] == ord("(")
    ]
    return [_call(raw, tokens, place) for place in starts]


def rewrite_calls(text: str, calls: Sequence[Call], readings: Sequence[str]) -> str:
    """The text with every call replaced; calls are never nested."""
    raw = text.encode()
    for call, reading in reversed(list(zip(calls, readings, strict=True))):
        raw = raw[: call.start] + reading.encode() + raw[call.end :]
    return raw.decode()


def _call(raw: bytes, tokens: list[Token], place: int) -> Call:
    cuts = list(_cuts(raw, tokens[place + 1 :]))
    texts = [raw[start + 1 : end].decode().strip() for start, end in pairwise(cuts)]
    named = {found[1].lower(): found[2] for one in texts[1:] if (found := ASSIGNED.fullmatch(one))}
    return Call(tokens[place][0], cuts[-1] + 1, texts[0], named)


def _cuts(raw: bytes, tokens: list[Token]) -> Iterator[int]:
    """The opening bracket, every comma between the arguments, and the closing bracket."""
    depth = 0
    for at, kind in tokens:
        if kind != duckdb.token_type.operator:
            continue
        depth += (raw[at] in OPENING) - (raw[at] in CLOSING)
        if (depth == 1 and raw[at] in b",(") or depth == 0:
            yield at
        if depth == 0:
            return
