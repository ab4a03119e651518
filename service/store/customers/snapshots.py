"""Snapshots: all that a decision reads of a customer, in one statement and so in one view of the database.

The revision that is returned is exactly the one that attributes, consents, trails and surveys belong to.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from operator import itemgetter
from typing import Any

import orjson
from sqlalchemy import Connection

from service.core.domain import KEPT, SURVEYS, EventKind, KindLookback, Lookback, Snapshot, Survey, Trail
from service.store.connection import encoding
from service.store.connection.database import Ask, stream_within
from service.store.connection.wire import Statement, whole, word

READ_ROWS = 1000
"""Rows fetched through a cursor at a time."""

CONSENTS = """
    (SELECT json_object_agg(purpose, granted) FROM (
        SELECT DISTINCT ON (purpose) purpose, granted FROM consents WHERE customer_id = c.id
        ORDER BY purpose, at DESC, seq DESC) AS newest)
"""
"""The newest words of the customer ``c``, by purpose."""

SCORES = "json_agg(json_build_array(at, score) ORDER BY at, id)"
TRAILS = f"""
    (SELECT json_agg(json_build_array(asked.kind, told.offers, told.channels, told.lengths, told.instants))
    FROM json_to_recordset(CAST($3 AS json))
        AS asked(kind text, since bigint, most int, by_offer boolean, by_channel boolean),
    LATERAL (
        SELECT CASE WHEN asked.by_offer THEN array_agg(offer) END AS offers,
            CASE WHEN asked.by_channel THEN array_agg(channel) END AS channels,
            array_agg(cardinality(instants)) AS lengths,
            CAST('[' || string_agg(array_to_string(instants, ','), ',') || ']' AS json) AS instants
        FROM (
            SELECT offer, channel, instants[greatest(1, cardinality(instants) - asked.most + 1):] AS instants
            FROM trails
            WHERE trailed AND asked.most <= {KEPT} AND customer_id = c.id AND kind = asked.kind
                AND instants[cardinality(instants)] >= asked.since
            UNION ALL
            SELECT coalesce(offer, ''), coalesce(channel, ''),
                (array_agg(at ORDER BY at))[greatest(1, count(*)::int - asked.most + 1):]
            FROM events
            WHERE NOT (trailed AND asked.most <= {KEPT}) AND customer_id = c.id AND kind = asked.kind
                AND at >= asked.since
            GROUP BY 1, 2) AS newest
        HAVING count(*) > 0) AS told)
"""  # noqa: S608 - our own names and numbers
"""The trails of the customer ``c``, as ``$3`` asks (``lookback``).

A kind is a row of parallel lists, which PostgreSQL writes and we read many times faster than one list per trail:
offers and channels where they are asked for, how many instants, and all the instants.
"""

SURVEYED = f"""
    CASE WHEN trailed THEN (
        SELECT {SCORES} FROM (
            SELECT at, id, score FROM surveys WHERE customer_id = c.id AND at >= CAST($2 AS bigint)
            ORDER BY at DESC, id DESC LIMIT {SURVEYS}) AS newest)
    ELSE (
        SELECT {SCORES} FROM (
            SELECT at, id, score FROM events
            WHERE customer_id = c.id AND at >= CAST($2 AS bigint) AND kind = 'survey' AND score IS NOT NULL
            ORDER BY at DESC, id DESC LIMIT {SURVEYS}) AS newest)
    END
