"""The triggers that a policy knows: the words with which it compares ``context.trigger``.

A policy declares no triggers. A word with which no expression compares the trigger changes nothing: its sender misspelt
one, or expects a rule that is not there.
"""

from collections.abc import Iterator

from service.core.expressions.tree import Node
from service.rules.formulas import formulas_of
from service.rules.policy import Policy

TRIGGER = "context.trigger"
_COMPARISONS = frozenset({"=", "<>"})


def triggers_of(policy: Policy) -> frozenset[str]:
    """Every word with which an expression of the policy compares the trigger; empty where none reads it."""
    reading = [one.tree for _, one in formulas_of(policy) if TRIGGER in one.names]
    return frozenset(word for tree in reading for word in _compared(tree))


def _compared(tree: Node) -> Iterator[str]:
    for node in tree.walk():
        if node.op in _COMPARISONS and any(map(_reads, node.args)):
            yield from (each.value for each in node.args if each.op == "const" and isinstance(each.value, str))
        elif node.op == "in" and _reads(node.args[0]):
            yield from (word for word in node.value if isinstance(word, str))


def _reads(node: Node) -> bool:
    return any(each.op == "name" and each.value == TRIGGER for each in node.walk())
