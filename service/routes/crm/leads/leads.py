"""/v1/leads: the branch's list, and one lead.

Lists are best first and paged by an opaque cursor, with a ``next`` link. The gates of a lead that is shown are open
now; a lead whose gate closed, by an opt-out for example, is withdrawn before it is shown. Every read by a branch's
client is on the audit log.
"""

from typing import Any

import orjson
from flask import Response, request
from marshmallow import fields

from service.core.domain import Client
from service.core.errors import NotFound
from service.engine.auth.branch_audit import about, audit_branch_action
from service.engine.crm.leads.customer_facts import NOTHING, LeadFacts
from service.rendering.answer import iso
from service.routes.http.fields import Loose, QueryInteger, Strict, Word, describe
from service.routes.http.guard import BoundClients, engine, resolve_branch
from service.routes.http.headers.languages import ACCEPT_LANGUAGE, choose_language
from service.routes.http.query import NEXT_PAGE, decode_cursor, encode_cursor, next_page_link, read_query
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.routes.offers.schemas import Reason
from service.rules.statutory import CONFIRMATIONS
from service.store.leads import Lead, LeadSearch

LEAD: dict[str, Any] = {
    "id": "6c1d2e7a-0a3b-4b1e-8f55-0d6f2b7e4c10",
    "customer_id": "c-000001",
    "branch": "b-1",
    "adviser": "a-17",
    "offer": "term-12m",
    "decided_offer": "term-12m",
    "decision_id": "0199d3c8-6f1e-7c3a-9a55-0d6f2b7e4c10",
    "priority_yuan": 412.5,
    "strategies": ["tiered-rates"],
    "status": "open",
    "closed_by": None,
    "reason": None,
    "contacts": 0,
    "built_at": "2026-11-23T08:00:00+08:00",
    "claimed_at": None,
    "contacted_at": None,
    "sold_at": None,
    "sold_yuan": None,
    "due_on": "2026-11-30",
    "expires_at": "2026-12-07T08:00:00+08:00",
    "call_back_at": None,
    "note": None,
    "outcome": None,
    "corrected_at": None,
    "maturity": {"on": "2026-12-05", "amount_yuan": 80000.0},
    "last_contact": {
        "at": "2026-10-20T10:05:00+08:00",
        "channel": "adviser_call",
        "offer": "term-6m",
        "outcome": "rejected",
    },
    "customer_reason": "rate-too-low",
    "call": {"from": "2026-11-23T09:00:00+08:00", "until": "2026-11-23T20:00:00+08:00"},
    "best_time": {"from": "18:00", "until": "19:00"},
    "confirmations": [],
    "talking_points": [
        "80,000 yuan of theirs mature on 2026-12-05",
        "Much of your balance earns the demand rate.",
        "Their reason last time: rate-too-low",
        "Twelve-month deposit: 1.25% a year, from 50 yuan.",
        "Early withdrawal earns the demand rate.",
    ],
    "why": [{"code": "idle-demand-balance", "text": "Much of your balance earns the demand rate."}],
    "why_not": [{"offer": "term-24m", "name": "2-year term deposit", "text": "Not offered: declined lately."}],
    "unlocks": ["Once this no longer holds: declined lately (opens by itself in 9 days), to open 1 offer."],
}


STATUSES = ["open", "claimed", "contacted", "accepted", "sold", "rejected", "withdrawn", "expired", "erased"]
OUTCOMES = ["accepted", "sold", "rejected", "no_answer", "call_back"]


class OtherOffer(Loose):
    """An offer that is not proposed, and why not."""

    offer = fields.String(required=True)
    name = fields.String(required=True)
    text = fields.String(required=True)


class Maturity(Loose):
    """Money that matures."""

    on = fields.Date(required=True)
    amount_yuan = fields.Float(required=True, allow_none=True)


class LastContact(Loose):
    """A contact and its outcome: as reported, else the customer's next event about that offer."""

    at = fields.DateTime(required=True)
    channel = fields.String(required=True, allow_none=True)
    offer = fields.String(required=True, allow_none=True)
    outcome = fields.String(required=True, allow_none=True)


