"""Which factor decided: by hand, and that leaving nothing out changes nothing."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from service.core.domain import Context, Snapshot
from service.decision import TracedTreatment, decide, trace_cells
from service.decision.trace.drop_one import FACTORS, drop_each_factor, priority, winner
from tests.decision.bank import RELEASE, context, customer, small_policy
from tests.decision.strategies import contexts, scores, snapshots

POLICY = small_policy()
NEUTRAL = dict.fromkeys(("consumer", "cost", "convenience", "communication"), 1.0)


def cell(offer: str, propensity: float, value: float, **more: float) -> TracedTreatment:
    """An open cell with the priority its factors give."""
    factors = {"fit": 1.0, "lever": 1.0, "response": 1.0, "contact_cost": 0.0, "price": 0.0} | more
    one = TracedTreatment(
        offer, "mobile_app", True, {}, {}, NEUTRAL, propensity=propensity, value=value, priority=0.0, **factors
    )
    return replace(one, priority=priority(one, {}))


def without(cells: list[TracedTreatment]) -> dict[str, str | None]:
    return {one.factor: one.winner and one.winner[0] for one in drop_each_factor(POLICY, cells)}


def test_the_likely_wins_by_propensity_and_the_dear_without_it():
    likely, dear = cell("likely", 0.5, 100.0), cell("dear", 0.1, 200.0)
    found = without([likely, dear])
    assert winner([likely, dear]) is likely
    assert found["propensity"] == "dear"
    assert {found[factor] for factor in FACTORS if factor != "propensity"} == {"likely"}


def test_a_lever_that_decided_is_named():
    pushed, better = cell("pushed", 0.1, 100.0, lever=2.0), cell("better", 0.1, 150.0)
    assert without([pushed, better]) | {"lever": ""} == dict.fromkeys(FACTORS, "pushed") | {
        "value": "pushed",
        "lever": "",
    }
    assert without([pushed, better])["lever"] == "better"


def test_without_its_cost_a_treatment_may_become_worth_making():
    (found,) = [one for one in drop_each_factor(POLICY, [cell("call", 0.1, 100.0, contact_cost=20.0)]) if one.changes]
    assert (found.factor, found.winner, found.priority) == ("cost", ("call", "mobile_app"), 10.0)


def test_no_price_below_zero_pushes_an_offer_that_gains_nothing_whatever_is_left_out():
    idle = cell("idle", 0.3, 100.0, uplift=-0.1, price=-50.0)
    assert idle.priority == 0.0
    assert without([idle]) == dict.fromkeys(FACTORS) | {"propensity": "idle"}


def test_one_concern_of_the_fit_is_taken_out_alone():
    elder = customer({"age": 65, "total_yuan": 100_000.0, "demand_yuan": 60_000.0, "mobile_active": True})
    cells = trace_cells(POLICY, elder, context(channel="mobile_app"), {}, RELEASE)
    found = {one.factor: one.priority for one in drop_each_factor(POLICY, cells)}
    assert found["fit.consumer"] == pytest.approx((winner(cells).priority) / 2.0)
    assert found["fit"] == pytest.approx(winner(cells).priority / 6.0)


def test_where_nothing_is_open_nothing_decides():
    assert drop_each_factor(POLICY, []) == ()


@given(snapshots, contexts, scores)
@settings(max_examples=60, deadline=None)
def test_the_factors_of_a_cell_give_its_priority_bit_by_bit_and_the_winner_is_the_decisions(
    snapshot: Snapshot, at: Context, spoken
):
    cells = trace_cells(POLICY, snapshot, at, spoken, RELEASE)
    assert all(priority(one, {}) == one.priority for one in cells if one.value is not None)
    decision, first = decide(POLICY, snapshot, at, spoken, RELEASE, "d"), winner(cells)
    if not decision.explored:
        best = next(iter(decision.treatments), None)
        assert (first and (first.offer, first.channel)) == (best and (best.offer, best.channel))
