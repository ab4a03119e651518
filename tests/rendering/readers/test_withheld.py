"""What an answer says of what it withholds: nothing that presses an assessment, a risk-rated or a private product."""

from collections.abc import Callable
from typing import Any

import orjson
import pytest

from service.rendering import Subject
from service.rendering.answer import Phrasebook, render
from service.rendering.readers.assessment import assessment_of
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
    rows = withheld(explain(SAVER), "en")
    assert rows["minimum-affordable"]["unlock"] == "Bring the balance up to the minimum amount"
