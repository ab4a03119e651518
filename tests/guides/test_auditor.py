"""The auditor's table: every article of the law has its row, and every test that a row names is there."""

import ast
import re
from functools import lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAD = "| article | what the service does | test that holds it |\n|---|---|---|\n"
OPEN = "not yet held"
ARTICLES = (
    *("Order 2025 No. 7, suitability", "Order 2025 No. 7, age 65", "Order 2025 No. 7 art. 12"),
    *("Order 2025 No. 7 art. 13", "Order 2025 No. 7 art. 19", "Order 2025 No. 7 art. 29", "Order 2025 No. 7 art. 30"),
    *("金规〔2025〕6号", "Disclosure of asset-management products, 2026", "金发〔2026〕8号", "JR/T 0287-2023"),
    *("PIPL art. 15", "PIPL art. 16", "PIPL art. 24", "PIPL art. 28", "PIPL art. 29", "PIPL art. 45", "PIPL art. 47"),
    *("PIPL art. 55", "PIPL art. 56", "Algorithm provisions art. 17", "Algorithm provisions art. 24"),
    *("Advertising Law art. 9", "Advertising Law, deposits", "Online marketing measures 2026"),
    *("PBOC announcement 2016 No. 13", "Deposit Insurance Regulations", "Asset Management Guiding Opinions 2018"),
    *("CBIRC order 2021 No. 4", "Messages", "全国年节及纪念日放假办法", "29 CFR 1607.4(D)", "SR 26-2, PRA SS1/23"),
    *("CBRC notice 2017 No. 110", "Bank's own"),
)
"""What the rows are about; a row's first cell begins with one of them."""


def rows() -> list[list[str]]:
    """The cells of each row of the table."""
    table = (ROOT / "docs" / "auditor.md").read_text().split(HEAD)[1].split("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()]


ROWS = rows()


@lru_cache
def find_tests(path: str) -> set[str]:
    """The names of a file's test functions, without importing it."""
    tree = ast.parse((ROOT / path).read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize("article", ARTICLES)
def test_every_article_has_a_row(article: str) -> None:
    assert any(row[0].startswith(article) for row in ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_row_is_of_an_article_and_names_tests_that_are_there(row: list[str]) -> None:
    article, does, held = row
    assert article.startswith(ARTICLES)
    assert does
    named = re.findall(r"`([^`]+)`", held)
    assert ", ".join(f"`{one}`" for one in named) == held or held == OPEN
    for path, name in (one.split("::") for one in named):
        assert name in find_tests(path), f"{path} has no {name}"


def test_no_row_stands_twice() -> None:
    assert len({row[0] for row in ROWS}) == len(ROWS)
