"""What the CRM's routes take and answer, with one example of each."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from service.routes.examples import OFFERS
from service.routes.fields import Amount, Instant, QueryInteger, Strict, Truth, Whole, Word
from service.routes.schemas import Fault, Loose, OffersAnswer, Reason

MAX_BULK = 200
LONG = 200
BEHALF = "The person for whom this is done, by the CRM's own id; it goes into the audit log."


def says(text: str, **more: Any) -> dict[str, Any]:
    """Metadata of a field."""
    return {"description": text, **more}


class OnBehalf(Strict):
    """A write by a program for a person."""

    on_behalf_of = Word(metadata=says(BEHALF, example="adviser-17"))


class CustomerInput(OnBehalf):
    """A customer, whole: what is left out is unknown from now on."""

    external_key = Word(LONG, metadata=says("The bank's own key of the customer; unique.", example="CIF-0042"))
    attributes = fields.Dict(
        keys=Word(),
        values=fields.Raw(allow_none=True),
        required=True,
        metadata=says("By name, as attributes.yaml of the policy has them; null is unknown."),
    )


class KeyedCustomerInput(OnBehalf):
    """A customer found by external key."""

    attributes = CustomerInput().declared_fields["attributes"]


class BulkCustomerInput(CustomerInput):
    """One customer of several: ``id``, ``external_key``, or both."""

    id = Word(metadata=says("The customer's id.", example="c-000001"))

    @validates_schema
    def _named(self, value: dict[str, Any], **_: Any) -> None:
        if value.get("id") is None and value.get("external_key") is None:
            raise ValidationError("id or external_key is required", "id")


class BulkCustomersInput(Strict):
    """Up to 200 customers."""

    customers = fields.List(
        fields.Raw(), required=True, validate=validate.Length(1, MAX_BULK, error="must be 1 to 200 customers")
    )


class CustomerAnswer(Loose):
    """A customer as stored."""

    customer_id = fields.String(required=True)
    external_key = fields.String(required=True, allow_none=True)
    revision = fields.Integer(required=True, metadata=says("Rises with every change to the customer."))
    attributes = fields.Dict(required=True)
    updated_at = fields.DateTime(required=True)


class ItemProblem(Loose):
    """What a single call would have answered."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    detail = fields.String(required=True)
    errors = fields.List(fields.Nested(Fault))


class CustomerStatus(Loose):
    """What became of one customer of several."""

    id = fields.String(required=True, allow_none=True)
    external_key = fields.String(required=True, allow_none=True)
    status = fields.Integer(required=True, metadata=says("201 new, 200 stored, 403, 409 or 422 refused."))
    revision = fields.Integer()
    problem = fields.Nested(ItemProblem)


class CustomersAnswer(Loose):
    """In the order sent; those with 200 or 201 are stored."""

    customers = fields.List(fields.Nested(CustomerStatus), required=True)


class BulkOffersInput(Strict):
    """Up to 200 customers and the slot that asks."""

    customers = fields.List(
        Word(),
        required=True,
        validate=validate.Length(1, MAX_BULK, error="must be 1 to 200 customers"),
        metadata=says("Customer ids, each once.", example=["c-000001", "c-000002"]),
    )
    channel = Word(metadata=says("Only treatments in this channel of the policy.", example="branch"))
    placement = Word(metadata=says("The slot within the channel."))
    limit = Whole(1, 10, load_default=3, metadata=says("How many offers each at most.", example=3))

    @validates_schema
    def _once(self, value: dict[str, Any], **_: Any) -> None:
        names = value.get("customers") or []
        twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
        if twice:
            raise ValidationError(f"must name each customer once; twice: {', '.join(twice[:10])}", "customers")


