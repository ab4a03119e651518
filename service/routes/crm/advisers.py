"""/v1/advisers: who works leads, how long, what they may sell, and who replaces them on leave."""

from dataclasses import asdict
from typing import Any

import orjson
from flask import Response, request
from marshmallow import ValidationError, fields, validates_schema

from service.core.domain import Client
from service.core.errors import Conflict, NotFound
from service.engine.crm.leads.attestation import Standing
from service.routes.http.fields import Day, Loose, OnBehalf, Strict, Truth, Whole, Word, check, describe
from service.routes.http.guard import BoundClients, engine, expect_word, resolve_branch
from service.routes.http.json_body import read_json
from service.routes.http.query import read_query
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.store.leads import Actor, AdviserRow


class AdviserInput(OnBehalf):
    """An adviser, whole."""

    branch = Word(required=True, metadata=describe("The branch they work in.", example="b-1"))
    minutes_per_week = Whole(0, 10_080, required=True, metadata=describe("Their stated time for leads.", example=600))
    minutes_per_contact = Whole(1, 480, required=True, metadata=describe("What one contact takes.", example=25))
    active = Truth(load_default=True, metadata=describe("false: gets no leads."))
    away_from = Day(load_default=None, allow_none=True, metadata=describe("First day of leave.", example="2030-02-01"))
    away_until = Day(
        load_default=None, allow_none=True, metadata=describe("Last day of leave; null: no end.", example="2030-02-14")
    )
    substitute = Word(
        load_default=None, allow_none=True, metadata=describe("Who works their leads meanwhile; of the same branch.")
    )
    max_risk = Whole(
        0, 5, load_default=None, allow_none=True,
        metadata=describe("The riskiest product they may sell, R1 to R5; 0: none with a risk; null: any.", example=3),
    )  # fmt: skip
    manager = Truth(
        load_default=False, metadata=describe("true: may reassign, release and correct the branch's leads.")
    )

    @validates_schema
    def _leave(self, value: dict[str, Any], **_: Any) -> None:
        first, last = value.get("away_from"), value.get("away_until")
        if last is not None and (first is None or last < first):
            raise ValidationError("must not come before away_from", "away_until")


class AdviserAnswer(Loose):
    """An adviser with their hours and leads at work."""

    id = fields.String(required=True)
    branch = fields.String(required=True)
    minutes_per_week = fields.Integer(required=True)
    minutes_per_contact = fields.Integer(required=True)
    active = fields.Boolean(required=True)
    leads_at_work = fields.Integer(required=True)
    away_from = fields.Date(allow_none=True)
    away_until = fields.Date(allow_none=True)
    substitute = fields.String(allow_none=True)
    max_risk = fields.Integer(allow_none=True)
    manager = fields.Boolean()
    attested = fields.Boolean(
        metadata=describe("Whether they confirmed the rules of conduct within 12 months; else no risk-rated leads.")
    )
    attested_on = fields.Date(allow_none=True)
    attested_until = fields.Date(allow_none=True)


class AdvisersAnswer(Loose):
    """All advisers."""

    advisers = fields.List(fields.Nested(AdviserAnswer), required=True)


class BehalfQuery(Strict):
    """The person for whom it is done."""

    on_behalf_of = Word(metadata=describe("The person for whom this is done; it goes into the audit log."))


ADVISER_IN: dict[str, Any] = {"branch": "b-1", "minutes_per_week": 600, "minutes_per_contact": 25, "max_risk": 3}

ADVISER: dict[str, Any] = {
    "id": "a-17",
    **ADVISER_IN,
    "active": True,
    "away_from": "2026-12-21",
    "away_until": "2027-01-03",
    "substitute": "a-18",
    "manager": False,
    "leads_at_work": 4,
    "attested": True,
    "attested_on": "2026-11-23",
    "attested_until": "2027-11-23",
}


ONE = "/v1/advisers/<string:adviser_id>"
_ADVISER, _BEHALF = AdviserInput(), BehalfQuery()
_ANSWER = {"200": response_doc("The adviser.", AdviserAnswer, ADVISER)}

api = Resource("advisers", __name__, description="Advisers, their hours and skills.")


@api.get(
    "/v1/advisers",
    scope="leads:read",
    reach=BoundClients.BRANCH,
    answers={"200": response_doc("All.", AdvisersAnswer, {"advisers": [ADVISER]})},
)
def list_advisers(client: Client) -> Response:
    """Advisers, their hours and how many leads they have

    Those of a branch's key are its own branch's.
    """
    rows = engine().store.leads.list_advisers(client.branch)
    standings = engine().crm.attestations.standings(client.branch)
    documents = [_document(*row, standings.get(row[0].id, Standing(row[0].id, None, False))) for row in rows]
    return RawResponse(orjson.dumps({"advisers": documents}), 200, [NO_STORE])


@api.get(ONE, scope="leads:read", reach=BoundClients.BRANCH, answers=_ANSWER, errors=(NotFound,))
def get_adviser(client: Client, adviser_id: str) -> Response:
    """One adviser

    Another branch's does not exist for a branch's key.
    """
    return _reply(client, expect_word(adviser_id, "adviser_id"))


@api.put(
    ONE,
    scope="leads:write",
    reach=BoundClients.BRANCH,
    body=AdviserInput,
    example=ADVISER_IN,
    answers={"200": response_doc("Stored.", AdviserAnswer, ADVISER)},
    errors=(Conflict,),
)
def put_adviser(client: Client, adviser_id: str) -> Response:
    """Store an adviser, new or changed

    Their minutes a week over minutes a contact are the leads they can have at work at once. While they are on leave
    they get no new ones, and their substitute works those they have. They are given, and claim, nothing riskier than
    `max_risk`. 409 where one moves to another branch while leads are at work.
    """
    expect_word(adviser_id, "adviser_id")
    body = check(_ADVISER, read_json(request), "The adviser does not fit; nothing was stored.")
    resolve_branch(client, body["branch"])
    behalf = body.pop("on_behalf_of", None)
    engine().store.leads.put_advisers([AdviserRow(adviser_id, **body)], Actor(client.name, client.branch, behalf))
    return _reply(client, adviser_id)


@api.delete(
    ONE,
    scope="leads:write",
    reach=BoundClients.BRANCH,
    query=BehalfQuery,
    answers={"204": {"description": "Taken out."}},
    errors=(NotFound, Conflict),
)
def delete_adviser(client: Client, adviser_id: str) -> Response:
    """Take an adviser out

    What they did stays credited to them. 409 while leads of theirs are at work: reassign them first.
    """
    expect_word(adviser_id, "adviser_id")
    query = read_query(_BEHALF)
    engine().store.leads.remove_adviser(adviser_id, Actor(client.name, client.branch, query.get("on_behalf_of")))
    return RawResponse(b"", 204, [NO_STORE])


def _reply(client: Client, adviser_id: str) -> RawResponse:
    row = engine().store.leads.read_adviser(adviser_id, client.branch)
    standing = engine().crm.attestations.standing(adviser_id, client.branch)
    return RawResponse(orjson.dumps(_document(*row, standing)), 200, [NO_STORE])


def _document(row: AdviserRow, at_work: int, standing: Standing) -> dict[str, Any]:
    return asdict(row) | {"leads_at_work": at_work} | standing.document()
