"""The feed of changes."""

from marshmallow import fields

from service.routes.fields import QueryInteger, Strict, Word
from service.routes.schemas import Loose, says


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
