"""How a variable's text becomes a value: a parser and the words for what it takes, declared with each setting."""

import dataclasses
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

PREFIX = "FOURCAST_"
_ORIGIN = re.compile(
    r"(?!http:.*:80$)(?!https:.*:443$)https?://(?:[a-z0-9-]+(?:\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(?::([1-9][0-9]{0,4}))?"
)
LAST_PORT = 65_535
Parse = Callable[[str], Any]
T = TypeVar("T")
_KEY = re.compile(r"[A-Za-z0-9_-]{43}=").fullmatch


class Unfit(ValueError):
    """What a value must be, in words; never the value itself, which may be secret."""


@dataclass(frozen=True)
class Setting:
    """One setting: its variable, parser, default, and words for the documentation."""

    variable: str
    parse: Parse
    expects: str
    meaning: str
    shown: str


def setting(name: str, parse: tuple[Parse, str], default: T, meaning: str, shown: str | None = None) -> T:
    """One field of ``Settings``: its variable, parser with the words for what it takes, default and meaning."""
    kept = Setting(PREFIX + name, parse[0], parse[1], meaning, str(default) if shown is None else shown)
    field: T = dataclasses.field(
        default=default, repr=not name.endswith(("_URL", "_KEY", "_KEYS", "TOKEN")), metadata={"setting": kept}
    )
    return field


def whole(low: int, high: int) -> tuple[Parse, str]:
    """A whole number in a closed range."""
    return _bounded(int, low, high, f"a whole number from {low} to {high}"), f"{low} to {high}"


def decimal(low: float, high: float) -> tuple[Parse, str]:
    """A number in a closed range."""
    return _bounded(float, low, high, f"a number from {low:g} to {high:g}"), f"{low:g} to {high:g}"


def _bounded(kind: Callable[[str], float], low: float, high: float, expects: str) -> Parse:
    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            raise Unfit(f'must be {expects}, got "{text}"') from None
        if not low <= value <= high:
            raise Unfit(f'must be {expects}, got "{text}"')
        return value

    return parse


def url(*schemes: str) -> tuple[Parse, str]:
    """A URL with one of the schemes; the error never shows it, as it may hold a password."""
    expects = " or ".join(f"{scheme}://..." for scheme in schemes)

    def parse(text: str) -> str:
        if urlsplit(text).scheme not in schemes:
            raise Unfit(f"must be {expects}")
        return text

    return parse, expects


def one_of(*words: str) -> tuple[Parse, str]:
    """One of the words, in any case."""

    def parse(text: str) -> str:
        if text.lower() not in words:
            raise Unfit(f'must be one of {", ".join(words)}, got "{text}"')
        return text.lower()

    return parse, ", ".join(words)


def folder() -> tuple[Parse, str]:
    """A folder's path, ``~`` allowed; it need not exist yet."""
    return lambda text: Path(text).expanduser(), "a folder"


def file() -> tuple[Parse, str]:
    """A file's path, ``~`` allowed; who reads it says what is wrong with it."""
    return lambda text: Path(text).expanduser(), "a file"


def folder_or_url() -> tuple[Parse, str]:
    """A folder's path as ``folder`` takes it, or the text of a URL, unchanged."""
    path, _ = folder()
    return lambda text: text if "://" in text else path(text), "a folder, or a URL such as s3://... or hdfs://..."


def address(expects: str = "a host name or address") -> tuple[Parse, str]:
    """A host name or address, or other text as ``expects`` says."""
    return str, expects


def origins() -> tuple[Parse, str]:
    """Exact origins between commas, as a browser writes them (RFC 6454): no path, no ``*``, no ``null``."""
    expects = "origins between commas, as https://app.example.com"

    def parse(text: str) -> tuple[str, ...]:
        found = tuple(word.strip() for word in text.split(",") if word.strip())
        if not found or not all(map(_is_origin, found)):
            how = "each whole, in small letters and without a path, the scheme's own port or *"
            raise Unfit(f'must be {expects}, {how}; got "{text}"')
        return found

    return parse, expects


def _is_origin(word: str) -> bool:
    found = _ORIGIN.fullmatch(word)
    return found is not None and int(found[1] or 0) <= LAST_PORT


def fernet_keys() -> tuple[Parse, str]:
    """Keys of 32 bytes in URL-safe base64 between commas; the error never shows them."""
    expects = "keys made by `fourcast secrets key`, between commas"

    def parse(text: str) -> tuple[str, ...]:
        found = tuple(word.strip() for word in text.split(",") if word.strip())
        if not found or not all(_KEY(word) for word in found):
            raise Unfit(f"must be {expects}")
        return found

    return parse, expects


def some_of(*words: str) -> tuple[Parse, str]:
    """One or more of the words, or any where none are given, between commas."""
    expects = f"some of {', '.join(words)}" if words else "words between commas"

    def parse(text: str) -> tuple[str, ...]:
        found = tuple(word.strip() for word in text.split(",") if word.strip())
        if not found or (words and not set(found) <= set(words)):
            raise Unfit(f'must be {expects}, got "{text}"')
        return found

    return parse, expects
