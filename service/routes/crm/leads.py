"""/v1/leads: the branch's list, and what an adviser or a manager does with a lead.

Lists are best first and paged by an opaque cursor, with a ``next`` link. A lead that is shown has open gates as things
stand; one whose gate closed (an opt-out, say) is withdrawn before anybody sees it again. Each step names the adviser
for whom it is done (``on_behalf_of``) and is on the audit log, as is every look by a branch's client.
"""

from typing import Any

import orjson
from flask import Response, request

from service.core.domain import Client
from service.core.errors import Conflict, ContactRefused, NotFound
from service.engine.crm.leads.customer_facts import NOTHING, LeadFacts
from service.engine.crm.leads.leads import Correction, Plan, Reaction
from service.rendering.answer import iso
from service.routes.examples.leads import CORRECTION_IN, LEAD, OVERRIDE_IN, PLAN_IN, REACTION_IN, REASSIGN_IN
from service.routes.http.crm_audit import about, audit_branch_action
from service.routes.http.cursors import cursor, next_page, place_of
from service.routes.http.fields import check
from service.routes.http.guard import BoundClients, engine, own_branch
from service.routes.http.headers.languages import ACCEPT_LANGUAGE, language
from service.routes.http.json_body import read_json
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.routes.offers.offers import pairs
from service.routes.schemas.leads import (
    CorrectionInput,
    LeadActionInput,
    LeadAnswer,
    LeadsAnswer,
    LeadsQuery,
    OverrideInput,
    PlanInput,
    ReactionInput,
    ReassignInput,
)
from service.store.leads import Actor, Lead, Search

ONE = "/v1/leads/<string:lead_id>"
SENTENCE = "This does not fit; the lead is as it was."
TIMES = ("built_at", "claimed_at", "contacted_at", "sold_at", "expires_at", "call_back_at", "corrected_at")
PLAIN = ("id", "customer_id", "branch", "adviser", "offer", "decided_offer", "decision_id", "status", "closed_by",
         "reason", "contacts", "sold_yuan", "due_on", "note", "outcome")  # fmt: skip
_QUERY, _ACTION, _REACTION, _OVERRIDE = LeadsQuery(), LeadActionInput(), ReactionInput(), OverrideInput()
_PLAN, _REASSIGN, _CORRECTION = PlanInput(), ReassignInput(), CorrectionInput()
_LEAD = {"200": response_doc("The lead as it stands.", LeadAnswer, LEAD)}

api = Resource("leads", __name__, description="Leads for advisers.")


_BEHALF = {"on_behalf_of": "a-17"}


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
            headers={"Link": {"description": "The next page.", "schema": {"type": "string"}}},
        )
    },
)
def list_leads(client: Client) -> Response:
    """Leads, best first

    By branch, adviser and status; each with talking points, why, why not, and what would unlock more.
    """
    query = check(_QUERY, pairs(request.environ["QUERY_STRING"]), "The query does not fit.")
    limit, after = query["limit"], _after(query.get("cursor"))
    branch, own = own_branch(client, query.get("branch")), client.branch is not None
    search = Search(branch, query.get("adviser"), query.get("status"), after, limit, own)
    found = engine().crm.leads.list_leads(search)
    audit_branch_action(client, "leads.view", f"{len(found)} leads", about(client, leads=[one.id for one in found]))
    onward = cursor(found[-1].priority, found[-1].id) if len(found) == limit else None
    words = language(request.headers.get("Accept-Language", ""))
    facts = engine().crm.lead_facts.read(found)
    told = [_document(one, words, facts.get(one.id, NOTHING)) for one in found]
    body = orjson.dumps({"leads": told, "next": onward})
    return RawResponse(body, 200, [NO_STORE, *_link(query, onward)])


