"""The offers of one customer, of a list of customers."""

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from service.core.domain import Family
from service.routes.http.fields import QueryInteger, Several, Strict, Whole, Word, Yuan
from service.routes.schemas import LONG, ItemProblem, Loose, says
from service.routes.schemas.explanations import ExplanationAnswer

MAX_BULK = 200


class OffersQuery(Strict):
    """The slot that asks."""

    channel = Word(metadata=says("Only treatments in this channel of the policy.", example="mobile_app"))
    placement = Word(metadata=says("The slot within the channel.", example="home_banner"))
    limit = QueryInteger(1, 10, load_default=3, metadata=says("How many offers at most.", example=3))


class OffersInput(Strict):
    """The slot that asks, and what just happened there."""

    channel = Word(metadata=says("Only treatments in this channel of the policy.", example="mobile_app"))
    placement = Word(metadata=says("The slot or page within the channel.", example="home_banner"))
    limit = Whole(1, 10, load_default=3, metadata=says("How many offers at most.", example=3))
    trigger = Word(
        metadata=says("What just happened, in the policy's words: one that its rules look at.", example="maturity")
    )
    amount_yuan = Yuan(1e12, metadata=says("Money just received or freed, in yuan.", example=50000))


class Reason(Loose):
    """A rule that spoke for an offer."""

    code = fields.String(required=True)
    text = fields.String(required=True)


class Withheld(Loose):
    """A rule that holds offers back, how many, and what would open it."""

    code = fields.String(required=True)
    text = fields.String(required=True)
    unlock = fields.String(required=True, allow_none=True)
    offers = fields.Integer(required=True)


class OfferText(Loose):
    """The offer in words."""

    name = fields.String(required=True)
    family = fields.String(required=True, metadata={"enum": [family.value for family in Family]})
    title = fields.String(required=True)
    body = fields.String(required=True)
    disclosures = fields.List(fields.String(), required=True)
    link = fields.String(required=True)


class Offer(Loose):
    """One treatment: an offer, its best channel and why."""

    rank = fields.Integer(required=True, metadata={"minimum": 1})
    offer = fields.String(required=True, metadata=says("The offer's id, as events name it."))
    decision_id = fields.String(required=True, allow_none=True, metadata=says("As of the whole answer."))
    valid_until = fields.DateTime(required=True, metadata=says("When to ask again."))
    token = fields.String(
        required=True,
        allow_none=True,
        metadata=says("Proves that it was shown; an accept must bring it. Null where nothing was recorded."),
    )
    channel = fields.String(required=True)
    alternatives = fields.List(fields.String(), required=True)
    reasons = fields.List(fields.Nested(Reason), required=True)
    text = fields.Nested(OfferText, required=True)


class OffersAnswer(Loose):
    """The next best offers, best first; an empty list comes with the reasons in ``withheld``."""

    customer_id = fields.String(
        required=True,
        metadata=says("Empty by external key while the database is away: nobody can tell whose it is."),
    )
    external_key = fields.String(allow_none=True, metadata=says("The bank's own key of the customer, if any."))
    decision_id = fields.String(
        required=True,
        allow_none=True,
        metadata=says("The decision on record; null where none was made: database away, or explain=true."),
    )
    language = fields.String(required=True, metadata={"enum": ["zh", "en"]})
    decided_at = fields.DateTime(required=True)
    valid_until = fields.DateTime(required=True)
    personalised = fields.Boolean(required=True)
    offers = fields.List(fields.Nested(Offer), required=True)
    withheld = fields.List(fields.Nested(Withheld), required=True)
    degraded = fields.List(
        fields.String(), required=True, metadata=says("Parts that were away: cache, models, database.")
    )
    explanation = fields.Nested(ExplanationAnswer, metadata=says("With explain=true alone."))


class BulkOffersInput(Strict):
    """Up to 200 customers and the slot that asks."""

    customers = Several(
        Word(),
        1,
        MAX_BULK,
        "customers",
        metadata=says("Customer ids, each once.", example=["c-000001", "c-000002"]),
    )
    external_keys = Several(
        Word(LONG),
        1,
        MAX_BULK,
        "keys",
        metadata=says("Customers by the bank's own keys, each once; with customers at most 200.", example=["CIF-0042"]),
    )
    channel = Word(metadata=says("Only treatments in this channel of the policy.", example="branch"))
    placement = Word(metadata=says("The slot within the channel."))
    limit = Whole(1, 10, load_default=3, metadata=says("How many offers each at most.", example=3))

    @validates_schema
    def _once(self, value: dict[str, Any], **_: Any) -> None:
        lists = [(name, value.get(name) or []) for name in ("customers", "external_keys")]
        for field, names in lists:
            twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
            if twice:
                raise ValidationError(f"must name each customer once; twice: {', '.join(twice[:10])}", field)
        if not 1 <= sum(len(names) for _, names in lists) <= MAX_BULK:
            raise ValidationError(f"is required, or external_keys; both together at most {MAX_BULK}", "customers")


class OffersStatus(Loose):
    """One customer of the list: the answer of a single call, or its problem."""

    customer_id = fields.String(required=True)
    external_key = fields.String(allow_none=True, metadata=says("The bank's own key of the customer, if any."))
    status = fields.Integer(required=True)
    answer = fields.Nested(OffersAnswer)
    problem = fields.Nested(ItemProblem)


class KeyedStatus(Loose):
    """One customer by external key: the answer of a single call, or its problem; without an id where nobody has it."""

    external_key = fields.String(required=True)
    customer_id = fields.String(required=True, allow_none=True)
    status = fields.Integer(required=True)
    answer = fields.Nested(OffersAnswer)
    problem = fields.Nested(ItemProblem)


class BulkOffersAnswer(Loose):
    """In the order asked."""

    customers = fields.List(fields.Nested(OffersStatus), required=True)
    external_keys = fields.List(fields.Nested(KeyedStatus), metadata=says("Where some were asked for by key."))
