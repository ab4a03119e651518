"""What an answer says of what it withholds: nothing that presses an assessment, a risk-rated or a private product."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import orjson
import pytest

from service.core.grid import start_of
from service.rendering import Subject, write_explanation
from service.rendering.answer import Phrasebook, render
from service.rendering.readers.adviser import write_adviser_explanation
from service.rendering.readers.assessment import assessment_of
from service.rendering.readers.customer import write_customer_explanation
from service.rendering.readers.words import ADVISER, WITHHELD
from service.rules.policy import Policy
from tests.routes.conftest import SAVER


@pytest.fixture(scope="module")
def withheld(policy: Policy) -> Callable[[Subject, str], dict[str, Any]]:
    """``(subject, language) -> {gate: row}`` of the answer."""
    phrases = Phrasebook(policy)

    def read(subject: Subject, language: str) -> dict[str, Any]:
        at = subject.decision.at
        valid = assessment_of(subject.snapshot, at, policy.contact.timezone).valid
        answer = orjson.loads(render(subject.decision, phrases, language, at, renewable=not valid))
        return {row["code"]: row for row in answer["withheld"]}

    return read


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_valid_assessment_is_not_to_be_retaken_for_any_product(
    explain: Callable[..., Subject], withheld: Callable[..., dict[str, Any]], language: str
) -> None:
    facts = {"risk_tolerance": 2, "risk_assessed_on": "2026-03-01", "wealth_product_yuan": 20_000.0}
    subject = explain(SAVER | facts)
    rows = withheld(subject, language)
    assert rows["tolerance-covers-risk"]["offers"] > 0
    assert rows["tolerance-covers-risk"]["unlock"] is None


def test_without_a_valid_assessment_it_is_spoken_of_freely_and_without_a_product(
    explain: Callable[..., Subject], withheld: Callable[..., dict[str, Any]]
) -> None:
    row = withheld(explain(SAVER), "en")["tolerance-covers-risk"]
    assert row["unlock"].startswith("You have no valid risk assessment. Whether to take one is up to you")


def test_a_gate_of_private_products_is_left_out(
    explain: Callable[..., Subject], withheld: Callable[..., dict[str, Any]]
) -> None:
    subject = explain(SAVER | {"demand_yuan": 900_000.0, "risk_tolerance": 3, "risk_assessed_on": "2026-03-01"})
    assert "qualified-investors-only" in subject.decision.withheld
    assert "qualified-investors-only" not in withheld(subject, "zh")


def test_what_would_open_a_deposit_is_told_as_the_policy_says_it(
    explain: Callable[..., Subject], withheld: Callable[..., dict[str, Any]]
) -> None:
    rows = withheld(explain(SAVER | {"demand_yuan": 500.0}), "en")
    assert rows["keep-some-at-hand"]["unlock"] == "Keep more money at hand first"


def test_of_whom_nothing_personal_was_used_nothing_was_judged(
    explain: Callable[..., Subject], withheld: Callable[..., dict[str, Any]]
) -> None:
    rows = withheld(explain(SAVER, {"personalisation": False}), "zh")
    assert {row["text"] for code, row in rows.items() if code != "no-positive-value"} == {WITHHELD["unjudged"]["zh"]}
    assert {row["unlock"] for row in rows.values()} == {None}
    told = write_customer_explanation(explain(SAVER, {"personalisation": False}), "zh")["withheld"]
    assert "unjudged" in {one["topic"] for one in told}
    spoken = write_adviser_explanation(explain(SAVER, {"personalisation": False}), "zh")
    assert {one["text"] for one in spoken["not_offered"]} == {ADVISER["unjudged"]["zh"]}
    assert not {"eligibility", "suitability", "applicability", "assessment"} & {one["topic"] for one in told}


def test_nobody_is_told_what_would_open_an_offer_to_the_dead(
    explain: Callable[..., Subject], withheld: Callable[..., dict[str, Any]]
) -> None:
    subject = explain(SAVER | {"deceased": True}, {"personalisation": False})
    assert "law-not-deceased" in subject.decision.withheld
    assert {row["unlock"] for row in withheld(subject, "en").values()} == {None}
    assert write_explanation(subject, "en")["unlocks"] == []
    assert write_adviser_explanation(subject, "en")["unlocks"] == []


SATURDAY_NIGHT = start_of(date(2026, 3, 14), "Asia/Shanghai") + 22 * 3_600_000


@pytest.mark.parametrize(
    ("channel", "zh", "en"),
    [
        ("sms", "2026年3月15日（星期日）08:00", "08:00 on Sunday 15 March 2026"),
        ("adviser_call", "2026年3月16日（星期一）09:00", "09:00 on Monday 16 March 2026"),
    ],
)
def test_the_next_time_of_contact_is_reckoned(
    policy: Policy, explain: Callable[..., Subject], channel: str, zh: str, en: str
) -> None:
    facts = SAVER | {"sms_reachable": True, "adviser_id": "a-1"}
    subject = explain(facts, {f"marketing:{channel}": True}, channel=channel)
    subject = replace(subject, context=replace(subject.context, now=SATURDAY_NIGHT))
    for language, at in (("zh", zh), ("en", en)):
        told = write_customer_explanation(subject, language)["withheld"]
        assert next(one["text"] for one in told if one["topic"] == "hours").count(at) == 1
        assert any(at in note for note in write_adviser_explanation(subject, language)["notes"])


def test_no_contact_is_announced_in_a_channel_that_the_customer_refused(explain: Callable[..., Subject]) -> None:
    subject = explain(SAVER | {"sms_reachable": True}, {"marketing:sms": False}, channel="sms")
    subject = replace(subject, context=replace(subject.context, now=SATURDAY_NIGHT))
    assert "2026" not in str(write_customer_explanation(subject, "en")["withheld"])


def test_the_adviser_speaks_in_the_words_of_their_own_channel(explain: Callable[..., Subject]) -> None:
    subject = explain(SAVER | {"sms_reachable": True}, {"marketing:sms": True}, channel="sms")
    offers = write_adviser_explanation(subject, "zh")["offers"]
    assert offers and {one["channel"] for one in offers} == {"sms"}
    assert not any("回复R" in said for one in offers for said in one["say"])
