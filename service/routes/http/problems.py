"""Errors as application/problem+json (RFC 9457), one shape for our own errors and Flask's.

Members: ``type`` (a stable urn), ``title``, ``status``, ``detail``, ``trace_id`` (also in the log), and ``errors``
(``[{where, message}]``) where there are any. A 500 shows nothing of the cause: the log does.

``title``, ``detail`` and ``message`` are in the caller's language, English by default; ``Content-Language`` names it.
Problems in the files of policies and bundles stay English, as the files are.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import orjson
from flask import Flask, request
from marshmallow import fields
from werkzeug.exceptions import HTTPException

from service.core.errors import (
    MOST_PROBLEMS,
    BundleError,
    ExpressionError,
    Forbidden,
    FourcastError,
    InProgress,
    InvalidToken,
    PolicyError,
    Problem,
    TooMany,
    TranslatedProblem,
    Unauthorized,
    Unavailable,
    UnsupportedCoding,
)
from service.routes.http.fields import Loose, describe
from service.routes.http.headers.languages import BY_LANGUAGE, ENGLISH
from service.routes.http.request_context import request_context
from service.routes.http.responses import NO_STORE, PROBLEM, Pair, RawResponse
from service.routes.http.translation import Translator


class Fault(Loose):
    """One problem and the path of its field."""

    where = fields.String(required=True, metadata=describe("Field path, as events.3.amount_yuan."))
    message = fields.String(required=True)


class ProblemAnswer(Loose):
    """An error (RFC 9457)."""

    type = fields.String(
        required=True, metadata=describe("The same in every language.", example="urn:fourcast:problem:invalid-input")
    )
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata=describe("For people, as `title`; in the language they like."))
    errors = fields.List(fields.Nested(Fault))
    trace_id = fields.String(required=True)


class ItemProblem(Loose):
    """The problem that a single call would have had."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    detail = fields.String(required=True)
    errors = fields.List(fields.Nested(Fault))


MOST_TOLD = 200
"""Most problems of one answer: a request may hold so many events, and each has its own."""
INTERNAL = "Something went wrong here, not in your request. Quote the trace_id when you report it."
_TITLES = {404: "Not found", 405: "Method not allowed", 413: "Request too large", 500: "Internal error"}
_DETAILS = {
    404: "Nothing is served at this path. The document at /openapi.json lists what is.",
    405: "This path does not take this method. The Allow header lists those it takes.",
    500: INTERNAL,
}


def problem_response(
    status: int, slug: str, title: str, detail: str, errors: Iterable[Problem] = (), headers: Iterable[Pair] = ()
) -> RawResponse:
    """The answer to one error."""
    translator = Translator()
    document = problem_document(status, slug, title, detail, errors, request_context().trace_id, translator)
    pairs = [NO_STORE, BY_LANGUAGE, ("Content-Language", translator.languages), *headers]
    return RawResponse(orjson.dumps(document), status, pairs, PROBLEM)


def problem_document(
    status: int, slug: str, title: str, detail: str, errors: Iterable[Problem], trace_id: str, translator: Translator
) -> dict[str, object]:
    """The document of one error; ``errors`` only where there are any."""
    rows = list(problem_rows(islice(errors, MOST_TOLD), translator))
    return {
        "type": f"urn:fourcast:problem:{slug}",
        "title": translator.translate(title),
        "status": status,
        "detail": translator.translate(detail),
        **({"errors": rows} if rows else {}),
        "trace_id": trace_id,
    }


def item_problem(error: FourcastError) -> dict[str, Any]:
    """The error of one item of a list, in the caller's language."""
    translator = Translator()
    document: dict[str, Any] = {
        "type": f"urn:fourcast:problem:{error.slug}",
        "title": translator.translate(error.title),
        "detail": translator.translate(error.message),
    }
    if error.problems:
        document["errors"] = list(problem_rows(islice(problems_of(error), MOST_PROBLEMS), translator))
    return document


def problem_rows(problems: Iterable[Problem], translator: Translator) -> Iterator[dict[str, str]]:
    """The rows of ``errors``."""
    for one in problems:
        message = (
            translator.quote(one.message, one.language)
            if isinstance(one, TranslatedProblem)
            else translator.translate(one.message)
        )
        yield {"where": one.where, "message": message}


def problems_of(error: FourcastError) -> Iterable[Problem]:
    """The problems of an error. Those of a policy's or bundle's files are English and are not translated."""
    if isinstance(error, PolicyError | ExpressionError | BundleError):
        return (TranslatedProblem(one.where, one.message, ENGLISH) for one in error.problems)
    return error.problems


def answer_error(error: FourcastError) -> RawResponse:
    """The answer to an error raised on purpose."""
    detail = error.message if error.status != 500 else INTERNAL
    return problem_response(error.status, error.slug, error.title, detail, problems_of(error), _headers(error))


def answer_flask_error(error: HTTPException) -> RawResponse:
    """The answer to an error that Flask or werkzeug raised, with its headers, such as ``Allow``."""
    status = error.code or 500
    headers = [(name, text) for name, text in error.get_headers(request.environ) if name.lower() != "content-type"]
    slug = "internal" if status == 500 else error.name.lower().replace(" ", "-")
    detail = _DETAILS.get(status) or error.description or error.name
    return problem_response(status, slug, _TITLES.get(status, error.name), detail, (), headers)


def install_error_handlers(app: Flask) -> None:
    """Register the error handlers of ``app``."""
    app.register_error_handler(FourcastError, answer_error)
    app.register_error_handler(HTTPException, answer_flask_error)


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
