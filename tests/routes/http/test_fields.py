"""Strict fields: each takes its own JSON kind and nothing near it, and every fault of an input is told at once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from marshmallow import fields

from service.core.errors import InvalidInput
from service.core.suggestions import MOST_NEAR, limit_searches
from service.routes.http.fields import MOST_PROBLEMS, Amount, Instant, QueryInteger, Strict, Word, check


class Everything(Strict):
    word = Word(8, required=True)
    among = Word(among=["a", "b"])
    amount_yuan = Amount(0, 100)
    at = Instant()
    limit = QueryInteger(1, 10)
    several = fields.List(fields.Nested(lambda: Everything(only=["word"])))


def problems(value: Any) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        check(Everything(), value, "It does not fit.")
    return [str(problem) for problem in caught.value.problems]


def test_a_fitting_value_is_read() -> None:
    value = {"word": "储蓄", "among": "a", "amount_yuan": 1, "at": "1970-01-01T08:00:00+08:00", "limit": "3"}
    value["at"] = "2026-01-01T08:00:00.5+08:00"
    loaded = check(Everything(), value, "")
    assert loaded == {"word": "储蓄", "among": "a", "amount_yuan": 1.0, "at": 1767225600500, "limit": 3}
    assert isinstance(loaded["amount_yuan"], float)


@pytest.mark.parametrize("value", [True, "3", "", [3], {"a": 1}])
def test_an_amount_is_a_number_and_nothing_near_it(value: object) -> None:
    assert problems({"word": "x", "amount_yuan": value}) == ["amount_yuan: must be a number"]


def test_null_is_not_a_value_unless_allowed() -> None:
    assert problems({"word": None, "amount_yuan": None}) == ["word: must not be null", "amount_yuan: must not be null"]


@pytest.mark.parametrize("value", [-0.01, 100.01])
def test_an_amount_out_of_range_is_told_the_range(value: float) -> None:
    assert problems({"word": "x", "amount_yuan": value}) == [f"amount_yuan: must be from 0 to 100, got {value}"]


@pytest.mark.parametrize("value", ["1.9", "1e1", " 1", "1_0", "０", "true", "", "9999999999"])
def test_a_number_in_a_query_is_digits(value: str) -> None:
    assert problems({"word": "x", "limit": value}) == ["limit: must be a whole number in digits"]


@pytest.mark.parametrize("value", ["0", "11", "-1"])
def test_a_number_in_a_query_has_its_range(value: str) -> None:
    assert problems({"word": "x", "limit": value}) == [f"limit: must be from 1 to 10, got {value}"]


@pytest.mark.parametrize("value", [3, True, ["x"], {"x": 1}])
def test_a_word_is_text(value: object) -> None:
    assert problems({"word": value}) == ["word: must be text"]


@pytest.mark.parametrize("value", ["a\nb", " a", "a ", "a\u200bb", "a\x7f"])
def test_a_word_is_printable(value: str) -> None:
    assert problems({"word": value}) == ["word: must be printable text without a space at either end"]


def test_a_word_has_its_length() -> None:
    assert problems({"word": ""})[0] == "word: must be 1 to 8 characters"
    assert problems({"word": "123456789"}) == ["word: must be 1 to 8 characters"]


@pytest.mark.parametrize(
    "value",
    [0, 1767225600, "2026-01-01", "2026-01-01T08:00:00", "2026-02-30T08:00:00Z", "2026-01-01 08:00:00Z", "now", True],
)
def test_an_instant_states_its_offset(value: object) -> None:
    assert problems({"word": "x", "at": value}) == [
        "at: must be an instant with its offset, as 2026-11-23T09:30:00+08:00"
    ]


def test_an_instant_lies_between_2000_and_now() -> None:
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    assert problems({"word": "x", "at": later}) == ["at: must not lie in the future; check the sender's clock"]
    assert problems({"word": "x", "at": "1999-12-31T23:59:59Z"}) == ["at: must not be before the year 2000"]
    assert check(Everything(), {"word": "x", "at": datetime.now(UTC).isoformat()}, "")


def test_unknown_names_are_refused_with_a_guess() -> None:
    assert problems({"word": "x", "amont_yuan": 1, "z": 1}) == [
        'amont_yuan: is not known here; did you mean "amount_yuan"?',
        "z: is not known here; expected word, among, amount_yuan, at, limit, several",
    ]


def test_every_fault_is_told_at_once_with_its_path() -> None:
    assert problems({"among": "c", "limit": "x", "several": [{"word": "x"}, {"word": 1}]}) == [
        "word: is required",
        'among: must be one of a, b; got "c"',
        "limit: must be a whole number in digits",
        "several.1.word: must be text",
    ]


@pytest.mark.parametrize(("value", "kind"), [([], "an array"), (None, "null"), (1.5, "a number"), (True, "a boolean")])
def test_what_is_no_object_is_named(value: object, kind: str) -> None:
    assert problems(value) == [f": must be an object, got {kind}"]


def test_of_many_unknown_names_some_are_told_and_for_few_a_near_one_is_looked_for() -> None:
    with limit_searches():
        found = problems({"word": "x"} | {f"wordd{number}": 1 for number in range(5_000)})
    assert len(found) == MOST_PROBLEMS
    assert sum("did you mean" in each for each in found) == MOST_NEAR
