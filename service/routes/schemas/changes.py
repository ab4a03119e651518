"""The feed of changes."""

from typing import Any

from marshmallow import ValidationError, fields

from service.routes.http.fields import QueryInteger, Strict, Word
from service.routes.schemas import Loose, says
from service.routes.schemas.webhooks import TYPES


class Types(fields.String):
    """Types of changes, as a webhook names them, with commas between."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)

    def _deserialize(self, value: Any, *rest: Any, **more: Any) -> Any:
        kinds = str(super()._deserialize(value, *rest, **more)).split(",")
        strange = [kind for kind in kinds if kind not in TYPES]
        if strange or len(kinds) > len(TYPES):
            raise ValidationError(f'must be of {", ".join(TYPES)}, with commas between; got "{strange[:1]}"')
        return kinds


class ChangesQuery(Strict):
    """Where to go on."""

    since = Word(metadata=says("The `next` of the answer before; `latest` gives a token of now.", example="Ny45"))
    types = Types(
        metadata=says(
            "These alone, with commas between; `lead.*` for all of a kind. Without it all but `decision.*`, which are "
            "told where they are named.",
            example="customer.*,lead.sold",
        )
    )
    branch = Word(metadata=says("Of this branch alone.", example="b-1"))
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
