"""A language's table of promises: concepts, rows of classes, and what a denial looks like; compiled once.

A row's patterns are regular expressions over a sentence of ``spelling``. "<name>" stands for any word of a concept,
"~4" for up to four characters of the same clause that deny nothing. Every gap is bounded, so a sentence is read in
time that grows with its length.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

ALL, RISK, WEALTH = "all", "risk", "wealth"
"""Where a row holds: on every product; on wealth and on risk-rated deposits; on wealth alone."""

_CONCEPT, _GAP = re.compile(r"<([a-z_]+)>"), re.compile(r"~(\d+)")


@dataclass(frozen=True, slots=True)
class Row:
    """Promises of one class. ``on`` is where they are refused; ``patterns`` how they are said."""

    kind: str
    on: str
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """One way to promise something."""

    kind: str
    on: str
    sought: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Table:
    """One language's promises. ``version`` changes with every change of a row."""

    version: str
    concepts: Mapping[str, str]
    rows: tuple[Row, ...]
    gap: str

    def patterns(self, before: str = "", after: str = "") -> tuple[Pattern, ...]:
        """Every pattern of every row, compiled between two expressions that all share."""
        rows = ((row, pattern) for row in self.rows for pattern in row.patterns)
        return tuple(Pattern(row.kind, row.on, self.compile(f"{before}{one}{after}")) for row, one in rows)

    def compile(self, pattern: str) -> re.Pattern[str]:
        """One pattern with its concepts and gaps written out."""
        wide = _CONCEPT.sub(lambda match: f"(?:{self._words(match.group(1))})", pattern)
        return re.compile(_GAP.sub(lambda match: f"(?:{self.gap}){{0,{match.group(1)}}}?", wide))

    def _words(self, name: str) -> str:
        words = self.concepts[name]
        return _CONCEPT.sub(lambda match: f"(?:{self._words(match.group(1))})", words)
