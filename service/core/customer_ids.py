"""Customers' ids and external keys: which texts may be stored, so that a path can always name them.

Allowed are printable, visible characters but ``/`` and ``\\``, in Unicode normal form C, without a blank at either
end. A path drops ``.`` and ``..``, and ``bulk`` is a path of its own. A text that does not fit is refused, never
changed: two spellings of one id would be two customers.

The store checks every new customer with ``fault``. Customers stored before this rule keep their ids: they are read and
erased at ``/v1/customers?id=``, which takes any text.
"""

import re
from unicodedata import name as name_of
from unicodedata import normalize

LONGEST = 64
"""Characters of an id."""
LONGEST_KEY = 200
"""Characters of an external key."""
BULK = "bulk"
"""The path of the list, /v1/customers/bulk, and so no new customer's id."""
RESERVED = (".", "..", BULK)
RESERVED_KEYS = (".", "..")
PATTERN = r"^(?!(?:\.{1,2}|bulk)$)[^\s/\\\x00-\x1f\x7f](?:[^/\\\x00-\x1f\x7f]*[^\s/\\\x00-\x1f\x7f])?$"
"""What every id matches, as contracts write it; ``SENTENCE`` has the rest."""
SENTENCE = (
    "New ones are stored only if a path can name them: printable characters but `/` and `\\`, no blank at either end, "
    "none that nobody sees, Unicode normal form C, not `.`, `..` or `bulk`."
)

PLAIN = "[A-Za-z0-9_-]"
"""Characters of which any id may be made, in any order."""
_PLAIN = re.compile(f"{PLAIN}+")
_UNSEEN = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\ufffd\U000e0100-\U000e01ef]"
)
"""Printable for Unicode, yet seen by nobody, or a sign that a text was not read; the others are not ``isprintable``."""


def fault(text: str) -> str | None:
    """Why ``text`` may not be a new customer's id; None where it may.

    >>> fault("c-000001"), fault("张三 1"), fault("a/b")
    (None, None, 'must not hold "/"')
    >>> fault("e\\u0301"), fault("1\\u200b")
    ("must be in Unicode normal form C, '\\\\xe9'; got 'e\\\\u0301'", 'must not hold U+200B (ZERO WIDTH SPACE)')
    """
    return _fault(text, LONGEST, RESERVED)


def key_fault(text: str) -> str | None:
    """Why ``text`` may not be a new external key; None where it may."""
    return _fault(text, LONGEST_KEY, RESERVED_KEYS)


def _fault(text: str, longest: int, reserved: tuple[str, ...]) -> str | None:
    if not 0 < len(text) <= longest:
        return f"must be 1 to {longest} characters"
    if text in reserved:
        return f'must not be "{text}": no path can name it'
    if _PLAIN.fullmatch(text):
        return None
    strange = next((sign for sign in text if _is_strange(sign)), None)
    if strange is not None:
        return f"must not hold {_named(strange)}"
    if text != text.strip():
        return "must not begin or end with a blank"
    composed = normalize("NFC", text)
    return None if text == composed else f"must be in Unicode normal form C, {composed!a}; got {text!a}"


def _is_strange(sign: str) -> bool:
    return sign in "/\\" or not sign.isprintable() or _UNSEEN.match(sign) is not None


def _named(sign: str) -> str:
    return f'"{sign}"' if sign in "/\\" else f"U+{ord(sign):04X} ({name_of(sign, 'no character')})"
