"""POST /v1/tokens: a short-lived token of one customer, for a mobile back end that does not share its own key.

The back end signs its customer in, mints a token here and gives it to the app, which sends it like a key. The token
reads and writes that customer only. It expires by itself, and with the key that minted it.
"""

from datetime import UTC, datetime
from typing import Any

import orjson
from flask import Response, request
from marshmallow import fields, validate

from service.core.domain import Client
from service.core.errors import NotFound
from service.engine.auth import SCOPES
from service.engine.auth.branch_audit import about
from service.engine.auth.customer_tokens import MINTS
from service.routes.http.fields import Loose, OnBehalf, Whole, Word, check, describe
from service.routes.http.guard import BoundClients, engine, expect_reachable, read_credential
from service.routes.http.json_body import read_json
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse

SHORTEST_S, USUAL_S, LONGEST_S = 60, 900, 3600

PASSED_ON = tuple(scope for scope in SCOPES if scope != MINTS)


class TokenInput(OnBehalf):
    """The customer and the scopes of a token."""

    customer_id = Word(required=True, metadata=describe("The customer who has signed in.", example="c-000001"))
    scopes = fields.List(
        Word(among=PASSED_ON),
        required=True,
        validate=validate.Length(1, len(PASSED_ON), error="must be 1 to {max} scopes"),
        metadata=describe("Those of the key's own scopes that the app needs.", example=["offers:read"]),
    )
    seconds = Whole(SHORTEST_S, LONGEST_S, load_default=USUAL_S, metadata=describe("How long it lives.", example=900))


class TokenAnswer(Loose):
    """A token, to be sent as a key is."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True, metadata={"enum": ["Bearer"]})
    expires_in = fields.Integer(required=True, metadata=describe("Seconds."))
    expires_at = fields.DateTime(required=True)
    customer_id = fields.String(required=True)
    scope = fields.String(required=True, metadata=describe("Its scopes, parted by blanks."))


TOKEN_IN: dict[str, Any] = {
    "customer_id": "c-000001",
    "scopes": ["offers:read", "events:write", "preferences:write"],
    "seconds": 900,
}

TOKEN: dict[str, Any] = {
    "access_token": "fct_WzEsIjlmODZkMDgxODg0YzdkNjU5YTJmZWFhMGM1NWFkMDE1Il0.9k1mT0iWq3bYc7uJxv2sEg",
    "token_type": "Bearer",
    "expires_in": 900,
    "expires_at": "2026-11-23T09:45:00+00:00",
    "customer_id": "c-000001",
    "scope": "events:write offers:read preferences:write",
}


_INPUT = TokenInput()

api = Resource("tokens", __name__, description="Tokens of single customers.")


@api.post(
    "/v1/tokens",
    scope=MINTS,
    reach=BoundClients.BRANCH,
    secret=True,
    body=TokenInput,
    example=TOKEN_IN,
    answers={"201": response_doc("The token; it is shown here and nowhere else.", TokenAnswer, TOKEN)},
    errors=(NotFound,),
)
def mint_token(client: Client) -> Response:
    """Mint a customer's token

    For a mobile back end. It reaches that customer alone, has at most the scopes of the key that mints it, lives 15
    minutes unless `seconds` says otherwise, and ends with that key. Each is on the audit log. A branch's key mints for
    its own branch's customers.
    """
    body = check(_INPUT, read_json(request), "The token does not fit; none was minted.")
    customer_id, scopes, seconds = expect_reachable(client, body["customer_id"]), body["scopes"], body["seconds"]
    store = engine().store
    store.customers.read(customer_id)
    minted = engine().access.mint_token(read_credential(), client, customer_id, scopes, seconds)
    ends = datetime.fromtimestamp(minted.expires_at, UTC).isoformat()
    detail = about(client, body.get("on_behalf_of"), scopes=sorted(set(scopes)), expires_at=ends)
    store.audit.append(client.name, "token.mint", store.customers.alias_of(customer_id), detail)
    answer = {"access_token": minted.token, "token_type": "Bearer", "expires_in": seconds, "expires_at": ends,
              "customer_id": customer_id, "scope": " ".join(sorted(set(scopes)))}  # fmt: skip
    return RawResponse(orjson.dumps(answer), 201, [NO_STORE])
