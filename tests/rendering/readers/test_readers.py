"""What each reader of a decision is told, over decisions of the demo bank: by hand first, then everything at once."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from service.rendering import Subject, write_explanation
from service.rendering.readers.adviser import write_adviser_explanation
from service.rendering.readers.customer import write_customer_explanation
from service.rendering.readers.words import UNHEARD, is_chinese
from service.rules.policy import Policy
from tests.routes.conftest import SAVER

_WRITERS: dict[str, Callable[[Subject, str], dict[str, Any]]] = {
    "customer": write_customer_explanation,
    "adviser": write_adviser_explanation,
    "analyst": write_explanation,
}
Written = Callable[[str, Subject, str], dict[str, Any]]
CODES = {"id", "code", "offer", "channel", "topic", "action", "source", "version", "rule", "language", "decided_at",
         "customer_id", "decision_id", "arm", "stage", "ground"}  # fmt: skip
"""Members that programs read, and the articles, which the bank may quote in its own words."""
FRESH, OVER = {"risk_assessed_on": "2025-06-01"}, {"risk_assessed_on": "2025-03-09"}
LEVEL = re.compile(r"\bC[1-5]\b|(is|当前) ?\d|at least \d|不低于\d")
RETAKE = re.compile("重新测评|更新.{0,8}测评|再次测评|renew|retake|take another|updat", re.IGNORECASE)


def texts(document: Any, key: str = "") -> Iterator[str]:
    """Every text of a document that a person reads."""
    if isinstance(document, dict):
        for name, value in document.items():
            yield from texts(value, name)
    elif isinstance(document, list):
        for value in document:
            yield from texts(value, key)
    elif isinstance(document, str) and key not in CODES:
        yield document


def read_whole(document: Any) -> str:
    return "\n".join(texts(document))


def closed_to(subject: Subject) -> list[str]:
    """The offers that this customer may not hold, worked out from the law's words without the code under test."""
    facts, found = subject.snapshot.attributes, []
    personal = subject.snapshot.consents.get("personalisation") is not False
    tolerance, assessed, age = facts.get("risk_tolerance"), str(facts.get("risk_assessed_on") or ""), facts.get("age")
    valid = personal and tolerance is not None and "2025-03-10" <= assessed <= "2026-03-10"
    face_to_face = subject.context.channel in (None, "branch", "adviser_call")
    for offer in subject.policy.offers:
        risk = offer.terms.get("risk")
        risky = risk is not None and not (valid and float(str(tolerance)) >= float(str(risk)))
        private = bool(offer.terms.get("qualified_only")) and not (personal and facts.get("qualified_investor") is True)
        elderly = risk is not None and float(str(risk)) >= 4 and float(str(age or 0)) >= 65 and not face_to_face
        found += [offer.id] if risky or private or elderly else []
    return found


# -- by hand -----------------------------------------------------------------------------------------------------------


def actions(subject: Subject) -> list[str]:
    return [one["action"] for one in write_customer_explanation(subject, "en")["can_change"]]


@pytest.mark.parametrize(
    ("assessed_on", "told"),
    [
        (None, True),
        ("2025-03-09", True),
        ("2025-03-10", True),
        ("2025-04-09", True),
        ("2025-04-10", False),
        ("2026-03-10", False),
        ("2026-03-11", True),
    ],
)
def test_an_assessment_is_spoken_of_only_where_none_is_valid_or_it_ends_within_thirty_days(
    explain: Callable[..., Subject], assessed_on: str | None, told: bool
) -> None:
    facts = SAVER | {"risk_tolerance": 2, "risk_assessed_on": assessed_on}
    assert ("assessment" in actions(explain(facts))) == told


def test_on_its_last_day_an_assessment_is_valid_and_its_end_is_told(explain: Callable[..., Subject]) -> None:
    subject = explain(SAVER | {"risk_tolerance": 2, "risk_assessed_on": "2025-03-10"})
    document = write_customer_explanation(subject, "en")
    (change,) = [one for one in document["can_change"] if one["action"] == "assessment"]
    assert change["text"].startswith("Your risk assessment ends on 2026-03-10.")


@pytest.mark.parametrize(
    ("consents", "told"),
    [({}, True), ({"marketing:sms": False}, False), ({"marketing:sms": True}, False), ({"contact": False}, False)],
)
def test_contact_is_spoken_of_to_those_who_were_never_asked_and_a_refusal_is_left_alone(
    explain: Callable[..., Subject], consents: dict[str, bool], told: bool
) -> None:
    assert ("consent" in actions(explain(SAVER, consents))) == told


@pytest.mark.parametrize(("consents", "on"), [({}, True), ({"personalisation": False}, False)])
def test_the_customer_reads_whether_it_was_personalised_and_how_to_change_that(
    explain: Callable[..., Subject], consents: dict[str, bool], on: bool
) -> None:
    document = write_customer_explanation(explain(SAVER, consents), "en")
    assert document["personalised"] == on
    assert ("switch personalisation off" if on else "have switched personalisation off") in document["personalisation"]
    assert ("bank" in {one["source"] for one in document["used"]}) == on
    assert on or "without statistical models" in document["method"]


def test_what_was_used_is_told_by_where_it_comes_from_and_what_was_not_besides(explain: Callable[..., Subject]) -> None:
    facts = SAVER | {"sex": "female", "interbank_rate_3m": 1.6, "risk_tolerance": 2, "employees_thousand": 9.0}
    document = write_customer_explanation(explain(facts), "en", frozenset({"interbank_rate_3m"}))
    used = {one["source"]: {item["id"] for item in one["items"]} for one in document["used"]}
    assert {"demand_yuan", "logins_30d"} <= used["bank"]
    assert used["customer"] == {"age", "risk_tolerance"}
    assert used["outside"] == {"interbank_rate_3m"}
    assert {item["id"] for item in document["not_used"]["items"]} == {"sex", "employees_thousand"}
    (rate,) = [one for one in document["used"] if one["source"] == "outside"]
    assert rate["items"][0]["text"] == "three-month interbank rate (source: money market fixing, daily)"


