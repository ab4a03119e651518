"""No trait decides which terms a customer is offered, unless a ground that holds is stated."""

from collections.abc import Callable
from typing import Any

import pytest

from service.analysis.policy_checks.fair_terms import find_unfair_terms
from service.analysis.policy_checks.proposal import assert_proposable
from service.core.errors import PolicyError
from service.rules.policy import DEFAULT, Policy, from_documents, load

Documents = dict[str, Any]
Change = Callable[[Documents], object]
LADIES = {
    "id": "term-12m-plus",
    "family": "deposit",
    "name": {"zh": "一年期定期存款（专享）", "en": "1-year term deposit plus"},
    "terms": {"product": "term", "minimum_yuan": 50, "term_months": 12, "years": 0.95, "rate": 0.018,
              "transfer_price": 0.02, "servicing_yuan": 2, "insured": True},
}  # fmt: skip
PLAIN = {"stage": "eligibility", "strategy": "portrait-matching", "reason": {"zh": "规则", "en": "A rule"}}
ONLY_LADIES = {"id": "ladies", "applies": "offer.id = 'term-12m-plus'", "require": "customer.sex = 'female'"}

BY_WEIGHT = {"id": "ladies", "stage": "fit", "when": "customer.sex = 'female' and offer.rate > 0.016", "weight": 4}


@pytest.fixture(scope="module")
def shipped() -> Policy:
    return load(DEFAULT)


def told(policy: Policy, *changes: Change) -> list[str]:
    documents = policy.documents
    documents["catalogue"]["offers"].append(LADIES)
    for change in changes:
        change(documents)
    return [str(problem) for problem in find_unfair_terms(from_documents(documents))]


def rule(**keys: Any) -> Change:
    return lambda documents: documents["consumer"]["rules"].append(PLAIN | ONLY_LADIES | keys)


def feature(name: str, kind: str, expression: str) -> Change:
    row = {"name": name, "kind": kind, "expression": expression, "meaning": "Made"}
    return lambda documents: documents["attributes"]["features"].append(row)


def attribute(name: str, values: list[str]) -> Change:
    row = {"name": name, "kind": "text", "values": values, "meaning": "Not marked as a trait"}
    return lambda documents: documents["attributes"]["attributes"].append(row)


def test_the_shipped_policy_tells_nobody_apart_without_a_ground(shipped: Policy) -> None:
    assert find_unfair_terms(shipped) == []


@pytest.mark.parametrize("name", ["long-terms-not-for-the-very-old", "retirement", "insurance-age", "care-from-65"])
def test_a_shipped_rule_that_reads_a_trait_is_refused_without_its_ground(shipped: Policy, name: str) -> None:
    documents = shipped.documents
    next(one for one in documents["consumer"]["rules"] if one["id"] == name).pop("trait_ground")
    [problem] = find_unfair_terms(from_documents(documents))
    assert problem.where == f'consumer.yaml: rule "{name}"'
    assert problem.message.startswith("reads age and ")


def test_a_higher_rate_for_women_only_is_refused_with_rule_trait_offers_and_terms(shipped: Policy) -> None:
    assert told(shipped, rule()) == [
        'consumer.yaml: rule "ladies": reads sex and tells term-3m from term-12m-plus (rate 0.0085 and 0.018, '
        "term_months 3 and 12), and 5 more pairs; it states no trait_ground: expected none, "
        "for no law allows it"
    ]


def test_such_a_policy_cannot_be_proposed(shipped: Policy) -> None:
    documents = shipped.documents
    documents["catalogue"]["offers"].append(LADIES)
    rule()(documents)
    with pytest.raises(PolicyError, match="cannot be proposed"):
        assert_proposable(from_documents(documents))


def unmark(documents: Documents) -> None:
    next(one for one in documents["attributes"]["attributes"] if one["name"] == "sex").pop("personal")


def of_a_new_kind(documents: Documents) -> None:
    known = next(one for one in documents["kinds"]["kinds"] if one["id"] == "term")
    documents["kinds"]["kinds"].append(known | {"id": "plus_deposit"})
    documents["catalogue"]["terms"][0]["values"].append("plus_deposit")
    offer = dict(LADIES, terms=LADIES["terms"] | {"product": "plus_deposit"})  # type: ignore[operator]
    documents["catalogue"]["offers"][-1] = offer


