"""An explanation on the shipped policy: what it says, in both languages, and that it says what was decided."""

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from service.core.domain import Context, Event, Release, Snapshot
from service.core.trails import trails_of
from service.decision import decide
from service.decision.arms.assignment import arm_of
from service.decision.arms.policies import ARM_POLICIES
from service.rendering import Subject, write_explanation
from service.rules.model.contact import RETIREMENT
from service.rules.model.rules import DOMINATED
from service.rules.policy import DEFAULT, load
from service.scoring.arbitration import priorities
from tests.routes.conftest import SAVER

POLICY = load(DEFAULT)
NOON, DAY = 1_773_115_200_000, 86_400_000  # 2026-03-10 12:00 in Shanghai
RELEASE = Release(1, POLICY.hash, None)
ASSESSED = {**SAVER, "risk_tolerance": 3, "risk_assessed_on": "2025-02-26"}
DISMISSED = Event("e-1", "c-1", "dismiss", NOON - 5 * DAY, "term-12m", "mobile_app")
SNAPSHOT = Snapshot("c-1", 1, ASSESSED, {}, trails_of([DISMISSED]))


def told(language: str = "en", snapshot: Snapshot = SNAPSHOT, policy: Any = POLICY, **asked: Any) -> dict[str, Any]:
    context = Context(NOON, **asked)
    decision = decide(policy, snapshot, context, {}, RELEASE, "")
    document = write_explanation(Subject(policy, decision, snapshot, context, {}, RELEASE), language)
    assert orjson.loads(orjson.dumps(document)) == document
    return document


def test_the_expired_assessment_is_the_nearest_unlock_and_says_by_how_much_and_for_what():
    first = told()["unlocks"][0]
    assert first["text"].startswith("Renew the risk assessment in the app, about three minutes (expired 12 days ago), ")
    assert f"to open {len(first['offers'])} offers: " in first["text"]
    assert first["gates"][0]["shortfall"]["have"] == "2025-02-26"
    assert told("zh")["unlocks"][0]["text"].startswith("在手机银行重新测评，约三分钟（已过期12天），即可再提供")


def test_a_rest_says_when_it_ends_by_itself():
    (rest,) = [one for one in told()["unlocks"] if one["gates"][0]["code"] == "cool-off-dismissed"]
    assert "opens by itself in 9 days" in rest["text"]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("asked", [{}, {"channel": "mobile_app", "placement": "wealth_page"}, {"channel": "sms"}])
def test_every_offer_has_its_fate_and_the_funnel_leads_to_what_is_shown(language: str, asked: dict[str, Any]):
    document = told(language, **asked)
    shown = [one["offer"] for one in document["offers"] if one["outcome"] == "shown"]
    left = [one["offer"] for one in document["offers"] if one["outcome"] != "withheld"]
    assert len(document["offers"]) == len(POLICY.offers)
    assert len(left) == document["funnel"][-1]["left"]
    assert len(shown) == min(3, len(left))
    assert all(part["text"] for name in ("funnel", "sensitivity", "offers", "gates") for part in document[name])
    assert document["summary"]


def test_nothing_to_offer_is_told_with_its_reasons():
    document = told(snapshot=replace(SNAPSHOT, attributes=ASSESSED | {"deceased": True}))
    assert document["summary"].endswith("The customer is reported deceased")
    assert document["unlocks"] == []
    assert document["sensitivity"] == []


def test_every_gate_stands_there_with_its_rule_and_whether_it_held():
    gates = {gate["code"]: gate for gate in told()["gates"]}
    assert set(gates) == {rule.id for rule in (*POLICY.gates, RETIREMENT, *POLICY.contact.rules, DOMINATED)}
    assert gates["not-deceased"]["held"]
    assert not gates["assessment-valid"]["held"]
    assert "customer.risk_assessed_on between" in gates["assessment-valid"]["rule"]
    assert gates["cool-off-dismissed"]["closes"] == ["term-12m"]
    assert gates["cool-off-dismissed"]["rule"] == "no dismiss per offer in 14 days"
    assert gates["marketing-consent"]["closes"] == []
    assert len(gates["marketing-consent"]["closes_in_some_channel"]) == len(POLICY.offers)


@pytest.mark.parametrize(
    ("gate", "rule"),
    [
        ("cool-off-dismissed", "14天内，同一产品没有关闭"),
        ("cool-off-in-progress", "30天内，同一产品没有接受，此后有购买或拒绝的除外"),
        ("cap-outbound-week", "7天内，同一客户的联系少于2次"),
        ("quiet-night", "外呼渠道：21:00至08:00不联系"),
    ],
)
def test_a_contact_rule_is_told_in_chinese_to_who_reads_chinese(gate: str, rule: str) -> None:
    assert next(one["rule"] for one in told("zh")["gates"] if one["code"] == gate) == rule


