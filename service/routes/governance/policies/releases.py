"""/v1/releases: what served, since when, by whom and why; and the release before, restored."""

from datetime import UTC

from flask import Response, request
from marshmallow import fields

from service.core.domain import Client
from service.core.errors import Conflict, NotFound, Withdrawn
from service.rendering.answer import iso
from service.routes.governance.policies.policies import (
    APPROVE,
    BODY,
    EITHER,
    QUERY,
    ListQuery,
    NoteInput,
    ReleaseAnswer,
    answer_json,
    api,
    release_document,
    to_field,
)
from service.routes.http.fields import Loose, check, describe
from service.routes.http.guard import engine
from service.routes.http.json_body import read_json
from service.routes.http.resource import response_doc


class RollbackInput(NoteInput):
    """A note, and the release to restore."""

    to = to_field()


class ListedRelease(ReleaseAnswer):
    """A release with who activated it, when and why."""

    note = fields.String(required=True)
    actor = fields.String(required=True)
    activated_at = fields.DateTime(required=True)
    restores = fields.Integer(
        required=True, allow_none=True, metadata=describe("The release that a rollback restored.")
    )
    active = fields.Boolean(required=True)


class ReleasesAnswer(Loose):
    """The newest first."""

    releases = fields.List(fields.Nested(ListedRelease), required=True)


@api.get(
    "/v1/releases",
    scope=EITHER,
    query=ListQuery,
    answers={"200": response_doc("Releases, newest first.", ReleasesAnswer)},
)
def list_releases(client: Client) -> Response:
    """What served, since when, by whom and why

    Newest first. A rollback is a release of its own that names the one it restores.
    """
    limit = check(ListQuery(), dict(request.args), QUERY)["limit"]
    rows = engine().store.releases.list_releases(limit)
    return answer_json({"releases": [{**row, "activated_at": iso(row["activated_at"], UTC)} for row in rows]})


@api.post(
    "/v1/releases/rollback",
    scope=(APPROVE, "models:promote"),
    body=RollbackInput,
    answers={"200": response_doc("The release before, as a new one.", ReleaseAnswer)},
    errors=(Conflict, NotFound, Withdrawn),
)
def rollback_release(client: Client) -> Response:
    """Restore the release before the one that serves, or the one that `to` names

    Needs no second person: what it restores was approved before. Once more goes further back. Withdrawn policies are
    passed over, and refused where they are named.
    """
    governance, body = engine().governance, check(RollbackInput(), read_json(request), BODY)
    return answer_json(release_document(governance.rollback(client.name, body["note"], body["to"])))
