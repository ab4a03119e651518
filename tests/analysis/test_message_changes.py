"""What customers would read otherwise, filled in: what a signature under a policy signs."""

from typing import Any

import pytest

from service.analysis.diff import diff
from service.analysis.message_changes import digest_of, list_message_changes
from service.rules.policy import DEFAULT, Policy, from_documents, load


@pytest.fixture(scope="module")
def shipped() -> Policy:
    return load(DEFAULT)


@pytest.fixture
def documents(shipped: Policy) -> dict[str, Any]:
    return shipped.documents


def offer(documents: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in documents["catalogue"]["offers"] if one["id"] == name)
    return found


def test_equal_policies_say_the_same(shipped: Policy) -> None:
    assert list_message_changes(shipped, from_documents(shipped.documents)) == ()


def test_a_rate_changes_the_words_that_customers_read(shipped: Policy, documents: dict[str, Any]) -> None:
    offer(documents, "notice-7d")["terms"]["rate"] = 0.0055
    found = list_message_changes(shipped, from_documents(documents))
    assert {one.offer for one in found} == {"notice-7d"}
    plain = next(one for one in found if one.language == "zh" and "sms" in one.channels and not one.positioning)
    assert plain.before is not None
    assert plain.after is not None
    assert ("0.45%" in plain.before.body, "0.55%" in plain.after.body) == (True, True)
    assert plain.digest == digest_of("notice-7d", "zh", plain.after)


def test_a_name_reaches_every_message_it_is_filled_into(shipped: Policy, documents: dict[str, Any]) -> None:
    offer(documents, "cash-r1")["name"] = {"zh": "活钱", "en": "Ready cash"}
    found = list_message_changes(shipped, from_documents(documents))
    assert {one.positioning for one in found} == {None, "wealth-with-time-to-talk", "first-steps-in-wealth"}
    channels = [channel for one in found if one.language == "en" and not one.positioning for channel in one.channels]
    assert sorted(channels) == sorted(channel.id for channel in shipped.channels)


def test_an_offer_that_is_gone_and_one_that_is_new_are_told(shipped: Policy, documents: dict[str, Any]) -> None:
    offer(documents, "index-fund-r4")["id"] = "index-fund-r4b"
    found = {one.offer: one for one in list_message_changes(shipped, from_documents(documents))}
    new, gone = found["index-fund-r4b"], found["index-fund-r4"]
    assert (new.before, gone.after, gone.digest) == (None, None, None)


def test_channels_that_say_the_same_stand_together_and_apart_in_the_document(
    shipped: Policy, documents: dict[str, Any]
) -> None:
    documents["messages"]["channels"]["sms"]["zh"] = "回复T退订。"
    found = diff(shipped, from_documents(documents))
    assert {channel for one in found.messages for channel in one.channels} == {"sms"}
    told = found.document()["messages"]
    assert isinstance(told, list)
    assert all((one["channel"], one["language"]) == ("sms", "zh") for one in told)
    assert "what customers would read otherwise:" in str(found)
    assert {change.needs for change in found.changes} == {"compliance"}
