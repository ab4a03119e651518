"""Lax policies written by hand, one way of loosening a row: each is refused with a customer for whom it is open.

And policies written differently but not laxer: none of them is refused.
"""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from service.analysis.policy_checks.conduct import find_unlawful
from service.analysis.policy_checks.proof.findings import find_open_laws
from service.analysis.policy_checks.proof.search import MOST_CONDITIONS, Budget
from service.core.attributes import parse_table
from service.core.errors import Problem
from service.core.expressions import Expression, Kind, Name, parse
from service.rules.model.rules import StandingTest
from service.rules.policy import DEFAULT, GateRule, Policy, load
from tests.few_cells import with_few_cells

TOLERANCE, ASSESSMENT, CARE = "tolerance-covers-risk", "assessment-valid", "care-from-65"


@cache
def shipped() -> Policy:
    return with_few_cells(load(DEFAULT))


def condition(text: str) -> Expression:
    return parse(text, shipped().schema, Kind.BOOLEAN)


def changed(rule_id: str, **texts: str) -> Policy:
    """The shipped policy with other words in one rule; OLD stands for the words that were there."""

    def rewritten(gate: GateRule) -> GateRule:
        if gate.id != rule_id:
            return gate
        written = {"require": gate.require.text, "applies": gate.applies.text if gate.applies else "true"}
        words = {key: text.replace("OLD", f"({written[key]})") for key, text in texts.items() if key in written}
        kept = {key: text for key, text in texts.items() if key not in written}
        return replace(gate, **kept, **{key: condition(text) for key, text in words.items()})

    gates = tuple(map(rewritten, shipped().gates))
    assert gates != shipped().gates
    return replace(shipped(), gates=gates)


def without(rule_id: str) -> Policy:
    return replace(shipped(), gates=tuple(gate for gate in shipped().gates if gate.id != rule_id))


def told(policy: Policy) -> str:
    return "\n".join(map(str, find_open_laws(policy)))


