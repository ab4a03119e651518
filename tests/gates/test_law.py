"""Policies with every gate of their own wide open: the law holds on every road, for one customer as for many."""

import random
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest

from service.core.domain import LAWLESS, Context, Event, Release, Snapshot
from service.core.grid import day_at
from service.decision import Decisions, decide, decide_many, decide_with_stops, encode, population_of, replay
from service.decision.contact_permission import first_closed_gate
from service.rules.policy import DEFAULT, Policy, from_documents, load
from service.rules.statutory import BALANCES
from tests.engine.conftest import House
from tests.gates.law import by_the_law, confirmed_twice, forbidden, opened
from tests.gates.people import moments, people
from tests.gates.roads import TEMPTING, release_of
from tests.gates.service_road import serve

RAW = ("risk_tolerance", "risk_assessed_on", "age", "deceased")
FALSE_FRIENDS = {
    "risk_tolerance": {"kind": "number", "expression": "5"},
    "risk_assessed_on": {"kind": "date", "expression": "date '2026-10-01'"},
    "age": {"kind": "number", "expression": "40"},
    "deceased": {"kind": "boolean", "expression": "false"},
}
"""What a careless author might derive under the name of a raw attribute."""


def disguised(name: str) -> Policy:
    """An opened policy that derives what it should have read: a feature stands where the raw attribute stood."""
    documents = opened(7).documents
    table = documents["attributes"]
    table["attributes"] = [row for row in table["attributes"] if row["name"] != name]
    table["features"] = [{"name": name, "meaning": "derived", **FALSE_FRIENDS[name]}, *table["features"]]
    documents["portrait"]["who"] = [row for row in documents["portrait"]["who"] if row["attribute"] != name]
    return from_documents(documents)


def judged(policy: Policy, crowd: list[Snapshot], now: int, found: Decisions) -> Iterator[str]:
    for row, place in zip(*np.nonzero(found.offer >= 0), strict=True):
        offer, channel = policy.offers[found.offer[row, place]], policy.channels[found.channel[row, place]]
        yield from (
            f"{crowd[row].customer_id} {offer.id} {channel.id}: {one}"
            for one in forbidden(crowd[row], now, offer, channel)
        )


@pytest.mark.parametrize("seed", range(2))
def test_no_batch_of_an_opened_policy_shows_what_the_law_forbids(seed: int):
    policy, release = opened(seed), Release(1, "", None)
    met: Counter[str] = Counter()
    for now in random.Random(seed).sample(moments(), 2):
        crowd = people(200, now, seed * 100 + now % 97)
        scores = {family: np.full(len(crowd), chance) for family, chance in TEMPTING.items()}
        for asked in (None, "branch", "adviser_call", "sms"):
            at = Context(now, asked, limit=len(policy.offers))
            found = decide_many(policy, population_of(policy, crowd), at, scores, release, reasons=True)
            assert list(judged(policy, crowd, now, found)) == []
            met.update(found.withheld)
            met.update(map(str, found.arms))
    assert {"law-tolerance", "law-assessment", "law-adults", "law-not-deceased", "law-consent"} <= met.keys()
    assert "unpersonalised" in met


def test_one_customer_gets_what_the_batch_gives_and_it_replays():
    for seed in (1, 2):
        policy, now = opened(seed), moments()[seed]
        crowd, release = people(40, now, seed), replace(release_of(opened(seed)), policy=policy.hash)
        at = Context(now, limit=len(policy.offers), trigger="maturity")
        scores = {family: np.full(len(crowd), chance) for family, chance in TEMPTING.items()}
        batch = decide_many(policy, population_of(policy, crowd), at, scores, release)
        for row, one in enumerate(crowd):
            decision = decide(policy, one, at, TEMPTING, release, "d")
            mine = [
                (policy.offers[o].id, policy.channels[c].id)
                for o, c in zip(batch.offer[row], batch.channel[row], strict=True)
                if o >= 0
            ]
            assert [(each.offer, each.channel) for each in decision.treatments] == mine
            priorities = batch.priority[row][: len(mine)].tolist()
            assert [each.priority for each in decision.treatments] == priorities
            record = encode(decision, one, at, TEMPTING, release)
            assert replay(record, policy) == record
            for each in decision.treatments:
                offer = next(offer for offer in policy.offers if offer.id == each.offer)
                assert (each.confirmations == ("second-confirmation",)) is confirmed_twice(one, offer)
                for name in (each.channel, *each.alternatives):
                    channel = next(channel for channel in policy.channels if channel.id == name)
                    assert list(forbidden(one, now, offer, channel)) == []


def test_no_contact_is_permitted_that_the_law_forbids():
    policy, now = opened(3), moments()[0]
    permitted = refused = 0
    for one in people(40, now, 5):
        for offer in policy.offers[::5]:
            for channel in (each for each in policy.channels if each.direction == "outbound"):
                contact = Event("x", one.customer_id, "contact", now, offer.id, channel.id)
                gate = first_closed_gate(policy, one, contact, Release(1, policy.hash, None))
                faults = list(forbidden(one, now, offer, channel))
                assert (gate is None) <= (not faults)
                permitted, refused = permitted + (gate is None), refused + (gate is not None)
    assert permitted > 10 and refused > 100


