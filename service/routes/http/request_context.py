"""The context of one request, carried in its WSGI environment: what log, metrics and error answers need.

It holds no customer, no attribute and no query. An auditor finds them by the decision id.
"""

import os
import re
from dataclasses import dataclass
from typing import Any, cast

from flask import request

from service.engine.auth.quotas import Allowance

KEY = "fourcast.facts"
UNMATCHED = "unmatched"
_SANE = re.compile(r"[A-Za-z0-9._-]{1,64}").fullmatch
_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}").fullmatch


@dataclass(slots=True)
class RequestContext:
    """The ids of a request, then what its view found out."""

    request_id: str
    trace_id: str
    traceparent: str | None
    route: str = UNMATCHED
    status: str = "500"
    client: str | None = None
    decision_id: str | None = None
    source: str | None = None
    degraded: tuple[str, ...] = ()
    allowance: Allowance | None = None


def begin_request(environ: dict[str, Any]) -> RequestContext:
    """Create the context of a new request in ``environ``: the caller's ids where they are valid, else random ones."""
    parent = environ.get("HTTP_TRACEPARENT")
    match = parent and _TRACEPARENT(parent)
    if match and match[1] != "ff" and match[2].strip("0") and match[3].strip("0"):
        trace_id = match[2]
    else:
        parent, trace_id = None, os.urandom(16).hex()
    request_id = environ.get("HTTP_X_REQUEST_ID")
    if request_id is None or not _SANE(request_id):
        request_id = trace_id
    noted = environ[KEY] = RequestContext(request_id, trace_id, parent)
    return noted


def request_context() -> RequestContext:
    """The context of the request being served."""
    return cast(RequestContext, request.environ[KEY])