class Window(Loose):
    """From one instant to another."""

    from_ = fields.DateTime(required=True, data_key="from")
    until = fields.DateTime(required=True)


class Hours(Loose):
    """From one hour of the day to another, in the bank's time zone."""

    from_ = fields.String(required=True, data_key="from")
    until = fields.String(required=True)


class LeadAnswer(Loose):
    """A lead with what to say, why, why not, and what would unlock more."""

    id = fields.String(required=True)
    customer_id = fields.String(required=True)
    external_key = fields.String(allow_none=True, metadata=describe("The bank's own key of the customer, if any."))
    branch = fields.String(required=True)
    adviser = fields.String(required=True)
    offer = fields.String(required=True)
    decided_offer = fields.String(required=True, metadata=describe("Differs from `offer` after an override."))
    decision_id = fields.String(required=True)
    priority_yuan = fields.Float(required=True)
    strategies = fields.List(fields.String(), required=True)
    status = fields.String(required=True, metadata={"enum": STATUSES})
    closed_by = fields.String(required=True, allow_none=True, metadata=describe("The gate that withdrew it."))
    reason = fields.String(required=True, allow_none=True)
    contacts = fields.Integer(required=True)
    built_at = fields.DateTime(required=True)
    claimed_at = fields.DateTime(required=True, allow_none=True)
    contacted_at = fields.DateTime(required=True, allow_none=True)
    sold_at = fields.DateTime(required=True, allow_none=True)
    sold_yuan = fields.Float(required=True, allow_none=True)
    due_on = fields.Date(allow_none=True, metadata=describe("By when to call: a week, or before money matures."))
    expires_at = fields.DateTime(allow_none=True, metadata=describe("When it ends by itself."))
    call_back_at = fields.DateTime(allow_none=True, metadata=describe("When the customer wants to be called."))
    note = fields.String(allow_none=True, metadata=describe("The adviser's own."))
    outcome = fields.String(
        allow_none=True, metadata=describe("What came of the last contact.", enum=[*OUTCOMES, None])
    )
    corrected_at = fields.DateTime(allow_none=True, metadata=describe("When its sale was corrected."))
    maturity = fields.Nested(Maturity, allow_none=True, metadata=describe("What matures next."))
    last_contact = fields.Nested(LastContact, allow_none=True, metadata=describe("The newest, whoever made it."))
    customer_reason = fields.String(allow_none=True, metadata=describe("The customer's own, as it was reported last."))
    call = fields.Nested(Window, allow_none=True, metadata=describe("From when to when the phone is allowed next."))
    best_time = fields.Nested(
        Hours, allow_none=True, metadata=describe("The hour at which the customer is most often about with the bank.")
    )
    confirmations = fields.List(
        fields.Nested(Reason), metadata=describe("What must be confirmed before the sale, and reported with it.")
    )
    talking_points = fields.List(
        fields.String(),
        required=True,
        metadata=describe("Of the customer first, then of the offer, then what is disclosed."),
    )
    why = fields.List(fields.Nested(Reason), required=True)
    why_not = fields.List(
        fields.Nested(OtherOffer), required=True, metadata=describe("Of products that the customer may hold.")
    )
    unlocks = fields.List(
        fields.String(), required=True, metadata=describe("What time or the customer's own word on contact opens.")
    )


class LeadsQuery(Strict):
    """Which leads."""

    branch = Word(metadata=describe("Of this branch.", example="b-1"))
    adviser = Word(metadata=describe("Of this adviser.", example="a-17"))
    status = Word(among=STATUSES, metadata=describe("In this status.", example="open"))
    cursor = Word(300, metadata=describe("The `next` of the page before."))
    limit = QueryInteger(1, 50, load_default=20, metadata=describe("How many at most.", example=20))


class LeadsAnswer(Loose):
    """A page of leads, best first."""

    leads = fields.List(fields.Nested(LeadAnswer), required=True)
    next = fields.String(required=True, allow_none=True, metadata=describe("The cursor of the next page, if any."))


