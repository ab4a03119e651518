"""What the worst request of a legal size costs on every route of the contract: under a hundred normal ones.

Work is counted as calls of functions while the request is answered, in Python and into C, so that a loaded machine
counts the same. A route that is added to the contract is held to this by itself: its body is the contract's example,
each part of which is replaced in turn by what is as large as a body may be.
"""

import copy
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

import pytest
import redis
from flask import Flask
from werkzeug.test import EnvironBuilder

from service.app import create_app
from service.cache import Cache
from service.cli.operate.openapi import contract
from service.core.domain import Client
from service.engine.auth import SCOPES, new_key
from service.engine.engine import Engine
from service.routes.customers.customers import MOST_SEVERAL
from service.routes.http.json_body import MOST_VALUES
from service.rules.policy import DEFAULT, load
from service.runtime.config import Settings
from service.store import Store
from tests.contract.stack import EXAMPLE_CUSTOMER
from tests.routes.conftest import CUSTOMERS, SAVER

TIMES = 100
SIZE = 1_000_000
PLACEHOLDER = "\0here"
CONTRACT = contract()
OPERATIONS = [
    (row["operationId"], method.upper(), path, row)
    for path, methods in CONTRACT["paths"].items()
    for method, row in methods.items()
    if "operationId" in row
]
WITH_BODY = [one for one in OPERATIONS if "requestBody" in one[3]]
UUID = "0190a000-0000-7000-8000-000000000000"


def many(unit: str, count: int) -> str:
    """An array of so many."""
    return f"[{','.join([unit] * min(count, SIZE // (len(unit) + 1)))}]"


def named(stem: str, count: int) -> str:
    """An object of so many names, all near to ``stem``, that fills a body."""
    room = SIZE // count - 12
    return "{" + ",".join(f'"{(stem * room)[:room]}{number}":1' for number in range(count)) + "}"


def short(stem: str, count: int) -> str:
    """An object of so many short names near to ``stem``."""
    return "{" + ",".join(f'"{stem}{number}":1' for number in range(count)) + "}"


