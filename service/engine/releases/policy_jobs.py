"""Proposals and approvals that are answered later: queued as jobs, carried out by the runner, read at an address.

A job's outcome is the proposal, the release, or the error that the caller would have got at once. A release and the end
of its job are one transaction, so a runner that is killed in between makes no second release. The documents of a policy
leave the queue when the job ends; a proposed policy is stored as a policy. A job that waited for an hour is not carried
out, because its author may not want it any more.
"""

import contextlib
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import orjson
from sqlalchemy import Connection

from service.core.domain import Client
from service.core.errors import FourcastError, NotFound, Unavailable
from service.engine.releases.governance import Approval, Busy, Governance
from service.engine.runner_failures import Failures, pause_s
from service.runtime.child_process import Patience
from service.store import Proposal, Store
from service.store.outbox.jobs import APPROVAL, POLICIES, PROPOSAL, Job, LeasedJob, LeaseLost, end

LONGEST_S = 300
"""Seconds that the child process may take, waiting included."""
HOUR_MS = 3_600_000


class _Stopped(Exception):
    """The runner was told to stop meanwhile."""


class PolicyJobs:
    """The queue of proposals and approvals, as one process sees it."""

    def __init__(self, store: Store, governance: Governance, lease_s: int) -> None:
        self._store, self._governance, self._lease_ms = store, governance, lease_s * 1000
        self._failures = Failures("policies")

    def propose(self, client: str, documents: Mapping[str, object], note: str, trace_id: str) -> Job:
        """Queue a proposal with its documents as text, because JSONB would change how numbers are written.

        Raises:
            TooMany: the client has too many jobs in the queue.
        """
        request = {"documents": orjson.dumps(documents).decode(), "note": note, "trace_id": trace_id}
        return self._store.jobs.add_whole(PROPOSAL, client, None, request)

    def approve(self, client: str, policy: str, note: str, override: bool, trace_id: str) -> Job:
        """Queue an approval.

        Raises:
            NotFound: nobody proposed the policy.
            TooMany: the client has too many jobs in the queue.
        """
        self._store.proposals.find(policy)
        request = {"policy": policy, "note": note, "override": override, "trace_id": trace_id}
        return self._store.jobs.add_whole(APPROVAL, client, None, request)

    def read(self, job_id: str, client: Client, scopes: Mapping[str, str]) -> Job:
        """A job of this client, of a kind for which it has the scope.

        Raises:
            NotFound: no such job, or it is another client's.
        """
        job = self._store.jobs.read(job_id)
        if job.kind not in POLICIES or job.client != client.name or scopes[job.kind] not in client.scopes:
            raise NotFound(f'No job "{job_id[:40]}".')
        return job

    def work(self, stopping: Callable[[], bool]) -> bool:
        """Carry out the oldest job; False if there is none, or another policy is being checked."""
        taken = self._store.jobs.take(self._lease_ms, POLICIES)
        if taken is None:
            return False
        with contextlib.suppress(LeaseLost):
            return self._try(taken, stopping)
        return True

    def _try(self, taken: LeasedJob, stopping: Callable[[], bool]) -> bool:
        """Store a refusal as the outcome; put a job that failed unforeseen off, behind the others."""
        try:
            self._carry_out(taken, self._patience(taken, stopping))
        except (_Stopped, Busy):
            self._store.jobs.release(taken)
            return False
        except LeaseLost:
            raise
        except Unavailable:
            self._store.jobs.release(taken)
            raise
        except FourcastError as error:
            self._store.jobs.finish(taken, outcome={"problem": problem_of(error)})
        except Exception as failure:  # noqa: BLE001 - the other jobs go on
            self._failures.note(taken.id, failure)
            words = f"It failed by {type(failure).__name__}; the runner's log says where."
            self._store.jobs.put_off(taken, int(pause_s(taken.attempts) * 1000), words)
        return True

    def _patience(self, taken: LeasedJob, stopping: Callable[[], bool]) -> Patience:
        def beat() -> None:
            if stopping():
                raise _Stopped
            self._store.jobs.advance(taken, 0, 1)

        return Patience(LONGEST_S, beat=beat)

    def _carry_out(self, taken: LeasedJob, patience: Patience) -> None:
        asked = taken.request
        if taken.age_ms > HOUR_MS:
            late = Unavailable("Nobody took it up for an hour; it was not carried out. Ask again.")
            self._store.jobs.finish(taken, outcome={"problem": problem_of(late)})
        elif taken.kind == PROPOSAL:

            def proposed(connection: Connection, proposal: Proposal, new: bool) -> None:
                end(connection, taken, outcome={"proposal": asdict(proposal), "new": new})

            self._governance.publish(orjson.loads(asked["documents"]), taken.client, asked["note"], patience, proposed)
        else:

            def approved(connection: Connection, made: Approval) -> None:
                end(connection, taken, outcome={"release": asdict(made.release), "gate": made.gate.document})

            words = asked["policy"], taken.client, asked["note"], asked["override"]
            self._governance.approve(*words, patience, approved)


def problem_of(error: FourcastError) -> dict[str, Any]:
    """An error as a job stores it."""
    document = {"status": error.status, "slug": error.slug, "title": error.title, "detail": error.message}
    return document | {"errors": [asdict(each) for each in error.problems]}
