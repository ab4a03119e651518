"""Targeting: to which customers a strategy speaks, in expressions of the policy.

``strategies.yaml`` declares segments, each an expression over the customer. ``customer.segment`` (the group that
training found) and ``customer.stage`` are among its names. A strategy names the segments it is for, or ``all``. A
customer may be in several. Outside its segments a strategy's fit and applicability rules fall away, as if it were
switched off. Where membership is unknown, nothing is raised for the customer and no gate opens. A document without
declared segments, the first form of the document, targets everybody.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from service.core.domain import Text
from service.core.expressions import Columns, Expression, Kind, Schema, compile_truth, fold, parse

ALL = "all"
"""The segment of all customers."""


@dataclass(frozen=True, slots=True)
class Target:
    """A declared segment: a customer is in it where ``when`` is true."""

    id: str
    name: Text
    when: Expression


def any_segment(ids: tuple[str, ...], targets: Mapping[str, Target], schema: Schema | None) -> Expression | None:
    """The condition of being in any of the segments; None where that is everybody, or where no segment is declared."""
    if schema is None or ALL in ids or not ids or not all(one in targets for one in ids):
        return None
    return parse(" or ".join(f"({targets[one].when.text})" for one in ids), schema, Kind.BOOLEAN)


def restrict_to(fires: Callable[[Columns], Any], target: Expression | None, columns: Columns, many: bool) -> Any:
    """``fires``, restricted to the customers of its strategy; ``columns`` are what the policy alone decides."""
    if target is None:
        return fires
    belongs = compile_truth(fold(target, columns), many)

    def both(columns: Columns) -> Any:
        fired = fires(columns)
        return False if fired is False else fired & belongs(columns)

    return both
