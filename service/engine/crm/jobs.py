"""Jobs: lists of any length, decided in parts by the runner, with results to download.

A job is taken under a lease and decided in parts of ``PART`` customers by the code of a bulk call, so its offers are
those of single calls. A list is worked for days, so an outbound list and its tokens are valid until its campaign ends
(``valid_until``; a week by default) instead of an answer's minutes; the gates are evaluated again before each contact.
The queue, and what happens when a runner dies, is in ``store.outbox.jobs``.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import orjson

from service.core.domain import Treatment
from service.core.errors import Conflict, FourcastError, NotFound, Unavailable
from service.core.grid import DAY_MS
from service.core.progress import Progress
from service.engine.crm.bulk import Bulk, Decided, Round
from service.engine.crm.leads.building import Built, Term
from service.engine.crm.row_files import Column
from service.engine.offers.request import OfferRequest
from service.engine.runner_failures import Failures, pause_s
from service.store import Store
from service.store.leads import Actor
from service.store.outbox.jobs import (
    CRM,
    LEADS,
    OFFERS,
    AllCustomers,
    CustomersByKey,
    Job,
    JobPart,
    LeasedJob,
    LeaseLost,
)

PART = 200
COLUMNS = (
    Column("customer_id"),
    Column("status", "whole"),
    Column("problem"),
    Column("decision_id"),
    Column("decided_at", "instant"),
    Column("valid_until", "instant"),
    Column("personalised", "truth"),
    Column("rank", "whole"),
    Column("offer"),
    Column("channel"),
    Column("family"),
    Column("name"),
    Column("title"),
    Column("reasons"),
    Column("withheld"),
    Column("priority_yuan", "number"),
    Column("text"),
    Column("disclosures"),
    Column("token"),
    Column("external_key"),
)
"""One row for each offer; a customer without offers, or with a problem, has one row without rank.

Codes are joined by ``;``, disclosures by line breaks.
"""
WEEK_MS = 7 * DAY_MS
"""How long an outbound list is valid where its campaign's end is not given."""
SLOT = ("channel", "placement", "limit", "language")


Build = Callable[[Actor, Progress, Term], Built]
"""Builds the leads of the actor's branch, or of the bank."""


class _Stopped(Exception):
    """The runner was told to stop while it built leads."""


