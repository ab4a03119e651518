"""A message to an address that a stranger named: signed, never to the inside, never redirected.

The host is resolved once, every address it has must be a public one, and the connection goes to the very address that
was checked (a name that resolves otherwise a moment later changes nothing); the certificate is checked against the
name. Refused: loopback, private, link-local (the clouds' metadata among them), shared, reserved, multicast and
unspecified addresses, also where IPv6 wraps them (mapped, 6to4, Teredo, NAT64). Only https, unless the setting lets a
developer send to this machine. No redirect is followed; what the receiver answers is its status.

Signatures by Standard Webhooks 1.0: HMAC-SHA256 over ``id.timestamp.body``, one per secret that is valid.
"""

import hmac
import http.client
import ipaddress
import socket
import ssl
import time
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from urllib.parse import SplitResult, urlsplit

from service.errors import InvalidInput, Problem

TIMEOUT_S = 10.0
ANSWER_BYTES = 4_096
UNICAST = ipaddress.ip_network("2000::/3")
"""The only part of IPv6 that is given out as public: site-local, IPv4-compatible and translated forms lie outside."""
PROTOCOLS = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24")))
"""Parts of IPv4 for protocols and relays (RFC 6890, RFC 7526), which Python calls global in part."""
NAT64 = ipaddress.ip_network("64:ff9b::/96")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def signatures(secrets: Sequence[str], message_id: str, timestamp: int, body: str) -> str:
    """``v1,...`` for each secret, parted by spaces.

    >>> signatures(["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, '{"test": 2432232314}')
    'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='
    """  # noqa: E501 - the specification's own example
    signed = f"{message_id}.{timestamp}.{body}".encode()
    keys = (b64decode(secret.removeprefix("whsec_")) for secret in secrets)
    return " ".join("v1," + b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys)


def headers(secrets: Sequence[str], message_id: str, body: str) -> dict[str, str]:
    """The headers of one attempt, made now."""
    now = int(time.time())
    return {
        "content-type": "application/json",
        "user-agent": "fourcast",
        "webhook-id": message_id,
        "webhook-timestamp": str(now),
        "webhook-signature": signatures(secrets, message_id, now, body),
    }


def is_public(address: Address) -> bool:
    """Whether an address is out there on the internet, whatever it is wrapped in."""
    inner = _wrapped(address)
    if inner is not None:
        return is_public(inner)
    given_out = address in UNICAST if address.version == 6 else not any(address in part for part in PROTOCOLS)
    return given_out and address.is_global and not address.is_multicast


def _wrapped(address: Address) -> Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)


def checked(url: str, loopback: bool) -> tuple[SplitResult, str]:
    """The parts of a URL and the one address to connect to; InvalidInput says what is not allowed.

    ``loopback``: this machine may be sent to, by http too.
    """
    parts = _parts(url)
    found = _resolved(parts)
    if loopback and all(one.is_loopback for one in found):
        return parts, str(found[0])
    if parts.scheme != "https":
        raise _refused("must be https")
    inside = [str(one) for one in found if not is_public(one)]
    if inside:
        raise _refused("leads to an address that is not public")
    return parts, str(found[0])


def send(url: str, body: str, named: Mapping[str, str], loopback: bool) -> int:
    """The status the receiver answers; InvalidInput where the address is not allowed, OSError where nobody answers."""
    parts, address = checked(url, loopback)
    connection = _connection(parts, address)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body.encode(), dict(named))
        answer = connection.getresponse()
        answer.read(ANSWER_BYTES)
        return answer.status
    except http.client.HTTPException as odd:
        raise OSError(f"no HTTP answer: {odd!r}") from odd
    finally:
        connection.close()


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused("cannot be read as a URL") from None
    if parts.scheme not in ("https", "http") or not parts.hostname or port == 0:
        raise _refused("must be https://host/path")
    if parts.username or parts.password or parts.fragment:
        raise _refused("must hold no user, password or fragment")
    return parts


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _resolved(parts: SplitResult) -> list[Address]:
    try:
        rows = socket.getaddrinfo(parts.hostname, _port(parts), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise _refused("has a host that cannot be found") from None
    return [ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in rows]


def _connection(parts: SplitResult, address: str) -> http.client.HTTPConnection:
    name, port = str(parts.hostname), _port(parts)
    if parts.scheme == "http":
        return _Plain(name, port, address)
    return _Secure(name, port, address)


class _Plain(http.client.HTTPConnection):
    """To the checked address, whatever the name says by now."""

    def __init__(self, name: str, port: int, address: str) -> None:
        super().__init__(name, port, timeout=TIMEOUT_S)
        self._address = address

    def connect(self) -> None:
        """Dial the address."""
        self.sock = socket.create_connection((self._address, self.port), self.timeout)


class _Secure(_Plain):
    """The same with TLS, the certificate held against the name."""

    def connect(self) -> None:
        """Dial the address, greet by the name."""
        super().connect()
        self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def _refused(words: str) -> InvalidInput:
    return InvalidInput("The webhook's address is not allowed.", [Problem("url", words)])
