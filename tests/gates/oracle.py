"""Who may be shown what, by plain Python: written from the law and the contact rules, not from the policy's files.

Of the policy only what an offer states is read (family, risk level, where it is sold). Everything else stands
here in its own words: numbers, days, kinds of event. Where this and the policy disagree, one of them is wrong.
"""

from calendar import isleap
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from service.core.domain import Snapshot
from tests.gates.people import BANK, DAY, events_of

OUTBOUND = frozenset({"adviser_call", "sms", "wechat", "email"})
FACE_TO_FACE = frozenset({"branch", "adviser_call"})
HOLIDAYS = frozenset({date(2026, 10, 1)})
"""Those of the generated days that are one."""
WORKED = frozenset({date(2026, 2, 14)})
"""The Saturday that was worked for the Spring Festival."""
SATURDAY = 6


@dataclass(frozen=True)
class Stated:
    """What an offer states."""

    family: str
    risk: int | None
    qualified: bool
    in_person: bool
    insurance: bool


def stated(offer) -> Stated:
    terms = offer.terms
    risk = terms.get("risk")
    return Stated(
        offer.family,
        None if risk is None else int(risk),
        terms.get("qualified_only") is True,
        terms.get("in_person") is True,
        terms.get("product") == "insurance",
    )


def last_valid_day(assessed: date) -> date:
    """Twelve months on, the same day; the last of February where there is none."""
    if (assessed.month, assessed.day) == (2, 29) and not isleap(assessed.year + 1):
        return date(assessed.year + 1, 2, 28)
    return assessed.replace(year=assessed.year + 1)


class Oracle:
    """One customer at one moment: ``faults`` says what is wrong with showing an offer in a channel."""

    def __init__(self, customer: Snapshot, now: int, offers: dict[str, Stated]) -> None:
        self.customer, self.now, self.offers = customer, now, offers
        self.events = events_of(customer)
        local = datetime.fromtimestamp(now / 1000, BANK)
        self.today, self.clock = local.date(), (local.hour, local.minute, local.second, local.microsecond)
        self.opted_out = customer.consents.get("personalisation") is False
        self.facts = {} if self.opted_out else dict(customer.attributes)
        self.rests = set(self._rests())
        self.families_bought = {offers[one.offer].family for one in self._past({"purchase"}, 1) if one.offer in offers}
        self.contacts = [(one, self._age(one)) for one in self._past({"contact"}, 30) if self._outbound(one.channel)]
        self.shown = Counter(one.offer for one in self._past({"impression"}, 30))

    def faults(self, offer_id: str, channel: str) -> Iterator[str]:
        """Every reason why this may not be shown."""
        offer = self.offers[offer_id]
        if self.customer.attributes.get("deceased") or self.customer.attributes.get("frozen"):
            yield "deceased or frozen"
        if offer.family == "wealth" or offer.risk is not None:
            yield from self._unsuitable(offer, channel)
        yield from self._not_sold(offer, channel)
        if offer_id in self.rests:
            yield "dismissed, rejected, accepted or bought lately"
        if offer.family in self.families_bought:
            yield "within 24 hours of a purchase in the family"
        if self.shown[offer_id] >= 20:
            yield "shown 20 times in 30 days"
        if channel in OUTBOUND:
            yield from self._unwelcome(offer, channel)

    def _unsuitable(self, offer: Stated, channel: str) -> Iterator[str]:
        tolerance, age = self.facts.get("risk_tolerance"), self.facts.get("age")
        if offer.risk is None or tolerance is None or tolerance < offer.risk:
            yield f"risk R{offer.risk} above tolerance {tolerance}"
        day = self.facts.get("risk_assessed_on")
        if day is None or not date.fromisoformat(day) <= self.today <= last_valid_day(date.fromisoformat(day)):
            yield f"assessment of {day} on {self.today}"
        if age is not None and age < 18:
            yield "under 18"
        if offer.risk is not None and offer.risk >= 4 and (age is None or age >= 65) and channel not in FACE_TO_FACE:
            yield f"R{offer.risk} at {age} not face to face"
        if self.facts.get("complaint_open"):
            yield "complaint open"

    def _not_sold(self, offer: Stated, channel: str) -> Iterator[str]:
        age = self.facts.get("age")
        if offer.qualified and self.facts.get("qualified_investor") is not True:
            yield "not a qualified investor"
        if offer.in_person and channel not in FACE_TO_FACE:
            yield "sold in person only"
        if offer.insurance and not (age is not None and 18 <= age <= 65):
            yield f"insured at {age}"

    def _unwelcome(self, offer: Stated, channel: str) -> Iterator[str]:
        if self.customer.consents.get(f"marketing:{channel}") is not True:
            yield "no consent"
        if self.customer.consents.get("retired") is True:
            yield "retired"
        if self.customer.consents.get("contact") is False or self.customer.attributes.get("do_not_contact") is True:
            yield "do not contact"
        if self.opted_out or not self.customer.attributes:
            yield "outbound to who is not personalised"
        if self.facts.get("staff") or self.facts.get("complaint_open"):
            yield "staff or complaint"
        if self._quiet(channel):
            yield f"quiet at {self.clock} of {self.today}"
        yield from self._over_cap(offer, channel)

    def _quiet(self, channel: str) -> bool:
        if not (8, 0, 0, 0) <= self.clock < (21, 0, 0, 0):
            return True
        late = not (9, 0, 0, 0) <= self.clock < (20, 0, 0, 0)
        return channel == "adviser_call" and (late or not self._worked())

    def _worked(self) -> bool:
        weekend = self.today.isoweekday() >= SATURDAY
        return self.today in WORKED or not (weekend or self.today in HOLIDAYS)

    def _over_cap(self, offer: Stated, channel: str) -> Iterator[str]:
        if sum(age < 7 * DAY for _, age in self.contacts) >= 2:
            yield "two contacts in 7 days"
        if len(self.contacts) >= 4:
            yield "four contacts in 30 days"
        if sum(one.channel == channel for one, _ in self.contacts) >= 2:
            yield "two contacts in this channel in 30 days"
        same = (one for one, _ in self.contacts if one.offer in self.offers)
        if sum(self.offers[one.offer].family == offer.family for one in same) >= 3:
            yield "three contacts about this family in 30 days"

    def _rests(self) -> Iterator[str]:
        for kind, days in (("dismiss", 14), ("reject", 60), ("purchase", 7)):
            yield from (one.offer for one in self._past({kind}, days))
        for accepted in self._past({"accept"}, 30):
            since = self._age(accepted)
            ends = (one for one in self.events if one.kind in ("purchase", "reject"))
            if not any(one.offer == accepted.offer and self._age(one) <= since for one in ends):
                yield accepted.offer

    def _past(self, kinds: set[str], days: int):
        return [one for one in self.events if one.kind in kinds and self._age(one) < days * DAY]

    def _age(self, event) -> int:
        return max(0, self.now - event.at)

    def _outbound(self, channel: str | None) -> bool:
        """A channel nobody knows may have been outbound."""
        return channel not in ("mobile_app", "branch")
