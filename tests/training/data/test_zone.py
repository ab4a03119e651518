"""One instant is one day, the bank's, wherever it is read: in training, in batch scoring, in serving."""

from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from service.core.attributes.features import FeatureProgram
from service.core.context import context_columns
from service.core.domain import Context
from service.core.grid import WorkCalendar, day_at, day_number, moment, start_of
from tests.training.experience.small_experience import experience, made, said
from tests.training.small_bank import small_bank
from training.bundles.review_from_events import _day
from training.data.bank_tables import default_table, read_customers, table_of

AT = datetime(2026, 1, 30, 16, 30, tzinfo=UTC)
"""Half past midnight in Shanghai, the 31st; a Saturday there, a Friday in Greenwich."""
NOW = int(AT.timestamp() * 1000)
SHANGHAI = "Asia/Shanghai"
NAMES = ("customer.last_transfer_on", "customer.last_transfer_weekday")
SOURCES = ("parquet", "csv", "text among days", "sql")


def stored(root: Path, source: str) -> tuple[Path, Path]:
    """A bank whose file tells the one customer's latest transfer as an instant, in one of several ways."""
    reading = "read_parquet(file('a.parquet'))" if source == "parquet" else "read_csv(file('a.csv'))"
    column = "CAST(since AS DATE)" if source == "sql" else "since"
    bank, files = small_bank(root, customers=f"SELECT id AS customer_id, {column} AS last_transfer_on FROM {reading}")
    pq.write_table(pa.table({"id": ["a"], "since": pa.array([AT], pa.timestamp("us", "UTC"))}), files / "a.parquet")
    more = "b,2026-01-01\n" if source == "text among days" else ""
    (files / "a.csv").write_text(f"id,since\na,2026-01-30T16:30:00Z\n{more}")
    return bank, files


@pytest.mark.parametrize("source", SOURCES)
def test_one_instant_near_midnight_is_one_day_in_training_scoring_and_serving(tmp_path: Path, source: str) -> None:
    bank, files = stored(tmp_path, source)
    customers, program = read_customers(bank, files), FeatureProgram(table_of(bank))
    trained = dict(program.table.encode_frame(customers.table))  # what training and `fourcast score` read
    program.derive_many(trained)
    served = program.table.encode(dict(customers)["a"])  # what an import stores and a request reads
    program.derive_one(served)
    expected = [day_number("2026-01-31"), 5.0]
    assert [served[name] for name in NAMES] == expected
    assert [trained[name].ravel()[0] for name in NAMES] == expected
    context = context_columns(Context(NOW), moment(NOW, SHANGHAI), WorkCalendar())
    assert context["context.today"] == served["customer.last_transfer_on"]


def test_an_instant_in_a_frame_is_dated_by_the_zone_it_bears() -> None:
    table = default_table().only(["last_transfer_on"])
    for zone, day in ((SHANGHAI, "2026-01-31"), ("UTC", "2026-01-30")):
        column = pa.array([AT, None], pa.timestamp("us", zone))
        found = table.encode_frame(pa.table({"last_transfer_on": column}))["customer.last_transfer_on"].ravel()
        assert found[0] == day_number(day)
        assert np.isnan(found[1])


@pytest.mark.parametrize("zone", [SHANGHAI, "UTC", "America/New_York", "Asia/Kathmandu"])
def test_the_instant_at_which_a_day_begins_is_of_that_day(zone: str) -> None:
    began = start_of(date(2026, 1, 31), zone)
    assert day_at(began, zone) == date(2026, 1, 31)
    assert day_at(began - 1, zone) == date(2026, 1, 30)
    assert day_at(NOW, zone) == AT.astimezone(ZoneInfo(zone)).date()


def test_a_bundle_learned_from_events_is_reviewed_on_the_banks_day() -> None:
    observations = list(experience([made(at=NOW)], [said("impression", NOW)]).offers)
    assert _day(observations, SHANGHAI) == date(2026, 1, 31)
