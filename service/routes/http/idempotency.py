"""Idempotency-Key: a repeated write gets the first answer, byte for byte, and nothing is done twice.

The key is the client's own (draft-ietf-httpapi-idempotency-key-header): 1 to 128 printable characters, quoted or not.
It belongs to one principal: the client with its binding and its scopes. For any other principal, even of the same name,
the key is unused. The same key with another method, path, query or body is 422. While the first request runs, a repeat
is 409 with Retry-After. Answers are stored for a day, errors of the caller too. A 5xx is not stored, so a retry runs.
"""

import contextlib
import hashlib
import re
from collections.abc import Callable

from flask import Response, request

from service.core.errors import FourcastError, InvalidInput, Problem, Unavailable
from service.routes.http.json_body import read_bytes
from service.routes.http.problems import answer_error
from service.routes.http.responses import Pair, RawResponse
from service.store import IdempotencyStore

HEADER = "HTTP_IDEMPOTENCY_KEY"
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
REPLAYED: Pair = ("Idempotency-Replayed", "true")
_KEY = re.compile(r'"?([!#-~]{1,128})"?').fullmatch
_MADE_HERE = ("content-type", "content-length")


def answer_once(
    repeats: IdempotencyStore, principal: str, carry_out: Callable[[], Response], secret: bool = False
) -> Response:
    """The answer of ``carry_out``, or the stored one where this key was used before.

    An answer with a ``secret`` is stored encrypted.
    """
    key = _read_key(request.environ[HEADER])
    before = repeats.begin(principal, key, _fingerprint())
    if before is not None:
        media = dict(before.headers).get("Content-Type", "")
        pairs = [pair for pair in before.headers if pair[0].lower() not in _MADE_HERE]
        return RawResponse(before.body, before.status, [*pairs, REPLAYED], media)
    try:
        with repeats.noting(principal, key):
            answer = _carry_out(carry_out)
    except BaseException:
        _quietly(lambda: repeats.release(principal, key))
        raise
    if answer.status_code >= 500:
        _quietly(lambda: repeats.release(principal, key))
    else:
        parts = answer.status_code, list(answer.headers), answer.get_data()
        _quietly(lambda: repeats.keep(principal, key, *parts, secret))
    return answer


def _carry_out(carry_out: Callable[[], Response]) -> Response:
    try:
        return carry_out()
    except FourcastError as error:
        return answer_error(error)


def _quietly(act: Callable[[], None]) -> None:
    """Ignore that PostgreSQL is away: what was carried out is answered all the same."""
    with contextlib.suppress(Unavailable):
        act()


def _read_key(given: str) -> str:
    match = _KEY(given.strip())
    if match is None:
        fault = Problem("Idempotency-Key", "must be 1 to 128 printable ASCII characters")
        raise InvalidInput("The Idempotency-Key does not fit.", [fault])
    return match[1]


def _fingerprint() -> bytes:
    """The hash of what two equal requests share: method, path, query and the bytes of the body."""
    line = f"{request.method} {request.path}?{request.environ.get('QUERY_STRING', '')}\n"
    return hashlib.sha256(line.encode("utf-8", "surrogatepass") + read_bytes(request)).digest()
