"""A folder of YAML files into documents, and documents into the canonical bytes that name a policy.

Documents go by their name without ``.yaml``. Canonical means: sorted keys, 1.0 written as 1, nothing that JSON or a
PostgreSQL text cannot hold, so that a policy read from its files and one read back from a store have the same hash.
"""

import math
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

import orjson

from service.core.errors import Problem
from service.core.suggestions import find_near
from service.rules.loading.documents.strict_yaml import MOST_DEPTH, MOST_NODES, RefusedError, parse

NAMES = (
    "attributes",
    "catalogue",
    "kinds",
    "channels",
    "consumer",
    "cost",
    "convenience",
    "communication",
    "strategies",
    "weights",
    "calendar",
    "contact",
    "experiments",
    "messages",
    "portrait",
    "monitoring",
    "market",
)
"""The documents of a policy, each in ``<name>.yaml``."""

OPTIONAL = ("kinds", "calendar", "monitoring", "market")
"""Documents that a policy may lack: policies stored before these existed have none."""

FILES = tuple(f"{name}.yaml" for name in NAMES)
MOST_BYTES = 1_000_000
MOST_TEXT = 10_000
LARGEST = 1e15
"""Whole numbers up to here are exact as floats and survive every store."""

_UNSTORABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff]")


def read_folder(folder: Path, problems: list[Problem]) -> dict[str, object]:
    """Every document of the folder by name; files that are missing, strange or unreadable are noted."""
    if not folder.is_dir():
        problems.append(Problem(str(folder), "is not a folder; expected the folder of a policy's YAML files"))
        return {}
    for stranger in sorted(path.name for path in folder.glob("*.y*ml") if path.name not in FILES):
        problems.append(Problem(stranger, f"is no file of a policy; {nearest(stranger, FILES)}"))
    written = [name for name in NAMES if name not in OPTIONAL or (folder / f"{name}.yaml").exists()]
    return {name: value for name in written for value in _read(folder / f"{name}.yaml", problems)}


def canonical(documents: Mapping[str, object], problems: list[Problem]) -> bytes:
    """Sorted JSON of the documents; a value that cannot be stored is a problem and becomes null."""
    bounds = _Bounds(problems)
    plain = {str(name): bounds.plain(value, f"{name}.yaml", 0) for name, value in documents.items()}
    return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS)


def content_hash(content: bytes) -> str:
    """SHA-256 of the canonical bytes, in hex."""
    return sha256(content).hexdigest()


def nearest(word: str, known: tuple[str, ...]) -> str:
    """``did you mean "x"?`` where a near name is known, else what is expected."""
    meant = find_near(word, known)
    return f'did you mean "{meant}"?' if meant else f"expected {', '.join(known)}"


def _read(path: Path, problems: list[Problem]) -> Iterator[object]:
    """One value or none: a file that cannot be read is a problem and yields nothing."""
    try:
        yield parse(path.name, _text(path, problems), problems)
    except RefusedError:
        return


def _text(path: Path, problems: list[Problem]) -> str:
    try:
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)
        if len(content) <= MOST_BYTES:
            return content.decode("utf-8-sig")
        fault = f"is larger than {MOST_BYTES} bytes"
    except FileNotFoundError:
        fault = "is missing"
    except OSError as error:
        fault = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError as error:
        fault = f"is not UTF-8 (byte {error.start})"
    problems.append(Problem(path.name, fault))
    raise RefusedError(fault)


class _Bounds:
    """Copies documents as plain JSON values within the bounds; notes what does not fit."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems, self.nodes = problems, 0

    def plain(self, value: object, where: str, depth: int) -> object:
        self.nodes += 1
        if depth > MOST_DEPTH or self.nodes > MOST_NODES:
            return self.refuse(where, f"is deeper than {MOST_DEPTH} levels or holds more than {MOST_NODES} values")
        if isinstance(value, Mapping):
            return {
                str(self.plain(k, where, depth)): self.plain(v, f"{where}: {k}", depth + 1) for k, v in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.plain(item, f"{where}[{i}]", depth + 1) for i, item in enumerate(value, 1)]
        return self.scalar(value, where)

    def scalar(self, value: object, where: str) -> object:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self.text(value, where)
        if not isinstance(value, int | float) or not math.isfinite(value) or abs(value) > LARGEST:
            return self.refuse(
                where, f"must be text, true, false, null or a number up to {LARGEST:g}, got {value!r:.40}"
            )
        return int(value) if value == int(value) else value

    def text(self, value: str, where: str) -> object:
        if len(value) > MOST_TEXT:
            return self.refuse(where, f"is longer than {MOST_TEXT} characters")
        fault = _UNSTORABLE.search(value)
        return self.refuse(where, f"holds the character {fault.group()!r}, which cannot be stored") if fault else value

    def refuse(self, where: str, message: str) -> object:
        self.problems.append(Problem(where, message))
        return None
