"""Contact rules carry their own cases: they run by the gates that serve, and what they get wrong is named."""

import copy
from typing import Any

import pytest

from service.analysis.policy_checks.lint import lint_policy
from service.core.errors import PolicyError
from service.rules.policy import DEFAULT, from_documents, load

DOCUMENTS = load(DEFAULT).documents
SECTIONS = ("consents", "quiet_hours", "caps", "cool_offs")


def documents() -> dict[str, Any]:
    return copy.deepcopy(DOCUMENTS)


def entry(found: dict[str, Any], rule_id: str) -> dict[str, Any]:
    return next(one for name in SECTIONS for one in found["contact"][name] if one["id"] == rule_id)


def faults(rule_id: str, *cases: dict[str, Any], **changes: Any) -> list[str]:
    found = documents()
    entry(found, rule_id).update(changes, **({"cases": list(cases)} if cases else {}))
    with pytest.raises(PolicyError) as caught:
        from_documents(found)
    return [str(problem) for problem in caught.value.problems]


def test_every_shipped_contact_rule_has_a_case_that_passes_and_one_that_blocks() -> None:
    for rule in load(DEFAULT).contact.rules:
        assert {case.holds for case in rule.cases} == {True, False}, rule.id


@pytest.mark.parametrize("kept", ["passes", "blocks"])
@pytest.mark.parametrize("section", SECTIONS)
def test_a_contact_rule_without_a_case_of_either_sort_is_a_problem(section: str, kept: str) -> None:
    found = documents()
    one = found["contact"][section][0]
    one["cases"] = [case for case in one["cases"] if case["expect"] == kept]
    (problem,) = lint_policy(from_documents(found)).problems
    gone = "blocks" if kept == "passes" else "passes"
    assert str(problem) == f'contact.yaml: rule "{one["id"]}": has no case in which it {gone}; expected at least one'


@pytest.mark.parametrize(
    ("rule_id", "changes", "number", "does"),
    [
        ("quiet-night", {"to": "07:30"}, 3, ("blocks", "passes")),
        ("quiet-night", {"from": "20:30"}, 1, ("passes", "blocks")),
        ("quiet-calls", {"days": "all"}, 3, ("blocks", "passes")),
        ("cap-outbound-week", {"maximum": 3}, 1, ("blocks", "passes")),
        ("cap-outbound-week", {"window_days": 7.5}, 2, ("passes", "blocks")),
        ("cool-off-rejected", {"days": 30}, 1, ("blocks", "passes")),
        ("cool-off-bought", {"per": "family"}, 2, ("passes", "blocks")),
        ("cool-off-in-progress", {"days": 29}, 1, ("blocks", "passes")),
        ("cool-off-in-progress", {"until": ["reject"]}, 4, ("passes", "blocks")),
    ],
)
def test_a_changed_rule_is_caught_by_its_own_case(
    rule_id: str, changes: dict[str, Any], number: int, does: tuple[str, str]
) -> None:
    said, is_ = does
    assert faults(rule_id, **changes)[0] == (
        f'contact.yaml: rule "{rule_id}": cases[{number}] expected that it {said}, but it {is_}'
    )


def test_a_rest_cannot_end_with_what_it_begins_with() -> None:
    assert faults("cool-off-in-progress", until=["purchase", "accept"])[0].endswith(
        "until must not name what the rest begins with: accept"
    )


@pytest.mark.parametrize(
    ("case", "fault"),
    [
        ({"expect": "blocks", "channel": "pigeon"}, 'cases[1] knows no channel "pigeon"'),
        ({"expect": "blocks", "channel": "sms"}, "cases[1] must say which offer it speaks of (offer: ...)"),
        ({"expect": "blocks", "channel": "sms", "at": "noon"}, "cases[1].at must be a local time (YYYY-MM-DD HH:MM)"),
        ({"expect": "blocks", "channel": "sms", "past": [{"kind": "sneeze", "days_ago": 1}]}, "kind must be one of"),
        ({"expect": "rests", "channel": "sms"}, "cases[1].expect must be one of passes, blocks"),
        ({"expect": "blocks", "channel": "sms", "who": "me"}, 'unknown key "who"'),
    ],
)
def test_a_case_that_cannot_be_read_says_why(case: dict[str, Any], fault: str) -> None:
    assert any(fault in one for one in faults("cool-off-rejected", case)), faults("cool-off-rejected", case)
