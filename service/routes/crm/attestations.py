"""/v1/advisers/{adviser_id}/attestations: advisers confirm once a year that they know the rules of conduct."""

from typing import Any

import orjson
from flask import Response, request
from marshmallow import fields

from service.core.domain import Client
from service.core.errors import Conflict, NotFound
from service.engine.crm.leads.attestation import Standing
from service.rendering.answer import iso
from service.rendering.readers.conduct import CONDUCT, VERSION, list_rules
from service.routes.http.fields import Day, Loose, OnBehalf, Word, check, describe
from service.routes.http.guard import BoundClients, engine, expect_word
from service.routes.http.headers.languages import ACCEPT_LANGUAGE, choose_language
from service.routes.http.json_body import read_json
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.routes.offers.reader_schemas import Conduct
from service.store.leads import Actor


class AttestationInput(OnBehalf):
    """The adviser confirms the text of this version."""

    version = Word(required=True, metadata=describe("The version of the rules that was read.", example=VERSION))
    attested_on = Day(
        load_default=None, allow_none=True, metadata=describe("Today unless stated.", example="2030-02-01")
    )


class AttestationRow(Loose):
    """One confirmation: the text, the day, who recorded it and when."""

    version = fields.String(required=True)
    attested_on = fields.Date(required=True)
    recorded_by = fields.String(required=True)
    recorded_at = fields.DateTime(required=True)


class AttestationsAnswer(Loose):
    """An adviser's standing, what they confirmed so far, and the rules as they read now."""

    adviser_id = fields.String(required=True)
    attested = fields.Boolean(required=True, metadata=describe("Whether the newest holds today."))
    attested_on = fields.Date(required=True, allow_none=True)
    attested_until = fields.Date(required=True, allow_none=True, metadata=describe("Its last day."))
    conduct = fields.Nested(Conduct, required=True)
    attestations = fields.List(fields.Nested(AttestationRow), required=True, metadata=describe("Newest first."))


PATH = "/v1/advisers/<string:adviser_id>/attestations"
_INPUT = AttestationInput()
CONFIRMED: dict[str, Any] = {"version": VERSION, "on_behalf_of": "a-17"}
STANDING: dict[str, Any] = {
    "adviser_id": "a-17",
    "attested": True,
    "attested_on": "2026-11-23",
    "attested_until": "2027-11-23",
    "conduct": {"version": VERSION, "rules": list_rules("en")[: len(CONDUCT) // 4]},
    "attestations": [
        {"version": VERSION, "attested_on": "2026-11-23", "recorded_by": "a-17",
         "recorded_at": "2026-11-23T09:30:00+08:00"}
    ],
}  # fmt: skip

api = Resource("attestations", __name__, description="Advisers confirm the rules of conduct.")


@api.get(
    PATH,
    scope="leads:read",
    reach=BoundClients.BRANCH,
    headers=(ACCEPT_LANGUAGE,),
    answers={"200": response_doc("The standing and the rules.", AttestationsAnswer, STANDING)},
    errors=(NotFound,),
)
def list_attestations(client: Client, adviser_id: str) -> Response:
    """An adviser's attestations, and the rules of conduct to confirm

    An attestation holds for 12 months to the day, in the bank's time zone. Without one the adviser is handed no lead
    for a risk-rated product; leads for deposits go on.
    """
    standing = engine().crm.attestations.standing(expect_word(adviser_id, "adviser_id"), client.branch)
    return _reply(standing, 200)


@api.post(
    PATH,
    scope="leads:write",
    reach=BoundClients.BRANCH,
    headers=(ACCEPT_LANGUAGE,),
    body=AttestationInput,
    example=CONFIRMED,
    answers={"201": response_doc("Recorded.", AttestationsAnswer, STANDING)},
    errors=(NotFound, Conflict),
)
def attest_adviser(client: Client, adviser_id: str) -> Response:
    """Record that an adviser knows the rules of conduct

    `version` is that of the rules as they were read; 409 where they have changed since. It goes to the audit log.
    """
    expect_word(adviser_id, "adviser_id")
    said = check(_INPUT, read_json(request), "The attestation does not fit; nothing was stored.")
    actor = Actor(client.name, client.branch, said.get("on_behalf_of"))
    standing = engine().crm.attestations.confirm(adviser_id, said["version"], said["attested_on"], actor)
    return _reply(standing, 201)


def _reply(standing: Standing, status: int) -> RawResponse:
    spoken, zone = choose_language(request.headers.get("Accept-Language", "")), engine().timezone
    rows = [
        {
            "version": one.version,
            "attested_on": one.attested_on,
            "recorded_by": one.recorded_by,
            "recorded_at": iso(one.recorded_at, zone),
        }
        for one in engine().store.attestations.list_all(standing.adviser)
    ]
    conduct = {"version": VERSION, "rules": list_rules(spoken)}
    document = {"adviser_id": standing.adviser, **standing.document(), "conduct": conduct, "attestations": rows}
    return RawResponse(orjson.dumps(document), status, [NO_STORE, ("Content-Language", spoken)])
