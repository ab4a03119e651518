"""Two policies side by side, on the small bank where every figure can be worked out by hand."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.analysis.simulate import simulate
from service.analysis.simulation_result import Move, Shift, Simulation
from service.core.domain import Snapshot
from service.rules.policy import DEFAULT, Policy, Strategy, from_documents, load
from tests.decision.bank import FITS, OFFERS, PLAIN, RELEASE, RICH, WORDS, context, customer, small_policy
from tests.decision.strategies import contexts, renamed, snapshots

STRATEGY = Strategy("s", "consumer", WORDS, WORDS, WORDS, (), True)
OLD = small_policy(hash="p-old", strategies={"s": STRATEGY})


def changed(offer: str, **terms: Any) -> Policy:
    """The old policy with one offer changed."""
    offers = tuple(replace(each, **terms) if each.id == offer else each for each in OFFERS)
    return small_policy(hash="p-new", strategies={"s": STRATEGY}, offers=offers)


def person(name: str, **attributes: Any) -> Snapshot:
    return customer(attributes, customer_id=name)


# 100,000 yuan: a ticket of 10,000; term earns 10,000 x 0.010 = 100 at 0.1 x 0.75, so 7.50 yuan; cd asks for 200,000.
MIDDLE = person("middle", age=30, total_yuan=100_000.0)
# 300,000 yuan: term 300 x 0.075 = 22.50 yuan; cd 30,000 x 0.005 = 150 at 0.1 x 0.25, so 3.75 yuan.
WEALTHY = person("wealthy", age=40, total_yuan=300_000.0)
# Nothing: every value is zero.
POOR = person("poor", age=70, total_yuan=0.0)
PEOPLE = [MIDDLE, WEALTHY, POOR]


def found(new: Policy, people: list[Snapshot] = PEOPLE, **asked: Any) -> Simulation:
    return simulate(OLD, new, people, context(**asked), {}, RELEASE)


def yuan(shift: Shift) -> tuple[float, float]:
    """Old and new to the hundredth of a fen."""
    return round(shift.old, 4), round(shift.new, 4)


def volume(result: Simulation, axis: str) -> dict[str, tuple[float, float]]:
    return {shift.name: (shift.old, shift.new) for shift in result.volumes[axis]}


def test_the_same_policy_changes_nobody():
    result = found(OLD)
    assert result.unchanged
    assert (result.customers, result.identical, result.first_changed) == (3, 3, 0)
    assert yuan(result.value_yuan) == (30.0, 30.0)
    assert result.starved == (Shift("no-positive-value", 1, 1),)
    assert result.moves == result.gainers == result.losers == ()


def test_a_lever_of_two_doubles_the_value_and_moves_no_offer():
    result = found(changed("term", lever=2.0))
    assert (result.identical, result.better, result.worse) == (3, 2, 0)
    assert not result.unchanged
    assert result.value_yuan.difference == pytest.approx(30.0)
    gains = [(one.customer, round(one.difference_yuan, 4)) for one in result.gainers]
    assert gains == [("wealthy", 22.5), ("middle", 7.5)]


def test_a_lever_of_ten_puts_the_cd_first_where_it_may_be_had():
    # wealthy: cd 3.75 x 10 = 37.50 before term 22.50; middle may not have it.
    result = found(changed("cd", lever=10.0))
    assert (result.identical, result.first_changed, result.better) == (2, 1, 1)
    assert result.moves == (Move("term", "cd", 1),)
    assert yuan(result.value_yuan) == (30.0, 45.0)
    assert volume(result, "offer") == {"term": (2, 1), "cd": (0, 1), "cash": (0, 0), "equity": (0, 0)}
    assert volume(result, "shown") == {"term": (2, 2), "cd": (1, 1), "cash": (0, 0), "equity": (0, 0)}
    assert volume(result, "channel")["mobile_app"] == (2, 2)


def test_who_loses_the_last_offer_is_starved_by_the_gate_that_closed_it():
    # term now asks 150,000: deposits fall to the minimum, and the last offers, wealth, to the missing assessment.
    result = found(changed("term", terms={"minimum_yuan": 150_000.0, "rate": 0.015}))
    assert (result.gained, result.lost) == (0, 1)
    told = {each.name: (each.old, each.new) for each in result.starved}
    assert told == {"no-positive-value": (1, 0), "assessed": (0, 2)}
    assert [one.customer for one in result.losers] == ["middle"]
    assert result.moves == (Move("term", None, 1),)


def test_an_offer_that_is_gone_counts_as_removed():
    gone = small_policy(hash="p-new", strategies={"s": STRATEGY}, offers=OFFERS[1:])
    result = found(gone)
    assert set(result.moves) == {Move("term", None, 1), Move("term", "cd", 1)}
    assert volume(result, "offer")["term"] == (2, 0)


def test_groups_add_up_to_everybody():
    result = found(changed("cd", lever=10.0))
    ages = {group.name: group for group in result.groups if group.axis == "age"}
    assert {name: group.customers for name, group in ages.items()} == {
        "below 35": 1,
        "35 to 49": 1,
        "65 and over": 1,
    }
    assert ages["35 to 49"].changed == 1
    assert yuan(ages["35 to 49"].value_yuan) == (22.5, 37.5)
    assert ages["65 and over"].served == Shift("served", 0, 0)
    for axis in {group.axis for group in result.groups}:
        members = [group for group in result.groups if group.axis == axis]
        assert sum(group.customers for group in members) == 3
        assert sum(group.value_yuan.new for group in members) == pytest.approx(result.value_yuan.new)


def test_balances_that_add_up_to_a_bound_but_for_a_binary_fraction_stand_in_its_band():
    result = found(changed("cd", lever=10.0), [person("edge", age=40, total_yuan=49_999.999999)])
    balances = {group.name: group.customers for group in result.groups if group.axis == "balances"}
    assert balances == {"50,000 to 200,000": 1}


def test_a_strategy_is_credited_by_the_rules_that_raise_the_first_offer():
    # "elder" raises deposits from age 60; "seen-often" would lower, and lowering credits nobody.
    elder = person("elder", age=70, total_yuan=100_000.0)
    without = small_policy(hash="p-new", strategies={"s": STRATEGY}, fits=tuple(f for f in FITS if f.id != "elder"))
    result = found(without, [elder, MIDDLE])
    assert volume(result, "strategy") == {"s": (1, 0)}


def test_exploration_is_no_change():
    bold = replace(PLAIN, exploration_epsilon=1.0)
    result = found(
        replace(OLD, hash="p-bold", experiments=bold), [customer(RICH, customer_id=f"c-{n}") for n in range(20)]
    )
    assert result.unchanged


def test_in_the_shipped_policy_another_hash_alone_moves_nobody_in_any_arm():
    shipped = load(DEFAULT)
    documents = shipped.documents
    documents["contact"]["holidays"].append("2031-01-01")
    other = from_documents(documents)
    people = [Snapshot(f"c-{n}", 1, {"age": 20 + n % 60, "demand_yuan": 1000.0 * n}) for n in range(600)]
    result = simulate(shipped, other, people, context(), {}, RELEASE)
    assert other.hash != shipped.hash
    assert result.unchanged
    assert result.value_yuan.old > 0


def test_it_prints_as_text_and_as_json():
    result = found(changed("cd", lever=10.0))
    words = str(result)
    assert "3 customers, policy p-old beside p-new" in words
    assert "another first offer           1 (33.3%)" in words
    assert "expected value, yuan          30.00 -> 45.00 (+15.00)" in words
    assert "term -> cd: 1" in words
    document = orjson.loads(orjson.dumps(result.document()))
    assert document["value_yuan"]["new"] == pytest.approx(45.0)
    assert document["moves"] == [{"old": "term", "new": "cd", "customers": 1}]
    assert document["unchanged"] is False


def test_nobody_is_a_population_too():
    result = found(changed("cd", lever=10.0), [])
    assert (result.customers, result.unchanged) == (0, True)
    assert "0 customers" in str(result)


@settings(max_examples=40)
@given(st.lists(snapshots, max_size=8), contexts)
def test_a_policy_beside_itself_reports_no_change(people: list[Snapshot], at: Any):
    result = simulate(OLD, replace(OLD), renamed(people), at, {}, RELEASE)
    assert result.unchanged
    assert result.value_yuan.difference == 0.0
    assert all(shift.difference == 0 for shifts in (*result.volumes.values(), result.starved) for shift in shifts)


@settings(max_examples=40)
@given(st.lists(snapshots, max_size=8), contexts, st.floats(0.1, 10.0))
def test_what_is_told_adds_up(people: list[Snapshot], at: Any, lever: float):
    result = simulate(OLD, changed("cash", lever=lever), renamed(people), at, {}, RELEASE)
    first = result.volumes["offer"]
    assert sum(move.customers for move in result.moves) == result.first_changed
    assert sum(shift.old for shift in (*first, *result.starved)) == result.customers
    assert sum(shift.new for shift in (*first, *result.starved)) == result.customers
    assert sum(s.difference for s in first) == result.gained - result.lost
    assert result.identical + result.first_changed <= result.customers
