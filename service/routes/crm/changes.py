"""GET /v1/changes: what changed since a token, in order, each change once.

A CRM takes a token of now (``since=latest``), reads everything once, and then follows ``next``. A change says what
changed and to which value; other facts are read at their own endpoints. A branch's key sees changes of its branch.
"""

from collections.abc import Sequence
from typing import Any

import orjson
from flask import Response
from marshmallow import ValidationError, fields

from service.core.domain import Client
from service.core.errors import Conflict, Gone
from service.rendering.answer import iso
from service.routes.crm.webhooks import TYPES
from service.routes.http.fields import Loose, QueryInteger, Strict, Word, describe
from service.routes.http.guard import BoundClients, engine, resolve_branch
from service.routes.http.query import NEXT_PAGE, next_page_link, read_query
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.store.feed import ChangeFeed, Place


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
    """The token to continue from, and which changes."""

    since = Word(metadata=describe("The `next` of the answer before; `latest` gives a token of now.", example="Ny45"))
    types = Types(
        metadata=describe(
            "These alone, with commas between; `lead.*` for all of a kind. Without it all but `decision.*`, which are "
            "told where they are named.",
            example="customer.*,lead.sold",
        )
    )
    branch = Word(metadata=describe("Of this branch alone.", example="b-1"))
    limit = QueryInteger(1, 1_000, load_default=100, metadata=describe("How many at most.", example=100))


class FeedChange(Loose):
    """One change."""

    id = fields.String(required=True, metadata=describe("The change's own token: `since` it comes what follows."))
    type = fields.String(required=True)
    at = fields.DateTime(required=True)
    subject = fields.String(required=True, metadata=describe("The id of what changed."))
    data = fields.Dict(required=True)


class ChangesAnswer(Loose):
    """Changes in order; follow `next`."""

    changes = fields.List(fields.Nested(FeedChange), required=True)
    next = fields.String(required=True, metadata=describe("The token to go on from."))


CHANGE: dict[str, Any] = {
    "id": "Ny45",
    "type": "customer.updated",
    "at": "2026-11-23T09:30:00+08:00",
    "subject": "c-000001",
    "data": {
        "customer_id": "c-000001",
        "external_key": "CIF-0042",
        "revision": 3,
        "new": False,
        "attributes": ["demand_yuan"],
    },
}


READS = ("customers:read", "customers:write")
LATEST = "latest"
_QUERY = ChangesQuery()
_ANSWER = response_doc("The changes.", ChangesAnswer, {"changes": [CHANGE], "next": "Ny45"},
                headers=NEXT_PAGE)  # fmt: skip

api = Resource("changes", __name__, description="What changed, to be followed.")


@api.get(
    "/v1/changes",
    scope=READS,
    reach=BoundClients.BRANCH,
    query=ChangesQuery,
    answers={"200": _ANSWER},
    errors=(Gone, Conflict),
)
def list_changes(client: Client) -> Response:
    """What changed since a token

    `customer.updated`, `customer.preferences`, `customer.moved` (to another branch), `customer.erased`, `job.ended`,
    `lead.*`, `objection.*`, and `decision.made` where it is asked for by `types`. Of an update, `attributes` names what
    changed, or `new` says that all of it did. Kept for 30 days; an older token is 410. Without `since`, from the oldest
    that is kept.
    """
    query = read_query(_QUERY)
    feed, since, types = engine().store.feed, query.get("since"), query.get("types", ())
    branch = resolve_branch(client, query.get("branch"))
    _expect_on_feed(feed, types)
    found, stands = (
        ([], feed.latest()) if since == LATEST else feed.since(_read_place(since), branch, query["limit"], types)
    )
    zone, onward = engine().timezone, stands.token
    rows = [
        {
            "id": one.place.token,
            "type": one.type,
            "at": iso(one.at, zone),
            "subject": one.subject,
            "data": one.told_to(branch),
        }
        for one in found
    ]
    same = {"types": ",".join(types) or None, "branch": query.get("branch")}
    link = next_page_link("/v1/changes", since=onward, limit=query["limit"], **same)
    return RawResponse(orjson.dumps({"changes": rows, "next": onward}), 200, [NO_STORE, link])


def _expect_on_feed(feed: ChangeFeed, types: Sequence[str]) -> None:
    """Raise Conflict where decisions are asked for and the bank does not put them on the feed."""
    if any(kind.startswith("decision.") for kind in types) and not feed.tells_decisions():
        raise Conflict("Decisions are not on the feed: `fourcast feed --decisions on` puts them there from then on.")


def _read_place(since: str | None) -> Place:
    return Place() if since is None else Place.parse(since)
