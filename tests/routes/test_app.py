"""The app as a whole: one shape for every error, a contract that says what is served, pages without a network."""

import json
import re
from typing import Any

import pytest
from flask import Flask

from service.routes.http.problems import ProblemAnswer
from service.routes.offers.events import EVENT, EVENTS, EventInput, EventsInput
from service.routes.offers.schemas import OFFERS, OffersAnswer
from tests.routes.conftest import app, client, keys, lines, make_event  # noqa: F401 - the same service

Keys = dict[str, dict[str, str]]

PUBLIC_PATHS = {"/v1/about-recommendations"}
"""The paths of v1 that need no key."""


@pytest.fixture
def contract(client: Any) -> dict[str, Any]:  # noqa: F811
    document: dict[str, Any] = client.get("/openapi.json").json
    return document


def operations(contract: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    methods = ("get", "post", "put", "patch", "delete")
    return [(path, m, row[m]) for path, row in contract["paths"].items() for m in methods if m in row]


# Errors


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v1", 404),
        ("GET", "/v1/customers//offers", 404),
        ("GET", "//v1/events", 404),
        ("GET", "/v1/events/", 404),
        ("GET", "/docs/..%2f..%2fetc%2fpasswd", 404),
        ("GET", "/docs/index.html", 404),
        ("GET", "/static/x", 404),
        ("GET", "/v1/events", 405),
        ("DELETE", "/v1/customers/c-1/offers", 405),
        ("POST", "/healthz", 405),
        ("BREW", "/docs", 405),
        ("GET", "/v1/customers/c-1/offers", 401),
        ("POST", "/v1/events", 401),
    ],
)
def test_every_error_is_a_problem(client: Any, method: str, path: str, status: int) -> None:  # noqa: F811
    answer = client.open(path, method=method)
    assert answer.status_code == status
    assert answer.content_type == "application/problem+json"
    assert ProblemAnswer(unknown="raise").validate(answer.json) == {}
    assert answer.json["status"] == status
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json["trace_id"]
    assert ("Allow" in answer.headers) == (status == 405)


def test_a_405_names_the_methods_that_are_taken(client: Any) -> None:  # noqa: F811
    allow = client.put("/v1/events").headers["Allow"]
    assert set(allow.split(", ")) == {"POST", "OPTIONS"}


def test_a_failure_shows_nothing_but_the_trace_id_that_the_log_carries(
    app: Flask,  # noqa: F811
    client: Any,  # noqa: F811
    keys: Keys,  # noqa: F811
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken = app.extensions.pop("fourcast")
    try:
        answer = client.get("/v1/customers/c-secret/offers", headers=keys["app"] | {"X-Request-Id": "r-1"})
    finally:
        app.extensions["fourcast"] = broken
    assert (answer.status_code, answer.json["title"]) == (500, "Internal error")
    assert "KeyError" not in answer.text
    assert "fourcast'" not in answer.text
    (record,) = caplog.records
    assert record.trace_id == answer.json["trace_id"]  # type: ignore[attr-defined]
    assert "c-secret" not in record.getMessage()
    assert answer.headers["X-Request-Id"] == "r-1"


# Health


def test_the_service_is_alive_and_ready(client: Any) -> None:  # noqa: F811
    assert client.get("/healthz").json == {"status": "ok"}
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json["ready"] is True
    assert ready.json["checks"]["database"] == "ok"


def test_the_metrics_count_requests_answers_and_the_cache(client: Any, keys: Keys) -> None:  # noqa: F811
    client.get("/v1/customers/c-1/offers", headers=keys["app"])
    text = client.get("/metrics").text
    for name in ("fourcast_requests_total{", "fourcast_request_seconds_bucket{", "fourcast_cache_operations_total{"):
        assert name in text
    assert 'fourcast_answers_total{source="' in text
    assert "c-1" not in text


# The contract


def test_every_route_is_in_the_contract_and_nothing_else(app: Flask, contract: dict[str, Any]) -> None:  # noqa: F811
    served = {re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule) for rule in app.url_map.iter_rules()}
    undocumented = {"/openapi.json", "/docs", "/docs/{name}"}
    assert set(contract["paths"]) == served - undocumented
    assert contract["openapi"] == "3.1.0"


def test_each_path_allows_the_methods_that_the_contract_gives_it(client: Any, contract: dict[str, Any]) -> None:  # noqa: F811
    for path, row in contract["paths"].items():
        allowed = client.options(path.replace("{", "").replace("}", "")).headers["Allow"].split(", ")
        given = {method.upper() for method in row if "operationId" in row[method]}
        assert set(allowed) - {"OPTIONS", "HEAD"} == given, path


