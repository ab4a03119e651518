"""JSON bodies: bytes from outside become plain values, or an error that says what is wrong and where.

Checked in order:

* media type (415) and size while reading, chunked bodies too (413);
* gzip, unpacked within the same limit; any other content coding is 415, with ``Accept-Encoding``;
* UTF-8 (400) and the number of values (413);
* syntax (400 with line and column);
* what JSON allows and the service does not, all at once with paths (400): keys used twice, integers beyond 2**53,
  NaN and Infinity, lone surrogates, NUL, and nesting deeper than ``MAX_DEPTH``.

Schemas come after this. A value costs its reader far more than its two bytes of text, so both are bounded.
"""

import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from math import isfinite
from typing import Any

from flask import Request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from service.core.errors import MOST_PROBLEMS, Malformed, Problem, TooLarge, UnsupportedCoding, UnsupportedMedia

MAX_DEPTH = 16
MAX_EXACT = 2**53 - 1
"""The largest integer that every JSON reader holds exactly (RFC 8259, section 6)."""
MOST_VALUES = 5_000
"""Most values of a body, members of objects included, unless the endpoint takes more; most objects of any body."""

_BEYOND = MAX_EXACT + 1
_GZIP = 16 + zlib.MAX_WBITS
_QUOTED = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_ESCAPED = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
"""The only ways to write NUL and half a surrogate pair in JSON; whole pairs match too."""
_LONG = re.compile(r"[0-9]{16}")
_HALF = re.compile("[\ud800-\udfff]")


Path = tuple[object, ...]