@api.get(
    ONE, scope="leads:read", reach=BoundClients.BRANCH, headers=(ACCEPT_LANGUAGE,), answers=_LEAD, errors=(NotFound,)
)
def get_lead(client: Client, lead_id: str) -> Response:
    """A lead as it stands

    Judged as things stand now: one whose gate closed is withdrawn, and `closed_by` names the gate.
    """
    found = engine().crm.leads.read(lead_id, client.branch)
    audit_branch_action(client, "lead.view", found.id, about(client))
    return _reply(found)


@api.post(
    f"{ONE}/claim",
    scope="leads:write",
    reach=BoundClients.BRANCH,
    headers=(ACCEPT_LANGUAGE,),
    body=LeadActionInput,
    example=_BEHALF,
    answers=_LEAD,
    errors=(NotFound, Conflict, ContactRefused),
)
def claim_lead(client: Client, lead_id: str) -> Response:
    """Claim a lead

    One adviser gets it, however many ask at once, if their hours hold it and they may sell it. 409 `contact-refused`
    where a gate closed meanwhile: it is withdrawn.
    """
    body = check(_ACTION, read_json(request), SENTENCE)
    return _reply(engine().crm.leads.claim(lead_id, _actor(client, body)))


@api.post(
    f"{ONE}/release",
    scope="leads:write",
    reach=BoundClients.BRANCH,
    headers=(ACCEPT_LANGUAGE,),
    body=LeadActionInput,
    example=_BEHALF,
    answers=_LEAD,
    errors=(NotFound, Conflict),
)
def release_lead(client: Client, lead_id: str) -> Response:
    """Give a claimed lead back

    It is open again for every adviser of the branch. A manager gives back anybody's.
    """
    body = check(_ACTION, read_json(request), SENTENCE)
    return _reply(engine().crm.leads.release(lead_id, _actor(client, body)))


@api.post(
    f"{ONE}/contact",
    scope="leads:write",
    reach=BoundClients.BRANCH,
    headers=(ACCEPT_LANGUAGE,),
    body=LeadActionInput,
    example=_BEHALF,
    answers=_LEAD,
    errors=(NotFound, Conflict, ContactRefused),
)
def contact_lead(client: Client, lead_id: str) -> Response:
    """Contact the customer now

    Asked at the moment of the call: every gate is judged again, and the contact counts before the answer is sent.
    """
    body = check(_ACTION, read_json(request), SENTENCE)
    return _reply(engine().crm.leads.contact(lead_id, _actor(client, body)))


@api.post(
    f"{ONE}/reaction",
    scope="leads:write",
    reach=BoundClients.BRANCH,
    headers=(ACCEPT_LANGUAGE,),
    body=ReactionInput,
    example=REACTION_IN,
    answers=_LEAD,
    errors=(NotFound, Conflict),
)
def react_lead(client: Client, lead_id: str) -> Response:
    """Report what the customer did

    The next decision counts it. A sale is credited to the adviser and to the strategies that raised the offer. What the
    customer does of their own accord (`accepted`, `sold`, `rejected`) is reported in any status; `no_answer` and
    `call_back` need a contact. `call_back_at` says when they want to be called.
    """
    body = check(_REACTION, read_json(request), SENTENCE)
    names = ("reason", "amount_yuan", "call_back_at", "note")
    reaction = Reaction(body["outcome"], **{name: body.get(name) for name in names})
    return _reply(engine().crm.leads.react(lead_id, reaction, _actor(client, body)))


@api.post(
    f"{ONE}/override",
    scope="leads:write",
    reach=BoundClients.BRANCH,
    headers=(ACCEPT_LANGUAGE,),
    body=OverrideInput,
    example=OVERRIDE_IN,
    answers=_LEAD,
    errors=(NotFound, Conflict, ContactRefused),
)
def override_lead(client: Client, lead_id: str) -> Response:
    """Propose another offer

    Allowed only where every gate is open to it; both are on the audit log with the reason, the refusal too.
    """
    body = check(_OVERRIDE, read_json(request), SENTENCE)
    return _reply(engine().crm.leads.override(lead_id, body["offer"], body["reason"], _actor(client, body)))