class Jobs:
    """The queue of jobs, as one process sees it."""

    def __init__(self, store: Store, bulk: Bulk, build: Build, lease_s: int) -> None:
        self._store, self._bulk, self._build, self._lease_ms = store, bulk, build, lease_s * 1000
        self._failures = Failures("jobs")

    def add(
        self, client: str, branch: str | None, asked: OfferRequest, whom: Sequence[str] | AllCustomers | CustomersByKey,
        valid_until: int | None = None,
    ) -> Job:  # fmt: skip
        """Queue a job for these customers, or for all of a branch or the bank, valid until ``valid_until``.

        Raises:
            InvalidInput: the policy has no such slot.
        """
        turn = self._bulk.round(asked, branch)
        if valid_until is None and self._bulk.is_outbound(asked):
            valid_until = turn.now + WEEK_MS
        request = {name: getattr(asked, name) for name in SLOT} | {"valid_until": valid_until}
        return self._store.jobs.add(client, branch, request, whom)

    def add_build(self, actor: Actor, term: Term) -> Job:
        """Queue a build of leads for the actor's branch, or the bank."""
        request = asdict(term) | {"language": actor.language}
        return self._store.jobs.add_whole(LEADS, actor.client, actor.branch, request)

    def read(self, job_id: str, branch: str | None, kind: str | None = None) -> Job:
        """A job of the CRM, of one kind if given.

        Raises:
            NotFound: no such job, or it is another branch's.
        """
        job = self._store.jobs.read(job_id)
        if branch not in (None, job.branch) or job.kind not in (CRM if kind is None else (kind,)):
            raise NotFound(f'No job "{job_id[:40]}".')
        return job

    def cancel(self, job_id: str, branch: str | None) -> Job:
        """Cancel a job.

        Raises:
            NotFound: no such job.
            Conflict: it has ended otherwise.
        """
        return self._store.jobs.cancel(self.read(job_id, branch).id)

    def results(self, job_id: str, branch: str | None) -> Iterator[Mapping[str, Any]]:
        """The rows of a finished job; for a branch, without customers who have left it.

        Raises:
            NotFound: no such job.
            Conflict: the job is not done.
        """
        job = self.read(job_id, branch, OFFERS)
        if job.state != "done":
            raise Conflict(f"Job {job.id} is {job.state}: results are there once it is done.")
        return self._store.jobs.results(job.id, branch)

    def work(self, stopping: Callable[[], bool]) -> bool:
        """Take a job and work until it is done or ``stopping``; False where there is none."""
        taken = self._store.jobs.take(self._lease_ms)
        if taken is None:
            return False
        with contextlib.suppress(LeaseLost):
            self._try(taken, stopping)
        return True

    def _try(self, taken: LeasedJob, stopping: Callable[[], bool]) -> None:
        """End a job that cannot be done as failed; put one that failed unforeseen off, behind the others."""
        try:
            if taken.kind == LEADS:
                self._build_leads(taken, stopping)
            else:
                self._work(taken, stopping)
        except _Stopped:
            self._store.jobs.release(taken)
        except (LeaseLost, Unavailable):
            raise
        except FourcastError as error:
            self._store.jobs.finish(taken, str(error))
        except Exception as failure:  # noqa: BLE001 - the other jobs go on
            self._failures.note(taken.id, failure)
            words = f"It failed by {type(failure).__name__}; the runner's log says where."
            self._store.jobs.put_off(taken, int(pause_s(taken.attempts) * 1000), words)

    def _build_leads(self, taken: LeasedJob, stopping: Callable[[], bool]) -> None:
        """Build and report progress; a build that is taken up again makes what still fits into the hours."""

        def advance(done: int, total: int) -> None:
            if stopping():
                raise _Stopped
            self._store.jobs.advance(taken, done, total)

        asked = dict(taken.request)
        actor = Actor(taken.client, taken.branch, language=asked.pop("language"))
        self._store.jobs.finish(taken, outcome=self._build(actor, advance, Term(**asked)).document())

    def _work(self, taken: LeasedJob, stopping: Callable[[], bool]) -> None:
        asked, until = OfferRequest(**{name: taken.request[name] for name in SLOT}), taken.request.get("valid_until")
        while items := self._store.jobs.open_items(taken, PART):
            if stopping():
                return self._store.jobs.release(taken)
            self._store.jobs.keep(taken, self._part(self._bulk.round(asked, taken.branch, until), items))
        return self._store.jobs.finish(taken)

    def _part(self, turn: Round, items: Sequence[tuple[int, str]]) -> JobPart:
        decided = self._bulk.turns(turn, [customer for _, customer in items])
        rows = {place: result_rows(one) for (place, _), one in zip(items, decided, strict=True)}
        made = [turn.row(one.made) for one in decided if one.made is not None]
        return JobPart(rows, len(decided) - len(made), made)


def result_rows(one: Decided) -> list[dict[str, object]]:
    """One customer's rows."""
    named: dict[str, object] = {"customer_id": one.customer_id, "external_key": one.external_key}
    if one.made is None or one.body is None:
        status, problem = (one.error.status, one.error.message) if one.error else (500, None)
        return [named | {"status": status, "problem": problem}]
    answer = orjson.loads(one.body)
    whole = named | {name: answer[name] for name in ("decision_id", "decided_at", "valid_until", "personalised")}
    whole |= {"status": 200, "withheld": ";".join(each["code"] for each in answer["withheld"])}
    treatments = one.made.decision.treatments
    return [whole | _offer(*both) for both in zip(answer["offers"], treatments, strict=True)] or [whole]


def _offer(offer: Mapping[str, Any], treatment: Treatment) -> dict[str, object]:
    words = {name: offer["text"][name] for name in ("family", "name", "title")}
    words |= {"text": offer["text"]["body"], "disclosures": "\n".join(offer["text"]["disclosures"])}
    codes = ";".join(each["code"] for each in offer["reasons"])
    return {"rank": offer["rank"], "offer": offer["offer"], "channel": offer["channel"], "reasons": codes,
            "priority_yuan": treatment.priority, "token": offer["token"], **words}  # fmt: skip
