"""A notice as a table of days."""

import pytest

from service.core.errors import InvalidInput
from service.rules.loading.contact.notice_table import Row, notice_of

SOURCE = "国务院办公厅关于2026年部分节假日安排的通知"


def row(day: str, kind: str = "holiday", name: str = "元旦") -> dict[str, str]:
    return {"day": day, "kind": kind, "name": name, "source": SOURCE, "noticed_on": "2025-11-04"}


NEW_YEAR = [row("2026-01-02"), row("2026-01-01"), row("2026-01-03"), row("2026-01-04", "working")]


def faults(*rows: Row) -> list[str]:
    with pytest.raises(InvalidInput) as error:
        notice_of(rows)
    return [str(one) for one in error.value.problems]


def test_days_become_a_line_a_festival_whatever_their_order() -> None:
    assert notice_of([*NEW_YEAR, row("2026-02-15", name="春节"), row("2026-02-14", "working", "春节")]) == (
        "2026",
        {
            "source": SOURCE,
            "issued_on": "2025-11-04",
            "holidays": [
                {"name": "元旦", "from": "2026-01-01", "to": "2026-01-03", "working": ["2026-01-04"]},
                {"name": "春节", "from": "2026-02-15", "to": "2026-02-15", "working": ["2026-02-14"]},
            ],
        },
    )


def test_the_days_of_december_belong_to_the_year_after() -> None:
    assert notice_of([row("2022-12-31"), row("2023-01-01"), row("2023-01-02")])[0] == "2023"


def test_a_gap_a_repeated_day_and_work_for_nothing_are_named() -> None:
    assert faults(row("2026-01-01"), row("2026-01-03")) == [
        "元旦: has a gap after 2026-01-01; expected days that follow one another"
    ]
    assert "2026-01-03: stands in two rows; expected one: off or worked" in faults(*NEW_YEAR, row("2026-01-03"))
    assert '2026-02-14: is worked for "春节", which has no day off' in faults(
        *NEW_YEAR, row("2026-02-14", "working", "春节")
    )


def test_rows_must_agree_on_their_source_and_its_day() -> None:
    other = row("2026-01-04", "working") | {"noticed_on": "2025-11-05"}
    assert faults(*NEW_YEAR[:3], other) == ["noticed_on: must be the same in every row; got 2025-11-04 and 2025-11-05"]


def test_every_row_that_does_not_fit_is_named() -> None:
    assert faults(row("1 January"), row("2026-01-02", "off"), {"day": "2026-01-03"}) == [
        'row 2: day must be a date (YYYY-MM-DD), got "1 January"',
        'row 3: kind must be one of holiday, working, got "off"',
        "row 4: lacks kind, name, source, noticed_on; expected day, kind, name, source, noticed_on",
    ]
    assert faults() == ["rows: must be 1 to 200, one a day, got 0"]
