"""Counting events: windows exact to the millisecond, and one customer like many."""

from math import isnan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.core.domain import Event
from service.core.grid import DAY_MS
from service.rules.history.event_counts import Counter, EventCount, SurveyMean
from tests.decision.bank import NOON, event, past_of, table_of
from tests.decision.strategies import events
from tests.rules.history.counting import PLACES, by_hand, tallies

SHOWN = EventCount("offer", frozenset({"impression"}), 7)


def counted(tally: EventCount, *past: Event) -> list[int] | None:
    return Counter(tally, PLACES).count_one(past_of(past, PLACES))


@pytest.mark.parametrize(
    ("before", "counts"), [(0, True), (7 * DAY_MS - 1, True), (7 * DAY_MS, False), (7 * DAY_MS + 1, False)]
)
def test_an_event_counts_until_the_window_has_passed_to_the_millisecond(before: int, counts: bool):
    assert counted(SHOWN, event("impression", before, "cd")) == ([0, 1, 0, 0] if counts else None)


def test_an_event_from_a_fast_clock_counts_as_now():
    assert counted(SHOWN, event("impression", -DAY_MS, "cd")) == [0, 1, 0, 0]


def test_only_the_kinds_asked_for_count():
    assert counted(SHOWN, event("click", 0, "cd"), event("sneeze", 0, "cd")) is None


def test_a_family_counts_all_its_offers():
    per_family = EventCount("family", frozenset({"purchase"}))
    assert counted(
        per_family, event("purchase", 0, "cd"), event("purchase", 1, "term"), event("purchase", 2, "cash")
    ) == [2, 1]


def test_what_the_policy_does_not_know_counts_for_the_customer_only():
    gone = event("impression", 0, "withdrawn-offer", "closed-channel")
    assert counted(SHOWN, gone) is None
    assert counted(EventCount("channel", frozenset({"impression"}), 7), gone) is None
    assert counted(EventCount("customer", frozenset({"impression"}), 7), gone) == [1]


def test_of_a_direction_only_its_channels_events_count_and_those_of_unknown_channel():
    outbound = EventCount("customer", frozenset({"contact"}), 7, "outbound")
    assert counted(outbound, event("contact", 0, channel="sms"), event("contact", 1, channel="branch")) == [1]
    assert counted(outbound, event("contact", 0)) == [1]


@pytest.mark.parametrize(
    ("before", "days"), [(0, 0.0), (DAY_MS - 1, 0.0), (DAY_MS, 1.0), (10 * DAY_MS + 5, 10.0), (-5, 0.0)]
)
def test_days_since_are_whole_days_of_24_hours(before: int, days: float):
    clicked = Counter(EventCount("offer", frozenset({"click"})), PLACES)
    found = clicked.newest_one(past_of([event("click", 20 * DAY_MS, "cd"), event("click", before, "cd")], PLACES))
    assert found is not None
    assert found[1] == days
    assert isnan(found[0])


def test_the_mean_leaves_out_surveys_without_a_score():
    surveys = SurveyMean(180)
    past = [event("survey", 1, score=5.0), event("survey", 2), event("survey", 3, score=2.0)]
    assert surveys.mean_one(past_of(past, PLACES)) == 3.5
    assert surveys.mean_one(past_of([event("survey", 2)], PLACES)) is None


@given(tallies, st.lists(events, min_size=1, max_size=6))
@settings(max_examples=150, deadline=None)
def test_many_are_counted_like_each_one_and_by_hand(tally: EventCount, pasts: list[tuple[Event, ...]]):
    counter, table = Counter(tally, PLACES), table_of(pasts, PLACES)
    pairs = [
        (counter.count_many(table, NOON, len(pasts)), counter.count_one, 0),
        (counter.newest_many(table, NOON, len(pasts)), counter.newest_one, np.nan),
    ]
    for many, one, nothing in pairs:
        each = [one(past_of(past, PLACES)) for past in pasts]
        expected = np.array([[nothing] * counter.size if row is None else row for row in each], dtype=float)
        np.testing.assert_array_equal(np.full_like(expected, nothing) if many is None else many, expected)
    assert counter.count_one(past_of(pasts[0], PLACES)) == by_hand(tally, pasts[0])


@given(st.lists(events, min_size=2, max_size=6), st.data())
@settings(max_examples=60, deadline=None)
def test_part_of_a_table_is_the_table_of_the_part(pasts: list[tuple[Event, ...]], data: st.DataObject):
    rows = sorted(data.draw(st.sets(st.integers(0, len(pasts) - 1), min_size=1)))
    part, own = table_of(pasts, PLACES).take_rows(np.array(rows)), table_of([pasts[row] for row in rows], PLACES)
    for column in ("customer", "kind", "at", "offer", "channel", "surveyed", "surveyed_at", "score"):
        np.testing.assert_array_equal(getattr(part, column), getattr(own, column))
