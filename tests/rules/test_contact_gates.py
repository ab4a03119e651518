"""Consent, quiet hours, caps and cool-offs as gates."""

from dataclasses import replace

import numpy as np
import pytest

from service.core.grid import DAY_MS, GridIndex, Moment, WorkCalendar
from service.rules.contact_gates import CapGate, ConsentGate, ContactGates, CoolOffGate, QuietGate
from service.rules.history.event_counts import EventsByKind
from tests.decision.bank import CHANNELS, CONTACT, NOON, OFFERS, cap, event, past_of, table_of

PLACES = GridIndex([(one.id, one.family) for one in OFFERS], [(one.id, one.direction) for one in CHANNELS])
QUIET = CONTACT.quiet_hours[0]
OUTBOUND_SHUT = [[[True, True, False, False]]]


def past(*events) -> EventsByKind:
    return past_of(events, PLACES)


def cells(gate, *events) -> list:
    found = gate.check_one(past(*events))
    return found if found is True else found.tolist()


def test_outbound_needs_a_yes_and_neither_silence_nor_no_is_one():
    gate = ConsentGate(CONTACT.consents[0], PLACES)
    assert gate.check_one({"marketing:sms": True, "marketing:adviser_call": True}) is True
    assert gate.check_one({"marketing:sms": True, "marketing:adviser_call": False}).tolist() == [
        [[True, True, True, False]]
    ]
    assert gate.check_one({}).tolist() == OUTBOUND_SHUT


def test_one_purpose_may_stand_for_all_channels():
    gate = ConsentGate(replace(CONTACT.consents[0], purpose="marketing"), PLACES)
    assert gate.check_one({"marketing": True}) is True
    assert gate.check_many({"marketing": np.array([1.0, 0.0, np.nan])}, 3)[:, 0, 2].tolist() == [True, False, False]


@pytest.mark.parametrize(
    ("minute", "quiet"),
    [(20 * 60 + 59, False), (21 * 60, True), (1439, True), (0, True), (479, True), (480, False), (720, False)],
)
def test_quiet_hours_run_across_midnight_from_start_until_before_end(minute: int, quiet: bool):
    found = QuietGate(QUIET, PLACES).check(Moment(1, minute, 5), WorkCalendar())
    assert (found if found is True else found.tolist()) == (OUTBOUND_SHUT if quiet else True)


@pytest.mark.parametrize(("minute", "quiet"), [(719, False), (720, True), (839, True), (840, False)])
def test_quiet_hours_within_a_day_need_no_midnight(minute: int, quiet: bool):
    gate = QuietGate(replace(QUIET, start_minute=720, end_minute=840), PLACES)
    assert gate.is_quiet(minute) is quiet


def test_a_holiday_is_quiet_all_day_only_where_the_rule_says_so():
    noon = Moment(1, 720, 5)
    assert QuietGate(QUIET, PLACES).check(noon, WorkCalendar(frozenset({1}))) is not True
    assert QuietGate(replace(QUIET, holidays=False), PLACES).check(noon, WorkCalendar(frozenset({1}))) is True


@pytest.mark.parametrize(
    ("weekday", "calendar", "quiet"),
    [
        (5, WorkCalendar(), False),
        (5, WorkCalendar(holidays=frozenset({1})), True),
        (6, WorkCalendar(), True),
        (7, WorkCalendar(holidays=frozenset({1})), True),
        (6, WorkCalendar(working=frozenset({1})), False),
    ],
)
def test_a_rule_of_working_days_closes_weekends_and_holidays_and_opens_weekends_that_are_worked(
    weekday: int, calendar: WorkCalendar, quiet: bool
):
    gate = QuietGate(replace(QUIET, holidays=False, working_days=True), PLACES)
    assert (gate.check(Moment(1, 720, weekday), calendar) is not True) is quiet
    assert gate.check(Moment(1, 1300, weekday), calendar) is not True, "quiet hours hold on every day"


def test_quiet_hours_may_hold_for_named_channels_only():
    gate = QuietGate(replace(QUIET, direction=None, channels=("adviser_call",)), PLACES)
    assert gate.check(Moment(1, 0, 5), WorkCalendar()).tolist() == [[[True, True, True, False]]]


