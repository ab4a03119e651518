"""The fairness gate at approval, overrides that end by themselves, and the daily measurement of stored decisions."""

import json
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from prometheus_client import REGISTRY

from service.app import create_app
from service.cache import Cache
from service.cli.main import main
from service.core.domain import Client, Context, Event, Snapshot
from service.core.errors import GateRefused, InvalidInput
from service.core.grid import DAY_MS
from service.decision import decide, encode
from service.engine.auth.keys import new_key
from service.engine.engine import Engine
from service.engine.releases.artifacts import Artifacts
from service.engine.releases.fairness.measuring import FairnessService
from service.engine.releases.governance import Governance
from service.engine.releases.loader import ReleaseLoader
from service.routes.governance.fairness import FairnessAnswer
from service.rules.policy import DEFAULT, Policy, from_documents, load
from service.runtime.config import Settings
from service.store import Store, new_decision_id
from training.data.bank_tables import Customers
from training.synthetic import make

COUNT = 900
WHY = "A sale for men only, agreed with the regulator for this test"
GAP = "sex/female/wealth"


def for_men(policy: Policy) -> Policy:
    """Wealth for men only: what the static check refuses, stored as if it were older than that check."""
    documents = policy.documents
    documents["consumer"]["rules"].append(
        {
            "id": "men", "stage": "eligibility", "strategy": "portrait-matching", "reason": {"zh": "规则", "en": "Men"},
            "applies": "offer.family = 'wealth'", "require": "customer.sex = 'male'",
        }
    )  # fmt: skip
    return from_documents(documents)


@pytest.fixture(scope="module")
def shipped() -> Policy:
    return load(DEFAULT)


@pytest.fixture
def url(make_database: Any) -> str:
    return str(make_database())


@pytest.fixture
def store(url: str, shipped: Policy) -> Iterator[Store]:
    opened = Store(url, 5000)
    opened.proposals.bootstrap(shipped.hash, shipped.documents, None, "anna", "first")
    opened.customers.load(list(Customers(make(COUNT, 7, date.today()).customers)))
    yield opened
    opened.close()


@pytest.fixture
def loader(store: Store, tmp_path: Path) -> ReleaseLoader:
    return ReleaseLoader(store, Artifacts(tmp_path))


def test_a_policy_that_shuts_a_group_out_is_not_approved_until_somebody_answers_for_it(
    store: Store, loader: ReleaseLoader, shipped: Policy
) -> None:
    policy, governance = for_men(shipped), Governance(store, loader)
    store.proposals.propose(policy.hash, policy.documents, "mei", "men")
    store.signatures.sign(policy.hash, "cora", "read")
    with pytest.raises(GateRefused) as refused:
        governance.approve(policy.hash, "wei", "", override=True)
    assert "fairness: sex female is offered wealth at 0.0%" in refused.value.message
    assert "fourcast fairness excuse" in refused.value.message
    store.fairness_overrides.excuse("sex", "female", "wealth", WHY, 30, "wei")
    assert governance.approve(policy.hash, "wei", "excused").release.policy == policy.hash
    actions = [(row["action"], row["subject"]) for row in store.audit.list_rows(5)]
    assert ("fairness.override", GAP) in actions


def test_an_override_ends_and_names_reason_and_person(store: Store, loader: ReleaseLoader, shipped: Policy) -> None:
    store.fairness_overrides.excuse("sex", "female", "wealth", WHY, 30, "wei")
    made, policy = int(time.time() * 1000), for_men(shipped)
    for days, gaps in ((29, []), (31, [GAP])):
        service = FairnessService(store, loader, lambda: policy, lambda later=made + days * DAY_MS: later)
        report = service.measure(policy)
        assert [gap.name for gap in report.gaps] == gaps
        assert [(one.reason, one.actor) for one in report.overrides] == ([(WHY, "wei")] if not gaps else [])


@pytest.mark.parametrize(("reason", "days"), [("", 30), ("no", 30), (WHY, 91), (WHY, 0)])
def test_an_override_without_reason_or_end_is_refused(store: Store, reason: str, days: int) -> None:
    with pytest.raises(InvalidInput):
        store.fairness_overrides.excuse("sex", "female", "wealth", reason, days, "wei")
    assert store.fairness_overrides.in_force(0) == []


def remember(store: Store, policy: Policy) -> None:
    """One decision of today for every customer; men take the wealth they are shown."""
    now, release = int(time.time() * 1000) - 60_000, store.releases.active()
    assert release is not None
    for name, attributes in Customers(make(COUNT, 7, date.today()).customers):
        one, context, number = Snapshot(name, 1, attributes), Context(now, "mobile_app", limit=23), new_decision_id(now)
        decision = decide(policy, one, context, {}, release, number)
        store.decisions.insert(number, name, now, release.id, encode(decision, one, context, {}, release))
        if any(each.offer == "cash-r1" for each in decision.treatments):
            store.events.record(Event(f"e-{name}", name, "purchase", now + 1000, "cash-r1", "mobile_app"))


def test_stored_decisions_are_measured_daily_over_rest_and_on_the_command_line(
    store: Store, shipped: Policy, url: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = for_men(shipped)
    store.proposals.propose(policy.hash, policy.documents, "mei", "men")
    store.proposals.approve(policy.hash, "wei", "", None)
    remember(store, policy)
    environ = {"FOURCAST_DATABASE_URL": url, "FOURCAST_REDIS_URL": redis_url, "FOURCAST_ARTIFACTS": str(tmp_path)}
    environ["FOURCAST_STATE_DIR"] = str(tmp_path / "state")
    settings = Settings.read(environ)
    engine = Engine(settings, store, Cache(redis_url))
    try:
        report = engine.fairness.measure_stored()
        assert {(gap.name, gap.what) for gap in report.gaps if gap.axis == "sex"} == {(GAP, "offered"), (GAP, "shown")}
        assert {one.what for one in report.fairness.comparisons} == {"offered", "shown", "accepted"}
        assert engine.fairness.watch() is False
        labels = {"axis": "sex", "group": "female", "family": "wealth"}
        assert REGISTRY.get_sample_value("fourcast_fairness_alert", labels) == 1.0
        store.fairness_overrides.excuse("sex", "female", "wealth", WHY, 30, "wei")
        engine.fairness.watch()
        assert REGISTRY.get_sample_value("fourcast_fairness_alert", labels) == 0.0
        key, digest = new_key()
        store.clients.add(Client("mia", frozenset({"policies:write"})), digest, actor="test")
        app = create_app(settings, engine, lambda line: None)
        answer = app.test_client().get("/v1/fairness", headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == 200, answer.json
        assert FairnessAnswer().validate(answer.json) == {}
        assert [one["reason"] for one in answer.json["overrides"]] == [WHY]
    finally:
        engine.close()
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    told = CliRunner().invoke(main, ["fairness", "measure", "--from-store", "--json"])
    assert json.loads(told.stdout)["customers"] == answer.json["customers"]
    said = CliRunner().invoke(main, ["fairness", "measure"])
    assert "excused until" in said.output and GAP in said.output
    longer = CliRunner().invoke(
        main, ["fairness", "excuse", "sex", "female", "wealth", "--reason", WHY, "--days", "91"]
    )
    assert longer.exit_code == 2
