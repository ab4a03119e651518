"""The document of the attribute table into the table: shape, then names, then expressions; all problems at once."""

import re
from collections.abc import Mapping
from typing import Any

from service.core.attributes import encoders
from service.core.attributes.table import CUSTOMER, Attribute, AttributeTable, Feature, quote_value
from service.core.errors import ExpressionError, PolicyError, Problem
from service.core.expressions import Expression, Kind, Name, parse

FILE = "attributes.yaml"
KINDS = tuple(kind.value for kind in Kind)
BOUND = encoders.number_encoder(-1e18, 1e18, "a number")
NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
MARKET = re.compile(r"\bmarket\.[a-z][a-z0-9_]{0,62}")
"""A rate of the market, as a feature reads it."""
FLAGS = ("personal", "told", "ahead", "grows", "zone")
ATTRIBUTE_KEYS = {"name", "kind", "unit", "range", "values", "words", "meaning", "source", *FLAGS}
FEATURE_KEYS = {"name", "kind", "unit", "expression", "meaning"}
TEXT_KEYS = ("unit", "meaning", "expression")

Row = Mapping[str, Any]


def parse_table(document: object, exact: bool = False, market: Mapping[str, Name] | None = None) -> AttributeTable:
    """The table of one document: attributes, then features from the top down, each reading only what is above it.

    ``exact``: features compare money as it is, not in whole fen. ``market``: the rates that features may read; None
    where there is no market, as in a bundle, whose features read every rate as unknown.

    Raises:
        PolicyError: the document does not hold together; every problem by file and key.
    """
    problems: list[Problem] = []
    raw, derived = _sections(document, problems)
    attributes = tuple(_attribute(row) for row in _sound(raw, "attribute", ATTRIBUTE_KEYS, problems))
    rows = _sound(derived, "feature", FEATURE_KEYS, problems)
    outside = _unknown_market(rows) if market is None else market
    features = _features(rows, attributes, outside, problems, exact)
    problems += [*_repeated([*attributes, *features]), *_many_zones(attributes)]
    if problems:
        raise PolicyError("the table of attributes does not hold together", problems)
    return AttributeTable(
        attributes, features, {"attributes": [dict(row) for row in raw], "features": [dict(row) for row in derived]}
    )


def _sections(document: object, problems: list[Problem]) -> tuple[list[Any], list[Any]]:
    if not isinstance(document, Mapping):
        problems.append(Problem(FILE, "must hold two lists: attributes and features"))
        return [], []
    problems += [
        Problem(f"{FILE}: {key}", "is no part of it; expected attributes, features")
        for key in sorted(map(str, set(document) - {"attributes", "features"}))
    ]
    return _list(document, "attributes", problems), _list(document, "features", problems)


def _list(document: Mapping[Any, Any], key: str, problems: list[Problem]) -> list[Any]:
    rows = document.get(key) or []
    if isinstance(rows, list) and (rows or key == "features"):
        return rows
    problems.append(Problem(f"{FILE}: {key}", "must be a list of at least one row"))
    return []


def _sound(rows: list[Any], noun: str, keys: set[str], problems: list[Problem]) -> list[Row]:
    """The rows that can be read at all; the faults of the others are noted."""
    sound = []
    for position, row in enumerate(rows, 1):
        if not isinstance(row, Mapping):
            problems.append(Problem(f"{FILE}: {noun} {position}", "must be a row of keys and values"))
            continue
        where = f'{FILE}: {noun} "{row["name"]}"' if isinstance(row.get("name"), str) else f"{FILE}: {noun} {position}"
        faults = [Problem(where, fault) for fault in _row_faults(row, noun, keys)]
        problems += faults
        if not faults:
            sound.append(row)
    return sound


def _row_faults(row: Row, noun: str, keys: set[str]) -> list[str]:
    faults = [
        f'key "{key}" is not known; expected {", ".join(sorted(keys))}' for key in sorted(map(str, set(row) - keys))
    ]
    if not isinstance(row.get("name"), str) or not NAME.fullmatch(row["name"]):
        faults.append("name must be lower-case letters, digits and _, at most 63, beginning with a letter")
    if row.get("kind") not in KINDS:
        faults.append(f"kind must be one of {', '.join(KINDS)}, got {quote_value(row.get('kind'))}")
    if noun == "feature" and not row.get("expression"):
        faults.append("expression is missing")
    faults += [f"{key} must be text" for key in TEXT_KEYS if not isinstance(row.get(key, ""), str)]
    return faults + _words_faults(row) + _range_faults(row) + _values_faults(row)


