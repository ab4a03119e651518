"""Decisions for made-up customers at any instant: tried out, and recorded nowhere.

A document of facts says who the customer is: ``attributes``, ``consents``, ``events`` and, where models are to be
left out or outdone, ``scores``. Every name in it must be one that the policy knows; a misspelt one would otherwise be a
customer of whom nothing is known. Chance, standing tests and the holdout are left out: the whole method decides, and
the statutory gates after it. The answer is the one of the interface, with the analyst's explanation as one more member.
"""

import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from service.core.clock import Clock
from service.core.domain import RETIRED, Event, EventKind, Release, Snapshot
from service.core.errors import MOST_PROBLEMS, InvalidInput, Problem
from service.core.grid import DAY_MS
from service.core.suggestions import explain_unknown
from service.core.trails import surveys_of, trails_of
from service.decision import Scores, compile_policy, decide
from service.decision.positioning import choose_variants
from service.decision.privacy import PERSONALISATION
from service.engine.offers.recommend import UNRECORDED
from service.engine.offers.request import OfferRequest, check_slot
from service.engine.releases.active_release import ON_DISK, ActiveRelease, ReleaseFollower
from service.engine.releases.scores import score_one
from service.rendering import Subject, write_explanation
from service.rendering.answer import Phrasebook
from service.rendering.answer import render as render_answer
from service.rendering.labels import labels_of
from service.rules.contact_gates import CONTACT
from service.rules.history.required_events import cut_snapshot
from service.rules.model import labels
from service.rules.model.kinds import BANK_KINDS
from service.rules.policy import Policy
from service.scoring.models import NO_BUNDLE
from service.scoring.propensity import EVIDENCE_OF, KIND, OFFER, RESPONSE, SEGMENT, SHARE, TICKET, UPLIFT
from service.store import Withdrawal
from service.store.releases.withdrawals import WithdrawalRepository

NOBODY = "made-up"
"""The id of every made-up customer."""
MOST_EVENTS, MOST_TIMES, MOST_DAYS = 200, 100, 3_660
LARGEST = sys.float_info.max
PARTS = ("attributes", "consents", "events", "scores")
EVENT = ("kind", "offer", "channel", "at", "days_ago", "times", "score")
_SENTENCE = "These facts are of no customer whom the policy could know."


@dataclass(frozen=True, slots=True)
class MadeUp:
    """A made-up customer; ``scores`` stand for those of the models, None where the models are asked."""

    snapshot: Snapshot
    scores: Scores | None = None


class Playground:
    """Tries facts out under the policies that a worker can load, with the models and prices that serve."""

    def __init__(self, releases: ReleaseFollower, withdrawals: WithdrawalRepository, clock: Clock) -> None:
        self._releases, self._withdrawals, self._clock = releases, withdrawals, clock

    def try_out(
        self, facts: object, request: OfferRequest, at: int | None = None, policy_hash: str | None = None
    ) -> bytes:
        """The answer with its explanation at ``at`` (ms UTC; None: now), by the policy that serves or another stored
        one.

        Raises:
            InvalidInput: a name or value in the facts is unknown, or the policy has no such slot.
            NotFound: no such policy is stored.
        """
        serving = self._releases.serving
        if policy_hash is not None and policy_hash != serving.policy.hash:
            policy = self._releases.policy(policy_hash)
            release = replace(serving.release, policy=policy.hash, on_trial=False)
            serving = ActiveRelease(release, policy, serving.bundle, Phrasebook(policy))
        answer = try_out(serving, facts, request, self._clock() if at is None else at)
        return note_withdrawal(answer, self._withdrawals.find(serving.policy.hash))


def note_withdrawal(answer: bytes, withdrawal: Withdrawal | None) -> bytes:
    """The answer, and ``withdrawn``: by whom and why the policy was, which never serves again; null where it may."""
    told = None if withdrawal is None else {"by": withdrawal.actor, "reason": withdrawal.reason}
    return answer[:-1] + b',"withdrawn":' + orjson.dumps(told) + b"}"


def release_on_disk(policy: Policy) -> ActiveRelease:
    """A policy as it would serve without a database, models and prices."""
    return ActiveRelease(Release(ON_DISK, policy.hash, None), policy, NO_BUNDLE, Phrasebook(policy))


