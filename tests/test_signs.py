"""Every room says at its door what is inside: the sign of a package names each of its entries, and nothing else."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROW = re.compile(r"^(?: {4})?([a-z_0-9]+(?:, [a-z_0-9]+)*)/? {2,}\S", re.MULTILINE)
NOT_SIGNED = ("versions", "default")
"""Migrations, numbered in order, and the documents of the shipped policy."""


def rooms() -> list[Path]:
    found = [path.parent for package in ("service", "training") for path in (ROOT / package).rglob("__init__.py")]
    return sorted(folder for folder in found if folder.name not in NOT_SIGNED)


def entries(folder: Path) -> set[str]:
    """The modules and rooms of a folder."""
    inside = {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/__init__.py")}
    return inside - {"__init__", "__main__"}


def named(folder: Path) -> set[str]:
    """The names at the head of the rows of a sign: one name or several, at least two spaces, what it is."""
    sign = ast.get_docstring(ast.parse((folder / "__init__.py").read_text()), clean=False) or ""
    return {name for row in ROW.findall(sign) for name in row.split(", ")}


@pytest.mark.parametrize("folder", rooms(), ids=lambda folder: ".".join(folder.relative_to(ROOT).parts))
def test_the_sign_of_a_room_names_what_is_inside(folder: Path) -> None:
    assert named(folder) - set(NOT_SIGNED) == entries(folder) - set(NOT_SIGNED)


def names(folder: Path) -> set[str]:
    """What a package defines or takes from a module under a name of its own; modules themselves left out."""
    found = set[str]()
    for node in ast.parse((folder / "__init__.py").read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.ImportFrom) and (taken_from := ROOT.joinpath(*str(node.module).split("."))) != folder:
            found |= {alias.asname or alias.name for alias in node.names if taken_from.with_suffix(".py").exists()}
    return found


@pytest.mark.parametrize("folder", rooms(), ids=lambda folder: ".".join(folder.relative_to(ROOT).parts))
def test_nothing_in_a_room_is_hidden_by_a_name_of_its_own_package(folder: Path) -> None:
    assert names(folder) & entries(folder) == set()