@pytest.mark.parametrize(
    ("rule", "require", "witness"),
    [
        (TOLERANCE, "OLD or context.weekday = 1", "tolerance C1, assessed today, age 18, on a Monday"),
        (TOLERANCE, "OLD or context.hour between 9 and 11", "context.hour = 9"),
        (TOLERANCE, "OLD or context.holiday", "context.holiday = true"),
        (TOLERANCE, "OLD or customer.region = 'north'", "customer.region = 'north'"),
        (TOLERANCE, "OLD or context.placement = 'lobby'", "context.placement = 'lobby'"),
        (TOLERANCE, "OLD or customer.branch_id in ('b-1', 'b-2')", "customer.branch_id = 'b-1'"),
        (TOLERANCE, "OLD or context.trigger = 'maturity'", "context.trigger = 'maturity'"),
        (TOLERANCE, "OLD or context.amount_yuan > 1000000", "context.amount_yuan = 1000000.005"),
        (TOLERANCE, "OLD or coalesce(customer.region, 'south') = 'south'", "customer.region = 'south'"),
        (TOLERANCE, "OLD or customer.segment = 'investors'", "customer.segment = 'investors'"),
        (TOLERANCE, "OLD or customer.stage = 'grow'", "customer.stage = 'grow'"),
        (TOLERANCE, "OLD or history.contacts_7d > 3", "history.contacts_7d = 6"),
        (TOLERANCE, "case when customer.staff then true else customer.risk_tolerance >= offer.risk end",
         "customer.staff = true"),
        (TOLERANCE, "case when customer.staff then 5 else customer.risk_tolerance end >= offer.risk",
         "customer.staff = true"),
        (TOLERANCE, "customer.risk_tolerance + 1 >= offer.risk", "tolerance C1"),
        (TOLERANCE, "round(customer.risk_tolerance * 1.2) >= offer.risk", "tolerance C1.25"),
        (TOLERANCE, "customer.risk_tolerance + customer.logins_30d >= offer.risk", "the sum customer.logins_30d"),
        (TOLERANCE, "customer.risk_tolerance * customer.logins_30d >= offer.risk",
         "where (customer.risk_tolerance * customer.logins_30d) >= 2 is true"),
        (TOLERANCE, "customer.risk_tolerance * customer.risk_tolerance >= offer.risk", "cannot be decided"),
        (TOLERANCE, "OLD or customer.risk_tolerance is null", "tolerance unknown"),
        (TOLERANCE, "coalesce(customer.risk_tolerance, 5) >= offer.risk", "tolerance unknown"),
        (TOLERANCE, "greatest(customer.risk_tolerance, 3) >= offer.risk", "tolerance C1"),
        (TOLERANCE, "least(customer.risk_tolerance, 5) >= offer.risk", "tolerance unknown"),
        (TOLERANCE, "not not (customer.risk_tolerance < offer.risk)", "tolerance C1"),
        (TOLERANCE, "customer.risk_tolerance <= offer.risk", "tolerance C1"),
        (TOLERANCE, "OLD or not (least(ln(customer.age - 18), 1) >= 1)", "least(ln(customer.age - 18), 1) >= 1"),
        (TOLERANCE, "OLD or (customer.logins_30d - customer.logins_30d + 1) * customer.transfers_90d is null"
         " and customer.transfers_90d is not null", "+ 1) * customer.transfers_90d) is null is true"),
        (TOLERANCE, "OLD or (round(customer.last_transfer_days) - customer.last_transfer_days + 1)"
         " * customer.logins_30d >= 12 and customer.logins_30d < 9", "* customer.logins_30d) >= 12 is true"),
        (TOLERANCE, "OLD or customer.age is not null and customer.age" + " * 1e15" * 7 + " is null", "is null is true"),
        (TOLERANCE, "OLD or customer.fund_yuan - 1.000000000001 * customer.loan_yuan > 1"
         " and customer.fund_yuan - 1.000000000004 * customer.loan_yuan < -1", "customer.fund_yuan"),
        (TOLERANCE, "OLD or customer.staff and customer.region = 'a'' and customer.region: customer.region = ''b'"
         " or customer.staff and customer.region = 'a' and customer.region = 'b'", "customer.staff = true"),
        (ASSESSMENT, "customer.risk_assessed_on between context.today - 400 and context.today",
         "assessed 366 days ago"),
        (ASSESSMENT, "customer.risk_assessed_on between context.today - 366 and context.today",
         "assessed 366 days ago"),
        (ASSESSMENT, "context.today - customer.risk_assessed_on <= 365", "assessed 1 day ahead of today"),
        (ASSESSMENT, "customer.risk_assessed_on >= context.year_ago", "assessed 1 day ahead of today"),
        (ASSESSMENT, "OLD or customer.risk_assessed_on > date '2026-01-01'", "date '2026-01-01' is true"),
        (ASSESSMENT, "OLD or context.today < date '2026-12-31'", "context.today < date '2026-12-31' is true"),
        (ASSESSMENT, "coalesce(customer.risk_assessed_on, context.today) between context.year_ago and context.today",
         "assessed never"),
        (ASSESSMENT, "customer.risk_assessed_on + 30 between context.year_ago and context.today + 30",
         "assessed 366 days ago"),
        (CARE, "customer.age < 66 or channel.face_to_face", "age 65"),
        (CARE, "coalesce(customer.age, 40) < 65 or channel.face_to_face", "age unknown"),
        (CARE, "OLD or customer.pensioner", "customer.pensioner = true"),
        ("adults-only", "coalesce(customer.age, 18) + 1 >= 18", "age 17"),
        ("not-deceased", "OLD or customer.age > 100", "deceased"),
        ("accounts-not-frozen", "not coalesce(nullif(customer.frozen, true), false)", "frozen accounts"),
        ("qualified-investors-only", "coalesce(customer.qualified_investor, true)", "qualified investor unknown"),
    ],
)  # fmt: skip
def test_a_loosened_requirement_is_refused(rule: str, require: str, witness: str) -> None:
    assert witness in told(changed(rule, require=require))


@pytest.mark.parametrize(
    ("rule", "applies", "witness"),
    [
        (TOLERANCE, "OLD and context.hour < 20", "context.hour = 20"),
        (TOLERANCE, "offer.family = 'wealth'", 'offer "structured-3m"'),
        (TOLERANCE, "OLD and customer.risk_tolerance is not null", "tolerance unknown"),
        (ASSESSMENT, "OLD and channel.direction = 'inbound'", 'in channel "adviser_call"'),
        (CARE, "OLD and offer.id <> 'equity-r4'", 'offer "equity-r4"'),
    ],
)
def test_a_rule_that_applies_less_often_is_refused(rule: str, applies: str, witness: str) -> None:
    assert witness in told(changed(rule, applies=applies))


