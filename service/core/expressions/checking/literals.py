"""Leaves: names, numbers, texts, ``true``, ``false``, dates."""

import re
from datetime import date as day_of

from sqlglot import exp

from service.core.expressions import bounds
from service.core.expressions.checking.checker import Checker
from service.core.expressions.reading import suggestion
from service.core.expressions.tree import Kind, Node

LARGEST_NUMBER = 1e15
SMALLEST_NUMBER = 1e-15
MOST_SIGNIFICANT_DIGITS = 17
LONGEST_STRING = 200

_EPOCH = day_of(1970, 1, 1).toordinal()
_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def name(checker: Checker, tree: exp.Column) -> Node:
    """A qualified name that the schema holds."""
    parts = [part for part in (tree.args.get("table"), tree.this) if isinstance(part, exp.Identifier)]
    qualified = ".".join(part.name for part in parts)
    if len(parts) != 2 or any(part.args.get("quoted") for part in parts):
        return checker.fail(tree, f"{qualified or tree.name} is not a name; expected one dot, as in customer.age")
    known = checker.schema.get(qualified)
    if known is None:
        return checker.fail(tree, f"{qualified} is not known here{suggestion(qualified, tuple(checker.schema))}")
    exact = known.exact or known.static or known.kind is not Kind.MONEY
    axes = frozenset(known.axes)
    return Node("name", known.kind, value=qualified, axes=axes, static=known.static, exact=exact, range=bounds.NAME)


def literal(checker: Checker, tree: exp.Literal) -> Node:
    """A number or a text."""
    return string(checker, tree) if tree.is_string else number(checker, tree)


def string(checker: Checker, tree: exp.Literal) -> Node:
    """A text of at most ``LONGEST_STRING`` characters."""
    if len(tree.this) > LONGEST_STRING:
        return checker.fail(tree, f"a text may have {LONGEST_STRING} characters, this one has {len(tree.this)}")
    return Node("const", Kind.TEXT, value=tree.this)


def number(checker: Checker, tree: exp.Literal) -> Node:
    """A number that a double holds exactly enough, written with digits."""
    written = checker.text[tree.meta["start"] : tree.meta["end"] + 1] if "start" in tree.meta else tree.this
    if not _NUMBER.fullmatch(written):
        return checker.fail(tree, f"{written} is not a number; expected digits, as in 1000 or 0.25")
    digits = re.split("[eE]", written)[0].replace(".", "").strip("0")
    if len(digits) > MOST_SIGNIFICANT_DIGITS:
        return checker.fail(tree, f"a number may have {MOST_SIGNIFICANT_DIGITS} significant digits, got {len(digits)}")
    number = float(written)
    if not (SMALLEST_NUMBER <= number <= LARGEST_NUMBER or (number == 0 and not digits)):
        return checker.fail(tree, f"a number must be 0 or {SMALLEST_NUMBER:g} to {LARGEST_NUMBER:g}, got {written}")
    return Node("const", Kind.NUMBER, value=number, bare=True, range=bounds.of_literal(number))


def boolean(checker: Checker, tree: exp.Boolean) -> Node:
    """``true`` or ``false``."""
    return Node("const", Kind.BOOLEAN, value=1.0 if tree.this else 0.0)


def date(checker: Checker, tree: exp.Cast) -> Node:
    """``date 'YYYY-MM-DD'``, the only conversion.

    Raises: ValueError: when the text is no day of the calendar.
    """
    written = tree.this
    if tree.to.this != exp.DType.DATE or not isinstance(written, exp.Literal) or not written.is_string:
        return checker.fail(tree, "conversions are not allowed; a date is written date 'YYYY-MM-DD'")
    try:
        if not _DATE.fullmatch(written.this):
            raise ValueError
        day = day_of.fromisoformat(written.this)
    except ValueError:
        return checker.fail(tree, f"expected a day of the calendar as date 'YYYY-MM-DD', got '{written.this}'")
    return Node("const", Kind.DATE, value=float(day.toordinal() - _EPOCH), range=bounds.DAYS)
