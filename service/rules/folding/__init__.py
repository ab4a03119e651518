r"""One form for all spellings that a reader takes for the same: of a promise, of a name.

Full and half width, accents, invisible marks, large and small letters, traditional and simplified characters, and
letters of other scripts that look Latin (Cyrillic ``\u0430``) fall together. The tables beside this file say what they
were made from; each word of one is the plain form followed by everything that is read as it.
"""

import unicodedata
from functools import cache
from importlib import resources

_INVISIBLE = frozenset({"Cf", "Mn", "Me", "Cc"})
_KEPT = "\n\t\r"


def folded(text: str) -> str:
    """The plain form of ``text``; blanks and punctuation stay.

    >>> folded("保證 ＳＡＦＥ gu\u0430ranteéd")
    '保证 safe guaranteed'
    """
    visible = "".join(c for c in unicodedata.normalize("NFKD", text) if _is_visible(c))
    plain = visible.translate(_table("lookalikes")).casefold()
    return unicodedata.normalize("NFKC", plain.translate(_table("simplified")))


def _is_visible(character: str) -> bool:
    return character in _KEPT or unicodedata.category(character) not in _INVISIBLE


@cache
def _table(name: str) -> dict[int, str]:
    rows = resources.files(__name__).joinpath(f"{name}.txt").read_text(encoding="utf-8").splitlines()
    words = [word for row in rows if not row.startswith("#") for word in row.split()]
    return {ord(other): word[0] for word in words for other in word[1:]}
