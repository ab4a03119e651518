"""market.yaml: the rates that others pay, each with source, day and licence. A policy may lack it."""

import re
from datetime import date

from service.core.grid import is_iso_day
from service.rules.loading.documents.entry import Entry
from service.rules.model.market import HIGHEST, LOWEST, Market, MarketRate

LONGEST_FRESH = 3_660
"""The most days for which a rate may hold."""
EPOCH = date(1970, 1, 1)
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def read_market(page: Entry) -> Market:
    """The rates; none where a policy has no such document."""
    if not page.values:
        return Market()
    rates = tuple(_rate(entry) for entry in page.children("rates", "rate"))
    page.close()
    return Market(rates)


def _rate(entry: Entry) -> MarketRate:
    rate = MarketRate(
        id=_id(entry),
        rate=entry.number("rate", LOWEST, HIGHEST, "per year; 1.25 percent is 0.0125"),
        meaning=entry.text("meaning", "what the rate says"),
        source=entry.text("source", "who publishes it, and where"),
        day=_day(entry),
        licence=entry.text("licence", "on what terms the bank may use it"),
        fresh_days=entry.whole("fresh_days", 1, LONGEST_FRESH),
    )
    entry.close()
    return rate


def _id(entry: Entry) -> str:
    """The id, which expressions read as ``market.<id>``."""
    found = entry.text("id", "small letters, digits and _")
    if found and not _NAME.fullmatch(found):
        entry.add_fault("id", f'must be small letters, digits and _ (a letter first), as in market.<id>, got "{found}"')
    return found


def _day(entry: Entry) -> date:
    text = entry.values.get("day")
    if entry.has("day") and isinstance(text, str) and is_iso_day(text):
        return date.fromisoformat(text)
    entry.add_wrong_kind("day", "the day on which the source told it (YYYY-MM-DD)")
    return EPOCH
