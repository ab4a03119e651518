"""Objections to decisions: opened, read and withdrawn by customers, listed and answered by the bank's people.

A case has a number that people can say (``O-0000017``) and a last day for its answer. An answer names the person who
reviewed the case. Every step can be repeated and is on the audit log.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import orjson
from flask import Response, request
from marshmallow import fields

from service.core.domain import Client
from service.core.errors import Conflict, InvalidInput, NotFound, Problem
from service.rendering.answer import iso
from service.routes.http.fields import Loose, QueryInteger, Strict, Text, Word, check, describe
from service.routes.http.guard import BoundClients, engine, reachable_customers, resolve_branch
from service.routes.http.json_body import read_json
from service.routes.http.query import MISFIT, NEXT_PAGE, decode_cursor, encode_cursor, next_page_link, read_query
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.store.customers.objections import OPEN, OUTCOMES, STATES, Objection, ObjectionAnswer

DECISION = "019ac0de-0000-7000-8000-000000000001"
SENTENCE = "The objection does not fit; nothing was stored."


class ObjectionInput(Strict):
    """What the customer objects to, in their own words."""

    decision_id = Word(
        required=True, metadata=describe("The decision.", example="019ac0de-0000-7000-8000-000000000001")
    )
    offer = Word(metadata=describe("One offer of it; all of it where left out.", example="term-12m"))
    objection = Text(
        1_000, required=True, metadata=describe("Why, in the customer's own words.", example="我不需要这个")
    )


class AnswerInput(Strict):
    """The answer of a person who reviewed the case."""

    outcome = Word(among=OUTCOMES, required=True, metadata=describe("Whether the bank agrees.", example="upheld"))
    answer = Text(2_000, required=True, metadata=describe("What the customer is told.", example="已停止向您推荐该产品"))
    on_behalf_of = Word(required=True, metadata=describe("The person who reviewed it.", example="officer-3"))


class ObjectionsQuery(Strict):
    """Which of the customer's cases."""

    cursor = Word(1_500, metadata=describe("The `next` of the page before."))
    limit = QueryInteger(1, 200, load_default=50, metadata=describe("How many at most.", example=50))


class CasesQuery(ObjectionsQuery):
    """Which cases."""

    state = Word(among=STATES, load_default=OPEN, metadata=describe("In this state.", example="open"))
    branch = Word(metadata=describe("Of this branch alone.", example="b-1"))


class ObjectionDocument(Loose):
    """A case."""

    objection_id = fields.String(required=True)
    case = fields.String(required=True, metadata=describe("The number that people can say.", example="O-0000017"))
    customer_id = fields.String(required=True)
    branch = fields.String(required=True, allow_none=True)
    decision_id = fields.String(required=True)
    offer = fields.String(required=True, allow_none=True)
    objection = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, metadata={"enum": list(STATES)})
    opened_at = fields.DateTime(required=True)
    answer_by = fields.Date(required=True, metadata=describe("The last day for the answer, in the bank's time zone."))
    overdue = fields.Boolean(required=True)
    outcome = fields.String(required=True, allow_none=True)
    answer = fields.String(required=True, allow_none=True)
    answered_at = fields.DateTime(required=True, allow_none=True)
    reviewer = fields.String(required=True, allow_none=True, metadata=describe("The person who reviewed it."))
    withdrawn_at = fields.DateTime(required=True, allow_none=True)


class ObjectionsAnswer(Loose):
    """A page of cases."""

    objections = fields.List(fields.Nested(ObjectionDocument), required=True)
    next = fields.String(required=True, allow_none=True, metadata=describe("The cursor of the next page; null: none."))


CASE: dict[str, Any] = {
    "objection_id": "4d3c6e9a-1f2b-4c5d-8e7f-0a1b2c3d4e5f",
    "case": "O-0000017",
    "customer_id": "c-000001",
    "branch": "b-1",
    "decision_id": DECISION,
    "offer": "term-12m",
    "objection": "我不需要这个",
    "state": "open",
    "opened_at": "2026-11-23T09:30:00+08:00",
    "answer_by": "2026-12-08",
    "overdue": False,
    "outcome": None,
    "answer": None,
    "answered_at": None,
    "reviewer": None,
    "withdrawn_at": None,
}
OBJECTION_IN: dict[str, Any] = {name: CASE[name] for name in ("decision_id", "offer", "objection")}
ANSWER_IN: dict[str, Any] = {"outcome": "upheld", "answer": "已停止向您推荐该产品", "on_behalf_of": "officer-3"}
LATEST = 2**62
"""Above every number of a case."""
OWN, STAFF = ("preferences:write", "customers:write"), "customers:write"
PATH = "/v1/customers/<string:customer_id>/objections"
ONE = f"{PATH}/<string:objection_id>"
_INPUT, _ANSWER, _QUERY, _CASES = ObjectionInput(), AnswerInput(), ObjectionsQuery(), CasesQuery()
_DOC = {"200": response_doc("The case.", ObjectionDocument, CASE)}
_LISTED = {"200": response_doc("A page.", ObjectionsAnswer, {"objections": [CASE], "next": None}, headers=NEXT_PAGE)}
api = Resource("objections", __name__, description="Objections of customers to decisions.")


