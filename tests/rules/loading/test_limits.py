"""How much a policy may hold that is proposed: each bound by its name, and where it is passed."""

from typing import Any

import pytest

from service.core.errors import PolicyError
from service.rules.loading import limits
from service.rules.policy import DEFAULT, load


@pytest.fixture
def documents() -> dict[str, Any]:
    return load(DEFAULT).documents


def refused(documents: dict[str, Any]) -> list[str]:
    with pytest.raises(PolicyError, match="the policy is too large") as caught:
        limits.refuse_oversized(documents)
    return [str(problem) for problem in caught.value.problems]


def test_the_shipped_policy_is_far_from_every_bound(documents: dict[str, Any]) -> None:
    limits.refuse_oversized(documents)


@pytest.mark.parametrize(
    ("document", "key", "most"),
    [
        ("attributes", "attributes", 1_000),
        ("channels", "channels", 30),
        ("contact", "holidays", 3_000),
        ("catalogue", "offers", 300),
        ("cost", "rules", 300),
        ("contact", "caps", 300),
        ("portrait", "tags", 300),
    ],
)
def test_a_list_of_too_many_entries_is_named_with_its_bound(document: str, key: str, most: int) -> None:
    limits.refuse_oversized({document: {key: [{}] * most}})
    (told,) = refused({document: {key: [{}] * (most + 1)}})
    assert told == f"{document}.yaml: {key} holds {most + 1:,} entries; expected at most {most:,}"


def test_words_and_signs_of_all_expressions_are_counted_together() -> None:
    """Of ``customer.age >= 18`` and the ``and`` behind it there are five: name, >, =, number, and."""
    rule = {"require": " and ".join(["customer.age >= 18"] * 2_000)}
    limits.refuse_oversized({"consumer": {"rules": [rule] * 3}})
    (told,) = refused({"consumer": {"rules": [rule] * 4}})
    assert told == (
        "consumer.yaml: rules[4]: require: all expressions of the policy may hold 30,000 words and signs; "
        "this one goes beyond"
    )


def test_cases_of_all_rules_are_counted_together() -> None:
    limits.refuse_oversized({"cost": {"rules": [{"cases": [{}] * 1_000}] * 2}})
    (told,) = refused({"cost": {"rules": [{"cases": [{}] * 1_000}] * 3}})
    assert told.startswith("cost.yaml: rules[3]: all rules of the policy may have 2,000 cases")


def test_the_rules_of_contact_count_as_the_others_do() -> None:
    cases: dict[str, Any] = {"cost": {"rules": [{"cases": [{}] * 1_000}] * 2}, "contact": {"caps": [{"cases": [{}]}]}}
    (told,) = refused(cases)
    assert told.startswith("contact.yaml: caps[1]: all rules of the policy may have 2,000 cases")
    wide = {"catalogue": {"offers": [{}] * 300}, "channels": {"channels": [{}] * 30}}
    limits.refuse_oversized({**wide, "contact": {"caps": [{}] * 50, "cool_offs": [{}] * 5}})
    (told,) = refused({**wide, "contact": {"caps": [{}] * 50, "cool_offs": [{}] * 6}})
    assert "56 rules x 300 offers x 30 channels are 504,000" in told


def test_rules_times_offers_times_channels_are_bounded() -> None:
    large = {
        "cost": {"rules": [{}] * 300},
        "catalogue": {"offers": [{}] * 300},
        "channels": {"channels": [{}] * 5},
    }
    limits.refuse_oversized(large)
    large["channels"] = {"channels": [{}] * 6}
    (told,) = refused(large)
    assert "300 rules x 300 offers x 6 channels are 540,000; expected at most 500,000" in told


@pytest.mark.parametrize(
    "nothing", [{}, {"cost": None}, {"cost": {"rules": 7}}, {"cost": [1]}, {"cost": {"rules": [1]}}]
)
def test_what_is_no_policy_is_left_to_who_reads_it(nothing: dict[str, Any]) -> None:
    limits.refuse_oversized(nothing)
