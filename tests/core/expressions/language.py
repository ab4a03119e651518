"""The schema and the row on which the expression language is tried, and the three outcomes of a text."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from service.core.errors import ExpressionError
from service.core.expressions import (
    Kind,
    Name,
    compile_falsity,
    compile_truth,
    compile_value,
    parse,
)

NAN = math.nan
CUSTOMER, OFFER, CHANNEL = frozenset({"customer"}), frozenset({"offer"}), frozenset({"channel"})
SCHEMA = {
    "customer.age": Name(Kind.NUMBER, CUSTOMER),
    "customer.score": Name(Kind.NUMBER, CUSTOMER),
    "customer.total_yuan": Name(Kind.MONEY, CUSTOMER),
    "customer.demand_yuan": Name(Kind.MONEY, CUSTOMER),
    "customer.sex": Name(Kind.TEXT, CUSTOMER, ("female", "male")),
    "customer.city": Name(Kind.TEXT, CUSTOMER),
    "customer.vip": Name(Kind.BOOLEAN, CUSTOMER),
    "customer.opened": Name(Kind.DATE, CUSTOMER),
    "offer.rate": Name(Kind.NUMBER, OFFER, static=True),
    "offer.minimum_yuan": Name(Kind.MONEY, OFFER, static=True),
    "offer.family": Name(Kind.TEXT, OFFER, static=True),
    "channel.cost_yuan": Name(Kind.MONEY, CHANNEL, static=True),
    "policy.open": Name(Kind.BOOLEAN, static=True),
    "context.hour": Name(Kind.NUMBER),
    "context.channel": Name(Kind.TEXT),
}
ROW: dict[str, Any] = {
    "customer.age": 41.0,
    "customer.score": NAN,
    "customer.total_yuan": 10_000.0,
    "customer.demand_yuan": 0.0,
    "customer.sex": "female",
    "customer.city": None,
    "customer.vip": 1.0,
    "customer.opened": 19_723.0,
    "offer.rate": np.array([0.015, 0.02, np.nan]).reshape(1, 3, 1),
    "offer.minimum_yuan": np.array([50.0, 20_000.0, 3_000.0]).reshape(1, 3, 1),
    "offer.family": np.array(["deposit", "wealth", None], dtype=object).reshape(1, 3, 1),
    "channel.cost_yuan": np.array([0.0, 30.0]).reshape(1, 1, 2),
    "policy.open": 0.0,
    "context.hour": 9.0,
    "context.channel": "mobile_app",
}


def many(row: Mapping[str, Any], customers: int = 2) -> dict[str, Any]:
    """The same row as a grid of several equal customers."""

    def column(name: str, held: Any) -> Any:
        if SCHEMA[name].axes != CUSTOMER:
            return held
        return np.array([held] * customers, dtype=object if SCHEMA[name].kind is Kind.TEXT else float).reshape(-1, 1, 1)

    return {name: column(name, held) for name, held in row.items()}


def evaluated(text: str) -> Any:
    """The one value of a text on ``ROW``, which both evaluation forms must give; NULL as None."""
    expression = parse(text, SCHEMA)
    one, grid = compile_value(expression)(ROW), compile_value(expression, many=True)(many(ROW))
    for cell in np.ravel(np.array(grid, dtype=object)):
        assert cell == one or (cell != cell and one != one) or cell is one
    return None if one is None or one != one else one


def verdict(text: str) -> str:
    """ "true", "false" or "unknown", on which both forms must agree."""
    expression = parse(text, SCHEMA, Kind.BOOLEAN)
    stories = {
        (bool(np.all(compile_truth(expression, form)(row))), bool(np.all(compile_falsity(expression, form)(row))))
        for form, row in ((False, ROW), (True, many(ROW)))
    }
    return {(True, False): "true", (False, True): "false", (False, False): "unknown"}[stories.pop()]


def refusals(text: str, expects: Kind | None = None) -> list[str]:
    with pytest.raises(ExpressionError) as caught:
        parse(text, SCHEMA, expects)
    return [str(problem) for problem in caught.value.problems]
