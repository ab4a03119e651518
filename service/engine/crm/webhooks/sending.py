"""One message to an untrusted address: signed, never redirected, within one deadline.

The connection goes to the address that was checked (``addresses``), so a later DNS change has no effect; the
certificate is verified against the host name. Redirects are not followed. Only the status of the answer is read, not
its body. One deadline covers resolving, connecting, TLS, sending, and the answer's head, however slowly its bytes come.

Signatures follow Standard Webhooks 1.0: HMAC-SHA256 over ``id.timestamp.body``, one for each valid secret.
"""

import hmac
import http.client
import io
import socket
import ssl
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast
from urllib.parse import SplitResult

from service.engine.crm.webhooks.addresses import RESOLVE_S, check_url, port

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

DEADLINE_S = 15.0


def signatures(secrets: Sequence[str], message_id: str, timestamp: int, body: str) -> str:
    """``v1,...`` for each secret, parted by spaces.

    >>> signatures(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, '{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """  # noqa: E501 - the specification's own example
    signed = f"{message_id}.{timestamp}.{body}".encode()
    keys = (b64decode(secret.removeprefix("whsec_")) for secret in secrets)
    return " ".join("v1," + b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys)


def headers(secrets: Sequence[str], message_id: str, body: str, now: int) -> dict[str, str]:
    """The headers of one attempt at ``now`` (s UTC)."""
    return {
        "content-type": "application/json",
        "user-agent": "fourcast",
        "webhook-id": message_id,
        "webhook-timestamp": str(now),
        "webhook-signature": signatures(secrets, message_id, now, body),
    }


def send(url: str, body: str, named: Mapping[str, str], loopback: bool, deadline_s: float = DEADLINE_S) -> int:
    """The status that the receiver answers.

    Raises:
        InvalidInput: the address is not allowed.
        OSError: nobody answers in time.
    """
    until = time.monotonic() + deadline_s
    parts, address = check_url(url, loopback, min(deadline_s, RESOLVE_S))
    connection = _connection(parts, address, until)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body.encode(), dict(named))
        return connection.getresponse().status
    except http.client.HTTPException as odd:
        raise OSError(f"no HTTP answer: {odd!r}") from odd
    finally:
        connection.close()


def _left(until: float) -> float:
    """Seconds to the deadline.

    Raises:
        TimeoutError: it is over.
    """
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline is over")
    return left


class _Wire:
    """A socket for ``http.client`` whose calls all end at the deadline."""

    def __init__(self, connected: socket.socket, until: float) -> None:
        self._socket, self._until = connected, until

    def _in_time(self) -> socket.socket:
        self._socket.settimeout(_left(self._until))
        return self._socket

    def sendall(self, data: bytes) -> None:
        """Send all the data."""
        self._in_time().sendall(data)

    def recv_into(self, buffer: "WriteableBuffer") -> int:
        """Read what has arrived."""
        return self._in_time().recv_into(buffer)

    def makefile(self, _mode: str) -> io.BufferedReader:
        """The answer as a file."""
        return io.BufferedReader(_Answer(self))

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class _Answer(io.RawIOBase):
    """The bytes that arrive on a wire, as a raw stream."""

    def __init__(self, wire: _Wire) -> None:
        self._wire = wire

    def readable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """The next bytes."""
        return self._wire.recv_into(buffer)


class _Plain(http.client.HTTPConnection):
    """A connection to the checked address, whatever the name resolves to by now."""

    def __init__(self, name: str, number: int, address: str, until: float) -> None:
        super().__init__(name, number)
        self._address, self._until = address, until

    def connect(self) -> None:
        """Connect to the address."""
        self.sock = cast(socket.socket, _Wire(self._greeted(), self._until))

    def _greeted(self) -> socket.socket:
        return socket.create_connection((self._address, self.port), _left(self._until))


class _Secure(_Plain):
    """The same with TLS; the certificate is verified against the name."""

    def _greeted(self) -> socket.socket:
        dialled = super()._greeted()
        try:
            dialled.settimeout(_left(self._until))
            return ssl.create_default_context().wrap_socket(dialled, server_hostname=self.host)
        except BaseException:
            dialled.close()
            raise


def _connection(parts: SplitResult, address: str, until: float) -> _Plain:
    kind = _Plain if parts.scheme == "http" else _Secure
    return kind(str(parts.hostname), port(parts), address, until)
