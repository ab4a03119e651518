"""POST /v1/events: what happened between customer and bank. Stored before it is acknowledged; repeating is harmless.

A body that does not fit its schema is refused whole, before anything is stored. Each event that fits is then checked
alone, against what only the bank knows: its customer, offer, channel, decision and token, whether its id was used
before, and whether the client may report it. The answer has a status for each event. It is 201 where at least one event
is new, and 200 where none is new but some are known. A refused event says why and will never be accepted unchanged.
Where all are refused the answer is an error. While PostgreSQL is away the answer is 503 with Retry-After; some events
may be stored by then, and repeating the request is always right. Each event counts in the quota.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, cast

import orjson
from flask import Response, request
from marshmallow import ValidationError, fields, validates_schema

from service.core.domain import Client, Event, EventKind
from service.core.errors import Conflict, Forbidden, FourcastError, InvalidInput, NotFound, Problem
from service.engine.auth.branch_scope import unreachable_error
from service.engine.engine import Engine
from service.engine.offers.event_claims import Claims, with_canonical_decision_id
from service.engine.offers.offer_tokens import TokenRefused
from service.routes.http.fields import (
    Amount,
    Instant,
    Loose,
    OfCustomer,
    Strict,
    Word,
    Yuan,
    check,
    describe,
    json_kind,
)
from service.routes.http.guard import BoundClients, engine, reachable_customers, resolve_external_keys, spend
from service.routes.http.headers.languages import BY_LANGUAGE
from service.routes.http.json_body import join_path, read_json
from service.routes.http.problems import ItemProblem, item_problem
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.store.customers.repository import no_customer_of

MAX_EVENTS = 200

ABOUT_AN_OFFER = frozenset({"impression", "click", "accept", "reject", "dismiss"})


class DescribedEvent(OfCustomer):
    """The fields of an event that need words or bounds."""

    id = Word(
        required=True, metadata=describe("The sender's own id; sending it again is harmless.", example="app-7f3a-1")
    )
    kind = Word(among=[kind.value for kind in EventKind], required=True, metadata=describe("What happened."))
    at = Instant(
        required=True, metadata=describe("When it happened, with offset.", example="2026-11-23T09:30:00+08:00")
    )
    offer = Word(
        allow_none=True,
        metadata=describe("The offer it is about: one of the bank's, also one that was retired.", example="term-12m"),
    )
    channel = Word(
        allow_none=True, metadata=describe("Where it happened: a channel of the bank's.", example="mobile_app")
    )
    decision_id = Word(
        allow_none=True,
        metadata=describe("The decision that led to it: one of this customer's, which showed the offer."),
    )
    amount_yuan = Yuan(
        1e12, allow_none=True, metadata=describe("Money that moved, in yuan and whole fen.", example=50000)
    )
    score = Amount(1, 5, allow_none=True, metadata=describe("What a survey answered, 1 (worst) to 5 (best)."))
    token = Word(
        128,
        allow_none=True,
        metadata=describe(
            "The offer's token, as it came with the offer; required for kind accept. Good once, in its channel."
        ),
    )
    question = Word(allow_none=True, metadata=describe("What the survey asked, by its id in the policy's portrait."))


_BY_TYPE: Mapping[object, Callable[..., fields.Field[Any]]] = {
    str | None: Word,
    float | None: partial(Amount, -1e12, 1e12),
}
_OTHERS = {
    row.name: _BY_TYPE[row.type](allow_none=True)
    for row in dataclasses.fields(Event)
    if row.name not in DescribedEvent._declared_fields
}


class EventInput(DescribedEvent.from_dict(_OTHERS)):  # type: ignore[misc]
    """One thing that happened between the customer and the bank: every field of ``Event``, and the offer's token."""

    @validates_schema
    def _whole(self, value: dict[str, Any], **_: Any) -> None:
        if value.get("kind") in ABOUT_AN_OFFER and value.get("offer") is None:
            raise ValidationError(f"is required for kind {value['kind']}", "offer")
        if value.get("kind") == "accept" and value.get("token") is None:
            raise ValidationError("is required for kind accept: send the token that came with the offer", "token")
        if value.get("kind") == "survey" and value.get("score") is None:
            raise ValidationError("is required for kind survey", "score")


class EventsInput(Strict):
    """Several events in one request."""

    events = fields.List(
        fields.Nested(EventInput),
        required=True,
        metadata=describe("The events, oldest first.", minItems=1, maxItems=MAX_EVENTS),
    )


class EventStatus(Loose):
    """The outcome of one event."""

    id = fields.String(required=True)
    status = fields.String(required=True, metadata=describe("What was done.", enum=["stored", "duplicate", "refused"]))
    problem = fields.Nested(ItemProblem, metadata=describe("Why it is refused, as it would be if it were sent alone."))


