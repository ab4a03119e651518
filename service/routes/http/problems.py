"""One shape for every error: application/problem+json (RFC 9457), from our own errors and Flask's alike.

Members: ``type`` (a stable urn), ``title``, ``status``, ``detail``, ``errors`` (``[{where, message}]``, only where
there are any) and ``trace_id``, which the log carries too. A 500 never shows what happened inside: the log does.

``title``, ``detail`` and ``message`` are in the language that the caller likes, English where they say none;
``Content-Language`` names what they are in. Faults in the files of policies and bundles stay English, as the files are.
"""

from collections.abc import Iterable, Iterator
from itertools import islice

import orjson
from flask import Flask, request
from werkzeug.exceptions import HTTPException

from service.core.errors import (
    BundleError,
    ExpressionError,
    Forbidden,
    FourcastError,
    InProgress,
    InvalidToken,
    PolicyError,
    Problem,
    Spoken,
    TooMany,
    Unauthorized,
    Unavailable,
    UnsupportedCoding,
)
from service.routes.http.headers.languages import BY_LANGUAGE, ENGLISH
from service.routes.http.request_context import facts
from service.routes.http.responses import NO_STORE, PROBLEM, Pair, Ready
from service.routes.http.translation.translation import Teller

MOST_TOLD = 200
"""Problems of one answer: as many as a request may hold events, each of which has its own."""
INTERNAL = "Something went wrong here, not in your request. Quote the trace_id when you report it."
_TITLES = {404: "Not found", 405: "Method not allowed", 413: "Request too large", 500: "Internal error"}
_DETAILS = {
    404: "Nothing is served at this path. The document at /openapi.json lists what is.",
    405: "This path does not take this method. The Allow header lists those it takes.",
    500: INTERNAL,
}


def problem(
    status: int, slug: str, title: str, detail: str, errors: Iterable[Problem] = (), headers: Iterable[Pair] = ()
) -> Ready:
    """One error as an answer."""
    teller = Teller()
    told = document(status, slug, title, detail, errors, facts().trace_id, teller)
    pairs = [NO_STORE, BY_LANGUAGE, ("Content-Language", teller.languages), *headers]
    return Ready(orjson.dumps(told), status, pairs, PROBLEM)


def document(
    status: int, slug: str, title: str, detail: str, errors: Iterable[Problem], trace_id: str, teller: Teller
) -> dict[str, object]:
    """One error as plain JSON values; its rows only where there are any."""
    rows = list(faults(islice(errors, MOST_TOLD), teller))
    return {
        "type": f"urn:fourcast:problem:{slug}",
        "title": teller.tell(title),
        "status": status,
        "detail": teller.tell(detail),
        **({"errors": rows} if rows else {}),
        "trace_id": trace_id,
    }


def faults(problems: Iterable[Problem], teller: Teller) -> Iterator[dict[str, str]]:
    """The rows of ``errors``."""
    for one in problems:
        message = teller.quote(one.message, one.language) if isinstance(one, Spoken) else teller.tell(one.message)
        yield {"where": one.where, "message": message}


def told_of(error: FourcastError) -> Iterable[Problem]:
    """The problems of an error; those of a file that somebody wrote in English are English and stay so."""
    if isinstance(error, PolicyError | ExpressionError | BundleError):
        return (Spoken(one.where, one.message, ENGLISH) for one in error.problems)
    return error.problems


def of_ours(error: FourcastError) -> Ready:
    """The answer to an error raised on purpose."""
    detail = error.message if error.status != 500 else INTERNAL
    return problem(error.status, error.slug, error.title, detail, told_of(error), _headers(error))


def of_flask(error: HTTPException) -> Ready:
    """The answer to an error that Flask or werkzeug raised; ``Allow`` and its like are kept."""
    status = error.code or 500
    kept = [(name, text) for name, text in error.get_headers(request.environ) if name.lower() != "content-type"]
    slug = "internal" if status == 500 else error.name.lower().replace(" ", "-")
    detail = _DETAILS.get(status) or error.description or error.name
    return problem(status, slug, _TITLES.get(status, error.name), detail, (), kept)


def install(app: Flask) -> None:
    """Let every error of ``app`` be answered here."""
    app.register_error_handler(FourcastError, of_ours)
    app.register_error_handler(HTTPException, of_flask)


def _headers(error: FourcastError) -> list[Pair]:
    if isinstance(error, Unavailable | InProgress | TooMany):
        return [("Retry-After", str(error.retry_after))]
    if isinstance(error, UnsupportedCoding):
        return [("Accept-Encoding", "gzip")]
    if isinstance(error, InvalidToken):
        return [("WWW-Authenticate", 'Bearer realm="fourcast", error="invalid_token"')]
    if isinstance(error, Unauthorized):
        return [("WWW-Authenticate", 'Bearer realm="fourcast"')]
    if isinstance(error, Forbidden):
        return [("WWW-Authenticate", 'Bearer realm="fourcast", error="insufficient_scope"')]
    return []
