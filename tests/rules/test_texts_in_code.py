"""Every text in the code that can reach a person is judged as a policy's own: no promise in a sentence of ours either.

The texts are found, not listed: every string of Chinese characters outside the lists of words themselves, every string
that stands beside one as its English. So a new sentence is judged unasked. Refusals over REST are read by programmers.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.rules.compliance import wording_faults

SERVICE = Path(__file__).parents[2] / "service"
HAN = re.compile("[\u4e00-\u9fff]")
LISTS = (
    "rules/compliance",
    "core/folding",
    "analysis/policy_checks/tone.py",
    "rules/default",
    "routes/governance/words.py",
)
"""Where words stand that are sought in texts, or that are judged with their policy."""
_PLACEHOLDER = re.compile(r"\{[^}]*\}")
WORD_LISTS = frozenset({"UNHEARD", "HARD", "NAME_WORDS"})
"""Names of tables of words that nobody reads: what a text may not hold, and what a product is known by."""

ANALYSTS = {"rendering/wording.py": "superlative"}
"""Which class a file may hold: the analyst's explanation says which offer comes first, and which channel is best."""


def sources() -> Iterator[Path]:
    for path in sorted(SERVICE.rglob("*.py")):
        if not path.relative_to(SERVICE).as_posix().startswith(LISTS) and HAN.search(path.read_text(encoding="utf-8")):
            yield path


def texts_of(path: Path) -> list[str]:
    """The strings of a module that people read."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    left_out = {id(part) for node in ast.walk(tree) if _is_left_out(node) for part in ast.walk(node)}
    nodes = [node for node in ast.walk(tree) if id(node) not in left_out]
    chinese = {node.value for node in nodes if _is_string(node) and HAN.search(node.value)}
    english = {value.value for node in nodes if isinstance(node, ast.Dict) for value in _beside_chinese(node)}
    return sorted(_PLACEHOLDER.sub(" ", text) for text in chinese | english)


def _is_string(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _is_left_out(node: ast.AST) -> bool:
    """Docstrings, and the tables of words."""
    if isinstance(node, ast.Expr):
        return _is_string(node.value)
    named = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return any(isinstance(one, ast.Name) and one.id in WORD_LISTS for one in named)


def _beside_chinese(table: ast.Dict) -> Iterator[ast.Constant]:
    """The English of a table that has the keys zh and en: one text, or a table of them."""
    keys = [key.value if isinstance(key, ast.Constant) else None for key in table.keys]
    if {"zh", "en"} <= set(keys):
        yield from (one for one in ast.walk(table.values[keys.index("en")]) if _is_string(one))


@pytest.mark.parametrize("path", list(sources()), ids=lambda path: path.relative_to(SERVICE).as_posix())
def test_no_text_in_the_code_promises(path: Path) -> None:
    free = ANALYSTS.get(path.relative_to(SERVICE).as_posix(), "none")
    judged = {text: [one for one in wording_faults(text) if not one.endswith(free)] for text in texts_of(path)}
    assert {text: faults for text, faults in judged.items() if faults} == {}


def test_the_sentences_of_explanations_are_among_them() -> None:
    found = {path.relative_to(SERVICE).as_posix() for path in sources()}
    assert found >= {"rendering/wording.py", "rendering/readers/words.py", "rendering/readers/conduct.py"}
    assert "Shown in the general words." in texts_of(SERVICE / "rendering/wording.py")
