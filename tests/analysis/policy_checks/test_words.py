"""No text of a policy that can reach a person promises anything, wherever in the documents it stands."""

from collections.abc import Callable
from typing import Any

import pytest

from service.analysis.policy_checks.conduct import find_breaches
from service.analysis.policy_checks.words import find_promises, judge_texts
from service.rules.policy import DEFAULT, Policy, from_documents, load

PROMISE = {"zh": "稳赚不赔", "en": "x"}
Documents = dict[str, Any]


@pytest.fixture(scope="module")
def shipped() -> Policy:
    return load(DEFAULT)


def first(documents: Documents, name: str, key: str) -> Any:
    return documents[name][key][0]


def rule(documents: Documents, name: str, rule_id: str) -> Any:
    return next(one for one in documents[name]["rules"] if one["id"] == rule_id)


PLACES: dict[str, tuple[Callable[[Documents], Any], str]] = {
    "a reason": (
        lambda d: rule(d, "cost", "money-is-leaving").update(reason=PROMISE),
        'cost.yaml: rule "money-is-leaving": reason.zh: "稳赚不赔" may not be said: denial-of-loss',
    ),
    "a hint": (
        lambda d: rule(d, "consumer", "assessment-valid").update(unlock=PROMISE),
        'consumer.yaml: rule "assessment-valid": unlock.zh: "稳赚不赔" may not be said: denial-of-loss',
    ),
    "a rest of the contact policy": (
        lambda d: first(d, "contact", "quiet_hours").update(reason=PROMISE),
        'reason.zh: "稳赚不赔" may not be said: denial-of-loss',
    ),
    "the name of a segment": (
        lambda d: first(d, "strategies", "segments").update(name=PROMISE),
        'strategies.yaml: segment "savers": name.zh: "稳赚不赔" may not be said: denial-of-loss',
    ),
    "the aim of a strategy": (
        lambda d: d["strategies"]["strategies"][0].update(objective=PROMISE),
        'objective.zh: "稳赚不赔" may not be said: denial-of-loss',
    ),
    "the name of a channel": (
        lambda d: first(d, "channels", "channels").update(name=PROMISE),
        'channels.yaml: channel "mobile_app": name.zh: "稳赚不赔" may not be said: denial-of-loss',
    ),
    "the name of an offer": (
        lambda d: first(d, "catalogue", "offers").update(name=PROMISE),
        'catalogue.yaml: offer "demand-sweep": name.zh: "稳赚不赔" may not be said: denial-of-loss',
    ),
    "what a channel adds": (
        lambda d: d["messages"]["channels"].update(sms=PROMISE),
        'messages.yaml: channels.sms.zh: "稳赚不赔" may not be said: denial-of-loss',
    ),
    "a tag": (
        lambda d: first(d, "portrait", "tags").update(text=PROMISE),
        'portrait.yaml: tag "large-balances": text.zh: "稳赚不赔" may not be said: denial-of-loss',
    ),
    "a message": (
        lambda d: d["messages"]["families"]["wealth"]["body"].update(zh="保 證收益，风险等级R{risk}"),
        'message of offer "cash-r1": (zh) "保证" may not be said: guarantee',
    ),
    "a segment's words": (
        lambda d: d["messages"]["positioning"][2]["body"].update(zh="保 證收益，风险等级R{risk}"),
        'positioning "wealth-with-time-to-talk", message of offer "cash-r1": (zh) "保证" may not be said',
    ),
    "a risk level nobody tells": (
        lambda d: d["messages"]["offers"]["structured-3m"].update(
            title={"zh": "甲", "en": "x"}, body={"zh": "乙", "en": "y"}
        ),
        'message of offer "structured-3m": (zh) the risk level R2 must be told, got none',
    ),
    "a link to another host": (
        lambda d: d["messages"].update(link="https://evil.example/{offer_id}"),
        'messages.yaml: link "https://evil.example/demand-sweep" leads to evil.example; messages.yaml allows',
    ),
    "a link whose host no list names": (
        lambda d: (d["messages"].pop("link_hosts"), d["messages"].update(link="https://mybank.example/{offer_id}")),
        "leads to mybank.example; messages.yaml allows (link_hosts): bank.example",
    ),
    "a host that is none": (
        lambda d: d["messages"].update(link_hosts=["*.bank.example"]),
        "messages.yaml: link_hosts: expected a host name in small plain letters such as bank.example",
    ),
    "an address in a reason": (
        lambda d: rule(d, "cost", "idle-money").update(reason={"zh": "详见evil.com", "en": "x"}),
        'cost.yaml: rule "idle-money": reason: link "https://evil.com" leads to evil.com',
    ),
    "a word of the bank's own": (
        lambda d: rule(d, "cost", "idle-money").update(reason={"zh": "内部 渠道", "en": "x"}),
        'cost.yaml: rule "idle-money": reason.zh: "内部渠道" may not be said',
    ),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_promise_is_found_wherever_it_stands(shipped: Policy, place: str) -> None:
    change, told = PLACES[place]
    documents = shipped.documents
    change(documents)
    assert any(told in str(problem) for problem in find_breaches(from_documents(documents)))


def test_a_name_that_is_filled_into_a_message_is_judged_there(shipped: Policy) -> None:
    documents = shipped.documents
    offer = next(one for one in documents["catalogue"]["offers"] if one["id"] == "cash-r1")
    offer["name"] = {"zh": "保本", "en": "x"}
    found = {problem.where for problem in find_promises(from_documents(documents))}
    assert {'catalogue.yaml: offer "cash-r1"', 'message of offer "cash-r1"'} <= found


def test_the_shipped_policy_promises_nothing(shipped: Policy) -> None:
    assert find_promises(shipped) == []


def test_texts_of_the_banks_experts_stay_inside(shipped: Policy) -> None:
    documents = shipped.documents
    documents["weights"]["factors"][0]["name"] = PROMISE
    assert find_promises(from_documents(documents)) == []


def test_texts_are_judged_as_a_policys_own() -> None:
    found = judge_texts(["不保证收益。", "保底"], "zh", "wealth", 2)
    assert (found["refused"], [one["faults"] for one in found["texts"]]) == (  # type: ignore[attr-defined]
        1,
        [[], ["不得使用“保底”：承诺保本"]],
    )
