"""The names a rule may read besides the customer's attributes: one table per source, each name with its kind and axes.

Nothing here computes a value: ``history`` fills ``history.*`` from events and consents, ``grid`` fills ``context.*``
from the request, the catalogue and the channels fill ``offer.*`` and ``channel.*``. What is not in these tables cannot
be written in a policy. ``..._days`` is the days since the newest such event, NULL when there was none; ``_7d``,
``_30d``, ``_90d`` are counts in a rolling window, 0 when there was none. A count is to be compared with a number:
up to 24 a decision costs the same after 10,000 events as after ten (``lookback``).
"""

from collections.abc import Mapping

from service.core.expressions import Kind, Name

_CUSTOMER = frozenset({"customer"})
_CUSTOMER_OFFER = frozenset({"customer", "offer"})
_CUSTOMER_CHANNEL = frozenset({"customer", "channel"})
_OFFER = frozenset({"offer"})
_CHANNEL = frozenset({"channel"})
_NOWHERE: frozenset[str] = frozenset()

FAMILIES = ("deposit", "wealth")
DIRECTIONS = ("inbound", "outbound")

HISTORY: Mapping[str, Name] = {
    "history.offer_impressions_7d": Name(Kind.NUMBER, _CUSTOMER_OFFER),
    "history.offer_impressions_30d": Name(Kind.NUMBER, _CUSTOMER_OFFER),
    "history.offer_clicked_days": Name(Kind.NUMBER, _CUSTOMER_OFFER),
    "history.offer_dismissed_days": Name(Kind.NUMBER, _CUSTOMER_OFFER),
    "history.offer_rejected_days": Name(Kind.NUMBER, _CUSTOMER_OFFER),
    "history.offer_accepted_days": Name(Kind.NUMBER, _CUSTOMER_OFFER),
    "history.family_purchased_days": Name(Kind.NUMBER, _CUSTOMER_OFFER),  # the family of the offer in this cell
    "history.contacts_7d": Name(Kind.NUMBER, _CUSTOMER),
    "history.contacts_30d": Name(Kind.NUMBER, _CUSTOMER),
    "history.complaints_90d": Name(Kind.NUMBER, _CUSTOMER),
    "history.satisfaction": Name(Kind.NUMBER, _CUSTOMER),  # mean of the surveys in 180 days, 1 to 5; NULL without one
    "history.channel_contacts_30d": Name(Kind.NUMBER, _CUSTOMER_CHANNEL),
    "history.channel_clicks_90d": Name(Kind.NUMBER, _CUSTOMER_CHANNEL),
    "history.consent": Name(Kind.BOOLEAN, _CUSTOMER_CHANNEL),  # the newest word for marketing:<channel>; NULL if none
}

CONTEXT: Mapping[str, Name] = {
    "context.hour": Name(Kind.NUMBER, _NOWHERE),  # 0 to 23 in the policy's time zone
    "context.weekday": Name(Kind.NUMBER, _NOWHERE),  # 1 is Monday
    "context.today": Name(Kind.DATE, _NOWHERE),
    "context.year_ago": Name(Kind.DATE, _NOWHERE),  # the same day 12 months before; 28 February for the 29th
    "context.holiday": Name(Kind.BOOLEAN, _NOWHERE),  # today is in contact.yaml's holidays
    "context.channel": Name(Kind.TEXT, _NOWHERE),  # the channel that asks
    "context.placement": Name(Kind.TEXT, _NOWHERE),
    "context.trigger": Name(Kind.TEXT, _NOWHERE),
    "context.amount_yuan": Name(Kind.MONEY, _NOWHERE),
}

OFFER: Mapping[str, Name] = {
    "offer.id": Name(Kind.TEXT, _OFFER, static=True),
    "offer.family": Name(Kind.TEXT, _OFFER, values=FAMILIES, static=True),
}

CHANNEL: Mapping[str, Name] = {
    "channel.id": Name(Kind.TEXT, _CHANNEL, static=True),
    "channel.direction": Name(Kind.TEXT, _CHANNEL, values=DIRECTIONS, static=True),
    "channel.contact_cost_yuan": Name(Kind.MONEY, _CHANNEL, static=True),
}

TICKET: Mapping[str, Name] = {"offer.ticket_yuan": Name(Kind.MONEY, _CUSTOMER_OFFER)}
"""Readable in a family's value formula only: the amount its ticket formula gave."""
