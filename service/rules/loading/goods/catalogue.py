"""catalogue.yaml and channels.yaml: the offers and their terms, the channels, and the schema they open.

The schema is read first, from ids and terms alone, because the formulas of families and channels are written in it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from service.core.domain import Family, Scalar
from service.core.expressions import Kind
from service.rules.loading.documents.entry import Entry
from service.rules.loading.goods import terms as stating
from service.rules.model.rules import Channel, Dominance, FamilyTerms, Offer, Schema, Term
from service.rules.model.traits import TRAIT_GROUNDS
from service.rules.vocabulary import CHANNEL, CONTEXT, DIRECTIONS, FAMILIES, HISTORY, OFFER

Terms = Mapping[str, Term]
RISK, RATINGS = "risk", ("issuer_risk", "bank_risk")
"""The term that rules read, computed where an offer states the two ratings apart."""
NEVER_COMPARED = ("benchmark", "benchmark_high", RISK)
"""Terms by which no offer may beat another: a benchmark is no promise of a yield, and what states a risk none."""
MEASURED = (Kind.NUMBER, Kind.MONEY)


def read_schema(
    customer: Schema, catalogue: Entry, offer_terms: Terms, channels_page: Entry, channel_terms: Terms
) -> Schema:
    """Every name that a rule may read; ids and placements are the words of the names that hold them."""
    offers, channels = tuple(_ids(catalogue, "offers")), tuple(_ids(channels_page, "channels"))
    closed = {
        "offer.id": offers,
        "channel.id": channels,
        "context.channel": channels,
        "context.placement": _slots(channels_page),
    }
    tables = {**HISTORY, **CONTEXT, **OFFER, **CHANNEL}
    fixed = {name: replace(entry, values=closed.get(name, entry.values)) for name, entry in tables.items()}
    return {
        **customer,
        **fixed,
        **stating.term_names("offer", offer_terms),
        **stating.term_names("channel", channel_terms),
    }


def read_offers(page: Entry, terms: Terms) -> tuple[Offer, ...]:
    """The offers in the order of the document, each with its share of the family's popularity."""
    offers = [_offer(entry, terms) for entry in page.children("offers", "offer")]
    if not offers and page.has("offers"):
        page.add_fault("offers", "must name at least one offer")
    return tuple(replace(offer, share=offer.popularity / _popularity(offer.family, offers)) for offer in offers)


def read_families(
    page: Entry, schema: Schema | None, ticket: Schema, offers: Sequence[Offer], terms: Terms
) -> dict[str, FamilyTerms]:
    """The prior and the formulas of each family; a family with an offer must be there.

    ``ticket`` are the further names that a value formula reads, ``terms`` those that an offer may state.
    """
    section = page.child("families")
    used = {offer.family for offer in offers}
    present = [family for family in FAMILIES if section.has(family) or family in used]
    families = {family: _family(section.child(family), family, schema, ticket, terms) for family in present}
    section.close()
    return families


def read_channels(page: Entry, terms: Terms, schema: Schema | None) -> tuple[Channel, ...]:
    """The channels in the order of the document."""
    channels = tuple(_channel(entry, terms, schema) for entry in page.children("channels", "channel"))
    if not channels and page.has("channels"):
        page.add_fault("channels", "must name at least one channel")
    return channels


def static_columns(
    offers: Sequence[Offer], of: Terms, channels: Sequence[Channel], ct: Terms
) -> dict[str, NDArray[Any]]:
    """``offer.*`` as (1, m, 1) and ``channel.*`` as (1, 1, k)."""
    by_offer = stating.term_columns("offer", of, [offer.terms for offer in offers])
    by_offer |= {"offer.id": stating.encode_column(Kind.TEXT, [offer.id for offer in offers])}
    by_offer |= {"offer.family": stating.encode_column(Kind.TEXT, [offer.family for offer in offers])}
    by_channel = stating.term_columns("channel", ct, [channel.terms for channel in channels])
    for name, entry in CHANNEL.items():
        by_channel[name] = stating.encode_column(entry.kind, [getattr(one, name.partition(".")[2]) for one in channels])
    shaped = {name: column.reshape(1, -1, 1) for name, column in by_offer.items()}
    return shaped | {name: column.reshape(1, 1, -1) for name, column in by_channel.items()}


