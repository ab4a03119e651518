"""Explaining a decision: the same cells, told one by one."""

import pytest
from hypothesis import given, settings

from service.core.domain import Context, Snapshot
from service.decision import decide, find_unlocks, trace_cells
from tests.decision.bank import ALL_CONSENTS, RELEASE, RICH, context, customer, small_policy
from tests.decision.strategies import contexts, scores, snapshots

POLICY = small_policy()


@given(snapshots, contexts, scores)
@settings(max_examples=60, deadline=None)
def test_the_trace_tells_every_cell_as_the_decision_saw_it(snapshot: Snapshot, at: Context, spoken):
    decision = decide(POLICY, snapshot, at, spoken, RELEASE, "d")
    cells = {(cell.offer, cell.channel): cell for cell in trace_cells(POLICY, snapshot, at, spoken, RELEASE)}
    assert len(cells) == len(POLICY.offers) * len(POLICY.channels)
    for one in decision.treatments:
        cell = cells[one.offer, one.channel]
        assert (cell.closed_by, cell.asked, cell.priority) == ((), True, one.priority)
        assert (cell.propensity, cell.value, cell.fit, cell.response) == (
            one.propensity,
            one.value,
            one.fit,
            one.response,
        )
        assert {rule for rule, fired in cell.fits.items() if fired} == set(one.reasons)
    for offer in POLICY.offers:
        asked = [cell for cell in cells.values() if cell.offer == offer.id and cell.asked]
        if all(cell.closed_by for cell in asked):
            assert offer.id not in {one.offer for one in decision.treatments}


def test_fit_is_what_the_four_concerns_make_of_it():
    elder = customer({"age": 65, "total_yuan": 100_000.0, "demand_yuan": 60_000.0, "mobile_active": True})
    cell = trace_cells(POLICY, elder, context(), {}, RELEASE)[0]
    assert cell.concerns == {"consumer": 2.0, "cost": 1.5, "convenience": 2.0, "communication": 1.0}
    product = 1.0
    for concern, score in cell.concerns.items():
        product *= score ** (4 * POLICY.weights[concern])
    assert cell.fit == pytest.approx(product)


def test_the_nearest_unlock_comes_first():
    known = customer({"total_yuan": 300_000.0, "risk_tolerance": 5, "risk_assessed_on": "2020-01-01"})
    first = find_unlocks(trace_cells(POLICY, known, context(channel="mobile_app"), {}, RELEASE))[0]
    assert (first.gates, first.offers) == (("assessed",), ("cash", "equity"))
    assert first.gates[0] in decide(POLICY, known, context(), {}, RELEASE, "d").withheld


def test_what_only_several_facts_would_open_says_so():
    stranger = customer({"total_yuan": 300_000.0})
    (one,) = find_unlocks(trace_cells(POLICY, stranger, context(channel="mobile_app"), {}, RELEASE))
    assert (one.gates, one.offers) == (("assessed", "risk"), ("cash", "equity"))


def test_who_is_offered_everything_has_nothing_to_unlock():
    open_to_all = small_policy(gates=())
    anybody = customer(RICH, ALL_CONSENTS)
    assert find_unlocks(trace_cells(open_to_all, anybody, context(), {}, RELEASE)) == ()


def test_explaining_changes_nothing():
    before = decide(POLICY, customer(), context(), {}, RELEASE, "d")
    trace_cells(POLICY, customer(), context(), {}, RELEASE)
    assert decide(POLICY, customer(), context(), {}, RELEASE, "d") == before