@pytest.mark.parametrize(
    ("rule", "law"),
    [
        (TOLERANCE, "law-tolerance"),
        (ASSESSMENT, "law-assessment"),
        (CARE, "law-care-from-65"),
        ("adults-only", "law-adults"),
        ("not-deceased", "law-not-deceased"),
        ("accounts-not-frozen", "law-not-frozen"),
        ("qualified-investors-only", "law-qualified"),
    ],
)
def test_a_deleted_rule_is_missed_by_its_law(rule: str, law: str) -> None:
    found = told(without(rule))
    assert law in found
    assert "is open to this customer" in found


def test_what_is_sold_face_to_face_is_closed_in_every_other_channel() -> None:
    policy = load(DEFAULT)
    loose = replace(policy, gates=tuple(gate for gate in policy.gates if gate.id != "sold-face-to-face"))
    assert 'offer "annuity-r2"' in told(loose) and "law-in-person" in told(loose)


ALSO_HOLD_MEANS = frozenset({"reserve-before-risk", "minimum-within-reach"})
"""Rules that keep what a customer cannot afford from them, beside the one that is there for it."""


def without_others(policy: Policy) -> Policy:
    """The policy without the rules that also hold an offer to a customer's means."""
    return replace(policy, gates=tuple(gate for gate in policy.gates if gate.id not in ALSO_HOLD_MEANS))


def test_means_are_proven_by_any_of_three_rules_and_missed_without_all() -> None:
    assert told(without("within-means")) == ""
    bare = without_others(without("within-means"))
    assert "law-means" in told(bare)
    assert 'offer "asset-plan-r3"' in told(bare)


def test_a_rule_that_a_standing_test_drops_guards_nobody() -> None:
    assert "law-tolerance" in told(changed(TOLERANCE, stage="applicability"))


def test_a_rule_that_no_test_drops_guards_within_its_segments_only() -> None:
    moved = changed(TOLERANCE, stage="applicability")
    calm = replace(moved, experiments=replace(moved.experiments, tests=()))
    assert told(calm) == ""
    some = replace(calm.strategies["portrait-matching"], target=condition("customer.payroll_customer"))
    narrowed = replace(calm, strategies={**calm.strategies, "portrait-matching": some})
    assert "customer.payroll_customer = false" in told(narrowed)
    test = StandingTest("t", "without-strategy", 0.01, "salt", "portrait-matching")
    assert "law-tolerance" in told(replace(calm, experiments=replace(calm.experiments, tests=(test,))))


def test_a_consent_to_something_else_is_no_consent_to_marketing() -> None:
    (rule,) = shipped().contact.consents
    contact = replace(shipped().contact, consents=(replace(rule, purpose="service:<channel>"),))
    found = told(replace(shipped(), contact=contact))
    assert found.count("law-consent") == 2, "adviser_call and sms"
    assert "consent to marketing refused" in found
    assert "law-no-contact" not in found, "the rule still asks whether the customer may be contacted at all"


def test_without_a_consent_rule_every_outbound_channel_is_open_to_those_who_refused() -> None:
    found = find_open_laws(replace(shipped(), contact=replace(shipped().contact, consents=())))
    outbound = {f'channel "{channel.id}"' for channel in shipped().channels if channel.direction == "outbound"}
    assert {problem.where for problem in found} == outbound
    assert len(found) == 3 * len(outbound), "consent, contact as such, personalisation"


