"""Two records side by side: nothing when they are the same, else every path that is not."""

import orjson
from hypothesis import given
from hypothesis import strategies as some

from service.decision.trace.record_differences import ABSENT, BYTES, Difference, list_differences

values = some.recursive(
    some.none() | some.booleans() | some.integers(-9, 9) | some.text(max_size=3) | some.floats(-1, 1),
    lambda inner: (
        some.lists(inner, max_size=3) | some.dictionaries(some.text(min_size=1, max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)
records = some.dictionaries(some.text("ab", min_size=1, max_size=2), values, max_size=4)


def test_every_changed_added_and_lost_value_is_named_with_both_sides():
    stored = orjson.dumps({"a": {"b": [1, 2]}, "lost": 1, "same": "x"})
    now = orjson.dumps({"a": {"b": [1, 3, 4]}, "same": "x", "new": None})
    assert set(list_differences(stored, now)) == {
        Difference("a.b.1", 2, 3),
        Difference("a.b.2", ABSENT, 4),
        Difference("lost", 1, ABSENT),
        Difference("new", ABSENT, None),
    }


def test_a_number_that_became_a_truth_or_a_whole_one_is_a_difference():
    assert list_differences(b'{"a":1}', b'{"a":1.0}')
    assert list_differences(b'{"a":1}', b'{"a":true}')


def test_the_same_content_in_other_bytes_is_told():
    assert list_differences(b'{"a": 1}', b'{"a":1}') == (Difference(BYTES, 8, 7),)


@given(records, records)
def test_nothing_differs_exactly_when_the_bytes_are_the_same(one, other):
    stored, now = orjson.dumps(one), orjson.dumps(other)
    assert (list_differences(stored, now) == ()) == (stored == now)
    assert all(
        found.stored != found.now or type(found.stored) is not type(found.now)
        for found in list_differences(stored, now)
        if found.path != BYTES
    )
