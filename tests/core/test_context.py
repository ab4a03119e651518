"""What a rule reads of a request and of the bank's day: one row a name."""

from dataclasses import fields

from service.core.context import DAY_NAMES, PERSONAL_FIELDS, REQUEST_NAMES, context_columns
from service.core.domain import Context
from service.core.grid import Moment, WorkCalendar
from service.rules.vocabulary import CONTEXT, meanings

AT = Moment(0, 480, 4)


def test_what_the_request_does_not_say_is_unknown():
    columns = context_columns(Context(0), Moment(0, 480, 4), WorkCalendar(frozenset({0})))
    assert columns["context.channel"] is None
    assert columns["context.amount_yuan"] != columns["context.amount_yuan"]
    assert (columns["context.holiday"], columns["context.hour"], columns["context.year_ago"]) == (1.0, 8.0, -365.0)


def test_every_name_of_the_vocabulary_has_a_column_and_no_other():
    assert set(context_columns(Context(0), AT, WorkCalendar())) == set(CONTEXT)


def test_a_field_of_a_request_is_one_row_from_which_its_name_and_column_follow():
    stated = Context(0, "sms", "footer", 3, "salary", 5000)
    columns = context_columns(stated, AT, WorkCalendar())
    assert [columns[one.name] for one in REQUEST_NAMES.values()] == ["sms", "footer", "salary", 5000.0]
    assert {one.name for one in fields(Context)} - set(REQUEST_NAMES) == {"now", "limit"}
    assert PERSONAL_FIELDS == ("trigger", "amount_yuan")


def test_every_name_says_what_it_means_in_one_sentence():
    named = {row.name for row in DAY_NAMES} | {row.name for row in REQUEST_NAMES.values()}
    assert named == set(CONTEXT)
    assert all(meanings()[name].endswith(".") and meanings()[name].count(". ") == 0 for name in CONTEXT)
