"""Every endpoint by every kind of client: the table is made from the published contract, and no endpoint is outside it.

``RULES`` is read from ``docs/openapi-v1.json``: which scopes open each operation and how far a bound client reaches.
Who changes either sees it in the diff of that file. The service must serve the same, so a new endpoint that is not in
the published contract fails. Each row is then tried by every kind of client, on its own object and on another's.
"""

import itertools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask import Flask

from service.core.domain import Client
from service.core.errors import InvalidInput
from service.engine.auth import SCOPES, new_key
from service.routes.http.guard import PUBLIC, expect_scopes, reach_of, scope_of
from service.store import Store

Keys = dict[str, dict[str, str]]
Contract = dict[str, Any]

PUBLISHED = Path(__file__).resolve().parents[3] / "docs" / "openapi-v1.json"


def guarded(contract: Contract) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, row in contract["paths"].items():
        for method in (each for each in ("get", "post", "put", "patch", "delete") if each in row):
            if row[method]["security"]:
                yield path, method, row[method]


def scopes_in(operation: dict[str, Any]) -> list[str]:
    return list(dict.fromkeys(scope for row in operation["security"] for scopes in row.values() for scope in scopes))


def rules_of(contract: Contract) -> dict[str, tuple[str, str]]:
    """The scopes that open each operation, any of them, and the reach of bound clients."""
    return {row["operationId"]: (" ".join(scopes_in(row)), row["x-reach"]) for _, _, row in guarded(contract)}


RULES = rules_of(orjson.loads(PUBLISHED.read_bytes()))

OWN, OTHER = "c-1", "c-2"
"""Of the branch ``siming`` and of the branch ``huli``."""
NUMBERS = itertools.count(1)


def event_about(customer: str) -> dict[str, Any]:
    instant = "2026-01-05T09:30:00+08:00"
    return {"id": f"r-{next(NUMBERS)}", "customer_id": customer, "kind": "click", "offer": "term-12m", "at": instant}


def contact_about(customer: str) -> dict[str, Any]:
    return {"id": f"r-{next(NUMBERS)}", "customer_id": customer, "offer": "term-12m", "channel": "sms"}


NAMED: dict[str, Callable[[str], dict[str, Any]]] = {
    "recordEvents": event_about,
    "reserveContact": contact_about,
    "getContact": lambda customer: {},
    "cancelContact": lambda customer: {},
    "reportContact": lambda customer: {"outcome": "delivered"},
    "getDecision": lambda customer: {},
    "explainDecision": lambda customer: {},
    "explainDecisionToCustomer": lambda customer: {},
    "explainDecisionToAdviser": lambda customer: {},
    "replayDecision": lambda customer: {},
}
"""The body that names a customer, of every operation that takes its customers from elsewhere than the path."""
BANKS_OWN = NAMED.keys() - {"recordEvents", "explainDecisionToCustomer"}
"""Those of them that a customer's own key does not open."""


@pytest.fixture
def contract(client: Any) -> Contract:
    document: Contract = client.get("/openapi.json").json
    return document


@pytest.fixture(scope="module")
def held(store: Store) -> Callable[[Client], dict[str, str]]:
    """The headers of a client made as needed."""
    made: dict[Client, dict[str, str]] = {}

    def headers(client: Client) -> dict[str, str]:
        if client not in made:
            key, digest = new_key()
            store.clients.add(client, digest, actor="test")
            made[client] = {"Authorization": f"Bearer {key}"}
        return made[client]

    return headers


@pytest.fixture
def about(client: Any, keys: Keys) -> Callable[[str], dict[str, str]]:
    """What stands in a path about a customer: their id, and a decision made for them."""

    def words(customer: str) -> dict[str, str]:
        answer = client.get(f"/v1/customers/{customer}/offers", headers=keys["app"])
        return {"customer_id": customer, "decision_id": answer.json["decision_id"]}

    return words


class Road:
    """One operation, ready to be called about a customer by a client."""

    def __init__(self, http: Any, path: str, method: str, row: dict[str, Any], about: Any, held: Any) -> None:
        self.http, self.path, self.method, self.row, self.about, self.held = http, path, method, row, about, held
        self.name, self.scopes = row["operationId"], scopes_in(row)

    def status(self, client: Client | None, customer: str = OWN) -> int:
        """The status that this client gets."""
        words = self.about(customer)
        path = re.sub(r"\{(\w+)\}", lambda found: words.get(found[1], "0" * 64), self.path)
        body = NAMED.get(self.name, lambda customer: {})(customer)
        headers = {} if client is None else self.held(client)
        answer = self.http.open(path, method=self.method, headers=headers, json=None if self.method == "get" else body)
        if answer.status_code in (401, 403):
            assert answer.content_type == "application/problem+json"
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        return int(answer.status_code)


@pytest.fixture
def road(client: Any, contract: Contract, about: Any, held: Any) -> Callable[[str], Road]:
    rows = {row["operationId"]: (path, method, row) for path, method, row in guarded(contract)}
    return lambda name: Road(client, *rows[name], about, held)


REFUSED = {401, 403}
HIDDEN = {403, 404}
"""A stored thing of somebody else's does not exist, for who may not see it."""


def test_every_operation_of_the_contract_has_its_rule_and_keeps_it(contract: Contract) -> None:
    assert rules_of(contract) == RULES, "fourcast openapi > docs/openapi-v1.json, and look at its diff"


def test_every_operation_that_names_its_customers_says_here_how() -> None:
    assert NAMED.keys() - BANKS_OWN == {name for name, (_, reach) in RULES.items() if reach == "named"}
    assert {RULES[name][1] for name in BANKS_OWN} == {"branch"}