class _Twice(dict[str, object]):
    """An object with a key that was used more than once."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        self.names = sorted(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)


_CONTAINERS = (dict, list, _Twice)
JSON = "application/json"


def read_json(request: Request, *also: str, most: int = MOST_VALUES) -> object:
    """The JSON value of a request's body, of at most ``MAX_CONTENT_LENGTH`` bytes and ``most`` values.

    ``also``: other media types that this endpoint reads as JSON.

    Raises: UnsupportedMedia (415), TooLarge (413), Malformed (400, with ``problems`` by path).
    """
    if request.mimetype not in (JSON, *also):
        expected = " or ".join(f'"Content-Type: {media}"' for media in (JSON, *also))
        raise UnsupportedMedia(f'Send JSON with {expected}, not "{request.mimetype[:80]}".')
    return parse(read_bytes(request), most)


def parse(body: bytes, most: int = MOST_VALUES) -> object:
    """The value of a JSON text.

    Raises: Malformed: where it is not the JSON that the service accepts. TooLarge: for too many values.
    """
    try:
        text = body.decode("utf-8")
        _expect_few(text, most)
        whole_numbers = _integer if _LONG.search(text) else None
        value = json.loads(text, object_pairs_hook=_object, parse_int=whole_numbers, parse_constant=float)
    except UnicodeDecodeError as error:
        raise Malformed(f"The body is not UTF-8: byte {error.start} cannot be read.") from error
    except json.JSONDecodeError as error:
        raise Malformed(f"The body is not JSON: line {error.lineno}, column {error.colno}: {error.msg}.") from error
    except RecursionError as error:
        raise Malformed(f"The body is nested deeper than {MAX_DEPTH} levels.") from error
    problems = list(islice(_faults([value], (), 0, _ESCAPED.search(text) is not None), MOST_PROBLEMS))
    if problems:
        raise Malformed("The body is JSON that cannot be read without loss.", problems)
    return value


def join_path(where: str, step: object) -> str:
    """``where.step``; the path of the body itself is empty."""
    return f"{where}.{step}" if where else str(step)


def read_bytes(request: Request) -> bytes:
    """The body's bytes, unpacked, of at most ``MAX_CONTENT_LENGTH``; may be called again.

    Raises: TooLarge, Malformed, UnsupportedCoding.
    """
    packed = _is_packed(request.headers.get("Content-Encoding", ""))
    limit = request.max_content_length or 0
    request.max_content_length = limit + 1  # a chunked body is cut here without a word: one more byte tells
    early = Malformed("The body ended before its announced length.")
    try:
        body = request.get_data()
    except RequestEntityTooLarge as error:
        raise _too_large(limit) from error
    except ClientDisconnected as error:
        raise early from error
    request.max_content_length = limit
    if len(body) > limit:
        raise _too_large(limit)
    if len(body) != (request.content_length or len(body)):
        raise early
    return unpack(body, limit) if packed else body


def unpack(body: bytes, limit: int) -> bytes:
    """The bytes that gzip packed (RFC 1952, one member). No more than ``limit`` bytes are ever unpacked.

    Raises: TooLarge, Malformed.
    """
    member = zlib.decompressobj(_GZIP)
    try:
        plain = member.decompress(body, limit + 1)
    except zlib.error as error:
        raise Malformed("The body is not gzip, as its Content-Encoding says.") from error
    if len(plain) > limit:
        raise _too_large(limit)
    if not member.eof:
        raise Malformed("The packed body ends too early.")
    if member.unused_data:
        raise Malformed("The packed body goes on after its end: pack it once, in one piece.")
    return plain


def _is_packed(codings: str) -> bool:
    """Whether the body is packed once by gzip; False where it is not packed.

    Raises: UnsupportedCoding: for any other coding.
    """
    named = [coding for one in codings.split(",") if (coding := one.strip().lower()) not in ("", "identity")]
    if named not in ([], ["gzip"], ["x-gzip"]):
        raise UnsupportedCoding(
            f'Send the body as it is, or packed once with "Content-Encoding: gzip", not "{codings[:80]}".'
        )
    return bool(named)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is larger than {limit} bytes. Send smaller parts.")


def _expect_few(text: str, most: int) -> None:
    """Raise TooLarge where ``text`` holds more than ``most`` values, or more objects than any body."""
    if _signs(text) < min(most, MOST_VALUES):
        return
    bare = _QUOTED.sub("", text)
    if _signs(bare) >= most or bare.count("{") >= MOST_VALUES:
        raise TooLarge(f"The body holds more than {most:,} values, or {MOST_VALUES:,} objects. Send smaller parts.")


def _signs(text: str) -> int:
    """At least one for every value but the first; exactly one where ``text`` is JSON without its texts."""
    return text.count(",") + text.count("[") + text.count("{")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else _Twice(pairs)


def _integer(digits: str) -> int:
    return int(digits) if len(digits) < 20 else _BEYOND


def _faults(value: Any, path: Path, depth: int, escaped: bool) -> Iterator[Problem]:
    """The problems of a container at a path; the body itself is the one member at depth 0.

    Strings are checked only where the body holds an ``escaped`` one. A valid number or string costs no call.
    """
    for step, member in value.items() if isinstance(value, dict) else enumerate(value):
        where = (*path, step) if depth else path
        kind = type(member)
        if escaped:
            yield from _text_faults(step, where)
            yield from _text_faults(member, where)
        if kind is int or kind is float:
            if not -MAX_EXACT <= member <= MAX_EXACT:
                yield from _number_faults(member, where)
        elif kind in _CONTAINERS:
            yield from _container_faults(member, where, depth + 1, escaped)


def _container_faults(value: Any, path: Path, depth: int, escaped: bool) -> Iterator[Problem]:
    if depth > MAX_DEPTH:
        yield Problem(_path_text(path), f"must not be nested deeper than {MAX_DEPTH} levels")
        return
    if isinstance(value, _Twice):
        yield from (Problem(_path_text((*path, name)), "must be given once; got it twice") for name in value.names)
    yield from _faults(value, path, depth, escaped)


def _number_faults(value: float, path: Path) -> Iterator[Problem]:
    if isinstance(value, int):
        yield Problem(
            _path_text(path), f"must be from -{MAX_EXACT} to {MAX_EXACT}, so that every reader holds it exactly"
        )
    elif not isfinite(value):
        yield Problem(_path_text(path), "must be a finite number (NaN and Infinity are no JSON)")


def _text_faults(value: object, path: Path) -> Iterator[Problem]:
    if isinstance(value, str):
        if "\0" in value:
            yield Problem(_path_text(path), "must not hold the character NUL")
        if _HALF.search(value):
            yield Problem(_path_text(path), "must not hold half a surrogate pair")


def _path_text(path: Path) -> str:
    """The path as problems show it; each name is cut to 64 characters."""
    return ".".join(_step_text(step) for step in path)


def _step_text(step: object) -> str:
    return str(step)[:64].encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
