"""The OpenAPI 3.1 document: flask-smorest reads it from the routes, this adds what every operation shares.

``Resource.serve`` describes a view without wrapping it: flask-smorest's own decorators also parse and dump at
run time, which the hot path cannot afford, and document errors as application/json, which ours are not.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import wraps
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, Response
from flask_smorest import Api, Blueprint  # type: ignore[import-untyped]
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter

from service import __version__
from service.core.customer_ids import BULK
from service.core.errors import (
    Conflict,
    Forbidden,
    FourcastError,
    HeadersTooLarge,
    InProgress,
    InvalidInput,
    Malformed,
    NotFound,
    TooLarge,
    TooMany,
    Unauthorized,
    Unavailable,
    UnsupportedMedia,
    UriTooLong,
)
from service.engine.auth import SCOPES
from service.routes.examples import TWIN, exampled
from service.routes.http.guard import BY_KEY, OF_CUSTOMER, View, by_key, reach_of
from service.routes.http.idempotency import WRITES
from service.routes.http.links import linked
from service.routes.http.problems import answer_flask_error
from service.routes.http.responses import JSON, PROBLEM
from service.routes.schemas import ProblemAnswer

BODY_ERRORS = (Malformed, TooLarge, UnsupportedMedia)
__all__ = ["BODY_ERRORS", "Conflict", "InvalidInput", "NotFound", "Resource", "document", "operation", "response_doc"]

_EVERYWHERE: tuple[type[FourcastError], ...] = (
    Unauthorized,
    Forbidden,
    InvalidInput,
    UriTooLong,
    HeadersTooLarge,
    TooMany,
    Unavailable,
    FourcastError,
)
_RETRY = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
_EXAMPLE = {
    "type": "urn:fourcast:problem:invalid-input",
    "title": "Invalid input",
    "status": 422,
    "detail": "The query does not fit.",
    "errors": [{"where": "limit", "message": "must be from 1 to 10, got 11"}],
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
}


_IDEMPOTENCY = {
    "in": "header",
    "name": "Idempotency-Key",
    "description": "A request sent again with the same key and body gets the first answer; nothing is done twice.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 128},
    "example": "7f3a1c0e-5b0d-4c0e-9d3e-2f1a6b7c8d9e",
}


class Contract(Api):  # type: ignore[misc]
    """flask-smorest's collector with our error answer instead of its own."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def handle_http_exception(self, error: HTTPException) -> Response:
        """Our one shape."""
        return answer_flask_error(error)


class ButBulk(BaseConverter):
    """Any segment of a path but ``bulk``, which is a resource of its own: nobody is read or stored there."""

    regex, part_isolating = rf"(?!{BULK}$)[^/]+", True


@dataclass(frozen=True, slots=True)
class Retirement:
    """The end of an operation: deprecated since, served until, and the document that says what to use instead."""

    since: datetime
    until: datetime
    guide: str

    def headers(self) -> tuple[tuple[str, str], ...]:
        """Deprecation (RFC 9745), Sunset (RFC 8594) and the link that explains both."""
        return (
            ("Deprecation", f"@{int(self.since.timestamp())}"),
            ("Sunset", format_datetime(self.until.astimezone(UTC), usegmt=True)),
            ("Link", f'<{self.guide}>; rel="deprecation"; type="text/html"'),
        )


def announcing(view: View, retirement: Retirement | None) -> View:
    """The view, whose answers announce its retirement, if there is one."""
    if retirement is None:
        return view
    pairs = retirement.headers()

    @wraps(view)
    def announced(**words: Any) -> Response:
        answer = view(**words)
        answer.headers.extend(pairs)
        return answer

    return announced


