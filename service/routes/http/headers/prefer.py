"""Prefer (RFC 7240): ``respond-async`` is the one preference that is honoured, and only by views that ask for it."""

from urllib.request import parse_http_list

from flask import request

from service.routes.http.responses import Pair

APPLIED: Pair = ("Preference-Applied", "respond-async")
RETRY_S = 2
"""Seconds until the caller should look again."""
LOOK_AGAIN: Pair = ("Retry-After", str(RETRY_S))
PARAMETER = {
    "in": "header",
    "name": "Prefer",
    "description": "`respond-async` (RFC 7240): answer 202 at once; `Location` says where to look.",
    "schema": {"type": "string", "maxLength": 200},
    "example": "respond-async",
}


def prefers_async() -> bool:
    """Whether the caller prefers an answer later."""
    return wants_async(request.headers.get("Prefer", ""))


def wants_async(preferences: str) -> bool:
    """Whether ``respond-async`` is among the preferences, with whatever parameters.

    >>> [wants_async(each) for each in ("respond-async", "wait=5, Respond-Async; x=1", 'a="b, respond-async"', "")]
    [True, True, False, False]
    """
    names = (each.partition(";")[0].partition("=")[0] for each in parse_http_list(preferences))
    return any(name.strip().lower() == "respond-async" for name in names)