@cache
def shapes(known: str) -> dict[str, str]:
    """The largest JSON texts of several kinds; ``known`` is a name that the route reads."""
    few, several = MOST_VALUES - 100, MOST_SEVERAL - 100
    return {
        "near names": short(known, few),
        "near names, as many as a list may hold": short(known, several),
        "numbers, as many as a list may hold": many("1e9", several),
        "a text out of Unicode's order": '"a' + "\u0315\u0334" * (SIZE // 4 - 100) + '"',
        "objects": many("{}", few),
        "arrays": many("[1]", few // 2),
        "half a million numbers": many("1", SIZE // 2),
        "long near names": named(known, few),
        "one name of a megabyte": f'{{"{(known * SIZE)[: SIZE - 100]}":1}}',
        "one number of a megabyte": "9" * (SIZE - 100),
        "a text of blanks": f'"{" " * (SIZE - 100)}"',
        "texts with escapes": many('"\\ud83d\\ude00"', few),
        "open brackets": "[" * (MOST_VALUES - 100),
    }


INSIDE = 4
"""How many of the shapes stand in for each part of a body, too."""
DEPTH = {"publishPolicy": 1}
"""How deep parts are replaced: what a policy's documents hold is for their own reader to judge."""
HEADERS = {
    "Accept-Language": ",".join(f"a{n};q=0.{n}" for n in range(700)),
    "Accept": ",".join(f"a/b{n};q=0.{n}" for n in range(600)),
    "If-None-Match": ",".join(f'W/"{n}"' for n in range(1_000)),
    "If-Match": ",".join(f'"{n}"' for n in range(1_000)),
    "Idempotency-Key": '"' * 8_000,
    "Authorization": "Bearer " + "a" * 3_900 + "." + "b" * 2_000 + "." + "c" * 2_000,
    "Prefer": "respond-async, " * 500,
    "traceparent": "0" * 8_000,
    "Content-Type": "application/json; " + "a=b; " * 1_500,
}
QUERIES = ("&".join(f"limi{n}=1" for n in range(400)), "limit=" + "9" * 3_900, "with=" + "%CC%95%CC%B4" * 300)


class _TooMuchError(BaseException):
    """The request has cost more than it may; not an Exception, lest it be answered."""


@dataclass
class Bench:
    """The app with what the examples need, and a key that may do everything."""

    app: Flask
    key: str
    policy: str

    def environ(self, method: str, path: str, body: str | None, **more: Any) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self.key}", **more.pop("headers", {})}
        media = {} if body is None else {"data": body.encode(), "content_type": "application/json"}
        return EnvironBuilder(path=path, method=method, headers=headers, **media, **more).get_environ()

    def work(self, environ: dict[str, Any], most: float = float("inf")) -> int:
        """How many functions are called to answer."""
        count = 0

        def called(_frame: object, event: str, _arg: object) -> None:
            nonlocal count
            if event in ("call", "c_call"):
                count += 1
                if count > most:
                    raise _TooMuchError

        sys.setprofile(called)
        try:
            b"".join(self.app.wsgi_app(environ, lambda *_: lambda _: None))
        except _TooMuchError:
            return count
        finally:
            sys.setprofile(None)
        return count

    def url(self, path: str, customer: str = EXAMPLE_CUSTOMER) -> str:
        """The path with the names of what is stored."""
        for name in ("job_id", "lead_id", "webhook_id", "decision_id"):
            path = path.replace(f"{{{name}}}", UUID)
        path = path.replace("{policy_hash}", self.policy).replace("{version}", "b-000000000000")
        return path.replace("{customer_id}", customer).replace("{customer}", customer).partition("{")[0] + (
            "x-1" if path.endswith(("{adviser_id}", "{external_key}")) else path.partition("}")[2]
        )


@pytest.fixture(scope="module")
def bench(make_database: Any, redis_url: str) -> Iterator[Bench]:
    redis.Redis.from_url(redis_url).flushall()
    store = Store(make_database(), 20_000)
    store.customers.load([*CUSTOMERS.items(), (EXAMPLE_CUSTOMER, SAVER)])
    shipped = load(DEFAULT)
    store.proposals.bootstrap(shipped.hash, shipped.documents, None, "demo", "first light")
    key, digest = new_key()
    store.clients.add(Client("contract", frozenset(SCOPES)), digest, actor="test")
    engine = Engine(Settings(), store, Cache(redis_url))
    yield Bench(create_app(Settings(), engine, lambda _: None), key, shipped.hash)
    engine.close()
    store.close()


def normal_body(name: str, row: dict[str, Any]) -> Any:
    """What a caller sends: the body that the contract shows, of several the list; a policy is shown in part only."""
    if name == "publishPolicy":
        return {"documents": load(DEFAULT).documents, "note": "autumn"}
    return example(row)


def example(row: dict[str, Any]) -> Any:
    """The body that the contract shows; of several, the list."""
    content = next(iter(row["requestBody"]["content"].values()))
    return content["example"] if "example" in content else content["examples"]["several"]["value"]


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The whole, each member of it, and what a list's first item is made of."""
    yield at
    if isinstance(value, dict) and len(at) < 3:
        for name in value:
            yield from places(value[name], (*at, name))
    if isinstance(value, list) and value:
        yield from places(value[0], (*at, 0))


def put(value: Any, at: tuple[Any, ...], token: str) -> str:
    """The body with JSON text in one place."""
    if not at:
        return token
    changed = copy.deepcopy(value)
    below = changed
    for step in at[:-1]:
        below = below[step]
    below[at[-1]] = PLACEHOLDER
    return json.dumps(changed).replace(json.dumps(PLACEHOLDER), token)


@pytest.mark.parametrize(("name", "method", "path", "row"), WITH_BODY, ids=[one[0] for one in WITH_BODY])
def test_the_worst_body_costs_less_than_a_hundred_normal_ones(
    bench: Bench, name: str, method: str, path: str, row: dict[str, Any]
) -> None:
    body, url = example(row), bench.url(path)
    bench.work(bench.environ(method, url, json.dumps(normal_body(name, row))))
    normal = bench.work(bench.environ(method, url, json.dumps(normal_body(name, row))))
    known = next(iter(body))
    for at in (at for at in places(body) if len(at) <= DEPTH.get(name, 3)):
        for shape, token in islice(shapes(known).items(), INSIDE if at else None):
            environ = bench.environ(method, url, put(body, at, token))
            assert bench.work(environ, TIMES * normal) <= TIMES * normal, f"{shape} at {at} of {name}"


@pytest.mark.parametrize(("name", "method", "path", "row"), OPERATIONS, ids=[one[0] for one in OPERATIONS])
def test_the_longest_headers_and_queries_cost_less_than_a_hundred_normal_requests(
    bench: Bench, name: str, method: str, path: str, row: dict[str, Any]
) -> None:
    body, url = "{}" if "requestBody" in row else None, bench.url(path)
    bench.work(bench.environ(method, url, body))
    normal = bench.work(bench.environ(method, url, body))
    alone = ("Idempotency-Key", "Authorization", "Content-Type")
    together = {header: text for header, text in HEADERS.items() if header not in alone}
    asked = [{"headers": headers} for headers in (together, *({header: HEADERS[header]} for header in alone))]
    for more in (*asked, *({"query_string": query} for query in QUERIES)):
        environ = bench.environ(method, url, body, **more)
        assert bench.work(environ, TIMES * normal) <= TIMES * normal, f"{str(more)[:40]} of {name}"