@pytest.mark.parametrize(
    ("rule", "require"),
    [
        (TOLERANCE, "OLD and customer.age > 20"),
        (TOLERANCE, "customer.risk_tolerance - 1 >= offer.risk"),
        (TOLERANCE, "not (customer.risk_tolerance < offer.risk)"),
        (TOLERANCE, "customer.risk_tolerance * 1.0 >= offer.risk"),
        (TOLERANCE, "nullif(customer.risk_tolerance, 1) >= offer.risk"),
        (TOLERANCE, "coalesce(customer.risk_tolerance, 0) >= offer.risk"),
        (TOLERANCE, "case when customer.staff then customer.risk_tolerance else customer.risk_tolerance end"
         " >= offer.risk"),
        (TOLERANCE, "OLD or (context.weekday = 1 and context.weekday = 2)"),
        (TOLERANCE, "OLD or (customer.region = 'north' and customer.region <> 'north')"),
        (TOLERANCE, "customer.risk_tolerance between offer.risk and 5"),
        (TOLERANCE, "customer.risk_tolerance > offer.risk or customer.risk_tolerance = offer.risk"),
        (ASSESSMENT, "context.today - customer.risk_assessed_on between 0 and 365"),
        (ASSESSMENT, "customer.risk_assessed_on > context.today - 180 and customer.risk_assessed_on < context.today"),
        (ASSESSMENT, "OLD and customer.risk_assessed_on > date '2026-01-01'"),
        (CARE, "customer.age <= 64 or channel.face_to_face"),
        (CARE, "customer.age < 65 or channel.id = 'branch'"),
        ("not-deceased", "customer.deceased = false"),
        ("not-deceased", "not customer.deceased"),
        ("within-means", "customer.demand_yuan >= offer.minimum_yuan and customer.fund_yuan >= 0"),
    ],
)  # fmt: skip
def test_a_rule_that_is_as_strict_in_other_words_is_not_refused(rule: str, require: str) -> None:
    assert find_open_laws(changed(rule, require=require)) == []


def test_a_date_that_features_move_by_centuries_is_searched_as_far() -> None:
    document = shipped().attributes.document
    names = ("last_transfer_on", "later", "much_later", "far", "farther", "farthest")
    moved = [
        {"name": name, "kind": "date", "expression": f"customer.{before} + 36500", "meaning": "A date moved"}
        for before, name in pairwise(names)
    ]
    table = parse_table({**document, "features": [*document["features"], *moved]})
    schema = {**shipped().schema, **{f"customer.{name}": Name(Kind.DATE) for name in names}}
    wide = replace(shipped(), attributes=table, schema=schema)
    text = "customer.risk_tolerance >= offer.risk or customer.farthest - context.today > 150000"
    require = parse(text, schema, Kind.BOOLEAN)
    gates = tuple(replace(gate, require=require) if gate.id == TOLERANCE else gate for gate in shipped().gates)
    assert "customer.farthest" in told(replace(wide, gates=gates))


@pytest.mark.parametrize(
    ("name", "expression", "witness"),
    [
        ("risk_tolerance", "5", "tolerance C1, assessed today, age 18; against law-tolerance"),
        (
            "risk_tolerance",
            "case when customer.staff then 5 else 1 end",
            "customer.staff = true; against law-tolerance",
        ),
        ("deceased", "false", "deceased; against law-not-deceased"),
        ("age", "coalesce(customer.logins_30d, 0) + 40", "against law-adults"),
    ],
)
def test_a_feature_in_the_place_of_what_the_law_reads_is_refused_with_a_customer(
    name: str, expression: str, witness: str
) -> None:
    document = shipped().attributes.document
    (old,) = (row for row in document["attributes"] if row["name"] == name)
    derived = {"name": name, "kind": old["kind"], "meaning": "derived", "expression": expression}
    rows = [row for row in document["attributes"] if row["name"] != name]
    table = parse_table({"attributes": rows, "features": [derived, *document["features"]]})
    assert witness in "\n".join(map(str, find_unlawful(replace(shipped(), attributes=table))))


@pytest.mark.parametrize(
    ("name", "bounds", "witness"),
    [("age", [18, 64], "age 9, tolerance C2, assessed today; against law-adults"), ("risk_tolerance", [3, 5], "")],
)
def test_a_narrower_range_is_refused_with_a_customer_where_one_falls_out_of_it_unlawfully(
    name: str, bounds: list[int], witness: str
) -> None:
    document = shipped().attributes.document
    rows = [row | ({"range": bounds} if row["name"] == name else {}) for row in document["attributes"]]
    found = find_unlawful(replace(shipped(), attributes=parse_table({**document, "attributes": rows})))
    said = "\n".join(map(str, found))
    assert "range must hold" in said
    assert witness in said
    assert ("is open to this customer" in said) is bool(witness), "who is unknown to the rules is shut out by them"


