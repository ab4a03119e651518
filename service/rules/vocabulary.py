"""The names a rule may read besides the customer's attributes, one row a name: kind, axes, and what it says.

A name that is in none of these tables cannot be written in a policy. A row of ``HISTORY_NAMES`` also says what is
counted: from it follow the schema here, the columns of one customer and of many (``history.columns``), and how much of
the past a decision reads (``history.required_events``). The rows of ``context.*`` are in ``core.context``. The
catalogue and the channels fill ``offer.*`` and ``channel.*``.

A count is 0 where there was no such event; days since the newest, a mean and a consent are NULL. A rule should compare
a count with a number: up to 24, a decision costs the same after 10,000 events as after ten (``history.lookback``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from math import inf

from service.core.context import DAY_NAMES, REQUEST_NAMES, DayName, RequestName
from service.core.domain import EventKind, Family
from service.core.expressions import Kind, Name
from service.rules.history.event_counts import EventCount

_OFFER = frozenset({"offer"})
_CHANNEL = frozenset({"channel"})
_AXES: Mapping[str, frozenset[str]] = {
    "customer": frozenset({"customer"}),
    "offer": frozenset({"customer", "offer"}),
    "family": frozenset({"customer", "offer"}),
    "channel": frozenset({"customer", "channel"}),
}
"""The axes over which a count per customer, offer, family or channel varies."""

FAMILIES = tuple(family.value for family in Family)
DIRECTIONS = ("inbound", "outbound")


class Measure(Enum):
    """What a name of ``history.*`` says of the events it counts."""

    COUNT = "how many are in the window"
    DAYS_SINCE = "whole days since the newest"
    MEAN_SCORE = "mean score of those in the window"
    CONSENT = "the newest answer to the consent marketing:<channel>"


@dataclass(frozen=True, slots=True)
class HistoryName:
    """One name of ``history.*``; ``count`` says which events, per what and in which window."""

    name: str
    measure: Measure
    count: EventCount
    meaning: str

    @property
    def typed(self) -> Name:
        """Its kind and axes, as the schema of the rules has them."""
        kind = Kind.BOOLEAN if self.measure is Measure.CONSENT else Kind.NUMBER
        return Name(kind, _AXES[self.count.per])


def _count(name: str, per: str, kind: EventKind, window_days: int, meaning: str) -> HistoryName:
    return HistoryName(f"history.{name}", Measure.COUNT, EventCount(per, frozenset({kind.value}), window_days), meaning)


def _days_since(name: str, per: str, kind: EventKind, meaning: str) -> HistoryName:
    return HistoryName(f"history.{name}", Measure.DAYS_SINCE, EventCount(per, frozenset({kind.value}), inf), meaning)


_SURVEYS = EventCount("customer", frozenset({EventKind.SURVEY.value}), 180.0)
_CONSENTS = EventCount("channel", frozenset(), inf)

HISTORY_NAMES = (
    _count("offer_impressions_7d", "offer", EventKind.IMPRESSION, 7, "Impressions of the offer in 7 days."),
    _count("offer_impressions_30d", "offer", EventKind.IMPRESSION, 30, "Impressions of the offer in 30 days."),
    _days_since("offer_clicked_days", "offer", EventKind.CLICK, "Days since a click on the offer."),
    _days_since("offer_dismissed_days", "offer", EventKind.DISMISS, "Days since the offer was dismissed."),
    _days_since("offer_rejected_days", "offer", EventKind.REJECT, "Days since the offer was rejected."),
    _days_since("offer_accepted_days", "offer", EventKind.ACCEPT, "Days since the offer was accepted."),
    _days_since("family_purchased_days", "family", EventKind.PURCHASE, "Days since a purchase in the offer's family."),
    _count("contacts_7d", "customer", EventKind.CONTACT, 7, "Contacts in 7 days."),
    _count("contacts_30d", "customer", EventKind.CONTACT, 30, "Contacts in 30 days."),
    _count("complaints_90d", "customer", EventKind.COMPLAINT, 90, "Complaints in 90 days."),
    HistoryName("history.satisfaction", Measure.MEAN_SCORE, _SURVEYS, "Mean survey score in 180 days, 1 to 5."),
    _count("channel_contacts_30d", "channel", EventKind.CONTACT, 30, "Contacts through the channel in 30 days."),
    _count("channel_clicks_90d", "channel", EventKind.CLICK, 90, "Clicks in the channel in 90 days."),
    HistoryName("history.consent", Measure.CONSENT, _CONSENTS, "Whether the customer consents to marketing there."),
)

HISTORY: Mapping[str, Name] = {row.name: row.typed for row in HISTORY_NAMES}

_CONTEXT_NAMES: tuple[DayName | RequestName, ...] = (*DAY_NAMES, *REQUEST_NAMES.values())
CONTEXT: Mapping[str, Name] = {row.name: Name(row.kind) for row in _CONTEXT_NAMES}

OFFER: Mapping[str, Name] = {
    "offer.id": Name(Kind.TEXT, _OFFER, static=True),
    "offer.family": Name(Kind.TEXT, _OFFER, values=FAMILIES, static=True),
}

CHANNEL: Mapping[str, Name] = {
    "channel.id": Name(Kind.TEXT, _CHANNEL, static=True),
    "channel.direction": Name(Kind.TEXT, _CHANNEL, values=DIRECTIONS, static=True),
    "channel.contact_cost_yuan": Name(Kind.MONEY, _CHANNEL, static=True),
}

TICKET: Mapping[str, Name] = {"offer.ticket_yuan": Name(Kind.MONEY, frozenset({"customer", "offer"}))}
"""Readable in a family's value formula only: the amount its ticket formula returned."""

LIFETIME: Mapping[str, Name] = {"customer.lifetime_value_yuan": Name(Kind.MONEY, frozenset({"customer"}))}
"""Readable in a family's value formula only, beside the ticket: what the customer is worth as long as they stay."""


def meanings() -> dict[str, str]:
    """What each name of ``history.*`` and ``context.*`` says, one sentence a name, for documentation."""
    rows: tuple[HistoryName | DayName | RequestName, ...] = (*HISTORY_NAMES, *_CONTEXT_NAMES)
    return {row.name: row.meaning for row in rows}
