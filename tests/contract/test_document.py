"""The OpenAPI document by itself: valid, told in words, and with an example wherever a reader wants one."""

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from service.cli.operate.openapi import contract

CONTRACT = contract()
OPERATIONS = [
    (row["operationId"], path, method, row)
    for path, methods in CONTRACT["paths"].items()
    for method, row in methods.items()
    if "operationId" in row
]
IDS = [name for name, *_ in OPERATIONS]


def test_it_is_openapi_3_1() -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(CONTRACT).iter_errors()] == []


def test_operation_ids_are_words_of_their_own() -> None:
    assert len(set(IDS)) == len(IDS)
    assert all(name.isidentifier() and name[0].islower() for name in IDS)


def contents(row: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(where, media type, content) of the body and of each answer that succeeded."""
    for media, content in row.get("requestBody", {}).get("content", {}).items():
        yield "body", media, content
    for status, answer in row["responses"].items():
        for media, content in answer.get("content", {}).items():
            yield status, media, content


def examples(content: dict[str, Any]) -> list[Any]:
    """What is shown: one example, or several by name."""
    several = [each["value"] for each in content.get("examples", {}).values()]
    return [content["example"], *several] if "example" in content else several


@pytest.mark.parametrize(("name", "path", "method", "row"), OPERATIONS, ids=IDS)
def test_every_operation_has_words_and_an_example_of_each_body_and_answer(
    name: str, path: str, method: str, row: dict[str, Any]
) -> None:
    assert row["summary"], name
    assert row["description"], (
        f"{method.upper()} {path}: say in a second paragraph of the view's docstring what it does"
    )
    parameters = [*CONTRACT["paths"][path].get("parameters", ()), *row.get("parameters", ())]
    assert not [each["name"] for each in parameters if not each.get("description")], f"{name}: say in links.PARAMETERS"
    lacking = [where for where, media, content in contents(row) if "json" in media and not examples(content)]
    assert not lacking, f"{name} shows no example of: {lacking}"


@pytest.mark.parametrize(("name", "path", "method", "row"), OPERATIONS, ids=IDS)
def test_every_example_fits_its_schema(name: str, path: str, method: str, row: dict[str, Any]) -> None:
    for where, media, content in contents(row):
        if "json" not in media:
            continue
        validator = Draft202012Validator({**content["schema"], "components": CONTRACT["components"]})
        for example in examples(content):
            faults = [f"{error.json_path}: {error.message}" for error in validator.iter_errors(example)]
            assert not faults, (name, where, faults)


def test_every_link_names_an_operation_and_a_parameter_it_takes() -> None:
    taken = {name: path for name, path, *_ in OPERATIONS}
    links = [
        (link["operationId"], parameter)
        for *_, row in OPERATIONS
        for answer in row["responses"].values()
        for link in answer.get("links", {}).values()
        for parameter in link["parameters"]
    ]
    assert len(links) > 10
    for target, parameter in links:
        assert f"{{{parameter}}}" in taken[target]


def test_whoever_may_send_an_idempotency_key_is_told_that_the_first_request_may_still_be_answered() -> None:
    keyed = [row for *_, row in OPERATIONS if "Idempotency-Key" in {one["name"] for one in row.get("parameters", ())}]
    assert len(keyed) > 40 and [row["operationId"] for row in keyed if "409" not in row["responses"]] == []
