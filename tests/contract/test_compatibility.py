"""The contract of v1 only grows: what was promised in docs/openapi-v1.json holds for what is served now."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from service.cli.operate.openapi import contract
from tests.contract.compatibility import breaks

ROOT = Path(__file__).resolve().parents[2]
PROMISED = ROOT / "docs" / "openapi-v1.json"

SMALL: dict[str, Any] = {
    "paths": {
        "/v1/things/{id}": {
            "parameters": [{"in": "path", "name": "id", "required": True, "schema": {"type": "string"}}],
            "put": {
                "operationId": "putThing",
                "security": [{"bearer": ["things:write"]}],
                "parameters": [{"in": "query", "name": "limit", "schema": {"type": "integer", "maximum": 10}}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Input"}}}},
                "responses": {
                    "200": {
                        "headers": {"ETag": {}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
                    },
                    "404": {"content": {"application/problem+json": {"schema": {"type": "object"}}}},
                },
            },
        }
    },
    "components": {
        "schemas": {
            "Input": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string", "maxLength": 64}, "note": {"type": ["string", "null"]}},
            },
            "Thing": {
                "type": "object",
                "required": ["name", "kind"],
                "properties": {
                    "name": {"type": "string"},
                    "kind": {"type": "string", "enum": ["a", "b"]},
                    "parts": {"type": "array", "items": {"type": "integer"}},
                },
            },
        }
    },
}
PUT = SMALL["paths"]["/v1/things/{id}"]["put"]


def operation(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = document["paths"]["/v1/things/{id}"]["put"]
    return found


def parts(document: dict[str, Any], schema: str) -> dict[str, Any]:
    found: dict[str, Any] = document["components"]["schemas"][schema]
    return found


def test_what_is_served_now_keeps_what_v1_promised() -> None:
    found = breaks(json.loads(PROMISED.read_text()), contract())
    assert not found, "\n".join(["callers of v1 would break:", *found])


BROKEN: dict[str, Callable[[dict[str, Any]], Any]] = {
    "PUT /v1/things/{id} is gone": lambda d: d["paths"].clear(),
    'its operationId "putThing" is now "setThing"': lambda d: operation(d).update(operationId="setThing"),
    "opens it no more": lambda d: operation(d).update(security=[{"bearer": ["things:own"]}]),
    "query parameter limit is gone": lambda d: operation(d)["parameters"].clear(),
    "query parameter limit is now required": lambda d: operation(d)["parameters"][0].update(required=True),
    "query parameter limit: maximum is 5 now, was 10": lambda d: operation(d)["parameters"][0]["schema"].update(
        maximum=5
    ),
    "new query parameter page is required": lambda d: operation(d)["parameters"].append(
        {"in": "query", "name": "page", "required": True, "schema": {"type": "string"}}
    ),
    "a body is now required": lambda d: operation(d)["requestBody"].update(required=True),
    "takes no body any more": lambda d: operation(d).pop("requestBody"),
    "body.note is now required": lambda d: parts(d, "Input")["required"].append("note"),
    "body.note is gone": lambda d: parts(d, "Input")["properties"].pop("note"),
    "body.note: takes string now, took null or string": lambda d: parts(d, "Input")["properties"]["note"].update(
        type="string"
    ),
    "body.name: maxLength is 32 now, was 64": lambda d: parts(d, "Input")["properties"]["name"].update(maxLength=32),
    "body.name: pattern is a+ now, was free": lambda d: parts(d, "Input")["properties"]["name"].update(pattern="a+"),
    "body.name: takes only certain words now": lambda d: parts(d, "Input")["properties"]["name"].update(enum=["x"]),
    "answer 200 is gone": lambda d: operation(d)["responses"].pop("200"),
    "answer 200: header ETag is gone": lambda d: operation(d)["responses"]["200"].pop("headers"),
    "answer 200: application/json is gone": lambda d: operation(d)["responses"]["200"]["content"].clear(),
    "answer 200.parts is gone": lambda d: parts(d, "Thing")["properties"].pop("parts"),
    "answer 200.name may now be absent": lambda d: parts(d, "Thing")["required"].remove("name"),
    "answer 200.name: is null or string now, was string": lambda d: parts(d, "Thing")["properties"]["name"].update(
        type=["string", "null"]
    ),
    'answer 200.kind: the word "b" is gone': lambda d: parts(d, "Thing")["properties"]["kind"].update(enum=["a"]),
    "answer 200.parts.items: is string now, was integer": lambda d: parts(d, "Thing")["properties"]["parts"].update(
        items={"type": "string"}
    ),
}
GROWN: dict[str, Callable[[dict[str, Any]], Any]] = {
    "a new path": lambda d: d["paths"].update({"/v1/others": {"get": PUT}}),
    "an optional parameter": lambda d: operation(d)["parameters"].append(
        {"in": "query", "name": "page", "schema": {"type": "string"}}
    ),
    "a wider bound": lambda d: operation(d)["parameters"][0]["schema"].update(maximum=20),
    "an optional member of what is sent": lambda d: parts(d, "Input")["properties"].update(x={"type": "string"}),
    "a further type that is taken": lambda d: parts(d, "Input")["properties"]["name"].update(type=["string", "null"]),
    "a further member of what is answered": lambda d: parts(d, "Thing")["properties"].update(x={"type": "string"}),
    "a further word of what is answered": lambda d: parts(d, "Thing")["properties"]["kind"].update(
        enum=["a", "b", "c"]
    ),
    "a further way in": lambda d: operation(d)["security"].append({"oauth": ["things:write"]}),
    "an error that is gone": lambda d: operation(d)["responses"].pop("404"),
}


@pytest.mark.parametrize("sentence", BROKEN)
def test_each_kind_of_break_is_told_in_its_sentence(sentence: str) -> None:
    changed = copy.deepcopy(SMALL)
    BROKEN[sentence](changed)
    (found,) = breaks(SMALL, changed)
    assert found.endswith(sentence)


@pytest.mark.parametrize("change", GROWN)
def test_growth_is_no_break(change: str) -> None:
    changed = copy.deepcopy(SMALL)
    GROWN[change](changed)
    assert breaks(SMALL, changed) == []
    assert changed != SMALL


def test_a_removed_member_of_what_is_really_served_would_be_found() -> None:
    promised = contract()
    changed = copy.deepcopy(promised)
    changed["components"]["schemas"]["Offer"]["properties"].pop("rank")
    assert any("offers.items.rank is gone" in sentence for sentence in breaks(promised, changed))
