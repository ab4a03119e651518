"""Where the public data sets lie; tests that need one skip, and say so, where it is absent."""

import os
from pathlib import Path

import pytest

SHARED = Path(os.environ.get("FOURCAST_SHARED_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


def shared(name: str) -> Path:
    """The folder of one data set, or a skip with the reason."""
    folder = SHARED / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is absent; set FOURCAST_SHARED_DATA to the folder that holds {name}")
    return folder
