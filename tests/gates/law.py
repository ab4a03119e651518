"""What the law forbids, by plain Python: written from the law, not from the service's table of it.

Of a policy only what an offer and a channel state is read. Whatever its rules, its levers, its features and its
experiments say, nothing that is forbidden here may ever be shown.
"""

import random
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal

from service.core.domain import Snapshot
from service.rules.policy import CONCERNS, DEFAULT, Channel, Offer, Policy, from_documents, load
from tests.gates.oracle import last_valid_day, stated
from tests.gates.people import BANK

KEPT = ("demand", "time_deposit", "structured_deposit", "large_cd", "wealth_product", "fund", "plan")


def forbidden(customer: Snapshot, now: int, offer: Offer, channel: Channel) -> Iterator[str]:
    """Every law that forbids showing the offer in the channel."""
    if customer.attributes.get("deceased") is True or customer.attributes.get("frozen") is True:
        yield "deceased or frozen"
    opted_out = customer.consents.get("personalisation") is False
    facts = {} if opted_out else customer.attributes
    if channel.direction == "outbound":
        yield from _unwelcome(customer, channel.id, opted_out)
    if offer.terms.get("qualified_only") is True and facts.get("qualified_investor") is not True:
        yield "not a qualified investor"
    if offer.terms.get("in_person") is True and channel.terms.get("face_to_face") is not True:
        yield "sold face to face only"
    yield from _unsaid(offer, channel)
    if offer.family == "wealth" or offer.terms.get("risk") is not None:
        yield from _unsuitable(facts, datetime.fromtimestamp(now / 1000, BANK).date(), offer, channel)


QUALIFIED = frozenset(
    ("fixed_income_plus", "mixed", "equity", "bond_fund", "index_fund", "equity_fund", "insurance", "plan")
)


def _unsaid(offer: Offer, channel: Channel) -> Iterator[str]:
    """What is sold where it is not recorded, or explained by whoever is there; of channels that speak of it."""
    terms, product = channel.terms, offer.terms.get("product")
    recorded = product == "insurance" or offer.terms.get("sold_as") == "agency"
    if recorded and terms.get("recording", True) is not True:
        yield "sold without a record"
    if product in QUALIFIED and terms.get("qualified_staff", True) is not True:
        yield "explained without qualification"


def _unwelcome(customer: Snapshot, channel: str, opted_out: bool) -> Iterator[str]:
    if customer.consents.get(f"marketing:{channel}") is not True:
        yield "no consent"
    if customer.consents.get("contact") is False:
        yield "do not contact me"
    if opted_out or not any(value is not None for value in customer.attributes.values()):
        yield "contacted without personalisation"


def _unsuitable(facts, today: date, offer: Offer, channel: Channel) -> Iterator[str]:
    risk, tolerance, age = offer.terms.get("risk"), facts.get("risk_tolerance"), facts.get("age")
    if risk is None or tolerance is None or tolerance < risk:
        yield f"risk {risk} above tolerance {tolerance}"
    day = facts.get("risk_assessed_on")
    if day is None or not date.fromisoformat(day) <= today <= last_valid_day(date.fromisoformat(day)):
        yield f"assessed {day}, today {today}"
    if age is not None and age < 18:
        yield f"aged {age}"
    if risk is not None and risk >= 4 and (age is None or age >= 65) and channel.terms.get("face_to_face") is not True:
        yield f"R{risk} at {age} without a face"
    yield from _beyond_means(facts, Decimal(str(offer.terms.get("minimum_yuan") or 0)))


def _beyond_means(facts, minimum: Decimal) -> Iterator[str]:
    known = [Decimal(str(facts[f"{one}_yuan"])) for one in KEPT if facts.get(f"{one}_yuan") is not None]
    if known and minimum > 10_000 and minimum > 10 * sum(known):
        yield f"a minimum of {minimum} with {sum(known)}"


class LawOracle:
    """One customer at one moment: ``faults`` says what the law forbids in a channel, and nothing else."""

    def __init__(self, customer: Snapshot, now: int, policy: Policy) -> None:
        self.customer, self.now, self._policy = customer, now, policy
        self.offers = {offer.id: stated(offer) for offer in policy.offers}
        self._offers = {offer.id: offer for offer in policy.offers}
        self._channels = {channel.id: channel for channel in policy.channels}

    def faults(self, offer: str, channel: str) -> Iterator[str]:
        """Every law that forbids it."""
        yield from forbidden(self.customer, self.now, self._offers[offer], self._channels[channel])


def by_the_law(policy: Policy) -> Callable[[Snapshot, int], LawOracle]:
    """The oracle of the law alone."""
    return lambda one, now: LawOracle(one, now, policy)


def confirmed_twice(customer: Snapshot, offer: Offer) -> bool:
    """Whether a sale needs a second confirmation."""
    facts = {} if customer.consents.get("personalisation") is False else customer.attributes
    age = facts.get("age")
    return (offer.terms.get("risk") or 0) >= 4 and (age is None or age >= 65)


def opened(seed: int) -> Policy:
    """A policy of random levers and experiments, none of whose own gates closes anything."""
    chance, documents = random.Random(seed), load(DEFAULT).documents
    for rule in (rule for concern in CONCERNS for rule in documents[concern]["rules"] if rule["stage"] != "fit"):
        rule["require"], rule["cases"] = "true", []
        rule.pop("applies", None)
    for part in ("consents", "quiet_hours", "caps", "cool_offs"):
        documents["contact"][part] = []
    for offer in documents["catalogue"]["offers"]:
        offer["lever"] = chance.choice([0.1, 1, 4]) if "risk" not in offer["terms"] else 4
    documents["experiments"]["exploration"]["epsilon"] = chance.choice([0, 0.3])
    documents["experiments"]["holdout"]["share"] = chance.choice([0, 0.2])
    return from_documents(documents)
