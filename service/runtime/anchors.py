"""Places outside the database where the head of the audit log is anchored: files that only grow, and webhooks.

A file gets one line an anchor, ``2026-11-30T22:00:00+00:00 41.<64 hex digits>``, appended and flushed to the disk. It
lies on a mount that whoever writes the database cannot write: write-once storage, another machine. A webhook gets the
same as JSON by POST, signed as by Standard Webhooks 1.0 (HMAC-SHA256 over ``id.timestamp.body``); what it keeps is read
there, not here. Nothing is read or written but what the settings name. Redirects are not followed.
"""

import hmac
import http.client
import json
import os
import urllib.error
import urllib.request
from base64 import b64decode, b64encode
from datetime import datetime
from pathlib import Path
from typing import Any

from service.core.errors import Unavailable

TIMEOUT_S = 10.0
WEB = ("https://", "http://")
PREFIX = "whsec_"


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirects)


def is_web(place: str) -> bool:
    """Whether a place is a webhook; else it is a file."""
    return place.startswith(WEB)


def anchor(place: str, at: str, head: str, key: str | None) -> None:
    """Write a head to one place at an instant (ISO 8601, UTC); ``key`` signs what a webhook gets.

    Raises:
        Unavailable: the place did not take it.
    """
    try:
        _post(place, at, head, key) if is_web(place) else _append(Path(place), f"{at} {head}\n")
    except (OSError, http.client.HTTPException) as error:
        raise Unavailable(f"{place} did not take the head: {_words(error)}") from error


def read(place: str) -> list[tuple[str, str]] | None:
    """The lines of a file, each an instant and a head; None where the file is not there.

    Raises:
        Unavailable: the file cannot be read, or a line has another form.
    """
    try:
        lines = Path(place).read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"{place} cannot be read: {_words(error)}") from error
    odd = next((number for number, line in enumerate(lines, 1) if len(line.split(" ")) != 2), None)
    if odd is not None:
        raise Unavailable(f"{place}: line {odd} is no instant and head")
    return [(at, head) for at, _, head in (line.partition(" ") for line in lines)]


def signature(key: str, message_id: str, timestamp: int, body: str) -> str:
    """``v1,`` and the HMAC-SHA256 of ``id.timestamp.body`` by a key as Standard Webhooks write it.

    >>> signature("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, '{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """  # noqa: E501 - the specification's own example
    signed = f"{message_id}.{timestamp}.{body}".encode()
    return "v1," + b64encode(hmac.digest(b64decode(key.removeprefix(PREFIX)), signed, "sha256")).decode()


def _append(path: Path, line: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)
    try:
        os.write(handle, line.encode("ascii"))
        os.fsync(handle)
    finally:
        os.close(handle)


def _post(place: str, at: str, head: str, key: str | None) -> None:
    body = json.dumps({"type": "audit.head", "at": at, "head": head}, separators=(",", ":"))
    headers = {"content-type": "application/json", "user-agent": "fourcast", **_signed(at, head, body, key)}
    asked = urllib.request.Request(place, body.encode(), headers, method="POST")  # noqa: S310 - named by the operator
    with _OPENER.open(asked, timeout=TIMEOUT_S):
        return


def _signed(at: str, head: str, body: str, key: str | None) -> dict[str, str]:
    """The headers that sign a message; its id is the head, so that a receiver knows a repetition."""
    if key is None:
        return {}
    name, seconds = f"audit-{head}", _seconds(at)
    return {
        "webhook-id": name,
        "webhook-timestamp": str(seconds),
        "webhook-signature": signature(key, name, seconds, body),
    }


def _seconds(at: str) -> int:
    return round(datetime.fromisoformat(at).timestamp())


def _words(error: Exception) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"it answered {error.code}"
    return str(getattr(error, "reason", None) or getattr(error, "strerror", None) or error)
