"""Many customers, with reasons: which gate closed the last offer of who gets none, which rules raised the first."""

from hypothesis import given, settings
from hypothesis import strategies as st

from service.core.domain import Context, Snapshot
from service.decision import decide, decide_many, population_of
from tests.decision.bank import ALL_CONSENTS, FITS, RELEASE, RICH, context, customer, small_policy
from tests.decision.strategies import contexts, renamed, snapshots

POLICY = small_policy()
RAISES = {rule.id for rule in FITS if rule.weight > 1.0}


@settings(max_examples=60)
@given(st.lists(snapshots, min_size=1, max_size=8), contexts)
def test_both_say_of_many_what_one_decision_says_of_one(people: list[Snapshot], at: Context):
    several = renamed(people)
    found = decide_many(POLICY, population_of(POLICY, several), at, {}, RELEASE, reasons=True)
    for row, snapshot in enumerate(several):
        one = decide(POLICY, snapshot, at, {}, RELEASE, "d")
        said = {rule.id for rule, fired in zip(POLICY.fits, found.spoken[row], strict=True) if fired}
        assert found.closed[row] == (None if one.treatments else list(one.withheld)[-1])
        assert said == (set(one.treatments[0].reasons) & RAISES if one.treatments else set())


def test_nothing_is_told_unless_asked_for():
    found = decide_many(POLICY, population_of(POLICY, [customer(RICH, ALL_CONSENTS)]), context(), {}, RELEASE)
    assert (found.withheld, found.closed, found.spoken) == (None, None, None)


def test_who_owns_nothing_may_have_a_term_deposit_that_is_worth_nothing():
    # The minimum gate spares offers from 1,000 yuan down, so term stays open; a tenth of 0 yuan brings no margin.
    poor, too = customer({"total_yuan": 0.0}), customer({"total_yuan": 0.0}, customer_id="c-2")
    found = decide_many(POLICY, population_of(POLICY, [poor, too]), context(limit=1), {}, RELEASE, reasons=True)
    assert found.closed.tolist() == ["no-positive-value"] * 2