def test_a_cap_closes_when_its_maximum_is_reached_and_opens_when_the_window_has_passed():
    gate = CapGate(cap("c", "offer", ["impression"], 7, 2, None), PLACES)
    shown = [event("impression", 1, "cd"), event("impression", 7 * DAY_MS - 1, "cd")]
    assert cells(gate, shown[0]) is True
    assert cells(gate, *shown) == [[[True], [False], [True], [True]]]
    assert cells(gate, shown[0], event("impression", 7 * DAY_MS, "cd")) is True


def test_a_cap_of_a_direction_counts_and_closes_that_direction_only():
    gate = CapGate(cap("c", "customer", ["contact"], 7, 2, "outbound"), PLACES)
    called, visited = event("contact", 1, channel="sms"), event("contact", 2, channel="branch")
    assert cells(gate, called, visited) is True
    assert cells(gate, called, event("contact", 3, channel="adviser_call")) == OUTBOUND_SHUT


def test_a_cap_per_family_closes_all_its_offers_and_per_channel_that_channel():
    family = CapGate(cap("c", "family", ["contact"], 7, 1, "outbound"), PLACES)
    assert cells(family, event("contact", 1, "term", "sms")) == [[[True, True, False, False]] * 2 + [[True] * 4] * 2]
    channel = CapGate(cap("c", "channel", ["contact"], 7, 1, None), PLACES)
    assert cells(channel, event("contact", 1, "term", "sms")) == [[[True, True, False, True]]]


@pytest.mark.parametrize(("before", "rests"), [(0, True), (30 * DAY_MS - 1, True), (30 * DAY_MS, False)])
def test_after_a_refusal_the_family_rests_in_every_channel_for_its_days(before: int, rests: bool):
    gate = CoolOffGate(CONTACT.cool_offs[0], PLACES)
    assert cells(gate, event("reject", before, "equity")) == ([[[True], [True], [False], [False]]] if rests else True)


ACCEPTED = replace(CONTACT.cool_offs[0], per="offer", after=("accept",), until=("purchase", "reject"))
RESTING, OPEN = [[[True], [False], [True], [True]]], [[[True]] * 4]


@pytest.mark.parametrize(
    ("past", "found"),
    [
        ([("accept", 5)], RESTING),
        ([("accept", 30 * DAY_MS)], True),
        ([("accept", 5), ("purchase", 5)], OPEN),
        ([("accept", 5), ("purchase", 4)], OPEN),
        ([("accept", 5), ("reject", 4)], OPEN),
        ([("accept", 5), ("purchase", 6)], RESTING),
        ([("accept", 7), ("purchase", 6), ("accept", 5)], RESTING),
        ([("purchase", 5)], True),
    ],
)
def test_a_rest_ends_with_the_next_event_that_it_waits_for_to_the_millisecond(
    past: list[tuple[str, int]], found: object
):
    gate, events = CoolOffGate(ACCEPTED, PLACES), [event(kind, before, "cd") for kind, before in past]
    assert cells(gate, *events) == found
    several = gate.check_many(table_of([[], events], PLACES), NOON, 2)
    assert several is True if found is True else several.tolist() == [OPEN[0], found[0]]


def test_a_family_rests_until_any_of_it_is_bought():
    gate = CoolOffGate(replace(ACCEPTED, per="family"), PLACES)
    assert cells(gate, event("accept", 5, "cd")) == [[[False], [False], [True], [True]]]
    assert cells(gate, event("accept", 5, "cd"), event("purchase", 4, "term")) == OPEN


def test_the_gates_stand_in_the_order_of_their_reasons():
    written = ["consent", "quiet", "offer-cap", "call-cap", "contact-cap", "rest"]
    assert ContactGates(CONTACT, PLACES).ids == ["retired-customer", *written]


def test_many_customers_are_capped_one_by_one():
    gate = CapGate(cap("c", "offer", ["impression"], 7, 2, None), PLACES)
    pasts = [[], [event("impression", 1, "cd")] * 2, [event("impression", 1, "cd")]]
    assert gate.check_many(table_of(pasts, PLACES), NOON, 3)[:, 1, 0].tolist() == [True, False, True]
