"""If-Match and If-None-Match of a write: it is done only where the stored state is the one the caller has seen.

RFC 9110, section 13.1. A customer's ETag is the revision; a packed answer's tag counts too. The writer checks under the
customer's lock: of two writers with the same revision one succeeds and the other gets 412. A tag must be quoted;
anything else is 400. A client that must state what it has seen gets 428 (RFC 6585) unless If-Match names a tag or
If-None-Match is ``*``.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from flask import Request
from werkzeug.datastructures import ETags
from werkzeug.http import parse_etags

from service.core.domain import Client
from service.core.errors import Malformed, PreconditionFailed, PreconditionRequired
from service.routes.http.responses import Pair, packed_tag

MATCH, NONE_MATCH = "HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"
IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "description": "The ETag that was read: 412 where the customer has changed since.",
    "schema": {"type": "string"},
}
IF_NONE_MATCH = {
    "in": "header",
    "name": "If-None-Match",
    "description": "`*`: 412 where the customer is stored already.",
    "schema": {"type": "string"},
}
_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_LIST = re.compile(rf"[ \t]*(?:\*|(?:{_TAG})?(?:[ \t]*,[ \t]*(?:{_TAG})?)*)[ \t]*")
"""``*``, or a list of entity tags, of which some may be left empty (RFC 9110, 5.6.1, 8.8.3 and 13.1.1)."""


def etag_header(revision: int) -> Pair:
    """The header that names a revision."""
    return "ETag", f'"{revision}"'


@dataclass(frozen=True, slots=True)
class Precondition:
    """The state that a write expects; None where the header is absent."""

    match: ETags | None = None
    none_match: ETags | None = None

    @property
    def seen(self) -> bool:
        """Whether it states what the caller has seen: a tag, or that no customer is stored."""
        tagged = self.match is not None and not self.match.star_tag and bool(self.match.as_set(include_weak=True))
        return tagged or (self.none_match is not None and self.none_match.star_tag)

    def expect(self, revision: int | None) -> None:
        """Check the stored revision (None: no customer is stored).

        Raises: PreconditionFailed: where it is not the expected one.
        """
        if self.match is not None and not _named(revision, self.match.contains):
            now = "nobody is stored" if revision is None else f"it stands at revision {revision} now"
            raise PreconditionFailed(f"If-Match does not hold: {now}. Read it again, then decide again.")
        if self.none_match is not None and _named(revision, self.none_match.contains_weak):
            raise PreconditionFailed(f"If-None-Match does not hold: it is stored, at revision {revision}.")


def read_precondition(client: Client, request: Request) -> Precondition:
    """The precondition of the request.

    Raises: Malformed: where a header is no list of tags. PreconditionRequired: where the client must state what it has
    seen and does not.
    """
    expected = Precondition(*(_read(request.environ.get(name), name) for name in (MATCH, NONE_MATCH)))
    if client.require_if_match and not expected.seen:
        raise PreconditionRequired(
            "This key must say what it has seen: If-Match with the ETag of its last read (not *), or If-None-Match: * "
            "to store somebody new."
        )
    return expected


def _read(given: str | None, name: str) -> ETags | None:
    if given is None:
        return None
    if _LIST.fullmatch(given) is None:
        header = "If-Match" if name == MATCH else "If-None-Match"
        raise Malformed(
            f'{header} must be * or ETags as they were sent, each in its quotes, with commas between: {header}: "3"; '
            f"got {given[:64]!a}"
        )
    return parse_etags(given)


def _named(revision: int | None, holds: Callable[[str], bool]) -> bool:
    """Whether the tags name the revision; ``*`` names any revision, but not None."""
    if revision is None:
        return False
    _, tag = etag_header(revision)
    return any(holds(form.strip('"')) for form in (tag, packed_tag(tag)))
