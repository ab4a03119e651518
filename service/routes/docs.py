"""The OpenAPI document: /openapi.json for programs, /docs for people, by Swagger UI from its wheel, without a network.

The page loads only this service's own files, and its Content-Security-Policy says so.
"""

from functools import lru_cache
from importlib.resources import files

from flask import Blueprint, Response, current_app
from werkzeug.exceptions import NotFound

from service.routes.http.guard import public
from service.routes.http.responses import public_response

CONTRACT = "fourcast-contract"
"""Key of the finished OpenAPI document, as bytes, in ``app.extensions``."""

_PAGE = b"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Fourcast API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" href="/docs/favicon-32x32.png">
</head>
<body>
<div id="contract"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START = b"""SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#contract",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
"""
_ASSETS = {
    "swagger-ui.css": "text/css; charset=utf-8",
    "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
    "favicon-32x32.png": "image/png",
}
_POLICY = (
    "Content-Security-Policy",
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
)
_KEEP = ("Cache-Control", "public, max-age=86400")
_ASK_AGAIN = ("Cache-Control", "no-cache")

blueprint = Blueprint("docs", __name__)


@blueprint.route("/openapi.json")
@public
def openapi() -> Response:
    """The OpenAPI document."""
    return public_response(current_app.extensions[CONTRACT], "application/json", _ASK_AGAIN)


@blueprint.route("/docs")
@public
def page() -> Response:
    """Swagger UI."""
    return public_response(_PAGE, "text/html; charset=utf-8", _POLICY, _ASK_AGAIN)


@blueprint.route("/docs/<string:name>")
@public
def asset(name: str) -> Response:
    """One of Swagger UI's own files.

    Raises: NotFound: when there is no such file.
    """
    if name == "start.js":
        return public_response(_START, _ASSETS["swagger-ui-bundle.js"], _ASK_AGAIN)
    if name not in _ASSETS:
        raise NotFound
    return public_response(_file(name), _ASSETS[name], _KEEP)


@lru_cache
def _file(name: str) -> bytes:
    return (files("flask_swagger_ui") / "dist" / name).read_bytes()
