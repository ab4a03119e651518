"""A bank's folder of state, as a second terminal finds it: what it was started with, and whether it is served now.

``bank.json`` stores what a verb needs to work with the same bundles and policy. ``bank.lock`` is locked while the bank
is served: the kernel releases the lock of a demo that was killed. A folder of a version without either file is a bank
too, known by its database; a finished demo is known by its keys.
"""

import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from service.runtime.config import Settings
from service.runtime.embedded.state_owner import foreign, make

CARD, LOCK, KEYS = "bank.json", "bank.lock", "keys.json"
LOCK_S, PAUSE_S = 0.5, 0.01


@dataclass(frozen=True)
class BankState:
    """One bank with embedded servers: the name that --bank-state takes, and its folder."""

    name: str
    folder: Path

    @classmethod
    def of(cls, root: Path, name: str) -> "BankState":
        """The bank of that name in the state folder; the folder's own name is the bank right in it."""
        return cls(name, root if name == root.name else root / name)

    @cached_property
    def foreign(self) -> bool:
        """Whether it belongs to another user, so that it cannot be read."""
        return foreign(self.folder) is not None

    @property
    def exists(self) -> bool:
        """Whether a database of ours was ever made here."""
        return not self.foreign and (self.folder / "postgres").is_dir()

    @cached_property
    def card(self) -> dict[str, Any]:
        """What it was started with; empty where no file says so."""
        path = self.folder / CARD
        return dict(json.loads(path.read_text())) if path.is_file() else {}

    @cached_property
    def served(self) -> bool:
        """Whether `demo` or `serve` serves it now, or is starting to."""
        path = self.folder / LOCK
        if not path.is_file():
            return False
        with path.open("rb") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    @property
    def whole(self) -> bool:
        """Whether it was made completely: a demo makes its keys last."""
        return (self.folder / KEYS).is_file() or self.card.get("made_by") in {"serve", "import"}

    @property
    def rank(self) -> tuple[bool, bool, bool, float]:
        """The order in which banks are chosen, the greatest first: ours, served, whole, started last."""
        if self.foreign:
            return False, False, False, 0.0
        marks = [path for path in (self.folder / CARD, self.folder / KEYS, self.folder / "postgres") if path.exists()]
        return True, self.served, self.whole, marks[0].stat().st_mtime

    def as_started(self, settings: Settings) -> Settings:
        """The settings with this bank's state, and with the bundles and policy it was started with, unless given."""
        card = self.card if self.exists else {}
        changes: dict[str, Any] = {"state_dir": self.folder}
        if card and "artifacts" not in settings.given:
            changes |= {"artifacts": Path(card["artifacts"]), "artifacts_url": card["artifacts_url"]}
        if card and "policy" not in settings.given:
            changes["policy"] = Path(card["policy"])
        return replace(settings, **changes)

    def __str__(self) -> str:
        return f"Bank: {self.name} ({self.folder}), {self._state()}."

    def _state(self) -> str:
        if self.served:
            return f"served on {self.card['address']}" if self.card.get("address") else "which is still being made"
        if self.whole or not self.card:
            return "the last one here; it is not served now"
        return "which was never finished: start its `fourcast demo` again"


@contextmanager
def served(settings: Settings, made_by: str) -> Iterator[Callable[[str], None]]:
    """Mark the bank as served for the length of a block; call what is yielded with the address once there is one.

    Of two servers of the same state folder the first counts. With the bank's own database there is no state folder.
    """
    if settings.database_url is not None:
        yield lambda _: None
        return
    make(settings.state_dir)
    with (settings.state_dir / LOCK).open("ab") as held:
        first = _locked(held)
        if first:
            note_start(settings, made_by)
        yield lambda address: note_start(settings, made_by, address) if first else None


def note_start(settings: Settings, made_by: str, address: str | None = None) -> None:
    """Store beside the state what the bank was started with, atomically, readable by this user only."""
    if settings.database_url is not None:
        return
    card = {
        "made_by": made_by,
        "address": address,
        "artifacts": str(settings.artifacts.resolve()),
        "artifacts_url": settings.artifacts_url,
        "policy": str(settings.policy.resolve()),
    }
    draft = settings.state_dir / f"{CARD}.{os.getpid()}"
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(card))
    draft.rename(settings.state_dir / CARD)


def note_import(settings: Settings) -> None:
    """Store what a bank was imported with; the card of a bank that `demo` or `serve` started does not change."""
    if BankState(settings.state_dir.name, settings.state_dir).card.get("made_by", "import") == "import":
        note_start(settings, "import")


def _locked(held: IO[bytes]) -> bool:
    """Whether the lock is ours now; a reader holds it for a moment, another server for long."""
    deadline = time.monotonic() + LOCK_S
    while time.monotonic() < deadline:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(PAUSE_S)
        else:
            return True
    return False
