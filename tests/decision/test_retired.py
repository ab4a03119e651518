"""Who is retired: no outbound channel reaches them, under any policy, alone or among many; their own requests do."""

from dataclasses import replace

import pytest

from service.core.domain import RETIRED, Event, Release
from service.core.errors import ContactRefused
from service.decision import decide, decide_many, encode, population_of, replay
from service.decision.contact_permission import permit
from service.rules.policy import Policy
from tests.decision.bank import ALL_CONSENTS, NOON, RICH, context, customer, small_policy

GONE = {**ALL_CONSENTS, RETIRED: True}
BACK = {**ALL_CONSENTS, RETIRED: False}
RELEASE = Release(1, small_policy().hash, None)


def without_contact_rules() -> Policy:
    """A policy whose author wrote no rule on contacts at all."""
    policy = small_policy()
    return replace(policy, contact=replace(policy.contact, consents=(), quiet_hours=(), caps=(), cool_offs=()))


@pytest.mark.parametrize("policy", [small_policy(), without_contact_rules()], ids=["small", "no contact rules"])
def test_no_outbound_channel_is_open_to_the_retired_whatever_the_policy(policy: Policy) -> None:
    for channel, reached in (("sms", False), ("adviser_call", False), ("mobile_app", True)):
        at = context(channel=channel)
        for consents, expected in ((GONE, reached), (BACK, True)):
            one = decide(policy, customer(RICH, consents), at, {}, RELEASE, "d")
            many = decide_many(policy, population_of(policy, [customer(RICH, consents)] * 2), at, {}, RELEASE)
            assert (bool(one.treatments), bool((many.offer >= 0).any())) == (expected, expected), channel


def test_among_many_only_the_retired_are_spared() -> None:
    policy = small_policy()
    crowd = population_of(policy, [customer(RICH, consents) for consents in (GONE, ALL_CONSENTS, BACK)])
    many = decide_many(policy, crowd, context(channel="sms"), {}, RELEASE)
    assert (many.offer >= 0).any(axis=1).tolist() == [False, True, True]


def test_a_contact_is_refused_by_the_gate_that_no_policy_writes() -> None:
    contact = Event("e", "c-1", "contact", NOON, "term", "sms")
    policy = without_contact_rules()
    permit(policy, customer(RICH, BACK), contact, RELEASE, "en")
    with pytest.raises(ContactRefused) as refused:
        permit(policy, customer(RICH, GONE), contact, RELEASE, "en")
    (fault,) = refused.value.problems
    assert (fault.where, fault.message) == ("retired-customer", "The customer is in the bank's file no more")


def test_the_record_of_a_retired_customer_replays_to_the_same_bytes() -> None:
    policy, at = small_policy(), context()
    made = decide(policy, customer(RICH, GONE), at, {}, RELEASE, "d")
    record = encode(made, customer(RICH, GONE), at, {}, RELEASE)
    assert replay(record, policy) == record
