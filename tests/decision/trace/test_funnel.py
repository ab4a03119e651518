"""The funnel: the same offers fall at the same gates as in the decision, and nothing is lost on the way."""

from hypothesis import given, settings

from service.core.domain import Context, Snapshot
from service.decision import decide, trace_cells
from service.decision.trace.funnel import WORTH, trace_funnel
from service.rules.policy import STAGES
from tests.decision.bank import RELEASE, RICH, context, customer, small_policy
from tests.decision.strategies import contexts, scores, snapshots

POLICY = small_policy()


def test_a_saver_without_assessment_loses_wealth_at_suitability_and_the_cd_at_eligibility():
    saver = customer({"total_yuan": 60_000.0, "age": 40})
    steps = trace_funnel(POLICY, trace_cells(POLICY, saver, context(channel="mobile_app"), {}, RELEASE))
    assert [step.stage for step in steps] == [*STAGES, WORTH]
    assert steps[0].taken == {"minimum": ("cd",)}
    assert steps[2].taken == {"assessed": ("cash", "equity")}
    assert [step.left for step in steps][-1] == ("term",)


def test_what_no_channel_makes_worth_its_cost_falls_at_the_last_step():
    steps = trace_funnel(POLICY, trace_cells(POLICY, customer(RICH), context(), {}, RELEASE))
    priced = RELEASE.__class__(1, "p-small", "b-1", {"family:deposit": 1e9})
    dear = trace_funnel(POLICY, trace_cells(POLICY, customer(RICH), context(), {}, priced))
    assert {"term", "cd"} <= set(steps[-1].left)
    assert set(dear[-1].taken["no-positive-value"]) >= {"term", "cd"}


@given(snapshots, contexts, scores)
@settings(max_examples=60, deadline=None)
def test_the_funnel_counts_what_the_decision_withholds(snapshot: Snapshot, at: Context, spoken):
    decision = decide(POLICY, snapshot, at, spoken, RELEASE, "d")
    steps = trace_funnel(POLICY, trace_cells(POLICY, snapshot, at, spoken, RELEASE))
    taken = {gate: len(offers) for step in steps for gate, offers in step.taken.items()}
    assert taken == dict(decision.withheld)
    assert {one.offer for one in decision.treatments} <= set(steps[-1].left)
    assert len(steps[-1].left) + sum(taken.values()) == len(POLICY.offers)
