"""CORS (the Fetch standard): the origins whose pages may call /v1, exactly as a setting names them.

A caller proves itself by a key in a header, never by a cookie, so no answer allows credentials, and none names ``*``. A
preflight of an allowed origin is answered here, before any key is needed. A page of any other origin gets the usual
answer, which its browser withholds from it. Every answer varies by ``Origin``, so that a shared cache never gives one
page the answer of another.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

API = "/v1/"
VARY = ("Vary", "Origin")
SHOWN = (
    "ETag, Link, Location, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, Idempotency-Replayed, "
    "Preference-Applied, Content-Disposition, Deprecation, Sunset, WWW-Authenticate, Allow, Accept-Encoding"
)
"""Headers that a page may read, beside those that every browser exposes."""
TAKEN = (
    "Authorization, X-API-Key, Content-Type, Content-Encoding, Accept-Language, If-Match, If-None-Match, "
    "Idempotency-Key, X-Request-Id, Prefer, traceparent"
)
PREFLIGHT = (
    ("Access-Control-Allow-Methods", "GET, POST, PUT, PATCH, DELETE"),
    ("Access-Control-Allow-Headers", TAKEN),
    ("Access-Control-Max-Age", "600"),
    VARY,
)


class Cors:
    """``app``, callable by pages of ``origins``."""

    def __init__(self, app: "WSGIApplication", origins: Iterable[str]) -> None:
        self._app, self._origins = app, frozenset(origins)

    def __call__(self, environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
        """Serve one request."""
        if not environ["PATH_INFO"].startswith(API):
            return self._app(environ, start_response)
        origin = environ.get("HTTP_ORIGIN")
        allowed = [("Access-Control-Allow-Origin", str(origin))] if origin in self._origins else []
        if allowed and _is_preflight(environ):
            start_response("204 No Content", [*allowed, *PREFLIGHT])
            return ()
        exposed = [*allowed, ("Access-Control-Expose-Headers", SHOWN)] if allowed else []

        def started(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            sent = [*headers, *exposed, VARY]
            return start_response(status, sent, exc_info) if exc_info else start_response(status, sent)

        return self._app(environ, started)


def _is_preflight(environ: dict[str, Any]) -> bool:
    return environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
