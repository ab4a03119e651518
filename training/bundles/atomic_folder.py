"""Folders on disk, whole or not at all: a temp folder, every file to the disk, then one rename."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path


def write_folder(target: Path, files: Mapping[str, str]) -> None:
    """Make ``target`` hold ``files`` (name to text); a folder already there is kept if it does, else replaced.

    Other files in a folder that is kept (reports) stay.
    """
    root = target.parent
    root.mkdir(parents=True, exist_ok=True)
    draft = root / f".draft-{target.name}-{os.getpid()}"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        draft.mkdir()
        for name, text in files.items():
            _write(draft / name, text.encode())
        _sync(draft)
        if not _is_same(target, draft):
            _swap(draft, target)
        _sync(root)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _is_same(target: Path, draft: Path) -> bool:
    names = [path.name for path in draft.iterdir()]
    return all(
        (target / name).is_file() and (target / name).read_bytes() == (draft / name).read_bytes() for name in names
    )


def _swap(draft: Path, target: Path) -> None:
    """Rename the draft into place; a damaged folder of that name gives way first."""
    if target.exists():
        damaged = target.with_name(f".damaged-{target.name}-{os.getpid()}")
        target.rename(damaged)
        shutil.rmtree(damaged)
    draft.rename(target)


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
