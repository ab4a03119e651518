"""A proposed policy on the stored decisions: what it would have earned, and the gate that reads it."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from service.analysis.policy_value.replay import Replayed, weighed
from service.cache import Cache
from service.cli.bank.stack import Stack
from service.core.domain import Context, Event, Release, Snapshot, Trail
from service.core.errors import GateRefused, Unavailable
from service.decision import decide, encode
from service.engine.releases import value_gate_process
from service.engine.releases.artifacts import Artifacts
from service.engine.releases.governance import Governance
from service.engine.releases.loader import ReleaseLoader
from service.engine.releases.promotion import promote
from service.rules.history.required_events import cut_snapshot
from service.rules.policy import DEFAULT, Policy, from_documents, load
from service.runtime.child_process import Patience
from service.runtime.config import Settings
from service.store import Store, new_decision_id
from tests.runtime import endless
from tests.servers import execute
from training.data.bank_tables import Customers
from training.models.trained import TrainedFamily
from training.synthetic import make

DAY_MS = 86_400_000
CUSTOMERS = 900
AGO_DAYS = 20


def changed(epsilon: float = 0.4, wealth: float = 1.0, least: int = 50) -> Policy:
    """The shipped policy, exploring much, with another lever on wealth offers; everybody by the whole method."""
    documents = load(DEFAULT).documents
    documents["experiments"] |= {"tests": [], "exploration": {"epsilon": epsilon, "salt": "e"}}
    documents["experiments"] |= {"holdout": {"share": 0.0, "salt": "h"}}
    documents["experiments"]["release_gate"] = {"most_worse_share": 0.1, "least_effective": least}
    for offer in documents["catalogue"]["offers"]:
        if offer["family"] == "wealth":
            offer["lever"] = wealth
    return from_documents(documents)


def snapshots() -> Iterator[Snapshot]:
    consents = {"personalisation": True}
    for customer, attributes in Customers(make(CUSTOMERS, seed=4).customers):
        yield Snapshot(customer, 1, {**attributes, "risk_tolerance": 4.0}, consents)


@pytest.fixture(scope="module")
def champion() -> Policy:
    return changed()


@pytest.fixture(scope="module")
def database_of(make_database: Any) -> str:
    return str(make_database())


@pytest.fixture(scope="module")
def store(database_of: str, champion: Policy) -> Iterator[Store]:
    """Decisions of the champion three weeks ago; who was shown wealth took it, mostly."""
    opened = Store(database_of, 5000)
    opened.migrate()
    release = opened.proposals.bootstrap(champion.hash, champion.documents, None, "anna", "first")
    chance, people = np.random.default_rng(2), list(snapshots())
    opened.customers.load([(one.customer_id, one.attributes) for one in people])
    at = time.time_ns() // 1_000_000 - AGO_DAYS * DAY_MS
    for one in people:
        _remember(opened, champion, one, at, release, chance)
    yield opened
    opened.close()


def _remember(
    store: Store, policy: Policy, one: Snapshot, at: int, release: Release, chance: np.random.Generator
) -> None:
    context, number = Context(at, "mobile_app", limit=1), new_decision_id(at)
    decision = decide(policy, one, context, {}, release, number)
    store.decisions.insert(number, one.customer_id, at, release.id, encode(decision, one, context, {}, release))
    for shown in decision.treatments:
        wealth = shown.propensity_source and shown.offer in WEALTH
        if chance.random() < (0.7 if wealth else 0.05):
            store.events.record(
                Event(f"e-{number}", one.customer_id, "purchase", at + DAY_MS, shown.offer, "mobile_app")
            )


WEALTH = frozenset(offer.id for offer in load(DEFAULT).offers if offer.family == "wealth")


@pytest.fixture
def governance(store: Store, tmp_path: Path) -> Governance:
    return Governance(store, ReleaseLoader(store, Artifacts(tmp_path)))


def test_a_policy_that_shows_what_was_logged_weighs_every_decision_one(champion: Policy) -> None:
    one, context = next(snapshots()), Context(1_790_000_000_000, "mobile_app", limit=3)
    release = Release(1, champion.hash, None)
    chances = Replayed(champion).chances(one, context, {}, release)
    shown = decide(replace(champion), one, context, {}, release, "d").treatments
    assert sum(chance for chance, _ in chances.values()) == pytest.approx(min(3, len(chances)))
    for treatment in shown:
        assert chances[treatment.offer, treatment.channel][0] == pytest.approx(treatment.selection_probability)
    q = {cell: worth for cell, (_, worth) in chances.items()}
    found = weighed(shown, {shown[0].offer: 10.0}, chances, chances, q)
    assert found.weight == pytest.approx(1.0)
    assert found.earned == pytest.approx(10.0)
    assert found.unsupported == {}


def test_the_champion_beside_itself_differs_by_nothing(governance: Governance, champion: Policy) -> None:
    report = governance.value_gate.judge(champion)
    assert report.decisions == CUSTOMERS
    assert report.value is not None and report.value.difference is not None
    assert report.value.difference.value == pytest.approx(0.0, abs=1e-9)
    assert report.value.verdict == "cannot tell"
    assert report.refusal == ""
    assert report.value.ips.low < report.value.logged.value < report.value.ips.high


def test_a_policy_that_drops_what_customers_take_is_refused_and_may_be_overridden(
    governance: Governance, store: Store
) -> None:
    new = changed(wealth=0.01)
    governance.publish(new.documents, "anna", "less wealth")
    report = governance.value_gate.judge(new)
    assert report.value is not None
    assert report.value.verdict == "worse"
    with pytest.raises(GateRefused, match="lower bound"):
        governance.approve(new.hash, "ben", "")
    assert store.releases.active() is not None and store.releases.active().policy != new.hash  # type: ignore[union-attr]
    made = governance.approve(new.hash, "ben", "we know", override=True)
    assert (made.release.policy, made.gate.decisions) == (new.hash, CUSTOMERS)
    assert made.gate.refusal == report.refusal
    value = report.value.difference
    assert value is not None and made.gate.difference == (value.value, value.low, value.high)
    newest = store.audit.list_rows(5)
    assert any("against the gate" in str(row["detail"]) for row in newest)
    governance.rollback("ben", "")


def test_a_worker_that_serves_alone_waits_less_for_a_policy_to_be_read(store: Store, tmp_path: Path) -> None:
    loader = ReleaseLoader(store, Artifacts(tmp_path))
    assert [Governance(store, loader, alone=alone).deadline_s for alone in (False, True)] == [20, 5]


def test_a_replay_that_takes_too_long_is_a_no_of_the_gate_and_may_be_overridden(
    store: Store, champion: Policy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(value_gate_process, "PROCESS", endless.PROCESS)
    monkeypatch.setattr(value_gate_process, "CPU_S", 1)
    refused = value_gate_process.judge(store, champion.hash).refusal
    assert refused == "replaying the stored decisions takes more than 1 seconds of computing and 2 GiB of memory"
    with pytest.raises(GateRefused, match="with an override"):
        value_gate_process.note_with_gate("we know", refused, override=False)
    assert (
        value_gate_process.note_with_gate("we know", refused, override=True) == f"against the gate ({refused}); we know"
    )
    with pytest.raises(Unavailable, match="nothing was changed"):
        value_gate_process.judge(store, champion.hash, Patience(0.0, "Ask later."))


def test_a_bundle_that_drops_what_customers_take_is_not_promoted_but_against_the_gate(
    store: Store, redis_url: str, tmp_path: Path, trained: dict[str, TrainedFamily], write_bundle_of: Any
) -> None:
    never = replace(trained["wealth"], calibration=([0.0, 1.0], [1e-9, 1e-9]))
    usual = replace(trained["deposit"], calibration=([0.0, 1.0], [0.05, 0.05]))
    version = write_bundle_of(tmp_path, {"deposit": usual, "wealth": never}).name
    stack = Stack(Settings(artifacts=tmp_path), store, Cache(redis_url))
    for forced in (False, True):  # whether its figures may be overridden says nothing of its value
        with pytest.raises(GateRefused, match="lower bound"):
            promote(stack.store, stack.settings, version, "mia", against=forced)
    assert store.releases.active() is not None and store.releases.active().bundle is None  # type: ignore[union-attr]
    assert promote(stack.store, stack.settings, version, "mia", override=True).bundle == version
    assert "against the gate (new less old" in store.releases.list_releases(1)[0]["note"]
    store.proposals.rollback("mia", "")


def test_where_no_window_has_closed_the_gate_stands_open(governance: Governance) -> None:
    new = changed(epsilon=0.0, wealth=0.01)
    report = governance.value_gate.judge(new, days=1)
    assert (report.decisions, report.value, report.refusal) == (0, None, "")
    assert "no decision" in report.sentence


def capped(policy: Policy, maximum: int) -> Policy:
    """The policy, where an offer may be shown so often in 30 days."""
    documents = policy.documents
    documents["contact"]["caps"][0] |= {"maximum": maximum, "cases": _cap_cases(maximum)}
    return from_documents(documents)


def _cap_cases(maximum: int) -> list[dict[str, Any]]:
    here = {"channel": "mobile_app", "offer": "term-12m"}
    shown = {"kind": "impression", "offer": "term-12m", "days_ago": 1}
    times = {"passes": maximum - 1, "blocks": maximum}
    return [{**here, "expect": word, "past": [{**shown, "times": count}]} for word, count in times.items()]


@pytest.fixture
def often(make_database: Any, champion: Policy, tmp_path: Path) -> Iterator[tuple[Store, Governance]]:
    """100 decisions; 3 customers were shown an offer 30 times before, more than the champion's cap tells apart."""
    opened = Store(str(make_database()), 5000)
    opened.migrate()
    release = opened.proposals.bootstrap(champion.hash, champion.documents, None, "anna", "first")
    people, chance = list(snapshots())[:100], np.random.default_rng(2)
    opened.customers.load([(one.customer_id, one.attributes) for one in people])
    at = time.time_ns() // 1_000_000 - AGO_DAYS * DAY_MS
    shown = Trail("impression", "term-12m", "mobile_app", tuple(at - DAY_MS + minute for minute in range(30)))
    for number, one in enumerate(people):
        lived = replace(one, trails=(shown,)) if number < 3 else one
        _remember(opened, champion, cut_snapshot(champion, lived, at), at, release, chance)
    yield opened, Governance(opened, ReleaseLoader(opened, Artifacts(tmp_path)))
    opened.close()