class Resource(Blueprint):  # type: ignore[misc]
    """The routes of one resource."""

    def register(self, app: Flask, options: dict[str, Any]) -> None:
        """Serve them from ``app``, whose paths may say ``but_bulk``."""
        app.url_map.converters["but_bulk"] = ButBulk
        super().register(app, options)

    def serve(
        self, path: str, method: str = "GET", retirement: Retirement | None = None, **operation: Any
    ) -> Callable[[View], View]:
        """Serve ``path`` by the decorated view as it is, and put ``operation`` (OpenAPI members) into the document.

        With a ``retirement`` every answer says since when not to use it any more, when it ends, and what to use.
        """

        def note(view: View) -> View:
            reach = reach_of(view, path)
            more: dict[str, Any] = {} if reach is None else {"x-reach": reach.value}
            if method in WRITES:
                more["parameters"] = [*operation.get("parameters", ()), _IDEMPOTENCY]
                more["responses"] = {"409": _error(InProgress)} | operation["responses"]
            view._apidoc = {"manual_doc": operation | more}  # type: ignore[attr-defined]
            if retirement is not None:
                view._apidoc["manual_doc"]["deprecated"] = True  # type: ignore[attr-defined]
            self.add_url_rule(path, view_func=announcing(view, retirement), methods=[method])
            if path.startswith(f"{OF_CUSTOMER}/"):
                self._serve_by_key(view, path, method, retirement, operation)
            return view

        return note

    def _serve_by_key(
        self, view: View, path: str, method: str, retirement: Retirement | None, operation: dict[str, Any]
    ) -> None:
        """Serve what lies below a customer also below their external key."""
        named = operation | {"operationId": operation["operationId"] + TWIN}
        missing = {} if "404" in operation["responses"] else {"404": _error(NotFound)}
        named["responses"] = operation["responses"] | missing
        self.serve(BY_KEY + path.removeprefix(OF_CUSTOMER), method, retirement, **named)(by_key(view))


def operation(
    name: str, scope: str | tuple[str, ...], answers: dict[str, Any], *errors: type[FourcastError], **more: Any
) -> dict[str, Any]:
    """The members of one guarded operation: stable id, scope (or any of several), answers, every error it can give."""
    scopes = (scope,) if isinstance(scope, str) else scope
    return {
        "operationId": name,
        "security": [{key: [one]} for one in scopes for key in ("bearer", "apiKey")],
        "responses": answers | {str(each.status): _error(each) for each in (*errors, *_EVERYWHERE)},
        **more,
    }


def response_doc(
    description: str, schema: type, example: object = None, media: str = JSON, **more: Any
) -> dict[str, Any]:
    """One answer: what it means, its schema and an example."""
    content: dict[str, Any] = {"schema": schema}
    if example is not None:
        content["example"] = example
    return {"description": description, "content": {media: content}, **more}


def document(app: Flask, blueprints: tuple[Resource, ...]) -> dict[str, Any]:
    """Register the blueprints with ``app``; the finished OpenAPI document."""
    app.config.update(API_TITLE="Fourcast", API_VERSION=f"v1 ({__version__})", OPENAPI_VERSION="3.1.0")
    contract = Contract(app, spec_kwargs={**_ABOUT, "marshmallow_plugin": MarshmallowPlugin(_component)})
    for name, scheme in _SCHEMES.items():
        contract.spec.components.security_scheme(name, scheme)
    for blueprint in blueprints:
        contract.register_blueprint(blueprint)
    return exampled(linked(_pruned(contract.spec.to_dict())))


def _pruned(document: dict[str, Any]) -> dict[str, Any]:
    """Without the components that flask-smorest always adds and nothing here refers to."""
    components, text = document["components"], json.dumps(document)
    used = {name: schema for name, schema in components["schemas"].items() if f'schemas/{name}"' in text}
    return {**document, "components": {"schemas": used, "securitySchemes": components["securitySchemes"]}}


def _component(schema: type) -> str:
    return getattr(schema, "__name__", type(schema).__name__)


def _error(error: type[FourcastError]) -> dict[str, Any]:
    headers = {"headers": _RETRY} if error in (Unavailable, TooMany, InProgress) else {}
    example = {**_EXAMPLE, "type": f"urn:fourcast:problem:{error.slug}", "title": error.title, "status": error.status}
    if error is not InvalidInput:
        example = {name: value for name, value in example.items() if name != "errors"} | {"detail": str(error.__doc__)}
    return response_doc(error.title, ProblemAnswer, example, PROBLEM, **headers)


_ABOUT = {
    "info": {
        "description": "The next best offer for a bank's customer, and why. Errors are problem+json (RFC 9457), whose "
        "texts are English, or Chinese where `Accept-Language` likes it better; `Content-Language` says which.",
        "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
    },
    "servers": [{"url": "/"}],
}
_LISTED = "\n".join(f"- `{scope}`: {meaning}" for scope, meaning in SCOPES.items())
_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": f"A client's key. Scopes:\n\n{_LISTED}"},
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "The same key in its own header."},
}
