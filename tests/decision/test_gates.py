"""Gates that cannot be talked round: suitability, money to the fen, days of the bank, the right not to be profiled."""

from dataclasses import replace

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.decision import customers
from service.core.domain import Arm, Context, Decision, Snapshot
from service.decision import decide, decide_many, encode, population_of
from service.rules.policy import DEFAULT, Policy, load
from tests.decision.bank import (
    ALL_CONSENTS,
    DAY,
    NOON,
    PLAIN,
    RELEASE,
    RICH,
    context,
    customer,
    event,
    gate,
    lived,
    small_policy,
)
from tests.decision.strategies import attributes, consents, events, scores

MIDNIGHT = NOON - 12 * 3_600_000  # 2026-10-02 00:00 in Shanghai
EMPTY_HANDED = dict.fromkeys(
    ["time_deposit_yuan", "structured_deposit_yuan", "large_cd_yuan", "fund_yuan", "plan_yuan"], 0.0
)
STIRRED = replace(PLAIN, exploration_epsilon=0.5, holdout_share=0.3)


@pytest.fixture(scope="module")
def shipped() -> Policy:
    """The policy that ships, with much exploration, a large holdout and large standing tests."""
    policy = load(DEFAULT)
    tests = tuple(replace(test, share=0.03) for test in policy.experiments.tests)
    return replace(policy, experiments=replace(STIRRED, holdout_share=0.1, tests=tests))


def crowd(count: int) -> list[Snapshot]:
    """Customers of every tolerance, assessment age, wealth and consent; a tenth withdrew personalisation."""
    chance = np.random.default_rng(11)
    return [_stranger(chance, number) for number in range(count)]


def _stranger(chance: np.random.Generator, number: int) -> Snapshot:
    known = {
        "age": int(chance.integers(16, 95)),
        "risk_tolerance": int(chance.integers(1, 6)),
        "risk_assessed_on": str(chance.choice(["2026-09-30", "2025-10-02", "2025-10-01", "2024-01-31"])),
        "demand_yuan": float(round(10 ** chance.uniform(2, 7), 2)),
        "wealth_product_yuan": float(chance.choice([0.0, 60_000.0])),
        "qualified_investor": bool(chance.integers(2)),
        "logins_30d": int(chance.integers(0, 20)),
        "sms_reachable": True,
        "email_reachable": True,
        "wechat_bound": True,
    }
    kept = EMPTY_HANDED | {name: value for name, value in known.items() if chance.random() < 0.9}
    words = {f"marketing:{name}": bool(chance.integers(2)) for name in ("sms", "adviser_call", "wechat", "email")}
    if chance.random() < 0.1:
        words["personalisation"] = False
    return Snapshot(f"c-{number}", 1, kept, words)


def unsuitable(policy: Policy, snapshot: Snapshot, offer: int) -> bool:
    """By plain Python, and apart from every rule: is this offer above what the customer may hold?"""
    risk = policy.offers[offer].terms.get("risk")
    if risk is None:
        return False
    facts = {} if snapshot.consents.get("personalisation") is False else snapshot.attributes
    valid = facts.get("risk_assessed_on", "") >= "2025-10-02"  # twelve months to the day
    return not valid or facts.get("risk_tolerance", 0) < risk


def test_nothing_above_tolerance_is_ever_shown_in_any_arm_or_channel(shipped: Policy):
    people, seen = crowd(3_000), set()
    known = population_of(shipped, people)
    arms = set(Arm) - {Arm.CHALLENGER} | {test.id for test in shipped.experiments.tests}
    lucky = {family: np.full(len(people), 0.99) for family in ("deposit", "wealth")}
    for asked in (None, "branch", "mobile_app"):
        found = decide_many(shipped, known, context(channel=asked, limit=5), lucky, RELEASE)
        for row, place in zip(*np.nonzero(found.offer >= 0), strict=True):
            offer = int(found.offer[row, place])
            assert not unsuitable(shipped, people[row], offer), (people[row], shipped.offers[offer].id)
            seen |= {found.arms[row], bool(found.explored[row]), shipped.offers[offer].terms.get("risk")}
    assert {*arms, True, False, 2, 3, 4} <= seen, "the test must have met every arm, exploration and risk level"


def test_a_customer_at_a_time_nothing_above_tolerance_is_shown_either(shipped: Policy):
    places = {offer.id: place for place, offer in enumerate(shipped.offers)}
    for snapshot in crowd(200):
        for one in decide(shipped, snapshot, context(), {"wealth": 0.99}, RELEASE, "d").treatments:
            assert not unsuitable(shipped, snapshot, places[one.offer])


def test_outbound_channels_need_a_yes(shipped: Policy):
    people = crowd(1_000)
    for channel in ("sms", "wechat", "email"):
        at = context(now=NOON + 10 * DAY, channel=channel)
        found = decide_many(shipped, population_of(shipped, people), at, {"deposit": np.full(1_000, 0.5)}, RELEASE)
        reached = np.flatnonzero(found.offer[:, 0] >= 0).tolist()
        assert reached, "the test must have met outbound treatments"
        assert all(people[row].consents.get(f"marketing:{channel}") is True for row in reached)