def _rows(page: Entry, key: str) -> list[Mapping[str, object]]:
    rows = page.values.get(key)
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def _ids(page: Entry, key: str) -> list[str]:
    return [row["id"] for row in _rows(page, key) if isinstance(row.get("id"), str)]  # type: ignore[misc]


def _slots(channels_page: Entry) -> tuple[str, ...]:
    lists = [row.get("placements") for row in _rows(channels_page, "channels")]
    words = [word for words in lists if isinstance(words, list) for word in words if isinstance(word, str)]
    return tuple(dict.fromkeys(words))


def _popularity(family: str, offers: Sequence[Offer]) -> float:
    return sum(offer.popularity for offer in offers if offer.family == family)


def _offer(entry: Entry, terms: Terms) -> Offer:
    offer = Offer(
        id=entry.name("id"),
        family=entry.choice("family", FAMILIES),
        popularity=entry.number("popularity", 0.001, 1000.0, default=1.0),
        share=1.0,
        lever=entry.number("lever", 0.0, 10.0, default=1.0),
        name=entry.bilingual("name"),
        terms=_rated(entry, stating.read_stated(entry, terms), terms),
        issuer=entry.bilingual_or_none("issuer"),
    )
    entry.close()
    return offer


def _rated(entry: Entry, stated: Mapping[str, Scalar], terms: Terms) -> Mapping[str, Scalar]:
    """The stated terms with ``risk`` = the strictest of the issuer's rating, the bank's and a ``risk`` stated alone.

    A stated ``risk`` below either rating is a problem; so are ratings where no term ``risk`` is declared.
    """
    ratings = {name: float(level) for name in RATINGS if isinstance(level := stated.get(name), int | float)}
    if not ratings:
        return stated
    strictest = max(ratings, key=lambda name: ratings[name])
    if RISK not in terms:
        entry.add_fault("terms", f'{strictest} rates the offer, but no term "{RISK}" is declared; expected one')
    level = stated.get(RISK)
    if not isinstance(level, int | float):
        return {**stated, RISK: stated[strictest]}
    if level < ratings[strictest]:
        entry.add_fault("", f"risk must not be below {strictest} ({ratings[strictest]:g}), got {level:g}")
    return {**stated, RISK: max(level, ratings[strictest])}


def _family(entry: Entry, family: str, schema: Schema | None, ticket: Schema, terms: Terms) -> FamilyTerms:
    found = FamilyTerms(
        id=family,
        prior=entry.number("prior", 0.0, 1.0),
        horizon_days=entry.whole("horizon_days", 1, 3660),
        ticket=entry.expression("ticket", schema, Kind.MONEY),
        value=entry.expression("value", None if schema is None else {**schema, **ticket}, Kind.MONEY),
        trait_ground=entry.choice("trait_ground", tuple(TRAIT_GROUNDS)) if entry.has("trait_ground") else None,
        dominance=_dominance(entry, family, terms) if entry.has("dominated_by") else None,
    )
    entry.close()
    return found


def _dominance(entry: Entry, family: str, terms: Terms) -> Dominance:
    """By which terms the family's offers are compared; wealth offers never are."""
    if family == Family.WEALTH:
        entry.add_fault(
            "dominated_by", "is not for wealth offers: asset-management products are never compared by yield"
        )
    page, numbers = entry.child("dominated_by"), [name for name, term in terms.items() if term.kind in MEASURED]
    compared = tuple(name for name in numbers if name not in NEVER_COMPARED)
    found = Dominance(
        more=page.words("more", compared),
        less=page.words("less", compared),
        same=page.words("same", tuple(terms), optional=True),
    )
    page.close()
    return found


def _channel(entry: Entry, terms: Terms, schema: Schema | None) -> Channel:
    channel = Channel(
        id=entry.name("id"),
        direction=entry.choice("direction", DIRECTIONS),
        contact_cost_yuan=entry.number("contact_cost_yuan", 0.0, 10_000.0, "yuan"),
        response=entry.expression("response", schema, Kind.NUMBER),
        placements=entry.words("placements", optional=True),
        name=entry.bilingual("name"),
        terms=stating.read_stated(entry, terms),
    )
    entry.close()
    return channel
