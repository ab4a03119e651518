"""Cursors of lists: where a page ended, as text that callers hand back and do not read."""

import base64
from typing import Any
from urllib.parse import quote, urlencode

import orjson

from service.core.errors import InvalidInput, Problem
from service.routes.http.responses import Pair
from service.store.connection.encoding import holds_nul


def cursor(*place: object) -> str:
    """The place as callers hold it.

    >>> place_of(cursor("c-000001"), str)
    ('c-000001',)
    """
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


def place_of(text: str, *kinds: type) -> tuple[Any, ...]:
    """The place of a cursor, of these kinds; InvalidInput for what this list gave to nobody."""
    try:
        place = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        place = None
    fits = isinstance(place, list) and [type(each) for each in place] == list(kinds)
    if not fits or holds_nul(place):
        raise InvalidInput("The query does not fit.", [Problem("cursor", "is no cursor that this list gave")])
    return tuple(place)


def next_page(path: str, **words: object) -> Pair:
    """The header that leads to the next page (RFC 8288): a path as Flask tells it, and the query without what is None.

    Both as a URL writes them, for ids, keys and branches may hold any sign.

    >>> next_page("/v1/customers/张 a?b/contacts", cursor="WzFd", limit=2, branch="b&1")
    ('Link', '</v1/customers/%E5%BC%A0%20a%3Fb/contacts?cursor=WzFd&limit=2&branch=b%261>; rel="next"')
    """
    query = urlencode({name: word for name, word in words.items() if word is not None}, safe=",*")
    return "Link", f'<{quote(path)}?{query}>; rel="next"'
