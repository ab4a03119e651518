"""WSGI middleware of every request, below Flask: its ids, one log line, its metrics, its trace.

One WSGI wrapper instead of Flask's hooks, because three hooks cost more than all of this. The log line is JSON without
personal data: the route's template instead of the path, no query, no customer.
"""

import os
import time
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson

from service.core.clock import now_utc
from service.core.suggestions import limit_searches
from service.engine.auth.quotas import WINDOW_S, Allowance
from service.routes.http.metrics import observe
from service.routes.http.request_context import UNMATCHED, RequestContext, begin_request
from service.runtime.tracing import Served, served

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SNIFF = ("X-Content-Type-Options", "nosniff")


def to_stdout(line: bytes) -> None:
    """Write one line in one call, so that lines of several workers do not mix."""
    os.write(1, line)


class Middleware:
    """``app`` with request ids, log line and metrics; ``log`` takes each line."""

    def __init__(self, app: "WSGIApplication", log: Callable[[bytes], object] = to_stdout) -> None:
        self._app, self._log = app, log

    def __call__(self, environ: dict[str, Any], start_response: "StartResponse") -> Iterable[bytes]:
        """Serve one request."""
        begun = time.perf_counter()
        noted = begin_request(environ)
        traced = served(noted.traceparent)
        if traced is not None:
            noted.trace_id = traced.trace_id

        def started(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            noted.status, noted.route = status[:3], _route(environ)
            headers.append(("X-Request-Id", noted.request_id))
            headers.append(_SNIFF)
            if noted.allowance is not None:
                headers += rate_limit_headers(noted.allowance)
            if noted.traceparent is not None:
                headers.append(("traceparent", noted.traceparent))
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        try:
            with limit_searches():
                return self._app(environ, started)
        finally:
            method = environ["REQUEST_METHOD"] if environ["REQUEST_METHOD"] in METHODS else "other"
            self._finish(method, noted, time.perf_counter() - begun)
            if traced is not None:
                end_span(traced, method, noted)

    def _finish(self, method: str, noted: RequestContext, seconds: float) -> None:
        observe(method, noted, seconds)
        self._log(log_line(method, noted, seconds))


def rate_limit_headers(allowance: Allowance) -> tuple[tuple[str, str], tuple[str, str]]:
    """The IETF RateLimit headers: requests a minute, how many are left, seconds to the next minute."""
    left = max(0, allowance.left)
    return _policy(allowance.quota), ("RateLimit", f'"requests";r={left};t={allowance.ends_in_s}')


@lru_cache(maxsize=1024)
def _policy(quota: int) -> tuple[str, str]:
    return "RateLimit-Policy", f'"requests";q={quota};w={WINDOW_S}'


def _route(environ: dict[str, Any]) -> str:
    rule = getattr(environ.get("werkzeug.request"), "url_rule", None)
    return UNMATCHED if rule is None else str(rule.rule)


def end_span(traced: Served, method: str, noted: RequestContext) -> None:
    """Close the span of a finished request, with the same attributes as its log line."""
    traced.end(
        f"{method} {noted.route}",
        noted.status >= "500",
        http__request__method=method,
        http__route=noted.route,
        http__response__status_code=int(noted.status),
        fourcast__request_id=noted.request_id,
        fourcast__decision_id=noted.decision_id,
        fourcast__source=noted.source,
    )


def log_line(method: str, noted: RequestContext, seconds: float) -> bytes:
    """The log line of one finished request, as JSON."""
    return orjson.dumps(
        {
            "at": now_utc(),
            "event": "request",
            "method": method,
            "route": noted.route,
            "status": int(noted.status),
            "ms": round(seconds * 1000, 2),
            "request_id": noted.request_id,
            "trace_id": noted.trace_id,
            "client": noted.client,
            "decision_id": noted.decision_id,
            "source": noted.source,
            "degraded": noted.degraded,
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )
