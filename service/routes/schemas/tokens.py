"""Tokens of single customers."""

from marshmallow import fields, validate

from service.engine.auth import SCOPES
from service.engine.auth.customer_tokens import MINTS
from service.routes.http.fields import Whole, Word
from service.routes.schemas import Loose, OnBehalf, says

SHORTEST_S, USUAL_S, LONGEST_S = 60, 900, 3600
PASSED_ON = tuple(scope for scope in SCOPES if scope != MINTS)


class TokenInput(OnBehalf):
    """Whom a token is for, and what it may."""

    customer_id = Word(required=True, metadata=says("The customer who has signed in.", example="c-000001"))
    scopes = fields.List(
        Word(among=PASSED_ON),
        required=True,
        validate=validate.Length(1, len(PASSED_ON), error="must be 1 to {max} scopes"),
        metadata=says("Those of the key's own scopes that the app needs.", example=["offers:read"]),
    )
    seconds = Whole(SHORTEST_S, LONGEST_S, load_default=USUAL_S, metadata=says("How long it lives.", example=900))


class TokenAnswer(Loose):
    """A token, to be sent as a key is."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True, metadata={"enum": ["Bearer"]})
    expires_in = fields.Integer(required=True, metadata=says("Seconds."))
    expires_at = fields.DateTime(required=True)
    customer_id = fields.String(required=True)
    scope = fields.String(required=True, metadata=says("Its scopes, parted by blanks."))
