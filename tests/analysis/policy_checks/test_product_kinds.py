"""An offer that contradicts its kind is refused by name, and so is a kind that is laxer than the law."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from service.analysis.policy_checks import conduct, product_kinds
from service.analysis.policy_checks.proposal import assert_proposable
from service.core.errors import PolicyError
from service.rules.model.kinds import STATUTORY_KINDS, floor_of, laxer_than
from service.rules.policy import CONCERNS, DEFAULT, Policy, from_documents, load

Documents = dict[str, Any]
Change = Callable[[Documents], object]
NEW_KIND = {
    "id": "gold",
    "bank_kind": "none",
    "family": "wealth",
    "insured": False,
    "risk": [3, 5],
    "cooling_off_hours": 0,
    "minimum_yuan": 0,
    "sold": "anywhere",
    "recording": False,
    "qualified_staff": True,
    "qualified_only": False,
    "agency_only": True,
    "disclosures": ["not-a-deposit", "no-guarantee"],
    "most_share": "none",
}


@pytest.fixture(scope="module")
def shipped() -> Policy:
    return load(DEFAULT)


def changed(policy: Policy, *changes: Change) -> Policy:
    """The policy after changes, whose author also dropped the cases that would have told."""
    documents = policy.documents
    for concern in CONCERNS:
        for rule in documents[concern]["rules"]:
            rule["cases"] = []
    for change in changes:
        change(documents)
    return from_documents(documents)


def offer(documents: Documents, name: str) -> Any:
    return next(one for one in documents["catalogue"]["offers"] if one["id"] == name)


def terms(name: str, **stated: Any) -> Change:
    return lambda documents: offer(documents, name)["terms"].update(stated)


def kind(name: str, **stated: Any) -> Change:
    return lambda documents: next(one for one in documents["kinds"]["kinds"] if one["id"] == name).update(stated)


def new_kind(**stated: Any) -> Change:
    def add(documents: Documents) -> None:
        documents["kinds"]["kinds"].append(NEW_KIND | stated)
        documents["catalogue"]["terms"][0]["values"].append(stated.get("id", "gold"))

    return add


def test_the_shipped_policy_contradicts_no_kind_and_leaves_nothing_unsaid(shipped: Policy) -> None:
    assert product_kinds.find_contradictions(shipped) == []
    assert product_kinds.find_unstated(shipped) == []
    assert dict(shipped.kinds) == STATUTORY_KINDS


CONTRADICTIONS: dict[str, tuple[tuple[Change, ...], str, str]] = {
    "wealth as an insured deposit": (
        (terms("fixed-income-plus-18m", product="term", insured=True),),
        "fixed-income-plus-18m",
        'is of the family wealth, where its kind "term" is of deposit',
    ),
    "insured equity": (
        (terms("equity-r4", insured=True),),
        "equity-r4",
        'insured is true, where its kind "equity" is not covered by deposit insurance',
    ),
    "an R5 fund rated R1": (
        (terms("equity-fund-r5", issuer_risk=1, bank_risk=1),),
        "equity-fund-r5",
        'risk is R1, where its kind "equity_fund" is R3 to R5',
    ),
    "an issuer's rating that the kind cannot have": (
        (terms("equity-fund-r5", issuer_risk=1),),
        "equity-fund-r5",
        'issuer_risk is R1, where its kind "equity_fund" is R3 to R5',
    ),
    "a large CD below 200,000": (
        (terms("large-cd-36m", minimum_yuan=199_999),),
        "large-cd-36m",
        'minimum_yuan is 199999, where its kind "large_cd" asks for at least 200,000',
    ),
    "a structured deposit without time to withdraw": (
        (
            terms("structured-3m", cooling_off_hours=None),
            lambda d: d["messages"]["offers"]["structured-3m"].update(disclosures=[]),
        ),
        "structured-3m",
        'cooling_off_hours is not stated, where its kind "structured" asks for at least 24',
    ),
    "a structured deposit that calls itself insured": (
        (terms("structured-3m", insured=True),),
        "structured-3m",
        'insured is true, where its kind "structured" is not covered by deposit insurance',
    ),
    "a private plan for everybody": (
        (terms("asset-plan-r3", qualified_only=False),),
        "asset-plan-r3",
        'qualified_only is false, where its kind "plan" asks for true',
    ),
    "insurance sold without a meeting": (
        (terms("annuity-r2", in_person=False),),
        "annuity-r2",
        'in_person is false, where its kind "insurance" asks for true',
    ),
    "a risk-rated deposit renamed a term deposit": (
        (terms("structured-3m", product="term"),),
        "structured-3m",
        'risk is R2, where its kind "term" has no risk level',
    ),
    "equity renamed cash and rated R1": (
        (terms("equity-r4", product="cash", issuer_risk=1, bank_risk=1),),
        "equity-r4",
        'is named "权益" and of the kind "cash", which is laxer than equity or equity_fund',
    ),
    "a fund with a neutral name and two low ratings as cash": (
        (
            terms("bond-fund-r2", product="cash", issuer_risk=1, bank_risk=1),
            lambda d: offer(d, "bond-fund-r2").update(name={"zh": "稳健一号", "en": "Steady No. 1"}),
        ),
        "bond-fund-r2",
        'is issued by "示例基金管理有限公司" and of the kind "cash", which is laxer than bond_fund or index_fund or '
        "equity_fund or plan",
    ),
    "insurance with a neutral name as a cash product": (
        (
            terms("annuity-r2", product="cash", in_person=False),
            lambda d: offer(d, "annuity-r2").update(name={"zh": "安享一号", "en": "Ease No. 1"}),
        ),
        "annuity-r2",
        'is issued by "示例人寿保险股份有限公司" and of the kind "cash", which is laxer than insurance or plan',
    ),
    "equity of a new, mild kind": (
        (new_kind(id="steady", risk=[1, 5]), terms("equity-r4", product="steady", issuer_risk=1, bank_risk=1)),
        "equity-r4",
        'is named "权益" and of the kind "steady", which is laxer than equity or equity_fund',
    ),
}


@pytest.mark.parametrize("name", CONTRADICTIONS)
def test_an_offer_that_contradicts_its_kind_does_not_serve(shipped: Policy, name: str) -> None:
    changes, where, sentence = CONTRADICTIONS[name]
    told = changed(shipped, *changes)
    assert (f'catalogue.yaml: offer "{where}"', sentence) in [
        (problem.where, problem.message) for problem in product_kinds.find_contradictions(told)
    ]
    with pytest.raises(PolicyError, match="conduct"):
        conduct.assert_compliant(told)


def test_an_offer_of_no_kind_does_not_serve(shipped: Policy) -> None:
    nameless = [replace(one, terms={**one.terms, "product": None}) for one in shipped.offers[:1]]
    found = conduct.find_breaches(replace(shipped, offers=(*nameless, *shipped.offers[1:])))
    assert [str(problem) for problem in found] == [
        'catalogue.yaml: offer "demand-sweep": product must be a kind of kinds.yaml, got none'
    ]


def test_every_value_of_the_term_product_belongs_to_a_kind(shipped: Policy) -> None:
    longer = changed(shipped, lambda d: d["catalogue"]["terms"][0]["values"].append("large_cds"))
    assert [str(problem) for problem in product_kinds.find_contradictions(longer)] == [
        'catalogue.yaml: term "product": "large_cds" is no kind of kinds.yaml; did you mean "large_cd"?'
    ]


LAX: dict[str, tuple[Change, str, str]] = {
    "equity that may be insured": (
        kind("equity", insured=True),
        "equity",
        "insured is laxer than the law; expected false",
    ),
    "a fund that may be R1": (
        kind("equity_fund", risk=[1, 5]),
        "equity_fund",
        "least_risk is laxer than the law; expected at least 3",
    ),
    "a large CD from 1 yuan": (
        kind("large_cd", minimum_yuan=1),
        "large_cd",
        "minimum_yuan is laxer than the law; expected at least 200,000",
    ),
    "a structured deposit without time to withdraw": (
        kind("structured", cooling_off_hours=0),
        "structured",
        "cooling_off_hours is laxer than the law; expected at least 24",
    ),
    "a plan for everybody": (
        kind("plan", qualified_only=False),
        "plan",
        "qualified_only is laxer than the law; expected true",
    ),
    "insurance sold anywhere": (
        kind("insurance", sold="anywhere"),
        "insurance",
        "sold is laxer than the law; expected face_to_face",
    ),
    "wealth as a deposit": (kind("mixed", family="deposit"), "mixed", "family is laxer than the law; expected wealth"),
    "a disclosure less": (
        kind("cash", disclosures=["no-guarantee"]),
        "cash",
        "disclosures is laxer than the law; expected also not-a-deposit",
    ),
    "a new kind of wealth without risk level": (
        new_kind(risk="none"),
        "gold",
        "least_risk is laxer than the law; expected at least 1",
    ),
    "a new kind of fund that may be R1": (
        new_kind(bank_kind="fund", risk=[1, 5], agency_only=True, qualified_staff=True),
        "gold",
        "least_risk is laxer than the law; expected at least 2",
    ),
    "a new kind of fund that the bank issues itself": (
        new_kind(bank_kind="fund", risk=[2, 5], agency_only=False, qualified_staff=True),
        "gold",
        "agency_only is laxer than the law; expected true",
    ),
    "a new kind of plan for everybody": (
        new_kind(bank_kind="plan", risk=[2, 5]),
        "gold",
        "qualified_only is laxer than the law; expected true",
    ),
    "a new kind of large CD from 1 yuan": (
        new_kind(bank_kind="large_cd", family="deposit", insured=True, risk="none"),
        "gold",
        "minimum_yuan is laxer than the law; expected at least 200,000",
    ),
    "a new private kind without time to withdraw": (
        new_kind(qualified_only=True),
        "gold",
        "cooling_off_hours is laxer than the law; expected at least 24",
    ),
}


@pytest.mark.parametrize("name", LAX)
def test_a_kind_laxer_than_the_law_does_not_serve(shipped: Policy, name: str) -> None:
    change, where, sentence = LAX[name]
    found = product_kinds.find_contradictions(changed(shipped, change))
    assert (f'kinds.yaml: kind "{where}"', sentence) in [(problem.where, problem.message) for problem in found]


def test_a_stricter_kind_and_a_new_one_are_let_pass_and_hold_their_offers(shipped: Policy) -> None:
    stricter = changed(shipped, kind("cash", minimum_yuan=1000), new_kind())
    found = [str(problem) for problem in product_kinds.find_contradictions(stricter)]
    assert found == [
        'catalogue.yaml: offer "cash-r1": minimum_yuan is 1, where its kind "cash" asks for at least 1,000',
    ]


@pytest.mark.parametrize("name", sorted(STATUTORY_KINDS))
def test_no_kind_of_the_law_is_laxer_than_itself(name: str) -> None:
    kind_of_law = STATUTORY_KINDS[name]
    assert floor_of(kind_of_law) is kind_of_law
    assert list(laxer_than(kind_of_law, kind_of_law)) == []


UNSTATED: dict[str, tuple[Change, str]] = {
    "nobody says as what it is sold": (
        terms("cash-r1", sold_as=None),
        'catalogue.yaml: offer "cash-r1": sold_as must be one of issuer, agency, own, got not stated',
    ),
    "a fund that the bank cannot issue": (
        terms("bond-fund-r2", sold_as="own"),
        'catalogue.yaml: offer "bond-fund-r2": sold_as must be agency, as other companies issue the kind '
        '"bond_fund", got own',
    ),
    "another's product as the bank's own": (
        terms("equity-r4", sold_as="own"),
        'catalogue.yaml: offer "equity-r4": issuer names another company, but sold_as is own; expected agency',
    ),
    "one rating only": (
        terms("bond-fund-r2", bank_risk=None),
        'catalogue.yaml: offer "bond-fund-r2": bank_risk must be stated: of what is sold as an agent, both ratings '
        "are kept",
    ),
    "no word of the agency": (
        lambda d: d["messages"]["families"]["wealth"]["disclosures"].pop(2),
        "messages.yaml: offer \"bond-fund-r2\": (zh) the disclosure agency is missing: expected '代销' or '代理销售'",
    ),
    "an insured deposit that does not say what is insured": (
        terms("term-12m", insured=None),
        'messages.yaml: offer "term-12m": (en) the disclosure deposit-insurance is missing: expected '
        "'deposit insurance'",
    ),
}


@pytest.mark.parametrize("name", UNSTATED)
def test_a_proposal_that_leaves_something_unsaid_is_refused_and_served_on_where_it_was_approved(
    shipped: Policy, name: str
) -> None:
    change, sentence = UNSTATED[name]
    told = changed(shipped, change)
    assert sentence in [str(problem) for problem in product_kinds.find_unstated(told)]
    assert product_kinds.find_contradictions(told) == []
    with pytest.raises(PolicyError, match="cannot be proposed"):
        assert_proposable(told)


LINKED = {"zh": "股票挂钩结构性存款", "en": "Equity-linked structured deposit"}


def test_a_structured_deposit_may_say_to_what_it_is_linked(shipped: Policy) -> None:
    linked = changed(
        shipped,
        lambda d: offer(d, "structured-3m").update(name=LINKED),
    )
    assert product_kinds.find_contradictions(linked) == []
