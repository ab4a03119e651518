"""The portrait worked out: stages at their borders, tags, lifetime value by hand, what is missing, and who said no."""

from dataclasses import replace
from typing import Any

import pytest

from service.core.domain import Event, Snapshot
from service.decision.portrait import Estimates, Portrait, compile_portrait
from service.rules.policy import DEFAULT, Policy, from_documents, load
from service.scoring.segments import Segment

DAY = 86_400_000
NOW = 1_769_997_600_000  # 2026-02-02 10:00 in Shanghai
SAVER = {
    "demand_yuan": 10_000.0,
    "time_deposit_yuan": 50_000.0,
    "structured_deposit_yuan": 0.0,
    "large_cd_yuan": 0.0,
    "wealth_product_yuan": 20_000.0,
    "fund_yuan": 0.0,
    "plan_yuan": 0.0,
    "deposit_total_yuan": 60_000.0,
    "deposit_total_2m_ago_yuan": 60_000.0,
    "deposit_products": 1,
    "deposit_products_2m_ago": 1,
    "relationship_days": 2000,
    "logins_30d": 0,
    "last_transfer_days": 10,
}
POOR = {
    **SAVER,
    "demand_yuan": 999.0,
    "time_deposit_yuan": 0.0,
    "wealth_product_yuan": 0.0,
    "deposit_total_yuan": 999.0,
}
SEGMENT = Segment("term-savers", {"zh": "定期储蓄", "en": "Term savers"}, {"zh": "", "en": ""}, 0.3, {})


@pytest.fixture(scope="module")
def policy() -> Policy:
    return load(DEFAULT)


def drawn(policy: Policy, estimates: Estimates | None = None, withdrawn: bool = False, **changes: Any) -> Portrait:
    events = changes.pop("events", ())
    facts = {name: value for name, value in (SAVER | changes).items() if value is not ...}
    snapshot = Snapshot("c", 1, facts, {"marketing:sms": True, "marketing:email": False})
    return compile_portrait(policy).build(snapshot, tuple(events), NOW, estimates or Estimates(), withdrawn)


def happened(kind: str, days_ago: float, **more: Any) -> Event:
    return Event(f"e-{kind}-{days_ago}", "c", kind, int(NOW - days_ago * DAY), **more)


@pytest.mark.parametrize(
    ("facts", "stage"),
    [
        ({"relationship_days": 179}, "acquire"),
        ({"relationship_days": 180}, "mature"),
        ({"deposit_total_yuan": 66_000.0}, "grow"),
        ({"deposit_total_yuan": 65_999.0}, "mature"),
        ({"deposit_products": 2}, "grow"),
        ({"deposit_total_yuan": 42_000.0}, "mature"),
        ({"deposit_total_yuan": 41_999.0}, "decline"),
        ({"deposit_total_yuan": 41_999.0, "wealth_product_yuan": 60_000.0}, "mature"),
        ({"deposit_total_2m_ago_yuan": ...}, "mature"),
        ({**POOR}, "decline"),
        ({**POOR, "last_transfer_days": 90}, "decline"),
        ({**POOR, "last_transfer_days": 90.1}, "lapsed"),
        ({**POOR, "last_transfer_days": 91, "logins_30d": 1}, "decline"),
        ({"demand_yuan": ..., "relationship_days": ...}, None),
    ],
)
def test_the_stage_of_life_at_its_borders(policy: Policy, facts: dict[str, Any], stage: str | None) -> None:
    assert drawn(policy, **facts).stage == stage


def test_what_a_stage_would_take_is_named_when_it_cannot_be_told(policy: Policy) -> None:
    missing = drawn(policy, demand_yuan=..., relationship_days=...).missing["stage"]
    assert {"demand_yuan", "relationship_days"} <= set(missing)
    assert "time_deposit_yuan" not in missing


def test_lifetime_value_by_hand(policy: Policy) -> None:
    # margin: 10,000 x 0.0085 + 50,000 x 0.0040 + 20,000 x 0.0040 - 12 = 85 + 200 + 80 - 12 = 353 a year
    # stays 0.85 a year, discounted at 4 %: 353 x (0.85/1.04 + (0.85/1.04)^2 + ... 5 terms) = 353 x 2.842161
    found = drawn(policy).lifetime
    assert found is not None
    assert found.margin_yuan == pytest.approx(353.0)
    assert found.value_yuan == pytest.approx(1003.28, abs=0.01)
    assert found.source == "policy"