class EventsAnswer(Loose):
    """The outcomes in the order of the request; what is not refused is stored."""

    events = fields.List(fields.Nested(EventStatus), required=True)


EVENT: dict[str, Any] = {
    "id": "app-7f3a-1",
    "customer_id": "c-000001",
    "kind": "dismiss",
    "at": "2026-11-23T09:30:00+08:00",
    "offer": "term-12m",
    "channel": "mobile_app",
}

EVENTS: dict[str, Any] = {"events": [EVENT, {**EVENT, "id": "app-7f3a-2", "kind": "impression", "offer": "term-6m"}]}

ACCEPT: dict[str, Any] = {
    **EVENT,
    "id": "app-7f3a-3",
    "kind": "accept",
    "token": "1.AZnTyG8efDqaVQ1vK35MEA.1795570200.6Tz3n0yRkQq4Zb8u2mWcVg",
}

STORED: dict[str, Any] = {
    "events": [
        {"id": EVENT["id"], "status": "stored"},
        {
            "id": "app-7f3a-2",
            "status": "refused",
            "problem": {
                "type": "urn:fourcast:problem:not-found",
                "title": "Not found",
                "detail": 'No customer "c-000009". Import customers first, or check the id.',
            },
        },
    ]
}

DUPLICATE: dict[str, Any] = {"events": [{"id": EVENT["id"], "status": "duplicate"}]}


SENTENCE = "The events do not fit; none was stored."
BANKS_OWN = (EventKind.PURCHASE, EventKind.CONTACT)
"""Kinds that only the bank reports."""
CUSTOMERS_OWN = tuple(each for each in EventKind if each not in BANKS_OWN)
_EVENT = EventInput()
NOBODY = ""
"""A customer id of no customer, for an external key that is unknown."""
_SEVERAL = "events"
_FOR_GOOD = (InvalidInput, Forbidden, NotFound, Conflict)
"""Errors by which an event is refused, however often it is sent."""

api = Resource("events", __name__, description="What happened between customer and bank.")


@dataclass(frozen=True, slots=True)
class Sent:
    """An event, its token, its path in the body, and its customer's external key where one was given."""

    event: Event
    token: str | None
    path: str
    external_key: str | None = None


@api.post(
    "/v1/events",
    scope="events:write",
    reach=BoundClients.NAMED,
    body={"oneOf": [EventInput, EventsInput]},
    examples={"one": EVENT, "several": EVENTS, "accept": ACCEPT},
    answers={
        "201": response_doc("What is not refused is durable; at least one was new.", EventsAnswer, STORED),
        "200": response_doc("What is not refused was known already.", EventsAnswer, DUPLICATE),
    },
    errors=(NotFound, Conflict),
)
def record_events(client: Client) -> Response:
    """Report events

    One event, or up to 200 as `{"events": [...]}`, each of which counts in the quota and is answered by itself:
    `stored`, `duplicate`, or `refused` with the problem that it would be alone. Where all are refused the answer is
    that problem. An `id` sent again with the same content is a duplicate and changes nothing, also when its token has
    expired since; so is a second accept with the same token. An `id` with another content is a conflict. A customer's
    own key may say impression, click, accept, reject, dismiss, survey and complaint; purchases and contacts are the
    bank's. The next offers already count what was acknowledged here.
    """
    sent = read_events(read_json(request))
    spend(client, len(sent) - 1, of=len(sent))
    return answer_events(sent, take_events(client, sent))


def read_events(body: object) -> list[Sent]:
    """The events of a body.

    Raises: InvalidInput: with every problem of every event.
    """
    single = not (isinstance(body, dict) and _SEVERAL in body)
    rows = [body] if single else _rows(cast(dict[str, Any], body))
    sent, problems = list[Sent](), list[Problem]()
    for number, row in enumerate(rows):
        path = "" if single else join_path(_SEVERAL, number)
        try:
            fields = check(_EVENT, row, SENTENCE, path)
            token, key = fields.pop("token", None), fields.pop("external_key", None)
            sent.append(Sent(Event(**{"customer_id": NOBODY} | fields), token, path, key))
        except InvalidInput as error:
            problems += error.problems
        if len(problems) >= MAX_EVENTS:
            break
    if problems:
        raise InvalidInput(SENTENCE, problems[:MAX_EVENTS])
    return sent


def take_events(client: Client, sent: Sequence[Sent]) -> list[str | FourcastError]:
    """The outcome of each event: ``stored``, ``duplicate``, or the error by which it is refused.

    Raises: FourcastError: when it would befall the rest too, as Unavailable.
    """
    claims, reached = engine().claims(client.customer_id is None), _reached(client, sent)
    keyed = resolve_external_keys(client, sorted({one.external_key for one in sent if one.external_key is not None}))
    outcomes = list[str | FourcastError]()
    for one in (_with_customer(each, keyed) for each in sent):
        try:
            if one.event.customer_id == NOBODY:
                raise no_customer_of(str(one.external_key))
            _expect_reportable(client, one.event, reached.union(keyed.values()))
            outcomes.append(_record(engine(), claims, one))
        except _FOR_GOOD as error:
            outcomes.append(error)
    return outcomes


