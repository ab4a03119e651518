"""Where a message may lead: to the hosts that the policy lists, over https, and nowhere further.

A purchase is made on the bank's own platform, without a second hop (2026 measures on online marketing of financial
products). So a link has no user name, no port, no other script's letters, and no parameter that names another address.
"""

import re
from collections.abc import Iterator, Sequence
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from service.core.folding import fold_text

DEFAULT_HOSTS = ("bank.example",)
"""The host of the shipped link: a bank lists its own in messages.yaml, ``link_hosts``."""

_HOST = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
_PLAIN = re.compile(r"[!-~]{1,2000}")
_ONWARD = frozenset(
    (
        *("callback", "continue", "dest", "destination", "forward", "go", "goto", "href", "jump", "link", "location"),
        *("next", "out", "redir", "redirect", "redirecturi", "redirecturl", "return", "returnto", "returnurl"),
        *("target", "to", "u", "uri", "url", "view"),
    )
)
"""Parameters by which open redirects are told where to lead; signs between the letters do not count."""
_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,12}:)?[/\\]{2}|^(?:javascript|data|intent|weixin|alipays?|tel|sms|"
    r"mailto):",
    re.IGNORECASE,
)
_MOST_CODINGS = 4
_WRITTEN = re.compile(
    r"(?:https?|ftp)\s?:\s?//[^\s,;，。；！？、）)】》\"']{1,300}|(?<![a-z0-9.@-])(?:[a-z0-9-]{1,63}\.){1,"
    r"5}(?:com|cn|net|org|top|xyz|cc|io|vip|info|"
    r"shop|site|online|app|me|tv|co|ltd|club|link|example)(?![a-z0-9-])(?:/[^\s,;，。；！？、）)】》\"']{0,300})?"
)


def host_faults(hosts: Sequence[str]) -> Iterator[str]:
    """The entries of a list of hosts that are no plain host names."""
    for host in hosts:
        if not _HOST.fullmatch(host) or "xn--" in host:
            yield f'link_hosts: expected a host name in small plain letters such as bank.example, got "{host}"'


def link_faults(link: str, hosts: Sequence[str]) -> list[str]:
    """Why a link may not stand in a message; empty where it may."""
    if not _PLAIN.fullmatch(link) or "\\" in link:
        return [f'link "{link[:80]}" must be plain letters, figures and signs, at most 2,000, without blanks']
    try:
        parts = urlsplit(link)
        port = parts.port
    except ValueError:
        return [f'link "{link[:80]}" is no address']
    return [f'link "{link[:80]}" {fault}' for fault in (*_place_faults(parts, port, hosts), *_onward_faults(parts))]


def written_link_faults(text: str, hosts: Sequence[str]) -> list[str]:
    """Why the addresses written within a text may not stand there."""
    found = []
    for written in _WRITTEN.finditer(fold_text(text)):
        address = written.group().replace(" ", "")
        found += link_faults(address if "://" in address else f"https://{address}", hosts)
    return list(dict.fromkeys(found))


def _place_faults(parts: SplitResult, port: int | None, hosts: Sequence[str]) -> Iterator[str]:
    if parts.scheme != "https":
        yield "must begin with https://"
    if "@" in parts.netloc:
        yield "must not hold a user name"
    if port not in (None, 443):
        yield f"must not name the port {port}"
    host = (parts.hostname or "").lower()
    if host not in hosts:
        yield f"leads to {host or 'no host'}; messages.yaml allows (link_hosts): {', '.join(hosts)}"


def _onward_faults(parts: SplitResult) -> Iterator[str]:
    pairs = parse_qsl(parts.query, keep_blank_values=True) + parse_qsl(parts.fragment, keep_blank_values=True)
    for name, value in pairs:
        if re.sub("[^a-z]", "", name.lower()) in _ONWARD or _names_address(value):
            yield f'must not lead on to another address: parameter "{name[:40]}"'
    if _names_address(parts.path) or _names_address(parts.fragment):
        yield "must not lead on to another address"


def _names_address(text: str) -> bool:
    """Whether a part of a link is an address itself, however often it is coded."""
    for _ in range(_MOST_CODINGS):
        if _ADDRESS.search(text):
            return True
        text = unquote(text)
    return "%" in text and unquote(text) != text
