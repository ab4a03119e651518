"""Decisions' ids: UUIDv7, whose first 48 bits are the milliseconds at which the decision was made (RFC 9562, 5.7).

PostgreSQL reads a UUID in several spellings, and clients may send any of them. Stored and compared is one form: lower
case with hyphens.
"""

import re
import uuid

VERSION = 7
_CANONICAL = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch
_GROUPS = r"[0-9a-fA-F]{4}(?:-?[0-9a-fA-F]{4}){7}"
_SPELT = re.compile(rf"{_GROUPS}|\{{{_GROUPS}\}}").fullmatch
"""What PostgreSQL reads as a UUID."""


def canonical_id(text: str) -> str | None:
    """The id in the one form that is stored and compared; None where ``text`` can be no decision's id.

    >>> canonical_id("{0199D3C86F1E7C3A9A550D6F2B7E4C10}"), canonical_id("urn:0199d3c86f1e7c3a9a550d6f2b7e4c10")
    ('0199d3c8-6f1e-7c3a-9a55-0d6f2b7e4c10', None)
    """
    if _CANONICAL(text):
        return text
    return str(uuid.UUID(text)) if _SPELT(text) else None


def made_at(decision_id: str) -> int | None:
    """When the decision was made (ms UTC); None where the id is no UUIDv7.

    >>> made_at("0199d3c8-6f1e-7c3a-9a55-0d6f2b7e4c10"), made_at("0199d3c8-6f1e-4c3a-9a55-0d6f2b7e4c10")
    (1760194752286, None)
    """
    known = canonical_id(decision_id)
    named = None if known is None else uuid.UUID(known)
    return named.int >> 80 if named is not None and named.version == VERSION else None
