"""/v1/jobs: the offers of more customers than one call takes, decided beside the requests, with results to download.

POST answers 202 with the job's address in ``Location``. The job is stored by then and outlives any process. Once it is
done, every worker serves its results as CSV, JSON Lines or Parquet, by ``Accept`` or ``?format=``.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

import orjson
from flask import Response, request
from marshmallow import ValidationError, fields

from service.core import customer_ids
from service.core.domain import Client
from service.core.errors import MOST_PROBLEMS, Conflict, InvalidInput, NotAcceptable, NotFound, Problem
from service.engine.auth.branch_audit import about, audit_branch_action
from service.engine.crm.jobs import COLUMNS
from service.engine.crm.row_files import MEDIA, write_rows
from service.engine.offers.request import OfferRequest
from service.rendering.answer import iso
from service.routes.http.fields import Ahead, Loose, Strict, Word, check, describe, json_kind
from service.routes.http.guard import BoundClients, engine, resolve_branch, resolve_external_keys
from service.routes.http.headers.languages import choose_language
from service.routes.http.json_body import read_json
from service.routes.http.query import read_query
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, RawResponse
from service.routes.offers.bulk import BulkOffersInput
from service.store.outbox.jobs import OFFERS, AllCustomers, CustomersByKey, Job

CAMPAIGN_DAYS = 366


class BranchFilter(Strict):
    """AllCustomers of a branch."""

    branch = Word(required=True, metadata=describe("The branch that keeps the relationship.", example="b-1"))


class KeyFilter(Strict):
    """Customers by the bank's own keys."""

    external_keys = fields.Raw(required=True, metadata=describe("1 to 100,000 external keys, each once."))


class JobInput(Strict):
    """The offers of many customers, as a job."""

    customers = fields.Raw(
        required=True,
        metadata=describe(
            'Whom: an array of 1 to 100,000 customer ids, each once; `{"branch": "b-1"}`, everybody of that branch; '
            '`{"external_keys": ["CIF-0042"]}`, as many by the bank\'s own keys; or `all`.',
            example=["c-000001", "c-000002"],
        ),
    )
    valid_until = Ahead(
        CAMPAIGN_DAYS,
        metadata=describe(
            "When the campaign ends: so long the offers and their tokens hold, at most 366 days. A week where an "
            "outbound list does not say; other offers hold as those of a single call.",
            example="2030-01-31T18:00:00+08:00",
        ),
    )
    channel = BulkOffersInput().declared_fields["channel"]
    placement = BulkOffersInput().declared_fields["placement"]
    limit = BulkOffersInput().declared_fields["limit"]


class JobAnswer(Loose):
    """A job as it stands."""

    id = fields.String(required=True)
    kind = fields.String(metadata=describe("What it makes.", enum=["offers", "leads"]))
    state = fields.String(required=True, metadata={"enum": ["queued", "running", "done", "failed", "cancelled"]})
    total = fields.Integer(required=True, allow_none=True, metadata=describe("Null until the customers are counted."))
    done = fields.Integer(required=True)
    failed = fields.Integer(
        required=True, metadata=describe("How many of those done have a problem instead of offers.")
    )
    error = fields.String(required=True, allow_none=True)
    valid_until = fields.DateTime(allow_none=True, metadata=describe("Until when the list holds, where it has an end."))
    created_at = fields.DateTime(required=True)
    started_at = fields.DateTime(required=True, allow_none=True)
    finished_at = fields.DateTime(required=True, allow_none=True)
    results = fields.String(required=True, allow_none=True, metadata=describe("Where the results are, once done."))


class JobsAnswer(Loose):
    """The newest jobs first."""

    jobs = fields.List(fields.Nested(JobAnswer), required=True)


class ResultsQuery(Strict):
    """The format of the file."""

    format = Word(among=["jsonl", "csv", "parquet"], metadata=describe("Instead of the Accept header.", example="csv"))
    bom = Word(
        among=["true", "false"],
        metadata=describe("`true`: CSV begins with a byte order mark, as Excel wants of UTF-8.", example="false"),
    )


JOB_IN: dict[str, Any] = {"customers": ["c-000001", "c-000002"], "channel": "branch", "limit": 3}

