"""The shelf: the offers, with their terms, on which a bundle's family models learned, as its manifest states them.

``{offer: {"family", "product", "popularity", "terms"}}``; ``product`` is the offer's kind, None where it states none.
A family's score is the chance that a customer takes one of these offers on these terms: a shelf that has changed since
is held against it. ``shelf_policy`` beside it in the manifest is the hash of the policy that had them.
"""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from service.core.domain import Family
from service.rules.policy import Policy

SHELF, SHELF_POLICY = "shelf", "shelf_policy"
"""The manifest's keys of the offers, and of the hash of their policy."""
MOST_OFFERS = 1_000
PRODUCT = "product"


def shelf_of(policy: Policy) -> dict[str, dict[str, Any]]:
    """The offers of a policy, as a manifest states them."""
    return {
        offer.id: {
            "family": str(offer.family),
            "product": offer.terms.get(PRODUCT),
            "popularity": offer.popularity,
            "terms": dict(offer.terms),
        }
        for offer in policy.offers
    }


def faults(document: object) -> Iterator[str]:
    """The faults of a manifest's shelf; none where it is sound."""
    if not isinstance(document, Mapping) or not 0 < len(document) <= MOST_OFFERS:
        yield f"must map 1 to {MOST_OFFERS} offers to their family, product, popularity and terms"
        return
    for offer, row in document.items():
        yield from (f"{str(offer)[:80]}: {fault}" for fault in _row_faults(row))


def _row_faults(row: object) -> Iterator[str]:
    if not isinstance(row, Mapping) or set(row) != {"family", "product", "popularity", "terms"}:
        yield "must hold family, product, popularity and terms, and nothing else"
        return
    if row["family"] not in list(Family):
        yield f"family must be {' or '.join(Family)}"
    if not (row["product"] is None or isinstance(row["product"], str)):
        yield "product must be text or null"
    if not (_is_figure(row["popularity"]) and row["popularity"] > 0):
        yield "popularity must be a number above 0"
    if not (isinstance(row["terms"], Mapping) and all(map(_is_term, row["terms"].values()))):
        yield "terms must map names to a number, a text, true, false or null"


def _is_term(value: object) -> bool:
    return value is None or isinstance(value, (bool, str)) or _is_figure(value)


def _is_figure(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value)
