"""A text as a reader takes it: one spelling, and only the marks that part sentences and clauses.

``fold_text`` makes wide, traditional and look-alike characters equal. What stands between two characters without
parting a clause ("保*证", "g.u.a.r", a blank between Chinese characters) goes. Sentences end in a newline, clauses
in a comma. So a promise reads the same however it is spelt, and a denial still has the clause that it belongs to.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from service.core.folding import fold_text

HAN = "\u4e00-\u9fff\u3007"
MOST_CHARACTERS = 4_000
"""A longer text is no sentence of a message; it is refused before any word is searched."""

_DIGIT = re.compile(r"[^\W\D0-9]")
_APOSTROPHE = re.compile(r"['\u2018\u2019\u02bc`\u00b4]")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_DECIMAL = re.compile(r"(?<=\d) ?[\u00b7\u2022\u30fb\u2027] ?(?=\d)")
_CLOCK = re.compile(r"(?<=\d):(?=\d)")
_RANGE = re.compile(r"(?<=[\d%]) ?[-~\u2013\u2014\u301c] ?(?=\d)")
_STOP = re.compile(r"(?<=[a-z0-9%)\u4e00-\u9fff])\.(?=\s|$)|\.{3,}")
_QUESTION = re.compile(r"\?+(?=[^\n\u3002!?;]{1,60})")
_SENTENCE = re.compile(r"[\u3002!?;]+")
_LINE = re.compile(r"[\n\r\u2028\u2029]+")
_CLAUSE = re.compile(r"[,\u3001:\u2014]+")
_OTHER = re.compile(rf"[^a-z0-9{HAN}%\u2030\u066a+#=,\n\x01\x02\x03\x04]+")
_SPELT = re.compile(r"(?<![a-z0-9])(?:[a-z] ){2,}[a-z](?![a-z0-9])")
_LISTED = re.compile(rf"(?<![a-z0-9{HAN}])(?:[{HAN}],){{2,}}[{HAN}](?![a-z0-9{HAN}])")
_HAN_GAP = re.compile(rf"(?<=[{HAN}]) | (?=[{HAN}])")
_KEPT = {".": "\x01", ":": "\x02", "-": "\x03"}
_STAND_INS = str.maketrans("l1|!0@4$53", "iiiioaasse")
_TIGHT = re.compile(r"[,\n]")
_BREAK = "\x04"
_MARKS = f",\n{_BREAK}"
_PIECES = re.compile(f"[{_MARKS}]+|[^{_MARKS}]+")


@dataclass(frozen=True, slots=True)
class Reading:
    """``sentences`` as they are said; ``run`` is all of them without a mark.

    ``seams`` are the places in ``run`` where a mark stood, ``breaks`` those of them where a line ended.
    """

    sentences: tuple[str, ...]
    run: str
    seams: frozenset[int]
    breaks: frozenset[int]


@lru_cache(maxsize=2048)
def read_text(text: str) -> Reading:
    """The text in one spelling.

    >>> read_text("保 證 收*益，ＧＵＡＲＡＮＴＥＥＤ r.i.s.k").sentences
    ('保证收益,guaranteed risk',)
    """
    return _reading(fold_text(text))


@lru_cache(maxsize=2048)
def read_stand_ins(text: str) -> Reading:
    """The text with signs read as the letters they replace ("gu@r4ntee"); I, l and 1 are one."""
    return _reading(fold_text(text).translate(_STAND_INS))


def stand_in_form(word: str) -> str:
    """A plain word as ``read_stand_ins`` spells it."""
    return word.translate(_STAND_INS)


def normalise(text: str) -> str:
    """One form for all spellings, without any mark: what is demanded is searched in it.

    >>> normalise("保 證 收*益, ＧＵＡＲＡＮＴＥＥＤ r.i.s.k")
    '保证收益guaranteed risk'
    """
    return _HAN_GAP.sub("", _TIGHT.sub(" ", "\n".join(read_text(text).sentences)))


def _reading(folded: str) -> Reading:
    marked = _mark(folded)
    sentences = (one.strip(" ,") for one in re.split(f"[\n{_BREAK}]", marked))
    run, seams, breaks = "", set[int](), set[int]()
    for piece in _PIECES.findall(marked):
        if piece[0] not in _MARKS:
            run += piece.strip()
        else:
            seams.add(len(run))
            if _BREAK in piece:
                breaks.add(len(run))
    return Reading(tuple(filter(None, sentences)), run, frozenset(seams), frozenset(breaks))


def _mark(folded: str) -> str:
    """The folded text with nothing but words, figures, commas and newlines."""
    text = _DIGIT.sub(lambda digit: str(unicodedata.digit(digit.group())), folded)
    text = _THOUSANDS.sub("", _APOSTROPHE.sub("", text))
    text = _DECIMAL.sub(_KEPT["."], text)
    text = re.sub(r"(?<=\d)\.(?=\d)", _KEPT["."], text)
    text = _RANGE.sub(_KEPT["-"], _CLOCK.sub(_KEPT[":"], text))
    text = _QUESTION.sub(",", text)
    text = _CLAUSE.sub(",", _SENTENCE.sub("\n", _STOP.sub("\n", _LINE.sub(_BREAK, text))))
    text = re.sub(rf" ?([{_MARKS}]) ?", r"\1", _OTHER.sub(" ", text))
    text = _SPELT.sub(lambda run: run.group().replace(" ", ""), text)
    text = _LISTED.sub(lambda run: run.group().replace(",", ""), text)
    text = _HAN_GAP.sub("", text)
    for mark, kept in _KEPT.items():
        text = text.replace(kept, mark)
    return text