@pytest.mark.parametrize("name", RAW)
def test_a_feature_under_the_name_of_a_raw_attribute_opens_nothing(name: str):
    policy, now = disguised(name), moments()[1]
    crowd = people(100, now, 11)
    at = Context(now, limit=len(policy.offers))
    found = decide_many(policy, population_of(policy, crowd), at, {}, Release(1, policy.hash, None))
    assert list(judged(policy, crowd, now, found)) == []
    for row, one in enumerate(crowd[:20]):
        shown = decide(policy, one, at, {}, Release(1, policy.hash, None), "d").treatments
        assert len(shown) == int((found.offer[row] >= 0).sum())


def test_nothing_that_the_law_forbids_leaves_the_service_on_any_road(house: House):
    store = house.store
    tally = serve(house.settings, store, 40, 8, opened(5), by_the_law)
    store.close()
    assert tally.faults == []
    assert tally.met["service equals batch"] == tally.met["stored decisions replayed"] == tally.met["simulated"] == 40
    assert tally.met["list equals request"] == tally.met["job equals request"] == 40
    assert tally.met["service"] > 100
    assert tally.met["lead"] > 2 and tally.met["override"] > 2 and tally.met["override refused"] > 5


def test_a_stop_in_one_channel_of_an_offer_that_stays_open_in_another_is_counted():
    shipped, now = load(DEFAULT), moments()[0]
    policy = replace(shipped, gates=tuple(gate for gate in shipped.gates if gate.id != "care-from-65"))
    rich = dict.fromkeys((name.removeprefix("customer.") for name in BALANCES), 3_000_000.0)
    day = day_at(now, "Asia/Shanghai").isoformat()
    elder = Snapshot("elder", 1, {**rich, "age": 70, "risk_tolerance": 5, "risk_assessed_on": day})
    at, release = Context(now, limit=len(policy.offers)), Release(1, policy.hash, None)
    decision, stops = decide_with_stops(policy, elder, at, TEMPTING, release, "d")
    open_ = {each.offer for each in decision.treatments}
    high = {offer.id for offer in policy.offers if (offer.terms.get("risk") or 0) >= 4}
    assert open_ & high, "in the branch"
    assert "law-care-from-65" not in decision.withheld
    assert len(open_ & high) <= stops["law-care-from-65"] <= len(high)
    assert set(stops) == {"law-care-from-65"}
    scores = {family: np.full(1, chance) for family, chance in TEMPTING.items()}
    found = decide_many(policy, population_of(policy, [elder]), at, scores, release, reasons=True)
    assert (found.stops, found.withheld) == (stops, decision.withheld)
    for channel, count in (("mobile_app", stops["law-care-from-65"]), ("branch", 0)):
        asked = replace(at, channel=channel)
        assert decide_with_stops(policy, elder, asked, TEMPTING, release, "d")[1].get("law-care-from-65", 0) == count


RELEASE = Release(1, "", None)


@pytest.mark.parametrize("fact", ["recording", "qualified_staff"])
def test_where_a_channel_does_not_say_that_it_records_agency_sales_are_closed(fact: str):
    shipped, now = load(DEFAULT), moments()[0]
    documents = deepcopy(dict(shipped.documents))
    app = next(one for one in documents["channels"]["channels"] if one["id"] == "mobile_app")
    app["terms"].pop(fact)
    policy, at = from_documents(documents), Context(now, "mobile_app", limit=len(shipped.offers))
    crowd = people(60, now, 3)
    shown = {
        name: {one.offer for customer in crowd for one in decide(each, customer, at, TEMPTING, RELEASE, "d").treatments}
        for name, each in (("before", shipped), ("after", policy))
    }
    funds = {offer.id for offer in policy.offers if offer.terms.get("sold_as") == "agency"}
    assert shown["before"] & funds and not shown["after"] & funds
    assert "cash-r1" in shown["after"], "the bank's own cash product is explained by nobody and recorded by no law"


BARRED = {"law-not-deceased", "law-not-frozen"}


def test_with_the_shipped_policy_the_law_stops_only_what_a_policy_may_not_read():
    """Who died or is frozen and opted out; for everybody else it changes no bit."""
    policy = load(DEFAULT)
    for number, now in enumerate(moments()[::13]):
        crowd = people(150, now, number)
        alive = population_of(
            policy, [one for one in crowd if not one.attributes.get("deceased") and not one.attributes.get("frozen")]
        )
        for asked in (None, "branch", "adviser_call"):
            at, release = Context(now, asked, limit=3), Release(1, policy.hash, None)
            found = decide_many(policy, population_of(policy, crowd), at, {}, release, reasons=True)
            assert {gate for gate in found.withheld if gate.startswith("law-")} <= BARRED
            whole = decide_many(policy, alive, at, {}, release, reasons=True)
            bare = decide_many(policy, alive, at, {}, replace(release, arithmetic=LAWLESS), reasons=True)
            assert whole.withheld == bare.withheld
            assert (whole.offer == bare.offer).all() and np.array_equal(whole.priority, bare.priority, equal_nan=True)
