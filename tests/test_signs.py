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
