"""An operation that is being retired says so: in its answers and in the contract."""

from datetime import UTC, datetime
from typing import Any

from flask import Flask, Response

from service.routes.health import Alive
from service.routes.http.guard import PUBLIC
from service.routes.http.openapi.document import document
from service.routes.http.resource import Resource, Retirement, response_doc
from service.routes.http.responses import RawResponse

END = Retirement(datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 7, 1, tzinfo=UTC), "/docs/migrating")


def retired() -> tuple[Any, dict[str, Any]]:
    resource = Resource("old", __name__)

    @resource.get("/old", scope=PUBLIC, retirement=END, answers={"200": response_doc("Fine.", Alive)})
    def old() -> Response:
        """Old"""
        return RawResponse(b"{}")

    @resource.get("/new", scope=PUBLIC, answers={"200": response_doc("Fine.", Alive)})
    def new() -> Response:
        """New"""
        return RawResponse(b"{}")

    app = Flask("small", static_folder=None)
    contract = document(app, (resource,))
    return app.test_client(), contract


def test_every_answer_names_the_days_and_where_to_read_on() -> None:
    client, _ = retired()
    answer = client.get("/old")
    assert answer.headers["Deprecation"] == "@1798761600"
    assert answer.headers["Sunset"] == "Thu, 01 Jul 2027 00:00:00 GMT"
    assert answer.headers["Link"] == '</docs/migrating>; rel="deprecation"; type="text/html"'
    assert "Deprecation" not in client.get("/new").headers


def test_the_contract_marks_it() -> None:
    _, contract = retired()
    assert contract["paths"]["/old"]["get"]["deprecated"] is True
    assert "deprecated" not in contract["paths"]["/new"]["get"]
