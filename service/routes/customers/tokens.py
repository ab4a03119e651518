"""POST /v1/tokens: a short-lived token of one customer, for a mobile back end that keeps its own key to itself.

The back end signs its customer in, mints a token here and hands it to the app, which asks with it like with a key. It
reads and writes that customer and nobody else. It ends by itself, and with the key that minted it.
"""

from datetime import UTC, datetime

import orjson
from flask import Response, request

from service.core.domain import Client
from service.core.errors import NotFound
from service.engine.auth.customer_tokens import MINTS
from service.routes.examples.tokens import TOKEN, TOKEN_IN
from service.routes.http.crm_audit import about
from service.routes.http.fields import check
from service.routes.http.guard import BoundClients, credential, engine, own_customer
from service.routes.http.json_body import read_json
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.routes.schemas.tokens import TokenAnswer, TokenInput

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
    customer_id, scopes, seconds = own_customer(client, body["customer_id"]), body["scopes"], body["seconds"]
    crm = engine().crm
    crm.customers.read(customer_id)
    minted = engine().access.mint_token(credential(), client, customer_id, scopes, seconds)
    ends = datetime.fromtimestamp(minted.expires_at, UTC).isoformat()
    told = about(client, body.get("on_behalf_of"), scopes=sorted(set(scopes)), expires_at=ends)
    crm.audit(client.name, "token.mint", crm.alias(customer_id), told)
    answer = {"access_token": minted.token, "token_type": "Bearer", "expires_in": seconds, "expires_at": ends,
              "customer_id": customer_id, "scope": " ".join(sorted(set(scopes)))}  # fmt: skip
    return RawResponse(orjson.dumps(answer), 201, [NO_STORE])
