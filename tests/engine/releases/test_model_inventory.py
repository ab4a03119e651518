"""The model inventory and its stop switch: one model scores nobody in any worker, and every decision still replays."""

import time
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest

from service.core.domain import Arm
from service.core.errors import Conflict, InvalidInput, NotFound
from service.decision.arms.assignment import experiment_arm
from service.decision.record import decode, replay
from service.engine.engine import Engine
from service.engine.releases.models.model_inventory import Statement, read_statements, statement_of
from service.rules.policy import DEFAULT, load
from service.scoring.models.manifest import names_of, read_manifest
from service.scoring.propensity import FAMILY_MODEL, PRIOR
from service.store import Challenger
from tests.engine.conftest import SAVER, House, offers
from tests.seed import activate, put_customer
from tests.waiting import eventually

STATED = """
models:
  - {model: deposit, purpose: orders deposits, owner: analytics, risk: medium, reviewer: model risk, next_review: "2020-03-31", retirement: none, suppliers: none}
  - {model: "we*", owner: analytics, next_review: "2999-01-01"}
"""  # noqa: E501 - one row a model


@pytest.fixture
def engine(house: House, own_releases: None, bundle_folder: Path) -> Engine:
    store = house.store
    activate(store, load(DEFAULT).hash, bundle_folder.name, "whole", "test")
    return house.worker()


def customers(house: House, some: int) -> list[str]:
    """New customers whom the whole method serves."""
    experiments = load(DEFAULT).experiments
    names = (f"stop-{time.time_ns()}-{number}" for number in count())
    found = list(islice((one for one in names if experiment_arm(one, experiments) == Arm.PERSONALISED), some))
    for one in found:
        put_customer(house.store, one, SAVER)
    return found


def sources(engine: Engine, customer: str) -> tuple[dict[str, set[str]], list[str], str]:
    """The sources of propensities by family in a fresh answer's record, what was degraded, and the decision's id."""
    answer = offers(engine, customer)
    decision = decode(engine.read_decision(answer["decision_id"]).record)[0]
    policy = load(DEFAULT)
    families = {one.id: one.family for one in policy.offers}
    found: dict[str, set[str]] = {}
    for treatment in decision.treatments:
        found.setdefault(families[treatment.offer], set()).add(treatment.propensity_source)
    return found, answer["degraded"], decision.id


def test_a_stopped_model_scores_nobody_in_any_worker_until_it_is_started_again(house: House, engine: Engine) -> None:
    other = house.worker()
    early, *later = customers(house, 4)
    before, whole, first = sources(engine, early)
    assert before["deposit"] == {FAMILY_MODEL}
    assert whole == []
    release = engine.inventory.stop("deposit", "mia", "scores the elderly too high")
    assert engine.governance.announce(release).bundle is not None
    for worker in (engine, other):
        assert eventually(lambda worker=worker: worker._releases.serving.release.id == release.id)  # type: ignore[misc]
    for worker in (engine, other):
        after, degraded, stopped = sources(worker, later.pop())
        assert after["deposit"] == {PRIOR}
        assert degraded == ["models"]
        assert worker.readiness().checks["models"] == "stopped: deposit"
        for made in (first, stopped):
            record = worker.read_decision(made).record
            assert replay(record, load(DEFAULT)) == record, "whatever is stopped now"
    assert sources(engine, early)[1] == ["models"], "no answer of before the stop is served"
    with pytest.raises(Conflict, match="stopped already"):
        engine.inventory.stop("deposit", "mia", "again")
    started = engine.store.model_stops.start("deposit", "mia", "mended")
    engine.governance.announce(started)
    assert eventually(lambda: engine._releases.serving.release.id == started.id)
    assert sources(engine, later.pop())[0]["deposit"] == {FAMILY_MODEL}
    assert engine.readiness().checks["models"] == "ok"
    told = [row["action"] for row in house.store.audit.list_rows(6)]
    assert "model.stop" in told and "model.start" in told


def test_a_stop_keeps_the_trial_and_does_not_stand_in_the_way_of_a_rollback(house: House, engine: Engine) -> None:
    store = house.store
    serves = store.releases.active()
    assert serves is not None
    store.challengers.begin(Challenger(serves.policy, None, 0.1), "ben", "priors alone")
    release = engine.inventory.stop("wealth", "mia", "too bold")
    trial = store.challengers.find(release.id)
    assert trial is not None and trial.bundle is None
    assert engine.store.model_stops.start("wealth", "mia", "").bundle == serves.bundle


def test_every_part_of_a_bundle_can_be_stopped(engine: Engine) -> None:
    bundle: Any = engine._releases.serving.bundle
    names = names_of(bundle.manifest)
    for name in names:
        left = bundle.without([name])
        assert left.stopped == (name,)
        assert not any(score == name or score.startswith(f"{name}:") for score in left.score_one(SAVER))
    assert bundle.without(names).score_one(SAVER) == {}
    assert bundle.without(["no-such-model"]) is bundle
    with pytest.raises(NotFound, match="fourcast inventory"):
        engine.inventory.stop("no-such-model", "mia", "why")
    with pytest.raises(InvalidInput, match="needs a reason"):
        engine.inventory.stop("wealth", "mia", " ")


def test_the_inventory_tells_what_the_bank_states_and_what_it_does_not(
    house: House, engine: Engine, bundle_folder: Path, tmp_path: Path
) -> None:
    file = tmp_path / "inventory.yaml"
    file.write_text(STATED)
    engine.models.settings = replace(engine.models.settings, model_inventory=file)
    rows = {row.model: row for row in engine.inventory.list_rows()}
    assert set(rows) >= set(names_of(read_manifest(bundle_folder)))
    deposit, wealth = rows["deposit"], rows["wealth"]
    assert deposit.bundles[bundle_folder.name] == "champion"
    assert (deposit.statement.missing, deposit.review) == ((), "overdue")
    assert (wealth.statement.owner, wealth.review) == ("analytics", "ahead")
    assert "purpose" in wealth.document()["not_stated"]
    assert wealth.document()["purpose"] == "not stated"
    engine.inventory.watch()


def test_a_document_that_does_not_fit_names_every_fault(tmp_path: Path) -> None:
    file = tmp_path / "inventory.yaml"
    file.write_text(
        "models:\n"
        "  - {model: deposit, risk: grave, next_review: soon, owner: anna, reviewer: anna, colour: red}\n"
        "  - {model: deposit}\n"
    )
    with pytest.raises(InvalidInput) as refused:
        read_statements(file)
    for words in (
        "must be one of high, medium, low",
        "must be a day in quotes",
        "another than its owner",
        "colour",
        "twice",
    ):
        assert words in str(refused.value)
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_statements(tmp_path / "absent.yaml")
    assert read_statements(None) == {}


def test_the_longest_beginning_states_a_model() -> None:
    one, other = Statement(owner="one"), Statement(owner="other")
    statements = {"*": one, "offer:*": other}
    assert statement_of(statements, "offer:term-12m") is other
    assert statement_of(statements, "deposit") is one
    assert statement_of({}, "deposit").missing[0] == "purpose"