@pytest.mark.parametrize("name", RULES)
def test_without_a_key_or_without_its_scope_nothing_is_reached(road: Callable[[str], Road], name: str) -> None:
    here = road(name)
    assert here.status(None) == 401
    assert here.status(Client("no scope at all", frozenset())) == 403
    assert here.status(Client(f"all but {name}", frozenset(SCOPES) - set(here.scopes))) == 403


@pytest.mark.parametrize("name", RULES)
def test_any_one_of_its_scopes_is_enough_for_a_client_of_the_bank(road: Callable[[str], Road], name: str) -> None:
    here = road(name)
    for scope in here.scopes:
        for customer in (OWN, OTHER):
            assert here.status(Client(f"only {scope}", frozenset({scope})), customer) not in REFUSED


@pytest.mark.parametrize("name", RULES)
def test_a_customers_own_key_reaches_that_customer_and_nobody_else(road: Callable[[str], Road], name: str) -> None:
    here, mine = road(name), Client("mine", frozenset(SCOPES), customer_id=OWN)
    takes = RULES[name][1] in ("customer", "named")
    assert (here.status(mine, OWN) not in REFUSED) == takes
    assert here.status(mine, OTHER) in HIDDEN


@pytest.mark.parametrize("name", RULES)
def test_a_branchs_key_reaches_the_customers_of_that_branch(road: Callable[[str], Road], name: str) -> None:
    here, branch = road(name), Client("siming", frozenset(SCOPES), branch="siming")
    reach = RULES[name][1]
    assert (here.status(branch, OWN) not in REFUSED) == (reach != "bank")
    if reach == "bank":
        assert here.status(branch, OTHER) == 403
    elif reach != "branch" or name in NAMED:
        assert here.status(branch, OTHER) == 404


def test_a_customer_of_no_known_branch_and_one_that_is_not_there_look_the_same(client: Any, keys: Keys) -> None:
    answers = [client.get(f"/v1/customers/{one}/offers", headers=keys["branch"]) for one in ("c-dead", "c-none")]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json["detail"].replace("c-dead", "c-none") == answers[1].json["detail"]


def test_each_look_of_a_branch_is_on_record_refused_ones_too(client: Any, keys: Keys, store: Store) -> None:
    for one in ("c-1", "c-2"):
        client.get(f"/v1/customers/{one}/portrait", headers=keys["branch"])
    refused, allowed = store.access_log.list_views(2, client="branch")
    assert (allowed.customer_id, allowed.allowed, allowed.branch) == ("c-1", True, "siming")
    assert (refused.customer_id, refused.allowed) == ("c-2", False)
    assert refused.operation == "GET /v1/customers/<string:customer_id>/portrait"
    before = len(store.access_log.list_views(1000))
    client.get("/v1/customers/c-1/offers", headers=keys["app"])
    assert len(store.access_log.list_views(1000)) == before


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
def test_without_a_good_key_nothing_is_reached(client: Any, headers: dict[str, str]) -> None:
    for path in ("/v1/customers/c-1/offers", "/v1/policies"):
        answer = client.get(path, headers=headers)
        assert answer.status_code == 401
        assert answer.json["type"] == "urn:fourcast:problem:unauthorized"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


PUBLIC_ROUTES = ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/docs/start.js"]
PUBLIC_ROUTES += ["/v1/about-recommendations"]


@pytest.mark.parametrize("path", PUBLIC_ROUTES)
def test_public_routes_need_no_key(client: Any, path: str) -> None:
    assert client.get(path).status_code == 200


def test_only_these_routes_are_public(app: Flask) -> None:
    adapter = app.url_map.bind("")
    open_doors = {adapter.match(path, method="GET")[0] for path in PUBLIC_ROUTES}
    assert open_doors == {name for name, view in app.view_functions.items() if scope_of(view) == PUBLIC}


def test_every_route_declares_a_known_scope(app: Flask) -> None:
    declared = {rule.endpoint: scope_of(app.view_functions[rule.endpoint]) for rule in app.url_map.iter_rules()}
    scopes = {one for scope in declared.values() if scope is not None for one in scope.split(" or ")}
    assert None not in declared.values()
    assert scopes <= {PUBLIC, *SCOPES}


def test_a_route_says_nothing_of_its_reach_and_is_closed_to_bound_clients(app: Flask) -> None:
    view = app.view_functions["experiments.list_experiments"]
    assert reach_of(view, "/v1/experiments") == "bank"
    assert reach_of(view, "/v1/customers/<string:customer_id>/x") == "customer"


def test_a_route_without_a_scope_stops_the_start() -> None:
    app = Flask("careless", static_folder=None)
    app.add_url_rule("/v1/everything", "everything", lambda: "all of it")
    with pytest.raises(InvalidInput, match="everything"):
        expect_scopes(app)


def test_the_log_names_programs_but_no_customer(client: Any, keys: Keys, lines: list[bytes]) -> None:
    lines.clear()
    client.get("/v1/customers/c-1/offers?limit=2", headers=keys["app"])
    client.get("/v1/customers/c-1/offers?limit=2", headers=keys["own"])
    client.get("/v1/customers/c-nobody/offers", headers=keys["app"])
    assert b'"client":"app"' in lines[0]
    assert b'"client":null' in lines[1]
    assert b'"route":"/v1/customers/<string:customer_id>/offers"' in lines[0]
    assert not any(secret in line for line in lines for secret in (b"c-1", b"c-nobody", b"fck_", b"limit"))
