"""Finished answers: bytes with their headers, given to the server without Flask's copying.

A werkzeug ``Response`` costs more than the whole middleware, because it parses and rebuilds headers that are known
already. ``RawResponse`` sends the pairs unchanged. Hooks and tests may still read ``headers``, ``status_code`` and
``get_data``.
"""

import gzip
from collections.abc import Iterable, Sequence
from functools import lru_cache
from hashlib import blake2b
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response
from werkzeug.datastructures import Headers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

JSON = "application/json"
PROBLEM = "application/problem+json"
NO_STORE = ("Cache-Control", "no-store")
ASK_AGAIN = ("Cache-Control", "private, no-cache")
"""Only the caller may cache it, and revalidates before every use: what was withdrawn is never shown from a cache."""
_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_WITHOUT_BODY = frozenset({204, 304})

Pair = tuple[str, str]


LEAST = 1400
"""Least bytes that are packed: a shorter body fits one packet anyway."""
REMEMBERED = 16_384
"""Most bytes of a packed body that is cached."""
ABOUT_PATH = "/v1/about-recommendations"
ABOUT = ("Link", f'<{ABOUT_PATH}>; rel="describedby"')
"""Leads from offers and their explanations to what the algorithm is for."""
_PACKABLE = frozenset({JSON, PROBLEM, "text/html; charset=utf-8", "text/css; charset=utf-8"})
BY_ENCODING = ("Vary", "Accept-Encoding")
_GZIP = ("Content-Encoding", "gzip")


class RawResponse(Response):
    """A whole answer: status, header pairs, bytes. A long one is packed where the caller takes gzip.

    No answer repeats a secret beside text that the caller chose, so packing reveals nothing (BREACH).
    """

    def __init__(self, body: bytes, status: int = 200, headers: Sequence[Pair] = (), media: str = JSON) -> None:
        pairs = list(headers)
        if status not in _WITHOUT_BODY:
            pairs += [("Content-Type", media), ("Content-Length", str(len(body)))]
        self._pairs = pairs
        self._status, self._status_code = _LINES[status], status
        self._packable = len(body) >= LEAST and media in _PACKABLE
        self._body = self.response = (body,)
        self.direct_passthrough = False
        self._on_close = []

    def __getattr__(self, name: str) -> Any:
        """``headers`` as a mapping, made at first use; changes to it are sent."""
        if name != "headers":
            raise AttributeError(name)
        self.headers = Headers(self._pairs)
        return self.headers

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Send."""
        headers = self.__dict__.get("headers")
        pairs = self._pairs if headers is None else headers.to_wsgi_list()
        if self._packable:
            pairs = [*pairs, BY_ENCODING]
            if takes_gzip(environ.get("HTTP_ACCEPT_ENCODING", "")):
                return self._send_packed(environ, start_response, pairs)
        start_response(self._status, pairs)
        return () if environ["REQUEST_METHOD"] == "HEAD" or self._status_code in _WITHOUT_BODY else self._body

    def _send_packed(
        self, environ: "WSGIEnvironment", start_response: "StartResponse", pairs: list[Pair]
    ) -> Iterable[bytes]:
        body = packed(self._body[0]) if len(self._body[0]) <= REMEMBERED else pack(self._body[0])
        headers = {name: text for name, text in pairs if name != "Vary"} | {"Content-Length": str(len(body))}
        if "ETag" in headers:
            headers["ETag"] = packed_tag(headers["ETag"])
        start_response(self._status, [*headers.items(), *(pair for pair in pairs if pair[0] == "Vary"), _GZIP])
        return () if environ["REQUEST_METHOD"] == "HEAD" else (body,)


PACKED_TAG = '-gzip"'
"""The end of a packed answer's ETag: other bytes need another strong tag (RFC 9110, section 8.8.3)."""


def packed_tag(etag: str) -> str:
    """The tag of the same answer, packed."""
    return etag[:-1] + PACKED_TAG


def respond_unless_held(body: bytes, headers: Sequence[Pair], known: str | None, accepted: str) -> RawResponse:
    """The answer with its ETag, or 304 where If-None-Match (``known``) names that tag, packed or not.

    A 304 has the tag that was named, and varies as the answer does. By these a cache finds what it may use again (RFC
    9111, section 4.3.4).
    """
    etag = f'"{blake2b(body, digest_size=12).hexdigest()}"'
    held = None if known is None else match_etag(known, etag, takes_gzip(accepted))
    if held is None:
        return RawResponse(body, 200, [("ETag", etag), *headers])
    return RawResponse(b"", 304, [("ETag", held), *headers, *([BY_ENCODING] if len(body) >= LEAST else [])])


def match_etag(known: str, etag: str, packs: bool) -> str | None:
    """The tag that If-None-Match names, in the form that would be sent; None where it does not name it.

    Weak comparison (RFC 9110, section 13.1.2).
    """
    forms = (packed_tag(etag), etag) if packs else (etag, packed_tag(etag))
    tags = {tag.strip().removeprefix("W/") for tag in known.split(",")}
    return next((form for form in forms if form in tags), etag if "*" in tags else None)


def takes_gzip(accepted: str) -> bool:
    """Whether Accept-Encoding names gzip with a weight above zero."""
    return "gzip" in accepted and "gzip;q=0" not in accepted.replace(" ", "").replace("q=0.", "q=.")


def pack(body: bytes) -> bytes:
    """The body by gzip; the same bytes every time."""
    return gzip.compress(body, 5, mtime=0)


packed = lru_cache(maxsize=512)(pack)
"""``pack`` with a cache: each worker packs an answer once."""


def public_response(body: bytes, media: str, *headers: Pair) -> RawResponse:
    """Bytes of a public page or document."""
    return RawResponse(body, 200, headers, media)
