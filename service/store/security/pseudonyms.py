"""Pseudonyms of erased customers: HMAC-SHA256 of the id, keyed with a salt that only PostgreSQL holds."""

import hashlib
import hmac
from collections.abc import Iterable

from sqlalchemy import Connection, select

from service.store.schema import erasures, pseudonyms


def digest_of(salt: bytes, customer_id: str) -> bytes:
    """The digest that stays of an erased customer's id."""
    return hmac.digest(salt, customer_id.encode(), hashlib.sha256)


def alias_of(digest: bytes) -> str:
    """The customer's name on the audit log, made of the digest."""
    return f"customer:{digest.hex()[:24]}"


def find_erased(connection: Connection, names: Iterable[str]) -> set[str]:
    """Those of the ids that were erased, and not stored again since over the API."""
    known = {bytes(one) for one in connection.execute(select(erasures.c.digest)).scalars()}
    if not known:
        return set()
    salt = bytes(connection.execute(select(pseudonyms.c.salt)).scalar_one())
    return {one for one in names if digest_of(salt, one) in known}
