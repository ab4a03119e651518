r"""One form of a text for all spellings that a reader takes for the same: of a promise, of a name.

Made equal are full and half width, accents, invisible marks, large and small letters, traditional and simplified
characters, and letters of other scripts that look Latin (Cyrillic ``\u0430``). Each table beside this file names its
source; each word in it is the plain form followed by every character that reads like it.
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
    """What replaces each character: nothing for an invisible one. Filled as characters come."""

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