class JobInput(Strict):
    """The offers of many customers, as a job."""

    customers = fields.Raw(
        required=True,
        metadata=says("`all`, or an array of 1 to 100,000 customer ids, each once.", example=["c-000001", "c-000002"]),
    )
    channel = BulkOffersInput().declared_fields["channel"]
    placement = BulkOffersInput().declared_fields["placement"]
    limit = BulkOffersInput().declared_fields["limit"]


class JobAnswer(Loose):
    """A job as it stands."""

    id = fields.String(required=True)
    state = fields.String(required=True, metadata={"enum": ["queued", "running", "done", "failed", "cancelled"]})
    total = fields.Integer(required=True, allow_none=True, metadata=says("Null until the customers are counted."))
    done = fields.Integer(required=True)
    failed = fields.Integer(required=True, metadata=says("How many of those done have a problem instead of offers."))
    error = fields.String(required=True, allow_none=True)
    created_at = fields.DateTime(required=True)
    started_at = fields.DateTime(required=True, allow_none=True)
    finished_at = fields.DateTime(required=True, allow_none=True)
    results = fields.String(required=True, allow_none=True, metadata=says("Where the results are, once done."))


class JobsAnswer(Loose):
    """The newest jobs first."""

    jobs = fields.List(fields.Nested(JobAnswer), required=True)


class AdviserInput(OnBehalf):
    """An adviser, whole."""

    branch = Word(required=True, metadata=says("The branch they work in.", example="b-1"))
    minutes_per_week = Whole(0, 10_080, required=True, metadata=says("Their stated time for leads.", example=600))
    minutes_per_contact = Whole(1, 480, required=True, metadata=says("What one contact takes.", example=25))
    active = Truth(load_default=True, metadata=says("false: gets no leads."))


class AdviserAnswer(Loose):
    """An adviser with their hours and leads at work."""

    id = fields.String(required=True)
    branch = fields.String(required=True)
    minutes_per_week = fields.Integer(required=True)
    minutes_per_contact = fields.Integer(required=True)
    active = fields.Boolean(required=True)
    leads_at_work = fields.Integer(required=True)


class AdvisersAnswer(Loose):
    """All advisers."""

    advisers = fields.List(fields.Nested(AdviserAnswer), required=True)


STATUSES = ["open", "claimed", "contacted", "accepted", "sold", "rejected", "withdrawn", "erased"]


class LeadsQuery(Strict):
    """Which leads."""

    branch = Word(metadata=says("Of this branch.", example="b-1"))
    adviser = Word(metadata=says("Of this adviser.", example="a-17"))
    status = Word(among=STATUSES, metadata=says("In this status.", example="open"))
    cursor = Word(300, metadata=says("The `next` of the page before."))
    limit = QueryInteger(1, 50, load_default=20, metadata=says("How many at most.", example=20))


class OtherOffer(Loose):
    """An offer that is not proposed, and why not."""

    offer = fields.String(required=True)
    name = fields.String(required=True)
    text = fields.String(required=True)


class LeadAnswer(Loose):
    """A lead with what to say, why, why not, and what would unlock more."""

    id = fields.String(required=True)
    customer_id = fields.String(required=True)
    branch = fields.String(required=True)
    adviser = fields.String(required=True)
    offer = fields.String(required=True)
    decided_offer = fields.String(required=True, metadata=says("Differs from `offer` after an override."))
    decision_id = fields.String(required=True)
    priority_yuan = fields.Float(required=True)
    strategies = fields.List(fields.String(), required=True)
    status = fields.String(required=True, metadata={"enum": STATUSES})
    closed_by = fields.String(required=True, allow_none=True, metadata=says("The gate that withdrew it."))
    reason = fields.String(required=True, allow_none=True)
    contacts = fields.Integer(required=True)
    built_at = fields.DateTime(required=True)
    claimed_at = fields.DateTime(required=True, allow_none=True)
    contacted_at = fields.DateTime(required=True, allow_none=True)
    sold_at = fields.DateTime(required=True, allow_none=True)
    sold_yuan = fields.Float(required=True, allow_none=True)
    talking_points = fields.List(fields.String(), required=True)
    why = fields.List(fields.Nested(Reason), required=True)
    why_not = fields.List(fields.Nested(OtherOffer), required=True)
    unlocks = fields.List(fields.String(), required=True)