def test_of_models_that_are_gone_everything_on_record_may_have_been_read(explain: Callable[..., Subject]) -> None:
    document = write_customer_explanation(explain(SAVER | {"sex": "female"}), "en", None)
    assert document["not_used"]["items"] == []


@pytest.mark.parametrize(("age", "second"), [(64, False), (65, True)])
def test_from_65_high_risk_products_need_a_second_confirmation(
    explain: Callable[..., Subject], age: int, second: bool
) -> None:
    rich = SAVER | FRESH | {"age": age, "risk_tolerance": 5, "adviser_id": "a-1", "fund_yuan": 90_000.0}
    document = write_adviser_explanation(explain(rich, channel="branch"), "en")
    confirmed = {one["offer"]: one["second_confirmation"] for one in document["offers"]}
    assert confirmed["index-fund-r4"] is second
    assert confirmed["cash-r1"] is False
    assert any("second confirmation" in note for note in document["notes"]) is second


@pytest.mark.parametrize(("facts", "expected"), [(FRESH, "never ask to retake"), (OVER, "speak of deposits only")])
def test_the_adviser_is_told_how_to_speak_of_the_assessment(
    explain: Callable[..., Subject], facts: dict[str, Any], expected: str
) -> None:
    document = write_adviser_explanation(explain(SAVER | facts | {"risk_tolerance": 2}), "en")
    assert expected in document["notes"][0]
    assert document["conduct"]["rules"][0]["ground"] == "NFRA order 2025 No. 7 art. 13, 29"


@pytest.fixture(scope="module")
def written() -> Written:
    """``(reader, subject, language) -> document``, each written once."""
    kept: dict[tuple[str, int, str], dict[str, Any]] = {}

    def write(reader: str, subject: Subject, language: str) -> dict[str, Any]:
        key = reader, id(subject), language
        if key not in kept:
            kept[key] = _WRITERS[reader](subject, language)
        return dict(kept[key])

    return write


# -- over the demo bank ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reader", ["customer", "adviser"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_no_product_that_the_customer_may_not_hold_is_named(
    written: Written, decisions: list[Subject], policy: Policy, reader: str, language: str
) -> None:
    names, hidden = {offer.id: offer.name[language] for offer in policy.offers}, 0
    for subject in decisions:
        document, closed = written(reader, subject, language), closed_to(subject)
        whole = read_whole(document).lower()
        assert [offer for offer in closed if names[offer].lower() in whole] == []
        assert [offer for offer in closed if f"'{offer}'" in str(document)] == []
        hidden += len(closed)
    assert hidden > len(decisions), "the customers of this test are closed to many products"


@pytest.mark.parametrize("reader", ["customer", "adviser"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_to_the_unqualified_private_products_are_not_hinted_at(
    written: Written, decisions: list[Subject], reader: str, language: str
) -> None:
    for subject in decisions:
        if subject.snapshot.attributes.get("qualified_investor") is not True:
            document = written(reader, subject, language)
            document.pop("conduct", None)
            assert re.search("合格投资者|私募|qualified|private", read_whole(document), re.IGNORECASE) is None
            assert "qualified" not in str([one.get("code") for one in document.get("not_offered", ())])


@pytest.mark.parametrize("reader", ["customer", "adviser"])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_nobody_is_told_a_level_to_reach_or_to_retake_a_valid_assessment(
    written: Written, decisions: list[Subject], reader: str, language: str
) -> None:
    for subject in decisions:
        document = written(reader, subject, language)
        document.pop("conduct", None)
        whole = read_whole({name: value for name, value in document.items() if name != "notes"})
        assert LEVEL.search(whole) is None, whole
        ends = str(subject.snapshot.attributes.get("risk_assessed_on") or "")
        if "2025-04-10" <= ends <= "2026-03-10":
            assert RETAKE.search(whole) is None, whole


@pytest.mark.parametrize("reader", _WRITERS)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_tone_is_that_of_the_reader(written: Written, decisions: list[Subject], reader: str, language: str) -> None:
    for subject in decisions[:: 6 if reader == "analyst" else 1]:
        whole = read_whole(written(reader, subject, language))
        assert [word for word in UNHEARD[reader][language] if word in whole.lower()] == []
        assert language == "en" or reader == "analyst" or is_chinese(whole), re.findall("[A-Za-z]{2,}", whole)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_customer_reads_no_sum_of_money_and_no_figure_of_a_model(
    written: Written, decisions: list[Subject], language: str
) -> None:
    for subject in decisions:
        document = written("customer", subject, language)
        assert re.search(r"\d元|\d yuan|\d%", read_whole(document)) is None
        assert [one for one in _numbers(document) if not isinstance(one, bool)] == []


def _numbers(document: Any) -> Iterator[Any]:
    if isinstance(document, dict | list):
        for value in document.values() if isinstance(document, dict) else document:
            yield from _numbers(value)
    elif isinstance(document, int | float):
        yield document


@pytest.mark.parametrize("reader", ["customer", "adviser"])
def test_both_languages_say_the_same(written: Written, decisions: list[Subject], reader: str) -> None:
    def shape(document: Any) -> Any:
        if isinstance(document, dict):
            return {name: shape(value) for name, value in document.items() if name != "language"}
        return [shape(value) for value in document] if isinstance(document, list) else isinstance(document, str)

    for subject in decisions[::4]:
        assert shape(written(reader, subject, "zh")) == shape(written(reader, subject, "en"))
