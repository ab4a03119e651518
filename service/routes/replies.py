"""Finished answers: bytes with their headers, handed to the server without Flask's usual copying.

A werkzeug ``Response`` spends more on one answer than the whole envelope around it, because it parses and rebuilds
headers that are known already. ``Ready`` keeps the pairs as they are. Hooks and tests may still read ``headers``,
``status_code`` and ``get_data``.
"""

from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from flask import Response
from werkzeug.datastructures import Headers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

JSON = "application/json"
PROBLEM = "application/problem+json"
NO_STORE = ("Cache-Control", "no-store")
_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_WITHOUT_BODY = frozenset({204, 304})

Pair = tuple[str, str]


class Ready(Response):
    """A whole answer: status, header pairs, bytes. Sent as it is."""

    def __init__(self, body: bytes, status: int = 200, headers: Sequence[Pair] = (), media: str = JSON) -> None:
        pairs = list(headers)
        if status not in _WITHOUT_BODY:
            pairs += [("Content-Type", media), ("Content-Length", str(len(body)))]
        self._pairs = pairs
        self._status, self._status_code = _LINES[status], status
        self._body = self.response = (body,)
        self.direct_passthrough = False
        self._on_close = []

    def __getattr__(self, name: str) -> Any:
        """``headers`` as a mapping, made when somebody asks; changes to it are sent."""
        if name != "headers":
            raise AttributeError(name)
        self.headers = Headers(self._pairs)
        return self.headers

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Send."""
        headers = self.__dict__.get("headers")
        start_response(self._status, self._pairs if headers is None else headers.to_wsgi_list())
        return () if environ["REQUEST_METHOD"] == "HEAD" or self._status_code in _WITHOUT_BODY else self._body


def plain(body: bytes, media: str, *headers: Pair) -> Ready:
    """Bytes of a public page or document."""
    return Ready(body, 200, headers, media)
