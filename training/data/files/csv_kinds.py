"""The kind of each CSV column: text, unless every value of the file is plainly a number, a day or a boolean.

Plainly means without loss. A number with a leading zero, of more digits than its kind holds or in signs
of another script stays text, and so does the whole column; 03/04/2025 and 25-03-04 stay text, which the contract
refuses by name. A column of digits that begin with a zero somewhere is a code, and text in every file of the query that
has a column of its name, so that codes meet codes in a join. What the SQL states of a column (``types``, ``columns``,
``all_varchar``, a date's format) has precedence.

Order: the names -> the kinds that the first rows allow -> the first of them that every row allows -> the call's words.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import duckdb

from training.data.files.csv_calls import Call

SAMPLE = 1_000
SAID = ("columns", "all_varchar", "auto_type_candidates", "auto_detect")
TYPES = ("types", "dtypes", "column_types")
CODE = "CODE"
VALUE = "{0}"
_DAY = "[0-9]{4}(-[0-9]{1,2}-|/[0-9]{1,2}/)[0-9]{1,2}"
_TIME = "[0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]+)?)?"
_ZONE = " ?(Z|[-+][0-9]{2}(:?[0-9]{2})?)"
_NUMBER = "-?((0|[1-9][0-9]{0,14})(\\.[0-9]*)?|\\.[0-9]+)([eE][-+]?[0-9]+)?"
_NO_NUMBER = "[0-9]+[eE][0-9]+"


def _is(pattern: str) -> str:
    return f"regexp_full_match({{0}}, '{pattern}')"


KINDS: Mapping[str, str] = {
    "BOOLEAN": "lower({0}) IN ('true', 'false')",
    "BIGINT": "CAST(TRY_CAST({0} AS BIGINT) AS VARCHAR) = {0}",
    "DOUBLE": f"({_is(_NUMBER)} AND NOT {_is(_NO_NUMBER)}) OR lower({{0}}) IN ('nan', 'inf', '-inf')",
    "DATE": f"TRY_CAST({{0}} AS DATE) IS NOT NULL AND {_is(_DAY)}",
    "TIMESTAMP": f"TRY_CAST({{0}} AS TIMESTAMP) IS NOT NULL AND {_is(f'{_DAY}([ T]{_TIME})?')}",
    "TIMESTAMPTZ": f"TRY_CAST({{0}} AS TIMESTAMPTZ) IS NOT NULL AND {_is(f'{_DAY}[ T]{_TIME}{_ZONE}')}",
    CODE: _is("[0-9]+"),
}
"""Each kind and its test of one trimmed value; a column is of the first that all its values pass."""


@dataclass(frozen=True)
class Columns:
    """One call of ``read_csv`` and the kinds of its columns; columns of text are not among them."""

    call: Call
    path: str
    header: Mapping[str, str]
    kinds: Mapping[str, str]

    @property
    def codes(self) -> set[str]:
        """The columns of digits that no number can hold without a loss."""
        return {name for name, kind in self.kinds.items() if kind == CODE}

    def reading(self, codes: Collection[str]) -> str:
        """The call as SQL that returns each column in its kind, and the ``codes`` as text."""
        text = _text_call(self.call, self.path, self.header)
        casts = [
            f"CAST({_trimmed(self.call, name)} AS {kind}) AS {_quoted(name)}"
            for name, kind in self.kinds.items()
            if name not in codes
        ]
        return f"(SELECT * REPLACE ({', '.join(casts)}) FROM {text})" if casts else text  # noqa: S608


def columns_of(connection: duckdb.DuckDBPyConnection, call: Call, path: str) -> Columns | None:
    """The columns of one call, each with the kind of all its values; None where the SQL states the kinds."""
    if call.option(*SAID) is not None:
        return None
    header = _header(connection, call, path)
    text = _text_call(call, path, header)
    names = _names(connection, text)
    said = _said(connection, call, [name for name, _ in names])
    open_to = [name for name, kind in names if kind == "VARCHAR" and name not in said]
    candidates = _candidates(connection, text, open_to, call) if open_to else {}
    return Columns(call, path, header, _settled(connection, text, candidates, call))


def _candidates(connection: duckdb.DuckDBPyConnection, text: str, names: list[str], call: Call) -> dict[str, list[str]]:
    """The kinds that the first values of each column allow; every kind where they are empty."""
    columns = ", ".join(map(_quoted, names))
    tests = ", ".join(f"bool_and(coalesce({_test(call, 'value', kind)}, false))" for kind in KINDS)
    first = f"(SELECT {columns} FROM {text} LIMIT {SAMPLE})"  # noqa: S608 - this and the rest is the bank's own SQL
    values = f"(UNPIVOT {first} ON {columns} INTO NAME name VALUE value)"
    found = connection.execute(f"SELECT name, {tests} FROM {values} GROUP BY name").fetchall()  # noqa: S608
    passed = {row[0]: row[1:] for row in found}
    everything = (True,) * len(KINDS)
    return {
        name: [kind for kind, passes in zip(KINDS, passed.get(name, everything), strict=True) if passes]
        for name in names
    }


def _settled(
    connection: duckdb.DuckDBPyConnection, text: str, candidates: dict[str, list[str]], call: Call
) -> dict[str, str]:
    """Of each column's candidates the first that holds in every row: as a rule one pass over the file."""
    settled: dict[str, str] = {}
    while trying := {name: kinds[0] for name, kinds in candidates.items() if kinds}:
        asked = ", ".join(
            f"bool_and(coalesce({_test(call, name, kind)}, false)) FILTER ({_quoted(name)} IS NOT NULL)"
            for name, kind in trying.items()
        )
        found = connection.execute(f"SELECT {asked} FROM {text}").fetchall()[0]  # noqa: S608
        passed = dict(zip(trying, found, strict=True))
        settled |= {name: kind for name, kind in trying.items() if passed[name]}
        candidates = {name: candidates[name][1:] for name in trying if passed[name] is False}
    return settled


