"""Facts about a lead's customer that an adviser reads before the call, for many leads at once.

    maturity      the day on which money matures next, and how much
    last_contact  the latest contact by anybody, its channel, and its outcome
    said          the customer's own reason, as the adviser reported it last
    call          from when to when calls are allowed, by quiet hours and holidays
    best_time     the hour of the day, of those, at which the customer was most often active
    confirmations what must be confirmed before the sale

Maturity and best time are left out for customers who withdrew personalisation: both come from how they use the bank.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from service.core.clock import Clock
from service.core.domain import EventKind, Lookback, Snapshot, Trail
from service.core.grid import DAY_MS
from service.decision.contact_permission import find_closing, find_next_open, find_zone
from service.decision.privacy import is_withdrawn
from service.engine.crm.leads.confirmations import needed_confirmations
from service.engine.crm.leads.judging import adviser_channel
from service.engine.releases.active_release import ReleaseFollower
from service.rendering.answer import iso
from service.rules.policy import Policy
from service.store import Store
from service.store.leads import Lead, PastContact

ACTS = frozenset({EventKind.IMPRESSION, EventKind.CLICK, EventKind.ACCEPT, EventKind.DISMISS, EventKind.PURCHASE})
"""What customers do of their own accord, at a time of their own choice."""
ANSWERS = (EventKind.PURCHASE, EventKind.ACCEPT, EventKind.REJECT, EventKind.DISMISS, EventKind.CLICK)
"""Possible outcomes of a contact, by event."""
HOUR_MS = 3_600_000
YEAR_MS = 366 * DAY_MS
"""How far back events of every kind are read: further than decisions read."""
LEAST_ACTS = 3
"""Fewer acts support no statement on the customer's habits."""


@dataclass(frozen=True, slots=True)
class Call:
    """From when to when (ms UTC) calls are allowed next, and the whole hours of that day at which they are."""

    first: int
    last: int
    hours: frozenset[int]
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class LeadFacts:
    """One customer's facts; ``maturity`` is the day and the yuan (None: amount unknown)."""

    maturity: tuple[str, float | None] | None = None
    last_contact: dict[str, Any] | None = None
    said: str | None = None
    call: Call | None = None
    best_hour: int | None = None
    confirmations: tuple[str, ...] = ()

    def document(self, zone: tzinfo) -> dict[str, Any]:
        """As plain JSON values."""
        on, yuan = self.maturity or (None, None)
        call, hour = self.call, self.best_hour
        return {
            "maturity": None if on is None else {"on": on, "amount_yuan": yuan},
            "last_contact": self.last_contact and self.last_contact | {"at": iso(self.last_contact["at"], zone)},
            "customer_reason": self.said,
            "call": None if call is None else {"from": iso(call.first, zone), "until": iso(call.last, zone)},
            "best_time": None if hour is None else {"from": f"{hour:02}:00", "until": f"{hour + 1:02}:00"},
        }


NOTHING = LeadFacts()
Calls = dict[tuple[str, str | None], Call]
"""By policy and time zone."""


class LeadFactReader:
    """Reads the facts of leads' customers."""

    def __init__(self, store: Store, releases: ReleaseFollower, clock: Clock) -> None:
        self._store, self._releases, self._clock = store, releases, clock

    def read(self, leads: Sequence[Lead]) -> dict[str, LeadFacts]:
        """Lead id -> facts of its customer; a lead whose customer is no longer stored is left out."""
        now = self._clock()
        names = sorted({one.customer_id for one in leads})
        known = self._store.customers.snapshots(names, Lookback(now - YEAR_MS)) if names else {}
        past: dict[str, list[PastContact]] = {}
        for each in self._store.leads.list_past(names) if names else ():
            past.setdefault(each.customer_id, []).append(each)
        calls: Calls = {}
        return {
            one.id: self._facts(one, known[one.customer_id], past.get(one.customer_id, []), now, calls)
            for one in leads
            if one.customer_id in known
        }

    def _facts(self, lead: Lead, snapshot: Snapshot, past: Sequence[PastContact], now: int, calls: Calls) -> LeadFacts:
        policy = self._releases.serving.for_customer(snapshot).policy
        key = policy.hash, find_zone(policy, snapshot)
        if key not in calls:
            calls[key] = call_of(policy, now, key[1])
        private = is_withdrawn(snapshot.consents)
        return LeadFacts(
            maturity=None if private else maturity(snapshot),
            last_contact=last_contact(snapshot.trails, past),
            said=next((each.said for each in reversed(past) if each.said is not None), None),
            call=(call := calls[key]),
            best_hour=None if private else best_hour(snapshot.trails, call.zone, call.hours),
            confirmations=needed_confirmations(policy, snapshot, lead.offer),
        )


def maturity(snapshot: Snapshot) -> tuple[str, float | None] | None:
    """The next day on which money matures, and how much; None where unknown."""
    on, yuan = snapshot.attributes.get("next_maturity_on"), snapshot.attributes.get("next_maturity_yuan")
    return (on[:10], float(yuan) if isinstance(yuan, int | float) else None) if isinstance(on, str) else None


def call_of(policy: Policy, now: int, own: str | None = None) -> Call:
    """When an adviser may call next: now, or after quiet hours and holidays on the customer's clock.

    ``own``: the customer's time zone; None is the bank's. Hours are told in the bank's, in which advisers work.
    """
    channel, zone = adviser_channel(policy), ZoneInfo(policy.contact.timezone)
    first = find_next_open(policy, channel, now, own)
    day = datetime.fromtimestamp(first / 1000, zone).replace(hour=0, minute=0, second=0, microsecond=0)
    begins = {hour: int(day.replace(hour=hour).timestamp() * 1000) for hour in range(24)}
    whole = (
        hour for hour, at in begins.items() if find_closing(policy, channel, at, at + HOUR_MS, own) == at + HOUR_MS
    )
    return Call(first, find_closing(policy, channel, first, first + DAY_MS, own), frozenset(whole), zone)


def last_contact(trails: Iterable[Trail], past: Sequence[PastContact]) -> dict[str, Any] | None:
    """The latest contact and its outcome: as an adviser reported it, else the customer's next event."""
    trails = list(trails)
    made = [(one.instants[-1], one.channel, one.offer) for one in trails if one.kind == EventKind.CONTACT]
    if not made:
        return None
    at, channel, offer = max(made, key=lambda one: one[0])
    reported = next((each.outcome for each in reversed(past) if each.contacted_at == at), None)
    return {"at": at, "channel": channel, "offer": offer, "outcome": reported or _answered(trails, offer, at)}


def _answered(trails: Iterable[Trail], offer: str | None, since: int) -> str | None:
    after = {one.kind for one in trails if one.offer == offer and one.instants[-1] > since}
    return next((str(kind) for kind in ANSWERS if kind in after), None)


def best_hour(trails: Iterable[Trail], zone: ZoneInfo, hours: frozenset[int]) -> int | None:
    """The hour with most of the customer's acts, of those at which calls are allowed; None where there are too few."""
    acts = [at for one in trails if one.kind in ACTS for at in one.instants]
    counts = Counter(datetime.fromtimestamp(at / 1000, zone).hour for at in acts)
    fit = {hour: count for hour, count in counts.items() if hour in hours}
    return min(fit, key=lambda hour: (-fit[hour], hour)) if sum(fit.values()) >= LEAST_ACTS else None