def _words_faults(row: Row) -> list[str]:
    """``words``, and ``source`` unless it is one text for both languages, must be in both languages."""
    return [
        f"{key} must be {{zh: ..., en: ...}}, two short texts, got {quote_value(row[key])}"
        for key in ("words", "source")
        if key in row and not _in_both_languages(row[key]) and not (key == "source" and isinstance(row[key], str))
    ]


def _in_both_languages(words: object) -> bool:
    judge = encoders.text_encoder(None).encode_one
    return isinstance(words, Mapping) and set(words) == {"zh", "en"} and all(map(judge, words.values()))


def _range_faults(row: Row) -> list[str]:
    if "range" not in row:
        return []
    if row.get("kind") not in ("number", "money"):
        return ["range belongs to numbers and money only"]
    bounds = row["range"]
    if isinstance(bounds, list) and len(bounds) == 2 and all(map(_is_finite, bounds)) and bounds[0] <= bounds[1]:
        return []
    return [f"range must be [low, high], two finite numbers in this order, got {quote_value(bounds)}"]


def _is_finite(value: object) -> bool:
    return encoders.is_known(BOUND.encode_one(value))


def _values_faults(row: Row) -> list[str]:
    faults = [f"{key} must be true or false" for key in FLAGS if not isinstance(row.get(key, False), bool)]
    if row.get("ahead") is True and row.get("kind") != "date":
        faults.append("ahead belongs to dates only")
    if row.get("grows") is True and row.get("kind") not in ("number", "money"):
        faults.append("grows belongs to numbers and money only; dates grow by nature")
    if row.get("zone") is True and (row.get("kind") != "text" or "values" in row):
        faults.append("zone belongs to a text without values: the names of time zones are known")
    if "values" not in row:
        return faults
    if row.get("kind") != "text":
        return [*faults, "values belong to text only"]
    values = row["values"]
    judge = encoders.text_encoder(None).encode_one
    if isinstance(values, list) and values and all(map(judge, values)) and len(set(values)) == len(values):
        return faults
    return [*faults, f"values must be a list of different words, got {quote_value(values)}"]


def _attribute(row: Row) -> Attribute:
    low, high = (float(bound) for bound in row["range"]) if "range" in row else (None, None)
    values = tuple(row["values"]) if "values" in row else None
    words = {key: row[key] for key in ("unit", "words", "meaning", "source", *FLAGS) if key in row}
    return Attribute(row["name"], Kind(row["kind"]), low=low, high=high, values=values, **words)


def _unknown_market(rows: list[Row]) -> dict[str, Name]:
    return {name: Name(Kind.NUMBER) for row in rows for name in MARKET.findall(str(row["expression"]))}


def _features(
    rows: list[Row],
    attributes: tuple[Attribute, ...],
    market: Mapping[str, Name],
    problems: list[Problem],
    exact: bool,
) -> tuple[Feature, ...]:
    raw = {f"customer.{one.name}": Name(one.kind, CUSTOMER, one.values, exact=exact) for one in attributes}
    schema = {**market, **raw}
    features = []
    for row in rows:
        expression = _expression(row, schema, problems)
        schema[f"customer.{row['name']}"] = Name(Kind(row["kind"]), CUSTOMER, exact=exact)  # faulty or not: one fault
        if expression is not None:
            words = {key: row[key] for key in ("unit", "meaning") if key in row}
            features.append(Feature(row["name"], Kind(row["kind"]), row["expression"], expression, **words))
    return tuple(features)


def _expression(row: Row, schema: Mapping[str, Name], problems: list[Problem]) -> Expression | None:
    where = f'{FILE}: feature "{row["name"]}": expression'
    try:
        return parse(row["expression"], schema, Kind(row["kind"]))
    except ExpressionError as error:
        inner = error.problems or (Problem("", error.message),)
        problems += [Problem(where, f"{one.where} {one.message}".strip()) for one in inner]
        return None


def _many_zones(attributes: tuple[Attribute, ...]) -> list[Problem]:
    """A customer lives in one time zone."""
    names = [one.name for one in attributes if one.zone]
    words = f"is marked zone: true in more than one attribute: {', '.join(names)}"
    return [Problem(f"{FILE}: attributes", words)] if len(names) > 1 else []


def _repeated(rows: list[Attribute | Feature]) -> list[Problem]:
    names = [row.name for row in rows]
    return [
        Problem(f'{FILE}: "{name}"', "is declared more than once")
        for name in sorted({name for name in names if names.count(name) > 1})
    ]
