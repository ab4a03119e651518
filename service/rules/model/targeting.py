"""Targeting: to which customers a strategy speaks, in expressions of the policy.

``strategies.yaml`` declares segments, each an expression over the customer. ``customer.segment`` (the group that
training found) and ``customer.stage`` are among its names. A strategy names the segments it is for, or ``all``. A
customer may be in several. Outside its segments a strategy's fit and applicability rules fall away, as if it were
switched off. Where membership is unknown, nothing is raised for the customer and no gate opens. A document without
declared segments, the first form of the document, targets everybody.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import and_, or_
from typing import Any

from service.core.domain import Text
from service.core.expressions import Columns, Expression, Kind, Schema, compile_falsity, compile_truth, fold, parse
from service.rules.model.labels import DROPPED, TARGET, unless_dropped

Run = Callable[[Columns], Any]

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


class Membership:
    """Which customers are in any of a strategy's segments, compiled. A dropped label is unknown (``labels``)."""

    def __init__(self, target: Expression, segments: Iterable[Target], static: Columns, many: bool) -> None:
        """``target`` is the condition of being in any of ``segments``; ``static`` is what the policy alone decides."""
        folded = fold(target, static)
        self._inside, self._outside = compile_truth(folded, many), compile_falsity(folded, many)
        self._segments, self._static, self._many = tuple(segments), static, many

    @cached_property
    def _each(self) -> list[tuple[str, Run, Run]]:
        """Each segment's label, and whether it holds or fails; compiled when the first customer drops a label."""
        folded = [(TARGET + one.id, fold(one.when, self._static)) for one in self._segments]
        return [(label, compile_truth(each, self._many), compile_falsity(each, self._many)) for label, each in folded]

    def is_inside(self, columns: Columns) -> Any:
        """Where the customer is in one of the segments."""
        if not self._reads_dropped(columns):
            return self._inside(columns)
        found = [unless_dropped(holds(columns), columns, label) for label, holds, _ in self._each]
        return reduce(or_, found)

    def is_outside(self, columns: Columns) -> Any:
        """Where the customer is in none of the segments."""
        if not self._reads_dropped(columns):
            return self._outside(columns)
        found = [unless_dropped(fails(columns), columns, label) for label, _, fails in self._each]
        return reduce(and_, found)

    def _reads_dropped(self, columns: Columns) -> bool:
        return any(TARGET + one.id in columns.get(DROPPED, ()) for one in self._segments)


def restrict_to(fires: Run, membership: Membership | None) -> Run:
    """``fires``, restricted to the customers of its strategy; None is everybody."""
    if membership is None:
        return fires

    def both(columns: Columns) -> Any:
        fired = fires(columns)
        return False if fired is False else fired & membership.is_inside(columns)

    return both