JOB: dict[str, Any] = {
    "id": "4f2c8a52-6f0e-4f7e-9d0c-2c8f7f0f3b11",
    "kind": "offers",
    "state": "done",
    "total": 2,
    "done": 2,
    "failed": 0,
    "error": None,
    "valid_until": None,
    "created_at": "2026-11-23T09:30:00+08:00",
    "started_at": "2026-11-23T09:30:01+08:00",
    "finished_at": "2026-11-23T09:30:02+08:00",
    "results": "/v1/jobs/4f2c8a52-6f0e-4f7e-9d0c-2c8f7f0f3b11/results",
}


MAX_CUSTOMERS = 100_000
EVERYBODY = "all"
PATH = "/v1/jobs/<string:job_id>"
SENTENCE = "The job does not fit; nothing was queued."
BODY_BYTES = 8 << 20
"""Most bytes of a body: 100,000 ids of 64 letters fit."""
PLAIN = re.compile(f"{customer_ids.PLAIN}{{1,64}}").fullmatch
_INPUT, _RESULTS, _NAME, _KEY = JobInput(), ResultsQuery(), Word(), Word(customer_ids.LONGEST_KEY)
_FILTER, _KEYS = BranchFilter(), KeyFilter()
NOUNS = {"customers": "ids", "customers.external_keys": "keys"}
_JOB = {"200": response_doc("The job.", JobAnswer, JOB)}
_LIST = response_doc("The newest jobs.", JobsAnswer, {"jobs": [JOB]})
_LINE = "customer_id,status,offer,channel\r\nc-000001,200,term-12m,branch\r\n"
_FILES = {media.partition(";")[0]: {"schema": {"type": "string"}, "example": _LINE} for media in MEDIA.values()}

api = Resource("jobs", __name__, description="Work beside the requests.")


@api.post(
    "/v1/jobs",
    scope="campaigns:write",
    reach=BoundClients.BRANCH,
    body_bytes=BODY_BYTES,
    body=JobInput,
    example=JOB_IN,
    answers={
        "202": response_doc(
            "Queued; Location says where to look.",
            JobAnswer,
            JOB | {"state": "queued"},
            headers={"Location": {"schema": {"type": "string"}}},
        )
    },
)
def create_job(client: Client) -> Response:
    """Decide the offers of many customers

    Up to 100,000 ids in a body of 8 MiB, everybody of a branch, or `all`: everybody, or everybody of a branch's key.
    Each decision is that of a single call. An outbound list holds until `valid_until`. 100 jobs of a client may wait.
    """
    body = check(_INPUT, read_json(request, most=MAX_CUSTOMERS + 100), SENTENCE)
    spoken = choose_language(request.headers.get("Accept-Language", ""))
    asked = OfferRequest(body.get("channel"), body.get("placement"), body["limit"], language=spoken)
    whom = select_customers(body["customers"], client)
    job = engine().crm.jobs.add(client.name, client.branch, asked, whom, body.get("valid_until"))
    audit_branch_action(engine().store, client, "job.create", job.id, about(client, total=job.total))
    return _reply(job, 202, [("Location", f"/v1/jobs/{job.id}")])


@api.get("/v1/jobs", scope="campaigns:write", reach=BoundClients.BRANCH, answers={"200": _LIST})
def list_jobs(client: Client) -> Response:
    """The newest 100 jobs

    Those of a branch's key are its own branch's.
    """
    jobs = engine().store.jobs.list_jobs(client.branch, 100)
    return RawResponse(orjson.dumps({"jobs": [_document(job) for job in jobs]}), 200, [NO_STORE])


@api.get(PATH, scope="campaigns:write", reach=BoundClients.BRANCH, answers=_JOB, errors=(NotFound,))
def get_job(client: Client, job_id: str) -> Response:
    """A job's state and progress

    `done` of `total` customers are decided; `results` says where the results are once it is done.
    """
    return _reply(engine().crm.jobs.read(job_id, client.branch))


@api.post(
    f"{PATH}/cancel", scope="campaigns:write", reach=BoundClients.BRANCH, answers=_JOB, errors=(NotFound, Conflict)
)
def cancel_job(client: Client, job_id: str) -> Response:
    """Cancel a job

    What is decided by then stays on record; there are no results. Cancelling twice is harmless.
    """
    job = engine().crm.jobs.cancel(job_id, client.branch)
    audit_branch_action(engine().store, client, "job.cancel", job.id, about(client))
    return _reply(job)


