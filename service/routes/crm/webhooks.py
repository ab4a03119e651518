"""/v1/webhooks: changes sent to an address, signed by the Standard Webhooks specification.

The secret is shown when the webhook is made and when it is rotated, never again. Each message is delivered at least
once; a repeat has the same ``webhook-id``. Failed deliveries can be replayed for 30 days. Addresses inside the bank's
or the cloud's own network are refused, when the webhook is made and at each delivery.
"""

from typing import Any

import orjson
from flask import Response, request
from marshmallow import fields

from service.core.domain import Client
from service.core.errors import Conflict, NotFound
from service.rendering.answer import iso
from service.routes.crm.leads.leads import STATUSES
from service.routes.http.fields import Instant, Loose, QueryInteger, Several, Strict, Truth, Word, check, describe
from service.routes.http.guard import BoundClients, engine
from service.routes.http.json_body import read_json
from service.routes.http.query import read_query
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.store.customers.objections import STATES as OBJECTION_STATES
from service.store.events.contact_rows import STATES as CONTACT_STATES
from service.store.outbox.webhooks import Webhook

TYPES = ["*", "customer.*", "customer.updated", "customer.preferences", "customer.moved", "customer.erased",
         "job.*", "job.ended", "lead.*", *(f"lead.{status}" for status in STATUSES), "webhook.disabled",
         "objection.*", *(f"objection.{state}" for state in OBJECTION_STATES[:3]),
         "decision.*", "decision.made", "contact.*", *(f"contact.{state}" for state in CONTACT_STATES)]  # fmt: skip


class WebhookInput(Strict):
    """Where to send what."""

    url = Word(500, required=True, metadata=describe("https, a public address.", example="https://crm.example/hooks"))
    types = Several(
        Word(among=TYPES),
        1,
        20,
        "types",
        required=True,
        metadata=describe("Types of changes, as the feed names them; `lead.*` for all of a kind.", example=["lead.*"]),
    )


class WebhookChange(Strict):
    """Changes of a webhook; what is left out stays."""

    url = Word(500, metadata=describe("https, a public address."))
    types = WebhookInput().declared_fields["types"]
    enabled = Truth(metadata=describe("false: nothing is sent; true: again, and past failures are forgiven."))

    def __init__(self, **options: Any) -> None:
        super().__init__(partial=True, **options)


class ReplayInput(Strict):
    """What to send again."""

    delivery = Word(metadata=describe("This delivery."))
    since = Instant(metadata=describe("All made since then.", example="2026-11-23T09:30:00+08:00"))


class DeliveriesQuery(Strict):
    """Which deliveries."""

    state = Word(among=["waiting", "delivered", "failed"], metadata=describe("In this state.", example="failed"))
    limit = QueryInteger(1, 200, load_default=50, metadata=describe("How many at most.", example=50))


class WebhookAnswer(Loose):
    """A webhook without its secret."""

    id = fields.String(required=True)
    url = fields.String(required=True)
    types = fields.List(fields.String(), required=True)
    enabled = fields.Boolean(required=True)
    failing_since = fields.DateTime(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)


class WebhookMade(WebhookAnswer):
    """A new webhook; the secret is shown this once."""

    secret = fields.String(required=True)


class WebhooksAnswer(Loose):
    """All webhooks."""

    webhooks = fields.List(fields.Nested(WebhookAnswer), required=True)


class SecretAnswer(Loose):
    """A secret, shown this once."""

    secret = fields.String(required=True)


