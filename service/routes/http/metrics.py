"""Prometheus counters and histograms of the requests; under gunicorn they are summed over the workers.

Several processes share a folder (``PROMETHEUS_MULTIPROC_DIR``), which ``runtime.gunicorn`` sets and cleans before a
worker starts. Each label set is looked up once and cached: a lookup costs more than the count.
"""

import os
from collections.abc import Callable
from functools import lru_cache

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from service.routes.http.request_context import RequestContext

__all__ = ["CONTENT_TYPE_LATEST", "exposition", "note_worker", "observe"]

_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
_requests = Counter("fourcast_requests_total", "Requests answered.", ["route", "method", "status"])
_seconds = Histogram("fourcast_request_seconds", "Time to an answer.", ["route"], buckets=_BUCKETS)
_answers = Counter("fourcast_answers_total", "Offer answers by where they came from.", ["source"])
_degraded = Counter("fourcast_degraded_total", "Offer answers made without a part.", ["part"])
_workers = Gauge("fourcast_workers", "Workers that take requests, one at a time each.", multiprocess_mode="livesum")


def note_worker() -> None:
    """Mark this process as a worker that takes requests."""
    _workers.set(1)


def observe(method: str, noted: RequestContext, seconds: float) -> None:
    """Count one finished request."""
    _counted(noted.route, method, noted.status)()
    _timed(noted.route)(seconds)
    if noted.source is not None:
        _answered(noted.source)()
    for part in noted.degraded:
        _degraded.labels(part).inc()


def exposition() -> bytes:
    """All metrics in Prometheus' text format, of all workers where there are several."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return generate_latest(registry)


@lru_cache(maxsize=1024)
def _counted(route: str, method: str, status: str) -> Callable[[], None]:
    return _requests.labels(route, method, status).inc


@lru_cache(maxsize=256)
def _timed(route: str) -> Callable[[float], None]:
    return _seconds.labels(route).observe


@lru_cache(maxsize=16)
def _answered(source: str) -> Callable[[], None]:
    return _answers.labels(source).inc
