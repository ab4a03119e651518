"""Golden decisions: the shipped policy against cases that a marketer can read and write (``tests/cases/*.yaml``)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from service.core.domain import Context, Decision, Event, Release, Snapshot
from service.core.trails import surveys_of, trails_of
from service.decision import decide
from service.decision.positioning import choose_variants
from service.rules.policy import DEFAULT, Policy, load

CASES = Path(__file__).parents[1] / "cases"
SAYS = {"name", "customer", "consents", "events", "context", "scores", "expect"}
EXPECTS = {"offers", "shows", "never", "withheld", "personalised", "reasons", "silent", "words"}
DAY = 86_400_000


@pytest.fixture(scope="module")
def policy() -> Policy:
    """The shipped policy with chance switched off."""
    shipped = load(DEFAULT)
    certain = replace(shipped.experiments, exploration_epsilon=0.0, holdout_share=0.0, tests=())
    return replace(shipped, experiments=certain)


def golden() -> Iterator[Any]:
    for path in sorted(CASES.glob("*.yaml")):
        for case in yaml.safe_load(path.read_text(encoding="utf-8")):
            yield pytest.param(case, id=f"{path.stem}: {case['name']}")


@pytest.mark.parametrize("case", list(golden()))
def test_golden_decision(case: Mapping[str, Any], policy: Policy):
    assert set(case) <= SAYS, f"a case may say {sorted(SAYS)}"
    assert set(case["expect"]) <= EXPECTS, f"expect may say {sorted(EXPECTS)}"
    faults = policy.attributes.check(case["customer"])
    assert not faults, faults
    found, told = _decided(policy, case)
    _compare(policy, found, case["expect"])
    _compare_words(policy, found, told, case["expect"].get("words", {}))


def test_there_is_a_case_for_every_stage(policy: Policy):
    named = {gate for case in golden() for gate in case.values[0]["expect"].get("withheld", [])}
    stages = {rule.stage for rule in (*policy.gates, *policy.contact.rules) if rule.id in named}
    assert stages == {"eligibility", "applicability", "suitability", "contact"}


def _decided(policy: Policy, case: Mapping[str, Any]) -> tuple[Decision, Mapping[str, str]]:
    """The decision, and by offer the segment's words it is told in."""
    asked = dict(case["context"])
    now = _instant(asked.pop("at"), policy)
    events = tuple(_event(number, one, now) for number, one in enumerate(case.get("events", [])))
    snapshot = Snapshot("golden", 1, case["customer"], case.get("consents", {}), trails_of(events), surveys_of(events))
    context, scores = Context(now, **asked), case.get("scores", {})
    found = decide(policy, snapshot, context, scores, Release(1, policy.hash, "b-golden"), "d")
    return found, choose_variants(policy, found, snapshot, context, scores)


def _instant(local: str, policy: Policy) -> int:
    zone = ZoneInfo(policy.contact.timezone)
    return int(datetime.strptime(local, "%Y-%m-%d %H:%M").replace(tzinfo=zone).timestamp()) * 1000


def _event(number: int, one: Mapping[str, Any], now: int) -> Event:
    said = {name: value for name, value in one.items() if name != "days_ago"}
    return Event(f"e-{number}", "golden", at=now - round(one["days_ago"] * DAY), **said)


def _compare(policy: Policy, found: Decision, expected: Mapping[str, Any]) -> None:
    shown = [f"{one.offer} in {one.channel}" for one in found.treatments]
    family = {offer.id: offer.family for offer in policy.offers}
    assert shown == expected.get("offers", shown)
    assert set(expected.get("shows", [])) <= set(shown), f"shown: {shown}; withheld: {dict(found.withheld)}"
    barred = {one.offer for one in found.treatments if {one.offer, family[one.offer]} & set(expected.get("never", []))}
    assert not barred
    assert set(expected.get("withheld", [])) <= set(found.withheld), f"withheld: {dict(found.withheld)}"
    assert found.personalised is expected.get("personalised", found.personalised)
    spoken = {one.offer: set(one.reasons) for one in found.treatments}
    for offer, rules in expected.get("reasons", {}).items():
        assert set(rules) <= spoken[offer]
    for offer, rules in expected.get("silent", {}).items():
        assert not set(rules) & spoken[offer]


def _compare_words(policy: Policy, found: Decision, told: Mapping[str, str], expected: Mapping[str, str]) -> None:
    shown = {one.offer for one in found.treatments}
    assert set(expected.values()) <= {"plain", *policy.variants}
    assert expected == {offer: told.get(offer, "plain") for offer in expected if offer in shown}
