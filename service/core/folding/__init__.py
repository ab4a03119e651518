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


def fold_text(text: str) -> str:
    """The plain form of ``text``; blanks and punctuation stay.

    >>> fold_text("保證 ＳＡＦＥ gu\u0430ranteéd")
    '保证 safe guaranteed'
    """
    plain = unicodedata.normalize("NFKD", text).translate(_visible()).casefold()
    return unicodedata.normalize("NFKC", plain.translate(_table("simplified")))


class _Visible(dict[int, str | None]):
    """What stands for each character: nothing for an invisible one; filled as characters come."""

    def __missing__(self, code: int) -> str | None:
        gone = chr(code) not in _KEPT and unicodedata.category(chr(code)) in _INVISIBLE
        self[code] = None if gone else chr(code)
        return self[code]


@cache
def _visible() -> _Visible:
    return _Visible(_table("lookalikes"))


@cache
def _table(name: str) -> dict[int, str]:
    rows = resources.files(__name__).joinpath(f"{name}.txt").read_text(encoding="utf-8").splitlines()
    words = [word for row in rows if not row.startswith("#") for word in row.split()]
    return {ord(other): word[0] for word in words for other in word[1:]}