def test_the_factors_multiply_to_the_priority_and_the_four_concerns_to_the_fit():
    for offer in told()["offers"]:
        factors = offer["factors"]
        product = (
            factors["propensity"] * factors["value_yuan"] * factors["fit"] * factors["lever"] * factors["response"]
        )
        priority = product - factors["contact_cost_yuan"] - factors["price_yuan"]
        assert priority == pytest.approx(factors["priority_yuan"])
        fit = 1.0
        for concern in factors["concerns"].values():
            fit *= concern["factor"]
        assert fit == pytest.approx(factors["fit"])


def test_who_withdrew_personalisation_is_told_without_any_fact_of_theirs():
    withdrawn = replace(SNAPSHOT, consents={"personalisation": False})
    other = replace(withdrawn, attributes=ASSESSED | {"age": 70, "demand_yuan": 5.0, "risk_assessed_on": "2026-03-01"})
    assert told(snapshot=withdrawn) == told(snapshot=other)


@pytest.mark.parametrize("test", POLICY.experiments.tests, ids=lambda test: test.id)
def test_a_customer_of_a_standing_test_is_explained_by_its_own_rules(test: Any):
    member = next(
        name for number in range(40_000) if arm_of(_named(name := f"c-{number}"), POLICY.experiments) == test.id
    )
    document = told(snapshot=_named(member))
    assert document["arm"] == test.id
    by_worth = ARM_POLICIES[test.kind].ordering is priorities
    assert bool(document["sensitivity"]) == by_worth
    if not by_worth and not document["explored"]:
        assert test.id in document["summary"]


def _named(name: str) -> Snapshot:
    return replace(SNAPSHOT, customer_id=name)


def test_both_languages_tell_the_same_story():
    def codes(document: Any) -> Any:
        words = {"text", "name", "summary", "language", "unlock", "rule"}
        if isinstance(document, dict):
            return {key: codes(value) for key, value in document.items() if key not in words}
        return [codes(value) for value in document] if isinstance(document, list) else document

    assert codes(told("zh")) == codes(told("en"))


MONEY_AT_HAND = """
  - id: money-at-hand
    stage: eligibility
    strategy: total-cost
    require: customer.demand_yuan >= offer.minimum_yuan
    reason: {zh: 可用资金未达到起点金额, en: The money at hand is below the minimum amount}
    unlock: {zh: 转入资金达到起点金额, en: Bring the balance up to the minimum amount}
    cases:
      - {given: {offer: term-12m, customer.demand_yuan: 50}, expect: passes}
      - {given: {offer: term-12m, customer.demand_yuan: 49}, expect: blocks}
"""
"""A gate whose shortfall differs from offer to offer."""


def test_what_is_short_is_told_of_the_offers_it_opens_and_no_others(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(DEFAULT, tmp_path / "policy"))
    (folder / "cost.yaml").write_text((DEFAULT / "cost.yaml").read_text() + MONEY_AT_HAND)
    poor = replace(SNAPSHOT, attributes=ASSESSED | {"demand_yuan": 536.34, "risk_assessed_on": "2026-02-26"}, trails=())
    minimum = {offer.id: float(offer.terms["minimum_yuan"] or 0) for offer in POLICY.offers}
    short = [
        one for one in told(snapshot=poor, policy=load(folder))["unlocks"] if one["gates"][0]["code"] == "money-at-hand"
    ]
    assert len(short) > 1
    for one in short:
        assert {minimum[offer] for offer in one["offers"]} == {one["gates"][0]["shortfall"]["need"]}


MATURING = replace(
    SNAPSHOT, trails=(), attributes=ASSESSED | {"next_maturity_on": "2026-03-20", "next_maturity_yuan": 90_000.0}
)


def positioning(document: dict[str, Any]) -> dict[str, Any]:
    return {one["offer"]: one["positioning"] for one in document["offers"] if one["outcome"] == "shown"}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh", "采用面向“资金到期客户”的文案；条款与所有客户一致。"),
        ("en", "Shown in the words for Money matures soon; the terms are the same for everybody."),
    ],
)
def test_an_offer_told_in_the_words_of_a_segment_says_whose(language: str, said: str):
    found = positioning(told(language, MATURING, limit=10))
    assert found["term-36m"] == {"id": "renew-at-maturity", "segment": "maturing", "text": said}


@pytest.mark.parametrize(("language", "said"), [("zh", "采用通用文案。"), ("en", "Shown in the general words.")])
def test_plain_words_are_named_as_such_and_an_offer_that_is_not_shown_has_none(language: str, said: str):
    document = told(language, replace(SNAPSHOT, trails=()))
    assert {one["text"] for one in positioning(document).values()} == {said}
    assert {one["positioning"] for one in document["offers"] if one["outcome"] != "shown"} == {None}


def test_who_is_not_personalised_is_told_in_plain_words_and_so_says_the_explanation():
    document = told(snapshot=replace(MATURING, consents={"personalisation": False}), limit=10)
    assert positioning(document) and {one["id"] for one in positioning(document).values()} == {None}
