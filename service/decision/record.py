"""The record of a decision: everything it was made from and everything it said, as bytes that can be made again.

``encode`` stores the decision, the snapshot, the context, the scores and the release as sorted JSON. ``replay`` reads
those bytes, decides again under the same policy, and encodes again: identical bytes, or something has changed. A record
holds only what was read: for a customer who is not personalised no attribute, no score, and of the past and the request
only what ``privacy`` lets through.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from typing import Any

import orjson

from service.core.domain import LAWLESS, Context, Decision, Event, Release, Snapshot, Survey, Trail, Treatment
from service.core.errors import Conflict
from service.core.trails import surveys_of, trails_of
from service.decision.law import keep_for_everybody
from service.decision.privacy import redact_context, redact_snapshot
from service.decision.single import decide
from service.rules.policy import Policy, from_documents
from service.scoring.propensity import PRIOR, Scores

FORMAT = 6
"""Raised when a record's form changes; older records stay readable, and replay to their own form.

Since 2 a treatment names its strategies, and a release whether it is on trial. Since 3 a propensity's source is the
kind of its source; before, it was the version of the bundle whose family model spoke. Since 4 a treatment states its
uplift, null where the propensity orders it. Since 5 a snapshot holds trails and surveys; before, all the events.
Since 6 a release states its arithmetic, a treatment its confirmations, and the snapshot of a customer without
personalisation what the law reads of everybody.
"""


def encode(decision: Decision, snapshot: Snapshot, context: Context, scores: Scores, release: Release) -> bytes:
    """The record as JSON: mappings sorted, nouns in the order of their fields; floats read back to the same bits."""
    personal = decision.personalised
    return orjson.dumps(
        {
            "format": FORMAT,
            "decision": decision,
            "snapshot": snapshot if personal else redact_snapshot(snapshot, keep_for_everybody(snapshot.attributes)),
            "context": redact_context(context, personal),
            "scores": dict(scores) if personal else {},
            "release": release,
        },
        default=dict,
        option=orjson.OPT_SORT_KEYS,
    )


STATED = 6
"""The first form that states the arithmetic; before, there were no statutory gates."""

TRAILS = 5
"""The first form whose snapshots hold trails."""

FEN = 5
"""The first form whose decisions compared a customer's money in whole fen; what was computed always was."""

UNTOLD: Mapping[str, Any] = dict.fromkeys(("decision_id", "amount_yuan", "score", "question"))
"""What earlier forms left out of the events of customers without personalisation."""

PERSONAL = ("priority", "propensity", "value", "uplift")
"""The figures of a treatment that were made from what is known of the customer."""

UNREADABLE = (ValueError, KeyError, TypeError, AttributeError)
"""The errors of reading a record that somebody altered."""


def decode(record: bytes) -> tuple[Decision, Snapshot, Context, Scores, Release]:
    """Decision, snapshot, context, scores and release of a record.

    Raises: ``UNREADABLE``: when the bytes are no record.
    """
    read = orjson.loads(record)
    return (
        _decision(read["decision"]),
        _snapshot(read["snapshot"]) if read["format"] >= TRAILS else _with_events(read["snapshot"]),
        Context(**read["context"]),
        read["scores"],
        Release(**{"arithmetic": LAWLESS, **read["release"]}),
    )


def shown(record: bytes) -> dict[str, str]:
    """Offer -> channel of the treatments that the recorded decision showed."""
    return {one["offer"]: one["channel"] for one in orjson.loads(record)["decision"]["treatments"]}


def replay(record: bytes, policy: Policy) -> bytes:
    """The record made again.

    Raises: Conflict: when another policy decided, or the customer was erased.
    """
    decision, snapshot, context, scores, release = decode(record)
    read = orjson.loads(record)
    form = read["format"]
    if read.get("erased"):
        raise Conflict(f"the customer of decision {decision.id} was erased, and with them what it was made from")
    if release.policy != policy.hash:
        raise Conflict(f"decision {decision.id} was made under policy {release.policy}, not {policy.hash}")
    again = decide(
        policy_as_decided(record, policy), snapshot, context, scores, release, decision.id, decision.degraded
    )
    made = encode(again, snapshot, context, scores, release)
    if form >= FORMAT:
        return made
    return _in_form(form, made, _events(read["snapshot"].get("events", ()), decision.personalised))