def try_out(serving: ActiveRelease, facts: object, request: OfferRequest, at: int) -> bytes:
    """The answer for made-up facts at ``at`` (ms UTC), with its explanation; nothing is recorded, counted or cached.

    Raises:
        InvalidInput: a name or value in the facts is unknown, or the policy has no such slot.
    """
    check_slot(request, serving)
    policy, context = _without_chance(serving.policy), request.context(at)
    person = read_facts(policy, facts, at)
    snapshot, scores = cut_snapshot(policy, person.snapshot, at), person.scores
    if scores is None:
        scores = score_one(serving.bundle, snapshot, compile_policy(policy).columns.segment_and_stage.reads_segment)
    decision = decide(policy, snapshot, context, scores, serving.release, UNRECORDED, serving.degraded)
    variants = choose_variants(policy, decision, snapshot, context, scores)
    answer = render_answer(decision, serving.phrases, request.language, serving.until(at), None, variants)
    subject = Subject(policy, decision, snapshot, context, scores, serving.release)
    explained = orjson.dumps(write_explanation(subject, request.language))
    return answer[:-1] + b',"explanation":' + explained + b"}"


@lru_cache(maxsize=4)
def _without_chance(policy: Policy) -> Policy:
    sure = replace(policy.experiments, exploration_epsilon=0.0, holdout_share=0.0, tests=())
    return replace(policy, experiments=sure)


def read_facts(policy: Policy, facts: object, at: int) -> MadeUp:
    """The made-up customer of a document, as they are at ``at`` (ms UTC).

    Raises:
        InvalidInput: names every problem, and suggests what was meant.
    """
    problems: list[Problem] = []
    parts = _mapping(facts, "facts", problems)
    problems += find_unknown("", parts, PARTS)
    attributes = _mapping(parts.get("attributes"), "attributes", problems)
    problems += [Problem(f"attributes.{one.where}", one.message) for one in policy.attributes.check(attributes)]
    consents = _read_consents(policy, _mapping(parts.get("consents"), "consents", problems), problems)
    events = list(_read_events(policy, parts.get("events"), at, problems))
    scores = _read_scores(policy, parts.get("scores"), problems)
    if problems:
        raise InvalidInput(_SENTENCE, problems[:MOST_PROBLEMS])
    return MadeUp(Snapshot(NOBODY, 1, attributes, consents, trails_of(events), surveys_of(events)), scores)


def _mapping(found: object, where: str, problems: list[Problem]) -> dict[str, Any]:
    if found is None:
        return {}
    if isinstance(found, dict):
        return found
    problems.append(Problem(where, "must be an object of names and values"))
    return {}


def find_unknown(where: str, found: Collection[str], known: Collection[str]) -> Iterator[Problem]:
    """The names that are not known; at most ``MOST_PROBLEMS``, since finding what was meant costs for each."""
    strangers = (name for name in found if name not in known)
    for name in islice(strangers, MOST_PROBLEMS):
        yield Problem(f"{where}.{name}" if where else name, explain_unknown(name, known))


def _read_consents(policy: Policy, said: Mapping[str, Any], problems: list[Problem]) -> dict[str, bool]:
    channels = [channel.id for channel in policy.channels]
    known = {CONTACT, PERSONALISATION, RETIRED, *(f"marketing:{one}" for one in channels)}
    known |= {rule.purpose_for(one) for rule in policy.contact.consents for one in channels}
    known |= {f"{labels.PURPOSE}{label}" for label in labels_of(policy)}
    problems += find_unknown("consents", said, known)
    problems += [
        Problem(f"consents.{one}", "must be true or false") for one, yes in said.items() if not isinstance(yes, bool)
    ]
    return {one: yes for one, yes in said.items() if isinstance(yes, bool)}


