"""The table of the laws: it reads only what no author can redefine, and each law stands at its exact boundary."""

from math import nan

import pytest

from service.core.expressions import Kind, compile_falsity, compile_truth
from service.rules.policy import DEFAULT, STAGES, load
from service.rules.statutory import ANSWERS, LAW, LAW_COLUMNS, LAW_SCHEMA, LAW_TERMS, STATUTORY, read_expressions

SHIPPED = load(DEFAULT)
LAWS = {gate.id: gate for gate in STATUTORY}
UNKNOWN = {name: None if one.kind is Kind.TEXT else nan for name, one in LAW_SCHEMA.items()}

FUND, DEPOSIT = {"offer.family": "wealth", "offer.risk": 4.0}, {"offer.family": "deposit"}
PLAN = {"offer.family": "wealth", "offer.risk": 3.0, "offer.minimum_yuan": 300_000.0}
OUT, IN = {"channel.direction": "outbound"}, {"channel.direction": "inbound"}
DAYS = {"context.year_ago": 100.0, "context.today": 465.0}


def holds(gate: str, facts: dict) -> bool:
    applies, require = read_expressions(LAWS[gate])
    columns = UNKNOWN | facts
    spared = False if applies is None else compile_falsity(applies)(columns)
    return bool(compile_truth(require)(columns)) or bool(spared)


@pytest.mark.parametrize("gate", STATUTORY, ids=lambda gate: gate.id)
def test_a_law_is_written_in_the_rule_language_with_its_reason_and_its_ground(gate):
    applies, require = read_expressions(gate)
    assert require.kind is Kind.BOOLEAN and (applies is None or applies.kind is Kind.BOOLEAN)
    assert gate.id.startswith(LAW) and gate.stage in STAGES and gate.ground
    assert set(gate.reason) == {"zh", "en"} and all(gate.reason.values())


def test_the_laws_have_ids_of_their_own():
    assert len(LAWS) == len(STATUTORY)
    assert [rule.id for rule in SHIPPED.rules if rule.id.startswith(LAW)] == list(LAWS)
    assert not [rule.id for rule in SHIPPED.gates if rule.id.startswith(LAW)]


def test_what_the_law_reads_of_a_customer_is_a_raw_attribute_of_the_shipped_policy():
    raw = {f"customer.{one.name}": one.kind for one in SHIPPED.attributes.attributes}
    assert {name: raw.get(name) for name in LAW_COLUMNS} == LAW_COLUMNS


@pytest.mark.parametrize("name", [name for name in LAW_SCHEMA if not name.startswith(("consent.", "kind."))])
def test_every_other_name_means_what_it_means_to_the_shipped_policy(name: str):
    assert SHIPPED.schema[name].kind is LAW_SCHEMA[name].kind
    assert SHIPPED.schema[name].axes == LAW_SCHEMA[name].axes


def test_the_law_reads_every_name_that_it_lists():
    read = {name for gate in STATUTORY for one in read_expressions(gate) if one is not None for name in one.names}
    assert {*LAW_COLUMNS, *LAW_TERMS, *ANSWERS} <= read


