"""Webhook URLs: strictly parsed, and the one address to connect to.

A URL may hold only the characters of RFC 3986; other characters could be sent otherwise than they were read. The host
is resolved once, in ``RESOLVE_S`` at most, and all its addresses must be public. Refused: loopback, private, link-local
(among them the clouds' metadata), shared, reserved, multicast and unspecified addresses, also if IPv6 wraps them
(mapped, 6to4, Teredo, NAT64). Only https, unless the setting allows this machine.
"""

import ipaddress
import queue
import re
import socket
import threading
from urllib.parse import SplitResult, urlsplit

from service.core.errors import InvalidInput, Problem

RESOLVE_S = 5.0
UNICAST = ipaddress.ip_network("2000::/3")
"""The only public part of IPv6; site-local, IPv4-compatible and translated addresses lie outside."""
PROTOCOLS = tuple(map(ipaddress.ip_network, ("192.0.0.0/24", "192.88.99.0/24")))
"""Parts of IPv4 for protocols and relays (RFC 6890, RFC 7526), some of which Python calls global."""
NAT64 = ipaddress.ip_network("64:ff9b::/96")
PORTS = {"https": 443, "http": 80}
Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_PLAIN = re.compile(r"(?:[!$&'()*+,/0-9:;=?@A-Z\[\]_a-z~.#-]|%[0-9A-Fa-f]{2})+").fullmatch
_NAME = re.compile(r"(?=.{1,253}$)(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*").fullmatch


def is_public(address: Address) -> bool:
    """Whether an address is public, also inside IPv6 wrappers."""
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


def check_url(url: str, loopback: bool, patience_s: float = RESOLVE_S) -> tuple[SplitResult, str]:
    """The parts of a URL and the address to connect to; ``loopback``: this machine is allowed, also by http.

    Raises:
        InvalidInput: says what is not allowed.
    """
    parts = _parts(url)
    addresses = _resolved(parts, patience_s)
    if loopback and all(one.is_loopback for one in addresses):
        return parts, str(addresses[0])
    if parts.scheme != "https":
        raise _refused("must be https")
    inside = [str(one) for one in addresses if not is_public(one)]
    if inside:
        raise _refused("leads to an address that is not public")
    return parts, str(addresses[0])


def port(parts: SplitResult) -> int:
    """The URL's port, else its scheme's default."""
    return parts.port or PORTS[parts.scheme]


def _parts(url: str) -> SplitResult:
    if not _PLAIN(url):
        raise _refused(
            'must be plain ASCII without spaces: percent-encode the rest of its path ("/%C3%A9" for "/é"), and write '
            'an international host in its xn-- form ("xn--bcher-kva.example" for "bücher.example")'
        )
    try:
        parts = urlsplit(url)
        named = parts.port
    except ValueError:
        raise _refused("cannot be read as a URL") from None
    if parts.scheme not in PORTS or not parts.hostname or named == 0 or parts.netloc.endswith(":"):
        raise _refused("must be https://host/path, with a port from 1 to 65535 if with any")
    if "@" in parts.netloc or "#" in url:
        raise _refused("must hold no user, password or fragment")
    if not _is_host(parts):
        raise _refused("must name its host by a domain name or an address")
    return parts


def _is_host(parts: SplitResult) -> bool:
    host = str(parts.hostname)
    if "[" not in parts.netloc:
        return _NAME(host) is not None
    try:
        return ipaddress.IPv6Address(host).scope_id is None
    except ValueError:
        return False


def _resolved(parts: SplitResult, patience_s: float) -> list[Address]:
    """Every address of the host. The system's resolver takes no deadline, so a thread runs it, which may be left."""
    answers: queue.SimpleQueue[list[Address] | None] = queue.SimpleQueue()
    threading.Thread(target=lambda: answers.put(_asked(parts)), name="resolve", daemon=True).start()
    try:
        addresses = answers.get(timeout=max(patience_s, 0.0))
    except queue.Empty:
        addresses = None
    if not addresses:
        raise _refused("has a host that cannot be found")
    return addresses


def _asked(parts: SplitResult) -> list[Address] | None:
    try:
        rows = socket.getaddrinfo(parts.hostname, port(parts), type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return None
    return [ipaddress.ip_address(str(row[4][0]).partition("%")[0]) for row in rows]


def _refused(words: str) -> InvalidInput:
    return InvalidInput("The webhook's address is not allowed.", [Problem("url", words)])
