"""/v1/leads/{lead_id}/...: what an adviser or a manager does with a lead.

Each step names the adviser for whom it is done (``on_behalf_of``) and is on the audit log.
"""

from functools import partial
from typing import Any

from flask import Response, request
from marshmallow import ValidationError, validates_schema

from service.core.domain import Client
from service.core.errors import Conflict, ContactRefused, NotFound
from service.engine.crm.leads.leads import Correction, Plan, Reaction
from service.routes.crm.leads.leads import ANSWERS, ONE, OUTCOMES, answer_lead, api
from service.routes.http.fields import LONG, Ahead, Day, Several, Strict, Truth, Word, Yuan, check, describe
from service.routes.http.guard import BoundClients, engine
from service.routes.http.headers.languages import ACCEPT_LANGUAGE, choose_language
from service.routes.http.json_body import read_json
from service.rules.statutory import CONFIRMATIONS
from service.store.leads import Actor

FAR_DAYS = 92
"""Most days ahead for which a call may be planned."""


NOTE = 500
CONFIRMED = [one.id for one in CONFIRMATIONS]


class LeadActionInput(Strict):
    """A step of an adviser, made by a program."""

    on_behalf_of = Word(required=True, metadata=describe("The adviser's id.", example="a-17"))


class ReactionInput(LeadActionInput):
    """The outcome of the contact."""

    outcome = Word(
        among=OUTCOMES,
        required=True,
        metadata=describe("What the customer did.", example="rejected"),
    )
    reason = Word(LONG, metadata=describe("The bank's own reason code, or a few words.", example="rate-too-low"))
    amount_yuan = Yuan(1e12, metadata=describe("Money that moved; required for `sold`."))
    call_back_at = Ahead(FAR_DAYS, metadata=describe("When to call back; only with `call_back`."))
    note = Word(NOTE, metadata=describe("To remember.", example="Wants to ask her husband first"))
    confirmations = Several(
        Word(among=CONFIRMED), 1, len(CONFIRMED), "confirmations",
        metadata=describe("What the customer confirmed before the sale; with `sold` only.", example=CONFIRMED),
    )  # fmt: skip

    @validates_schema
    def _whole(self, value: dict[str, Any], **_: Any) -> None:
        if value.get("outcome") == "sold" and value.get("amount_yuan") is None:
            raise ValidationError("is required for outcome sold", "amount_yuan")
        if value.get("call_back_at") is not None and value.get("outcome") != "call_back":
            raise ValidationError("goes with outcome call_back only", "call_back_at")
        if value.get("confirmations") is not None and value.get("outcome") != "sold":
            raise ValidationError("goes with outcome sold only", "confirmations")


class PlanInput(LeadActionInput):
    """What to note of a lead; what is left out stays."""

    call_back_at = Ahead(FAR_DAYS, metadata=describe("When to call back.", example="2030-01-15T10:00:00+08:00"))
    due_on = Day(metadata=describe("By when to call.", example="2030-01-20"))
    note = Word(NOTE, metadata=describe("To remember.", example="Wants to ask her husband first"))

    @validates_schema
    def _something(self, value: dict[str, Any], **_: Any) -> None:
        if not any(value.get(name) for name in ("call_back_at", "due_on", "note")):
            raise ValidationError("at least one of call_back_at, due_on and note is required", "note")


class ReassignInput(LeadActionInput):
    """The adviser who gets the lead."""

    to = Word(required=True, metadata=describe("The adviser who gets it.", example="a-18"))
    reason = Word(LONG, metadata=describe("Why.", example="On leave next week"))


class CorrectionInput(LeadActionInput):
    """The correction of a sale: another amount, or that there was none."""

    amount_yuan = Yuan(1e12, metadata=describe("The right amount."))
    undone = Truth(metadata=describe("true: there was no sale; the lead is as before it."))
    reason = Word(LONG, required=True, metadata=describe("Why.", example="Typed one zero too many"))

    @validates_schema
    def _one(self, value: dict[str, Any], **_: Any) -> None:
        if (value.get("amount_yuan") is None) == (value.get("undone") is not True):
            raise ValidationError("is required, or undone: true instead of it", "amount_yuan")


class OverrideInput(LeadActionInput):
    """Another offer than the one decided."""

    offer = Word(required=True, metadata=describe("The offer to propose instead.", example="term-6m"))
    reason = Word(LONG, required=True, metadata=describe("Why.", example="Customer asked for six months"))


REACTION_IN: dict[str, Any] = {"on_behalf_of": "a-17", "outcome": "rejected", "reason": "rate-too-low"}

OVERRIDE_IN: dict[str, Any] = {"on_behalf_of": "a-17", "offer": "term-6m", "reason": "Customer asked for six months"}

PLAN_IN: dict[str, Any] = {"on_behalf_of": "a-17", "note": "Wants to ask her husband first"}

REASSIGN_IN: dict[str, Any] = {"on_behalf_of": "m-1", "to": "a-18", "reason": "On leave next week"}

CORRECTION_IN: dict[str, Any] = {"on_behalf_of": "a-17", "amount_yuan": 80000, "reason": "Typed one zero too many"}


SENTENCE = "This does not fit; the lead is as it was."


