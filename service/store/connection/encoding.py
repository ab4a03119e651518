"""Names and documents as PostgreSQL's text: NUL, lone surrogates and names too long to index are refused.

libpq would cut a text at its NUL and so read another customer than was asked for. Therefore every name is checked, on
every request too. Error sentences name the field.
"""

from collections.abc import Mapping

import orjson

from service.core.domain import Scalar
from service.core.errors import InvalidInput, Problem

NAME_MAX = 200
"""Characters in an id or name: anything longer is a mistake, and an index entry has its limit."""


def name(field: str, value: str) -> bytes:
    """The UTF-8 bytes of an id or name.

    Raises: InvalidInput: when it is empty, too long, or not text.
    """
    if "\0" in value or not 0 < len(value) <= NAME_MAX:
        raise _refused(field, f"must have 1 to {NAME_MAX} characters and no NUL, got {_shown(value)}")
    try:
        return value.encode()
    except UnicodeEncodeError as broken:
        raise _refused(field, f"is not valid text (lone surrogate at {broken.start})") from broken


def new_name(field: str, value: str) -> bytes:
    """As ``name``, for a new name: printable, without a blank at either end, because people and logs read it.

    Names given before this rule stay valid, so look-ups use ``name``.

    Raises: InvalidInput: when it is not.
    """
    if not value.isprintable() or value != value.strip():
        raise _refused(field, f"must be printable text without a blank at either end, got {_shown(value)}")
    return name(field, value)


def optional(field: str, value: str | None) -> bytes | None:
    """As ``name``, for a value that may be missing."""
    return None if value is None else name(field, value)


def document(field: str, value: Mapping[str, Scalar] | Mapping[str, object]) -> bytes:
    """``value`` as JSON that jsonb takes (NaN becomes null).

    Raises: InvalidInput: naming what JSON cannot hold.
    """
    try:
        encoded = orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
    except TypeError as broken:
        raise _refused(field, f"cannot be written as JSON: {broken}") from broken
    if rb"\u0000" in encoded and holds_nul(value):
        raise _refused(field, "holds a NUL character")
    return encoded


def holds_nul(value: object) -> bool:
    """Whether a text anywhere in ``value``, keys included, has a NUL."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, Mapping):
        return any(holds_nul(key) or holds_nul(item) for key, item in value.items())
    return isinstance(value, list | tuple) and any(map(holds_nul, value))


def _shown(value: str) -> str:
    return repr(value if len(value) <= 40 else f"{value[:40]}...")


def _refused(field: str, message: str) -> InvalidInput:
    return InvalidInput(f"{field} {message}", [Problem(field, message)])
