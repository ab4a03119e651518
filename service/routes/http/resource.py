"""An endpoint is one decorator on its view: ``@api.get("/v1/advisers", scope=..., query=..., answers=...)``.

A file below ``routes/`` has one ``api = Resource(...)``. Its decorators guard the view, add it to Flask's URL map and
describe it in the OpenAPI document, all at import: per request only the guard and the view run. flask-smorest's own
decorators also parse and dump at run time, which the hot path cannot afford, and document errors as application/json.

Derived are the operation id (the view's name in camel case), summary and description (its docstring), the errors of
every operation and of every body, ``Idempotency-Key`` of a write, and the same endpoint by external key where the path
is below a customer. What is missing stops the service from starting, with a sentence that names the file.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import wraps
from typing import Any

from flask import Flask, Response
from flask_smorest import Blueprint  # type: ignore[import-untyped]
from marshmallow import Schema
from werkzeug.routing import BaseConverter

from service.core.customer_ids import BULK
from service.core.errors import (
    Forbidden,
    FourcastError,
    HeadersTooLarge,
    InProgress,
    InvalidInput,
    Malformed,
    NotFound,
    Problem,
    TooLarge,
    TooMany,
    Unauthorized,
    Unavailable,
    UnsupportedMedia,
    UriTooLong,
)
from service.engine.auth import SCOPES
from service.routes.http.guard import (
    BY_KEY,
    OF_CUSTOMER,
    PUBLIC,
    BoundClients,
    View,
    needs,
    public,
    reach_of,
    with_external_key,
)
from service.routes.http.idempotency import WRITES
from service.routes.http.openapi.links import PARAMETERS
from service.routes.http.problems import ProblemAnswer
from service.routes.http.responses import JSON, PROBLEM

TWIN = "ByKey"
"""The end of the operation ids of endpoints by external key, of which each is the twin of one by id."""
PARAMETER = re.compile(r"<\w+:(\w+)>")
_OF_BODIES = (Malformed, TooLarge, UnsupportedMedia)
_OF_ALL = (
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

Doc = dict[str, Any]


class ButBulk(BaseConverter):
    """Any segment of a path but ``bulk``, which is a resource of its own, not an id."""

    regex, part_isolating = rf"(?!{BULK}$)[^/]+", True


@dataclass(frozen=True, slots=True)
class Retirement:
    """The end of an endpoint: deprecated since, served until, and the document that says what to use instead."""

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


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What the decorator of a view says."""

    _: KW_ONLY
    scope: str | tuple[str, ...]
    """The scope that opens it, any of several, or ``PUBLIC``."""
    answers: Mapping[str, Doc]
    """``response_doc`` by status."""
    reach: BoundClients = BoundClients.BANK
    """Which bound clients it takes; where the path names a customer the guard decides."""
    errors: tuple[type[FourcastError], ...] = ()
    """Beside those of every operation and of every body; of two with the same status the last is documented."""
    query: type[Schema] | None = None
    headers: tuple[Doc, ...] = ()
    body: type[Schema] | Doc | None = None
    """The schema of the body, or its OpenAPI schema."""
    example: object = None
    """An example of the body."""
    examples: Mapping[str, object] | None = None
    """Several examples of the body, by name."""
    media: tuple[str, ...] = (JSON,)
    is_body_required: bool = True
    body_bytes: int = 0
    secret: bool = False
    nameless: bool = False
    """As ``guard.needs`` says."""
    keyed: str | None = None
    """The parameter that an external key may replace, where the path does not lie below a customer's."""
    retirement: Retirement | None = None

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes of which one is enough; none where it is public."""
        scopes = (self.scope,) if isinstance(self.scope, str) else self.scope
        return () if scopes == (PUBLIC,) else scopes

    def guard(self, view: View) -> View:
        """The view behind the guard."""
        if not self.scopes:
            return public(view)
        words = {"body_bytes": self.body_bytes, "secret": self.secret, "nameless": self.nameless}
        return needs(*self.scopes, reach=self.reach, **words)(view)  # type: ignore[arg-type]

    def document(self, name: str, method: str, *errors: type[FourcastError]) -> Doc:
        """The members of the operation in the OpenAPI document; ``errors``: more of them."""
        is_write, is_guarded = method in WRITES, bool(self.scopes)
        documented = (*(_OF_BODIES if self.body else ()), *self.errors, *errors, *(_OF_ALL if is_guarded else ()))
        query = [] if self.query is None else [{"in": "query", "schema": self.query}]
        parameters = [*query, *self.headers, *([_IDEMPOTENCY] if is_write else [])]
        repeated = {"409": _error_doc(InProgress)} if is_write else {}
        return {
            "operationId": name,
            "security": [{way: [scope]} for scope in self.scopes for way in ("bearer", "apiKey")],
            "responses": repeated | dict(self.answers) | {str(each.status): _error_doc(each) for each in documented},
            **({"parameters": parameters} if parameters else {}),
            **({"requestBody": self._body()} if self.body else {}),
            **({"deprecated": True} if self.retirement else {}),
        }

    def _body(self) -> Doc:
        content: Doc = {"schema": self.body}
        if self.example is not None:
            content["example"] = self.example
        if self.examples is not None:
            content["examples"] = {name: {"value": value} for name, value in self.examples.items()}
        return {"required": self.is_body_required, "content": dict.fromkeys(self.media, content)}


class Resource(Blueprint):  # type: ignore[misc]
    """The endpoints of one resource."""

    def register(self, app: Flask, options: dict[str, Any]) -> None:
        """Serve them from ``app``, whose paths may say ``but_bulk``."""
        app.url_map.converters["but_bulk"] = ButBulk
        super().register(app, options)

    def get(self, path: str, **words: Any) -> Callable[[View], View]:
        """Serve the view at GET ``path``; ``words``: the fields of ``Endpoint``, as for every method."""
        return self._serve("GET", path, Endpoint(**words))

    def post(self, path: str, **words: Any) -> Callable[[View], View]:
        """Serve the view at POST ``path``."""
        return self._serve("POST", path, Endpoint(**words))

    def put(self, path: str, **words: Any) -> Callable[[View], View]:
        """Serve the view at PUT ``path``."""
        return self._serve("PUT", path, Endpoint(**words))

    def patch(self, path: str, **words: Any) -> Callable[[View], View]:
        """Serve the view at PATCH ``path``."""
        return self._serve("PATCH", path, Endpoint(**words))

    def delete(self, path: str, **words: Any) -> Callable[[View], View]:
        """Serve the view at DELETE ``path``."""
        return self._serve("DELETE", path, Endpoint(**words))

    def _serve(self, method: str, path: str, endpoint: Endpoint) -> Callable[[View], View]:
        def register(view: View) -> View:
            _expect_complete(view, path, endpoint)
            guarded = endpoint.guard(view)
            self._add(guarded, method, path, endpoint)
            parameter = "customer_id" if path.startswith(f"{OF_CUSTOMER}/") else endpoint.keyed
            if parameter is not None:
                below = path.partition(f":{parameter}>")[2]
                self._add(with_external_key(guarded, parameter), method, BY_KEY + below, endpoint, NotFound)
            return guarded

        return register

    def _add(self, view: View, method: str, path: str, endpoint: Endpoint, *errors: type[FourcastError]) -> None:
        reach = reach_of(view, path)
        extension = {} if reach is None else {"x-reach": reach.value}
        document = endpoint.document(operation_id(view), method, *errors)
        view._apidoc = {"manual_doc": document | extension}  # type: ignore[attr-defined]
        self.add_url_rule(path, view_func=announce_retirement(view, endpoint.retirement), methods=[method])


def operation_id(view: View) -> str:
    """The view's name in camel case: `list_offers` is `listOffers`."""
    first, *others = view.__name__.split("_")
    return first + "".join(map(str.capitalize, others))


