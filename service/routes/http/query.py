"""Query strings: their parts read against a schema, cursors (where a page ended), and the link to the next page."""

import base64
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

import orjson
from flask import request
from marshmallow import Schema

from service.core.errors import InvalidInput, Problem
from service.routes.http.fields import check
from service.routes.http.responses import Pair
from service.store.connection.encoding import holds_nul

MISFIT = "The query does not fit."
MAX_QUERY, MAX_HOT_QUERY = 4000, 512
"""Most characters of any query, and of a request for offers, which is cached by its text and has short words.

A name of 200 characters and one of 64 fit: a character is at most 12 when it is percent-encoded (RFC 3986, 2.1). The
request line also fits into what gunicorn reads of it.
"""
NEXT_PAGE = {"Link": {"description": "The next page.", "schema": {"type": "string"}}}
"""The documented header of an answer that is a page."""


def read_query(schema: Schema) -> dict[str, Any]:
    """The request's query as the schema reads it.

    Raises: InvalidInput: with every problem by name.
    """
    return check(schema, parse_query(request.environ["QUERY_STRING"]), MISFIT)


def parse_query(query: str, longest: int = MAX_QUERY) -> dict[str, str]:
    """The parts of a query string by name.

    Raises: InvalidInput: where it is too long, unreadable, or names a part twice.
    """
    if len(query) > longest:
        raise InvalidInput(f"The query is longer than {longest} characters.")
    try:
        parts = parse_qsl(query, keep_blank_values=True, errors="strict", max_num_fields=16)
    except ValueError as error:
        raise InvalidInput("The query cannot be read: not UTF-8, or too many parts.") from error
    twice = sorted({name for name, _ in parts if sum(name == other for other, _ in parts) > 1})
    if twice:
        raise InvalidInput(MISFIT, [Problem(name[:64], "must be given once") for name in twice])
    return dict(parts)


def encode_cursor(*place: object) -> str:
    """The place as an opaque cursor.

    >>> decode_cursor(encode_cursor("c-000001"), str)
    ('c-000001',)
    """
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


def decode_cursor(text: str, *kinds: type) -> tuple[Any, ...]:
    """The place of a cursor, of these kinds.

    Raises: InvalidInput: where this list gave no such cursor.
    """
    place = decode_place(text)
    if [type(each) for each in place] != list(kinds):
        raise InvalidInput(MISFIT, [Problem("cursor", "is no cursor that this list gave")])
    return place


def decode_place(text: str) -> tuple[Any, ...]:
    """The place of a cursor, of whatever kinds: who uses it checks them.

    Raises: InvalidInput: where the text is no cursor.
    """
    try:
        place = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        place = None
    if not isinstance(place, list) or holds_nul(place):
        raise InvalidInput(MISFIT, [Problem("cursor", "is no cursor that this list gave")])
    return tuple(place)


def next_page_link(path: str, **words: object) -> Pair:
    """The ``Link`` header to the next page (RFC 8288): a path as Flask gives it, and the query without None.

    Both are percent-encoded: ids, keys and branches may hold any character.

    >>> next_page_link("/v1/customers/张 a?b/contacts", cursor="WzFd", limit=2, branch="b&1")
    ('Link', '</v1/customers/%E5%BC%A0%20a%3Fb/contacts?cursor=WzFd&limit=2&branch=b%261>; rel="next"')
    """
    return "Link", f'<{next_page(path, **words)}>; rel="next"'


def next_page(path: str, **words: object) -> str:
    """The address of the next page: a path as Flask gives it, and the query without None, both percent-encoded."""
    query = urlencode({name: word for name, word in words.items() if word is not None}, safe=",*")
    return f"{quote(path)}?{query}"