def test_a_record_at_its_limit_says_nothing_of_a_larger_cap_and_is_left_out(
    often: tuple[Store, Governance], champion: Policy
) -> None:
    value_gate = often[1].value_gate
    assert value_gate.judge(champion).short == 0
    assert value_gate.judge(capped(champion, 10)).short == 0, "a smaller cap is answered by what a larger one took"
    larger = value_gate.judge(capped(champion, 26))
    assert (larger.decisions, larger.short, larger.document()["short_decisions"]) == (97, 3, 3)
    assert "3 decisions left out: their record may hold too little of the past" in larger.sentence


def test_where_too_many_records_are_too_short_the_log_supports_no_judgement(
    often: tuple[Store, Governance], champion: Policy
) -> None:
    documents = champion.documents
    documents["contact"]["caps"][0]["window_days"] = 45
    documents["contact"]["caps"][0]["cases"] = _cap_cases(20)
    longer = often[1].value_gate.judge(from_documents(documents))
    assert (longer.decisions, longer.short, longer.value) == (0, 100, None)
    assert "not supported by the log: 100.0% of the records may hold less of the past" in longer.sentence
    assert longer.refusal == ""


def test_a_record_that_somebody_altered_is_left_out_and_told(
    governance: Governance, champion: Policy, database_of: str
) -> None:
    whole = governance.value_gate.judge(champion)
    altered = "SELECT id FROM decisions ORDER BY id LIMIT 3"
    execute(database_of, f"UPDATE decisions SET record = 'gone' WHERE id IN ({altered})")
    report = governance.value_gate.judge(champion)
    assert (report.decisions, report.unreadable) == (whole.decisions - 3, 3)
    assert "3 decisions left out" in report.sentence
