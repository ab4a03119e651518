"""What a closed gate lacks: yuan, days, steps of tolerance, or days to wait; and nothing about who may not be read."""

from service.core.domain import Arm, Snapshot
from service.core.grid import day_number
from service.decision import trace_cells
from service.decision.trace.shortfall import Shortfall, Shortfalls
from tests.decision.bank import DAY, RELEASE, RICH, context, customer, event, gate, small_policy

POLICY = small_policy()


def lacking(
    snapshot: Snapshot, gate_id: str, offer: str, channel: str = "mobile_app", policy=POLICY, arm="personalised"
):
    at = context()
    (cell,) = [
        cell
        for cell in trace_cells(policy, snapshot, at, {}, RELEASE)
        if (cell.offer, cell.channel) == (offer, channel)
    ]
    assert gate_id in cell.closed_by
    return Shortfalls(policy, snapshot, at, arm).of(gate_id, cell)


def test_an_amount_falls_short_by_so_many_yuan():
    found = lacking(customer({"total_yuan": 150_000.0}), "minimum", "cd")
    assert found == Shortfall("minimum", "money", "customer.total_yuan", ">=", 150_000.0, 200_000.0, 50_000.0)


def test_an_assessment_expired_so_many_days_ago():
    found = lacking(customer(RICH | {"risk_assessed_on": "2025-09-20"}), "assessed", "cash")
    assert found is not None
    assert (found.kind, found.have, found.gap) == ("date", day_number("2025-09-20"), 12.0)


def test_what_is_unknown_has_no_gap():
    found = lacking(customer({"total_yuan": 1_000_000.0}), "risk", "equity")
    assert found == Shortfall("risk", "number", "customer.risk_tolerance", ">=", None, 5.0, None)


def test_the_first_condition_that_fails_is_the_one_that_is_told():
    both = gate("both", "eligibility", "customer.age >= 18 and customer.total_yuan > 500 and customer.age < 30")
    policy = small_policy(gates=(both,))
    found = lacking(customer({"age": 40, "total_yuan": 600.0}), "both", "term", policy=policy)
    assert found == Shortfall("both", "number", "customer.age", "<", 40.0, 30.0, 10.0)


def test_what_is_counted_is_passed_over_for_the_fact_that_can_change():
    both = gate("both", "eligibility", "history.contacts_30d = 0 and customer.total_yuan >= 500")
    poor = customer({"total_yuan": 400.0}, events=[event("contact", 5 * DAY, "cd", "sms")])
    short = lacking(poor, "both", "term", policy=small_policy(gates=(both,)))
    assert short == Shortfall("both", "money", "customer.total_yuan", ">=", 400.0, 500.0, 100.0)


def test_a_dismissed_family_rests_for_what_is_left_of_its_days():
    waved_off = customer(RICH, events=[event("dismiss", 21 * DAY, "cd", "mobile_app")])
    assert lacking(waved_off, "rest", "term") == Shortfall("rest", "wait", gap=9.0)


def test_a_cap_opens_when_the_oldest_event_that_fills_it_leaves_the_window():
    seen = [event("impression", days * DAY, "term", "mobile_app") for days in (6, 5, 4, 3, 2, 1)]
    assert lacking(customer(RICH, events=seen), "offer-cap", "term") == Shortfall("offer-cap", "wait", gap=2.0)


def test_history_and_alternatives_are_left_to_the_rules_own_words():
    accepted = customer(RICH, events=[event("accept", 5 * DAY, "cd", "mobile_app")])
    assert lacking(accepted, "not-again", "cd") is None


def test_of_who_is_not_personalised_no_fact_is_told():
    withdrawn = customer(RICH | {"total_yuan": 150_000.0}, {"personalisation": False})
    found = lacking(withdrawn, "minimum", "cd", arm=Arm.UNPERSONALISED)
    assert found is not None
    assert (found.have, found.gap) == (None, None)