@api.get(
    f"{PATH}/results",
    scope="campaigns:write",
    reach=BoundClients.BRANCH,
    query=ResultsQuery,
    answers={"200": {"description": "One row per offer, stable columns, UTF-8, ISO dates.", "content": _FILES}},
    errors=(NotFound, Conflict, NotAcceptable),
)
def get_job_results(client: Client, job_id: str) -> Response:
    """A job's results

    JSON Lines unless `Accept` or `format` says otherwise. In CSV, text that a spreadsheet would run is defused, and
    `bom=true` lets Excel read the file as UTF-8.
    """
    query = read_query(_RESULTS)
    form, bom = choose_form(query.get("format")), query.get("bom") == "true"
    rows = engine().crm.jobs.results(job_id, client.branch)
    audit_branch_action(engine().store, client, "job.results", job_id, about(client))
    answer = Response(write_rows(form, COLUMNS, rows, bom), 200, mimetype=None, content_type=MEDIA[form])
    answer.headers["Content-Disposition"] = f'attachment; filename="offers-{job_id}.{form}"'
    answer.headers["Cache-Control"], answer.headers["Vary"] = "no-store", "Accept"
    return answer


def select_customers(customers: object, client: Client) -> list[str] | AllCustomers | CustomersByKey:
    """The customers that a body selects: ids, external keys, or everybody.

    Raises: InvalidInput: naming every id or key that does not fit.
    """
    if customers == EVERYBODY:
        return AllCustomers(client.branch)
    if isinstance(customers, dict) and "external_keys" in customers:
        keys = _read_names(
            check(_KEYS, customers, SENTENCE, "customers")["external_keys"], "customers.external_keys", _KEY
        )
        ids = resolve_external_keys(client, keys)
        return CustomersByKey({key: ids.get(key) for key in keys})
    if isinstance(customers, dict):
        return AllCustomers(resolve_branch(client, check(_FILTER, customers, SENTENCE, "customers")["branch"]))
    return _read_names(customers, "customers", _NAME)


def _read_names(names: object, where: str, word: Word) -> list[str]:
    """The names of a list, each once.

    Raises: InvalidInput: naming those that do not fit.
    """
    if not isinstance(names, list) or not 1 <= len(names) <= MAX_CUSTOMERS:
        got = f"{len(names):,} of them" if isinstance(names, list) else json_kind(names)
        expected = f'"{EVERYBODY}", a branch or ' if where == "customers" else ""
        words = f"must be {expected}an array of 1 to {MAX_CUSTOMERS:,} {NOUNS[where]}, got {got}"
        raise InvalidInput(SENTENCE, [Problem(where, words)])
    problems = list(islice(_unfit(names, where, word), MOST_PROBLEMS))
    if not problems and len(set(names)) < len(names):
        problems = [Problem(where, "must name each customer once")]
    if problems:
        raise InvalidInput(SENTENCE, problems)
    return names


def choose_form(form: str | None) -> str:
    """The format of the file, by query or by the caller's Accept.

    Raises: NotAcceptable: where Accept names none of the formats.
    """
    if form is not None:
        return form
    by_media = {media.partition(";")[0]: name for name, media in MEDIA.items()} | {"application/x-ndjson": "jsonl"}
    accepted = request.accept_mimetypes
    best = accepted.best_match(list(by_media)) if accepted else MEDIA["jsonl"]
    if best is None:
        raise NotAcceptable(f"Results come as {', '.join(by_media)}.")
    return by_media[best]


def _unfit(names: list[Any], where: str, word: Word) -> Iterator[Problem]:
    if set(map(type, names)) != {str} or not all(map(PLAIN, names)):
        faults = ((place, _fault(one, word)) for place, one in enumerate(names))
        yield from (Problem(f"{where}.{place}", fault) for place, fault in faults if fault)


def _fault(one: object, word: Word) -> str | None:
    if isinstance(one, str) and PLAIN(one):
        return None
    try:
        word.deserialize(one)
    except ValidationError as error:
        return str(error.messages[0])
    return None


def _reply(job: Job, status: int = 200, headers: list[tuple[str, str]] | None = None) -> RawResponse:
    return RawResponse(orjson.dumps(_document(job)), status, [NO_STORE, *(headers or [])])


def _document(job: Job) -> dict[str, Any]:
    zone, until = engine().timezone, job.request.get("valid_until")
    times = {name: getattr(job, name) for name in ("created_at", "started_at", "finished_at")}
    return {
        **{name: getattr(job, name) for name in ("id", "kind", "state", "total", "done", "failed", "error")},
        **{name: None if at is None else iso(at, zone) for name, at in times.items()},
        "valid_until": None if until is None else iso(until, zone),
        "results": f"/v1/jobs/{job.id}/results" if (job.state, job.kind) == ("done", OFFERS) else None,
    }