def _read_events(policy: Policy, rows: object, at: int, problems: list[Problem]) -> Iterator[Event]:
    if rows is None:
        return
    if not isinstance(rows, list) or len(rows) > MOST_EVENTS:
        problems.append(Problem("events", f"must be a list of at most {MOST_EVENTS} events"))
        return
    for number, row in enumerate(rows):
        where = f"events[{number}]"
        event, before = _mapping(row, where, problems), len(problems)
        problems += _event_problems(policy, event, where)
        if len(problems) > MOST_PROBLEMS:
            return
        happened = _instant_of(event, at, policy.contact.timezone)
        if happened is None or happened > at:
            problems.append(Problem(where, "needs either `at`, not after the instant that is tried, or `days_ago`"))
        if len(problems) == before and happened is not None:
            one = Event("", NOBODY, event["kind"], happened, event.get("offer"), event.get("channel"))
            yield from [replace(one, score=event.get("score"))] * event.get("times", 1)


def _event_problems(policy: Policy, event: Mapping[str, Any], where: str) -> Iterator[Problem]:
    yield from find_unknown(where, event, EVENT)
    known = {
        "kind": [str(kind) for kind in EventKind],
        "offer": [offer.id for offer in policy.offers],
        "channel": [channel.id for channel in policy.channels],
    }
    for name, words in known.items():
        found = event.get(name)
        if (found is not None or name == "kind") and found not in words:
            yield Problem(f"{where}.{name}", explain_unknown(str(found), words))
    times, score = event.get("times", 1), event.get("score")
    if not isinstance(times, int) or isinstance(times, bool) or not 1 <= times <= MOST_TIMES:
        yield Problem(f"{where}.times", f"must be a whole number 1 to {MOST_TIMES}")
    if score is not None and not _is_figure(score):
        yield Problem(f"{where}.score", "must be a number")


def _instant_of(event: Mapping[str, Any], at: int, timezone: str) -> int | None:
    """When the event happened (ms UTC): as it says, or so many days before ``at``; None where it says neither."""
    days, said = event.get("days_ago"), event.get("at")
    if (days is None) == (said is None):
        return None
    if days is not None:
        return at - round(days * DAY_MS) if _is_figure(days) and 0 <= days <= MOST_DAYS else None
    return read_instant(said, timezone)


def read_instant(said: object, timezone: str) -> int | None:
    """An instant as ISO 8601 in ms UTC, in the bank's time zone where it states no offset; None where it is none.

    >>> read_instant("2026-10-02T12:00:00", "Asia/Shanghai"), read_instant("noon", "Asia/Shanghai")
    (1790913600000, None)
    """
    try:
        read = datetime.fromisoformat(str(said))
        zoned = read if read.tzinfo is not None else read.replace(tzinfo=ZoneInfo(timezone))
        return round(zoned.timestamp() * 1000) if 1990 <= read.year <= 2100 else None
    except (ValueError, OverflowError):
        return None


def _read_scores(policy: Policy, said: object, problems: list[Problem]) -> dict[str, float] | None:
    if said is None:
        return None
    found, families = _mapping(said, "scores", problems), list(policy.families)
    offers = [offer.id for offer in policy.offers]
    known = {*families, *(f"{kind}{one}" for kind in (UPLIFT, TICKET) for one in families)}
    known |= {f"{kind}{one}" for kind in (OFFER, SHARE, EVIDENCE_OF) for one in offers}
    known |= {f"{RESPONSE}{channel.id}" for channel in policy.channels}
    known |= {f"{KIND}{one}" for one in (*BANK_KINDS, *policy.kinds)}
    problems += find_unknown("scores", [one for one in found if not one.startswith(SEGMENT)], known)
    for name, figure in found.items():
        most = 1.0 if not name.startswith((TICKET, RESPONSE)) else 1e9
        least = -1.0 if name.startswith(UPLIFT) else 0.0
        if not _is_figure(figure) or not least <= figure <= most:
            problems.append(Problem(f"scores.{name}", f"must be a number {least:g} to {most:g}"))
    return {name: float(figure) for name, figure in found.items() if _is_figure(figure)}


def _is_figure(found: object) -> bool:
    """Whether it is a number that a double can hold.

    >>> _is_figure(0.5), _is_figure(True), _is_figure(10**400)
    (True, False, False)
    """
    return isinstance(found, int | float) and not isinstance(found, bool) and -LARGEST <= found <= LARGEST
