"""Every answer about offers keeps the contract, whichever parts are away and whoever it is about."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient

from service.app import create_app
from service.core.domain import Client
from service.engine.auth import new_key
from service.routes.docs import CONTRACT
from service.store import ConsentWords
from tests.contract.answers import faults
from tests.engine.conftest import SAVER, House
from tests.servers import execute
from tests.waiting import eventually

DATABASE, CACHE, MODELS = "database", "cache", "models"
SERVERS = {DATABASE: "postgres", CACHE: "valkey"}
AWAY = [parts for count in range(4) for parts in combinations((DATABASE, CACHE, MODELS), count)]
CUSTOMERS = ("known", "opted-out", "unknown")
OFFERS, BULK = "/v1/customers/{customer_id}/offers", "/v1/offers/bulk"
BY_KEY = "/v1/external-keys/K-{customer_id}/offers"
ROADS: dict[str, tuple[str, str, Any]] = {
    "GET": ("GET", f"{OFFERS}?channel=mobile_app", None),
    "GET explained": ("GET", f"{OFFERS}?channel=mobile_app&explain=true", None),
    "POST": ("POST", OFFERS, {"channel": "mobile_app"}),
    "POST what was never asked": ("POST", OFFERS, {"channel": "mobile_app", "trigger": "maturity", "amount_yuan": 1.5}),
    "GET by key": ("GET", f"{BY_KEY}?channel=mobile_app", None),
    "GET by key explained": ("GET", f"{BY_KEY}?channel=mobile_app&explain=true", None),
    "POST by key": ("POST", BY_KEY, {"channel": "mobile_app"}),
    "visitor": ("POST", "/v1/offers", {"channel": "mobile_app"}),
    "visitor on a device": ("POST", "/v1/offers", {"channel": "mobile_app", "device_id": "a-device-of-nobody"}),
    "bulk": ("POST", BULK, {"customers": [*CUSTOMERS], "channel": "mobile_app"}),
}


@pytest.fixture(scope="module")
def key(home: Any) -> Iterator[dict[str, str]]:
    store, (text, digest) = House(*home, engines=[]).store, new_key()
    store.customers.load([("known", SAVER), ("opted-out", SAVER)])
    store.consents.say("opted-out", ConsentWords({"personalisation": False}, "test", "v1"), 1)
    keyed = "UPDATE customers SET external_key = 'K-' || id WHERE id = ANY(%s)"
    execute(str(home[0].database_url), keyed, list(CUSTOMERS))
    store.clients.add(Client("walker", frozenset({"offers:read", "offers:explain"}), quota=100_000), digest, "test")
    store.close()
    yield {"Authorization": f"Bearer {text}"}


@pytest.fixture(scope="module")
def own_key(home: Any, key: dict[str, str]) -> dict[str, str]:
    """The key of an app that is bound to one customer."""
    store, (text, digest) = House(*home, engines=[]).store, new_key()
    store.clients.add(Client("phone", frozenset({"offers:read"}), customer_id="known", quota=100_000), digest, "test")
    store.close()
    return {"Authorization": f"Bearer {text}"}


def asked(client: FlaskClient, key: dict[str, str], road: str, customer: str) -> tuple[str, Any]:
    """The path as the contract writes it, and the answer."""
    method, path, body = ROADS[road]
    answer = client.open(path.format(customer_id=customer), method=method, json=body, headers=key)
    return path.partition("?")[0].replace("K-{customer_id}", "{external_key}"), answer


@pytest.mark.parametrize("away", AWAY, ids="+".join)
def test_every_degraded_answer_keeps_the_contract(
    house: House, key: dict[str, str], own_key: dict[str, str], away: tuple[str, ...], tmp_path: Path
) -> None:
    settings = replace(house.settings, database_deadline_ms=500 if DATABASE in away else 2000)
    if MODELS in away:
        settings = replace(settings, artifacts=tmp_path)
    worker = replace(house, settings=settings).worker()
    app = create_app(settings, worker, lambda line: None)
    client, contract = app.test_client(), orjson.loads(app.extensions[CONTRACT])
    assert eventually(lambda: all(asked(client, key, "GET", one)[1].status_code == 200 for one in CUSTOMERS[:2]))
    assert asked(client, own_key, "GET by key", "known")[1].json["customer_id"] == "known"
    with ExitStack() as frozen:
        for part in SERVERS.keys() & set(away):
            frozen.enter_context(house.frozen(SERVERS[part]))
        for road, customer in product(ROADS, CUSTOMERS):
            path, answer = asked(client, key, road, customer)
            assert not faults(contract, path, answer)
            expect(away, road, customer, answer)
        mine = asked(client, own_key, "GET by key", "known")[1]
        assert mine.status_code == (503 if DATABASE in away else 200), (
            "whose it is must be known to who reaches one alone"
        )


def expect(away: tuple[str, ...], road: str, customer: str, answer: Any) -> None:
    """What the ladder promises: the unknown are 404 while that can be told; without PostgreSQL nothing is recorded."""
    if road.startswith("visitor"):
        assert (answer.status_code, answer.json["customer_id"], answer.json["personalised"]) == (200, None, False)
        assert (answer.json["decision_id"] is None) == (DATABASE in away)
        assert answer.json["offers"]
        return
    if road == "bulk":
        assert answer.status_code == (503 if DATABASE in away else 200)
    elif DATABASE not in away:
        assert answer.status_code == (404 if customer == "unknown" else 200)
    elif "explained" in road:
        assert answer.status_code == 503
    else:
        assert answer.status_code == 200
        assert DATABASE in answer.json["degraded"]
        if "by key" in road:  # nobody can tell whose it is: the policy's default, and never what another was answered
            told = [answer.json[name] for name in ("customer_id", "external_key", "decision_id", "personalised")]
            assert told == ["", f"K-{customer}", None, False]
            return
    if answer.status_code == 200 and road != "bulk":
        whole, told = answer.json, [offer["decision_id"] for offer in answer.json["offers"]]
        assert set(told) <= {whole["decision_id"]}
        assert (customer == "opted-out") <= (whole["personalised"] is False)
        assert whole["customer_id"] == customer
        if "explained" in road or (DATABASE in away and customer == "unknown"):
            assert whole["decision_id"] is None
            assert {offer["token"] for offer in whole["offers"]} == {None}
