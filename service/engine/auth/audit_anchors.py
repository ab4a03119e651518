"""The head of the audit log, anchored where whoever writes the database cannot write, and held against those places.

Once a day the runner writes the head to every place of FOURCAST_AUDIT_ANCHORS and says so in the log itself
(``audit.anchor``). Later the chain must still have every head that a file has: else rows were changed or cut off and
the chain made anew. A file must have every head that the log says was written to it: else the file lost lines.
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from service.core.clock import Clock
from service.core.errors import InvalidInput, Unavailable
from service.core.grid import DAY_MS
from service.engine.metrics import note_anchor
from service.rendering.answer import iso
from service.runtime import anchors
from service.runtime.config import Settings
from service.store import ChainVerdict, Head, Store

LOG = logging.getLogger("fourcast.work")
ACTION = "audit.anchor"
EVERY_MS = DAY_MS
OLD_MS = 2 * DAY_MS
"""From which age on the last anchor is told as old, ms."""


@dataclass(frozen=True, slots=True)
class Anchored:
    """A head, the places that took it, and by place why another did not."""

    head: str
    places: tuple[str, ...]
    failed: dict[str, str]


class AuditAnchors:
    """The anchors of one installation, as its settings name them."""

    def __init__(self, settings: Settings, store: Store, clock: Clock) -> None:
        self._places, self._key = settings.audit_anchors, settings.audit_anchor_key
        self._store, self._clock = store, clock

    @property
    def places(self) -> tuple[str, ...]:
        """Where the head is written; empty where nothing is configured."""
        return self._places

    def write(self, actor: str) -> Anchored:
        """Write the head of now to every place; the log says which took it.

        Raises:
            InvalidInput: no place is configured.
        """
        if not self._places:
            raise InvalidInput(
                "No place is configured: set FOURCAST_AUDIT_ANCHORS to a file on another mount or a URL."
            )
        head, at, failed = str(self._store.audit.read_head()), iso(self._clock(), UTC), dict[str, str]()
        for place in self._places:
            try:
                anchors.anchor(place, at, head, self._key)
            except Unavailable as error:
                failed[place] = error.message
        done = tuple(place for place in self._places if place not in failed)
        if done:
            self._store.audit.append(actor, ACTION, head, {"places": list(done), "failed": sorted(failed)})
        return Anchored(head, done, failed)

    def last_at(self) -> int | None:
        """When the head was last written anywhere (ms); None where it never was."""
        return max((int(row["at"]) for row in self._told()), default=None)

    def watch(self) -> bool:
        """Write the head where the last one is a day old; returns False: no more work at once."""
        if not self._places:
            return False
        last = self.last_at()
        if last is None or self._clock() - last >= EVERY_MS:
            for place, why in self.write("runner").failed.items():
                LOG.error("audit log not anchored", extra={"place": place, "problem": why})
            last = self.last_at()
        note_anchor(last)
        return False

    def verify(self, since: Sequence[Head] = ()) -> tuple[ChainVerdict, list[str]]:
        """The chain held against every head that a file has, and those given; then what the files lack, in words."""
        differences, heads = list[str](), list(since)
        for place in self._places:
            if not anchors.is_web(place):
                differences += self._read(place, heads)
        return self._store.audit.verify(heads), differences

    def _read(self, place: str, heads: list[Head]) -> Iterator[str]:
        """Add the heads of a file; tell why it cannot be read, or what the log says it had."""
        told = {str(row["subject"]) for row in self._told() if place in row["detail"]["places"]}
        try:
            lines = anchors.read(place) or []
            found = [Head.parse(head) for _, head in lines]
        except (Unavailable, InvalidInput) as error:
            yield f"anchor {place}: {error.message}"
            return
        heads += found
        lacking = told - {str(head) for head in found}
        if lacking:
            yield f"anchor {place} lacks {len(lacking)} heads that the log says were written to it"

    def _told(self) -> list[dict[str, Any]]:
        return self._store.audit.list_action(ACTION)
