"""portrait.yaml: every fault by its sentence, and one edit in one file for a new tag."""

from collections.abc import Callable
from typing import Any

import pytest

from service.core.errors import PolicyError
from service.rules.policy import DEFAULT, Policy, from_documents, load

Change = Callable[[dict[str, Any]], object]
WORDS = {"zh": "标签", "en": "A tag"}


@pytest.fixture(scope="module")
def default() -> Policy:
    return load(DEFAULT)


def faults(default: Policy, change: Change) -> list[str]:
    documents = default.documents
    change(documents["portrait"])
    with pytest.raises(PolicyError) as caught:
        from_documents(documents)
    return [str(problem) for problem in caught.value.problems]


FAULTS: dict[str, tuple[Change, str]] = {
    "a stage without a word in English": (
        lambda p: p["stages"][0]["name"].pop("en"),
        'portrait.yaml: stage "acquire": name.en is missing: expected text',
    ),
    "a tag that reads an offer": (
        lambda p: p["tags"][0].update(when="offer.risk > 2"),
        'portrait.yaml: tag "large-balances": when (line 1, column 1): offer.risk is not known here',
    ),
    "a history that varies over offers": (
        lambda p: p["tags"][0].update(when="history.offer_impressions_30d > 2"),
        "history.offer_impressions_30d is not known here",
    ),
    "a stage that reads the stage": (
        lambda p: p["stages"][0].update(when="customer.stage = 'grow'"),
        'portrait.yaml: stage "acquire": when (line 1, column 1): customer.stage is not known here',
    ),
    "a stage nobody named": (
        lambda p: p["tags"][0].update(when="customer.stage = 'old'"),
        'portrait.yaml: tag "large-balances": when',
    ),
    "a number where a yes or no belongs": (
        lambda p: p["needs"][0].update(when="customer.age + 1"),
        'portrait.yaml: need "service-first": when',
    ),
    "who by an attribute nobody keeps": (
        lambda p: p["who"][0].update(attribute="agee"),
        'portrait.yaml: who "agee": attribute must be one of',
    ),
    "who by a derived figure": (
        lambda p: p["who"][0].update(attribute="total_yuan"),
        'portrait.yaml: who "total_yuan": attribute must be one of',
    ),
    "two tags of one id": (
        lambda p: p["tags"].append(p["tags"][0]),
        'portrait.yaml: tags name id "large-balances" more than once',
    ),
    "a lifetime without end": (
        lambda p: p["lifetime"].update(years=51),
        "portrait.yaml: lifetime.years must be a whole number from 1 to 50, got 51",
    ),
    "a scale upside down": (
        lambda p: p["satisfaction"].update(low=5, high=1),
        "portrait.yaml: satisfaction.high must be above low (5), got 1",
    ),
    "a question that is nobody's concern": (
        lambda p: p["satisfaction"]["questions"][0].update(concern="price"),
        'portrait.yaml: question "product-fit": concern must be one of',
    ),
    "a key nobody reads": (
        lambda p: p.update(colour="red"),
        'portrait.yaml: unknown key "colour"',
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_with_its_place(default: Policy, name: str) -> None:
    change, sentence = FAULTS[name]
    said = faults(default, change)
    assert any(sentence in one for one in said), said
    assert len(said) == 1


def test_all_faults_are_named_at_once(default: Policy) -> None:
    def several(portrait: dict[str, Any]) -> None:
        portrait["lifetime"]["discount_rate"] = 2
        portrait["holdings"][0]["yuan"] = "customer.nothing"
        del portrait["stages"]

    assert len(faults(default, several)) == 3


def test_an_attribute_may_not_take_a_name_that_the_portrait_works_out(default: Policy) -> None:
    documents = default.documents
    documents["attributes"]["attributes"].append({"name": "segment", "kind": "text", "meaning": "The bank's own"})
    with pytest.raises(PolicyError) as caught:
        from_documents(documents)
    assert 'works out customer.segment itself; attributes.yaml must name its "segment" otherwise' in str(caught.value)


def test_a_new_tag_is_one_edit_and_a_new_policy(default: Policy) -> None:
    documents = default.documents
    documents["portrait"]["tags"].append({"id": "young", "when": "customer.age < 30", "text": WORDS})
    changed = from_documents(documents)
    assert changed.portrait.tags[-1].id == "young"
    assert changed.hash != default.hash


def test_the_shipped_stages_stand_in_the_order_of_life(default: Policy) -> None:
    assert [stage.id for stage in default.portrait.stages] == ["acquire", "grow", "mature", "decline", "lapsed"]


def test_the_shipped_survey_asks_about_every_c(default: Policy) -> None:
    asked = {question.concern for question in default.portrait.satisfaction.questions}
    assert asked == {"consumer", "cost", "convenience", "communication"}