def for_a_segment(documents: Documents) -> None:
    documents["strategies"]["segments"].append(
        {"id": "women", "name": {"zh": "某群体", "en": "A group"}, "when": "customer.sex = 'female'"}
    )
    documents["strategies"]["strategies"][1]["segments"] = ["women"]


WAYS: dict[str, tuple[tuple[Change, ...], str]] = {
    "the trait is not marked": ((unmark, rule()), 'rule "ladies": reads sex'),
    "under another name": (
        (attribute("salutation", ["mr", "ms"]), rule(require="customer.salutation = 'ms'")),
        'rule "ladies": reads salutation',
    ),
    "by what it may be": (
        (attribute("kind_of", ["male", "female"]), rule(require="customer.kind_of = 'female'")),
        'rule "ladies": reads kind_of',
    ),
    "through a feature": (
        (feature("lucky", "boolean", "customer.sex = 'female'"), rule(require="customer.lucky")),
        'rule "ladies": reads sex',
    ),
    "through two features": (
        (
            feature("lucky", "boolean", "customer.sex = 'female'"),
            feature("score", "number", "case when customer.lucky then 1 else 0 end"),
            rule(require="customer.score = 1"),
        ),
        'rule "ladies": reads sex',
    ),
    "as one of several conditions": (
        (rule(require="customer.demand_yuan >= 0 and (customer.sex = 'female' or customer.age > 30)"),),
        'rule "ladies": reads age, sex',
    ),
    "by what it applies to": (
        (rule(applies="offer.id = 'term-12m-plus' and customer.sex = 'male'", require="false"),),
        'rule "ladies": reads sex',
    ),
    "by weight": (
        (lambda d: d["consumer"]["rules"].append(PLAIN | BY_WEIGHT),),
        'rule "ladies": reads sex and tells',
    ),
    "as a new kind": ((of_a_new_kind, rule()), "from term-12m-plus (rate"),
    "by a ticket": (
        (
            lambda d: d["catalogue"]["families"]["deposit"].update(
                ticket="case when customer.sex = 'female' and offer.id = 'term-12m-plus' then 900000 else 5000 end"
            ),
        ),
        'family "deposit": ticket: reads sex',
    ),
    "by a channel's response": (
        (
            lambda d: d["channels"]["channels"][0].update(
                response="case when customer.sex = 'female' and offer.id = 'term-12m-plus' then 3 else 1 end"
            ),
        ),
        'channel "mobile_app": response: reads sex',
    ),
    "by the segments of a strategy": (
        (
            for_a_segment,
            rule(stage="applicability", strategy="product-ladder", require="customer.demand_yuan < 0"),
        ),
        'rule "ladies": reads sex',
    ),
    "by a segment's words": (
        (
            for_a_segment,
            lambda d: d["messages"]["positioning"].append(
                {"id": "w", "segment": "women", "offers": ["term-12m-plus"], "title": {"zh": "{name}", "en": "{name}"}}
            ),
        ),
        'positioning "w": reads sex and tells',
    ),
    "by a channel and a gate of the channel": (
        (
            rule(id="in-branches", require="channel.id = 'branch'"),
            rule(id="branches", applies="channel.id = 'branch'", require="customer.sex = 'female'"),
        ),
        'rule "branches": reads sex and closes',
    ),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_no_way_round_is_open(shipped: Policy, way: str) -> None:
    changes, expected = WAYS[way]
    assert any(expected in sentence for sentence in told(shipped, *changes))


@pytest.mark.parametrize(
    ("ground", "why"),
    [
        ({"trait_ground": "protection", "ground": "an article"}, "its trait_ground protection does not allow it"),
        (
            {"trait_ground": "insurer-limits", "ground": "an article"},
            "its trait_ground insurer-limits does not allow it",
        ),
        ({"trait_ground": "stage-of-life", "ground": "an article"}, "its trait_ground stage-of-life does not allow it"),
    ],
)
def test_a_ground_that_does_not_fit_holds_nothing(shipped: Policy, ground: dict[str, str], why: str) -> None:
    [sentence] = told(shipped, rule(**ground))
    assert why in sentence


def test_a_ground_needs_its_article(shipped: Policy) -> None:
    elderly = {"require": "customer.age < 60", "trait_ground": "protection"}
    [sentence] = told(shipped, rule(**elderly))
    assert sentence.endswith("expected protection; and its article in ground")
    assert told(shipped, rule(**elderly, ground="Law on the Protection of the Elderly")) == []


def test_dealings_with_the_bank_may_decide(shipped: Policy) -> None:
    assert told(shipped, rule(require="customer.total_yuan >= 100000 and customer.payroll_customer")) == []


def test_an_age_beside_a_minimum_is_judged_by_itself(shipped: Policy) -> None:
    capable = {"trait_ground": "legal-capacity", "ground": "Civil Code art. 17"}
    both = "customer.demand_yuan >= offer.minimum_yuan and coalesce(customer.age, 18) >= 18"
    assert told(shipped, rule(id="adult-with-money", applies=None, require=both, **capable)) == []


@pytest.mark.parametrize("ground", ["we have always done so", "Bank rule: the young first", "no-such-rule", "for-her"])
def test_a_ground_names_a_law_or_another_rule_and_is_no_free_text(shipped: Policy, ground: str) -> None:
    [sentence] = told(
        shipped, rule(id="for-her", require="customer.age < 60", trait_ground="protection", ground=ground)
    )
    assert "ground must name a law (NFRA order 2025 No. 7, " in sentence
    assert sentence.endswith(f'or another rule by its id, got "{ground}"')


@pytest.mark.parametrize("ground", ["NFRA order 2025 No. 7 art. 12", "as care-from-65 does", "as law-in-person does"])
def test_a_ground_may_be_another_rule(shipped: Policy, ground: str) -> None:
    assert told(shipped, rule(require="customer.age < 60", trait_ground="protection", ground=ground)) == []


@pytest.mark.parametrize(
    ("claimed", "require", "holds"),
    [
        ("legal-capacity", "customer.age >= 18", True),
        ("legal-capacity", "customer.age >= 19", False),
        ("legal-capacity", "customer.age < 60", False),
        ("protection", "customer.age >= 18", True),
        ("protection", "customer.age between 18 and 59", True),
        ("protection", "customer.age < 59", False),
        ("protection", "customer.age >= 60", False),
        ("protection", "customer.age < 30 or customer.age > 40", False),
        ("protection", "customer.elderly or customer.age < 18", False),
        ("protection", "not customer.elderly", True),
    ],
)
def test_a_ground_holds_in_its_own_direction_of_age_alone(
    shipped: Policy, claimed: str, require: str, holds: bool
) -> None:
    ground = {"trait_ground": claimed, "ground": "NFRA order 2025 No. 7"}
    elderly = feature("elderly", "boolean", "customer.age >= 65")
    assert (told(shipped, elderly, rule(require=require, **ground)) == []) is holds


def test_a_stage_of_life_may_raise_an_offer_and_never_lower_it(shipped: Policy) -> None:
    def weighted(weight: float) -> Change:
        return lambda documents: next(
            one for one in documents["consumer"]["rules"] if one["id"] == "retirement"
        ).update(weight=weight)

    assert told(shipped, weighted(1.5)) == []
    [sentence] = told(shipped, weighted(0.5))
    assert "its trait_ground stage-of-life does not allow it" in sentence


def test_a_code_that_tells_a_trait_counts_as_the_trait(shipped: Policy) -> None:
    documents = shipped.documents
    documents["catalogue"]["offers"].append(LADIES)
    for change in (attribute("code", ["p", "q"]), rule(require="customer.code = 'p'")):
        change(documents)
    policy = from_documents(documents)
    assert find_unfair_terms(policy) == []
    [problem] = find_unfair_terms(policy, {"code": "sex"})
    assert "reads sex (told by code) and tells" in str(problem)
