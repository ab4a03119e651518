"""Message templates filled in: ``{placeholders}`` of the offer's terms, formatted for each language.

A placeholder is ``{name}``, ``{offer_id}``, ``{channel_id}`` or a term that the offer states. Money has thousands
separators, a number per year is a percentage, a date stays ISO. Nothing personal is ever inserted, so all messages are
written (and checked) when the policy is loaded, and ``Policy.message`` only looks them up. A rate that is shown cannot
depend on a score. ``decision.positioning`` chooses whether a customer reads a segment's words; the terms are the same.
"""

import re
from collections.abc import Iterable, Mapping

from service.core.domain import Scalar, Text
from service.rules.model.rules import Channel, Message, Offer, Term

PER_YEAR = "per year"
ISSUER = "issuer"
"""A placeholder of offers that another company issues."""
ALWAYS = ("name", "offer_id", "channel_id")
PlaceholderValues = Mapping[str, str]
"""The text of each placeholder."""

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def placeholder_values(offer: Offer, channel: Channel, language: str, terms: Mapping[str, Term]) -> dict[str, str]:
    """The text of each placeholder for this offer in this channel."""
    values = {name: format_value(value, terms[name]) for name, value in offer.terms.items() if value is not None}
    issued = {ISSUER: offer.issuer[language]} if offer.issuer else {}
    return values | issued | {"name": offer.name[language], "offer_id": offer.id, "channel_id": channel.id}


def format_value(value: Scalar, term: Term) -> str:
    """A stated value as text.

    >>> format_value(0.0125, Term("rate", "number", "per year", 0, 0.2, None, ""))
    '1.25%'
    >>> format_value(0.012, Term("rate", "number", "per year", 0, 0.2, None, ""))
    '1.20%'
    >>> format_value(200000, Term("minimum_yuan", "money", "yuan", 0, 1e9, None, ""))
    '200,000'
    """
    if term.unit == PER_YEAR and isinstance(value, int | float):
        return f"{_percent(100 * value)}%"
    if term.kind == "money" and isinstance(value, int | float):
        return f"{value:,.2f}".removesuffix(".00")
    return _trimmed(f"{value:.6f}") if isinstance(value, float) else str(value)


def fill(template: str, values: PlaceholderValues) -> str:
    """The template with every placeholder replaced.

    Raises:
        KeyError: a placeholder has no value.
    """
    return _PLACEHOLDER.sub(lambda match: values[match.group(1)], template)


def placeholders(template: str) -> list[str]:
    """The names between braces, in order."""
    return _PLACEHOLDER.findall(template)


def stray_braces(template: str) -> bool:
    """Whether a brace is outside of any placeholder."""
    return bool(re.search(r"[{}]", _PLACEHOLDER.sub("", template)))


def fill_message(
    title: Text,
    body: Text,
    disclosures: Iterable[Text],
    link: str,
    tail: Text | None,
    language: str,
    values: Mapping[str, str],
) -> Message:
    """One message from its templates; ``tail`` is what the channel adds to every body."""
    whole = [body[language], *([tail[language]] if tail else [])]
    gap = "" if language == "zh" else " "
    return Message(
        title=fill(title[language], values),
        body=gap.join(fill(part, values) for part in whole),
        disclosures=tuple(fill(sentence[language], values) for sentence in disclosures),
        link=fill(link, values),
    )


def _percent(value: float) -> str:
    """At least two decimals, as rates are published, and at most four."""
    digits = f"{value:.4f}"
    return digits[:-2] if digits.endswith("00") else digits.rstrip("0")


def _trimmed(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits else digits
