"""Pages in a browser: by default none may call; those a setting names exactly may, and preflights are answered."""

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import Client

from service.app import create_app
from service.core.errors import InvalidInput
from service.runtime.config import Settings

PAGE, OTHER = "https://app.bank.example", "https://app.bank.example.evil.test"
OFFERS = "/v1/customers/c-1/offers"
ASKS = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
KEY = {"Authorization": "Bearer fck_nobody"}
STRANGERS = [OTHER, "null", "*", PAGE.upper(), f"{PAGE}:8443", "http://app.bank.example", f"{PAGE}/"]
NO_ORIGINS = [
    "*",
    "null",
    "https://*.bank.example",
    f"{PAGE}/",
    f"{PAGE}/app",
    "app.bank.example",
    ",",
    f"{PAGE} {OTHER}",
    f"{PAGE}:443",
    "http://localhost:80",
    f"{PAGE}:65536",
]


@pytest.fixture(scope="module")
def page(app: Flask) -> Any:
    """The same engine behind an app that two pages may call: ``(method, path, origin, headers) -> answer``."""
    settings = Settings.read({"FOURCAST_CORS_ORIGINS": f"{PAGE}, http://localhost:5173"})
    browser = Client(create_app(settings, app.extensions["fourcast"], lambda _line: None))

    def ask(method: str, path: str, origin: str, headers: dict[str, str] | None = None) -> Any:
        return browser.open(path, method=method, headers={"Origin": origin, **(headers or {})})

    return ask


def allowed(answer: Any) -> str | None:
    told = answer.headers.getlist("Access-Control-Allow-Origin")
    assert len(told) <= 1
    assert "Access-Control-Allow-Credentials" not in answer.headers
    return told[0] if told else None


def test_by_default_no_page_may_call(client: Any) -> None:
    for method in ("GET", "OPTIONS"):
        answer = client.open(OFFERS, method=method, headers={"Origin": PAGE, **ASKS})
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_a_preflight_of_a_named_page_is_answered_without_a_key(page: Any) -> None:
    answer = page("OPTIONS", OFFERS, PAGE, ASKS)
    assert (answer.status_code, allowed(answer), answer.data) == (204, PAGE, b"")
    assert "GET" in answer.headers["Access-Control-Allow-Methods"].split(", ")
    assert {"Authorization", "Idempotency-Key"} <= set(answer.headers["Access-Control-Allow-Headers"].split(", "))
    assert "Origin" in answer.headers.getlist("Vary")


def test_a_named_page_reads_answers_and_errors_alike(page: Any, keys: dict[str, dict[str, str]]) -> None:
    for headers, status in ((keys["app"], 200), (KEY, 401), ({}, 401)):
        answer = page("GET", OFFERS, PAGE, headers)
        assert (answer.status_code, allowed(answer)) == (status, PAGE)
        assert "X-Request-Id" in answer.headers["Access-Control-Expose-Headers"].split(", ")
    held = page("GET", OFFERS, PAGE, keys["app"]).headers["ETag"]
    assert allowed(page("GET", OFFERS, PAGE, keys["app"] | {"If-None-Match": held})) == PAGE
    assert allowed(page("GET", OFFERS, "http://localhost:5173", keys["app"])) == "http://localhost:5173"


@pytest.mark.parametrize("origin", STRANGERS)
def test_an_origin_is_compared_whole(page: Any, keys: dict[str, dict[str, str]], origin: str) -> None:
    for answer in (page("GET", OFFERS, origin, keys["app"]), page("OPTIONS", OFFERS, origin, ASKS)):
        assert allowed(answer) is None
        assert "Origin" in answer.headers.getlist("Vary"), "a cache must not give a page what was meant for another"


def test_only_the_api_is_open_to_pages(page: Any) -> None:
    assert allowed(page("GET", "/metrics", PAGE)) is None


def test_a_page_may_send_whatever_header_the_service_takes(page: Any) -> None:
    taken = page("OPTIONS", OFFERS, PAGE, ASKS).headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert {"authorization", "x-api-key", "idempotency-key", "if-match", "content-encoding"} <= set(taken)
    shown = page("GET", "/v1/nothing", PAGE).headers["Access-Control-Expose-Headers"].split(", ")
    assert {"Allow", "Accept-Encoding", "Link", "Location"} <= set(shown), "what an error says of the way on"


@pytest.mark.parametrize("value", NO_ORIGINS)
def test_no_wildcard_and_nothing_but_whole_origins_may_be_set(value: str) -> None:
    with pytest.raises(InvalidInput, match="FOURCAST_CORS_ORIGINS: must be origins between commas"):
        Settings.read({"FOURCAST_CORS_ORIGINS": value})
