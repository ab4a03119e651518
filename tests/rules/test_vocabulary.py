"""One row a name: what follows from the rows of the vocabulary."""

from pathlib import Path

from service.core.domain import Family
from service.rules.vocabulary import CONTEXT, FAMILIES, HISTORY, meanings

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "marketing.md"


def test_the_families_of_the_rules_are_those_of_the_domain():
    assert tuple(Family) == FAMILIES


def test_every_name_has_a_sentence_and_no_other():
    assert list(meanings()) == [*HISTORY, *CONTEXT]


def test_the_marketers_guide_lists_every_name_with_its_kind_and_meaning():
    rows = [f"| `{name}` | {entry.kind} | {meanings()[name]} |" for name, entry in {**HISTORY, **CONTEXT}.items()]
    guide = GUIDE.read_text().splitlines()
    assert [line for line in guide if line.startswith(("| `history.", "| `context."))] == rows
