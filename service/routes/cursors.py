"""Cursors of lists: where a page ended, as text that callers hand back and do not read."""

import base64
from typing import Any

import orjson

from service.errors import InvalidInput, Problem
from service.store.text import holds_nul


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
