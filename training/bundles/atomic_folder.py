"""Folders written whole or not at all: a temporary folder, fsync of every file, then one rename."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path


def write_folder(target: Path, files: Mapping[str, str]) -> None:
    """Write ``files`` (name to text) as the folder ``target``.

    A folder of that name is kept, with its other files (reports), if it holds the same files; else it is replaced.
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
    """Rename the draft into place; a damaged folder of that name is removed first."""
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
