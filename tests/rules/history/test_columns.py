"""``history.*``: every name of the schema is filled, on the axes it promises."""

import numpy as np
import pytest

from service.core.grid import DAY_MS, GridIndex
from service.rules.history.columns import CONSENT, COUNTS, MEANS, NEWEST, NOTHING, HistoryColumns
from service.rules.vocabulary import HISTORY, HISTORY_NAMES
from tests.decision.bank import CHANNELS, NOON, OFFERS, event, past_of, table_of

PLACES = GridIndex([(one.id, one.family) for one in OFFERS], [(one.id, one.direction) for one in CHANNELS])
EVERYTHING = HistoryColumns(PLACES, HISTORY)
PAST = [
    event("impression", 1, "cd", "mobile_app"),
    event("click", 3 * DAY_MS, "cash", "sms"),
    event("dismiss", DAY_MS, "cash"),
    event("reject", 2 * DAY_MS, "term"),
    event("accept", 4 * DAY_MS, "equity"),
    event("purchase", 5 * DAY_MS, "cd"),
    event("contact", 6 * DAY_MS, channel="sms"),
    event("complaint", 1),
    event("survey", 1, score=4.0),
]
AXES = {
    "customer": {"customer"},
    "offer": {"customer", "offer"},
    "family": {"customer", "offer"},
    "channel": {"customer", "channel"},
}


def test_every_row_of_the_vocabulary_is_filled_by_its_measure():
    assert {*COUNTS, *NEWEST, *MEANS, CONSENT} == set(HISTORY)
    assert [row.name for row in HISTORY_NAMES] == list(HISTORY)
    assert all(row.meaning.endswith(".") for row in HISTORY_NAMES)


@pytest.mark.parametrize("name", [*COUNTS, *NEWEST, *MEANS])
def test_a_name_varies_over_the_axes_it_promises(name: str):
    per = {**COUNTS, **NEWEST}[name].per if name not in MEANS else "customer"
    assert AXES[per] == set(HISTORY[name].axes)


@pytest.mark.parametrize("name", [*COUNTS, *NEWEST, *MEANS])
def test_one_customer_and_many_agree_on_every_name(name: str):
    one = np.asarray(EVERYTHING.fill_one(past_of(PAST, PLACES))[name])
    many = np.asarray(EVERYTHING.fill_many(table_of([[], PAST], PLACES), NOON, 2)[name])
    np.testing.assert_array_equal(many[1], one.reshape(many[1].shape))
    np.testing.assert_array_equal(many[0], np.full(many[0].shape, NOTHING[name]))
    assert not np.array_equal(many[0], many[1], equal_nan=True), "the past of this test must touch every name"


def test_without_events_a_count_is_0_and_days_since_are_unknown():
    columns = EVERYTHING.fill_one(past_of([], PLACES))
    assert columns["history.contacts_30d"] == 0.0
    assert columns["history.offer_clicked_days"] != columns["history.offer_clicked_days"]


def test_days_since_a_purchase_are_told_for_every_offer_of_the_family():
    column = EVERYTHING.fill_one(past_of(PAST, PLACES))["history.family_purchased_days"]
    np.testing.assert_array_equal(np.ravel(column), [5.0, 5.0, np.nan, np.nan])


def test_consent_is_yes_no_or_never_asked():
    column = EVERYTHING.fill_consent_one({"marketing:sms": True, "marketing:branch": False})[CONSENT]
    np.testing.assert_array_equal(np.ravel(column), [np.nan, 0.0, 1.0, np.nan])
    many = EVERYTHING.fill_consent_many({"marketing:sms": np.array([1.0, np.nan])}, 2)[CONSENT]
    np.testing.assert_array_equal(many[:, 0, :], [[np.nan, np.nan, 1.0, np.nan], [np.nan] * 4])


def test_what_no_rule_reads_is_not_filled():
    nothing_read = HistoryColumns(PLACES, [])
    assert nothing_read.fill_one(past_of(PAST, PLACES)) == pytest.approx(dict(NOTHING), nan_ok=True)
    assert nothing_read.fill_consent_one({"marketing:sms": True}) == {}