_ACTION, _REACTION, _OVERRIDE = LeadActionInput(), ReactionInput(), OverrideInput()
_PLAN, _REASSIGN, _CORRECTION = PlanInput(), ReassignInput(), CorrectionInput()


_BEHALF = {"on_behalf_of": "a-17"}


_step = partial(api.post, scope="leads:write", reach=BoundClients.BRANCH, headers=(ACCEPT_LANGUAGE,), answers=ANSWERS)
"""One step of a lead: what all of them share; a step adds its path, body, example and errors."""


@_step(f"{ONE}/claim", body=LeadActionInput, example=_BEHALF, errors=(NotFound, Conflict, ContactRefused))
def claim_lead(client: Client, lead_id: str) -> Response:
    """Claim a lead

    One adviser gets it, however many ask at once, if their hours hold it and they may sell it. 409 `contact-refused`
    where a gate closed meanwhile: it is withdrawn.
    """
    body = check(_ACTION, read_json(request), SENTENCE)
    return answer_lead(engine().crm.leads.claim(lead_id, _actor(client, body)))


@_step(f"{ONE}/release", body=LeadActionInput, example=_BEHALF, errors=(NotFound, Conflict))
def release_lead(client: Client, lead_id: str) -> Response:
    """Give a claimed lead back

    It is open again for every adviser of the branch. A manager gives back anybody's.
    """
    body = check(_ACTION, read_json(request), SENTENCE)
    return answer_lead(engine().crm.leads.release(lead_id, _actor(client, body)))


@_step(f"{ONE}/contact", body=LeadActionInput, example=_BEHALF, errors=(NotFound, Conflict, ContactRefused))
def contact_lead(client: Client, lead_id: str) -> Response:
    """Contact the customer now

    Asked at the moment of the call: every gate is judged again, and the contact counts before the answer is sent.
    """
    body = check(_ACTION, read_json(request), SENTENCE)
    return answer_lead(engine().crm.leads.contact(lead_id, _actor(client, body)))


@_step(f"{ONE}/reaction", body=ReactionInput, example=REACTION_IN, errors=(NotFound, Conflict))
def react_lead(client: Client, lead_id: str) -> Response:
    """Report what the customer did

    The next decision counts it. A sale is credited to the adviser and to the strategies that raised the offer. What the
    customer does of their own accord (`accepted`, `sold`, `rejected`) is reported in any status; `no_answer` and
    `call_back` need a contact. `call_back_at` says when they want to be called. A sale brings what the lead lists under
    `confirmations`, else 409.
    """
    body = check(_REACTION, read_json(request), SENTENCE)
    names = ("reason", "amount_yuan", "call_back_at", "note")
    told = {name: body.get(name) for name in names}
    reaction = Reaction(body["outcome"], **told, confirmations=tuple(body.get("confirmations") or ()))
    return answer_lead(engine().crm.leads.react(lead_id, reaction, _actor(client, body)))


@_step(f"{ONE}/override", body=OverrideInput, example=OVERRIDE_IN, errors=(NotFound, Conflict, ContactRefused))
def override_lead(client: Client, lead_id: str) -> Response:
    """Propose another offer

    Allowed only where every gate is open to it; both are on the audit log with the reason, the refusal too.
    """
    body = check(_OVERRIDE, read_json(request), SENTENCE)
    return answer_lead(engine().crm.leads.override(lead_id, body["offer"], body["reason"], _actor(client, body)))


@_step(f"{ONE}/reassign", body=ReassignInput, example=REASSIGN_IN, errors=(NotFound, Conflict))
def reassign_lead(client: Client, lead_id: str) -> Response:
    """Hand a lead to another adviser

    By a manager of the branch, in whatever status it is at work, to one who is here, may sell it and has hours left.
    """
    body = check(_REASSIGN, read_json(request), SENTENCE)
    return answer_lead(engine().crm.leads.reassign(lead_id, body["to"], body.get("reason"), _actor(client, body)))


@_step(f"{ONE}/plan", body=PlanInput, example=PLAN_IN, errors=(NotFound, Conflict))
def plan_lead(client: Client, lead_id: str) -> Response:
    """Note when to call back, by when it is due, and what to remember

    What is left out stays as it is. A lead lasts a day beyond the call that was agreed.
    """
    body = check(_PLAN, read_json(request), SENTENCE)
    plan = Plan(body.get("call_back_at"), body.get("due_on"), body.get("note"))
    return answer_lead(engine().crm.leads.plan(lead_id, plan, _actor(client, body)))


@_step(f"{ONE}/correction", body=CorrectionInput, example=CORRECTION_IN, errors=(NotFound, Conflict))
def correct_lead(client: Client, lead_id: str) -> Response:
    """Correct a sale

    Another amount, or `undone`: there was none, the lead is as before it and no decision counts it any more. By the
    adviser or a manager; both figures and the reason are on the audit log. Where the customer has another lead by now,
    this one ends (`closed_by`: `sale-undone`).
    """
    body = check(_CORRECTION, read_json(request), SENTENCE)
    correction = Correction(body["reason"], body.get("amount_yuan"))
    return answer_lead(engine().crm.leads.correct(lead_id, correction, _actor(client, body)))


def _actor(client: Client, body: dict[str, Any]) -> Actor:
    spoken = choose_language(request.headers.get("Accept-Language", ""))
    return Actor(client.name, client.branch, body["on_behalf_of"], spoken)
