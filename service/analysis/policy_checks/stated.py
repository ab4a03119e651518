"""What a policy states of itself, as far as the law reads it: its attributes, its offers' risk, its time. Pure.

The proof that gates imply the law (``proof``) is worth what these statements are worth. An attribute that the law reads
must be a raw one of the law's kind, and its range must let in what the law speaks of: a value out of range is read as
unknown. A wealth offer states its risk. No rule bears a name of the law's. Channels are held to what they are by
``channel_facts``, offers to their kinds by ``product_kinds``.
"""

from collections.abc import Iterator, Mapping

from service.core.domain import Family
from service.core.errors import Problem
from service.core.expressions import Kind
from service.core.grid import moment
from service.rules.policy import Policy
from service.rules.statutory import LAW, LAW_COLUMNS, LAW_TERMS

BEIJING = "Asia/Shanghai"
"""The time by which the law's days begin and end."""
JANUARY, JULY = 1_767_225_600_000, 1_782_864_000_000
"""2026-01-01 and 2026-07-01, ms UTC: a zone that agrees on both keeps no summer time."""
RANGES: Mapping[str, tuple[float, float]] = {
    "customer.age": (0.0, 120.0),
    "customer.risk_tolerance": (1.0, 5.0),
    **{name: (0.0, 1e9) for name, kind in LAW_COLUMNS.items() if kind is Kind.MONEY},
}
"""What the range of an attribute must hold at least."""


def find_misstated(policy: Policy) -> list[Problem]:
    """What a policy states otherwise than the law must read it, besides ``find_unread``."""
    return [*_without_risk(policy), *_borrowed(policy), *_of_another_day(policy)]


def find_unread(policy: Policy) -> list[Problem]:
    """The names that the law reads and this policy defines otherwise, or not at all."""
    return [*_not_raw(policy), *_narrowed(policy), *_terms_of_other_kinds(policy)]


def is_readable(policy: Policy) -> bool:
    """Whether every name that the law reads is of the law's kind wherever the policy has it."""
    declared = policy.schema
    wrong = [name for name, kind in LAW_COLUMNS.items() if name in declared and declared[name].kind is not kind]
    return not wrong and not any(_terms_of_other_kinds(policy))


def _not_raw(policy: Policy) -> Iterator[Problem]:
    raw = {f"customer.{one.name}": one.kind for one in policy.attributes.attributes}
    derived = {f"customer.{one.name}" for one in policy.attributes.features}
    for name, kind in LAW_COLUMNS.items():
        if raw.get(name) is not kind:
            got = "a feature" if name in derived else f"kind {raw[name]}" if name in raw else "none"
            where = f'attributes.yaml: "{name.removeprefix("customer.")}"'
            yield Problem(where, f"must be an attribute of kind {kind}, because the law reads it; got {got}")


def _narrowed(policy: Policy) -> Iterator[Problem]:
    for one in policy.attributes.attributes:
        low, high = RANGES.get(f"customer.{one.name}", (None, None))
        if low is None or high is None:
            continue
        if (one.low is not None and one.low > low) or (one.high is not None and one.high < high):
            got = f"[{one.low:g}, {one.high:g}]"
            why = "because the law reads it, and out of range counts as unknown"
            yield Problem(f'attributes.yaml: "{one.name}"', f"range must hold {low:g} to {high:g}, {why}; got {got}")


def _terms_of_other_kinds(policy: Policy) -> Iterator[Problem]:
    for name, kind in LAW_TERMS.items():
        source, term = name.split(".")
        found = (policy.offer_terms if source == "offer" else policy.channel_terms).get(term)
        if found is not None and found.kind != kind:
            file = "catalogue.yaml" if source == "offer" else "channels.yaml"
            yield Problem(f'{file}: term "{term}"', f"kind must be {kind}, because the law reads it; got {found.kind}")


def _without_risk(policy: Policy) -> Iterator[Problem]:
    for offer in policy.offers:
        if offer.family == Family.WEALTH and offer.terms.get("risk") is None:
            yield Problem(f'catalogue.yaml: offer "{offer.id}"', "risk must be stated, R1 to R5, on every wealth offer")


def _borrowed(policy: Policy) -> Iterator[Problem]:
    """Rules under the name of a statutory gate."""
    for rule in (*policy.gates, *policy.fits, *policy.contact.rules):
        if rule.id.startswith(LAW):
            yield Problem(f'rule "{rule.id}"', f'id must not begin with "{LAW}": such rules are the law\'s')


def _of_another_day(policy: Policy) -> Iterator[Problem]:
    """A time zone whose day is not Beijing's: an assessment would expire on another day than the law's."""
    zone = policy.contact.timezone
    if any(moment(at, zone) != moment(at, BEIJING) for at in (JANUARY, JULY)):
        yield Problem("contact.yaml: timezone", f"must keep Beijing time, the law's day, such as {BEIJING}; got {zone}")
