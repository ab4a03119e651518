"""Traces: one per request, its parts beneath it, carried on from the caller, and nothing about any customer."""

import time
from typing import Any

import pytest

from service.core.errors import InvalidInput
from service.runtime import tracing
from tests.observability.collector import Collector
from tests.observability.conftest import SECRETS, TRACEPARENT, Seen


def roots(spans: list[Any]) -> dict[str, list[Any]]:
    """The spans of the requests, by name."""
    found: dict[str, list[Any]] = {}
    for span in spans:
        if span.kind == span.SPAN_KIND_SERVER:
            found.setdefault(span.name, []).append(span)
    return found


def attributes(span: Any) -> dict[str, object]:
    return {row.key: row.value.string_value or row.value.int_value for row in span.attributes}


def test_every_request_of_the_story_is_a_trace_whose_id_its_log_line_bears(seen: Seen) -> None:
    traced = {span.trace_id.hex() for spans in roots(seen.collector.spans).values() for span in spans}
    logged = {row["trace_id"] for row in seen.lines if row["event"] == "request"}
    assert logged <= traced


def test_the_callers_trace_goes_on(seen: Seen) -> None:
    (span,) = [span for span in seen.collector.spans if span.parent_span_id.hex() == TRACEPARENT.split("-")[2]]
    assert span.trace_id.hex() == TRACEPARENT.split("-")[1]
    facts = attributes(span)
    assert facts["http.route"] == "/v1/customers/<string:customer_id>/offers"
    assert facts["http.response.status_code"] == 200
    assert facts["fourcast.decision_id"] == seen.answers["fresh"].json()["decision_id"]


def test_a_fresh_answer_shows_where_its_time_went_and_a_cached_one_stops_at_the_cache(seen: Seen) -> None:
    def parts(source: str) -> list[str]:
        (root,) = [span for span in seen.collector.spans if attributes(span).get("fourcast.source") == source]
        beneath = [span for span in seen.collector.spans if span.parent_span_id == root.span_id]
        return [span.name for span in sorted(beneath, key=lambda span: int(span.start_time_unix_nano))]

    whole = ["check", "store.snapshot", "score", "decide", "store.remember", "cache.write"]
    assert parts("fresh") == whole
    assert parts("cached") == whole[:1]


def test_no_span_holds_anything_about_a_customer(seen: Seen) -> None:
    sent = b"".join(seen.collector.raw)
    assert seen.collector.spans
    assert [secret for secret in SECRETS if secret.encode() in sent] == []
    assert not [span.name for span in seen.collector.spans if span.events]


def test_nothing_is_traced_without_an_address() -> None:
    tracing.start(None, 1.0)
    assert tracing.served(None) is None
    assert tracing.span("score") is tracing.span("decide")


def test_only_the_share_is_traced_and_what_the_caller_traces_always_is() -> None:
    collector = Collector()
    try:
        tracing.start(collector.url, 0.0)
        for parent in (None, TRACEPARENT):
            served = tracing.served(parent)
            assert served is not None
            served.end("GET /x", failed=False)
        tracing.stop()
        assert [span.trace_id.hex() for span in collector.spans] == [TRACEPARENT.split("-")[1]]
    finally:
        tracing.stop()
        collector.close()


def test_a_collector_that_is_away_delays_no_request() -> None:
    try:
        tracing.start("http://127.0.0.1:9/v1/traces", 1.0)
        start = time.monotonic()
        for _ in range(100):
            served = tracing.served(None)
            assert served is not None
            with tracing.span("score"):
                pass
            served.end("GET /x", failed=False)
        assert time.monotonic() - start < tracing.SEND_S
    finally:
        tracing.stop()


def test_without_the_extra_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(InvalidInput, match=r"fourcast\[tracing\]"):
        tracing.start("http://127.0.0.1:9", 1.0)
