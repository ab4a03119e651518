"""The names a rule may read besides the customer's attributes: one table per source, each name with its kind and axes.

Nothing here computes a value: ``contact`` fills ``history.*`` from events and consents, ``grid`` fills ``context.*``
from the request, the catalogue and the channels fill ``offer.*`` and ``channel.*``. What is not in these tables cannot
be written in a policy. A count of days (``..._days``) is the days since the newest such event, NULL when there was none;
``_7d``, ``_30d``, ``_90d`` are counts in a rolling window, 0 when there was none.
"""

from collections.abc import Mapping

from service.expressions import Name

_CUSTOMER = frozenset({"customer"})
_CUSTOMER_OFFER = frozenset({"customer", "offer"})
_CUSTOMER_CHANNEL = frozenset({"customer", "channel"})
_OFFER = frozenset({"offer"})
_CHANNEL = frozenset({"channel"})
_NOWHERE: frozenset[str] = frozenset()

FAMILIES = ("deposit", "wealth")
DIRECTIONS = ("inbound", "outbound")

HISTORY: Mapping[str, Name] = {
    "history.offer_impressions_7d": Name("number", _CUSTOMER_OFFER),
    "history.offer_impressions_30d": Name("number", _CUSTOMER_OFFER),
    "history.offer_clicked_days": Name("number", _CUSTOMER_OFFER),
    "history.offer_dismissed_days": Name("number", _CUSTOMER_OFFER),
    "history.offer_rejected_days": Name("number", _CUSTOMER_OFFER),
    "history.offer_accepted_days": Name("number", _CUSTOMER_OFFER),
    "history.family_purchased_days": Name("number", _CUSTOMER_OFFER),  # the family of the offer in this cell
    "history.contacts_7d": Name("number", _CUSTOMER),
    "history.contacts_30d": Name("number", _CUSTOMER),
    "history.complaints_90d": Name("number", _CUSTOMER),
    "history.satisfaction": Name("number", _CUSTOMER),  # mean of the surveys in 180 days, 1 to 5; NULL without one
    "history.channel_contacts_30d": Name("number", _CUSTOMER_CHANNEL),
    "history.channel_clicks_90d": Name("number", _CUSTOMER_CHANNEL),
    "history.consent": Name("boolean", _CUSTOMER_CHANNEL),  # the newest word for marketing:<channel>; NULL if none
}

CONTEXT: Mapping[str, Name] = {
    "context.hour": Name("number", _NOWHERE),  # 0 to 23 in the policy's time zone
    "context.weekday": Name("number", _NOWHERE),  # 1 is Monday
    "context.today": Name("date", _NOWHERE),
    "context.year_ago": Name("date", _NOWHERE),  # the same day 12 months before; 28 February for the 29th
    "context.holiday": Name("boolean", _NOWHERE),  # today is in contact.yaml's holidays
    "context.channel": Name("text", _NOWHERE),  # the channel that asks
    "context.placement": Name("text", _NOWHERE),
    "context.trigger": Name("text", _NOWHERE),
    "context.amount_yuan": Name("money", _NOWHERE),
}

OFFER: Mapping[str, Name] = {
    "offer.id": Name("text", _OFFER, static=True),
    "offer.family": Name("text", _OFFER, values=FAMILIES, static=True),
}

CHANNEL: Mapping[str, Name] = {
    "channel.id": Name("text", _CHANNEL, static=True),
    "channel.direction": Name("text", _CHANNEL, values=DIRECTIONS, static=True),
    "channel.contact_cost_yuan": Name("money", _CHANNEL, static=True),
}

TICKET: Mapping[str, Name] = {"offer.ticket_yuan": Name("money", _CUSTOMER_OFFER)}
"""Readable in a family's value formula only: the amount its ticket formula gave."""
