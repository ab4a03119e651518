"""Examples of the larger operations, captured from a running service; a test holds each against its schema.

``captured.json`` holds them by operation and status (``body``: what is sent). ``python -m tests.contract.capture``
writes it. Short examples are in the file of their resource.
"""

from importlib.resources import files
from typing import Any

import orjson


def with_captured_examples(document: dict[str, Any], twin: str) -> dict[str, Any]:
    """The document with the captured examples wherever an operation has none; ``twin`` ends the ids of copies."""
    captured = orjson.loads((files("service.routes.examples") / "captured.json").read_bytes())
    for row in document["paths"].values():
        for operation in row.values():
            if "operationId" in operation:
                _complete(operation, captured.get(operation["operationId"].removesuffix(twin), {}))
    return document


def _complete(operation: dict[str, Any], examples: dict[str, Any]) -> None:
    sides = {"body": operation.get("requestBody", {}), **operation["responses"]}
    for side, example in examples.items():
        for content in sides.get(side, {}).get("content", {}).values():
            if "examples" not in content:
                content.setdefault("example", example)
