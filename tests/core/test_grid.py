"""The grid's shapes, and an instant on the bank's wall."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.grid import (
    GridIndex,
    Moment,
    by_channel,
    by_customer,
    by_offer,
    day_number,
    moment,
    year_before,
)

ZONES = ["Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu"]


def test_columns_have_length_one_on_the_axes_they_do_not_vary_over():
    assert by_customer([1, 2]).shape == (2, 1, 1)
    assert by_offer([1, 2, 3]).shape == (1, 3, 1)
    assert by_channel([1]).shape == (1, 1, 1)


def test_midnight_in_shanghai_is_four_in_the_afternoon_utc_the_day_before():
    last = 1_790_870_399_999  # 2026-10-01 23:59:59.999
    assert moment(last, "Asia/Shanghai") == Moment(day_number("2026-10-01"), 1439, 4)
    assert moment(last + 1, "Asia/Shanghai") == Moment(day_number("2026-10-02"), 0, 5)


@given(st.integers(0, 4_000_000_000_000), st.sampled_from(ZONES))
def test_a_moment_is_what_the_calendar_says(now: int, zone: str):
    local = datetime.fromtimestamp(now // 1000, UTC).astimezone(ZoneInfo(zone))
    found = moment(now, zone)
    assert found.day == day_number(local.date().isoformat())
    assert (found.minute, found.hour, found.weekday) == (local.hour * 60 + local.minute, local.hour, local.isoweekday())


@pytest.mark.parametrize(
    ("day", "before"),
    [
        ("2026-10-02", "2025-10-02"),
        ("2024-02-29", "2023-03-01"),
        ("2024-02-28", "2023-02-28"),
        ("2025-02-28", "2024-02-28"),
        ("2025-03-01", "2024-03-01"),
    ],
)
def test_a_year_before_is_the_same_day_twelve_months_earlier(day: str, before: str):
    assert year_before(day_number(day)) == day_number(before)


def test_places_number_offers_families_and_channels_in_the_policys_order():
    places = GridIndex([("b", "wealth"), ("a", "deposit"), ("c", "wealth")], [("app", "inbound"), ("sms", "outbound")])
    assert places.families == ("wealth", "deposit")
    assert places.family_of == [0, 1, 0]
    assert (places.offer["c"], places.channel["sms"], places.size["family"]) == (2, 1, 2)
