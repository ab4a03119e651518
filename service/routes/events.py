"""POST /v1/events: what happened between customer and bank. Durable before it is acknowledged, harmless to repeat.

201 when at least one event was new, 200 when all were known. Either every event of a request is acknowledged, or the
answer is an error: then some may have been stored, and sending the same request again is always right (409 and 404
name the events that will never be taken; without them the rest will). When PostgreSQL is away: 503 with Retry-After.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import orjson
from flask import Response, request

from service.domain import Client, Event
from service.engine import Engine
from service.errors import Forbidden, FourcastError, InvalidInput, Problem
from service.offer_tokens import TokenRefused
from service.routes.access import Reach, engine, needs, own_customers
from service.routes.bodies import join, read_json
from service.routes.contract import BODY_ERRORS, Conflict, NotFound, Resource, operation, shown
from service.routes.examples.events import ACCEPT, EVENT, EVENTS
from service.routes.fields import check, kind
from service.routes.replies import NO_STORE, Ready
from service.routes.schemas.events import MAX_EVENTS, EventInput, EventsAnswer, EventsInput

SENTENCE = "The events do not fit; none was stored."
_EVENT = EventInput()
_SEVERAL = "events"

blueprint = Resource("events", __name__, description="What happened between customer and bank.")


@blueprint.serve(
    "/v1/events",
    "POST",
    **operation(
        "recordEvents",
        "events:write",
        {
            "201": shown(
                "Durable; at least one was new.", EventsAnswer, {"events": [{"id": EVENT["id"], "status": "stored"}]}
            ),
            "200": shown(
                "All were known already.", EventsAnswer, {"events": [{"id": EVENT["id"], "status": "duplicate"}]}
            ),
        },
        *BODY_ERRORS,
        NotFound,
        Conflict,
        requestBody={
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"oneOf": [EventInput, EventsInput]},
                    "examples": {"one": {"value": EVENT}, "several": {"value": EVENTS}, "accept": {"value": ACCEPT}},
                }
            },
        },
    ),
)
@needs("events:write", reach=Reach.NAMED)
def events(client: Client) -> Response:
    """Report events

    One event, or up to 200 as `{"events": [...]}`. An `id` sent again with the same content is a duplicate and changes
    nothing, also when its token has expired since; with another content it is a conflict. The next offers already count
    what was acknowledged here.
    """
    wanted, paths, tokens = read_events(read_json(request))
    _own(client, wanted, paths)
    wanted = proven(engine(), wanted, paths, tokens)
    statuses = record(engine(), wanted, paths)
    rows = [{"id": event.id, "status": status} for event, status in zip(wanted, statuses, strict=True)]
    return Ready(orjson.dumps({"events": rows}), 201 if "stored" in statuses else 200, [NO_STORE])


def read_events(body: object) -> tuple[list[Event], list[str], list[str | None]]:
    """The events a body holds, the path and the token of each; InvalidInput with every fault of every event."""
    single = not (isinstance(body, dict) and _SEVERAL in body)
    rows = [body] if single else _rows(cast(dict[str, Any], body))
    paths = [""] if single else [join(_SEVERAL, number) for number in range(len(rows))]
    found, problems = list[dict[str, Any]](), list[Problem]()
    for row, path in zip(rows, paths, strict=True):
        try:
            found.append(check(_EVENT, row, SENTENCE, path))
        except InvalidInput as error:
            problems += error.problems
    if problems:
        raise InvalidInput(SENTENCE, problems[:MAX_EVENTS])
    tokens = [row.pop("token", None) for row in found]
    return [Event(**row) for row in found], paths, tokens


def proven(engine: Engine, wanted: Sequence[Event], paths: Sequence[str], tokens: Sequence[str | None]) -> list[Event]:
    """The events, each with the decision that its token proves; TokenRefused with every token that proves nothing."""
    found, problems = list[Event](), list[Problem]()
    for event, path, token in zip(wanted, paths, tokens, strict=True):
        try:
            found.append(event if token is None else _proven(engine, event, token))
        except TokenRefused as error:
            problems += [Problem(join(path, row.where), row.message) for row in error.problems]
    if problems:
        raise TokenRefused(f"{problems[0]}. Nothing was stored.", problems)
    return found


def _proven(engine: Engine, event: Event, token: str) -> Event:
    """The event with its token's decision; a token that is good no more still serves an event acknowledged before."""
    named = replace(event, decision_id=engine.tokens.named(token))
    try:
        engine.tokens.checked(token, event.customer_id, event.offer, event.channel)
    except TokenRefused:
        if named.decision_id is None or not engine.acknowledged(named):
            raise
    if event.decision_id not in (None, named.decision_id):
        sentence = "is not the decision of the token"
        raise TokenRefused(f"decision_id {sentence}", [Problem("decision_id", sentence)])
    return named


def record(engine: Engine, wanted: Sequence[Event], paths: Sequence[str]) -> list[str]:
    """``stored`` or ``duplicate`` for each event; Conflict or NotFound naming those that cannot be taken."""
    statuses, refusals, problems = list[str](), list[FourcastError](), list[Problem]()
    for event, path in zip(wanted, paths, strict=True):
        try:
            statuses += [status for _, status in engine.record([event])]
        except (Conflict, NotFound) as error:
            refusals.append(error)
            problems.append(Problem(path, error.message))
    if refusals:
        count = f"{len(refusals)} of {len(wanted)} events cannot be taken; the others are stored."
        raise type(refusals[0])(count if len(wanted) > 1 else refusals[0].message, problems if len(wanted) > 1 else ())
    return statuses


def _rows(body: dict[str, Any]) -> list[Any]:
    rows = body[_SEVERAL]
    if not isinstance(rows, list) or not 1 <= len(rows) <= MAX_EVENTS:
        got = f"{len(rows)}" if isinstance(rows, list) else kind(rows)
        raise InvalidInput(SENTENCE, [Problem(_SEVERAL, f"must be an array of 1 to {MAX_EVENTS} events, got {got}")])
    if extra := [name for name in body if name != _SEVERAL]:
        raise InvalidInput(SENTENCE, [Problem(name[:64], "is not known here; expected events") for name in extra[:20]])
    return rows


def _own(client: Client, wanted: Sequence[Event], paths: Sequence[str]) -> None:
    if not client.bound:
        return
    own = own_customers(client, sorted({event.customer_id for event in wanted}))
    others = [path for event, path in zip(wanted, paths, strict=True) if event.customer_id not in own]
    if others:
        faults = [Problem(join(path, "customer_id"), "is not this key's customer") for path in others]
        raise Forbidden("This key reports for its own customers only. Nothing was stored.", faults)
