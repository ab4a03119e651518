"""GET /v1/changes: what changed since a token, in order, nothing missed and nothing told twice.

A CRM reads everything once, asks for a token of now beforehand (``since=latest``), and then follows ``next`` for good.
Changes say that something changed and to what; facts are read where they stand. A branch's key sees its own branch's.
"""

from collections.abc import Sequence

import orjson
from flask import Response, request

from service.core.domain import Client
from service.core.errors import Conflict, Gone
from service.rendering.answer import iso
from service.routes.examples.webhooks import CHANGE
from service.routes.http.cursors import next_page
from service.routes.http.fields import check
from service.routes.http.guard import BoundClients, engine, own_branch
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.routes.offers.offers import pairs
from service.routes.schemas.changes import ChangesAnswer, ChangesQuery
from service.store.outbox.feed import ChangeFeed, Place

READS = ("customers:read", "customers:write")
LATEST = "latest"
_QUERY = ChangesQuery()
_ANSWER = response_doc("The changes.", ChangesAnswer, {"changes": [CHANGE], "next": "Ny45"},
                headers={"Link": {"description": "The next page.", "schema": {"type": "string"}}})  # fmt: skip

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
    `lead.*`, and `decision.made` where it is asked for by `types`. Of an update, `attributes` names what changed, or
    `new` says that all of it did. Kept for 30 days; an older token is 410. Without `since`, from the oldest that is
    kept.
    """
    query = check(_QUERY, pairs(request.environ["QUERY_STRING"]), "The query does not fit.")
    feed, since, types = engine().crm.changes, query.get("since"), query.get("types", ())
    branch = own_branch(client, query.get("branch"))
    _expect_told(feed, types)
    found, stands = ([], feed.latest()) if since == LATEST else feed.since(_place(since), branch, query["limit"], types)
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
    link = next_page("/v1/changes", since=onward, limit=query["limit"], **same)
    return RawResponse(orjson.dumps({"changes": rows, "next": onward}), 200, [NO_STORE, link])


def _expect_told(feed: ChangeFeed, types: Sequence[str]) -> None:
    """Raise Conflict where decisions are asked for and the bank does not put them on the feed."""
    if any(kind.startswith("decision.") for kind in types) and not feed.tells_decisions():
        raise Conflict("Decisions are not on the feed: `fourcast feed --decisions on` puts them there from then on.")


def _place(since: str | None) -> Place:
    return Place() if since is None else Place.of(since)