def announce_retirement(view: View, retirement: Retirement | None) -> View:
    """The view with the headers of its retirement on every answer; the view itself where there is none."""
    if retirement is None:
        return view
    pairs = retirement.headers()

    @wraps(view)
    def announced(**words: Any) -> Response:
        answer = view(**words)
        answer.headers.extend(pairs)
        return answer

    return announced


def response_doc(description: str, schema: type, example: object = None, media: str = JSON, **more: Any) -> Doc:
    """One answer in the OpenAPI document: what it means, its schema and an example."""
    content: Doc = {"schema": schema}
    if example is not None:
        content["example"] = example
    return {"description": description, "content": {media: content}, **more}


def _error_doc(error: type[FourcastError]) -> Doc:
    headers = {"headers": _RETRY} if error in (Unavailable, TooMany, InProgress) else {}
    example = {**_EXAMPLE, "type": f"urn:fourcast:problem:{error.slug}", "title": error.title, "status": error.status}
    if error is not InvalidInput:
        example = {name: value for name, value in example.items() if name != "errors"} | {"detail": str(error.__doc__)}
    return response_doc(error.title, ProblemAnswer, example, PROBLEM, **headers)


def _expect_complete(view: View, path: str, endpoint: Endpoint) -> None:
    """Raise InvalidInput, which names the file, where an endpoint lacks what it needs."""
    named = PARAMETER.findall(path)
    taken, expected = list(inspect.signature(view).parameters), [*(["client"] if endpoint.scopes else []), *named]
    lacks = [
        *(f'scope "{scope}" is not one of {", ".join(SCOPES)}' for scope in endpoint.scopes if scope not in SCOPES),
        *(
            f'parameter "{name}" needs a row of PARAMETERS in service/routes/http/openapi/links.py'
            for name in named
            if name not in PARAMETERS
        ),
        *([] if taken == expected else [f"must take ({', '.join(expected)}), not ({', '.join(taken)})"]),
        *([] if view.__doc__ else ["needs a docstring: its first line is the summary in the OpenAPI document"]),
    ]
    if lacks:
        where = f"{view.__module__.replace('.', '/')}.py"
        raise InvalidInput(f"{where} {view.__name__}: {'; '.join(lacks)}", [Problem(where, each) for each in lacks])
