"""A policy reads and records of the past what its rules can tell apart, and decides as by all of it."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.core.domain import Context, Release, Snapshot, Trail
from service.core.trails import surveys_of
from service.decision import decide, decide_many, encode, population_of, replay
from service.rendering import Subject, write_explanation
from service.rules.history.required_events import EventRequirement, can_answer, cut_snapshot, required_events_of
from service.rules.model.contact import CoolOff
from service.rules.policy import DEFAULT, Policy, load
from tests.decision.bank import CHANNELS, CONTACT, DAY, NOON, RELEASE, cap, event, fit, lived, small_policy
from tests.decision.strategies import contexts, snapshots

REST = CONTACT.cool_offs[0]
NUMBERS = itertools.count()


def limited(*caps: object, rests: tuple[CoolOff, ...] = (), **changes: object) -> Policy:
    """The small bank under these caps and cool-offs."""
    contact = replace(CONTACT, caps=caps, cool_offs=rests)
    return small_policy(contact=contact, hash=f"p-{next(NUMBERS)}", **changes)


POLICIES = [
    small_policy(),
    limited(
        cap("both", "family", ["impression", "click"], 30, 2, "inbound"),
        cap("calls", "customer", ["contact"], 7, 1, "outbound"),
        cap("seen", "channel", ["impression"], 3, 1, None),
        rests=(replace(REST, per="offer", after=("accept", "click"), until=("purchase", "reject"), days=30),),
        fits=(fit("content", "communication", "history.satisfaction >= 4", 2.0),),
    ),
    limited(cap("one", "offer", ["dismiss"], 90, 1, None), gates=(), fits=()),
    limited(fits=(fit("sum", "cost", "history.contacts_7d + history.channel_clicks_90d > 2", 1.5),)),
]


@pytest.mark.parametrize("number", range(len(POLICIES)))
@given(several=st.lists(snapshots, min_size=1, max_size=3), at=contexts)
@settings(max_examples=30, deadline=None)
def test_no_decision_tells_what_is_kept_from_all_the_past(number: int, several: list[Snapshot], at: Context):
    policy = POLICIES[number]
    release = replace(RELEASE, policy=policy.hash)
    short = [cut_snapshot(policy, one, at.now) for one in several]
    for one, less in zip(several, short, strict=True):
        whole = decide(policy, one, at, {}, release, "d")
        assert decide(policy, less, at, {}, release, "d") == whole
        again = cut_snapshot(
            policy, less, at.now
        )  # of events at one instant, in trails that became one, it may take fewer
        assert decide(policy, again, at, {}, release, "d") == whole
        record = encode(whole, less, at, {}, release)
        assert replay(record, policy) == record
    every, fewer = (decide_many(policy, population_of(policy, each), at, {}, release) for each in (several, short))
    np.testing.assert_array_equal(every.offer, fewer.offer)
    np.testing.assert_array_equal(every.priority, fewer.priority)


@pytest.mark.parametrize("numbers", list(itertools.permutations(range(len(POLICIES)), 2)))
@given(one=snapshots, at=contexts)
@settings(max_examples=15, deadline=None)
def test_a_record_that_answers_another_policy_decides_as_all_the_past(
    numbers: tuple[int, int], one: Snapshot, at: Context
):
    recorded, policy = (POLICIES[number] for number in numbers)
    record = cut_snapshot(recorded, one, at.now)
    if can_answer(recorded, policy, record, at.now):
        assert decide(policy, record, at, {}, RELEASE, "d") == decide(policy, one, at, {}, RELEASE, "d")


def test_an_explanation_reads_the_same_of_what_is_kept():
    policy = load(DEFAULT)
    release, at = Release(1, policy.hash, None), Context(NOON, limit=20)
    shown = [event("impression", number * DAY // 4, "term-12m", "sms") for number in range(40)]
    every = lived(Snapshot("c", 1, {"age": 40, "demand_yuan": 90_000.0}), [*shown, event("contact", 5, "term-12m")])
    told = [
        write_explanation(Subject(policy, decide(policy, one, at, {}, release, "d"), one, at, {}, release), "en")
        for one in (every, cut_snapshot(policy, every, NOON))
    ]
    assert told[0] == told[1]


def test_rules_take_the_newest_in_their_window_at_each_place_and_no_axis_that_none_looks_at():
    policy = limited(
        cap("seen", "offer", ["impression"], 7, 2, None), rests=(replace(REST, days=14),), gates=(), fits=(),
        channels=CHANNELS[:3],
    )  # fmt: skip
    past = [
        *(event("impression", hours, "cd", where) for hours, where in ((1, "sms"), (3, "branch"), (2, "sms"))),
        event("impression", 8 * DAY, "term", "sms"),
        event("impression", 1, None, "sms"),
        event("dismiss", 2, "cd"),
        event("dismiss", 1, "term", "branch"),
        event("dismiss", 3, "cash"),
        event("login", 1),
    ]
    assert required_events_of(policy).needs == (
        EventRequirement("impression", "offer", None, 7, 2),
        EventRequirement("dismiss", "family", None, 14, 1),
        EventRequirement("reject", "family", None, 14, 1),
    )
    assert cut_snapshot(policy, lived(Snapshot("c", 1, {}), past), NOON).trails == (
        Trail("dismiss", "cash", None, (NOON - 3,)),
        Trail("dismiss", "term", None, (NOON - 1,)),
        Trail("impression", "cd", None, (NOON - 2, NOON - 1)),
    )


def test_what_surveys_said_is_read_where_no_event_is_counted():
    policy = limited(gates=(), channels=CHANNELS[:1], fits=(fit("f", "cost", "history.satisfaction >= 4", 2.0),))
    asked = [event("survey", 1, score=5.0)]
    short = cut_snapshot(policy, lived(Snapshot("c", 1, {"total_yuan": 1e6}), asked), NOON)
    assert (short.trails, short.surveys) == ((), surveys_of(asked))
    (first, *_) = decide(policy, short, Context(NOON), {}, RELEASE, "d").treatments
    assert list(first.reasons) == ["f"]


def test_a_record_weighs_the_same_after_ten_thousand_events_in_every_offer_and_channel_as_after_a_thousand():
    policy = load(DEFAULT)
    release, at, sizes = Release(1, policy.hash, None), Context(NOON, "mobile_app"), []
    offers, channels = [one.id for one in policy.offers], [*(one.id for one in policy.channels), None]
    kinds = ["impression", "click", "dismiss", "reject"]
    for count in (1_000, 10_000):
        places = itertools.islice(itertools.cycle(itertools.product(kinds, offers, channels)), count)
        past = [event(kind, number * 40_000, offer, channel) for number, (kind, offer, channel) in enumerate(places)]
        one = cut_snapshot(policy, lived(Snapshot("c", 1, {"age": 40}), past), NOON)
        sizes.append(len(encode(decide(policy, one, at, {}, release, "d"), one, at, {}, release)))
    assert sizes[1] < 1.3 * sizes[0] < 25_000


def test_a_record_answers_rules_that_ask_no_more_of_the_past_and_where_no_place_is_full_also_larger_numbers():
    def seen(days: int, most: int, per: str = "offer", direction: str | None = None) -> Policy:
        return limited(cap("c", per, ["impression"], days, most, direction), gates=(), fits=(), channels=CHANNELS[:3])

    recorded = seen(30, 3)
    few, many = (
        cut_snapshot(
            recorded, lived(Snapshot("c", 1, {}), [event("impression", hour, "cd") for hour in range(count)]), NOON
        )
        for count in (2, 9)
    )
    for asking, by_few, by_many in (
        (seen(30, 2), True, True),
        (seen(7, 3), True, True),
        (seen(30, 4), True, False),
        (seen(31, 2), False, False),
        (seen(30, 2, "family"), False, False),
        (seen(30, 2, "offer", "inbound"), False, False),
        (limited(cap("c", "offer", ["click"], 1, 1, None), gates=(), fits=(), channels=CHANNELS[:3]), False, False),
    ):
        assert (can_answer(recorded, asking, few, NOON), can_answer(recorded, asking, many, NOON)) == (by_few, by_many)