@api.post(
    f"{ONE}/reassign",
    scope="leads:write",
    reach=BoundClients.BRANCH,
    headers=(ACCEPT_LANGUAGE,),
    body=ReassignInput,
    example=REASSIGN_IN,
    answers=_LEAD,
    errors=(NotFound, Conflict),
)
def reassign_lead(client: Client, lead_id: str) -> Response:
    """Hand a lead to another adviser

    By a manager of the branch, in whatever status it is at work, to one who is here, may sell it and has hours left.
    """
    body = check(_REASSIGN, read_json(request), SENTENCE)
    return _reply(engine().crm.leads.reassign(lead_id, body["to"], body.get("reason"), _actor(client, body)))


@api.post(
    f"{ONE}/plan",
    scope="leads:write",
    reach=BoundClients.BRANCH,
    headers=(ACCEPT_LANGUAGE,),
    body=PlanInput,
    example=PLAN_IN,
    answers=_LEAD,
    errors=(NotFound, Conflict),
)
def plan_lead(client: Client, lead_id: str) -> Response:
    """Note when to call back, by when it is due, and what to remember

    What is left out stays as it is. A lead lasts a day beyond the call that was agreed.
    """
    body = check(_PLAN, read_json(request), SENTENCE)
    plan = Plan(body.get("call_back_at"), body.get("due_on"), body.get("note"))
    return _reply(engine().crm.leads.plan(lead_id, plan, _actor(client, body)))


@api.post(
    f"{ONE}/correction",
    scope="leads:write",
    reach=BoundClients.BRANCH,
    headers=(ACCEPT_LANGUAGE,),
    body=CorrectionInput,
    example=CORRECTION_IN,
    answers=_LEAD,
    errors=(NotFound, Conflict),
)
def correct_lead(client: Client, lead_id: str) -> Response:
    """Correct a sale

    Another amount, or `undone`: there was none, the lead is as before it and no decision counts it any more. By the
    adviser or a manager; both figures and the reason are on the audit log. Where the customer has another lead by now,
    this one ends (`closed_by`: `sale-undone`).
    """
    body = check(_CORRECTION, read_json(request), SENTENCE)
    correction = Correction(body["reason"], body.get("amount_yuan"))
    return _reply(engine().crm.leads.correct(lead_id, correction, _actor(client, body)))


def _actor(client: Client, body: dict[str, Any]) -> Actor:
    spoken = language(request.headers.get("Accept-Language", ""))
    return Actor(client.name, client.branch, body["on_behalf_of"], spoken)


def _reply(found: Lead) -> RawResponse:
    words = language(request.headers.get("Accept-Language", ""))
    facts = engine().crm.lead_facts.read([found]).get(found.id, NOTHING)
    return RawResponse(orjson.dumps(_document(found, words, facts)), 200, [NO_STORE])


def _document(found: Lead, words: str, facts: LeadFacts) -> dict[str, Any]:
    crm, zone = engine().crm, engine().timezone
    times = {name: getattr(found, name) for name in TIMES}
    return {
        **{name: getattr(found, name) for name in PLAIN},
        **{name: None if at is None else iso(at, zone) for name, at in times.items()},
        "external_key": crm.customers.key_of(found.customer_id),
        "priority_yuan": found.priority,
        "strategies": list(found.strategies),
        **facts.document(zone),
        **crm.briefs.write(found, words, facts),
    }


def _after(told: str | None) -> tuple[float, str] | None:
    if told is None:
        return None
    priority, lead_id = place_of(told, float, str)
    return priority, lead_id


def _link(query: dict[str, Any], onward: str | None) -> list[tuple[str, str]]:
    if onward is None:
        return []
    same = {name: query[name] for name in ("branch", "adviser", "status") if query.get(name)}
    return [next_page("/v1/leads", cursor=onward, limit=query["limit"], **same)]
