"""The one JSON loader: bytes from outside become plain values, or a sentence that says what is wrong and where.

In order: media type (415), size while reading (413, chunked bodies too), gzip (unpacked within the same limit; any
other content coding is 415, with what is taken in Accept-Encoding), UTF-8 and syntax (400 with line and column), then
everything that JSON allows and we do not, all at once with its path (400): keys used twice, integers beyond 2**53,
numbers that are no number, lone surrogates, NUL, and nesting deeper than ``MAX_DEPTH``. Schemas come after this.
"""

import json
import re
import zlib
from collections import Counter
from collections.abc import Iterator

from flask import Request
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from service.errors import Malformed, Problem, TooLarge, UnsupportedCoding, UnsupportedMedia

MAX_DEPTH = 16
MAX_EXACT = 2**53 - 1
"""The largest integer that every JSON reader holds exactly (RFC 8259, section 6)."""
MAX_PROBLEMS = 100

_BEYOND = MAX_EXACT + 1
_GZIP = 16 + zlib.MAX_WBITS
_SURROGATE = re.compile("[\ud800-\udfff]")


class _Twice(dict[str, object]):
    """An object one of whose keys was used more than once."""

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        super().__init__(pairs)
        self.names = sorted(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)


JSON = "application/json"


def read_json(request: Request, *also: str) -> object:
    """The JSON value of a request's body, of at most the app's ``MAX_CONTENT_LENGTH`` bytes.

    ``also``: other media types that are JSON too and that this route reads.

    Raises UnsupportedMedia (415), TooLarge (413) or Malformed (400, with ``problems`` by path).
    """
    if request.mimetype not in (JSON, *also):
        expected = " or ".join(f'"Content-Type: {media}"' for media in (JSON, *also))
        raise UnsupportedMedia(f'Send JSON with {expected}, not "{request.mimetype[:80]}".')
    return parse(whole(request))


def parse(body: bytes) -> object:
    """The value that ``body`` holds; Malformed when it is not the JSON we accept."""
    try:
        value = json.loads(
            body.decode("utf-8"),
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_constant=float,
        )
    except UnicodeDecodeError as error:
        raise Malformed(f"The body is not UTF-8: byte {error.start} cannot be read.") from error
    except json.JSONDecodeError as error:
        raise Malformed(f"The body is not JSON: line {error.lineno}, column {error.colno}: {error.msg}.") from error
    except RecursionError as error:
        raise Malformed(f"The body is nested deeper than {MAX_DEPTH} levels.") from error
    problems = [problem for problem, _ in zip(_faults(value, "", 1), range(MAX_PROBLEMS), strict=False)]
    if problems:
        raise Malformed("The body is JSON that cannot be read without loss.", problems)
    return value


def join(where: str, step: object) -> str:
    """``where.step``; the path of the body itself is empty."""
    return f"{where}.{step}" if where else str(step)


def whole(request: Request) -> bytes:
    """The body's bytes, unpacked, at most the app's ``MAX_CONTENT_LENGTH``; may be asked for again.

    TooLarge, Malformed, UnsupportedCoding.
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
    return unpacked(body, limit) if packed else body


def unpacked(body: bytes, limit: int) -> bytes:
    """What gzip packed (RFC 1952, one member), of at most ``limit`` bytes: no more than that is ever unpacked."""
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
    """Whether the body is packed once by gzip; False where by nothing; UnsupportedCoding for anything else."""
    named = [coding for one in codings.split(",") if (coding := one.strip().lower()) not in ("", "identity")]
    if named not in ([], ["gzip"], ["x-gzip"]):
        raise UnsupportedCoding(
            f'Send the body as it is, or packed once with "Content-Encoding: gzip", not "{codings[:80]}".'
        )
    return bool(named)


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is larger than {limit} bytes. Send smaller parts.")


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    return members if len(members) == len(pairs) else _Twice(pairs)


def _integer(digits: str) -> int:
    return int(digits) if len(digits) < 20 else _BEYOND


def _faults(value: object, where: str, depth: int) -> Iterator[Problem]:
    if isinstance(value, dict | list):
        yield from _inside(value, where, depth)
    elif isinstance(value, str):
        yield from _text(value, where)
    elif isinstance(value, int) and abs(value) > MAX_EXACT:
        yield Problem(where, f"must be from -{MAX_EXACT} to {MAX_EXACT}, so that every reader holds it exactly")
    elif isinstance(value, float) and value - value != 0:
        yield Problem(where, "must be a finite number (NaN and Infinity are no JSON)")


def _inside(value: dict[str, object] | list[object], where: str, depth: int) -> Iterator[Problem]:
    if depth > MAX_DEPTH:
        yield Problem(where, f"must not be nested deeper than {MAX_DEPTH} levels")
        return
    if isinstance(value, _Twice):
        yield from (Problem(join(where, _shown(name)), "must be given once; got it twice") for name in value.names)
    members = value.items() if isinstance(value, dict) else enumerate(value)
    for step, member in members:
        if isinstance(step, str):
            yield from _text(step, join(where, _shown(step)))
        yield from _faults(member, join(where, _shown(str(step))), depth + 1)


def _text(value: str, where: str) -> Iterator[Problem]:
    if "\0" in value:
        yield Problem(where, "must not hold the character NUL")
    if _SURROGATE.search(value):
        yield Problem(where, "must not hold half a surrogate pair")


def _shown(name: str) -> str:
    return name[:64].encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
