"""A made-up customer: decided as a real one would be, and recorded nowhere."""

from typing import Any

import orjson
import pytest
from prometheus_client import REGISTRY

from service.core.errors import MOST_PROBLEMS, InvalidInput
from service.engine.engine import OfferRequest
from service.engine.playground import find_unknown, read_instant, release_on_disk, try_out
from service.rules.policy import DEFAULT, load
from tests.gates.law import opened

SERVING = release_on_disk(load(DEFAULT))
ZONE = "Asia/Shanghai"
AT = read_instant("2026-11-23T10:00", ZONE) or 0
ELDER = {
    "age": 66,
    "risk_tolerance": 5,
    "risk_assessed_on": "2026-06-01",
    "demand_yuan": 12_000,
    "wealth_product_yuan": 20_000,
    "fund_yuan": 20_000,
    **dict.fromkeys(("time_deposit_yuan", "structured_deposit_yuan", "large_cd_yuan", "plan_yuan"), 0),
}


def tried(facts: Any, at: int = AT, serving: Any = SERVING, **asked: Any) -> dict[str, Any]:
    answer: dict[str, Any] = orjson.loads(try_out(serving, facts, OfferRequest(limit=10, language="en", **asked), at))
    return answer


def offers(answer: dict[str, Any]) -> dict[str, Any]:
    return {one["offer"]: one for one in answer["offers"]}


def test_the_answer_holds_offers_with_their_factors_and_the_whole_funnel():
    answer = tried({"attributes": ELDER}, channel="branch")
    assert [one["code"] for one in offers(answer)["equity-r4"]["confirmations"]] == ["second-confirmation"]
    told = answer["explanation"]
    assert {one["stage"] for one in told["funnel"]} == {
        "eligibility",
        "applicability",
        "suitability",
        "contact",
        "worth",
    }
    factors = {one["offer"]: one["factors"] for one in told["offers"]}
    assert factors["equity-r4"]["propensity"] > 0
    assert (answer["decision_id"], answer["customer_id"], told["arm"]) == (None, "made-up", "personalised")


@pytest.mark.parametrize(("day", "open_"), [("2027-06-01", True), ("2027-06-02", False)])
def test_the_instant_decides_whether_the_assessment_still_holds(day: str, open_: bool):
    answer = tried({"attributes": ELDER}, read_instant(f"{day}T10:00", ZONE) or 0, channel="branch")
    assert ("mixed-r3" in offers(answer)) is open_


def test_consents_and_events_are_heard():
    asked = {"channel": "sms"}
    assert tried({"attributes": {**ELDER, "sms_reachable": True}}, **asked)["offers"] == []
    said = {"attributes": {**ELDER, "sms_reachable": True}, "consents": {"marketing:sms": True}}
    assert tried(said, **asked)["offers"]
    often = said | {"events": [{"kind": "contact", "channel": "sms", "days_ago": 1, "times": 2}]}
    assert [one["code"] for one in tried(often, **asked)["withheld"]][-1].startswith("cap-outbound")


def test_scores_stand_for_the_models():
    keen = tried({"attributes": ELDER, "scores": {"wealth": 0.9, "deposit": 0.0001}}, channel="branch")
    shy = tried({"attributes": ELDER, "scores": {"wealth": 0.0001, "deposit": 0.9}}, channel="branch")
    assert (keen["offers"][0]["text"]["family"], shy["offers"][0]["text"]["family"]) == ("wealth", "deposit")


@pytest.mark.parametrize(
    ("facts", "where", "said"),
    [
        ([], "facts", "must be an object"),
        ({"consent": {}}, "consent", 'did you mean "consents"?'),
        ({"attributes": {"agee": 3}}, "attributes.agee", 'did you mean "age"?'),
        ({"attributes": {"age": -1}}, "attributes.age", "must be a number 0 to 120"),
        ({"consents": {"marketing:smss": True}}, "consents.marketing:smss", 'did you mean "marketing:sms"?'),
        ({"consents": {"contact": "yes"}}, "consents.contact", "must be true or false"),
        ({"events": [{"kind": "purchas", "days_ago": 1}]}, "events[0].kind", 'did you mean "purchase"?'),
        (
            {"events": [{"kind": "click", "offer": "term12", "days_ago": 1}]},
            "events[0].offer",
            'did you mean "term-12m"?',
        ),
        ({"events": [{"kind": "click", "at": "2030-01-01"}]}, "events[0]", "not after the instant that is tried"),
        ({"events": [{"kind": "click"}]}, "events[0]", "needs either"),
        (
            {"events": [{"kind": "click", "days_ago": 1, "times": 0}]},
            "events[0].times",
            "must be a whole number 1 to 100",
        ),
        ({"events": [{}] * 201}, "events", "at most 200"),
        ({"scores": {"depost": 0.1}}, "scores.depost", 'did you mean "deposit"?'),
        ({"scores": {"deposit": 2}}, "scores.deposit", "must be a number 0 to 1"),
    ],
)
def test_what_the_policy_cannot_know_is_refused_with_what_was_meant(facts: Any, where: str, said: str):
    with pytest.raises(InvalidInput) as refused:
        tried(facts)
    assert any(one.where == where and said in one.message for one in refused.value.problems), refused.value.problems


def test_a_lax_policy_shows_what_the_law_stops_and_no_alarm_is_raised():
    before = REGISTRY.get_sample_value("fourcast_law_stops_total", {"rule": "law-tolerance"})
    answer = tried({"attributes": {**ELDER, "risk_tolerance": 1}}, serving=release_on_disk(opened(1)), channel="branch")
    assert "law-tolerance" in {one["code"] for one in answer["withheld"]}
    assert REGISTRY.get_sample_value("fourcast_law_stops_total", {"rule": "law-tolerance"}) == before


@pytest.mark.parametrize(
    "facts",
    [
        {"scores": {"deposit": 10**400}},
        {"events": [{"kind": "click", "days_ago": 10**400}]},
        {"events": [{"kind": "survey", "days_ago": 1, "score": 10**400}]},
        {"consents": {"label:target:saverz": False}},
    ],
)
def test_a_number_that_no_double_holds_and_a_misspelt_label_are_named(facts: Any) -> None:
    with pytest.raises(InvalidInput):
        tried(facts)


def test_of_many_unknown_names_no_more_are_looked_for_than_are_told() -> None:
    many = {f"depositt{number}": 1.0 for number in range(5_000)}
    assert len(list(find_unknown("scores", many, ["deposit"]))) == MOST_PROBLEMS
    for part in ("scores", "consents"):
        with pytest.raises(InvalidInput) as refused:
            tried({part: many})
        assert len(refused.value.problems) == MOST_PROBLEMS
