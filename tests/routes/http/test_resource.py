"""An endpoint is one decorator: what it derives, and what stops the start with a sentence that names the file."""

from typing import Any

import pytest
from flask import Flask, Response

from service.core.domain import Client
from service.core.errors import Conflict, InvalidInput
from service.routes import resource_of
from service.routes.health import Alive
from service.routes.http.fields import Strict, Word
from service.routes.http.openapi.document import document
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import RawResponse

FINE = {"200": response_doc("Fine.", Alive)}
HERE = "tests/routes/http/test_resource.py"


class Thing(Strict):
    """A body or a query."""

    name = Word()


def served(resource: Resource) -> dict[str, Any]:
    app = Flask("small", static_folder=None)
    paths: dict[str, Any] = document(app, (resource,))["paths"]
    return paths


def test_the_operation_is_derived_from_the_view_and_the_decorator() -> None:
    api = Resource("things", __name__)

    @api.post("/v1/things", scope=("leads:read", "leads:write"), query=Thing, body=Thing, example={"name": "x"},
              answers=FINE, errors=(Conflict,))  # fmt: skip
    def put_on_a_shelf(client: Client) -> Response:
        """Put it there

        For good.
        """
        return RawResponse(b"{}")

    row = served(api)["/v1/things"]["post"]
    assert (row["operationId"], row["summary"], row["description"]) == ("putOnAShelf", "Put it there", "For good.")
    assert [name["name"] for name in row["parameters"]] == ["name", "Idempotency-Key"]
    assert [scope for each in row["security"] for scope in each.items()][::2] == [
        ("bearer", ["leads:read"]),
        ("bearer", ["leads:write"]),
    ]
    assert {"200", "400", "401", "403", "409", "413", "415", "422", "500", "503"} <= set(row["responses"])
    assert row["requestBody"]["content"]["application/json"]["example"] == {"name": "x"}
    assert row["x-reach"] == "bank"


def test_what_lies_below_a_customer_lies_below_their_external_key_too() -> None:
    api = Resource("things", __name__)

    @api.get("/v1/customers/<string:customer_id>/things", scope="leads:read", answers=FINE)
    def list_things(client: Client, customer_id: str) -> Response:
        """Things"""
        return RawResponse(b"{}")

    twin = served(api)["/v1/external-keys/{external_key}/things"]["get"]
    assert (twin["operationId"], twin["x-reach"]) == ("listThingsByKey", "customer")
    assert "404" in twin["responses"]


@pytest.mark.parametrize(
    ("path", "scope", "sentence"),
    [
        ("/v1/things", "leads:raed", 'scope "leads:raed" is not one of offers:read'),
        ("/v1/things/<string:lead_id>", "leads:read", r"must take \(client, lead_id\), not \(client\)"),
        ("/v1/things/<string:thing>", "leads:read", 'parameter "thing" needs a row of PARAMETERS in service/routes'),
    ],
)
def test_an_endpoint_that_lacks_something_stops_the_start_and_names_its_file(
    path: str, scope: str, sentence: str
) -> None:
    def list_things(client: Client) -> Response:
        """Things"""
        return RawResponse(b"{}")

    with pytest.raises(InvalidInput, match=f"{HERE} list_things: .*{sentence}"):
        Resource("things", __name__).get(path, scope=scope, answers=FINE)(list_things)


def test_an_endpoint_without_words_stops_the_start() -> None:
    def list_things(client: Client) -> Response:
        return RawResponse(b"{}")

    with pytest.raises(InvalidInput, match=f"{HERE} list_things: needs a docstring"):
        Resource("things", __name__).get("/v1/things", scope="leads:read", answers=FINE)(list_things)


def test_a_file_without_a_resource_stops_the_start_and_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"fields\.py needs a resource: api = Resource"):
        resource_of("service.routes.http.fields")
