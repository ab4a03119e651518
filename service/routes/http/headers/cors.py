"""Which pages a browser lets call /v1 (CORS, the Fetch standard): the exact origins that a setting names, else none.

Who calls is proven by a key in a header, never by a cookie, so no answer allows credentials, and none names ``*``. A
preflight of a page that may call is answered here, before any key is asked for. Any other page gets the answer it would
get without this, which its browser keeps from it. Every answer varies by ``Origin``: a cache between never gives one
page what was meant for another.
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
"""What a page may read beside the headers that every browser shows."""
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
    """``app``, which pages of ``origins`` may call."""

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
        shown = [*allowed, ("Access-Control-Expose-Headers", SHOWN)] if allowed else []

        def started(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            told = [*headers, *shown, VARY]
            return start_response(status, told, exc_info) if exc_info else start_response(status, told)

        return self._app(environ, started)


def _is_preflight(environ: dict[str, Any]) -> bool:
    return environ["REQUEST_METHOD"] == "OPTIONS" and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ
