"""Contract checks over everything in the policy that ships: whoever adds a rule, an offer or a word is held to them."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from service.core.domain import Scalar
from service.core.expressions import Kind, compile_falsity, compile_truth, compile_value, to_sql
from service.rules import compliance
from service.rules.loading.weights import FORCES, PEST
from service.rules.policy import CONCERNS, DEFAULT, LANGUAGES, STAGES, FitRule, GateRule, load

POLICY = load(DEFAULT)
RULES = [*POLICY.gates, *POLICY.fits]
TODAY = (date(2026, 3, 10) - date(1970, 1, 1)).days


def columns(record: Mapping[str, Scalar]) -> dict[str, Any]:
    """One customer at noon on 10 March 2026, without history."""
    found: dict[str, Any] = dict(POLICY.attributes.encode(record))
    POLICY.features.derive_one(found)
    for name, entry in POLICY.schema.items():
        if name.startswith("context."):
            found[name] = None if entry.kind is Kind.TEXT else float("nan")
        if name.startswith("history."):
            found[name] = np.full((1, 1, 1), np.nan)
    moment = {"context.today": float(TODAY), "context.year_ago": float(TODAY - 365), "context.hour": 12.0}
    return {**found, **moment, **POLICY.static_columns}


def allowed(record: Mapping[str, Scalar], **more: Any) -> NDArray[np.bool_]:
    """(offers, channels): what every gate of the four C leaves open."""
    given = {**columns(record), **more}
    shape = (1, len(POLICY.offers), len(POLICY.channels))
    cells = np.ones(shape, dtype=bool)
    for gate in POLICY.gates:
        spared = False if gate.applies is None else compile_falsity(gate.applies)(given)
        cells &= np.broadcast_to(np.asarray(compile_truth(gate.require)(given) | spared), shape)
    found: NDArray[np.bool_] = cells[0]
    return found


def open_in(channel: str, record: Mapping[str, Scalar], **more: Any) -> set[str]:
    at = [one.id for one in POLICY.channels].index(channel)
    return {one.id for one, free in zip(POLICY.offers, allowed(record, **more)[:, at], strict=True) if free}


WEALTHY: dict[str, Scalar] = {
    "age": 45,
    "risk_tolerance": 5,
    "risk_assessed_on": "2026-01-05",
    "qualified_investor": True,
    "demand_yuan": 390_000,
    "time_deposit_yuan": 200_000,
    "structured_deposit_yuan": 0,
    "large_cd_yuan": 0,
    "wealth_product_yuan": 100_000,
    "fund_yuan": 20_000,
    "plan_yuan": 0,
    "adviser_id": "A17",
    "sms_reachable": True,
    "wechat_bound": True,
    "email_reachable": True,
}
WEALTH = {one.id for one in POLICY.offers if one.family == "wealth"}
RISKY = {one.id for one in POLICY.offers if "risk" in one.terms}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_says_why_in_both_languages_for_a_strategy_and_a_concern(rule: GateRule | FitRule) -> None:
    assert all(rule.reason[language] for language in LANGUAGES)
    assert rule.unlock is None or all(rule.unlock[language] for language in LANGUAGES)
    assert rule.strategy in POLICY.strategies
    assert rule.concern in CONCERNS


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_carries_a_case_that_holds_and_one_that_does_not(rule: GateRule | FitRule) -> None:
    assert {case.holds for case in rule.cases} == {True, False}


@pytest.mark.parametrize("rule", POLICY.fits, ids=lambda rule: rule.id)
def test_every_fit_rule_weighs_something_and_no_more_than_four(rule: FitRule) -> None:
    assert 0 < rule.weight <= 4
    assert rule.weight != 1


@pytest.mark.parametrize("rule", POLICY.fits, ids=lambda rule: rule.id)
def test_no_fit_rule_judges_a_customer_nobody_knows(rule: FitRule) -> None:
    """Unknown is neutral: what still fires speaks of the offer and the channel alone."""
    fired = np.any(compile_truth(rule.when)(columns({})))
    assert not fired or rule.when.static


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "spark", "oracle"])
def test_every_rule_can_be_written_for_the_banks_warehouse(rule: GateRule | FitRule, dialect: str) -> None:
    assert to_sql(rule.when if isinstance(rule, FitRule) else rule.require, dialect)


def test_rule_ids_are_unique() -> None:
    ids = [rule.id for rule in POLICY.rules]
    assert len(ids) == len(set(ids))


def test_the_rule_book_is_as_large_as_promised() -> None:
    assert len(RULES) >= 45
    assert {rule.stage for rule in RULES} == {*STAGES, "fit"}
    assert {rule.strategy for rule in RULES} == set(POLICY.strategies)
    assert len(POLICY.strategies) == 9
    for concern in CONCERNS:
        assert len({rule.stage for rule in RULES if rule.concern == concern}) >= 4


def test_suitability_and_consent_name_their_legal_ground() -> None:
    lawful = {"tolerance-covers-risk", "assessment-valid", "care-from-65", "adults-only", "qualified-investors-only"}
    lawful |= {"sold-face-to-face", "asked-not-to-be-contacted", "marketing-consent"}
    assert all(rule.ground for rule in POLICY.rules if rule.id in lawful)
    assert lawful <= {rule.id for rule in POLICY.rules}


def test_the_catalogue_is_as_large_as_promised() -> None:
    assert len(WEALTH) >= 10
    assert len(POLICY.offers) - len(WEALTH) >= 10
    assert [one.id for one in POLICY.channels] == ["mobile_app", "branch", "adviser_call", "sms", "wechat", "email"]
    assert all("risk" in one.terms for one in POLICY.offers if one.family == "wealth")


def test_the_weights_come_from_every_origin_and_sum_to_one() -> None:
    factors = POLICY.hierarchy.factors
    assert len(factors) >= 12
    assert {factor.origin for factor in factors} == {*PEST, *FORCES}
    assert sum(factor.weight for factor in factors) == pytest.approx(1)
    assert sum(POLICY.weights.values()) == pytest.approx(1)
    assert set(POLICY.weights) == set(CONCERNS)


def test_every_comparison_was_judged_by_three_experts_without_contradiction() -> None:
    for comparison in POLICY.hierarchy.comparisons:
        assert len(comparison.experts) == 3
        assert max(comparison.ratio, *comparison.experts.values()) < 0.1


def test_whom_nobody_knows_is_offered_plain_deposits_and_nothing_else() -> None:
    found = open_in("mobile_app", {})
    assert len(found) >= 3
    assert not found & RISKY
    assert not found & WEALTH


def test_whom_nobody_knows_is_contacted_by_nobody() -> None:
    for channel in ("adviser_call", "sms", "wechat", "email"):
        assert open_in(channel, {}) == set()


def test_nothing_of_risk_is_offered_above_the_tolerance() -> None:
    for tolerance in range(1, 6):
        found = open_in("branch", WEALTHY | {"risk_tolerance": tolerance})
        risks = [one.terms["risk"] for one in POLICY.offers if one.id in found & RISKY]
        assert risks
        assert max(float(risk) for risk in risks if risk is not None) <= tolerance


def test_the_assessment_holds_for_twelve_months_to_the_day() -> None:
    assert open_in("mobile_app", WEALTHY | {"risk_assessed_on": "2025-03-10"}) & WEALTH
    for stale in ("2025-03-09", "2026-03-11", None):
        assert not open_in("mobile_app", WEALTHY | {"risk_assessed_on": stale}) & RISKY


def test_from_65_on_high_risk_is_for_conversations_only() -> None:
    high = {"equity-r4", "index-fund-r4", "equity-fund-r5"}
    assert high <= open_in("mobile_app", WEALTHY | {"age": 64})
    assert not high & open_in("mobile_app", WEALTHY | {"age": 65})
    assert high <= open_in("branch", WEALTHY | {"age": 65})
    assert not high & open_in("branch", WEALTHY | {"age": None})


@pytest.mark.parametrize(
    ("fact", "channel"),
    [
        ({"age": 17}, "mobile_app"),
        ({"complaint_open": True}, "mobile_app"),
        ({"risk_tolerance": None}, "mobile_app"),
    ],
)
def test_no_risk_for_the_young_the_unassessed_and_those_who_complain(fact: dict[str, Scalar], channel: str) -> None:
    found = open_in(channel, WEALTHY | fact)
    assert found
    assert not found & RISKY


def test_the_dead_and_the_frozen_are_offered_nothing() -> None:
    assert not allowed(WEALTHY | {"deceased": True}).any()
    assert not allowed(WEALTHY | {"frozen": True}).any()


def test_who_asked_not_to_be_contacted_is_served_only_where_they_come_themselves() -> None:
    cells = allowed(WEALTHY | {"do_not_contact": True})
    inbound = np.array([one.direction == "inbound" for one in POLICY.channels])
    assert cells[:, inbound].any()
    assert not cells[:, ~inbound].any()


def test_a_minimum_within_three_times_what_is_kept_is_open_and_of_the_unknown_only_small_ones() -> None:
    assert "large-cd-36m" in open_in("mobile_app", {"demand_yuan": 70_000})
    assert "large-cd-36m" not in open_in("mobile_app", {"demand_yuan": 60_000})
    assert "large-cd-36m" not in open_in("mobile_app", {})
    assert "term-36m" in open_in("mobile_app", {})


def test_each_page_shows_its_own_family() -> None:
    deposits = open_in("mobile_app", WEALTHY, **{"context.placement": "deposit_page"})
    assert deposits
    assert not deposits & WEALTH
    assert open_in("mobile_app", WEALTHY, **{"context.placement": "wealth_page"}) - WEALTH <= {"structured-3m"}


def test_every_offer_and_every_channel_can_be_reached_by_somebody() -> None:
    cells = allowed(WEALTHY) | allowed(WEALTHY | {"demand_yuan": 20_000})
    cells |= allowed(WEALTHY | {"demand_yuan": 450_000})
    assert {one.id for one, row in zip(POLICY.offers, cells, strict=True) if not row.any()} == set()
    assert {one.id for one, row in zip(POLICY.channels, cells.T, strict=True) if not row.any()} == set()


UNKNOWN = {"customer.lifetime_value_yuan": float("nan")}


@pytest.mark.parametrize("record", [{}, WEALTHY, {"demand_yuan": 12.5}, {"demand_yuan": -400}], ids=str)
def test_tickets_stay_within_the_offers_bounds_and_values_are_known(record: dict[str, Scalar]) -> None:
    given = columns(record)
    for at, offer in enumerate(POLICY.offers):
        family = POLICY.families[offer.family]
        ticket = np.broadcast_to(compile_value(family.ticket)(given), (1, len(POLICY.offers), 1))
        worth = np.broadcast_to(
            compile_value(family.value)({**given, **UNKNOWN, "offer.ticket_yuan": ticket}), ticket.shape
        )
        low, high = offer.terms["minimum_yuan"], offer.terms.get("maximum_yuan")
        assert ticket[0, at, 0] >= float(low or 0)
        assert high is None or ticket[0, at, 0] <= float(high)
        assert np.isfinite(worth[0, at, 0])


def test_the_value_of_a_deposit_and_of_wealth_by_hand() -> None:
    given = columns({"demand_yuan": 100_000})
    at = {one.id: place for place, one in enumerate(POLICY.offers)}
    shape = (1, len(POLICY.offers), 1)
    tickets = {name: np.broadcast_to(compile_value(one.ticket)(given), shape) for name, one in POLICY.families.items()}
    worth = {
        name: compile_value(one.value)({**given, **UNKNOWN, "offer.ticket_yuan": tickets[name]})
        for name, one in POLICY.families.items()
    }
    assert tickets["deposit"][0, at["term-12m"], 0] == 50_000
    # 50,000 x (1.65 % - 1.20 %) x 0.95 - 0.15 x 50,000 x 0.85 % x 0.5 - 2
    assert worth["deposit"][0, at["term-12m"], 0] == pytest.approx(179.875)
    # 33,000 x (0.55 % - 0.01 %) x 0.5 - 0.40 x 33,000 x 0.45 % x 0.5 - 4
    assert worth["wealth"][0, at["fixed-income-6m"], 0] == pytest.approx(55.4)


@pytest.mark.parametrize("offer", POLICY.offers, ids=lambda offer: offer.id)
def test_every_message_renders_and_may_be_shown(offer: Any) -> None:
    for channel in POLICY.channels:
        for language in LANGUAGES:
            message = POLICY.message(offer.id, channel.id, language)
            assert message.title
            assert message.body
            assert message.disclosures
            assert message.link.startswith("https://")
            assert "{" not in "".join((message.title, message.body, *message.disclosures, message.link))
            assert compliance.message_faults(message, language, offer.family, offer.terms.get("risk")) == []


def test_insurance_is_told_on_plain_deposits_only() -> None:
    for offer in POLICY.offers:
        told = "存款保险" in "".join(POLICY.message(offer.id, "mobile_app", "zh").disclosures)
        assert told == (offer.family == "deposit" and "risk" not in offer.terms)


def test_the_rate_shown_is_the_published_one() -> None:
    assert "1.20%" in POLICY.message("term-12m", "mobile_app", "zh").body
    assert "200,000 yuan" in POLICY.message("large-cd-36m", "branch", "en").body


def test_fast_redemption_is_never_told_without_its_limit() -> None:
    assert any("10,000元" in one for one in POLICY.message("cash-r1", "mobile_app", "zh").disclosures)


def test_the_contact_policy_covers_consent_night_caps_and_rest() -> None:
    contact = POLICY.contact
    assert contact.timezone == "Asia/Shanghai"
    assert [one.direction for one in contact.consents] == ["outbound"]
    assert contact.consents[0].purpose == "marketing:<channel>"
    assert (contact.quiet_hours[0].start_minute, contact.quiet_hours[0].end_minute) == (21 * 60, 8 * 60)
    assert {one.per for one in contact.caps} == {"offer", "family", "channel", "customer"}
    assert {kind for one in contact.cool_offs for kind in one.after} == {"dismiss", "reject", "accept", "purchase"}


def test_a_policy_is_loaded_once_and_equal_by_its_name() -> None:
    assert load(DEFAULT).hash == POLICY.hash
