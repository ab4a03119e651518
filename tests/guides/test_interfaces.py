"""docs/interfaces.md names tests that exist, and docs/standards.md routes that are served."""

import ast
import re
from pathlib import Path

import pytest

from service.cli.operate.openapi import contract

ROOT = Path(__file__).resolve().parents[2]
ROWS = re.findall(r"^\| ([^|]+) \| `([^`]+)` \|$", (ROOT / "docs" / "interfaces.md").read_text(), re.MULTILINE)


@pytest.mark.parametrize(("expectation", "node"), ROWS, ids=[node.rpartition("::")[2] for _, node in ROWS])
def test_the_test_that_holds_a_row_exists(expectation: str, node: str) -> None:
    path, _, name = node.partition("::")
    functions = {
        each.name for each in ast.walk(ast.parse((ROOT / path).read_text())) if isinstance(each, ast.FunctionDef)
    }
    assert name in functions, f"{expectation}: {node} is not there"


def test_every_row_names_a_test_or_says_that_it_is_open() -> None:
    table = [line for line in (ROOT / "docs" / "interfaces.md").read_text().splitlines() if line.startswith("| ")]
    rows = [line for line in table if "---" not in line and line != "| expectation | test |"]
    assert len(rows) >= 50
    assert len(ROWS) + sum("| open: " in line for line in rows) == len(rows)


def test_the_mappings_name_routes_that_are_served() -> None:
    text = (ROOT / "docs" / "standards.md").read_text()
    served = {re.sub(r"\{\w+\}", "{}", path) for path in contract()["paths"]}
    named = {re.sub(r"\{\w+\}", "{}", path) for path in re.findall(r"(/v1/[\w/{}-]*)", text)}
    assert len(named) >= 4
    assert named <= served
