"""For operators: liveness, readiness and metrics. Public, without personal data."""

import orjson
from flask import Response
from marshmallow import fields

from service.core.errors import Problem, Unavailable
from service.routes.http.fields import Loose
from service.routes.http.guard import PUBLIC, engine
from service.routes.http.metrics import CONTENT_TYPE_LATEST, exposition
from service.routes.http.problems import ProblemAnswer, problem_response
from service.routes.http.resource import Resource, response_doc
from service.routes.http.responses import NO_STORE, PROBLEM, RawResponse


class Alive(Loose):
    """The process answers."""

    status = fields.String(required=True)


class ReadyAnswer(Loose):
    """Whether this worker takes traffic, and the state of each server."""

    ready = fields.Boolean(required=True)
    checks = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


api = Resource("health", __name__, description="For operators.")
_NOT_READY = {
    "type": "urn:fourcast:problem:not-ready",
    "title": "Service unavailable",
    "status": 503,
    "detail": "Not ready for traffic.",
    "errors": [{"where": "database", "message": "unavailable"}],
    "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
}
_TEXT = {"description": "Prometheus text.", "content": {"text/plain": {"schema": {"type": "string"}}}}


@api.get("/healthz", scope=PUBLIC, answers={"200": response_doc("Alive.", Alive, {"status": "ok"})})
def get_health() -> Response:
    """Whether the process answers

    Says nothing about its servers: restarting this process would not mend them.
    """
    return RawResponse(b'{"status":"ok"}', 200, [NO_STORE])


@api.get(
    "/readyz",
    scope=PUBLIC,
    answers={
        "200": response_doc(
            "Takes traffic.", ReadyAnswer, {"ready": True, "checks": {"database": "ok", "cache": "ok"}}
        ),
        "503": response_doc("Takes none now.", ProblemAnswer, _NOT_READY, PROBLEM),
    },
)
def get_readiness() -> Response:
    """Whether this worker should get traffic, with each check in words

    503 while PostgreSQL is away: the offers answered meanwhile come from the cache or by the policy alone.
    """
    readiness = engine().readiness()
    if readiness.ready:
        return RawResponse(orjson.dumps({"ready": True, "checks": dict(readiness.checks)}), 200, [NO_STORE])
    faults = [Problem(name, word) for name, word in readiness.checks.items() if word != "ok"]
    return problem_response(
        503, "not-ready", Unavailable.title, "Not ready for traffic.", faults, [("Retry-After", "1")]
    )


@api.get("/metrics", scope=PUBLIC, answers={"200": _TEXT})
def get_metrics() -> Response:
    """Prometheus metrics of all workers

    No label holds anything about a customer. Keep this path inside the network.
    """
    return RawResponse(exposition(), 200, [NO_STORE], CONTENT_TYPE_LATEST)