def test_the_witness_names_offer_channel_customer_law_and_ground() -> None:
    assert find_open_laws(changed(TOLERANCE, require="OLD or context.weekday = 1", applies="offer.risk = 3"))[0] == (
        Problem(
            'offer "structured-3m"',
            'in channel "mobile_app" it is open to this customer: tolerance C1, assessed today,'
            " age 18; against law-tolerance: The product's risk is above the customer's tolerance, or one of the two"
            " is unknown (NFRA order 2025 No. 7 art. 12 (suitability))",
        )
    )


def with_minimums(policy: Policy, offer_id: str, minimums: list[float]) -> Policy:
    """A catalogue of one offer at many minimums."""
    place = next(place for place, offer in enumerate(policy.offers) if offer.id == offer_id)
    offers = tuple(
        replace(policy.offers[place], id=f"{offer_id}-{minimum:g}", terms={"minimum_yuan": minimum})
        for minimum in minimums
    )
    columns = {
        name: np.repeat(column[:, place : place + 1], len(offers), axis=1) if name.startswith("offer.") else column
        for name, column in policy.static_columns.items()
    }
    columns["offer.minimum_yuan"] = np.array(minimums)[None, :, None]
    columns["offer.id"] = np.array([offer.id for offer in offers], dtype=object)[None, :, None]
    return replace(policy, offers=offers, static_columns=columns)


MINIMUMS = [10_000.0 + 731.5 * number for number in range(200)]
MEANS = "within-means"


@pytest.mark.parametrize(
    "require", ["OLD", "OLD and coalesce(customer.age, 0) < 120", "customer.total_yuan >= OFFERED"]
)
def test_a_catalogue_of_200_minimums_is_proven_with_the_work_of_a_few(require: str) -> None:
    budget = Budget()
    stricter = changed(MEANS, require=require.replace("OFFERED", "offer.minimum_yuan"))
    assert find_open_laws(with_minimums(stricter, "mixed-r3", MINIMUMS), budget) == []
    assert MOST_CONDITIONS - budget.left < 60_000


def test_each_of_200_minimums_has_its_own_customer_where_the_rule_is_lax() -> None:
    lax = with_minimums(changed(MEANS, require="OLD or customer.region = 'north'"), "asset-plan-r3", MINIMUMS)
    budget = Budget()
    found = find_open_laws(without_others(lax), budget)
    assert len(found) == 199, "ten thousand is a small minimum, whatever a customer owns"
    assert all("customer.region = 'north'" in one.message and "law-means" in one.message for one in found)
    assert MOST_CONDITIONS - budget.left < 400_000


def test_one_expression_that_takes_too_much_work_leaves_the_other_laws_decided() -> None:
    hard = " or ".join(f"customer.logins_30d + {n} * customer.age = {n * n}" for n in range(2, 30))
    found = find_open_laws(changed(TOLERANCE, require=f"OLD and ({hard})", applies="offer.risk >= 2"))
    assert {one.where.split()[0] for one in found} <= {"offer"}
    assert all("law-tolerance" in one.message for one in found)


def test_what_takes_too_much_work_is_refused_with_its_rule_and_expression() -> None:
    found = find_open_laws(changed(TOLERANCE, require="OLD or context.weekday = 1"), Budget(2_000))
    assert any(
        problem.message.startswith(f'cannot be decided within the work allowed: rule "{TOLERANCE}" requires ')
        and "context.weekday = 1" in problem.message
        for problem in found
    )


@pytest.mark.parametrize(
    "require",
    [
        "OLD or " + "greatest(" * 12 + "customer.age" + ", customer.logins_30d)" * 12 + " >= 3",
        "OLD or " + "coalesce(" * 14 + "customer.staff" + ", customer.pensioner)" * 14,
        "OLD or " + "case when customer.staff then " * 14 + "1" + " else customer.age end" * 14 + " > 3",
        "OLD or (" + " and ".join(f"customer.logins_30d + {n} * customer.age > {n}" for n in range(1, 40)) + ")",
        "OLD or " + "nullif(" * 6 + "customer.staff" + ", customer.pensioner)" * 6,
    ],
)
def test_a_monstrous_expression_costs_bounded_work(require: str) -> None:
    budget = Budget()
    assert find_open_laws(changed(TOLERANCE, require=require), budget)
    assert budget.left >= 0
