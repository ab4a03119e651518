"""Every name in double backticks in a docstring or comment says something that is there."""

import ast
import builtins
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NAME = re.compile(r"``([A-Za-z_][\w.]*?)(?:\(\))?``")
FIGURE = re.compile(r"[A-Za-z]_[a-z0-9]|_[a-z0-9]+")
"""A figure of a formula, or a unit at the end of a name."""
FOLDERS = ("service", "training")
BESIDE = ("*.yaml", "*.sql", "*.json", "*.toml", "*.html", "*.md")


@cache
def sources() -> dict[str, Path]:
    found = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@cache
def words(path: Path) -> frozenset[str]:
    """Every identifier of a file, and every word inside its string literals that are no docstrings."""
    source = path.read_text()
    tree = ast.parse(source)
    docs = {id(node.body[0].value) for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body
            and isinstance(node.body[0], ast.Expr)}  # fmt: skip
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    found = {token.string for token in tokens if token.type == tokenize.NAME}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes) and id(node) not in docs:
            text = node.value if isinstance(node.value, str) else node.value.decode("utf-8", "replace")
            found |= set(re.findall(r"\w+", text))
    return frozenset(found)


@cache
def all_words() -> frozenset[str]:
    found: set[str] = set()
    for path in sources().values():
        found |= words(path)
    for folder in FOLDERS:
        for pattern in BESIDE:
            for path in (ROOT / folder).rglob(pattern):
                found |= set(re.findall(r"\w+", path.read_text()))
    return frozenset(found)


@cache
def leaves() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name in sources():
        parts = name.split(".")
        for at in range(len(parts)):
            found.setdefault(".".join(parts[at:]), []).append(name)
    return found


@cache
def literals() -> frozenset[str]:
    """Every string of the code that is one dotted name as it stands."""
    trees = (ast.parse(path.read_text()) for path in sources().values())
    nodes = (node for tree in trees for node in ast.walk(tree))
    return frozenset(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def told(path: Path) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(path.read_text().splitlines(), 1):
        for name in NAME.findall(line):
            yield number, name.rstrip(".")


@cache
def files() -> frozenset[str]:
    """The names of all files, those of a bank's folder and of a bundle too."""
    return frozenset(path.name for folder in (*FOLDERS, "examples", "docs") for path in (ROOT / folder).rglob("*.*"))


def is_there(name: str) -> bool:
    """A module, a file, something a module has, a column of the grid, or Python's own."""
    head, _, rest = name.partition(".")
    if (
        name in leaves()
        or name in files()
        or name in literals()
        or head in sys.stdlib_module_names
        or name in dir(builtins)
    ):
        return True
    if FIGURE.fullmatch(name) or (not rest and name in all_words()):
        return True
    for cut in range(name.count("."), 0, -1):
        module, attribute = ".".join(name.split(".")[:cut]), name.split(".")[cut:]
        if module in leaves():
            return any(all(part in words(sources()[one]) for part in attribute) for one in leaves()[module])
    return all(part in all_words() for part in name.split("."))


@pytest.mark.parametrize("module", list(sources()))
def test_every_name_that_a_docstring_tells_is_there(module: str) -> None:
    gone = [f"line {number}: ``{name}``" for number, name in told(sources()[module]) if not is_there(name)]
    assert gone == []