@pytest.mark.parametrize(
    ("gate", "facts", "held"),
    [
        ("law-not-deceased", {}, True),
        ("law-not-deceased", {"customer.deceased": 1.0}, False),
        ("law-not-frozen", {}, True),
        ("law-not-frozen", {"customer.frozen": 1.0}, False),
        ("law-adults", FUND, True),
        ("law-adults", FUND | {"customer.age": 18.0}, True),
        ("law-adults", FUND | {"customer.age": 17.99}, False),
        ("law-adults", DEPOSIT | {"customer.age": 10.0}, True),
        ("law-adults", DEPOSIT | {"offer.risk": 2.0, "customer.age": 10.0}, False),
        ("law-qualified", FUND, True),
        ("law-qualified", FUND | {"offer.qualified_only": 1.0}, False),
        ("law-qualified", FUND | {"offer.qualified_only": 1.0, "customer.qualified_investor": 1.0}, True),
        ("law-in-person", FUND | {"channel.face_to_face": 0.0}, True),
        ("law-in-person", FUND | {"offer.in_person": 1.0, "channel.face_to_face": 0.0}, False),
        ("law-in-person", FUND | {"offer.in_person": 1.0}, False),
        ("law-in-person", FUND | {"offer.in_person": 1.0, "channel.face_to_face": 1.0}, True),
        ("law-tolerance", FUND, False),
        ("law-tolerance", FUND | {"customer.risk_tolerance": 3.0}, False),
        ("law-tolerance", FUND | {"customer.risk_tolerance": 4.0}, True),
        ("law-tolerance", DEPOSIT, True),
        ("law-tolerance", {"offer.family": "wealth", "customer.risk_tolerance": 5.0}, False),
        ("law-assessment", FUND | DAYS, False),
        ("law-assessment", FUND | DAYS | {"customer.risk_assessed_on": 99.0}, False),
        ("law-assessment", FUND | DAYS | {"customer.risk_assessed_on": 100.0}, True),
        ("law-assessment", FUND | DAYS | {"customer.risk_assessed_on": 465.0}, True),
        ("law-assessment", FUND | DAYS | {"customer.risk_assessed_on": 466.0}, False),
        ("law-care-from-65", FUND | {"customer.age": 64.0, "channel.face_to_face": 0.0}, True),
        ("law-care-from-65", FUND | {"customer.age": 65.0, "channel.face_to_face": 0.0}, False),
        ("law-care-from-65", FUND | {"customer.age": 65.0, "channel.face_to_face": 1.0}, True),
        ("law-care-from-65", FUND | {"channel.face_to_face": 0.0}, False),
        ("law-care-from-65", FUND | {"channel.face_to_face": 1.0}, True),
        ("law-care-from-65", FUND | {"offer.risk": 3.0, "customer.age": 80.0, "channel.face_to_face": 0.0}, True),
        ("law-recording", FUND, True),
        ("law-recording", FUND | {"kind.recording": 1.0}, False),
        ("law-recording", FUND | {"kind.recording": 1.0, "channel.recording": 0.0}, False),
        ("law-recording", FUND | {"kind.recording": 1.0, "channel.recording": 1.0}, True),
        ("law-recording", FUND | {"kind.recording": 0.0, "channel.recording": 0.0}, True),
        ("law-qualified-staff", FUND | {"kind.qualified_staff": 1.0}, False),
        ("law-qualified-staff", FUND | {"kind.qualified_staff": 1.0, "channel.qualified_staff": 1.0}, True),
        ("law-qualified-staff", FUND | {"kind.qualified_staff": 0.0}, True),
        ("law-means", PLAN, True),
        ("law-means", PLAN | {"customer.demand_yuan": 0.0}, False),
        ("law-means", PLAN | {"customer.demand_yuan": 10_000.0, "customer.fund_yuan": 20_000.0}, True),
        ("law-means", PLAN | {"customer.demand_yuan": 10_000.0, "customer.fund_yuan": 19_999.99}, False),
        ("law-means", PLAN | {"offer.minimum_yuan": 10_000.0, "customer.demand_yuan": 0.0}, True),
        ("law-means", DEPOSIT | {"offer.minimum_yuan": 200_000.0, "customer.demand_yuan": 0.0}, True),
        ("law-consent", IN, True),
        ("law-consent", OUT, False),
        ("law-consent", OUT | {"history.consent": 0.0}, False),
        ("law-consent", OUT | {"history.consent": 1.0}, True),
        ("law-no-contact", OUT, True),
        ("law-no-contact", OUT | {"consent.contact": 0.0}, False),
        ("law-no-contact", IN | {"consent.contact": 0.0}, True),
        ("law-personalisation", OUT | {"consent.personal": 1.0}, True),
        ("law-personalisation", OUT | {"consent.personal": 0.0}, False),
        ("law-personalisation", IN | {"consent.personal": 0.0}, True),
    ],
)
def test_a_law_stands_at_its_boundary(gate: str, facts: dict, held: bool):
    assert holds(gate, facts) is held


def test_a_rule_of_the_shipped_policy_says_what_the_law_says_of_means():
    mine = next(rule for rule in SHIPPED.gates if rule.id == "within-means")
    applies, require = read_expressions(LAWS["law-means"])
    assert (mine.applies.tree, mine.require.tree) == (applies.tree, require.tree)
