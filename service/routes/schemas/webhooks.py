"""Where changes are sent, and what became of each delivery."""

from typing import Any

from marshmallow import fields

from service.routes.http.fields import Instant, QueryInteger, Several, Strict, Truth, Word
from service.routes.schemas import Loose, says
from service.routes.schemas.leads import STATUSES
from service.store.events.contacts import STATES as CONTACT_STATES

TYPES = ["*", "customer.*", "customer.updated", "customer.preferences", "customer.moved", "customer.erased",
         "job.*", "job.ended", "lead.*", *(f"lead.{status}" for status in STATUSES), "webhook.disabled",
         "decision.*", "decision.made", "contact.*", *(f"contact.{state}" for state in CONTACT_STATES)]  # fmt: skip


class WebhookInput(Strict):
    """Where to send what."""

    url = Word(500, required=True, metadata=says("https, a public address.", example="https://crm.example/hooks"))
    types = Several(
        Word(among=TYPES),
        1,
        20,
        "types",
        required=True,
        metadata=says("Types of changes, as the feed names them; `lead.*` for all of a kind.", example=["lead.*"]),
    )


class WebhookChange(Strict):
    """What is to be different; what is left out stays."""

    url = Word(500, metadata=says("https, a public address."))
    types = WebhookInput().declared_fields["types"]
    enabled = Truth(metadata=says("false: nothing is sent; true: again, and past failures are forgiven."))

    def __init__(self, **options: Any) -> None:
        super().__init__(partial=True, **options)


class ReplayInput(Strict):
    """What to send again."""

    delivery = Word(metadata=says("This delivery."))
    since = Instant(metadata=says("All made since then.", example="2026-11-23T09:30:00+08:00"))


class DeliveriesQuery(Strict):
    """Which deliveries."""

    state = Word(among=["waiting", "delivered", "failed"], metadata=says("In this state.", example="failed"))
    limit = QueryInteger(1, 200, load_default=50, metadata=says("How many at most.", example=50))


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
    """A delivery and what came of it."""

    id = fields.String(required=True)
    message_id = fields.String(required=True, metadata=says("The `webhook-id` header."))
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
    """How many are sent again."""

    deliveries = fields.Integer(required=True)