def test_a_bundles_lapse_takes_the_place_of_the_policys(policy: Policy) -> None:
    found = drawn(policy, Estimates(version="b-1", lapse=0.0, lapse_days=92)).lifetime
    assert found is not None
    # 353 x (1/1.04 + ... + 1/1.04^5) = 353 x 4.451822
    assert found.value_yuan == pytest.approx(1571.49, abs=0.01)
    assert (found.source, found.survivals) == ("b-1", (1.0,) * 5)


def test_part_of_a_worth_is_no_worth(policy: Policy) -> None:
    found = drawn(policy, fund_yuan=...)
    assert found.lifetime is None
    assert found.missing["lifetime"] == ("fund_yuan",)
    assert found.holdings["fund"] is None and found.holdings["demand"] == 10_000.0


def test_tags_read_what_was_worked_out_before_them(policy: Policy) -> None:
    documents = policy.documents
    documents["portrait"]["tags"] = [
        {"id": "a", "when": "customer.segment = 'term-savers'", "text": {"zh": "甲", "en": "A"}},
        {"id": "b", "when": "customer.stage = 'mature'", "text": {"zh": "乙", "en": "B"}},
        {"id": "c", "when": "customer.lifetime_value_yuan >= 1003", "text": {"zh": "丙", "en": "C"}},
        {"id": "d", "when": "customer.lifetime_value_yuan >= 1004", "text": {"zh": "丁", "en": "D"}},
        {"id": "e", "when": "customer.satisfaction < 50", "text": {"zh": "戊", "en": "E"}},
    ]
    changed = from_documents(documents)
    unhappy = [happened("survey", 3, score=2.0, question="fair-rates")]
    assert drawn(changed, Estimates(segment=SEGMENT), events=unhappy).tags == ("a", "b", "c", "e")
    assert drawn(changed).tags == ("b", "c")


def test_history_and_the_day_are_read_too(policy: Policy) -> None:
    calls = [happened("contact", day, channel="sms") for day in (1, 2, 29.9)]
    assert "contacted-often" in (drawn(policy, events=calls).tags or ())
    assert "contacted-often" not in (drawn(policy, events=calls[:2]).tags or ())
    assert "maturing-money" in (drawn(policy, next_maturity_on="2026-03-04").needs or ())
    assert "maturing-money" not in (drawn(policy, next_maturity_on="2026-03-05").needs or ())
    assert "service-first" in (drawn(policy, events=[happened("complaint", 5)]).needs or ())


def test_of_who_refused_personalisation_nothing_is_inferred(policy: Policy) -> None:
    known = Estimates("b-1", SEGMENT, 0.1, 92, {"deposit": 0.2})
    found = drawn(policy, known, withdrawn=True)
    inferred = (found.stage, found.segment, found.lifetime, found.needs, found.tags, found.propensity)
    assert inferred == (None,) * 6
    assert not found.personalised
    assert found.holdings["demand"] == 10_000.0
    assert not {"stage", "segment", "lifetime", "propensity"} & set(found.missing)


def test_of_who_refused_flipping_any_fact_changes_no_inference(policy: Policy) -> None:
    one, other = drawn(policy, withdrawn=True), drawn(policy, withdrawn=True, logins_30d=40, relationship_days=3)
    assert replace(one, who=other.who, holdings=other.holdings) == other


def test_channels_carry_the_customers_word(policy: Policy) -> None:
    calls = [happened("contact", 31, channel="sms"), happened("contact", 2, channel="sms")]
    reach = {one.channel: one for one in drawn(policy, events=calls, preferred_channel="sms").channels}
    assert (reach["sms"].consent, reach["sms"].preferred, reach["sms"].contacts) == (True, True, 1)
    assert reach["sms"].last_at == NOW - 2 * DAY
    assert (reach["email"].consent, reach["wechat"].consent) == (False, None)
    assert (reach["branch"].consent, reach["branch"].consent_needed) == (None, False)


def test_events_are_counted_by_kind_and_the_newest_come_first(policy: Policy) -> None:
    events = [happened("click", 91), happened("click", 40), happened("accept", 3)]
    found = drawn(policy, events=events)
    assert found.counts == {"click": 1, "accept": 1}
    assert [event.kind for event in found.recent] == ["accept", "click", "click"]


def test_of_whom_nothing_is_known_everything_is_null_and_named(policy: Policy) -> None:
    found = compile_portrait(policy).build(Snapshot("c", 1, {}), (), NOW, Estimates(), False)
    assert (found.stage, found.segment, found.lifetime, found.satisfaction.overall) == (None,) * 4
    assert set(found.missing) == {"who", "holdings", "satisfaction", "stage", "segment", "lifetime", "propensity"}
    assert found.missing["segment"] == ("models",)
