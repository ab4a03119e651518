"""Visitors: devices on which nobody has signed in, and what was shown and dismissed on each.

A device's own id never reaches a table: a visitor is the SHA-256 of a salt, drawn once for each database, and that id.
The newest instants of events are stored, by kind, offer and channel: no ids, no decisions, and nothing that leads to a
customer. Instants older than any decision looks back are deleted.
"""

from collections.abc import Sequence

import orjson

from service.core.domain import Event, Lookback, Trail
from service.core.errors import Conflict
from service.core.trails import trails_of
from service.store.connection import encoding
from service.store.connection.database import Ask, Database
from service.store.connection.wire import Statement
from service.store.events import events
from service.store.events.trails import LONGER

KEPT = 1000
"""Instants per kind, offer and channel: as many as the largest cap that a policy may set."""

_VISITOR = b"SELECT encode(sha256(salt || convert_to($1, 'UTF8')), 'hex') AS id FROM visitor_salt"
PAST = Statement(
    b"visitor_past",
    b"WITH visitor AS (" + _VISITOR + b")"
    b"""
    SELECT json_agg(json_build_array(kind, offer, channel, instants) ORDER BY kind, offer, channel) FROM (
        SELECT kind, offer, channel, array_agg(at ORDER BY at) AS instants
        FROM visitor JOIN visitor_trails ON visitor = visitor.id,
            unnest(instants[greatest(1, cardinality(instants) - $3::int + 1):]) AS at
        WHERE at >= $2::bigint GROUP BY kind, offer, channel) AS past
    """,
)
KEY = Statement(
    b"visitor_event_key",
    b"WITH visitor AS (" + _VISITOR + b")"
    b"""
    INSERT INTO event_keys (id, body_hash, at) SELECT $2, sha256($3 || convert_to(visitor.id, 'UTF8')), $4::bigint
    FROM visitor ON CONFLICT (id) DO NOTHING RETURNING 1
    """,
    binary=2,
)
TRAIL = Statement(
    b"visitor_trail",
    b"WITH visitor AS (" + _VISITOR + b")"
    b"""
    INSERT INTO visitor_trails AS kept (visitor, kind, offer, channel, instants, newest)
    SELECT visitor.id, $2, $3, $4, $5::bigint[], (SELECT max(at) FROM unnest($5::bigint[]) AS at) FROM visitor
    ON CONFLICT (visitor, kind, offer, channel) DO UPDATE SET newest = greatest(kept.newest, excluded.newest),
        instants = """ + LONGER.format(KEPT).encode(),
)
SAME = Statement(
    b"same_visitor_event",
    b"WITH visitor AS (" + _VISITOR + b")"
    b"""
    SELECT body_hash = sha256($3 || convert_to(visitor.id, 'UTF8')) FROM visitor, event_keys WHERE event_keys.id = $2
    """,
    binary=2,
)
FORGET = Statement(b"forget_visitors", b"DELETE FROM visitor_trails WHERE newest < $1::bigint")


class VisitorRepository:
    """The visitors of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read_past(self, device_id: str, back: Lookback) -> tuple[Trail, ...]:
        """The trails of the device so far back."""
        device, most = encoding.name("device_id", device_id), min(back.most, KEPT)
        ((found,),) = self._database.ask(PAST, device, b"%d" % back.since, b"%d" % most)
        told = orjson.loads(found or b"[]")
        return tuple(Trail(kind, offer, channel, tuple(instants)) for kind, offer, channel, instants in told)

    def record(self, device_id: str, happened: Sequence[Event]) -> list[bool]:
        """Store events of a device, all or none; returns for each whether it is new.

        Keys first, in the order of their ids, then trails in theirs: requests that meet wait for each other once.

        Raises:
            Conflict: an id was used for another event.
        """
        device = encoding.name("device_id", device_id)
        new = [False] * len(happened)
        with self._database.exchange() as ask:
            for place in sorted(range(len(happened)), key=lambda place: happened[place].id):
                new[place] = _is_new(ask, device, happened[place])
            for trail in trails_of(one for one, first in zip(happened, new, strict=True) if first):
                ask(TRAIL, device, *_where(trail), b"{%s}" % b",".join(b"%d" % at for at in trail.instants))
        return new

    def forget(self, before_ms: int) -> None:
        """Delete visitors whose last event was before that instant."""
        self._database.ask(FORGET, b"%d" % before_ms)


def _is_new(ask: Ask, device: bytes, event: Event) -> bool:
    """Whether the event is new; stores its key.

    Raises:
        Conflict: when the id was used for another event.
    """
    names = encoding.name("id", event.id), events.body_hash(event)
    if ask(KEY, device, *names, b"%d" % event.at):
        return True
    if ask(SAME, device, *names) != [(b"t",)]:
        raise Conflict(f'Event "{event.id}" was recorded before with another content: give each event its own id.')
    return False


def _where(trail: Trail) -> list[bytes]:
    return [encoding.name(name, getattr(trail, name) or "") for name in ("kind", "offer", "channel")]