@given(attributes, attributes, consents, events, scores, scores, st.integers(1, 5))
@settings(max_examples=150, deadline=None)
def test_without_personalisation_no_personal_fact_changes_a_byte(one, other, words, past, some, more, limit: int):
    policy, refused = small_policy(experiments=STIRRED), {**words, "personalisation": False}
    first = decided(policy, lived(Snapshot("c", 1, one, refused), past), context(limit=limit), some)
    second = decided(policy, lived(Snapshot("c", 1, other, refused), past), context(limit=limit), more)
    assert orjson.dumps(first) == orjson.dumps(second)
    elsewhere = decided(policy, lived(Snapshot("another", 1, other, refused), past), context(limit=limit), more)
    assert (elsewhere.treatments, elsewhere.withheld) == (first.treatments, first.withheld)
    assert first.arm == Arm.UNPERSONALISED
    assert not first.explored


def test_under_the_shipped_policy_the_unprofiled_get_what_a_stranger_gets(shipped: Policy):
    for known in customers(shipped, 100):
        refused = {**known.consents, "personalisation": False}
        stranger = replace(known, attributes={}, consents=refused, customer_id="")
        mine = decided(shipped, replace(known, consents=refused), context(limit=9), {"deposit": 0.9})
        if known.attributes.get("deceased") or known.attributes.get("frozen"):
            assert mine.treatments == (), "the law reads of everybody whether they are alive, and their accounts free"
            continue
        theirs = decided(shipped, stranger, context(limit=9))
        assert orjson.dumps([mine.treatments, mine.withheld]) == orjson.dumps([theirs.treatments, theirs.withheld])


@given(events)
@settings(max_examples=80, deadline=None)
def test_without_personalisation_the_past_only_closes_what_contact_rules_close(past):
    """A click is no contact rule's business, so it may not move an answer; a rejection still rests its family."""
    refused = {"personalisation": False, **ALL_CONSENTS}
    policy, clicks = small_policy(), tuple(one for one in past if one.kind in ("click", "accept", "purchase", "survey"))
    quiet = decided(policy, Snapshot("c", 1, RICH, refused), context())
    assert decided(policy, lived(Snapshot("c", 1, RICH, refused), clicks), context()).treatments == quiet.treatments
    rested = decided(policy, lived(Snapshot("c", 1, RICH, refused), [event("reject", DAY, "term")]), context())
    assert rested.treatments == ()
    assert rested.withheld["rest"] == 1


def test_the_record_of_an_unpersonalised_decision_holds_no_personal_fact():
    snapshot = customer(RICH, {"personalisation": False})
    found = decided(small_policy(), snapshot, context(), {"deposit": 0.123456})
    record = orjson.loads(encode(found, snapshot, context(), {"deposit": 0.123456}, RELEASE))
    assert record["snapshot"]["attributes"] == {}
    assert record["scores"] == {}


def test_a_customer_who_never_spoke_of_personalisation_is_served_personally():
    assert decided(small_policy(), customer(RICH), context()).personalised
    assert decided(small_policy(), customer(RICH, {"personalisation": True}), context()).personalised


@pytest.mark.parametrize(
    ("total", "shown"),
    [(199_999.99, False), (200_000.0, True), (200_000, True), (199_999.994, False), (200_000.01, True)],
)
def test_a_minimum_amount_is_exact_to_the_fen(total: float, shown: bool):
    found = decided(small_policy(), customer({"total_yuan": total}), context())
    assert ("cd" in {one.offer for one in found.treatments}) is shown


@pytest.mark.parametrize(
    ("demand", "total", "passes"),
    [(0.1, 0.2, True), (0.1, 0.19, False), (1e9, 0.3 - 1e9 % 1, True), (0.15, 0.15, True)],
)
def test_sums_of_money_behave_as_decimals(demand: float, total: float, passes: bool):
    """0.1 + 0.2 is 0.30000000000000004 in binary: a maximum of 0.3 yuan must hold all the same."""
    limit = "customer.demand_yuan + customer.total_yuan"
    rules = (gate("least", "eligibility", f"{limit} >= 0.3"),)
    assert (
        bool(
            decided(
                small_policy(gates=rules), customer({"demand_yuan": demand, "total_yuan": total}), context()
            ).treatments
        )
        is passes
    )
    most = (gate("most", "eligibility", f"{limit} <= 0.3"),)
    if (demand, total) == (0.1, 0.2):
        assert decided(
            small_policy(gates=most), customer({"demand_yuan": demand, "total_yuan": total}), context(limit=1)
        ).treatments


@pytest.mark.parametrize(
    ("assessed", "now", "valid"),
    [
        ("2025-10-02", MIDNIGHT - 1, True),  # the last millisecond of 1 October
        ("2025-10-02", MIDNIGHT, False),
        ("2025-10-03", MIDNIGHT + DAY - 1, True),
        ("2025-10-03", MIDNIGHT + DAY, False),
    ],
)
def test_an_assessment_expires_at_midnight_in_shanghai(assessed: str, now: int, valid: bool):
    person = customer({"total_yuan": 1e6, "risk_tolerance": 5, "risk_assessed_on": assessed, "age": 45})
    found = decided(small_policy(), person, Context(now, limit=9))
    assert ("equity" in {one.offer for one in found.treatments}) is valid
    assert found.withheld.get("assessed", 0) == (0 if valid else 2)


def decided(policy: Policy, snapshot: Snapshot, at: Context, spoken: dict | None = None) -> Decision:
    return decide(policy, snapshot, at, spoken or {}, RELEASE, "d-1")
