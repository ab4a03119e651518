"""All documents together: the order of reading, what refers to what, and the parts of a policy.

A document that is missing or broken is reported once and then read as empty, in silence. Where no schema can be known
(the attributes or the catalogue are broken), expressions are not checked, because every name in them would be a false
alarm. Checks that need sound parts (cases, messages, formulas of an unknown customer) run when all else is sound.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from service.core.attributes import AttributeTable, parse_table
from service.core.attributes.features import FeatureProgram
from service.core.errors import PolicyError, Problem
from service.core.expressions import Kind, compile_value
from service.rules.loading import (
    experiments,
    messages,
    monitoring,
    portrait,
    rule_files,
    weights,
)
from service.rules.loading.cases import CaseRunner
from service.rules.loading.contact import calendar, contact_cases, contact_policy
from service.rules.loading.documents.entry import Entry
from service.rules.loading.goods import catalogue, kinds, terms
from service.rules.loading.goods.market import read_market
from service.rules.model.contact import RETIREMENT, Contact
from service.rules.model.market import Market
from service.rules.model.rules import (
    CONCERNS,
    DOMINATED,
    Channel,
    FamilyTerms,
    FitRule,
    GateRule,
    Offer,
    Schema,
    Strategy,
    Term,
    grid_index_of,
)
from service.rules.model.targeting import Target
from service.rules.vocabulary import LIFETIME, TICKET

Documents = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Assortment:
    """The catalogue and the channels, and the schema they open; None while no schema can be known."""

    offers: tuple[Offer, ...]
    channels: tuple[Channel, ...]
    families: Mapping[str, FamilyTerms]
    offer_terms: Mapping[str, Term]
    channel_terms: Mapping[str, Term]
    schema: Schema | None
    columns: Mapping[str, NDArray[Any]]


@dataclass(frozen=True, slots=True)
class RuleSet:
    """Strategies, every rule of the four C (also where switched off), and the contact policy."""

    strategies: Mapping[str, Strategy]
    targets: Mapping[str, Target]
    rules: tuple[GateRule | FitRule, ...]
    contact: Contact


class DocumentEntries:
    """The documents as entries; a missing one is empty and reports nothing."""

    def __init__(self, documents: Documents, problems: list[Problem]) -> None:
        self.documents, self.problems = documents, problems

    def __getitem__(self, name: str) -> Entry:
        if name in self.documents:
            return Entry(self.documents[name], f"{name}.yaml", self.problems)
        return Entry({}, f"{name}.yaml", [])


def assemble(documents: Documents, problems: list[Problem], exact: bool = False) -> dict[str, Any]:
    """The parts of a policy by field name; they hold together only where ``problems`` stays empty.

    ``exact``: money is compared as it is, not in whole fen.
    """
    pages = DocumentEntries(documents, problems)
    market = read_market(pages["market"])
    table = _table(documents, problems, exact, market)
    goods = _goods(pages, table, exact, market)
    book = _book(pages, goods)
    hierarchy = weights.read_weights(pages["weights"])
    tested = experiments.read_experiments(pages["experiments"], book.strategies)
    words = messages.read_templates(pages["messages"], goods.schema, goods.offers, goods.channels, book.targets)
    drawn = portrait.read_portrait(pages["portrait"], goods.schema, table)
    watched = monitoring.read_monitoring(pages["monitoring"])
    sorts = kinds.read_kinds(pages["kinds"])
    if problems or table is None:
        return {}
    features = FeatureProgram(table)
    problems += _unvalued(goods, table, features)
    bench = CaseRunner(goods.schema or {}, goods.columns)
    problems += [*bench.undecided_gates(book.rules), *bench.problems(book.rules)]
    problems += contact_cases.case_problems(
        book.contact, grid_index_of(goods.offers, goods.channels), table.zone is not None
    )
    writing = messages.MessageWriter(words, goods.offers, goods.channels, goods.offer_terms, goods.columns, problems)
    written, variants = writing.write_plain(), writing.write_variants(book.targets)
    return {
        "attributes": table,
        "features": features,
        "hierarchy": hierarchy,
        "weights": MappingProxyType(dict(hierarchy.weights)),
        "experiments": tested,
        "messages": MappingProxyType(written),
        "variants": MappingProxyType(variants),
        "portrait": drawn,
        "monitoring": watched,
        "kinds": MappingProxyType(dict(sorts)),
        "market": market,
        **_goods_parts(goods),
        **_book_parts(book),
    }


def _goods_parts(goods: Assortment) -> dict[str, Any]:
    for column in goods.columns.values():
        column.flags.writeable = False
    return {
        "offers": goods.offers,
        "channels": goods.channels,
        "families": MappingProxyType(dict(goods.families)),
        "offer_terms": MappingProxyType(dict(goods.offer_terms)),
        "channel_terms": MappingProxyType(dict(goods.channel_terms)),
        "schema": MappingProxyType(dict(goods.schema or {})),
        "static_columns": MappingProxyType(dict(goods.columns)),
    }


def _book_parts(book: RuleSet) -> dict[str, Any]:
    return {
        "strategies": MappingProxyType(dict(book.strategies)),
        "targets": MappingProxyType(dict(book.targets)),
        "gates": rule_files.active_gates(book.rules, book.strategies),
        "fits": rule_files.active_fits(book.rules, book.strategies),
        "contact": book.contact,
    }


def _table(documents: Documents, problems: list[Problem], exact: bool, market: Market) -> AttributeTable | None:
    if "attributes" not in documents:
        return None
    try:
        return parse_table(documents["attributes"], exact, market.schema)
    except PolicyError as error:
        problems += error.problems
        return None


def _goods(pages: DocumentEntries, table: AttributeTable | None, exact: bool, market: Market) -> Assortment:
    catalogue_page, channels_page = pages["catalogue"], pages["channels"]
    offer_terms, channel_terms = terms.read_terms(catalogue_page), terms.read_terms(channels_page)
    known = table is not None and {"catalogue", "channels"} <= set(pages.documents)
    customer = table.schema() if table is not None else {}
    schema = (
        catalogue.read_schema(customer, catalogue_page, offer_terms, channels_page, channel_terms) if known else None
    )
    if schema is not None:
        schema = {**portrait.segment_and_stage_names(pages.documents.get("portrait")), **market.schema, **schema}
        schema = _compared(schema, exact)
    offers = catalogue.read_offers(catalogue_page, offer_terms)
    further = _compared({**TICKET, **LIFETIME}, exact)
    families = catalogue.read_families(catalogue_page, schema, further, offers, offer_terms)
    channels = catalogue.read_channels(channels_page, channel_terms, schema)
    catalogue_page.close()
    channels_page.close()
    columns = catalogue.static_columns(offers, offer_terms, channels, channel_terms)
    return Assortment(offers, channels, families, offer_terms, channel_terms, schema, columns)


def _book(pages: DocumentEntries, goods: Assortment) -> RuleSet:
    whole = None if goods.schema is None else portrait.portrait_schema(goods.schema)
    strategies, targets = rule_files.read_strategies(pages["strategies"], whole)
    rules = tuple(r for c in CONCERNS for r in rule_files.read_rules(pages[c], c, goods.schema, strategies))
    days, channels = calendar.read_calendar(pages["calendar"]), [channel.id for channel in goods.channels]
    contact = contact_policy.read_contact(pages["contact"], strategies, channels, days)
    ours = [RETIREMENT, *([DOMINATED] if any(one.dominance for one in goods.families.values()) else [])]
    pages.problems += rule_files.repeated_ids([*rules, *ours, *contact.rules])
    pages.problems += rule_files.statutory_ids([*rules, *contact.rules])
    return RuleSet(strategies, targets, rules, contact)


def _unvalued(goods: Assortment, table: AttributeTable, features: FeatureProgram) -> list[Problem]:
    """The offers whose ticket or value is NULL for an unknown customer: they could never be shown to one."""
    columns = _nothing_known(goods, table, features)
    return [
        Problem(
            f'catalogue.yaml: family "{family.id}"',
            f'{key} is unknown for offer "{offer}" for an unknown customer; expected coalesce(...) or a term',
        )
        for family in goods.families.values()
        for key, offer in _unknown_offers(family, goods, columns)
    ]


def _compared(schema: Schema, exact: bool) -> Schema:
    """The names, with money that is compared as it is (``exact``) or in whole fen."""
    return {name: replace(one, exact=exact) for name, one in schema.items()}


def _nothing_known(goods: Assortment, table: AttributeTable, features: FeatureProgram) -> dict[str, Any]:
    columns: dict[str, Any] = dict(table.encode({}))
    features.derive_one(columns)
    outside = {n: name for n, name in (goods.schema or {}).items() if n not in columns}
    unknown = {n: None if name.kind is Kind.TEXT else float("nan") for n, name in outside.items()}
    return {**columns, **unknown, **dict.fromkeys(LIFETIME, float("nan")), **goods.columns}


def _unknown_offers(family: FamilyTerms, goods: Assortment, columns: dict[str, Any]) -> list[tuple[str, str]]:
    shape = (1, len(goods.offers), 1)
    (name,) = TICKET
    shaped = {n: np.full((1, 1, 1), c) if n.startswith("history.") else c for n, c in columns.items()}
    ticket = np.broadcast_to(compile_value(family.ticket)(shaped), shape)
    worth = np.broadcast_to(compile_value(family.value)({**shaped, name: ticket}), shape)
    found = [("ticket", ticket), ("value", worth)]
    mine = [place for place, offer in enumerate(goods.offers) if offer.family == family.id]
    return [(key, goods.offers[place].id) for key, column in found for place in mine if np.isnan(column[0, place, 0])]