class LeadsAnswer(Loose):
    """A page of leads, best first."""

    leads = fields.List(fields.Nested(LeadAnswer), required=True)
    next = fields.String(required=True, allow_none=True, metadata=says("The cursor of the next page, if any."))


class LeadActionInput(Strict):
    """Something an adviser does, through a program."""

    on_behalf_of = Word(required=True, metadata=says("The adviser's id.", example="a-17"))


class ReactionInput(LeadActionInput):
    """What came of the contact."""

    outcome = Word(
        among=["accepted", "sold", "rejected", "no_answer", "call_back"],
        required=True,
        metadata=says("What the customer did.", example="rejected"),
    )
    reason = Word(LONG, metadata=says("The bank's own reason code, or a few words.", example="rate-too-low"))
    amount_yuan = Amount(0, 1e12, metadata=says("Money that moved; required for `sold`."))

    @validates_schema
    def _whole(self, value: dict[str, Any], **_: Any) -> None:
        if value.get("outcome") == "sold" and value.get("amount_yuan") is None:
            raise ValidationError("is required for outcome sold", "amount_yuan")


class OverrideInput(LeadActionInput):
    """Another offer than the one decided."""

    offer = Word(required=True, metadata=says("The offer to propose instead.", example="term-6m"))
    reason = Word(LONG, required=True, metadata=says("Why.", example="Customer asked for six months"))


TYPES = ["*", "customer.*", "customer.updated", "customer.preferences", "customer.moved", "customer.erased",
         "job.*", "job.ended", "lead.*", *(f"lead.{status}" for status in STATUSES), "webhook.disabled"]  # fmt: skip


