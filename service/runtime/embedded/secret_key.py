"""The key that seals the secrets of an embedded database: a file of its own in the state folder, its owner's alone."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

from service.core.errors import InvalidInput, Problem

NAME = "secret.key"


def read_or_make(state: Path, make: Callable[[], str]) -> str:
    """The key in the state folder, made at first use.

    Raises: InvalidInput: when other users can read it.
    """
    path = state / NAME
    if not path.exists():
        _place(path, make())
    if path.stat().st_mode & 0o077:
        fault = Problem(str(path), f"must be its owner's alone: chmod 600 {path}")
        raise InvalidInput("The secret key is no secret.", [fault])
    return path.read_text().strip()


def _place(path: Path, key: str) -> None:
    """Write the whole file atomically; of two processes that try, the first one's key is used."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f".{NAME}-") as draft:  # mode 0600
        draft.write(f"{key}\n")
        draft.flush()
        os.fsync(draft.fileno())
        try:
            os.link(draft.name, path)
        except FileExistsError:
            return
