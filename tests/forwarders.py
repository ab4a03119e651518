"""Forwarders: functions that one opens only to find that they call a function of the same name."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def forwarders() -> Iterator[str]:
    """Functions whose body only calls a function of the same name with exactly their own arguments."""
    for folder in ("service", "training"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.FunctionDef) and passes_on(node):
                    yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"


def passes_on(function: ast.FunctionDef) -> bool:
    """Whether a function is a forwarder; one that closes what it owns is none."""
    match [line for line in function.body if not isinstance(getattr(line, "value", None), ast.Constant)]:
        case [ast.Return(value=ast.Call() as call) | ast.Expr(value=ast.Call() as call)]:
            known = {argument.arg for argument in (*function.args.args, *function.args.kwonlyargs)} - {"self", "cls"}
            passed = [*call.args, *(keyword.value for keyword in call.keywords)]
            if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Call):
                return False
            called = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            own = {argument.id for argument in passed if isinstance(argument, ast.Name)}
            return bool(known) and called == function.name and len(passed) == len(own) and own == known
    return False
