"""GET and PUT preferences: what the customer permits, said once and in force at once."""

from collections.abc import Callable
from typing import Any

import pytest

from service.core.suggestions import MOST_NEAR
from service.engine.rights.preferences import MOST_PROBLEMS
from service.store import ConsentWords, Store
from tests.seed import put_customer

Keys = dict[str, dict[str, str]]
Say = Callable[..., Any]


@pytest.fixture
def customer(store: Store, request: pytest.FixtureRequest) -> str:
    """A customer of this test alone."""
    name = f"p-{abs(hash(request.node.nodeid)) % 10**12}"
    put_customer(store, name, {"age": 44, "demand_yuan": 180_000.0})
    return name


@pytest.fixture
def say(client: Any, keys: Keys, customer: str) -> Say:
    def put(**body: Any) -> Any:
        whole = {name: value for name, value in ({"version": "privacy-1"} | body).items() if value is not ...}
        return client.put(f"/v1/customers/{customer}/preferences", headers=keys["app"], json=whole)

    return put


def test_before_anybody_spoke_personal_offers_are_open_and_every_outbound_channel_is_closed(
    client: Any, keys: Keys, customer: str
) -> None:
    found = client.get(f"/v1/customers/{customer}/preferences", headers=keys["app"]).json
    assert (found["personalisation"], found["do_not_contact"], found["said"]) == (True, False, {})
    assert {purpose for purpose, granted in found["consents"].items() if granted} == {"personalisation", "contact"}
    assert {"marketing:sms", "marketing:wechat", "marketing:email", "marketing:adviser_call"} < set(found["consents"])


def test_what_is_said_stands_with_when_through_whom_and_to_which_words(say: Say) -> None:
    answer = say(personalisation=False, consents={"marketing:sms": True})
    assert answer.status_code == 200
    assert (answer.json["personalisation"], answer.json["consents"]["marketing:sms"]) == (False, True)
    word = answer.json["said"]["marketing:sms"]
    assert (word["granted"], word["source"], word["version"]) == (True, "app", "privacy-1")
    assert word["at"].endswith("+08:00")


def test_what_is_left_out_stays_and_saying_it_twice_changes_nothing(say: Say) -> None:
    say(consents={"marketing:sms": True, "marketing:wechat": True})
    first = say(consents={"marketing:sms": False}, do_not_contact=True).json
    second = say(consents={"marketing:sms": False}, do_not_contact=True).json
    assert first["consents"] == second["consents"]
    assert (second["consents"]["marketing:sms"], second["consents"]["marketing:wechat"]) == (False, True)
    assert second["do_not_contact"] is True


def test_the_last_word_holds_even_where_an_earlier_one_is_dated_later(
    client: Any, keys: Keys, customer: str, store: Store, say: Say
) -> None:
    """Another worker's clock, or an import, dated a yes ahead of time: the customer's no comes after it."""
    store.consents.say(
        customer, ConsentWords({"personalisation": True, "marketing:sms": True}, "import", "1"), 4_000_000_000_000
    )
    answer = say(personalisation=False, consents={"marketing:sms": False}).json
    assert (answer["personalisation"], answer["consents"]["marketing:sms"]) == (False, False)
    offers = client.get(f"/v1/customers/{customer}/offers", headers=keys["app"]).json
    assert offers["personalised"] is False


def test_of_many_unknown_purposes_some_are_told_and_for_few_a_near_one_is_looked_for(say: Say) -> None:
    refused = say(consents={f"marketing:smss{number}": True for number in range(900)})
    assert (refused.status_code, len(refused.json["errors"])) == (422, MOST_PROBLEMS)
    assert refused.text.count("did you mean") == MOST_NEAR


@pytest.mark.parametrize(
    ("body", "where", "message"),
    [
        ({"consents": {"marketting:sms": False}}, "consents.marketting:sms", 'did you mean "marketing:sms"?'),
        ({"consents": {"marketing:sms": "no"}}, "consents.marketing:sms", "must be true or false"),
        ({"personalisation": 0}, "personalisation", "must be true or false"),
        ({"personalisation": None}, "personalisation", "must not be null"),
        ({"personalization": False}, "personalization", 'did you mean "personalisation"?'),
        ({"personalisation": False, "version": ...}, "version", "is required"),
        ({"personalisation": False, "consents": {"personalisation": True}}, "consents.personalisation", "said twice"),
        ({}, "", "must say something"),
    ],
)
def test_what_does_not_fit_is_refused_whole_and_told_where(
    client: Any, keys: Keys, customer: str, say: Say, body: dict[str, Any], where: str, message: str
) -> None:
    answer = say(**body)
    assert answer.status_code == 422
    assert any(row["where"].startswith(where) and message in row["message"] for row in answer.json["errors"])
    assert client.get(f"/v1/customers/{customer}/preferences", headers=keys["app"]).json["said"] == {}


@pytest.mark.parametrize("method", ["get", "put"])
def test_a_customer_nobody_has_is_not_found(client: Any, keys: Keys, method: str) -> None:
    body = {"personalisation": False, "version": "1"} if method == "put" else None
    answer = client.open("/v1/customers/nobody/preferences", method=method.upper(), headers=keys["app"], json=body)
    assert answer.status_code == 404


def test_the_customer_says_it_with_their_own_key(client: Any, keys: Keys) -> None:
    before = client.get("/v1/customers/c-1/offers", headers=keys["own"]).json
    assert before["personalised"] is True
    body = {"personalisation": False, "version": "1"}
    assert client.put("/v1/customers/c-1/preferences", headers=keys["own"], json=body).status_code == 200
    assert client.get("/v1/customers/c-1/offers", headers=keys["own"]).json["personalised"] is False


def test_withdrawing_takes_one_call_and_the_same_fields_as_agreeing_for_every_purpose(say: Say) -> None:
    """PIPL art. 15: no purpose asks for one word more, or for another call, to be withdrawn than to be given."""
    purposes = say(personalisation=True).json["consents"]
    for purpose in purposes:
        own = {"personalisation": {"personalisation": True}, "contact": {"do_not_contact": False}}
        given = own.get(purpose, {"consents": {purpose: True}})
        withdrawn = own_opposite(given)
        assert say(**given).json["consents"][purpose] is True
        answer = say(**withdrawn)
        assert (answer.status_code, answer.json["consents"][purpose]) == (200, False)


def own_opposite(body: dict[str, Any]) -> dict[str, Any]:
    """The same fields with the other word."""
    return {name: own_opposite(word) if isinstance(word, dict) else not word for name, word in body.items()}


def test_everything_is_withdrawn_by_one_word(say: Say, client: Any, keys: Keys, customer: str) -> None:
    say(personalisation=True, consents={"marketing:sms": True, "marketing:email": True})
    answer = say(withdraw_all=True)
    assert not any(answer.json["consents"].values())
    assert (answer.json["personalisation"], answer.json["do_not_contact"]) == (False, True)
    offers = client.get(f"/v1/customers/{customer}/offers", headers=keys["app"]).json
    assert offers["personalised"] is False
    assert say(withdraw_all=True, personalisation=True).status_code == 422
    assert say(withdraw_all=False, consents={"marketing:sms": True}).json["consents"]["marketing:sms"] is True