@api.post(
    PATH,
    scope=OWN,
    body=ObjectionInput,
    example=OBJECTION_IN,
    answers={**_DOC, "201": response_doc("The new case.", ObjectionDocument, CASE)},
    errors=(NotFound,),
)
def create_objection(client: Client, customer_id: str) -> Response:
    """Object to a decision

    Opens a case with a number and a last day for its answer, which a person of the bank gives. Of a decision that the
    customer has an open case on, that case is the answer (200).
    """
    body = check(_INPUT, read_json(request), SENTENCE)
    words = body["decision_id"], body.get("offer"), body["objection"]
    case, new = engine().objections.open(customer_id, *words, client.name)
    return _reply(case, 201 if new else 200)


@api.get(PATH, scope=OWN, query=ObjectionsQuery, answers=_LISTED)
def list_objections(client: Client, customer_id: str) -> Response:
    """A customer's objections

    The newest first, each with its deadline and its answer.
    """
    query = read_query(_QUERY)
    before = decode_cursor(query["cursor"], int)[0] if "cursor" in query else LATEST
    cases = engine().store.objections.list_of(customer_id, min(before, LATEST), query["limit"])
    onward = encode_cursor(cases[-1].number) if len(cases) == query["limit"] else None
    return _page(cases, onward, request.path, limit=query["limit"])


@api.get(ONE, scope=OWN, answers=_DOC, errors=(NotFound,))
def get_objection(client: Client, customer_id: str, objection_id: str) -> Response:
    """One objection of a customer

    Its state, its deadline, and the answer once there is one.
    """
    return _reply(engine().objections.read_of(customer_id, objection_id))


@api.post(f"{ONE}/withdraw", scope=OWN, answers=_DOC, errors=(NotFound, Conflict))
def withdraw_objection(client: Client, customer_id: str, objection_id: str) -> Response:
    """Withdraw an objection

    An open case ends without an answer. Again it changes nothing; an answered case stays answered (409).
    """
    return _reply(engine().objections.withdraw(customer_id, objection_id, client.name))


@api.get("/v1/objections", scope=STAFF, reach=BoundClients.BRANCH, query=CasesQuery, answers=_LISTED)
def list_cases(client: Client) -> Response:
    """Objections to be answered

    Open cases unless `state` says otherwise, the nearest deadline first. A branch's key lists its own customers' cases,
    and each of them is a look on record.
    """
    query = read_query(_CASES)
    branch, limit = resolve_branch(client, query.get("branch")), query["limit"]
    cases = engine().store.objections.list_by_deadline(query["state"], branch, _after(query), limit)
    onward = encode_cursor(str(cases[-1].answer_by), cases[-1].number) if len(cases) == limit else None
    seen = reachable_customers(client, [case.customer_id for case in cases]) if client.bound else None
    mine = [case for case in cases if seen is None or case.customer_id in seen]
    return _page(mine, onward, "/v1/objections", limit=limit, state=query["state"], branch=query.get("branch"))


@api.post(
    "/v1/objections/<string:objection_id>/answer",
    scope=STAFF,
    reach=BoundClients.BRANCH,
    body=AnswerInput,
    example=ANSWER_IN,
    answers=_DOC,
    errors=(NotFound, Conflict),
)
def answer_objection(client: Client, objection_id: str) -> Response:
    """Answer an objection

    `on_behalf_of` is the person who reviewed the case; no program answers by itself. The same answer again changes
    nothing; another one is 409.
    """
    body = check(_ANSWER, read_json(request), SENTENCE)
    said = ObjectionAnswer(body["outcome"], body["answer"], body["on_behalf_of"], client.name)
    return _reply(engine().objections.answer(objection_id, said, resolve_branch(client, None)))


def _after(query: Mapping[str, Any]) -> tuple[object, ...]:
    if "cursor" not in query:
        return ()
    day, number = decode_cursor(query["cursor"], str, int)
    try:
        return date.fromisoformat(day), min(number, LATEST)
    except ValueError as error:
        raise InvalidInput(MISFIT, [Problem("cursor", "is no cursor that this list gave")]) from error


def describe_case(case: Objection) -> dict[str, Any]:
    """The case as an ``ObjectionDocument``."""
    zone = engine().timezone
    names = ("customer_id", "branch", "decision_id", "offer", "objection", "state", "outcome", "answer", "reviewer")
    instants = {name: getattr(case, name) for name in ("opened_at", "answered_at", "withdrawn_at")}
    return {
        "objection_id": case.id,
        "case": case.case,
        **{name: getattr(case, name) for name in names},
        **{name: None if at is None else iso(at, zone) for name, at in instants.items()},
        "answer_by": case.answer_by.isoformat(),
        "overdue": case.is_overdue(engine().objections.today),
    }


def _reply(case: Objection, status: int = 200) -> RawResponse:
    return RawResponse(orjson.dumps(describe_case(case)), status, [NO_STORE])


def _page(cases: list[Objection], onward: str | None, path: str, **words: object) -> RawResponse:
    link = [next_page_link(path, cursor=onward, **words)] if onward else []
    body = {"objections": [describe_case(case) for case in cases], "next": onward}
    return RawResponse(orjson.dumps(body), 200, [NO_STORE, *link])
