"""The terms of an offer or a channel: the ``terms`` of a document, stated values, and their columns.

A term has a kind, a unit and a range; rules read it as ``offer.<name>`` or ``channel.<name>``. A term that is not
stated is NULL. Columns hold numbers, dates (days since 1970-01-01) and booleans as floats with NaN, text as objects
with None.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from math import nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.core.domain import Scalar
from service.core.expressions import Kind, Name
from service.core.grid import is_iso_day
from service.rules.loading.documents.entry import Entry, quote_json
from service.rules.loading.documents.folder import nearest
from service.rules.model.rules import Term
from service.rules.vocabulary import CHANNEL, OFFER, TICKET

KINDS = tuple(kind.value for kind in Kind)
ALWAYS_STATED = {name.partition(".")[2] for name in (*OFFER, *CHANNEL, *TICKET)}
_EPOCH = date(1970, 1, 1)


def read_terms(page: Entry) -> dict[str, Term]:
    """The ``terms`` of a document by name."""
    terms = [_term(entry) for entry in page.children("terms", "term", optional=True, named_by="name")]
    return {term.name: term for term in terms}


def read_stated(entry: Entry, terms: Mapping[str, Term]) -> Mapping[str, Scalar]:
    """The stated values of an entry: known terms only, each of its term's kind and within its range."""
    if not entry.has("terms"):
        return {}
    values = entry.child("terms").values
    for stranger in sorted(set(values) - set(terms)):
        entry.add_fault("", f'terms: unknown term "{stranger}"; {nearest(stranger, tuple(sorted(terms)))}')
    known = {name: value for name, value in values.items() if name in terms and value is not None}
    for name, value in known.items():
        if not _fits(terms[name], value):
            entry.add_fault("", f"{name} must be {_expected(terms[name])}, got {quote_json(value)}")
    return {name: value for name, value in known.items() if _fits(terms[name], value)}


def term_names(source: str, terms: Mapping[str, Term]) -> dict[str, Name]:
    """The terms as names of expressions, ``<source>.<term>``."""
    axes = frozenset({source})
    return {f"{source}.{t.name}": Name(Kind(t.kind), axes, t.values, static=True) for t in terms.values()}


def term_columns(
    source: str, terms: Mapping[str, Term], rows: Sequence[Mapping[str, Scalar]]
) -> dict[str, NDArray[Any]]:
    """One flat column per term over the stated values of each row."""
    return {f"{source}.{t.name}": encode_column(t.kind, [row.get(t.name) for row in rows]) for t in terms.values()}


def encode_column(kind: str, values: Sequence[Scalar]) -> NDArray[Any]:
    """Values of one kind as a flat column."""
    dtype = object if kind == Kind.TEXT else np.float64
    return np.array([encode_value(kind, value) for value in values], dtype=dtype)


def encode_value(kind: str, value: Scalar) -> float | str | None:
    """A value as columns hold it.

    Raises:
        ValueError: the value is not of the kind.
    """
    if kind == Kind.TEXT:
        return None if value is None else str(value)
    if value is None:
        return nan
    return float((date.fromisoformat(str(value)) - _EPOCH).days) if kind == Kind.DATE else float(value)


def _term(entry: Entry) -> Term:
    name, kind = entry.name("name"), entry.choice("kind", KINDS) or Kind.NUMBER
    if name in ALWAYS_STATED:
        entry.add_fault("name", f'"{name}" always exists and cannot be a term')
    low, high = _range(entry, kind)
    values = entry.words("values") if entry.has("values") else None
    unit = entry.text("unit") if entry.has("unit") else None
    term = Term(name, kind, unit, low, high, values, entry.text("meaning", "what the term says"))
    entry.close()
    return term


def _range(entry: Entry, kind: str) -> tuple[float | None, float | None]:
    if not entry.has("range"):
        return None, None
    bounds = entry.values["range"]
    numbers = isinstance(bounds, list) and all(type(bound) in (int, float) for bound in bounds)
    if kind in (Kind.NUMBER, Kind.MONEY) and numbers and len(bounds) == 2 and bounds[0] <= bounds[1]:
        return float(bounds[0]), float(bounds[1])
    entry.add_wrong_kind("range", "[low, high] of a number or money")
    return None, None


def _fits(term: Term, value: object) -> bool:
    if term.kind in (Kind.NUMBER, Kind.MONEY):
        return type(value) in (int, float) and _within(term, float(value))  # type: ignore[arg-type]
    if term.kind == Kind.BOOLEAN:
        return isinstance(value, bool)
    return isinstance(value, str) and (is_iso_day(value) if term.kind == Kind.DATE else _is_known(term, value))


def _within(term: Term, value: float) -> bool:
    return (term.low is None or term.low <= value) and (term.high is None or value <= term.high)


def _is_known(term: Term, value: str) -> bool:
    return bool(value) and (term.values is None or value in term.values)


def _expected(term: Term) -> str:
    if term.kind == Kind.BOOLEAN:
        return "true or false"
    if term.kind == Kind.DATE:
        return "a date (YYYY-MM-DD)"
    if term.kind == Kind.TEXT:
        return f"one of {', '.join(term.values)}" if term.values else "text"
    bounds = "a number" if term.low is None else f"{term.low:.15g} to {term.high:.15g}"
    return f"{bounds} ({term.unit})" if term.unit else bounds
