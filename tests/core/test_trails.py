"""Trails say what all the events say: to the millisecond, for every window, in whatever order the events came."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.analysis.policy_checks.lint import lint_policy
from service.core.domain import KEPT, Context, Event, Release, Snapshot, Trail
from service.core.expressions import Kind
from service.core.trails import EVERY, trails_of
from service.decision import decide
from service.rules.expiry import AnswerExpiry
from service.rules.history.event_counts import Counter, group_events, past_table
from service.rules.history.lookback import most_by_rule
from service.rules.policy import DEFAULT, Policy, from_documents, load
from tests.decision.bank import CHANNELS, DAY, NOON, RELEASE, cap, event, fit, gate, lived, says, small_policy
from tests.decision.strategies import contexts, events, snapshots
from tests.rules.history.counting import PLACES, by_hand, tallies

PLAIN_CHANNELS = tuple(replace(one, response=says("1.0", Kind.NUMBER)) for one in CHANNELS)
BARE = {
    "gates": (),
    "fits": (),
    "contact": replace(small_policy().contact, caps=(), cool_offs=()),
    "channels": PLAIN_CHANNELS,
}


def most_told_apart(policy: Policy) -> int:
    return max([1, *most_by_rule(policy).values()])


def newest(trails: tuple[Trail, ...], most: int) -> tuple[Trail, ...]:
    """What is kept where so many are told apart."""
    return tuple(replace(one, instants=one.instants[-most:]) for one in trails)


def test_a_trail_is_the_instants_of_one_kind_offer_and_channel_oldest_first():
    past = [event("click", 1, "cd", "sms"), event("click", 3, "cd", "sms"), event("click", 3, "cd", "sms")]
    assert trails_of([*past, event("click", 2, "cd"), event("survey", 5, score=2.0)]) == (
        Trail("click", "cd", None, (NOON - 2,)),
        Trail("click", "cd", "sms", (NOON - 3, NOON - 3, NOON - 1)),
        Trail("survey", None, None, (NOON - 5,)),
    )


@given(tallies, st.lists(events, min_size=1, max_size=4), st.integers(1, 6), st.randoms(use_true_random=False))
@settings(max_examples=120, deadline=None)
def test_the_newest_of_every_trail_count_as_all_events_do_up_to_what_is_told_apart(tally, pasts, most, chance):
    counter = Counter(tally, PLACES)
    several = [lived(Snapshot("c", 1, {}), past) for past in pasts]
    short = [replace(one, trails=newest(one.trails, most)) for one in several]
    table = past_table(short, PLACES)
    many, ages = counter.count_many(table, NOON, len(short)), counter.newest_many(table, NOON, len(short))
    for row, (past, one) in enumerate(zip(pasts, short, strict=True)):
        shuffled = chance.sample(past, len(past))
        assert newest(trails_of(shuffled), most) == one.trails, "late events stand where they would have stood"
        kept, whole = (group_events(each, (), PLACES, NOON) for each in (one.trails, trails_of(past)))
        expected, found = by_hand(tally, past), counter.count_one(kept)
        assert (found is None) == (expected is None)
        capped = np.minimum(expected or [0] * counter.size, most)
        np.testing.assert_array_equal(np.minimum(found or [0] * counter.size, most), capped)
        np.testing.assert_array_equal(np.minimum(0 if many is None else many[row], most), capped)
        np.testing.assert_equal(counter.newest_one(kept), counter.newest_one(whole))
        days = [np.nan] * counter.size if ages is None else ages[row]
        np.testing.assert_equal(np.asarray(days), np.asarray(counter.newest_one(whole) or [np.nan] * counter.size))


@given(snapshots, contexts)
@settings(max_examples=60, deadline=None)
def test_no_decision_tells_the_newest_from_all_the_past(snapshot: Snapshot, at: Context):
    policy = small_policy()
    short = replace(snapshot, trails=newest(snapshot.trails, most_told_apart(policy)))
    whole = decide(policy, snapshot, at, {}, RELEASE, "d")
    assert decide(policy, short, at, {}, RELEASE, "d") == whole


@pytest.mark.parametrize(
    ("when", "most"),
    [
        ("history.contacts_30d >= 3", 4),
        ("3 > history.contacts_30d", 4),
        ("history.contacts_30d < 2.5", 3),
        ("coalesce(history.complaints_90d, 0) = 0", 1),
        ("history.contacts_7d between 2 and 5", 6),
        ("history.contacts_7d in (1, 7)", 8),
        ("history.offer_rejected_days < 60", 1),
        ("history.contacts_7d is null", 1),
        ("case when history.contacts_7d > 9 then true else false end", 10),
        ("history.contacts_7d + history.contacts_30d > 3", EVERY),
        ("history.contacts_7d > customer.age", EVERY),
    ],
)
def test_a_rule_tells_apart_one_more_than_it_compares_with(when: str, most: int):
    assert most_told_apart(small_policy(**{**BARE, "fits": (fit("f", "cost", when, 1.5),)})) == most
    assert most_told_apart(small_policy(**{**BARE, "gates": (gate("g", "eligibility", when),)})) == most


def test_a_cap_tells_apart_as_many_as_it_allows_and_a_formula_every_one():
    contact = replace(BARE["contact"], caps=(cap("c", "offer", ["impression"], 30, 21, None),))
    assert most_told_apart(small_policy(**{**BARE, "contact": contact})) == 21
    channels = (replace(CHANNELS[0], response=says("1 + history.contacts_7d", Kind.NUMBER)), *PLAIN_CHANNELS[1:])
    assert most_told_apart(small_policy(**{**BARE, "channels": channels})) == EVERY


def test_the_shipped_policy_is_answered_by_what_is_kept():
    policy = load(DEFAULT)
    assert 1 < most_told_apart(policy) <= KEPT
    assert AnswerExpiry.for_policy(policy).lookback(NOON).most == KEPT


def test_a_cap_beyond_what_is_kept_reads_every_event_and_the_check_says_so():
    documents = load(DEFAULT).documents
    documents["contact"]["caps"][0]["maximum"] = 100
    documents["contact"]["caps"][0]["cases"] = [
        {"expect": "passes", "channel": "mobile_app", "offer": "term-12m"},
        {
            "expect": "blocks",
            "channel": "mobile_app",
            "offer": "term-12m",
            "past": [{"kind": "impression", "offer": "term-12m", "days_ago": 1, "times": 100}],
        },
    ]
    policy = from_documents(documents)
    assert AnswerExpiry.for_policy(policy).lookback(NOON).most == 100
    (warned,) = [one for one in lint_policy(policy).warnings if f"counts beyond {KEPT} events" in one.message]
    assert warned.where == "cap-offer-shown"


def test_thousands_of_impressions_close_the_same_cap_as_twenty():
    policy, at = load(DEFAULT), Context(NOON, limit=20)
    release = Release(1, policy.hash, None)
    shown = [
        Event(f"e-{number}", "c", "impression", NOON - number * DAY // 300, "term-12m", "mobile_app")
        for number in range(4_000)
    ]
    every = lived(Snapshot("c", 1, {"age": 40, "demand_yuan": 90_000.0}), shown)
    few = replace(every, trails=newest(every.trails, KEPT))
    assert len(few.trails[0].instants) == KEPT
    assert decide(policy, few, at, {}, release, "d") == decide(policy, every, at, {}, release, "d")
