"""Contacts reserved before they are made: every gate is asked again at the moment of sending, and the contact counts.

The store holds the customer's row while the gates are asked, so no race passes a cap; which gates there are, the policy
that serves the customer says.
"""

import time
from dataclasses import replace

from service.decision.permission import permit
from service.domain import Event, Snapshot
from service.kept import Kept
from service.serving import Releases
from service.store import Store


class Contacting:
    """The contact desk of one worker."""

    def __init__(self, store: Store, releases: Releases, kept: Kept) -> None:
        self._store, self._releases, self._kept = store, releases, kept

    def reserve(self, wanted: Event, language: str) -> tuple[Event, bool]:
        """The contact, dated now, and whether it is new; ContactRefused where a gate is closed, NotFound, Conflict."""
        serving, contact = self._releases.serving, replace(wanted, at=time.time_ns() // 1_000_000)

        def ask(snapshot: Snapshot) -> None:
            mine = serving.of(snapshot)
            permit(mine.policy, snapshot, contact, mine.release, language)

        back = serving.clock.lookback(contact.at)
        return self._store.permissions.reserve(contact, back, ask, self._kept.forget)
