"""Every route by every client: the table of who may do what, and that no route stands outside it."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from service.errors import InvalidInput
from service.routes.access import PUBLIC, SCOPES, check_declared, scope_of

Keys = dict[str, dict[str, str]]

OFFERS_1, OFFERS_2 = "GET /v1/customers/c-1/offers", "GET /v1/customers/c-2/offers"
DECISION, EVENTS = "GET /v1/decisions/0199d3c8-6f1e-7c3a-9a55-0d6f2b7e4c10", "POST /v1/events"
HASH = "0" * 64
NOBODY_HERE = dict.fromkeys(("app", "reader", "own", "stranger"), 403)
CONTACTS = "POST /v1/contacts"
PORTRAIT_1, PORTRAIT_2 = "GET /v1/customers/c-1/portrait", "GET /v1/customers/c-2/portrait"
SAID_1, SAID_2 = "GET /v1/customers/c-1/preferences", "GET /v1/customers/c-2/preferences"
SAY_1, SAY_2 = "PUT /v1/customers/c-1/preferences", "PUT /v1/customers/c-2/preferences"
PUBLIC_ROUTES = ["GET /healthz", "GET /readyz", "GET /metrics", "GET /openapi.json", "GET /docs", "GET /docs/start.js"]

ALLOWED: dict[str, dict[str, int]] = {
    #             app (all)  reader     own (c-1)  stranger
    OFFERS_1: {"app": 200, "reader": 200, "own": 200, "stranger": 403},
    OFFERS_2: {"app": 200, "reader": 200, "own": 403, "stranger": 403},
    DECISION: {"app": 404, "reader": 403, "own": 404, "stranger": 403},
    CONTACTS: {"app": 409, "reader": 403, "own": 403, "stranger": 403},
    PORTRAIT_1: {"app": 200, "reader": 403, "own": 200, "stranger": 403},
    PORTRAIT_2: {"app": 200, "reader": 403, "own": 403, "stranger": 403},
    SAID_1: {"app": 200, "reader": 403, "own": 200, "stranger": 403},
    SAID_2: {"app": 200, "reader": 403, "own": 403, "stranger": 403},
    SAY_1: {"app": 200, "reader": 403, "own": 200, "stranger": 403},
    SAY_2: {"app": 200, "reader": 403, "own": 403, "stranger": 403},
    "GET /v1/experiments": {"app": 200, "reader": 403, "own": 403, "stranger": 403},
    f"{DECISION}/explanation": {"app": 404, "reader": 403, "own": 404, "stranger": 403},
    f"{DECISION}/replay": {"app": 404, "reader": 403, "own": 404, "stranger": 403},
    EVENTS: {"app": 201, "reader": 403, "own": 403, "stranger": 403},
    "GET /v1/policies": NOBODY_HERE,
    "POST /v1/policies": NOBODY_HERE,
    f"GET /v1/policies/{HASH}": NOBODY_HERE,
    f"GET /v1/policies/{HASH}/diff": NOBODY_HERE,
    f"POST /v1/policies/{HASH}/simulate": NOBODY_HERE,
    f"POST /v1/policies/{HASH}/approve": NOBODY_HERE,
    "GET /v1/releases": NOBODY_HERE,
    "POST /v1/releases/rollback": NOBODY_HERE,
}
ROWS = [(route, who, status) for route, row in ALLOWED.items() for who, status in row.items()]


def call(client: Any, route: str, headers: dict[str, str], body: Any = None) -> Any:
    method, path = route.split(" ")
    return client.open(path, method=method, headers=headers, json=None if method == "GET" else body)


def body_of(route: str, make_event: Callable[..., Any]) -> dict[str, Any]:
    """Something sensible to send, about c-2."""
    if "preferences" in route:
        return {"do_not_contact": False, "version": "v1"}
    if "contacts" in route:
        return {"id": "sms-1", "customer_id": "c-2", "offer": "term-12m", "channel": "sms"}
    event: dict[str, Any] = make_event(customer_id="c-2")
    return event


@pytest.mark.parametrize(("route", "who", "status"), ROWS)
def test_the_table_of_who_may_do_what(
    client: Any, keys: Keys, make_event: Callable[..., Any], route: str, who: str, status: int
) -> None:
    answer = call(client, route, keys[who], body_of(route, make_event))
    assert answer.status_code == status
    if status == 403:
        assert answer.content_type == "application/problem+json"
        assert "insufficient_scope" in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("route", ALLOWED)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer fck_nobody"},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer  "},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer " + "x" * 5000},
        {"Authorization": "Bearer \xff\xfe"},
        {"X-API-Key": ""},
        {"X-API-Key": "' or 1=1 --"},
    ],
)
def test_without_a_good_key_nothing_is_reached(client: Any, route: str, headers: dict[str, str]) -> None:
    answer = call(client, route, headers, {})
    assert answer.status_code == 401
    assert answer.json["type"] == "urn:fourcast:problem:unauthorized"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("route", PUBLIC_ROUTES)
def test_public_routes_need_no_key(client: Any, route: str) -> None:
    assert call(client, route, {}).status_code == 200


def test_every_route_declares_a_known_scope(app: Flask) -> None:
    declared = {rule.endpoint: scope_of(app.view_functions[rule.endpoint]) for rule in app.url_map.iter_rules()}
    scopes = {one for scope in declared.values() if scope is not None for one in scope.split(" or ")}
    assert None not in declared.values()
    assert scopes == {PUBLIC, *SCOPES}


def test_every_guarded_route_stands_in_the_table_above(app: Flask) -> None:
    adapter = app.url_map.bind("")
    reached = {adapter.match(path, method=method)[0] for method, path in (route.split(" ") for route in ALLOWED)}
    guarded = {name for name, view in app.view_functions.items() if scope_of(view) != PUBLIC}
    assert reached == guarded


def test_a_route_without_a_scope_stops_the_start() -> None:
    app = Flask("careless", static_folder=None)
    app.add_url_rule("/v1/everything", "everything", lambda: "all of it")
    with pytest.raises(InvalidInput, match="everything"):
        check_declared(app)


def test_the_log_names_programs_but_no_customer(client: Any, keys: Keys, lines: list[bytes]) -> None:
    lines.clear()
    client.get("/v1/customers/c-1/offers?limit=2", headers=keys["app"])
    client.get("/v1/customers/c-1/offers?limit=2", headers=keys["own"])
    client.get("/v1/customers/c-nobody/offers", headers=keys["app"])
    assert b'"client":"app"' in lines[0]
    assert b'"client":null' in lines[1]
    assert b'"route":"/v1/customers/<string:customer_id>/offers"' in lines[0]
    assert not any(secret in line for line in lines for secret in (b"c-1", b"c-nobody", b"fck_", b"limit"))