def answer_events(sent: Sequence[Sent], became: Sequence[str | FourcastError], by_path: bool = False) -> RawResponse:
    """The answer with a status for each event.

    Raises: the error of ``refusal`` where every event is refused.
    """
    statuses = [one for one in became if isinstance(one, str)]
    if not statuses:
        raise refusal([one for one in became if isinstance(one, FourcastError)], sent, by_path)
    rows = [_row(one.event, each) for one, each in zip(sent, became, strict=True)]
    return RawResponse(orjson.dumps({"events": rows}), 201 if "stored" in statuses else 200, [NO_STORE, BY_LANGUAGE])


def refusal(errors: Sequence[FourcastError], sent: Sequence[Sent], by_path: bool = False) -> FourcastError:
    """The one error of a request whose events are all refused: the error of a single event, else problems by path.

    ``by_path``: by path also for a single event.
    """
    if len(errors) == 1 and not by_path:
        return errors[0]
    problems = [
        replace(each, where=join_path(one.path, each.where))
        for one, error in zip(sent, errors, strict=True)
        for each in error.problems or [Problem("", error.message)]
    ]
    one_kind = type(errors[0]) if len({type(error) for error in errors}) == 1 else InvalidInput
    problems = [replace(each, where=each.where.rstrip(".")) for each in problems[:MAX_EVENTS]]
    sentence = f"None of the {len(errors)} events can be taken." if len(errors) > 1 else errors[0].message
    return one_kind(sentence, problems)


def _with_customer(one: Sent, keyed: Mapping[str, str]) -> Sent:
    """The event with the id of the customer whom its external key names, if any."""
    if one.external_key is None:
        return one
    return replace(one, event=replace(one.event, customer_id=keyed.get(one.external_key, NOBODY)))


def _record(engine: Engine, claims: Claims, one: Sent) -> str:
    """``stored`` or ``duplicate``. An event that is known already, in either spelling, is not checked again."""
    event = with_canonical_decision_id(one.event)
    if event != one.event and engine.is_acknowledged(one.event):
        return "duplicate"
    if one.token is not None:
        event = _with_decision_of_token(engine, event, one.token)
    try:
        claims.expect(event, proven=one.token is not None)
    except InvalidInput:
        if not engine.is_acknowledged(event):
            raise
    return engine.record_events([event])[0][1]


def _with_decision_of_token(engine: Engine, event: Event, token: str) -> Event:
    """The event with its token's decision. An expired token still serves an event that was acknowledged before."""
    named = replace(event, decision_id=engine.tokens.decision_of(token))
    try:
        engine.tokens.verify(token, event.customer_id, event.offer, event.channel)
    except TokenRefused:
        if named.decision_id is None or not engine.is_acknowledged(named):
            raise
    if event.decision_id not in (None, named.decision_id):
        sentence = "is not the decision of the token"
        raise TokenRefused(f"decision_id {sentence}", [Problem("decision_id", sentence)])
    return named


def _rows(body: dict[str, Any]) -> list[Any]:
    rows = body[_SEVERAL]
    if not isinstance(rows, list) or not 1 <= len(rows) <= MAX_EVENTS:
        got = f"{len(rows)}" if isinstance(rows, list) else json_kind(rows)
        raise InvalidInput(SENTENCE, [Problem(_SEVERAL, f"must be an array of 1 to {MAX_EVENTS} events, got {got}")])
    if extra := [name for name in body if name != _SEVERAL]:
        raise InvalidInput(SENTENCE, [Problem(name[:64], "is not known here; expected events") for name in extra[:20]])
    return rows


def _row(event: Event, became: str | FourcastError) -> dict[str, Any]:
    if isinstance(became, str):
        return {"id": event.id, "status": became}
    return {"id": event.id, "status": "refused", "problem": item_problem(became)}


def _reached(client: Client, sent: Sequence[Sent]) -> frozenset[str]:
    """Customers of the events whom the client may reach."""
    named = frozenset(one.event.customer_id for one in sent if one.external_key is None)
    return reachable_customers(client, sorted(named)) if client.bound else named


def _expect_reportable(client: Client, event: Event, reached: frozenset[str]) -> None:
    """Raise NotFound or Forbidden where the client may not report this event of this customer."""
    if event.customer_id not in reached:
        raise unreachable_error(client, event.customer_id)
    if client.customer_id is not None and event.kind in BANKS_OWN:
        may = f"this key may say {', '.join(CUSTOMERS_OWN)}; got {event.kind}"
        raise Forbidden(f"A {event.kind} is the bank's to report, not the customer's.", [Problem("kind", may)])
