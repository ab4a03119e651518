"""Trees to closures over plain Python scalars: the fast road for one customer.

Every builder takes a node and gives a function of columns. NaN does most of the work of NULL (it falls through
arithmetic and fails every comparison); ``decided`` asks "is it true" or "is it false", never "what is it", so unknown
needs no third value. The commonest shapes (a name against a constant) get closures without inner calls.
"""

from collections.abc import Callable
from math import log, modf
from typing import Any

from service.expressions.bounds import CEILING
from service.expressions.tree import NAN, Kind, Node, Run, missing, null

Build = Callable[[Node], Run]

OPPOSITE = {"=": "<>", "<>": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
LOGIC = {"and", "or", "not", "in", "between", "is null", *OPPOSITE}
MOST_DAYS = 36_525


def value(node: Node) -> Run:
    """The value of ``node``: a float (NaN for NULL) or a text (None)."""
    if node.op in LOGIC:
        return _three_valued(node)
    return _VALUES[node.op](node)


def decided(node: Node, outcome: bool) -> Run:
    """Is ``node`` known to be ``outcome``? True or False, never unknown."""
    build = _DECIDED.get(node.op)
    if build is not None:
        return build(node, outcome)
    if node.op == "const":
        return _always(node.value == float(outcome))
    run, target = value(node), float(outcome)
    return lambda columns: run(columns) == target


def rounded(number: float, digits: int) -> float:
    """``number`` to ``digits`` decimals, halves away from zero, as DuckDB rounds a double."""
    power = 10.0 ** abs(digits)
    fraction, whole = modf(number * power if digits >= 0 else number / power)
    whole += (fraction >= 0.5) - (fraction <= -0.5)
    return whole / power if digits >= 0 else whole * power


def _always(constant: Any) -> Run:
    return lambda columns: constant


def _three_valued(node: Node) -> Run:
    is_true, is_false = decided(node, True), decided(node, False)
    return lambda columns: 1.0 if is_true(columns) else 0.0 if is_false(columns) else NAN


# -- values ------------------------------------------------------------------------------------------------------------


def _name(node: Node) -> Run:
    name = node.value
    return lambda columns: columns[name]


def _const(node: Node) -> Run:
    assert node.kind is not None
    return _always(null(node.kind) if node.value != node.value else node.value)


def _add(node: Node) -> Run:
    left, right = map(value, node.args)
    return lambda columns: left(columns) + right(columns)


def _subtract(node: Node) -> Run:
    left, right = map(value, node.args)
    return lambda columns: left(columns) - right(columns)


def _multiply(node: Node) -> Run:
    left, right = map(value, node.args)
    return lambda columns: left(columns) * right(columns)


def _divide(node: Node) -> Run:
    left, right = map(value, node.args)

    def run(columns: Any) -> float:
        divisor = right(columns)
        return left(columns) / divisor if divisor else NAN

    return run


def _negate(node: Node) -> Run:
    run = value(node.args[0])
    return lambda columns: -run(columns)


def _absolute(node: Node) -> Run:
    run = value(node.args[0])
    return lambda columns: abs(run(columns))


def _logarithm(node: Node) -> Run:
    inner = value(node.args[0])

    def run(columns: Any) -> float:
        number = inner(columns)
        return log(number) if number > 0 else NAN

    return run


def _round(node: Node) -> Run:
    run, digits = value(node.args[0]), node.value
    return lambda columns: rounded(run(columns), digits)


def _bounded(node: Node) -> Run:
    inner = value(node.args[0])

    def run(columns: Any) -> float:
        number = inner(columns)
        return number if -CEILING < number < CEILING else NAN

    return run


def _shift(node: Node) -> Run:
    (start, days), sign = map(value, node.args), 1.0 if node.op == "date+" else -1.0

    def run(columns: Any) -> float:
        whole = rounded(days(columns), 0)
        return start(columns) + sign * whole if -MOST_DAYS <= whole <= MOST_DAYS else NAN

    return run


def _case(node: Node) -> Run:
    conditions = [decided(each, True) for each in node.args[:-1:2]]
    branches = list(zip(conditions, map(value, node.args[1:-1:2]), strict=True))
    otherwise = value(node.args[-1])

    def run(columns: Any) -> Any:
        for holds, then in branches:
            if holds(columns):
                return then(columns)
        return otherwise(columns)

    return run


def _coalesce(node: Node) -> Run:
    runs, last = [value(each) for each in node.args[:-1]], value(node.args[-1])

    def run(columns: Any) -> Any:
        for each in runs:
            found = each(columns)
            if found is not None and found == found:  # noqa: PLR0124
                return found
        return last(columns)

    return run


def _nullif(node: Node) -> Run:
    assert node.kind is not None
    (left, right), nothing = map(value, node.args), null(node.kind)

    def run(columns: Any) -> Any:
        found = left(columns)
        return nothing if found == right(columns) else found

    return run


def _least(node: Node) -> Run:
    runs = [value(each) for each in node.args]

    def run(columns: Any) -> float:
        best = NAN
        for each in runs:
            found = each(columns)
            if found < best or best != best:  # noqa: PLR0124
                best = found
        return best

    return run


def _greatest(node: Node) -> Run:
    runs = [value(each) for each in node.args]

    def run(columns: Any) -> float:
        best = NAN
        for each in runs:
            found = each(columns)
            if found > best or best != best:  # noqa: PLR0124
                best = found
        return best

    return run


_VALUES: dict[str, Build] = {
    "name": _name,
    "const": _const,
    "+": _add,
    "-": _subtract,
    "*": _multiply,
    "/": _divide,
    "days": _subtract,
    "date+": _shift,
    "date-": _shift,
    "neg": _negate,
    "abs": _absolute,
    "ln": _logarithm,
    "round": _round,
    "fen": _round,
    "bounded": _bounded,
    "case": _case,
    "coalesce": _coalesce,
    "nullif": _nullif,
    "least": _least,
    "greatest": _greatest,
}


# -- decisions ---------------------------------------------------------------------------------------------------------


def _not(node: Node, outcome: bool) -> Run:
    return decided(node.args[0], not outcome)


def _and(node: Node, outcome: bool) -> Run:
    runs = [decided(each, outcome) for each in node.args]
    return _all(runs) if outcome else _any(runs)


def _or(node: Node, outcome: bool) -> Run:
    runs = [decided(each, outcome) for each in node.args]
    return _any(runs) if outcome else _all(runs)


def _all(runs: list[Run]) -> Run:
    if len(runs) == 2:
        first, second = runs
        return lambda columns: first(columns) and second(columns)

    def run(columns: Any) -> bool:
        for each in runs:  # noqa: SIM110 - a generator would double the cost
            if not each(columns):
                return False
        return True

    return run


def _any(runs: list[Run]) -> Run:
    if len(runs) == 2:
        first, second = runs
        return lambda columns: first(columns) or second(columns)

    def run(columns: Any) -> bool:
        for each in runs:  # noqa: SIM110 - a generator would double the cost
            if each(columns):
                return True
        return False

    return run


def _compare(node: Node, outcome: bool) -> Run:
    op = node.op if outcome else OPPOSITE[node.op]
    left, right = node.args
    if right.op == "const":
        constant = _const(right)({})
        if missing(constant):
            return _always(False)
        if left.op == "name":
            return _NAME_TO_CONSTANT[op](left.value, constant)
        return _VALUE_TO_CONSTANT[op](value(left), constant)
    if left.kind is Kind.TEXT:
        return _texts(value(left), value(right), op == "=")
    return _VALUE_TO_VALUE[op](value(left), value(right))


def _texts(left: Run, right: Run, equal: bool) -> Run:
    def run(columns: Any) -> bool:
        one, other = left(columns), right(columns)
        return one is not None and other is not None and (one == other) is equal

    return run


def _name_differs(name: str, constant: Any) -> Run:
    def run(columns: Any) -> bool:
        found = columns[name]
        return found is not None and found == found and found != constant  # noqa: PLR0124

    return run


def _value_differs(inner: Run, constant: Any) -> Run:
    def run(columns: Any) -> bool:
        found = inner(columns)
        return found is not None and found == found and found != constant  # noqa: PLR0124

    return run


def _values_differ(left: Run, right: Run) -> Run:
    def run(columns: Any) -> bool:
        one, other = left(columns), right(columns)
        return bool(one < other or one > other)

    return run


_NAME_TO_CONSTANT: dict[str, Callable[[str, Any], Run]] = {
    "=": lambda name, constant: lambda columns: columns[name] == constant,
    "<>": _name_differs,
    "<": lambda name, constant: lambda columns: columns[name] < constant,
    "<=": lambda name, constant: lambda columns: columns[name] <= constant,
    ">": lambda name, constant: lambda columns: columns[name] > constant,
    ">=": lambda name, constant: lambda columns: columns[name] >= constant,
}
_VALUE_TO_CONSTANT: dict[str, Callable[[Run, Any], Run]] = {
    "=": lambda run, constant: lambda columns: run(columns) == constant,
    "<>": _value_differs,
    "<": lambda run, constant: lambda columns: run(columns) < constant,
    "<=": lambda run, constant: lambda columns: run(columns) <= constant,
    ">": lambda run, constant: lambda columns: run(columns) > constant,
    ">=": lambda run, constant: lambda columns: run(columns) >= constant,
}
_VALUE_TO_VALUE: dict[str, Callable[[Run, Run], Run]] = {
    "=": lambda left, right: lambda columns: left(columns) == right(columns),
    "<>": _values_differ,
    "<": lambda left, right: lambda columns: left(columns) < right(columns),
    "<=": lambda left, right: lambda columns: left(columns) <= right(columns),
    ">": lambda left, right: lambda columns: left(columns) > right(columns),
    ">=": lambda left, right: lambda columns: left(columns) >= right(columns),
}


def _between(node: Node, outcome: bool) -> Run:
    inner, low, high = map(value, node.args)
    if outcome:
        return lambda columns: low(columns) <= inner(columns) <= high(columns)

    def outside(columns: Any) -> bool:
        found = inner(columns)
        return bool(found < low(columns) or found > high(columns))

    return outside


def _in(node: Node, outcome: bool) -> Run:
    inner, members = value(node.args[0]), frozenset(node.value)
    if outcome:
        return lambda columns: inner(columns) in members

    def absent(columns: Any) -> bool:
        found = inner(columns)
        return found is not None and found == found and found not in members  # noqa: PLR0124

    return absent


def _is_null(node: Node, outcome: bool) -> Run:
    inner = value(node.args[0])

    def run(columns: Any) -> bool:
        found = inner(columns)
        return (found is None or found != found) is outcome  # noqa: PLR0124

    return run


_DECIDED: dict[str, Callable[[Node, bool], Run]] = {
    "not": _not,
    "and": _and,
    "or": _or,
    "between": _between,
    "in": _in,
    "is null": _is_null,
    **dict.fromkeys(OPPOSITE, _compare),
}
