"""The statements on every request's road: one prepared statement, one round trip each.

``SNAPSHOT`` reads attributes, consents and the past in one statement, and so in one view of the database: the revision
it returns is exactly the one they belong to.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import repeat
from operator import itemgetter
from typing import Any

import orjson

from service.core.domain import Client, Event, EventKind, KindLookback, Lookback, Release, Snapshot, Survey, Trail
from service.store.connection.wire import Row, Statement, whole, word
from service.store.events.events import FIELDS
from service.store.events.trails import PAST

CHECK = Statement(
    b"check",
    b"SELECT (SELECT revision FROM customers WHERE id = $1), coalesce(release_id, 0), cache_generation FROM serving",
)
CONSENTS = """
    (SELECT json_object_agg(purpose, granted) FROM (
        SELECT DISTINCT ON (purpose) purpose, granted FROM consents WHERE customer_id = c.id
        ORDER BY purpose, at DESC, seq DESC) AS newest)
"""
"""The newest words of the customer ``c``, by purpose."""

KNOWN = f"revision, attributes, {CONSENTS}, {PAST}"
"""All that a decision reads of the customer ``c``; ``$2`` and ``$3`` as ``PAST`` takes them."""

SNAPSHOT = Statement(
    b"snapshot",
    f"SELECT {KNOWN}, external_key FROM customers AS c WHERE id = $1".encode(),  # noqa: S608 - our own words
)
EVENTS = Statement(
    b"events",
    f"""
    SELECT json_agg(json_build_array({FIELDS}) ORDER BY at, id) FROM events WHERE customer_id = $1 AND at >= $2::bigint
    """.encode(),  # noqa: S608 - our own column names
)
REMEMBER = Statement(
    b"remember",
    b"""
    WITH held AS MATERIALIZED (SELECT id FROM customers WHERE id = $1 FOR KEY SHARE),
    kept AS (
        INSERT INTO decisions (id, customer_id, at, release_id, record)
        SELECT $2::uuid, id, $3::bigint, $4::bigint, $5 FROM held ON CONFLICT (id) DO NOTHING)
    SELECT FROM held
    """,
    binary=4,
)
"""A row where the customer is stored. Their lock is the weakest there is: events and other decisions do not wait for
it; an erasure does, and finds the record; who comes during an erasure waits, and finds nobody."""

REMEMBER_VISITOR = Statement(
    b"remember_visitor",
    b"""
    INSERT INTO decisions (id, customer_id, at, release_id, record)
    VALUES ($1, '', $2::bigint, $3::bigint, $4) ON CONFLICT (id) DO NOTHING
    """,
    binary=3,
)
DECISION = Statement(b"decision", b"SELECT id, customer_id, at, release_id, record FROM decisions WHERE id = $1")
OLDEST = Statement(b"oldest_decision", b"SELECT id FROM decisions ORDER BY id LIMIT 1")
CLIENT = Statement(
    b"client",
    b"""
    SELECT name, to_json(scopes), customer_id, branch, quota, require_if_match FROM clients
    WHERE key_hash = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())
    """,
)
ACTIVE = Statement(
    b"active",
    b"SELECT releases.id, policy, bundle, prices FROM serving JOIN releases ON releases.id = release_id",
)


def snapshot_of(customer_id: str, row: Row) -> Snapshot:
    """The columns ``KNOWN`` of a row as the core reads it."""
    revision, attributes, consents, trails, surveys = row[:5]
    return Snapshot(
        customer_id,
        whole(revision),
        orjson.loads(attributes or b"{}"),
        orjson.loads(consents or b"{}"),
        trails_of(orjson.loads(trails or b"[]")),
        surveys_of(orjson.loads(surveys or b"[]")),
    )


def events_of(rows: Iterable[Row]) -> tuple[Event, ...]:
    """The row of ``EVENTS``."""
    return tuple(Event(*fields) for (told,) in rows for fields in orjson.loads(told or b"[]"))


def lookback(back: Lookback) -> tuple[bytes, bytes]:
    """The second and third parameter of a statement that reads the past."""
    kinds = back.kinds
    if kinds is None:
        kinds = tuple(KindLookback(kind, back.since, back.most) for kind in EventKind)
    return b"%d" % back.since, orjson.dumps(kinds)


def trails_of(told: Iterable[tuple[Any, ...]]) -> tuple[Trail, ...]:
    """The trails as ``PAST`` tells them."""
    return tuple(trail for of_kind in sorted(told, key=itemgetter(0)) for trail in _of_kind(*of_kind))


def _of_kind(
    kind: str, offers: list[str] | None, channels: list[str] | None, lengths: list[int], instants: list[int]
) -> Iterator[Trail]:
    """The trails of one kind; those of one place are one."""
    found: dict[tuple[str, str], list[int]] = defaultdict(list)
    first = 0
    for place, length in zip(zip(offers or repeat(""), channels or repeat(""), strict=False), lengths, strict=False):
        found[place] += instants[first : first + length]
        first += length
    for offer, channel in sorted(found):
        every = found[offer, channel]
        every.sort()
        yield Trail(kind, offer or None, channel or None, tuple(every))


def surveys_of(told: Iterable[tuple[Any, ...]]) -> tuple[Survey, ...]:
    """The surveys as ``PAST`` tells them."""
    return tuple(Survey(at, score) for at, score in told)


def client_of(rows: Iterable[Row]) -> Client | None:
    """The row of ``CLIENT``, if there is one."""
    for name, scopes, customer_id, branch, quota, require_if_match in rows:
        bound = word(customer_id), word(branch), None if quota is None else int(quota), require_if_match == b"t"
        return Client(word(name) or "", frozenset(orjson.loads(scopes or b"[]")), *bound)
    return None


def release_of(rows: Iterable[Row]) -> Release | None:
    """The row of ``ACTIVE``, if there is one."""
    for number, policy, bundle, prices in rows:
        return Release(whole(number), word(policy) or "", word(bundle), orjson.loads(prices or b"{}"))
    return None
