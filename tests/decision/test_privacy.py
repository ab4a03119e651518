"""What is not read of a customer who is not personalised: request, past, and every outbound channel."""

from dataclasses import replace

import orjson
import pytest

from service.core.domain import Context, Event, Release, Snapshot
from service.decision import decide, decide_many, encode, population_of, replay
from service.rules.policy import DEFAULT, Policy, load
from tests.decision.bank import ALL_CONSENTS, DAY, NOON, RICH, context, customer, event, small_policy

REFUSED = {**ALL_CONSENTS, "personalisation": False}


@pytest.fixture(scope="module")
def shipped() -> Policy:
    return load(DEFAULT)


def offers(policy: Policy, snapshot: Snapshot, at: Context) -> list[tuple[str, str]]:
    found = decide(policy, snapshot, at, {}, Release(1, policy.hash, None), "d")
    return [(one.offer, one.channel) for one in found.treatments]


@pytest.mark.parametrize("trigger", ["maturity", "salary"])
def test_what_set_the_request_off_moves_nothing(shipped: Policy, trigger: str) -> None:
    opted_out = Snapshot("c", 1, RICH, {"personalisation": False})
    asked = Context(NOON, "mobile_app", limit=9)
    told = replace(asked, trigger=trigger, amount_yuan=90_000.0)
    assert offers(shipped, opted_out, told) == offers(shipped, opted_out, asked)
    many = [
        decide_many(shipped, population_of(shipped, [opted_out]), at, {}, Release(1, "", None)) for at in (asked, told)
    ]
    assert (many[0].offer == many[1].offer).all()


def test_outbound_channels_are_closed_to_who_withdrew_personalisation_whatever_else_they_agreed_to() -> None:
    policy = small_policy()
    assert offers(policy, customer(RICH, ALL_CONSENTS), context(channel="sms"))
    assert offers(policy, customer(RICH, REFUSED), context(channel="sms")) == []
    assert offers(policy, customer({}, ALL_CONSENTS), context(channel="sms")) == []


def test_do_not_contact_closes_every_outbound_channel_and_no_other() -> None:
    policy, quiet = small_policy(), {**ALL_CONSENTS, "contact": False}
    for channel, reached in (("sms", False), ("adviser_call", False), ("mobile_app", True)):
        at = context(channel=channel)
        assert bool(offers(policy, customer(RICH, quiet), at)) is reached
        many = decide_many(policy, population_of(policy, [customer(RICH, quiet)] * 2), at, {}, Release(1, "", None))
        assert bool((many.offer >= 0).any()) is reached
    assert offers(policy, customer(RICH, {**ALL_CONSENTS, "contact": True}), context(channel="sms"))


def test_the_record_holds_what_happened_when_and_nothing_personal() -> None:
    policy = small_policy()
    past = [
        Event("e-1", "c-1", "purchase", NOON - DAY, "term", "branch", "d-0", 123_456.0),
        event("survey", 2 * DAY, score=1.0, question="fair-rates"),
    ]
    snapshot, at = customer(RICH, REFUSED, past), context(trigger="salary", amount_yuan=54_321.0)
    release = Release(1, policy.hash, "b-1")
    record = encode(
        decide(policy, snapshot, at, {"deposit": 0.4}, release, "d"), snapshot, at, {"deposit": 0.4}, release
    )
    read = orjson.loads(record)
    assert (read["snapshot"]["attributes"], read["scores"]) == ({}, {})
    assert (read["context"]["trigger"], read["context"]["amount_yuan"]) == (None, None)
    assert read["snapshot"]["surveys"] == []
    assert read["snapshot"]["trails"] == [
        {"kind": "purchase", "offer": "term", "channel": "branch", "instants": [NOON - DAY]},
        {"kind": "survey", "offer": None, "channel": None, "instants": [NOON - 2 * DAY]},
    ]
    assert replay(record, policy) == record
