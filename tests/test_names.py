"""Every name in double backticks in a docstring or comment says something that is there.

A bare name is a module, a class, or a word of the same file, of one it imports (for a sign: of one inside), or of a
YAML, SQL or JSON file. A dotted name resolves from its head: a module and what it defines, a class and its members, or
an object of the same file.
"""

import ast
import builtins
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
NAME = re.compile(r"``([A-Za-z_][\w.]*?)(?:\(\))?``")
FIGURE = re.compile(r"[A-Za-z]_[a-z0-9]|_[a-z0-9]+")
"""A figure of a formula, or a unit at the end of a name."""
FOLDERS = ("service", "training")
STATEMENT = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|SET|WHERE|KEYS)\b")
KEY = re.compile(r"[\w.]+(?=:)")
OUTSIDE = frozenset({
    *("ABS", "BETWEEN", "CASE", "IN", "LN", "peer", "read_csv"),  # SQL, PostgreSQL, DuckDB
    *("Allow", "get_data", "pattern", "some", "status_code"),  # HTTP, werkzeug, JSON Schema
    *("Booster.predict", "extra", "id.timestamp.body"),  # LightGBM, logging, Standard Webhooks
})  # fmt: skip
"""Names of what is not ours."""
COLUMNS = ("customer", "offer", "channel", "history", "context")
"""The heads of the names that a rule may read."""


@cache
def sources() -> dict[str, Path]:
    found = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


class Words(NamedTuple):
    """What a file says: its identifiers and the words of its SQL, its classes, its strings, the modules it imports."""

    words: frozenset[str]
    classes: frozenset[str]
    strings: frozenset[str]
    imports: frozenset[str]


@cache
def read(path: Path) -> Words:
    found, classes, strings, imports = set[str](), set[str](), set[str](), set[str]()
    docs = set[int]()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body:
            docs |= {id(first.value) for first in node.body[:1] if isinstance(first, ast.Expr)}
        match node:
            case ast.Constant(value=str() | bytes() as text) if id(node) not in docs:
                strings.add(text if isinstance(text, str) else text.decode("utf-8", "replace"))
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name) | ast.keyword(arg=str() as name):
                found.add(name)
            case ast.ClassDef(name=name):
                classes.add(name)
            case ast.FunctionDef(name=name):
                found.add(name)
            case ast.ImportFrom(module=str() as module, names=names):
                imports |= {module, *(f"{module}.{alias.name}" for alias in names)}
                found.add(module.partition(".")[0])
                found |= {alias.name for alias in names}
            case ast.Import(names=names):
                found |= {alias.name.partition(".")[0] for alias in names}
    said = (re.findall(r"\w+", text) for text in strings if STATEMENT.search(text) or text.isidentifier())
    return Words(frozenset(found | classes).union(*said), *map(frozenset, (classes, strings, imports)))


def words(path: Path) -> frozenset[str]:
    return read(path).words


@cache
def written_words() -> frozenset[str]:
    """The keys of every YAML document, and the words of every SQL file."""
    keys = (KEY.findall(path.read_text()) for folder in FOLDERS for path in (ROOT / folder).rglob("*.yaml"))
    columns = (re.findall(r"\w+", path.read_text()) for folder in FOLDERS for path in (ROOT / folder).rglob("*.sql"))
    return frozenset(word for found in (*keys, *columns) for word in found)


def is_near(word: str, module: str) -> bool:
    """Whether it is a word of the module or of one it imports; for a sign, of anything inside."""
    is_sign = sources()[module].name == "__init__.py"
    inside = (name for name in sources() if is_sign and name.startswith(f"{module}."))
    return any(word in words(sources()[near]) for near in (module, *imported(module), *inside))


def imported(module: str) -> frozenset[str]:
    return read(sources()[module]).imports & sources().keys()


@cache
def leaves() -> dict[str, list[str]]:
    """The modules by every end of their dotted name."""
    found: dict[str, list[str]] = {}
    for name in sources():
        parts = name.split(".")
        for at in range(len(parts)):
            found.setdefault(".".join(parts[at:]), []).append(name)
    return found


@cache
def classes() -> dict[str, frozenset[str]]:
    """Each class by its name, with the words of the files that have it."""
    found: dict[str, frozenset[str]] = {}
    for path in sources().values():
        found |= {name: found.get(name, frozenset()) | words(path) for name in read(path).classes}
    return found


@cache
def literals() -> frozenset[str]:
    """Every string of the code, as it stands."""
    return frozenset().union(*(read(path).strings for path in sources().values()))


def told(path: Path) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(path.read_text().splitlines(), 1):
        for name in NAME.findall(line):
            yield number, name.rstrip(".")


@cache
def files() -> frozenset[str]:
    """The names of all files, those of a bank's folder and of a bundle too."""
    return frozenset(path.name for folder in (*FOLDERS, "examples", "docs") for path in (ROOT / folder).rglob("*.*"))


def is_there(name: str, module: str) -> bool:
    """A module, something a module or a class has, a word nearby, a column of the grid, or Python's own."""
    head = name.partition(".")[0]
    if name in leaves() or name in files() or name in literals() or FIGURE.fullmatch(name):
        return True
    if head in sys.stdlib_module_names or name in dir(builtins) or name in OUTSIDE:
        return True
    return (
        is_defined(name, module)
        if "." in name
        else name in classes() or name in written_words() or is_near(name, module)
    )


def is_defined(name: str, module: str) -> bool:
    """Whether a dotted name resolves from its head."""
    parts = name.split(".")
    for cut in range(len(parts) - 1, 0, -1):
        if homes := leaves().get(".".join(parts[:cut])):
            return any(all(part in words(sources()[home]) for part in parts[cut:]) for home in homes)
    if parts[0] in classes():
        return parts[1] in classes()[parts[0]]
    return parts[0] in COLUMNS or parts[0] in words(sources()[module])


@pytest.mark.parametrize("module", list(sources()))
def test_every_name_that_a_docstring_tells_is_there(module: str) -> None:
    gone = [f"line {number}: ``{name}``" for number, name in told(sources()[module]) if not is_there(name, module)]
    assert gone == []
