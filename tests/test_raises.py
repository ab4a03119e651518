"""Every public function whose own body raises says so in a block of its own: ``Raises: NotFound: when ...``.

A command's docstring is its help, and a view's its text in the contract: what these raise is said by exit codes and by
the documented problems.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHOWN = {"command", "group", "get", "post", "put", "patch", "delete"}
"""The decorators of commands and of views."""
SAID = re.compile(r"^Raise \w|^Raises:? ?$|^Raises: ", re.MULTILINE)
"""The block, or a first line that says nothing else than what is raised."""
FILES = [path for folder in ("service", "training") for path in sorted((ROOT / folder).rglob("*.py"))
         if "versions" not in path.parts]  # fmt: skip


def public(body: list[ast.stmt]) -> Iterator[ast.FunctionDef]:
    """The public functions of a module, and the public methods of its public classes."""
    for node in body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield from public(node.body)
        elif isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield node


def raises(function: ast.FunctionDef) -> bool:
    """Whether its own body raises anything new; functions inside it are not its own body."""
    todo: list[ast.AST] = list(function.body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Raise) and node.exc is not None:
            return True
        if not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            todo += ast.iter_child_nodes(node)
    return False


def is_shown(function: ast.FunctionDef) -> bool:
    """Whether its docstring is shown to users."""
    calls = (node.func if isinstance(node, ast.Call) else node for node in function.decorator_list)
    return any(isinstance(call, ast.Attribute) and call.attr in SHOWN for call in calls)


@pytest.mark.parametrize("path", FILES, ids=lambda path: ".".join(path.relative_to(ROOT).with_suffix("").parts))
def test_what_a_public_function_raises_is_said_in_a_block_of_its_own(path: Path) -> None:
    silent = [
        f"line {function.lineno}: {function.name}"
        for function in public(ast.parse(path.read_text()).body)
        if raises(function) and not is_shown(function) and not SAID.search(ast.get_docstring(function) or "")
    ]
    assert silent == []
