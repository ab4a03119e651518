"""Idempotency-Key: a write sent again gets the first answer, byte for byte, and is not carried out again.

The key is the client's own (draft-ietf-httpapi-idempotency-key-header): 1 to 128 printable characters, quoted or not.
It belongs to one principal, the client with the customer or branch it is bound to and its scopes: to any other, also of
the same name, it is a key that nobody has used. The same key with another method, path, query or body is 422; while the
first runs, 409 with Retry-After. Answers are kept a day, errors of the caller too; a 5xx is not kept, so that trying
again tries again.
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
    """The answer of ``carry_out``, or the kept one where this was done before; one with a ``secret`` is kept sealed."""
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
        told = answer.status_code, list(answer.headers), answer.get_data()
        _quietly(lambda: repeats.keep(principal, key, *told, secret))
    return answer


def _carry_out(carry_out: Callable[[], Response]) -> Response:
    try:
        return carry_out()
    except FourcastError as error:
        return answer_error(error)


def _quietly(act: Callable[[], None]) -> None:
    """What was carried out is answered, even when PostgreSQL went away since: then a repeat is told so."""
    with contextlib.suppress(Unavailable):
        act()


def _read_key(given: str) -> str:
    found = _KEY(given.strip())
    if found is None:
        fault = Problem("Idempotency-Key", "must be 1 to 128 printable ASCII characters")
        raise InvalidInput("The Idempotency-Key does not fit.", [fault])
    return found[1]


def _fingerprint() -> bytes:
    """What makes two requests the same: method, path, query and the bytes of the body."""
    line = f"{request.method} {request.path}?{request.environ.get('QUERY_STRING', '')}\n"
    return hashlib.sha256(line.encode("utf-8", "surrogatepass") + read_bytes(request)).digest()
