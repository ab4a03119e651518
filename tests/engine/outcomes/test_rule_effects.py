"""Rules measured on the real road: shown, recorded, taken, judged again once the window has closed."""

import shutil
import time
from pathlib import Path

import orjson
import pytest
from click.testing import CliRunner

from service.cli.policies.rules import lines, write_proposal
from service.core.domain import Event
from service.core.errors import InvalidInput
from service.core.grid import DAY_MS
from service.engine.engine import Engine
from service.engine.outcomes.rule_effects import RuleEffectService, RuleEffectsReport
from service.rules.policy import DEFAULT, load
from service.store import ConsentWords
from tests.engine.conftest import SAVER, House, offers
from tests.seed import put_customer
from tests.servers import execute

DAYS_LATER = 40


@pytest.fixture
def decided(house: House) -> tuple[Engine, list[dict]]:
    """Six savers with an answer each: the first took what came first, one withdrew, one record was altered."""
    engine, store, read = house.worker(), house.store, []
    people = [f"effects-{time.time_ns()}-{number}" for number in range(6)]
    for customer in people:
        put_customer(store, customer, SAVER)
    now = time.time_ns() // 1_000_000
    store.consents.say(people[4], ConsentWords({"personalisation": False}, "test", "1"), now)
    for customer in people:
        answer = offers(engine, customer)
        record = orjson.loads(engine.read_decision(answer["decision_id"]).record)
        read.append(record)
        if customer == people[0]:
            first = record["decision"]["treatments"][0]["offer"]
            engine.record_events([Event(f"e-{customer}", customer, "accept", now + 1000, first, "mobile_app")])
    execute(str(house.settings.database_url), "UPDATE decisions SET record = %s WHERE id = %s",
            b"[]", read[5]["decision"]["id"])  # fmt: skip
    store.close()
    return engine, read


@pytest.fixture
def report(decided: tuple[Engine, list[dict]]) -> RuleEffectsReport:
    engine, _ = decided
    later = int(time.time() * 1000) + DAYS_LATER * DAY_MS
    serving = engine._releases.serving.policy
    return RuleEffectService(engine.store, engine._releases.loader, lambda: serving, lambda: later).measure()


def test_what_was_shown_fired_and_taken_is_counted(decided: tuple[Engine, list[dict]], report: RuleEffectsReport):
    """At least these customers' treatments: other tests of the same servers may have shown more."""
    treatments = [one for record in decided[1][:4] for one in record["decision"]["treatments"]]
    effects = {one.rule: one for one in report.effects}
    assert report.customers >= 4
    assert report.shown >= len(treatments)
    assert report.taken >= 1
    for rule in {reason for one in treatments for reason in one["reasons"]}:
        assert effects[rule].fired >= sum(rule in one["reasons"] for one in treatments)
    for rule in decided[1][0]["decision"]["treatments"][0]["reasons"]:
        assert effects[rule].taken_where_fired >= 1


def test_a_report_has_every_rule_and_what_was_left_out(report: RuleEffectsReport):
    """Who withdrew and what was altered is counted; each rule stands beside its claim, in the policy's order."""
    policy, told = load(DEFAULT), "\n".join(lines(report))
    assert report.left_out["not personalised"] >= 1
    assert report.left_out["record unreadable"] >= 1
    assert [one.rule for one in report.effects] == [rule.id for rule in policy.fits]
    for one, rule in zip(report.effects, policy.fits, strict=True):
        assert one.claimed_odds == pytest.approx(rule.weight ** (4 * policy.weights[rule.concern]))
    assert all(one.rule in told for one in report.effects)
    assert "not personalised" in told


def test_windows_that_are_open_count_nothing(decided: tuple[Engine, list[dict]]):
    found = decided[0].rule_effects.measure(days=1)
    assert found.shown == 0
    assert {one.verdict for one in found.effects} == {"cannot tell yet"}


def test_a_proposal_is_the_folder_with_other_weights(tmp_path: Path):
    write_proposal(DEFAULT, tmp_path / "new", {"idle-money": 1.05})
    old, new = load(DEFAULT), load(tmp_path / "new")
    changed = {rule.id: rule.weight for rule, was in zip(new.fits, old.fits, strict=True) if rule != was}
    assert changed == {"idle-money": 1.05}


def test_a_weight_that_is_no_line_of_its_own_is_named(tmp_path: Path):
    folder = tmp_path / "inline"
    shutil.copytree(DEFAULT, folder)
    path = folder / "cost.yaml"
    text = path.read_text("utf-8")
    path.write_text(
        text.replace("    weight: 1.4\n", "    {weight}: 1.4\n", 1).replace("{weight}", '"weight"'), "utf-8"
    )
    with pytest.raises(InvalidInput, match="idle-money"):
        write_proposal(folder, tmp_path / "new", {"idle-money": 1.05})


@pytest.mark.parametrize("asked", [["--propose", "new"], ["0f3c", "--propose", "new"]])
def test_a_proposal_needs_a_folder_to_start_from(asked: list[str]):
    from service.cli.main import main

    found = CliRunner().invoke(main, ["rules", "measure", *asked])
    assert found.exit_code == 2
    assert "name the policy's folder" in found.output
