"""An example of each operation, response_doc in the OpenAPI document; a test holds each against its schema.

Short ones are in the file of their resource; ``captured.json`` holds the larger ones by operation and status
(``body``: what is sent), captured from a running service by ``python -m tests.contract.capture``.

    jobs       what is answered later
    leads      one, and its steps
"""

from importlib.resources import files
from typing import Any

import orjson

TWIN = "ByKey"
"""How the ids of operations end that are served below an external key too; their examples are those of the id."""


def exampled(document: dict[str, Any]) -> dict[str, Any]:
    """The document with the captured examples, wherever an operation shows none of its own."""
    captured = orjson.loads((files("service.routes.examples") / "captured.json").read_bytes())
    for row in document["paths"].values():
        for operation in row.values():
            if "operationId" in operation:
                _show(operation, captured.get(operation["operationId"].removesuffix(TWIN), {}))
    return document


def _show(operation: dict[str, Any], shown: dict[str, Any]) -> None:
    sides = {"body": operation.get("requestBody", {}), **operation["responses"]}
    for side, example in shown.items():
        for content in sides.get(side, {}).get("content", {}).values():
            if "examples" not in content:
                content.setdefault("example", example)
