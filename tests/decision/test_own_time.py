"""Quiet hours on the customer's own clock: the same for one customer and for many, cached, replayed and told."""

from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.core.domain import Context, Event, EventKind, Release, Scalar, Snapshot
from service.core.errors import PolicyError
from service.core.grid import moment
from service.decision.batch import decide_many, population_of
from service.decision.contact_permission import find_next_open, find_zone, first_closed_gate
from service.decision.single import decide
from service.rules.expiry import AnswerExpiry
from service.rules.policy import DEFAULT, Policy, from_documents, load
from tests.gates.people import instant

POLICY = load(DEFAULT)
RELEASE = Release(1, POLICY.hash, None)
ZONES = (None, "Asia/Shanghai", "America/Los_Angeles", "Europe/London", "Asia/Kathmandu", "Australia/Lord_Howe")
FACTS: dict[str, Scalar] = {
    "age": 40,
    "demand_yuan": 100_000.0,
    "sms_reachable": True,
    "adviser_id": "A1",
    "risk_tolerance": 3,
    "risk_assessed_on": "2026-01-05",
}
YES = {"marketing:sms": True, "marketing:adviser_call": True}
DAY = 86_400_000
MIDNIGHT = instant("2026-03-13T00:00")


def customer(zone: str | None, **consents: bool) -> Snapshot:
    facts = FACTS if zone is None else {**FACTS, "timezone": zone}
    return Snapshot(f"c-{zone}", 1, facts, {**YES, **consents})


def gate(policy: Policy, snapshot: Snapshot, at: int, channel: str = "sms", offer: str = "term-12m") -> str | None:
    return first_closed_gate(policy, snapshot, Event("", "c", EventKind.CONTACT, at, offer, channel), RELEASE)


@pytest.mark.parametrize(
    ("zone", "at", "closed"),
    [
        (None, "2026-03-13T12:00", None),
        ("America/Los_Angeles", "2026-03-13T12:00", "quiet-night"),  # 21:00 of the day before
        ("America/Los_Angeles", "2026-03-13T11:59", None),  # 20:59
        ("America/Los_Angeles", "2026-03-13T22:59", "quiet-night"),  # 07:59, by daylight saving time
        ("America/Los_Angeles", "2026-03-13T23:00", None),  # 08:00, while it is night in Shanghai
        (None, "2026-03-13T23:00", "quiet-night"),
        ("Asia/Kathmandu", "2026-03-13T10:14", "quiet-night"),  # 07:59
        ("Asia/Kathmandu", "2026-03-13T10:15", None),  # 08:00
        ("Nowhere/Here", "2026-03-13T12:00", None),  # unknown: the bank's
    ],
)
def test_quiet_hours_are_the_customers_own(zone: str | None, at: str, closed: str | None) -> None:
    assert gate(POLICY, customer(zone), instant(at)) == closed


def test_a_working_day_is_the_one_on_the_customers_clock() -> None:
    there = customer("America/Los_Angeles")
    rich = replace(there, attributes={**there.attributes, "demand_yuan": 900_000.0})
    saturday = instant("2026-03-14T01:30")  # Friday 10:30 in Los Angeles, Saturday in Shanghai
    assert gate(POLICY, rich, saturday, "adviser_call", "large-cd-12m") is None
    monday = instant("2026-03-16T02:00")  # Sunday 11:00 in Los Angeles, Monday in Shanghai
    assert gate(POLICY, rich, monday, "adviser_call", "large-cd-12m") == "quiet-calls"


@settings(max_examples=30)
@given(st.lists(st.sampled_from(ZONES), min_size=1, max_size=6), st.integers(0, 4 * DAY))
def test_many_customers_are_decided_as_each_one(zones: list[str | None], offset: int) -> None:
    people = [replace(customer(zone), customer_id=f"c-{place}") for place, zone in enumerate(zones)]
    for channel in ("sms", "adviser_call"):
        context = Context(MIDNIGHT + offset, channel, limit=3)
        many = decide_many(POLICY, population_of(POLICY, people), context, {}, RELEASE, reasons=True)
        for row, one in enumerate(people):
            single = decide(POLICY, one, context, {}, RELEASE, "d")
            offers = [POLICY.offers[place].id for place in many.offer[row] if place >= 0]
            assert offers == [treatment.offer for treatment in single.treatments]
            figures = many.priority[row][many.offer[row] >= 0]
            assert np.array_equal(figures, [treatment.priority for treatment in single.treatments])


