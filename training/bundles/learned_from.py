"""The filter of customers that a bundle has learned from: it finds customers that are new, and identifies none.

A customer sets one bit of a Bloom filter, ``hash(salt, customer) mod size``, with ``size = customers / ln 2``, so that
half of the bits are set. A customer that the bundle has learned from is always recognised; of the others, every second
is recognised wrongly. So a customer whose bit is not set is certainly new, which a fair comparison needs, and a set bit
proves nothing, also of erased customers. Each bundle has a salt of its own, so that two bundles' bits cannot be
compared to find who was erased. Source: Bloom 1970, with one hash.
"""

import math
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import blake2b, sha256
from typing import Any

import numpy as np

from training.arrays import Flags, Places

FORMAT = 1
SURE = 3.0
"""Standard errors by which the number recognised must exceed chance."""


@dataclass(frozen=True)
class LearnedFrom:
    """The filter of one bundle: ``until`` is the day at whose end the outcomes that it learned from were counted."""

    until: date
    customers: int
    salt: bytes
    bits: Flags

    @classmethod
    def by_customers(cls, ids: Sequence[str], until: date, source: str) -> "LearnedFrom":
        """The filter of these customers; ``source`` describes the bundle's other sources and gives the salt."""
        salt = sha256(source.encode()).digest()[: blake2b.SALT_SIZE]
        bits = np.zeros(max(1, math.ceil(len(set(ids)) / math.log(2.0))), dtype=bool)
        bits[_places(ids, salt, len(bits))] = True
        return cls(until, len(set(ids)), salt, bits)

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "LearnedFrom | None":
        """The filter that a document holds; None where another version wrote it in another format."""
        if document.get("format") != FORMAT:
            return None
        packed = np.frombuffer(b64decode(document["bits"]), dtype=np.uint8)
        bits = np.unpackbits(packed, count=document["size"]).astype(bool)
        return cls(date.fromisoformat(document["until"]), document["customers"], bytes.fromhex(document["salt"]), bits)

    @property
    def document(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {
            "format": FORMAT,
            "until": self.until.isoformat(),
            "customers": self.customers,
            "salt": self.salt.hex(),
            "size": len(self.bits),
            "bits": b64encode(np.packbits(self.bits).tobytes()).decode(),
        }

    def may_know(self, ids: Sequence[str]) -> Flags:
        """Customers (n,) that it may have learned from; it has certainly not learned from the others."""
        return np.asarray(self.bits[_places(ids, self.salt, len(self.bits))])

    def estimate(self, recognised: Flags) -> int:
        """The estimated number that it has learned from: (recognised - share n) / (1 - share).

        It is 0 where chance explains it: three standard errors, sqrt(n share (1 - share)).
        """
        share, size = float(self.bits.mean()), len(recognised)
        beyond = float(recognised.sum()) - share * size
        if beyond <= SURE * math.sqrt(size * share * (1.0 - share)):
            return 0
        return min(size, round(beyond / (1.0 - share))) if share < 1.0 else size


def _places(ids: Iterable[str], salt: bytes, size: int) -> Places:
    hashes = (blake2b(one.encode(), digest_size=8, salt=salt).digest() for one in ids)
    return np.fromiter((int.from_bytes(one) % size for one in hashes), np.int64)
