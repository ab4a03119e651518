"""The filing of the algorithm: what the bank states is told in both languages, and what it does not state says so."""

from pathlib import Path

import pytest

from service.core.errors import InvalidInput
from service.engine.rights.filing import Filing, read_filing

WHOLE = """
purpose: {zh: 推荐适合您的产品, en: To offer what fits you}
principle: {zh: 先排除不适合您的产品, en: What does not suit you is left out first}
contact: {zh: 客服热线, en: The bank's line}
filing_number: 网信算备000000000000000000000号
filed_on: "2026-05-01"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "filing.yaml"
    path.write_text(text, "utf-8")
    return path


def test_what_is_stated_is_told_in_the_readers_language(tmp_path: Path) -> None:
    found = read_filing(written(tmp_path, WHOLE))
    assert found.missing == ()
    assert found.describe("en")["purpose"] == "To offer what fits you"
    assert found.describe("zh")["filing_number"].startswith("网信算备")


def test_what_is_not_stated_says_so(tmp_path: Path) -> None:
    assert read_filing(None) == Filing()
    assert read_filing(None).describe("zh")["purpose"] == "未说明"
    found = read_filing(written(tmp_path, "purpose: {zh: 推荐, en: To offer}\n"))
    assert found.describe("en")["filing_number"] == "not stated"
    assert found.describe("en")["not_stated"] == ["principle", "contact", "filing_number", "filed_on"]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("purpose: To offer\n", "filing.yaml"),
        ("filed_on: tomorrow\n", "filing.yaml"),
        ("porpose: {zh: a, en: b}\n", "filing.yaml"),
        ("a: [\n", "filing.yaml"),
    ],
)
def test_a_filing_that_does_not_fit_is_refused_by_name(tmp_path: Path, text: str, where: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_filing(written(tmp_path, text))
    assert all(problem.where.startswith(where) for problem in refused.value.problems)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="FOURCAST_FILING"):
        read_filing(tmp_path / "nothing.yaml")