"""  # noqa: S608 - our own names and numbers
"""The newest surveys with a score of the customer ``c``, from ``$2`` (ms) on."""

KNOWN = ("revision", "attributes", CONSENTS, TRAILS, SURVEYED)
"""All that a decision reads of the customer ``c``; ``$2`` and ``$3`` as ``lookback`` makes them."""

COLUMNS = ", ".join(KNOWN)
REVISION = Statement(
    b"check",
    b"SELECT (SELECT revision FROM customers WHERE id = $1), coalesce(release_id, 0), cache_generation FROM serving",
)
SNAPSHOT = Statement(
    b"snapshot",
    f"SELECT {COLUMNS}, external_key FROM customers AS c WHERE id = $1".encode(),  # noqa: S608 - our own words
)
SNAPSHOTS = Statement(
    b"snapshots",
    f"""
    SELECT c.id, {COLUMNS} FROM customers AS c
    WHERE c.id = ANY (ARRAY(SELECT json_array_elements_text(CAST($1 AS json))))
    """.encode(),  # noqa: S608 - our own words
)
SAMPLE = Statement(
    b"sample",
    f"""
    SELECT id, {", ".join(f"({column})::text" for column in KNOWN)}
    FROM (SELECT id, revision, attributes, trailed FROM customers ORDER BY hashtextextended(id, 0), id LIMIT $1) AS c
    ORDER BY id
    """.encode(),  # noqa: S608 - our own words
)
"""As text, which the driver returns as it is."""


def lookback(back: Lookback) -> tuple[bytes, bytes]:
    """The second and third parameter of a statement that reads the past."""
    kinds = back.kinds
    if kinds is None:
        kinds = tuple(KindLookback(kind, back.since, back.most) for kind in EventKind)
    return b"%d" % back.since, orjson.dumps(kinds)


def snapshot_of(customer_id: str, row: Sequence[Any]) -> Snapshot:
    """The columns ``KNOWN`` of a row, as bytes or text, as the core reads them."""
    revision, attributes, consents, trails, surveys = row[:5]
    return Snapshot(
        customer_id,
        whole(revision),
        orjson.loads(attributes or b"{}"),
        orjson.loads(consents or b"{}"),
        trails_of(orjson.loads(trails or b"[]")),
        surveys_of(orjson.loads(surveys or b"[]")),
    )


def find_snapshots(ask: Ask, names: Sequence[str], back: Lookback) -> dict[str, Snapshot]:
    """Those of the customers that are stored, in one view of the database."""
    ids = orjson.dumps([encoding.name("customer_id", name).decode() for name in names])
    rows = ((str(word(name)), columns) for name, *columns in ask(SNAPSHOTS, ids, *lookback(back)))
    return {name: snapshot_of(name, columns) for name, columns in rows}


def sample(connection: Connection, count: int, back: Lookback) -> list[Snapshot]:
    """At most ``count`` snapshots, read through a cursor.

    The sample is the same at every call and fair to every kind of customer: those whose id has the smallest hash.
    """
    since, kinds = lookback(back)
    rows = stream_within(connection, SAMPLE, (count, since.decode(), kinds.decode()), READ_ROWS)
    return [snapshot_of(name, columns) for name, *columns in rows]


def trails_of(rows: Iterable[tuple[Any, ...]]) -> tuple[Trail, ...]:
    """The trails as ``TRAILS`` returns them."""
    return tuple(trail for of_kind in sorted(rows, key=itemgetter(0)) for trail in _of_kind(*of_kind))


def _of_kind(
    kind: str, offers: list[str] | None, channels: list[str] | None, lengths: list[int], instants: list[int]
) -> Iterator[Trail]:
    """The trails of one kind; those of one offer and channel are one trail."""
    by_place: dict[tuple[str, str], list[int]] = defaultdict(list)
    first = 0
    for place, length in zip(zip(offers or repeat(""), channels or repeat(""), strict=False), lengths, strict=False):
        by_place[place] += instants[first : first + length]
        first += length
    for offer, channel in sorted(by_place):
        every = by_place[offer, channel]
        every.sort()
        yield Trail(kind, offer or None, channel or None, tuple(every))


def surveys_of(rows: Iterable[tuple[Any, ...]]) -> tuple[Survey, ...]:
    """The surveys as ``SURVEYED`` returns them."""
    return tuple(Survey(at, score) for at, score in rows)
