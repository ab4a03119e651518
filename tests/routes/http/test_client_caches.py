"""What a client's own HTTP cache may show: nothing that the server would not say any more.

The cache is hishel, which keeps RFC 9111 as written, as phones' and browsers' caches do.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis
import requests
from flask import Flask
from hishel import CacheOptions, SqliteStorage
from hishel.requests import CacheAdapter

from service.store import Store
from tests.routes.conftest import SAVER
from tests.served import Served

OFFERS = "/v1/customers/{}/offers?channel=mobile_app&limit=3"


@pytest.fixture(scope="module")
def served(
    database_url: str, redis_url: str, store: Store, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    redis.Redis.from_url(redis_url).flushall()  # answers from another module's database bear the same names
    store.customers.load((name, SAVER) for name in ("c-dismisses", "c-withdraws", "c-asks"))
    running = Served(database_url, redis_url, tmp_path_factory.mktemp("home"))
    yield running
    running.stop()


class Phone:
    """A client that keeps answers as RFC 9111 lets it."""

    def __init__(self, served: Served, folder: Path) -> None:
        self._session, self._base = requests.Session(), f"http://127.0.0.1:{served.port}"
        self._session.headers["Authorization"] = f"Bearer {served.key}"
        storage = SqliteStorage(database_path=folder / "phone.db")
        self._session.mount("http://", CacheAdapter(rfc=CacheOptions(shared=False), storage=storage))

    def get(self, path: str, **headers: str) -> requests.Response:
        return self._session.get(self._base + path, headers=headers, timeout=10)

    def send(self, method: str, path: str, document: Any) -> None:
        assert self._session.request(method, self._base + path, json=document, timeout=10).ok


@pytest.fixture
def phone(served: Served, tmp_path: Path) -> Phone:
    return Phone(served, tmp_path)


def test_a_dismissed_offer_is_never_shown_again_from_the_phones_own_cache(phone: Phone) -> None:
    path = OFFERS.format("c-dismisses")
    first = phone.get(path).json()["offers"][0]["offer"]
    now = datetime.now(UTC).isoformat()
    event = {"id": "p-1", "customer_id": "c-dismisses", "kind": "dismiss", "offer": first, "at": now}
    phone.send("POST", "/v1/events", event)
    assert first not in [offer["offer"] for offer in phone.get(path).json()["offers"]]


def test_after_an_opt_out_the_phones_own_cache_shows_nothing_personal(phone: Phone) -> None:
    path = OFFERS.format("c-withdraws")
    assert phone.get(path).json()["personalised"] is True
    phone.send("PUT", "/v1/customers/c-withdraws/preferences", {"personalisation": False, "version": "v1"})
    assert phone.get(path).json()["personalised"] is False


@pytest.mark.parametrize("packing", ["gzip", "identity"])
def test_what_still_holds_is_asked_after_and_not_sent_again(phone: Phone, packing: str) -> None:
    first, again = (phone.get(OFFERS.format("c-asks"), **{"Accept-Encoding": packing}) for _ in range(2))
    assert first.headers["X-Hishel-Stored"] == "true"
    assert (again.headers["X-Hishel-Revalidated"], again.headers["X-Hishel-From-Cache"]) == ("true", "true")
    assert again.content == first.content
    assert again.headers["ETag"] == first.headers["ETag"]


def test_no_answer_about_the_bank_or_its_customers_may_be_used_again_without_asking(
    app: Flask, keys: dict[str, dict[str, str]]
) -> None:
    """Every GET there is, but for the pages of the documentation, which are the same for everybody."""
    client = app.test_client()
    paths = [rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    for path in paths:
        if not path.startswith(("/v1/", "/healthz", "/readyz", "/metrics")):
            continue
        filled = path.replace("<string:customer_id>", "c-1")
        for headers in (keys["branch"], keys["app"], {}):
            said = client.get(filled, headers=headers).headers["Cache-Control"]
            assert said in ("no-store", "private, no-cache"), (path, said)
