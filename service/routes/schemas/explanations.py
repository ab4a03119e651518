"""Why, why not, and what would change it: the explanation of one decision."""

from marshmallow import fields

from service.routes.schemas import Loose, says


class Told(Loose):
    """A part of the explanation in words; its figures and codes stand beside them."""

    text = fields.String(required=True)


class Step(Told):
    """A step of the funnel: how many offers are left after it, and which gates took which."""

    stage = fields.String(required=True)
    left = fields.Integer(required=True)
    taken = fields.List(fields.Dict(), required=True)


class Unlock(Told):
    """What would open which offers, with what is lacking."""

    gates = fields.List(fields.Dict(), required=True)
    offers = fields.List(fields.String(), required=True)


class Dropped(Told):
    """What would come first without one factor of the priority."""

    factor = fields.String(required=True)
    offer = fields.String(required=True, allow_none=True)
    channel = fields.String(required=True, allow_none=True)
    priority_yuan = fields.Float(required=True, allow_none=True)
    changes = fields.Boolean(required=True)


class Positioning(Told):
    """In which words a shown offer is told: a segment's, by the id of their entry, or the plain ones (null)."""

    id = fields.String(required=True, allow_none=True, metadata={"example": "renew-at-maturity"})
    segment = fields.String(required=True, allow_none=True, metadata={"example": "maturing"})


class ExplainedOffer(Told):
    """One offer's fate, the factors of its priority in its best channel, and every channel with what closes it."""

    offer = fields.String(required=True)
    name = fields.String(required=True)
    outcome = fields.String(required=True, metadata={"enum": ["shown", "possible", "withheld"]})
    rank = fields.Integer(required=True, allow_none=True)
    channel = fields.String(required=True)
    positioning = fields.Nested(Positioning, required=True, allow_none=True)
    factors = fields.Dict(required=True)
    channels = fields.List(fields.Dict(), required=True)


class ExplainedGate(Told):
    """One gate, its rule as the policy writes it, and the offers it closes."""

    code = fields.String(required=True)
    stage = fields.String(required=True)
    concern = fields.String(required=True)
    strategy = fields.String(required=True)
    rule = fields.String(required=True)
    unlock = fields.String(required=True, allow_none=True)
    ground = fields.String(required=True, allow_none=True)
    held = fields.Boolean(required=True)
    closes = fields.List(fields.String(), required=True)
    closes_in_some_channel = fields.List(fields.String(), required=True)


class ExplanationAnswer(Loose):
    """Why, why not, and what would change it; made from the decision's record alone."""

    customer_id = fields.String(required=True)
    external_key = fields.String(allow_none=True, metadata=says("The bank's own key of the customer, if any."))
    decision_id = fields.String(required=True, allow_none=True)
    language = fields.String(required=True, metadata={"enum": ["zh", "en"]})
    decided_at = fields.DateTime(required=True)
    arm = fields.String(required=True)
    personalised = fields.Boolean(required=True)
    explored = fields.Boolean(required=True)
    release = fields.Dict(required=True)
    summary = fields.String(required=True)
    funnel = fields.List(fields.Nested(Step), required=True)
    unlocks = fields.List(fields.Nested(Unlock), required=True)
    sensitivity = fields.List(fields.Nested(Dropped), required=True)
    offers = fields.List(fields.Nested(ExplainedOffer), required=True)
    gates = fields.List(fields.Nested(ExplainedGate), required=True)
    contributions = fields.Dict(metadata={"description": "With shap=true: by family, in log-odds."})
