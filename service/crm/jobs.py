"""Jobs: the offers of many customers, decided in parts by whoever has time, with results to download.

A job is taken under a lease and worked off in parts of ``PART`` customers, each part by the code of a bulk call: so a
job's offers are those that single calls would give, part by part at one moment. The queue and what happens when a
runner dies are ``store.jobs``'.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import orjson

from service.crm.bulk import Bulk, Decided, Round
from service.crm.tables import Column
from service.errors import Conflict, FourcastError, NotFound, Unavailable
from service.request import OfferRequest
from service.store import Store
from service.store.jobs import Job, LeaseLost, Part, Taken

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
)
"""One row per offer; a customer with none, or with a problem, has one row without rank. Codes are joined by ``;``."""


class Jobs:
    """The job desk of one process."""

    def __init__(self, store: Store, bulk: Bulk, lease_s: int) -> None:
        self._store, self._bulk, self._lease_ms = store, bulk, lease_s * 1000

    def add(self, client: str, branch: str | None, asked: OfferRequest, customers: Sequence[str] | None) -> Job:
        """Queue a job over those customers, or over all the branch has (None); InvalidInput for a slot not had."""
        self._bulk.round(asked, branch)
        request = {name: getattr(asked, name) for name in ("channel", "placement", "limit", "language")}
        return self._store.jobs.add(client, branch, request, customers)

    def read(self, job_id: str, branch: str | None) -> Job:
        """One job; NotFound, also for another branch's."""
        job = self._store.jobs.read(job_id)
        if branch not in (None, job.branch):
            raise NotFound(f'No job "{job_id[:40]}".')
        return job

    def listed(self, branch: str | None, limit: int) -> list[Job]:
        """The newest jobs first."""
        return self._store.jobs.listed(branch, limit)

    def cancel(self, job_id: str, branch: str | None) -> Job:
        """End a job; NotFound, Conflict where it ended otherwise."""
        return self._store.jobs.cancel(self.read(job_id, branch).id)

    def results(self, job_id: str, branch: str | None) -> Iterator[Mapping[str, Any]]:
        """The rows of a job that is done; Conflict for one that is not."""
        job = self.read(job_id, branch)
        if job.state != "done":
            raise Conflict(f"Job {job.id} is {job.state}: results are there once it is done.")
        return self._store.jobs.results(job.id)

    def work(self, stopping: Callable[[], bool]) -> bool:
        """Take a job and work on it until it is done, or until ``stopping``; False where there was nothing to do."""
        taken = self._store.jobs.take(self._lease_ms)
        if taken is None:
            return False
        try:
            self._work(taken, stopping)
        except LeaseLost:
            return True
        except Unavailable:
            raise
        except FourcastError as error:
            self._store.jobs.finish(taken, str(error))
        return True

    def _work(self, taken: Taken, stopping: Callable[[], bool]) -> None:
        asked = OfferRequest(**taken.request)
        while items := self._store.jobs.open_items(taken, PART):
            if stopping():
                return self._store.jobs.release(taken)
            self._store.jobs.keep(taken, self._part(self._bulk.round(asked, taken.branch), items))
        return self._store.jobs.finish(taken)

    def _part(self, turn: Round, items: Sequence[tuple[int, str]]) -> Part:
        decided = self._bulk.turns(turn, [customer for _, customer in items])
        rows = {place: told(one) for (place, _), one in zip(items, decided, strict=True)}
        made = [turn.row(one.made) for one in decided if one.made is not None]
        return Part(rows, len(decided) - len(made), made)


def told(one: Decided) -> list[dict[str, object]]:
    """One customer's rows."""
    if one.error is not None or one.body is None:
        status, problem = (one.error.status, one.error.message) if one.error else (500, None)
        return [{"customer_id": one.customer_id, "status": status, "problem": problem}]
    answer = orjson.loads(one.body)
    whole = {name: answer[name] for name in ("customer_id", "decision_id", "decided_at", "valid_until", "personalised")}
    whole |= {"status": 200, "withheld": ";".join(each["code"] for each in answer["withheld"])}
    return [whole | _offer(offer) for offer in answer["offers"]] or [whole]


def _offer(offer: Mapping[str, Any]) -> dict[str, object]:
    words = {name: offer["text"][name] for name in ("family", "name", "title")}
    codes = ";".join(each["code"] for each in offer["reasons"])
    return {"rank": offer["rank"], "offer": offer["offer"], "channel": offer["channel"], "reasons": codes} | words