class DeliveryAnswer(Loose):
    """A delivery and its outcome."""

    id = fields.String(required=True)
    message_id = fields.String(required=True, metadata=describe("The `webhook-id` header."))
    type = fields.String(required=True)
    state = fields.String(required=True)
    attempts = fields.Integer(required=True)
    status = fields.Integer(required=True, allow_none=True)
    error = fields.String(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    delivered_at = fields.DateTime(required=True, allow_none=True)
    body = fields.Dict(required=True)


class DeliveriesAnswer(Loose):
    """The newest first."""

    deliveries = fields.List(fields.Nested(DeliveryAnswer), required=True)


class ReplayAnswerCount(Loose):
    """How many deliveries are sent again."""

    deliveries = fields.Integer(required=True)


WEBHOOK_IN: dict[str, Any] = {"url": "https://crm.example/hooks", "types": ["lead.*", "customer.erased"]}

WEBHOOK: dict[str, Any] = {
    "id": "0d9c2d57-3a0e-4a43-9d0e-7f1b3d1f1c55",
    **WEBHOOK_IN,
    "enabled": True,
    "failing_since": None,
    "created_at": "2026-11-23T09:30:00+08:00",
}

DELIVERY: dict[str, Any] = {
    "id": "5b1f4f2a-9c0e-4b57-8f0d-3d2a9b7c6e11",
    "message_id": "msg_5b1f4f2a-9c0e-4b57-8f0d-3d2a9b7c6e11",
    "type": "lead.open",
    "state": "delivered",
    "attempts": 1,
    "status": 204,
    "error": None,
    "created_at": "2026-11-23T09:30:00+08:00",
    "delivered_at": "2026-11-23T09:30:01+08:00",
    "body": {
        "type": "lead.open",
        "timestamp": "2026-11-23T01:30:00.000+00:00",
        "data": {"lead_id": "6c1d2e7a-0a3b-4b1e-8f55-0d6f2b7e4c10"},
    },
}


SCOPE = "webhooks:write"
ALL, ONE = "/v1/webhooks", "/v1/webhooks/<string:webhook_id>"
SENTENCE = "The webhook does not fit; nothing was changed."
_INPUT, _CHANGE, _REPLAY, _QUERY = WebhookInput(), WebhookChange(), ReplayInput(), DeliveriesQuery()
_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - the specification's own example

api = Resource("webhooks", __name__, description="Changes sent to an address.")


@api.post(
    ALL,
    scope=SCOPE,
    reach=BoundClients.BRANCH,
    secret=True,
    body=WebhookInput,
    example=WEBHOOK_IN,
    answers={"201": response_doc("Made.", WebhookMade, WEBHOOK | {"secret": _SECRET})},
    errors=(Conflict,),
)
def create_webhook(client: Client) -> Response:
    """Have changes sent to an address

    The secret that signs them is in this answer and in no other. A branch's key hears of its own branch. A
    client may have 50.
    """
    body = check(_INPUT, read_json(request), SENTENCE)
    engine().crm.sender.expect_allowed(body["url"])
    made, secret = engine().store.webhooks.add(body["url"], body["types"], client.name, client.branch)
    return _reply(_document(made) | {"secret": secret}, 201)


@api.get(
    ALL,
    scope=SCOPE,
    reach=BoundClients.BRANCH,
    answers={"200": response_doc("All.", WebhooksAnswer, {"webhooks": [WEBHOOK]})},
)
def list_webhooks(client: Client) -> Response:
    """Every webhook

    Without their secrets, which nobody can read again.
    """
    return _reply({"webhooks": [_document(one) for one in engine().store.webhooks.list_webhooks(client.branch)]})


@api.get(
    ONE,
    scope=SCOPE,
    reach=BoundClients.BRANCH,
    answers={"200": response_doc("It.", WebhookAnswer, WEBHOOK)},
    errors=(NotFound,),
)
def get_webhook(client: Client, webhook_id: str) -> Response:
    """A webhook

    Whether it is switched on, and since when it fails, if it does.
    """
    return _reply(_document(engine().store.webhooks.read(webhook_id, client.branch)))


@api.put(
    ONE,
    scope=SCOPE,
    reach=BoundClients.BRANCH,
    body=WebhookChange,
    example={"enabled": True},
    answers={"200": response_doc("Changed.", WebhookAnswer, WEBHOOK)},
    errors=(NotFound,),
)
def put_webhook(client: Client, webhook_id: str) -> Response:
    """Change a webhook's address or types; switch it off or on again

    What is left out stays as it was. Switching on forgives what failed, and what waits is sent.
    """
    body = check(_CHANGE, read_json(request), SENTENCE)
    if "url" in body:
        engine().crm.sender.expect_allowed(body["url"])
    return _reply(_document(engine().store.webhooks.change(webhook_id, client.branch, client.name, body)))


@api.delete(ONE, scope=SCOPE, reach=BoundClients.BRANCH, answers={"204": {"description": "Ended."}}, errors=(NotFound,))
def delete_webhook(client: Client, webhook_id: str) -> Response:
    """End a webhook

    What waits for it is forgotten.
    """
    engine().store.webhooks.remove(webhook_id, client.branch, client.name)
    return RawResponse(b"", 204, [NO_STORE])


@api.post(
    f"{ONE}/rotate",
    scope=SCOPE,
    reach=BoundClients.BRANCH,
    secret=True,
    answers={"200": response_doc("The new secret.", SecretAnswer, {"secret": _SECRET})},
    errors=(NotFound,),
)
def rotate_webhook(client: Client, webhook_id: str) -> Response:
    """A new secret

    For a day messages carry two signatures, by the old secret and by the new one.
    """
    return _reply({"secret": engine().store.webhooks.rotate(webhook_id, client.branch, client.name)})


@api.get(
    f"{ONE}/deliveries",
    scope=SCOPE,
    reach=BoundClients.BRANCH,
    query=DeliveriesQuery,
    answers={"200": response_doc("Them.", DeliveriesAnswer, {"deliveries": [DELIVERY]})},
    errors=(NotFound,),
)
def list_deliveries(client: Client, webhook_id: str) -> Response:
    """The newest deliveries of a webhook, and what came of them

    With the body sent, how often it was tried and what the receiver answered last.
    """
    query = read_query(_QUERY)
    rows = engine().store.deliveries.list_deliveries(webhook_id, client.branch, query.get("state"), query["limit"])
    return _reply({"deliveries": [_delivery(row) for row in rows]})


@api.post(
    f"{ONE}/replay",
    scope=SCOPE,
    reach=BoundClients.BRANCH,
    body=ReplayInput,
    example={"since": "2026-11-23T09:30:00+08:00"},
    answers={"202": response_doc("So many.", ReplayAnswerCount, {"deliveries": 3})},
    errors=(NotFound,),
)
def replay_deliveries(client: Client, webhook_id: str) -> Response:
    """Send again

    One `delivery`, all made `since` an instant, or, with neither, all that failed; with the ids they had.
    """
    body = check(_REPLAY, read_json(request), SENTENCE)
    deliveries = engine().store.deliveries
    count = deliveries.replay(webhook_id, client.branch, client.name, body.get("delivery"), body.get("since"))
    return _reply({"deliveries": count}, 202)


def _reply(document: dict[str, Any], status: int = 200) -> RawResponse:
    return RawResponse(orjson.dumps(document), status, [NO_STORE])


def _document(one: Webhook) -> dict[str, Any]:
    zone, since = engine().timezone, one.failing_since
    return {
        "id": one.id,
        "url": one.url,
        "types": list(one.types),
        "enabled": one.enabled,
        "failing_since": None if since is None else iso(since, zone),
        "created_at": iso(one.created_at, zone),
    }


def _delivery(row: dict[str, Any]) -> dict[str, Any]:
    zone = engine().timezone
    times = {name: row[name] and iso(row[name], zone) for name in ("created_at", "delivered_at")}
    return {**row, **times, "message_id": f"msg_{row['id']}", "body": orjson.Fragment(row["body"])}
