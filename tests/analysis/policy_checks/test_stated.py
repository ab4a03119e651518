"""What a policy states of itself: attributes and offers are what the law takes them for."""

from dataclasses import replace

import pytest

from service.analysis.policy_checks.conduct import find_breaches
from service.analysis.policy_checks.stated import find_misstated, find_unread
from service.core.attributes import AttributeTable, parse_table
from service.rules.policy import DEFAULT, Policy, load


@pytest.fixture(scope="module")
def shipped() -> Policy:
    return load(DEFAULT)


def table(policy: Policy, **changes: dict[str, object] | None) -> AttributeTable:
    """The attributes with some rows changed, or left out (None); a changed row may become a feature."""
    rows, features = [], []
    for row in policy.attributes.document["attributes"]:
        change = changes.get(row["name"], {})
        if change is not None:
            (features if "expression" in change else rows).append({**row, **change} if "expression" not in change
                                                                  else {"name": row["name"], **change})  # fmt: skip
    return parse_table({"attributes": rows, "features": features})


def told(policy: Policy) -> list[str]:
    return [str(problem) for problem in (*find_unread(policy), *find_misstated(policy))]


def test_the_shipped_policy_is_what_it_says(shipped: Policy) -> None:
    assert told(shipped) == []


def test_what_the_law_reads_is_a_raw_attribute_of_its_kind(shipped: Policy) -> None:
    derived = {"kind": "number", "expression": "5", "meaning": "always bold"}
    found = replace(shipped, attributes=table(shipped, risk_tolerance=derived, frozen={"kind": "text"}, deceased=None))
    why = "because the law reads it"
    assert told(found) == [
        f'attributes.yaml: "deceased": must be an attribute of kind boolean, {why}; got none',
        f'attributes.yaml: "frozen": must be an attribute of kind boolean, {why}; got kind text',
        f'attributes.yaml: "risk_tolerance": must be an attribute of kind number, {why}; got a feature',
    ]


def test_a_range_lets_in_what_the_law_speaks_of(shipped: Policy) -> None:
    found = told(replace(shipped, attributes=table(shipped, age={"range": [18, 64]})))
    assert found == [
        'attributes.yaml: "age": range must hold 0 to 120, because the law reads it, and out of range counts as'
        " unknown; got [18, 64]"
    ]


def test_nothing_is_proven_where_the_law_cannot_read(shipped: Policy) -> None:
    bare = replace(shipped, attributes=table(shipped, deceased=None))
    assert [problem.where for problem in find_breaches(bare)] == ['attributes.yaml: "deceased"']


def test_a_wealth_offer_states_its_risk(shipped: Policy) -> None:
    offers = tuple(
        replace(one, terms={**one.terms, "risk": None}) if one.id == "cash-r1" else one for one in shipped.offers
    )
    assert told(replace(shipped, offers=offers)) == [
        'catalogue.yaml: offer "cash-r1": risk must be stated, R1 to R5, on every wealth offer'
    ]


def test_no_rule_bears_the_name_of_a_law(shipped: Policy) -> None:
    gates = (replace(shipped.gates[0], id="law-tolerance"), *shipped.gates[1:])
    assert told(replace(shipped, gates=gates)) == [
        'rule "law-tolerance": id must not begin with "law-": such rules are the law\'s'
    ]


@pytest.mark.parametrize(("zone", "held"), [("Asia/Hong_Kong", True), ("Etc/GMT+12", False), ("Europe/London", False)])
def test_the_days_of_a_policy_are_those_of_the_law(shipped: Policy, zone: str, held: bool) -> None:
    found = told(replace(shipped, contact=replace(shipped.contact, timezone=zone)))
    assert found == ([] if held else [
        f"contact.yaml: timezone: must keep Beijing time, the law's day, such as Asia/Shanghai; got {zone}"
    ])  # fmt: skip