def _test(call: Call, name: str, kind: str) -> str:
    return KINDS[kind].replace(VALUE, _trimmed(call, name))


def _trimmed(call: Call, name: str) -> str:
    """A value without outer blanks, its separators as SQL writes numbers."""
    value = f"trim({_quoted(name)})"
    for option, instead in (("thousands", ""), ("decimal_separator", ".")):
        if (sign := call.option(option)) is not None:
            value = f"replace({value}, {sign}, '{instead}')"
    return value


def _text_call(call: Call, path: str, header: Mapping[str, str]) -> str:
    """The call with every column as text that has no type of its own; formats that the SQL gives still hold."""
    formats = {"DATE": ("dateformat", "date_format"), "TIMESTAMP": ("timestampformat", "timestamp_format")}
    kinds = ["VARCHAR", *(kind for kind, names in formats.items() if call.option(*names) is not None)]
    return call.reading(path, auto_type_candidates=str(kinds), **header)


def _header(connection: duckdb.DuckDBPyConnection, call: Call, path: str) -> dict[str, str]:
    """The option that states whether the first line is a header, where the kinds of the others decide; empty where the
    SQL states it."""
    if call.option("header") is not None:
        return {}
    whole = _names(connection, call.reading(path))
    if call.option("names", "column_names") is not None:
        return {
            "header": "true" if _count(connection, call, path, "true") == _count(connection, call, path) else "false"
        }
    numbered = all(name.startswith("column") and name[6:].isdigit() for name, _ in whole)
    return {"header": "false" if numbered else "true"}


def _count(connection: duckdb.DuckDBPyConnection, call: Call, path: str, header: str | None = None) -> int:
    said = {} if header is None else {"header": header}
    asked = f"SELECT count(*) FROM {call.reading(path, **said)}"  # noqa: S608
    return int(connection.execute(asked).fetchall()[0][0])


def _names(connection: duckdb.DuckDBPyConnection, source: str) -> list[tuple[str, str]]:
    described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()  # noqa: S608
    return [(row[0], row[1]) for row in described]


def _said(connection: duckdb.DuckDBPyConnection, call: Call, names: list[str]) -> set[str]:
    """The columns whose type the SQL gives, by name or as the first of a list."""
    types: Any = call.value(connection, *TYPES)
    if types is None:
        return set()
    return set(types) if isinstance(types, dict) else set(names[: len(types)])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
