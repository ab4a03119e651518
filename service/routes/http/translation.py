"""Problems in Chinese: an English sentence is looked up in ``chinese/``, and its quoted parts go into the Chinese one.

Errors are raised in English by layers that know no request and no language; log and command line show the same words.
They are translated here, where they are answered, for callers who ask for Chinese. A sentence is matched from left to
right, each part at its first place, so the cost is linear in its length. A sentence without a row stays English, and
``Translator.languages`` says so.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import yaml
from flask import request

from service.routes.http.headers.languages import CHINESE, ENGLISH, choose_language

FOLDER = Path(__file__).with_name("chinese")
SENTENCES, PHRASES = ("titles", "details", "messages"), "phrases"
DEEPEST = 3
"""Most levels of sentences within sentences."""
_HOLE = re.compile(r"\{(~?\w+)\}")
_QUOTED = re.compile('"[^"]*"')
_LETTER, _WORDS = re.compile("[A-Za-z]"), re.compile("[A-Za-z] +[A-Za-z]")
"""English is: a sentence with any letter; within another sentence, words in a row, since one word alone is a name."""


class Row:
    """One sentence: the ``parts`` of the English one and the ``names`` between them; the Chinese one in pieces.

    Odd pieces are names, those in Chinese too with ``~`` before them.
    """

    def __init__(self, english: str, chinese: str) -> None:
        pieces = _HOLE.split(english)
        self.parts, self.names, self.chinese = pieces[::2], pieces[1::2], _HOLE.split(chinese)

    @property
    def letters(self) -> int:
        """Its length without the quoted parts: of two rows that match, the longer one is meant."""
        return sum(map(len, self.parts))

    def match(self, sentence: str) -> dict[str, str] | None:
        """The quoted parts of the sentence by name; None where it is another sentence."""
        first, *between, last = self.parts
        at, end = len(first), len(sentence) - len(last)
        if at > end or not sentence.startswith(first) or not sentence.endswith(last):
            return None
        quoted: list[str] = []
        for part in between:
            place = sentence.find(part, at, end)
            if place < 0:
                return None
            quoted.append(sentence[at:place])
            at = place + len(part)
        return dict(zip(self.names, [*quoted, sentence[at:end]], strict=True))


class Translation(NamedTuple):
    """A text, and whether it is wholly Chinese but for its quoted parts."""

    text: str
    whole: bool


class Rows:
    """Rows, found by the sentence itself, or by its first word where it quotes something."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self._plain = {english: chinese for english, chinese in words.items() if not _HOLE.search(english)}
        self._begun: dict[str, list[Row]] = {}
        rows = [Row(english, chinese) for english, chinese in words.items() if english not in self._plain]
        for row in sorted(rows, key=lambda row: -row.letters):
            first, blank, _ = row.parts[0].partition(" ")
            self._begun.setdefault(first if blank else "", []).append(row)

    def find(self, sentence: str) -> tuple[Row, dict[str, str]] | None:
        """The row of a sentence, with what the sentence quotes."""
        if sentence in self._plain:
            return Row(sentence, self._plain[sentence]), {}
        for row in (*self._begun.get(sentence.partition(" ")[0], ()), *self._begun.get("", ())):
            quoted = row.match(sentence)
            if quoted is not None:
                return row, quoted
        return None


class Catalogue:
    """The Chinese of every sentence; ``phrases`` are found within sentences only."""

    def __init__(self, sentences: Mapping[str, str], phrases: Mapping[str, str]) -> None:
        self._sentences, self._within = Rows(sentences), Rows({**sentences, **phrases})

    def translate(self, sentence: str) -> Translation:
        """The sentence in Chinese; unchanged where it has no row."""
        return self._translate(sentence, self._sentences, DEEPEST)

    def _translate(self, sentence: str, rows: Rows, depth: int) -> Translation:
        match = rows.find(sentence) if depth else None
        if match is None:
            english = _LETTER if rows is self._sentences else _WORDS
            return Translation(sentence, english.search(_QUOTED.sub("", sentence)) is None)
        pieces = list(self._filled(*match, depth - 1))
        return Translation("".join(piece.text for piece in pieces), all(piece.whole for piece in pieces))

    def _filled(self, row: Row, quoted: Mapping[str, str], depth: int) -> Iterator[Translation]:
        for place, piece in enumerate(row.chinese):
            if not place % 2:
                yield Translation(piece, True)
            elif piece.startswith("~"):
                yield self._translate(quoted[piece[1:]], self._within, depth)
            else:
                yield Translation(quoted[piece], True)


@cache
def catalogue() -> Catalogue:
    """The rows of ``chinese/``, read once."""
    sentences = {english: chinese for name in SENTENCES for english, chinese in rows(name).items()}
    return Catalogue(sentences, rows(PHRASES))


def rows(name: str) -> dict[str, str]:
    """One file of ``chinese/``: English to Chinese."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    texts: dict[str, str] = yaml.load((FOLDER / f"{name}.yaml").read_bytes(), Loader=loader)  # noqa: S506 - a safe one
    return texts


class Translator:
    """Translates problems into the language of the request: English unless Chinese is preferred."""

    def __init__(self) -> None:
        self._asked = choose_language(request.environ.get("HTTP_ACCEPT_LANGUAGE", ""), ENGLISH)
        self._used: set[str] = set()

    @property
    def languages(self) -> str:
        """The languages used so far, as ``Content-Language`` lists them; the one asked for first."""
        return ", ".join(sorted(self._used, key=lambda one: one != self._asked))

    def translate(self, sentence: str) -> str:
        """The sentence in the caller's language."""
        if self._asked == ENGLISH:
            return self.quote(sentence, ENGLISH)
        translated = catalogue().translate(sentence)
        self._used |= (
            {CHINESE} if translated.whole else {ENGLISH} if translated.text == sentence else {CHINESE, ENGLISH}
        )
        return translated.text

    def quote(self, sentence: str, spoken: str) -> str:
        """The sentence unchanged; its language counts as used."""
        self._used.add(spoken)
        return sentence
