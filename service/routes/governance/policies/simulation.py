"""/v1/policies/{policy_hash}/simulate: two policies over the same customers.

A simulation occupies its worker while it runs, so its size is limited.
"""

from flask import Response, request
from marshmallow import fields

from service.core.domain import Client
from service.core.errors import InvalidInput, NotFound, Problem
from service.routes.governance.policies.policies import BODY, EITHER, HASH, ShiftAnswer, answer_json, api
from service.routes.http.fields import Loose, Strict, Whole, Word, check, describe
from service.routes.http.guard import engine, expect_word
from service.routes.http.json_body import read_json
from service.routes.http.resource import response_doc
from service.rules.loading import limits
from service.rules.policy import Policy

MOST_CUSTOMERS = 10_000
"""Most customers of one simulation over HTTP: more take longer than a caller should wait."""


class SimulationInput(Strict):
    """The size of the simulation, and the policy to compare with."""

    customers = Whole(1, MOST_CUSTOMERS, load_default=2000, metadata=describe("How many customers are sampled."))
    channel = Word(load_default=None, allow_none=True, metadata=describe("Only treatments in this channel."))
    limit = Whole(1, 10, load_default=3, metadata=describe("Offers in each list."))
    against = Word(
        HASH,
        data_key="with",
        load_default=None,
        allow_none=True,
        metadata=describe("The policy to stand beside; by default the one that serves."),
    )


class MoveAnswer(Loose):
    """Customers whose first offer became another."""

    old = fields.String(required=True, allow_none=True)
    new = fields.String(required=True, allow_none=True)
    customers = fields.Integer(required=True)


class ExampleAnswer(Loose):
    """One customer whose first offer is worth more or less."""

    customer = fields.String(required=True)
    old = fields.String(required=True, allow_none=True)
    new = fields.String(required=True, allow_none=True)
    difference_yuan = fields.Float(required=True)


class GroupAnswer(Loose):
    """Customers alike in one way."""

    axis = fields.String(required=True)
    name = fields.String(required=True)
    customers = fields.Integer(required=True)
    served = fields.Nested(ShiftAnswer, required=True)
    changed = fields.Integer(required=True)
    value_yuan = fields.Nested(ShiftAnswer, required=True)


class SimulationAnswer(Loose):
    """Two policies over the same customers at the same moment."""

    old = fields.String(required=True)
    new = fields.String(required=True)
    at = fields.Integer(required=True, metadata=describe("The moment, milliseconds since 1970."))
    channel = fields.String(required=True, allow_none=True)
    customers = fields.Integer(required=True)
    identical = fields.Integer(required=True, metadata=describe("Whose whole list is the same."))
    first_changed = fields.Integer(required=True)
    gained = fields.Integer(required=True, metadata=describe("Who had nothing and now has an offer."))
    lost = fields.Integer(required=True, metadata=describe("Who had an offer and now has nothing."))
    better = fields.Integer(required=True)
    worse = fields.Integer(required=True)
    unchanged = fields.Boolean(required=True)
    value_yuan = fields.Nested(ShiftAnswer, required=True, metadata=describe("Priorities of first treatments, summed."))
    volumes = fields.Dict(keys=fields.String(), values=fields.List(fields.Nested(ShiftAnswer)), required=True)
    starved = fields.List(fields.Nested(ShiftAnswer), required=True)
    groups = fields.List(fields.Nested(GroupAnswer), required=True)
    moves = fields.List(fields.Nested(MoveAnswer), required=True)
    gainers = fields.List(fields.Nested(ExampleAnswer), required=True)
    losers = fields.List(fields.Nested(ExampleAnswer), required=True)


MOST_WORK = 2_000_000_000
"""Most customers x rules x offers x channels of one simulation, seconds of a worker. 2,000 customers always fit."""


@api.post(
    "/v1/policies/<string:policy_hash>/simulate",
    scope=EITHER,
    body=SimulationInput,
    answers={"200": response_doc("Both policies over the same customers.", SimulationAnswer)},
    errors=(NotFound,),
)
def simulate_policy(client: Client, policy_hash: str) -> Response:
    """What would change for whom

    Both policies decide for a fair sample of the stored customers, now, with the models and prices that serve. Nothing
    is shown to anybody, nothing is recorded. Large policies take fewer customers: 422 says how many.
    """
    governance, asked = engine().governance, check(SimulationInput(), read_json(request), BODY)
    new = governance.policy(expect_word(policy_hash, "policy_hash"))
    old = governance.policy(asked.pop("against"))
    _expect_affordable(asked["customers"], new, old)
    return answer_json(governance.simulate(new, old, **asked).document())


def _expect_affordable(customers: int, *policies: Policy) -> None:
    """Check that a simulation is small enough for one worker.

    Raises: InvalidInput: naming how many customers are allowed.
    """
    each = sum(limits.count_cells(len(one.rules), len(one.offers), len(one.channels)) for one in policies)
    if customers * each > MOST_WORK:
        words = f"must be at most {MOST_WORK // each:,} with policies of this size; the command line takes more"
        raise InvalidInput("The simulation is too large.", [Problem("customers", words)])
