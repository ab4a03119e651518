"""How far ahead the calendar is known, and that somebody is told before it ends."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from service.analysis.policy_checks.calendar_horizon import calendar_warnings, find_horizon
from service.rules.policy import DEFAULT, Policy, from_documents, load

POLICY = load(DEFAULT)


def changed(change: Callable[[dict[str, Any]], object]) -> Policy:
    documents = POLICY.documents
    change(documents)
    return from_documents(documents)


@pytest.mark.parametrize(
    ("today", "days_left", "warns"),
    [("2026-11-01", 60, False), ("2026-11-02", 59, True), ("2026-12-31", 0, True), ("2027-01-01", -1, True)],
)
def test_fewer_than_sixty_days_of_the_official_notice_are_a_warning(today: str, days_left: int, warns: bool) -> None:
    day = date.fromisoformat(today)
    assert find_horizon(POLICY, day).days_left == days_left
    assert bool(calendar_warnings(POLICY, day)) is warns


def test_the_warning_says_what_is_known_by_law_only_who_needs_it_and_what_to_do() -> None:
    (warning,) = calendar_warnings(POLICY, date(2026, 11, 30))
    assert str(warning) == (
        "calendar.yaml: official notices reach to 2026-12-31, 31 days from now; days fixed by law are known to"
        ' 2032-12-31, without longer festivals and worked weekends (needed by "quiet-calls"); bring in the State'
        " Council's notice for 2027: fourcast calendar import FILE FOLDER"
    )


def test_after_the_notice_and_the_law_the_calendar_has_ended() -> None:
    assert not find_horizon(POLICY, date(2032, 12, 31)).ended
    found = find_horizon(POLICY, date(2033, 1, 1))
    assert found.ended
    assert str(found) == (
        'no official notice covers 2033-01-01; beyond them no holiday is known (needed by "quiet-calls")'
    )


def test_a_list_in_contact_yaml_covers_the_years_that_it_names() -> None:
    def listed(documents: dict[str, Any]) -> None:
        del documents["calendar"]
        documents["contact"]["holidays"] = ["2026-02-17", "2026-10-07"]
        documents["contact"]["quiet_hours"][1]["cases"] = [
            {"expect": "passes", "channel": "adviser_call", "at": "2026-03-10 09:00"},
            {"expect": "blocks", "channel": "adviser_call", "at": "2026-02-17 11:00"},
        ]

    policy = changed(listed)
    assert calendar_warnings(policy, date(2026, 10, 1)) == []
    (warning,) = calendar_warnings(policy, date(2026, 11, 30))
    assert "official notices reach to 2026-12-31, 31 days from now; beyond them no holiday is known" in str(warning)


def test_a_year_that_is_missing_between_two_notices_ends_the_calendar() -> None:
    found = changed(lambda documents: documents["calendar"]["notices"].pop("2025"))
    assert find_horizon(found, date(2025, 12, 1)).noticed is None


def test_where_no_rule_reads_days_nothing_needs_a_calendar() -> None:
    def nothing(documents: dict[str, Any]) -> None:
        documents["contact"]["quiet_hours"].pop()

    policy = changed(nothing)
    assert calendar_warnings(policy, date(2026, 11, 30)) == []
    assert str(find_horizon(policy, date(2026, 11, 30))) == "no rule reads holidays or working days"


def test_an_expression_that_reads_working_days_needs_the_calendar_too() -> None:
    def reads(documents: dict[str, Any]) -> None:
        documents["contact"]["quiet_hours"].pop()
        rules = documents["communication"]["rules"]
        rules.append(
            {
                "id": "letters-on-working-days",
                "stage": "contact",
                "strategy": "preferred-channel",
                "require": "context.working_day or channel.direction = 'inbound'",
                "reason": {"zh": "非工作日不联系", "en": "No contact on days that are not worked"},
                "cases": [
                    {"given": {"context.working_day": True, "channel": "sms"}, "expect": "passes"},
                    {"given": {"context.working_day": False, "channel": "sms"}, "expect": "blocks"},
                ],
            }
        )

    assert find_horizon(changed(reads), date(2026, 3, 1)).rules == ("letters-on-working-days",)
