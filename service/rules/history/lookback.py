"""How many events of a trail a policy's rules can tell apart: so many of each are read, and no more.

A cap of 20 needs 20. A rule that compares a count with 5 needs 6, to tell 5 from more. A formula that calculates with a
count (``1 + history.contacts_30d / 10``, or a comparison with a term of the offer) needs every event. Its result is
exact too, but its cost grows with the past, and the policy's check says so.
"""

from collections.abc import Iterator
from math import floor, isnan

from service.core.expressions.tree import OPPOSITE, Node
from service.core.trails import EVERY
from service.rules.formulas import formulas_of
from service.rules.history.columns import COUNTS
from service.rules.policy import Policy

COMPARED = frozenset({*OPPOSITE, "between", "in"})


def most_by_rule(policy: Policy) -> dict[str, int]:
    """How many instants of a trail each rule, offer, channel and formula can tell apart, by its id."""
    found = {cap.id: cap.maximum for cap in policy.contact.caps}
    for where, expression in formulas_of(policy):
        found[where] = max([found.get(where, 1), *(most for _, most in _told(expression.tree))])
    return found


def most_by_count(policy: Policy) -> dict[str, int]:
    """How many events the policy's expressions can tell apart by each count that they read, by its name."""
    found: dict[str, int] = {}
    for _, expression in formulas_of(policy):
        for name, most in _told(expression.tree):
            found[name] = max(found.get(name, 1), most)
    return found


def _told(node: Node) -> Iterator[tuple[str, int]]:
    """Each count that the tree reads, and how many it tells apart: one above each number that it is compared with."""
    counts = [arg for arg in node.args if _is_count(arg)]
    bounds = _bounds(node) if counts and node.op in COMPARED else None
    if bounds is not None:
        yield from _each(node, max(1, *(floor(bound) + 1 for bound in bounds)))
    elif node.op == "is null" and counts:
        yield from _each(node, 1)
    elif _is_count(node):
        yield from _each(node, EVERY)
    else:
        for arg in node.args:
            yield from _told(arg)


def _each(node: Node, most: int) -> Iterator[tuple[str, int]]:
    return ((each.value, most) for each in node.walk() if each.op == "name")


def _is_count(node: Node) -> bool:
    """Whether the node is a count, or a count with a substitute for NULL."""
    if node.op == "coalesce":
        return any(map(_is_count, node.args)) and all(_is_count(arg) or _is_number(arg) for arg in node.args)
    return node.op == "name" and node.value in COUNTS


def _bounds(node: Node) -> list[float] | None:
    """The numbers with which the counts of a comparison are compared; None where there is anything else."""
    if node.op == "in":
        return [float(member) for member in node.value]
    others = [arg for arg in node.args if not _is_count(arg)]
    return [float(arg.value) for arg in others] if others and all(map(_is_number, others)) else None


def _is_number(node: Node) -> bool:
    return node.op == "const" and isinstance(node.value, float) and not isnan(node.value)
