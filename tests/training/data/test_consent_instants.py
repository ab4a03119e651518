"""When a row of consents was said: the first and the last instant that its said_on may mean, in the bank's zone."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest

from training.data.bank import Bank
from training.data.consent_instants import read_instants

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")


def bank(zone: ZoneInfo) -> Bank:
    """A bank whose day is 2026-03-31."""
    return Bank(Path(), "T", date(2026, 3, 31), zone, "customer", 90, ("deposit",), {})


def said(values: Any, zone: ZoneInfo = SHANGHAI) -> tuple[str, str, bool, bool]:
    """First and last instant in UTC of the first row, whether it is proven, whether it is wrong."""
    found = read_instants(pa.table({"said_on": values}), bank(zone))
    first, last = (datetime.fromtimestamp(int(one[0]) / 1000, UTC) for one in (found.earliest, found.latest))
    spelt = (one.isoformat(sep=" ", timespec="milliseconds")[:23] for one in (first, last))
    return *spelt, bool(found.proven[0]), bool(found.wrong[0])


DAY = ("2026-03-30 16:00:00.000", "2026-03-31 15:59:59.999")
HALF_PAST_TWO = ("2026-03-31 06:30:00.000", "2026-03-31 06:30:00.000")


@pytest.mark.parametrize(
    ("value", "means"),
    [
        (date(2026, 3, 31), DAY),
        ("2026-03-31", DAY),
        ("2026/3/31", DAY),
        (20260331, DAY),
        (datetime(2026, 3, 31), DAY),
        ("2026-03-31 00:00:00", DAY),
        (datetime(2026, 3, 31, 14, 30), HALF_PAST_TWO),
        ("2026-03-31 14:30", HALF_PAST_TWO),
        ("2026-03-31T14:30:00.0009", HALF_PAST_TWO),
        ("2026-03-31T06:30:00Z", HALF_PAST_TWO),
        ("2026-03-31 08:30:00+02:00", HALF_PAST_TWO),
        (datetime(2026, 3, 31, 6, 30, tzinfo=UTC), HALF_PAST_TWO),
    ],
)
def test_a_date_is_its_whole_day_and_an_instant_is_itself_in_the_bank_s_zone(
    value: Any, means: tuple[str, str]
) -> None:
    assert said(pa.array([value])) == (*means, True, False)


@pytest.mark.parametrize(
    "value", ["2026-02-30", "03/04/2026", "31.03.2026", "soon", "", "1899-12-31", "2026-03-31 25:00"]
)
def test_what_is_no_time_is_wrong(value: str) -> None:
    assert said(pa.array([value])) == (*DAY, False, True)


def test_what_is_not_known_speaks_as_of_the_bank_s_day() -> None:
    for nothing in (pa.array([None], pa.date32()), pa.array([None], pa.string()), pa.nulls(1)):
        assert said(nothing) == (*DAY, False, False)
    without = read_instants(pa.table({"granted": [True]}), bank(SHANGHAI))
    assert (without.proven.tolist(), without.wrong.tolist()) == ([False], [False])


def test_a_day_on_which_the_clocks_change_is_as_long_as_it_is() -> None:
    assert said(pa.array([date(2026, 3, 29)]), BERLIN)[:2] == ("2026-03-28 23:00:00.000", "2026-03-29 21:59:59.999")
    assert said(pa.array([date(2026, 10, 25)]), BERLIN)[:2] == ("2026-10-24 22:00:00.000", "2026-10-25 22:59:59.999")


def test_an_hour_that_the_clocks_show_twice_may_be_either() -> None:
    twice = said(pa.array([datetime(2026, 10, 25, 2, 30)]), BERLIN)
    assert twice[:2] == ("2026-10-25 00:30:00.000", "2026-10-25 01:30:00.000")
