"""Every caller of the rule columns runs on a policy that reads every name there is, and one and many agree."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from service.analysis.policy_checks import reachability
from service.core.domain import Context, Event, Release, Snapshot
from service.core.trails import surveys_of, trails_of
from service.decision import decide, decide_many, population_of, trace_cells
from service.decision.compiled import compile_policy
from service.decision.portrait import Estimates, compile_portrait
from service.decision.segment_membership import SegmentMembership
from service.decision.trace.shortfall import Shortfalls
from service.rules.history.event_counts import group_events
from service.rules.loading.portrait import portrait_schema
from service.rules.policy import DEFAULT, Policy, from_documents, load
from service.scoring.segments import Segment
from training.evaluation.fairness import suitable
from training.models.ticket import formula_tickets

NOW = 1_790_913_600_000  # 2026-10-02 12:00 in Shanghai
DAY = 86_400_000
RELEASE = Release(1, "", None)
ALL = "reads-every-name"
SHIPPED = load(DEFAULT)
WORDS = {"zh": "读取所有名称", "en": "Reads every name"}
SCORES = {"deposit": 0.2, "wealth": 0.1, "segment:term-savers": 1.0}
FACTS = {"age": 40.0, "demand_yuan": 390_000.0, "relationship_days": 2_000.0, "sex": "female", "deceased": False}
CONSENTS = {"marketing:sms": True, "marketing:email": False}


def either(names: Iterable[str]) -> list[str]:
    """Conditions that are true of everybody, though together they read every name; each short enough to be read."""
    parts = [f"({name} is null or {name} is not null)" for name in sorted(names)]
    return [" and ".join(parts[start : start + 40]) for start in range(0, len(parts), 40)]


@pytest.fixture(scope="module")
def policy() -> Policy:
    of_customer = portrait_schema(SHIPPED.schema)
    of_offer = {name for name, one in SHIPPED.schema.items() if "channel" not in one.axes and "customer." not in name}
    of_offer |= {"customer.segment", "customer.stage"}
    documents = SHIPPED.documents
    gate = {"stage": "suitability", "strategy": "portrait-matching", "reason": WORDS, "cases": []}
    for place, every in enumerate(either(SHIPPED.schema)):
        documents["consumer"]["rules"].append({"id": f"{ALL}-{place}", **gate, "require": every})
    for family in documents["catalogue"]["families"].values():
        ticket = " ".join(family["ticket"].split())
        family["ticket"] = f"case when {' and '.join(either(of_offer))} then {ticket} else 0 end"
    for place, every in enumerate(either(of_customer)):
        documents["portrait"]["tags"].append({"id": f"{ALL}-{place}", "when": every, "text": WORDS})
        documents["strategies"]["segments"].append({"id": f"{ALL}-{place}", "name": WORDS, "when": every})
    return from_documents(documents)


def happened() -> list[Event]:
    offer, channel = SHIPPED.offers[0].id, "sms"
    told = [("impression", 2, offer), ("click", 3, offer), ("contact", 4, offer), ("complaint", 5, None)]
    events = [Event(f"e-{kind}", "c", kind, NOW - days * DAY, what, channel) for kind, days, what in told]
    events.append(Event("e-survey", "c", "survey", NOW - DAY, score=4.0, question="fair-rates"))
    return sorted(events, key=lambda one: one.at)


def person(attributes: dict[str, Any], consents: dict[str, bool]) -> Snapshot:
    events = happened()
    return Snapshot("c", 1, attributes, consents, trails_of(events), surveys_of(events))


PEOPLE = [
    person(FACTS, CONSENTS),
    person({}, CONSENTS),
    person(FACTS, {"personalisation": False}),
    person({**FACTS, "age": 70.0}, {}),
]


@pytest.mark.parametrize("arm", [True, False], ids=["personal", "unpersonalised"])
def test_one_and_many_build_the_same_columns(policy: Policy, arm: bool) -> None:
    builder, context = compile_policy(policy).columns, Context(NOW, "mobile_app", "home_banner", "salary", 5_000.0)
    at, several = builder.moment(NOW), population_of(policy, PEOPLE)
    scores = {name: np.full(len(PEOPLE), score) for name, score in SCORES.items()}
    together = builder.of_many(several, context, scores, at, arm)
    for row, snapshot in enumerate(PEOPLE):
        past = group_events(snapshot.trails, snapshot.surveys, builder.places, NOW)
        alone = builder.of_one(snapshot, context, SCORES, past, at, arm)
        for one, many in zip(alone, together, strict=True):
            assert one.keys() == many.keys()
            for name, value in one.items():
                whole = np.asarray(many[name])
                mine = whole[row : row + 1] if whole.ndim == 3 and len(whole) > 1 else whole
                np.testing.assert_array_equal(*np.broadcast_arrays(np.asarray(value), mine), err_msg=name)


def test_every_name_of_the_schema_is_a_column_or_a_term_of_the_policy(policy: Policy) -> None:
    builder = compile_policy(policy).columns
    columns, _ = builder.of_one(
        PEOPLE[0], Context(NOW), SCORES, group_events((), (), builder.places, NOW), builder.moment(NOW)
    )
    assert set(policy.schema) <= {*columns, *policy.static_columns}


def test_one_and_many_decide_alike(policy: Policy) -> None:
    calm = replace(
        policy, experiments=replace(policy.experiments, exploration_epsilon=0.0, holdout_share=0.0, tests=())
    )
    scores = {name: np.full(len(PEOPLE), score) for name, score in SCORES.items()}
    together = decide_many(calm, population_of(calm, PEOPLE), Context(NOW, limit=5), scores, RELEASE)
    for row, snapshot in enumerate(PEOPLE):
        alone = decide(calm, snapshot, Context(NOW, limit=5), SCORES, RELEASE, "d").treatments
        priorities = together.priority[row][: len(alone)].tolist()
        assert [one.priority for one in alone] == priorities
    assert len(decide(calm, PEOPLE[0], Context(NOW, limit=5), SCORES, RELEASE, "d").treatments) > 0


def test_a_segment_that_reads_every_name_holds_whom_something_is_known_of(policy: Policy) -> None:
    whens = {name: target.when for name, target in policy.targets.items() if name.startswith(ALL)}
    membership = SegmentMembership(policy, whens, placed=True)
    members, columns = membership.evaluate(PEOPLE[0], Context(NOW), SCORES)
    assert members == dict.fromkeys(whens, True) and columns["customer.segment"] == "term-savers"
    assert membership.evaluate(PEOPLE[2], Context(NOW), SCORES)[0] == dict.fromkeys(whens, False)


def test_the_shortfall_of_every_closed_gate_can_be_asked_for(policy: Policy) -> None:
    snapshot = PEOPLE[0]
    shortfalls = Shortfalls(policy, snapshot, Context(NOW), "personalised")
    for cell in trace_cells(policy, snapshot, Context(NOW), SCORES, RELEASE):
        assert all(held for gate, held in cell.gates.items() if gate.startswith(ALL))
        for gate in cell.closed_by:
            shortfalls.of(gate, cell)


def test_offers_can_be_reached_behind_a_gate_that_reads_every_name(policy: Policy) -> None:
    assert reachability.find_reached(compile_policy(policy)).any(axis=1).all()


def test_a_portraits_tag_may_read_every_name_of_a_customer(policy: Policy) -> None:
    segment = Segment("term-savers", WORDS, WORDS, 0.3, {})
    portrait = compile_portrait(policy).build(PEOPLE[0], tuple(happened()), NOW, Estimates(segment=segment), False)
    assert len([tag for tag in portrait.tags or () if tag.startswith(ALL)]) == len(
        either(portrait_schema(policy.schema))
    )


def test_training_reads_facts_by_the_same_columns(policy: Policy) -> None:
    people = pa.table({"age": [40.0, 70.0], "demand_yuan": [390_000.0, None]})
    facts = compile_policy(policy).columns.features.table.encode_frame(people)
    assert {family: may.shape for family, may in suitable(policy, facts, date(2026, 10, 2)).items()} == {
        "deposit": (2,),
        "wealth": (2,),
    }
    for family in policy.families:
        np.testing.assert_array_equal(
            formula_tickets(policy, family, people, NOW), formula_tickets(SHIPPED, family, people, NOW)
        )
