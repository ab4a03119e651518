"""How long an answer holds, and how far back a decision looks."""

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.domain import KindLookback
from service.core.grid import moment
from service.rules.expiry import AnswerExpiry
from tests.decision.bank import CONTACT, DAY, NOON

SHANGHAI = ZoneInfo("Asia/Shanghai")
AT_2050 = replace(CONTACT, quiet_hours=(replace(CONTACT.quiet_hours[0], start_minute=20 * 60 + 50),))


def at(clock: str) -> int:
    """That time of 2 October 2026 in Shanghai."""
    return round(datetime.fromisoformat(f"2026-10-02T{clock}").replace(tzinfo=SHANGHAI).timestamp() * 1000)


@pytest.mark.parametrize(
    ("grain", "now", "end"),
    [
        (15, "12:00:00", "12:15:00"),
        (15, "12:14:59.999", "12:15:00"),
        (15, "20:46:00", "20:50:00"),
        (15, "20:50:00", "21:00:00"),
        (1440, "12:00:00", "13:00:00"),
        (1440, "07:59:30", "08:00:00"),
        (7, "20:49:59.999", "20:50:00"),
    ],
)
def test_an_answer_ends_with_its_grain_or_where_a_gate_may_turn(grain: int, now: str, end: str) -> None:
    assert AnswerExpiry(AT_2050, grain).end(at(now)) == at(end)


@given(st.integers(0, 3 * DAY), st.integers(1, 1440), st.sampled_from(["Asia/Shanghai", "Asia/Kathmandu", "UTC"]))
def test_no_answer_outlives_the_day_or_enters_quiet_hours(offset: int, grain: int, zone: str) -> None:
    contact, now = replace(AT_2050, timezone=zone), NOON + offset
    end = AnswerExpiry(contact, grain).end(now)
    assert now < end <= now + grain * 60_000
    first, last = moment(now, zone), moment(end - 1, zone)
    assert first.day == last.day
    assert (first.minute >= 20 * 60 + 50) == (last.minute >= 20 * 60 + 50)
    assert (first.minute >= 8 * 60) == (last.minute >= 8 * 60)


def test_a_decision_looks_back_as_far_as_the_longest_rest_of_the_policy() -> None:
    year = replace(CONTACT, cool_offs=(replace(CONTACT.cool_offs[0], days=366),))
    assert AnswerExpiry(CONTACT, 15).depth_ms > 200 * DAY
    assert AnswerExpiry(year, 15).depth_ms > 366 * DAY


def test_two_policies_that_serve_together_read_of_each_kind_what_either_reads() -> None:
    first = AnswerExpiry(
        CONTACT, 15, [KindLookback("click", -7, 2, False, True), KindLookback("reject", -5, 1, True, False)]
    )
    second = AnswerExpiry(CONTACT, 15, [KindLookback("click", -9, 1, True, False), KindLookback("contact", -3, 4)])
    assert first.merge(second).lookback(NOON).kinds == (
        KindLookback("click", NOON - 9, 2, True, True),
        KindLookback("reject", NOON - 5, 1, True, False),
        KindLookback("contact", NOON - 3, 4),
    )


@given(st.lists(st.integers(0, DAY), min_size=2, max_size=6))
def test_what_was_asked_before_changes_no_answer(offsets: list[int]) -> None:
    kept = AnswerExpiry(AT_2050, 15)
    for offset in offsets:
        assert kept.end(NOON + offset) == AnswerExpiry(AT_2050, 15).end(NOON + offset)