def policy_as_decided(record: bytes, policy: Policy) -> Policy:
    """The policy with the arithmetic of the record's day: before form 5 a customer's money was compared unrounded."""
    return policy if orjson.loads(record)["format"] >= FEN else _exact(policy)


@lru_cache(maxsize=4)
def _exact(policy: Policy) -> Policy:
    return from_documents(policy.documents, exact=True)


def redact_record(record: bytes, pseudonym: str) -> bytes:
    """The record without anything that was known of the customer: what was offered, when and why, to a pseudonym.

    The figures of a treatment keep one significant digit: exact, they give away the balances that made them. It cannot
    be decided again, and says so.
    """
    read = orjson.loads(record)
    read["erased"] = True
    read["decision"]["customer_id"] = read["snapshot"]["customer_id"] = pseudonym
    past = ("trails", "surveys") if read["format"] >= TRAILS else ("events",)
    read["snapshot"] |= {"attributes": {}, "consents": {}, **{name: [] for name in past}}
    read["context"] |= {"trigger": None, "amount_yuan": None}
    read["scores"] = {}
    for treatment in read["decision"]["treatments"]:
        treatment |= {name: _roughly(treatment.get(name)) for name in PERSONAL if name in treatment}
    return orjson.dumps(read, option=orjson.OPT_SORT_KEYS)


def _roughly(figure: float | None) -> float | None:
    """To one significant digit.

    >>> _roughly(918273645.0), _roughly(0.067), _roughly(None)
    (900000000.0, 0.07, None)
    """
    return None if figure is None else float(f"{figure:.0e}")


def _in_form(form: int, record: bytes, events: Sequence[Event]) -> bytes:
    """The record as an earlier form wrote it, with the events it held; every key keeps its place."""
    read = orjson.loads(record)
    read["format"], treatments = form, read["decision"]["treatments"]
    del read["release"]["arithmetic"]
    if form < TRAILS:
        del read["snapshot"]["trails"], read["snapshot"]["surveys"]
        read["snapshot"]["events"] = [asdict(event) for event in events]
    for treatment in treatments:
        del treatment["confirmations"]
        if form < 4:
            del treatment["uplift"]
        if form < 3 and treatment["propensity_source"] != PRIOR:
            treatment["propensity_source"] = read["release"]["bundle"] or PRIOR
    if form < 2:
        del read["release"]["on_trial"]
        for treatment in treatments:
            del treatment["strategies"]
    return orjson.dumps(read)


def _decision(read: Mapping[str, Any]) -> Decision:
    treatments = tuple(map(_treatment, read["treatments"]))
    return Decision(**{**read, "treatments": treatments, "degraded": tuple(read["degraded"])})


def _treatment(read: Mapping[str, Any]) -> Treatment:
    lists = {name: tuple(read.get(name, ())) for name in ("reasons", "alternatives", "strategies", "confirmations")}
    return Treatment(**{**read, **lists})


def _snapshot(read: Mapping[str, Any]) -> Snapshot:
    surveys = tuple(Survey(**survey) for survey in read["surveys"])
    return Snapshot(**{**read, "trails": tuple(map(_trail, read["trails"])), "surveys": surveys})


def _trail(read: Mapping[str, Any]) -> Trail:
    if not read["instants"]:
        raise ValueError("a trail without an instant")
    return Trail(**{**read, "instants": tuple(read["instants"])})


def _with_events(read: Mapping[str, Any]) -> Snapshot:
    """A snapshot of a form that held the events themselves."""
    events = _events(read["events"], True)
    known = {name: value for name, value in read.items() if name != "events"}
    return Snapshot(**known, trails=trails_of(events), surveys=surveys_of(events))


def _events(read: Sequence[Mapping[str, Any]], personal: bool) -> list[Event]:
    """Events as a record held them; without personalisation only kind, instant, offer and channel."""
    events = [Event(**event) for event in read]
    return events if personal else [replace(event, **UNTOLD) for event in events]