def test_each_operation_has_an_id_of_its_own(contract: dict[str, Any]) -> None:
    ids = [row["operationId"] for _, _, row in operations(contract)]
    assert sorted(ids) == sorted(set(ids))
    assert all(re.fullmatch(r"[a-z]+(?:[A-Z][a-z]+)*", name) for name in ids)


def test_every_error_in_the_contract_is_a_problem(contract: dict[str, Any]) -> None:
    errors = [
        (row["operationId"], status, answer)
        for _, _, row in operations(contract)
        for status, answer in row["responses"].items()
        if int(status) >= 400
    ]
    assert len(errors) > 15
    for name, status, answer in errors:
        assert list(answer["content"]) == ["application/problem+json"], (name, status)
        assert answer["content"]["application/problem+json"]["schema"]["$ref"].endswith("/ProblemAnswer")


def test_every_guarded_operation_names_its_scope_and_has_words(contract: dict[str, Any]) -> None:
    for path, _, row in operations(contract):
        assert row["summary"]
        guarded = path.startswith("/v1") and path not in PUBLIC_PATHS
        assert {"401", "403", "422", "503", "500"} <= set(row["responses"]) if guarded else not row["security"], path
        assert not guarded or {next(iter(each)) for each in row["security"]} == {"bearer", "apiKey"}


def named(contract: dict[str, Any], part: object) -> set[str]:
    """The schemas that a part of the contract refers to, and those that they refer to."""
    found: set[str] = set()
    todo = [part]
    while todo:
        new = set(re.findall(r'"#/components/schemas/(\w+)"', json.dumps(todo.pop()))) - found
        found |= new
        todo += [contract["components"]["schemas"][name] for name in new]
    return found


def test_inputs_refuse_unknown_names_and_answers_do_not(contract: dict[str, Any]) -> None:
    rows = [row for _, _, row in operations(contract)]
    closed = {
        name
        for name, schema in contract["components"]["schemas"].items()
        if schema.get("additionalProperties") is False
    }
    assert closed == named(contract, [row.get("requestBody") for row in rows])
    assert not closed & named(contract, [row["responses"] for row in rows])


def test_the_query_and_the_path_are_in_the_contract_with_their_limits(contract: dict[str, Any]) -> None:
    rows = contract["paths"]["/v1/customers/{customer_id}/offers"]
    parameters = {row["name"]: row for row in [*rows.get("parameters", ()), *rows["get"]["parameters"]]}
    asked = {"channel", "placement", "limit", "explain", "shap"}
    assert set(parameters) == {"customer_id", *asked, "Accept-Language", "If-None-Match"}
    limit = {"type": "integer", "minimum": 1, "maximum": 10, "default": 3}
    assert limit.items() <= parameters["limit"]["schema"].items()
    assert parameters["channel"]["schema"]["maxLength"] == 64


def test_references_in_the_contract_lead_somewhere(contract: dict[str, Any]) -> None:
    for reference in re.findall(r'"\$ref": "#/components/schemas/(\w+)"', json.dumps(contract)):
        assert reference in contract["components"]["schemas"]


@pytest.mark.parametrize(
    ("schema", "example"),
    [
        (EventInput(), EVENT),
        (EventsInput(), EVENTS),
        (OffersAnswer(), OFFERS),
    ],
)
def test_the_examples_fit_their_schemas(schema: Any, example: dict[str, Any]) -> None:
    at = {"at": "2026-01-05T09:30:00+08:00"}
    if schema.__class__ is EventInput:
        example = example | at
    if schema.__class__ is EventsInput:
        example = {"events": [event | at for event in example["events"]]}
    assert schema.validate(example) == {}


# The page


def test_the_page_and_all_it_loads_come_from_here(client: Any) -> None:  # noqa: F811
    page = client.get("/docs")
    assert page.status_code == 200
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) == 4
    assert all(path.startswith("/docs/") for path in loaded)
    assert all(client.get(path).status_code == 200 for path in loaded)
    assert "https:" not in page.text


def test_the_page_may_run_nothing_but_our_own_scripts(client: Any) -> None:  # noqa: F811
    policy = client.get("/docs").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "<script>" not in client.get("/docs").text


def test_the_page_reads_the_version_of_openapi_that_we_write(client: Any) -> None:  # noqa: F811
    assert b"OAS31" in client.get("/docs/swagger-ui-bundle.js").data, "releases before 5 read 3.0 only"
    assert client.get("/docs/swagger-ui-bundle.js").headers["Cache-Control"].startswith("public")


# Every answer


@pytest.mark.parametrize("path", ["/healthz", "/docs", "/nowhere", "/v1/events"])
def test_every_answer_names_its_request_and_forbids_guessing(client: Any, path: str) -> None:  # noqa: F811
    answer = client.get(path)
    assert answer.headers["X-Request-Id"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "Set-Cookie" not in answer.headers
