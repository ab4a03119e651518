"""Traces by OpenTelemetry, where a collector's address is set; elsewhere every span is one shared no-op.

In order: ``start`` in each worker after the fork (the sender's thread does not survive one); ``served`` around a
request, which continues the caller's W3C trace; ``span`` around a part of it: cache, store, score, decide. A span holds
a name and times, the request's route, status and decision id: no path, no customer, no attribute. Sampling is by trace
id, so that every service of a bank samples the same traces; a trace that the caller sampled is sampled.

The libraries are an extra (``pip install 'fourcast[tracing]'``) and imported only when tracing is on.
"""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from service import __version__
from service.core.errors import InvalidInput, Problem

_NOTHING: AbstractContextManager[None] = nullcontext()
SEND_S = 5.0
"""How long one batch may take to be sent; the requests never wait for it."""


class _Tracing:
    """The tracer of this process, or None; and where it came from."""

    tracer: Any = None
    provider: Any = None
    fields: Any = None


def start(url: str | None, share: float, exporter: Any = None) -> None:
    """Trace a ``share`` of the requests to ``url`` (OTLP over HTTP); nothing without a URL.

    Raises: InvalidInput: when the extra is not installed.
    """
    stop()
    if url is None and exporter is None:
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
        from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
    except ImportError as absent:
        mend = f"needs the extra: pip install 'fourcast[tracing]' ({absent})"
        raise InvalidInput("Traces cannot be sent.", [Problem("FOURCAST_TRACES_URL", mend)]) from absent
    about = Resource.create({"service.name": "fourcast", "service.version": __version__})
    provider = TracerProvider(sampler=ParentBased(TraceIdRatioBased(share)), resource=about)
    provider.add_span_processor(BatchSpanProcessor(exporter or OTLPSpanExporter(url, timeout=SEND_S)))
    _Tracing.provider, _Tracing.fields = provider, TraceContextTextMapPropagator()
    _Tracing.tracer = provider.get_tracer("fourcast", __version__)


def stop() -> None:
    """Send what is left and trace no more."""
    if _Tracing.provider is not None:
        _Tracing.provider.shutdown()
    _Tracing.tracer = _Tracing.provider = _Tracing.fields = None


def span(name: str) -> AbstractContextManager[object]:
    """A part of the request being served, from enter to exit."""
    tracer = _Tracing.tracer
    if tracer is None:
        return _NOTHING
    silent = {"record_exception": False, "set_status_on_exception": False}  # an error's words may name a customer
    return tracer.start_as_current_span(name, **silent)  # type: ignore[no-any-return]


class Served:
    """The span of one request: the parent of every ``span`` until it ends."""

    def __init__(self, tracer: Any, traceparent: str | None) -> None:
        from opentelemetry import context, trace

        carried = {} if traceparent is None else {"traceparent": traceparent}
        parent = _Tracing.fields.extract(carried, context.Context())
        self._span = tracer.start_span("request", context=parent, kind=trace.SpanKind.SERVER)
        self._token = context.attach(trace.set_span_in_context(self._span))

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits, the caller's where it sent any."""
        return f"{self._span.get_span_context().trace_id:032x}"

    def end(self, name: str, failed: bool, **facts: str | int | None) -> None:
        """End the span; ``facts`` become attributes, except those that are None."""
        from opentelemetry import context, trace

        self._span.update_name(name)
        self._span.set_attributes({key.replace("__", "."): fact for key, fact in facts.items() if fact is not None})
        if failed:
            self._span.set_status(trace.StatusCode.ERROR)
        self._span.end()
        context.detach(self._token)


def served(traceparent: str | None) -> Served | None:
    """The span of a request that begins now; None while nothing is traced."""
    return None if _Tracing.tracer is None else Served(_Tracing.tracer, traceparent)