_QUERY = LeadsQuery()
ONE = "/v1/leads/<string:lead_id>"
TIMES = ("built_at", "claimed_at", "contacted_at", "sold_at", "expires_at", "call_back_at", "corrected_at")
PLAIN = ("id", "customer_id", "branch", "adviser", "offer", "decided_offer", "decision_id", "status", "closed_by",
         "reason", "contacts", "sold_yuan", "due_on", "note", "outcome")  # fmt: skip
ANSWERS = {"200": response_doc("The lead as it stands.", LeadAnswer, LEAD)}

api = Resource("leads", __name__, description="Leads for advisers.")


@api.get(
    "/v1/leads",
    scope="leads:read",
    reach=BoundClients.BRANCH,
    query=LeadsQuery,
    headers=(ACCEPT_LANGUAGE,),
    answers={
        "200": response_doc(
            "A page.",
            LeadsAnswer,
            {"leads": [LEAD], "next": None},
            headers=NEXT_PAGE,
        )
    },
)
def list_leads(client: Client) -> Response:
    """Leads, best first

    By branch, adviser and status; each with talking points, why, why not, and what would unlock more.
    """
    query = read_query(_QUERY)
    limit, after = query["limit"], _after(query.get("cursor"))
    branch, own = resolve_branch(client, query.get("branch")), client.branch is not None
    search = LeadSearch(branch, query.get("adviser"), query.get("status"), after, limit, own)
    leads = engine().crm.leads.list_leads(search)
    audit_branch_action(
        engine().store, client, "leads.view", f"{len(leads)} leads", about(client, leads=[one.id for one in leads])
    )
    onward = encode_cursor(leads[-1].priority, leads[-1].id) if len(leads) == limit else None
    words = choose_language(request.headers.get("Accept-Language", ""))
    facts = engine().crm.lead_facts.read(leads)
    documents = [_document(one, words, facts.get(one.id, NOTHING)) for one in leads]
    body = orjson.dumps({"leads": documents, "next": onward})
    return RawResponse(body, 200, [NO_STORE, *_link(query, onward)])


@api.get(
    ONE, scope="leads:read", reach=BoundClients.BRANCH, headers=(ACCEPT_LANGUAGE,), answers=ANSWERS, errors=(NotFound,)
)
def get_lead(client: Client, lead_id: str) -> Response:
    """A lead as it stands

    Judged as things stand now: one whose gate closed is withdrawn, and `closed_by` names the gate.
    """
    lead = engine().crm.leads.read(lead_id, client.branch)
    audit_branch_action(engine().store, client, "lead.view", lead.id, about(client))
    return answer_lead(lead)


def answer_lead(lead: Lead) -> RawResponse:
    """The lead as it is now, in the caller's language."""
    words = choose_language(request.headers.get("Accept-Language", ""))
    facts = engine().crm.lead_facts.read([lead]).get(lead.id, NOTHING)
    return RawResponse(orjson.dumps(_document(lead, words, facts)), 200, [NO_STORE])


def _document(lead: Lead, words: str, facts: LeadFacts) -> dict[str, Any]:
    crm, zone = engine().crm, engine().timezone
    times = {name: getattr(lead, name) for name in TIMES}
    return {
        **{name: getattr(lead, name) for name in PLAIN},
        **{name: None if at is None else iso(at, zone) for name, at in times.items()},
        "external_key": crm.customers.key_of(lead.customer_id),
        "priority_yuan": lead.priority,
        "strategies": list(lead.strategies),
        **facts.document(zone),
        "confirmations": [
            {"code": one.id, "text": one.text[words]} for one in CONFIRMATIONS if one.id in facts.confirmations
        ],
        **crm.briefs.write(lead, words, facts),
    }


def _after(place: str | None) -> tuple[float, str] | None:
    if place is None:
        return None
    priority, lead_id = decode_cursor(place, float, str)
    return priority, lead_id


def _link(query: dict[str, Any], onward: str | None) -> list[tuple[str, str]]:
    if onward is None:
        return []
    same = {name: query[name] for name in ("branch", "adviser", "status") if query.get(name)}
    return [next_page_link("/v1/leads", cursor=onward, limit=query["limit"], **same)]
