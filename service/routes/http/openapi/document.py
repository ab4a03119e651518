"""The OpenAPI 3.1 document: read by flask-smorest from the endpoints, then completed with examples and links."""

import json
from typing import Any

from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, Response
from flask_smorest import Api  # type: ignore[import-untyped]
from werkzeug.exceptions import HTTPException

from service import __version__
from service.engine.auth import SCOPES
from service.routes.examples import with_captured_examples
from service.routes.http.openapi.links import with_links
from service.routes.http.problems import answer_flask_error
from service.routes.http.resource import TWIN, Resource


class Contract(Api):  # type: ignore[misc]
    """flask-smorest's collector, with our own error answer."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def handle_http_exception(self, error: HTTPException) -> Response:
        """The error as problem+json."""
        return answer_flask_error(error)


def document(app: Flask, resources: tuple[Resource, ...]) -> dict[str, Any]:
    """Register the resources with ``app`` and return the finished OpenAPI document."""
    app.config.update(API_TITLE="Fourcast", API_VERSION=f"v1 ({__version__})", OPENAPI_VERSION="3.1.0")
    contract = Contract(app, spec_kwargs={**_ABOUT, "marshmallow_plugin": MarshmallowPlugin(_component)})
    for name, scheme in _SCHEMES.items():
        contract.spec.components.security_scheme(name, scheme)
    for resource in resources:
        contract.register_blueprint(resource)
    return with_captured_examples(with_links(_pruned(contract.spec.to_dict())), TWIN)


def _pruned(document: dict[str, Any]) -> dict[str, Any]:
    """The document without components that flask-smorest always adds and nothing refers to."""
    components, text = document["components"], json.dumps(document)
    used = {name: schema for name, schema in components["schemas"].items() if f'schemas/{name}"' in text}
    return {**document, "components": {"schemas": used, "securitySchemes": components["securitySchemes"]}}


def _component(schema: type) -> str:
    return getattr(schema, "__name__", type(schema).__name__)


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
