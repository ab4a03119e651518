"""The triggers that a policy knows: the words it compares ``context.trigger`` with.

A policy declares no triggers; a word that none of its expressions compares with the trigger changes nothing, and
whoever sends it has misspelt one that does, or expects a rule that is not there.
"""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from service.expressions import Expression
from service.expressions.tree import Node
from service.rules.policy import Policy

TRIGGER = "context.trigger"
_PLAIN = frozenset({"experiments", "messages", "schema", "static_columns"})
"""Large parts of a policy that hold no expression."""
_COMPARISONS = frozenset({"=", "<>"})


def triggers_of(policy: Policy) -> frozenset[str]:
    """Every word that an expression of the policy compares the trigger with; empty where none reads it."""
    parts = [getattr(policy, each.name) for each in fields(policy) if each.name not in _PLAIN]
    return frozenset(word for each in _expressions(parts) if TRIGGER in each.names for word in _compared(each.tree))


def _expressions(value: object) -> Iterator[Expression]:
    """Every expression within a value of the policy."""
    if isinstance(value, Expression):
        yield value
    elif is_dataclass(value):
        for each in fields(value):
            yield from _expressions(getattr(value, each.name))
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _expressions(each)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _expressions(each)


def _compared(tree: Node) -> Iterator[str]:
    for node in tree.walk():
        if node.op in _COMPARISONS and any(map(_reads, node.args)):
            yield from (each.value for each in node.args if each.op == "const" and isinstance(each.value, str))
        elif node.op == "in" and _reads(node.args[0]):
            yield from (word for word in node.value if isinstance(word, str))


def _reads(node: Node) -> bool:
    return any(each.op == "name" and each.value == TRIGGER for each in node.walk())