def test_a_customer_who_withdrew_personalisation_has_no_time_of_their_own() -> None:
    snapshot = customer("America/Los_Angeles", personalisation=False)
    assert find_zone(POLICY, snapshot) is None
    assert find_zone(POLICY, customer("America/Los_Angeles")) == "America/Los_Angeles"
    assert find_zone(POLICY, customer("Nowhere/Here")) is None


def test_a_policy_whose_table_knows_no_time_zone_judges_by_the_banks() -> None:
    documents = POLICY.documents
    rows = documents["attributes"]["attributes"]
    documents["attributes"]["attributes"] = [row for row in rows if row["name"] != "timezone"]
    with pytest.raises(PolicyError) as error:
        from_documents(documents)
    assert "speaks of the customer's time zone, but no attribute has zone: true" in str(error.value.problems)
    for rule in documents["contact"]["quiet_hours"]:
        rule["cases"] = [case for case in rule["cases"] if "timezone" not in case]
    old = from_documents(documents)
    assert gate(old, customer("America/Los_Angeles"), instant("2026-03-13T12:00")) is None


def test_the_next_time_at_which_a_customer_may_be_called_follows_their_clock() -> None:
    friday = instant("2026-03-13T18:00")
    assert find_next_open(POLICY, "adviser_call", friday) == friday
    london = find_next_open(POLICY, "adviser_call", friday, "Europe/London")
    assert london == friday, "10:00 in London"
    there = find_next_open(POLICY, "adviser_call", friday, "America/New_York")
    assert datetime.fromtimestamp(there / 1000, ZoneInfo("America/New_York")).isoformat() == "2026-03-13T09:00:00-04:00"
    evening = find_next_open(POLICY, "adviser_call", instant("2026-03-14T09:00"), "America/New_York")
    assert datetime.fromtimestamp(evening / 1000, ZoneInfo("America/New_York")).isoformat() == (
        "2026-03-16T09:00:00-04:00"
    )


@given(st.integers(0, 4 * DAY), st.sampled_from([zone for zone in ZONES if zone]))
def test_no_answer_is_kept_across_an_edge_of_any_clock(offset: int, zone: str) -> None:
    now = MIDNIGHT + offset
    end = AnswerExpiry.for_policy(POLICY).end(now)
    first, last = moment(now, zone), moment(end - 1, zone)
    quiet = [minute >= 21 * 60 or minute < 8 * 60 for minute in (first.minute, last.minute)]
    assert quiet[0] is quiet[1]
    assert first.day == last.day


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"kind": "number"}, "zone belongs to a text without values"),
        ({"values": ["Asia/Shanghai"]}, "zone belongs to a text without values"),
        ({"name": "home_zone"}, "is marked zone: true in more than one attribute: home_zone, timezone"),
    ],
)
def test_a_table_that_could_not_tell_the_time_is_refused(row: dict[str, Any], words: str) -> None:
    documents = POLICY.documents
    rows = documents["attributes"]["attributes"]
    own = next(one for one in rows if one["name"] == "timezone")
    if "name" in row:
        rows.insert(0, {**own, **row})
    else:
        own.update(row)
    with pytest.raises(PolicyError) as error:
        from_documents(documents)
    assert words in "\n".join(map(str, error.value.problems))


def test_a_value_that_is_no_time_zone_is_refused_with_what_was_expected() -> None:
    assert POLICY.attributes.check({"timezone": "Asia/Kathmandu"}) == []
    (problem,) = POLICY.attributes.check({"timezone": "Beijing"})
    assert "an IANA time zone such as Asia/Shanghai" in problem.message
