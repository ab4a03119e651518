"""What a new policy says differently, in words: the shipped one with one thing changed at a time."""

import copy
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.analysis.diff import Change, diff, list_changes
from service.rules.policy import DEFAULT, Policy, from_documents, load


@pytest.fixture(scope="module")
def shipped() -> Policy:
    return load(DEFAULT)


@pytest.fixture
def documents(shipped: Policy) -> dict[str, Any]:
    return shipped.documents


def said(shipped: Policy, documents: dict[str, Any]) -> list[str]:
    return [str(change) for change in list_changes(shipped.documents, documents)]


def named(entries: list[dict[str, Any]], name: str) -> dict[str, Any]:
    return next(entry for entry in entries if entry.get("id", entry.get("name")) == name)


def test_the_same_policy_says_the_same(shipped: Policy):
    found = diff(shipped, from_documents(shipped.documents))
    assert (found.changes, found.weights) == ((), ())
    assert str(found) == "The two policies say the same."


def test_a_rate_is_named_with_both_values(shipped: Policy, documents: dict[str, Any]):
    named(documents["catalogue"]["offers"], "term-12m")["terms"]["rate"] = 0.0111
    before = named(shipped.documents["catalogue"]["offers"], "term-12m")["terms"]["rate"]
    assert said(shipped, documents) == [f'catalogue.yaml: offer "term-12m": terms.rate was {before}, is 0.0111']


def test_what_is_added_and_removed_is_named(shipped: Policy, documents: dict[str, Any]):
    offers = documents["catalogue"]["offers"]
    twin = copy.deepcopy(offers[0]) | {"id": "twin"}
    offers.append(twin)
    offers.remove(named(offers, "term-60m"))
    documents["contact"]["holidays"].append("2027-01-01")
    rule = documents["consumer"]["rules"].pop()
    assert said(shipped, documents) == [
        'catalogue.yaml: offer "term-60m" is gone',
        'catalogue.yaml: offer "twin" is new',
        f'consumer.yaml: rule "{rule["id"]}" is gone',
        'contact.yaml: holiday "2027-01-01" is new',
    ]


def test_rules_channels_caps_and_words_have_their_own_names(shipped: Policy, documents: dict[str, Any]):
    documents["channels"]["channels"][0]["contact_cost_yuan"] = 0.5
    documents["contact"]["caps"][0]["maximum"] += 1
    documents["messages"]["families"]["deposit"]["title"]["en"] = "Save with us"
    documents["strategies"]["strategies"][0]["enabled"] = False
    documents["experiments"]["holdout"]["share"] = 0.07
    words = said(shipped, documents)
    assert words[0].startswith('channels.yaml: channel "mobile_app": contact_cost_yuan was ')
    assert words[1].startswith('contact.yaml: cap "')
    assert words[2].startswith("experiments.yaml: holdout: share was ")
    assert words[3] == 'messages.yaml: message of family "deposit": title.en was {name}, is Save with us'
    assert words[4] == 'strategies.yaml: strategy "portrait-matching": enabled is new: false'
    assert len(words) == 5


def test_another_order_is_told_because_ties_go_to_the_first(shipped: Policy, documents: dict[str, Any]):
    channels = documents["channels"]["channels"]
    channels[0], channels[1] = channels[1], channels[0]
    (told,) = said(shipped, documents)
    assert told.startswith('channels.yaml: order of channels was ["mobile_app","branch"')
    assert told.endswith("(ties go to the first)")


def test_of_a_long_list_the_entries_that_changed_are_shown(shipped: Policy, documents: dict[str, Any]):
    cases = named(documents["consumer"]["rules"], "care-from-65")["cases"]
    cases[-1]["given"]["customer.age"] = 60
    (line,) = said(shipped, documents)
    was, now = line.split("cases was ")[1].split(", is ")
    assert was.count("expect") == now.count("expect") == 1
    assert "customer.age" not in was and '"customer.age":60' in now


def test_of_a_long_text_the_part_that_changed_is_shown():
    before, after = "a" * 300 + "b", "a" * 300 + "c"
    (change,) = list_changes({"notes": {"words": before}}, {"notes": {"words": after}})
    assert str(change).endswith(f"words was ...{before[-41:]}, is ...{after[-41:]}")


def test_a_judgment_moves_the_weights_and_both_are_told(shipped: Policy, documents: dict[str, Any]):
    documents["weights"]["judgments"]["groups"]["retail-head"]["strengths/weaknesses"] = 2
    found = diff(shipped, from_documents(documents))
    assert [str(change) for change in found.changes] == [
        'weights.yaml: judgments of "groups": retail-head.strengths/weaknesses was 1, is 2'
    ]
    assert {one.name for one in found.weights} == set(shipped.weights)
    assert sum(one.difference for one in found.weights) == pytest.approx(0.0, abs=1e-12)
    assert "the four C as composed:" in str(found)
    document = orjson.loads(orjson.dumps(found.document()))
    assert document["changes"][0]["before"] == 1
    assert document["changes"][0]["sentence"] == str(found.changes[0])


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({"a": 1}, {"a": True}, "d.yaml: a was 1, is true"),
        ({"a": []}, {"a": {}}, "d.yaml: a was [], is {}"),
        ({"a": ["x", "x"]}, {"a": ["x"]}, 'd.yaml: a was ["x","x"], is ["x"]'),
        ({"a": None}, {}, "d.yaml: a is gone; it was null"),
        ({}, {"a": None}, "d.yaml: a is new: null"),
        ({"a": "x" * 500}, {"a": "y"}, f"d.yaml: a was {'x' * 160}..., is y"),
        (
            {"rules": [{"id": "r", "w": {"x": 1}}]},
            {"rules": [{"id": "r", "w": 2}]},
            'd.yaml: rule "r": w was {"x":1}, is 2',
        ),
    ],
)
def test_small_documents(before: Any, after: Any, told: str):
    assert [str(change) for change in list_changes({"d": before}, {"d": after})] == [told]


def test_a_document_that_came_or_went_is_one_change():
    assert [str(change) for change in list_changes({}, {"d": {"a": 1}})] == ['d.yaml: document is new: {"a":1}']
    assert [change.action for change in list_changes({"d": {"a": 1}}, {})] == ["removed"]


plain = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["", "a", "b"])),
    lambda below: st.one_of(
        st.lists(below, max_size=3),
        st.dictionaries(st.sampled_from(["id", "name", "a", "b"]), below, max_size=3),
    ),
    max_leaves=12,
)
sections = st.dictionaries(st.sampled_from(["rules", "offers", "x"]), plain, max_size=3)


@settings(max_examples=300)
@given(sections, sections)
def test_there_is_a_change_exactly_where_the_documents_differ(before: Any, after: Any):
    same = orjson.dumps(before, option=orjson.OPT_SORT_KEYS) == orjson.dumps(after, option=orjson.OPT_SORT_KEYS)
    found = list(list_changes({"d": before}, {"d": after}))
    assert (found == []) == same
    assert all(isinstance(change, Change) and str(change) for change in found)
    assert list(list_changes({"d": before}, {"d": before})) == []