class WebhookInput(Strict):
    """Where to send what."""

    url = Word(500, required=True, metadata=says("https, a public address.", example="https://crm.example/hooks"))
    types = fields.List(
        Word(among=TYPES),
        required=True,
        validate=validate.Length(1, 20, error="must be 1 to 20 types"),
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


class ChangesQuery(Strict):
    """Where to go on."""

    since = Word(metadata=says("The `next` of the answer before; `latest` gives a token of now.", example="Ny45"))
    limit = QueryInteger(1, 1_000, load_default=100, metadata=says("How many at most.", example=100))


class FeedChange(Loose):
    """One change."""

    id = fields.String(required=True, metadata=says("The change's own token: `since` it comes what follows."))
    type = fields.String(required=True)
    at = fields.DateTime(required=True)
    subject = fields.String(required=True, metadata=says("The id of what changed."))
    data = fields.Dict(required=True)


class ChangesAnswer(Loose):
    """Changes in order; follow `next`."""

    changes = fields.List(fields.Nested(FeedChange), required=True)
    next = fields.String(required=True, metadata=says("The token to go on from."))


class ResultsQuery(Strict):
    """The file's form."""

    format = Word(among=["jsonl", "csv", "parquet"], metadata=says("Instead of the Accept header.", example="csv"))


class OffersStatus(Loose):
    """One customer of the list: the answer of a single call, or its problem."""

    customer_id = fields.String(required=True)
    status = fields.Integer(required=True)
    answer = fields.Nested(OffersAnswer)
    problem = fields.Nested(ItemProblem)


class BulkOffersAnswer(Loose):
    """In the order asked."""

    customers = fields.List(fields.Nested(OffersStatus), required=True)


CUSTOMER_IN: dict[str, Any] = {
    "external_key": "CIF-0042",
    "attributes": {"age": 44, "demand_yuan": 180000, "branch_id": "b-1", "adviser_id": "a-17"},
}
CUSTOMER: dict[str, Any] = {
    "customer_id": "c-000001",
    "external_key": "CIF-0042",
    "revision": 3,
    "attributes": CUSTOMER_IN["attributes"],
    "updated_at": "2026-11-23T09:30:00+08:00",
}
NOBODY: dict[str, Any] = {
    "type": "urn:fourcast:problem:not-found",
    "title": "Not found",
    "detail": 'No customer "c-2". Import customers first, or check the id.',
}
CUSTOMERS_IN: dict[str, Any] = {"customers": [{"id": "c-000001", **CUSTOMER_IN}]}
CUSTOMERS: dict[str, Any] = {
    "customers": [{"id": "c-000001", "external_key": "CIF-0042", "status": 200, "revision": 3}]
}
BULK_IN: dict[str, Any] = {"customers": ["c-000001", "c-2"], "channel": "mobile_app", "limit": 3}
BULK: dict[str, Any] = {
    "customers": [
        {"customer_id": "c-000001", "status": 200, "answer": OFFERS},
        {"customer_id": "c-2", "status": 404, "problem": NOBODY},
    ]
}
JOB_IN: dict[str, Any] = {"customers": ["c-000001", "c-000002"], "channel": "branch", "limit": 3}
JOB: dict[str, Any] = {
    "id": "4f2c8a52-6f0e-4f7e-9d0c-2c8f7f0f3b11",
    "state": "done",
    "total": 2,
    "done": 2,
    "failed": 0,
    "error": None,
    "created_at": "2026-11-23T09:30:00+08:00",
    "started_at": "2026-11-23T09:30:01+08:00",
    "finished_at": "2026-11-23T09:30:02+08:00",
    "results": "/v1/jobs/4f2c8a52-6f0e-4f7e-9d0c-2c8f7f0f3b11/results",
}
CHANGE: dict[str, Any] = {
    "id": "Ny45",
    "type": "customer.updated",
    "at": "2026-11-23T09:30:00+08:00",
    "subject": "c-000001",
    "data": {"customer_id": "c-000001", "external_key": "CIF-0042", "revision": 3},
}
ADVISER_IN: dict[str, Any] = {"branch": "b-1", "minutes_per_week": 600, "minutes_per_contact": 25}
ADVISER: dict[str, Any] = {"id": "a-17", **ADVISER_IN, "active": True, "leads_at_work": 4}
LEAD: dict[str, Any] = {
    "id": "6c1d2e7a-0a3b-4b1e-8f55-0d6f2b7e4c10",
    "customer_id": "c-000001",
    "branch": "b-1",
    "adviser": "a-17",
    "offer": "term-12m",
    "decided_offer": "term-12m",
    "decision_id": OFFERS["decision_id"],
    "priority_yuan": 412.5,
    "strategies": ["tiered-rates"],
    "status": "open",
    "closed_by": None,
    "reason": None,
    "contacts": 0,
    "built_at": "2026-11-23T08:00:00+08:00",
    "claimed_at": None,
    "contacted_at": None,
    "sold_at": None,
    "sold_yuan": None,
    "talking_points": ["Twelve-month deposit", "Early withdrawal earns the demand rate."],
    "why": [{"code": "idle-demand-balance", "text": "Much of your balance earns the demand rate."}],
    "why_not": [{"offer": "mixed-r3", "name": "Mixed R3", "text": "Withheld: a risk assessment is needed first."}],
    "unlocks": ["Complete the risk assessment: opens 8 offers."],
}
REACTION_IN: dict[str, Any] = {"on_behalf_of": "a-17", "outcome": "rejected", "reason": "rate-too-low"}
OVERRIDE_IN: dict[str, Any] = {"on_behalf_of": "a-17", "offer": "term-6m", "reason": "Customer asked for six months"}
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
    "body": {"type": "lead.open", "timestamp": "2026-11-23T01:30:00.000+00:00", "data": {"lead_id": LEAD["id"]}},
}
