"""`fourcast policy` and `fourcast audit` on a real database: two pairs of eyes at a terminal."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from service.cache import Cache
from service.cli.bank.stack import Stack
from service.cli.main import main
from service.core.errors import GateRefused
from service.engine.releases.promotion import promote
from service.rules.policy import DEFAULT, from_documents, load
from service.runtime.config import Settings
from service.store import Store
from tests.conftest import SMALL_TABLE
from tests.routes.conftest import CUSTOMERS
from tests.seed import let_act, user
from tests.servers import execute
from training.bundles.registry import write_bundle
from training.models.trained import TrainedFamily

Run = Callable[..., Result]


@pytest.fixture
def url(make_database: Any) -> str:
    return str(make_database())


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    """The shipped policy serves; four customers are stored."""
    opened = Store(url, 2000)
    opened.customers.load(CUSTOMERS.items())
    shipped = load(DEFAULT)
    opened.proposals.bootstrap(shipped.hash, shipped.documents, None, "demo", "first light")
    let_act(opened, "anna", "ben", "cleo", "lan", "mia", comply=("lan",))
    yield opened
    opened.close()


@pytest.fixture
def run(store: Store, url: str, redis_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.setenv("FOURCAST_DATABASE_URL", url)
    monkeypatch.setenv("FOURCAST_REDIS_URL", redis_url)
    monkeypatch.setenv("FOURCAST_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("FOURCAST_ARTIFACTS", str(tmp_path))
    return lambda *words: CliRunner().invoke(main, list(words))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped policy with one rate changed."""
    new = tmp_path / "policy"
    new.mkdir()
    for page in DEFAULT.glob("*.yaml"):
        (new / page.name).write_bytes(page.read_bytes())
    catalogue = yaml.safe_load((new / "catalogue.yaml").read_text(encoding="utf-8"))
    next(offer for offer in catalogue["offers"] if offer["id"] == "term-12m")["terms"]["rate"] = 0.0123
    (new / "catalogue.yaml").write_text(yaml.safe_dump(catalogue, allow_unicode=True), encoding="utf-8")
    return new


def read(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_published_by_one_approved_by_another_rolled_back_by_anybody(run: Run, folder: Path, store: Store) -> None:
    first = store.releases.active()
    published = read(run("policy", "publish", str(folder), "--as", "anna", "--note", "autumn", "--json"))
    assert (published["author"], published["state"], published["new"]) == ("anna", "proposed", True)
    assert store.releases.active() == first

    own = run("policy", "approve", published["policy"][:10], "--as", "Anna")
    assert own.exit_code == 1
    assert '"anna" proposed this policy: somebody else must approve it.' in own.stderr

    approved = read(run("policy", "approve", published["policy"][:10], "--as", "ben", "--json"))
    assert approved["policy"] == published["policy"]
    assert run("policy", "rollback", "--as", "cleo").exit_code == 0
    active = store.releases.active()
    assert active is not None and first is not None and active.policy == first.policy

    listed = read(run("policy", "list", "--json"))
    assert listed[published["policy"]]["approver"] == "ben"
    served = read(run("policy", "releases", "--json"))
    assert [served[str(number)]["actor"] for number in (1, 2, 3)] == ["demo", "ben", "cleo"]
    assert "rollback to release 1" in run("policy", "releases").stdout
    assert "retired" in run("policy", "list").stdout


def test_without_a_name_the_operating_systems_user_acts_and_cannot_approve_itself(run: Run, folder: Path) -> None:
    published = read(run("policy", "publish", str(folder), "--json"))
    assert (published["author"], published["note"]) == (user(), "")
    assert run("policy", "approve", published["policy"]).exit_code == 1


def test_the_author_is_told_so_first_whoever_types_and_under_whichever_name(run: Run, folder: Path) -> None:
    published = read(run("policy", "publish", str(folder), "--as", "anna", "--json"))["policy"]
    assert run("mandates", "name", "anna", "zoe", "--note", "her program").exit_code == 0
    assert "anna = zoe  is also zoe" in run("mandates", "list").stdout
    for name in ("anna", "zoe"):
        for verb in ("sign", "approve"):
            refused = run("policy", verb, published, "--as", name)
            assert (refused.exit_code, '"anna" proposed this policy' in refused.stderr) == (1, True), refused.stderr


def test_no_variable_of_the_environment_makes_another_person(
    run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(variable, "somebody-else")
    assert read(run("policy", "publish", str(folder), "--json"))["author"] == user()


def test_another_name_needs_a_mandate_and_the_refusal_says_how_to_get_one(run: Run, folder: Path, store: Store) -> None:
    refused = run("policy", "publish", str(folder), "--as", "zoe")
    assert refused.exit_code == 1
    assert f'You are "{user()}", and no mandate lets you act for "zoe".' in refused.stderr
    assert f"`fourcast mandates ask {user()} --for zoe`" in refused.stderr
    assert [each.author for each in store.proposals.list_proposals(10)] == ["demo"]
    stored = store.proposals.list_proposals(1)[0].policy
    for verb in (("policy", "approve", stored), ("rollback",), ("challenge", "--end")):
        assert "no mandate lets you act" in run(*verb, "--as", "zoe").stderr


def test_a_mandate_counts_once_a_second_person_confirmed_it(run: Run, folder: Path, store: Store) -> None:
    asked = read(run("mandates", "ask", user(), "--for", "zoe", "--note", "zoe is on leave", "--json"))
    own = run("mandates", "confirm", str(asked["id"]))
    assert (own.exit_code, "somebody else must confirm it" in own.stderr) == (1, True)
    assert run("policy", "publish", str(folder), "--as", "zoe").exit_code == 1
    store.mandates.confirm(asked["id"], "ben")
    assert read(run("policy", "publish", str(folder), "--as", "zoe", "--json"))["author"] == "zoe"
    assert run("mandates", "end", str(asked["id"])).exit_code == 0
    assert run("policy", "publish", str(folder), "--as", "zoe").exit_code == 1
    assert f"ended by {user()}" in run("mandates", "list").stdout
    assert "What for?" in run("mandates", "ask", "zoe").stderr
    told = [(row["actor"], row["action"]) for row in store.audit.list_rows(20)]
    for step in ((user(), "mandate.ask"), ("ben", "mandate.confirm"), (user(), "mandate.end")):
        assert step in told


def test_a_borrowed_name_leaves_a_trace(run: Run, folder: Path) -> None:
    published = read(run("policy", "publish", str(folder), "--as", "anna", "--note", "autumn", "--json"))
    assert published["note"] == f"autumn [user {user()}]"


@pytest.fixture
def red_folder(folder: Path) -> Path:
    """The shipped policy with a rule's case left out beside the rate."""
    consumer = yaml.safe_load((folder / "consumer.yaml").read_text(encoding="utf-8"))
    next(rule for rule in consumer["rules"] if len(rule.get("cases", [])) > 1)["cases"].pop()
    (folder / "consumer.yaml").write_text(yaml.safe_dump(consumer, allow_unicode=True), encoding="utf-8")
    return folder


def test_a_red_change_is_marked_and_needs_a_third_person_of_compliance(
    run: Run, red_folder: Path, store: Store
) -> None:
    differs = run("policy", "diff", str(red_folder))
    assert "cases was" in differs.stdout and "[needs: compliance, deleted case]" in differs.stdout
    assert differs.stdout.splitlines()[-1] == "1 of 2 changes need: compliance (`fourcast policy sign`)"
    published = read(run("policy", "publish", str(red_folder), "--as", "anna", "--json"))
    assert published["needs"] == ["compliance"]
    policy = published["policy"][:12]

    unsigned = run("policy", "approve", policy, "--as", "ben")
    assert unsigned.exit_code == 1
    assert "1 of its changes need the signature of compliance" in unsigned.stderr
    assert "1 of its changes need the signature" in run("challenge", policy, "--as", "ben").stderr
    assert 'No mandate lets "ben" sign for compliance' in run("policy", "sign", policy, "--as", "ben").stderr
    let_act(store, comply=("anna", "ben"))
    assert "somebody else must sign it" in run("policy", "sign", policy, "--as", "anna").stderr
    assert read(run("policy", "sign", policy, "--as", "ben", "--json"))["signed by"] == "ben"
    assert run("policy", "approve", policy, "--as", "ben").exit_code == 1, "its signer is no third person"
    assert run("policy", "sign", policy, "--as", "lan", "--note", "read").exit_code == 0
    approved = run("policy", "approve", policy, "--as", "ben")
    assert approved.exit_code == 0, approved.output
    assert "policy value: no decision whose attribution window has closed" in approved.stdout
    assert "0 decisions, no interval" in approved.stdout
    assert "ben, lan" in approved.stdout
    (detail,) = (row["detail"] for row in store.audit.list_rows(9) if row["action"] == "policy.approve")
    assert (detail["red"], detail["signed_by"]) == (1, ["lan"])


def test_a_withdrawn_policy_never_serves_again_and_what_serves_needs_something_to_fall_back_on(
    run: Run, folder: Path, store: Store
) -> None:
    first = store.releases.active()
    published = read(run("policy", "publish", str(folder), "--as", "anna", "--json"))["policy"]
    assert run("policy", "approve", published, "--as", "ben").exit_code == 0
    alone = run("policy", "withdraw", published, "--reason", "wrong rate", "--as", "ben")
    assert (alone.exit_code, "name the release to fall back on" in alone.stderr) == (2, True)
    gone = read(run("policy", "withdraw", published, "--reason", "wrong rate", "--to", "1", "--as", "ben", "--json"))
    assert first is not None and (gone["withdrawn"], gone["policy"]) == (published, first.policy)
    refusals = (
        ("policy", "publish", str(folder), "--as", "cleo"),
        ("policy", "approve", published, "--as", "ben"),
        ("policy", "sign", published, "--as", "lan"),
        ("challenge", published, "--as", "ben"),
        ("rollback", "--to", published),
        ("rollback", "--to", "2"),
        ("policy", "withdraw", published, "--reason", "again"),
    )
    for refusal in refusals:
        refused = run(*refusal)
        assert refused.exit_code == 1, refusal
        assert 'was withdrawn by "ben" and never serves again: wrong rate' in refused.stderr, refusal
    assert run("rollback").exit_code == 2, "the release before it is what serves; its own is passed over"


def test_a_rollback_goes_to_the_release_that_is_named(run: Run, folder: Path, store: Store) -> None:
    first = store.releases.active()
    assert first is not None
    published = read(run("policy", "publish", str(folder), "--as", "anna", "--json"))["policy"]
    assert run("policy", "approve", published, "--as", "ben").exit_code == 0
    assert read(run("rollback", "--to", first.policy[:8], "--json"))["policy"] == first.policy
    assert read(run("policy", "rollback", "--to", "2", "--json"))["policy"] == published
    serves = run("rollback", "--to", "2")
    assert (serves.exit_code, "is what serves already" in serves.stderr) == (2, True)
    for unknown in ("99", "b-000000000000", "ffffffffffff"):
        assert run("rollback", "--to", unknown).exit_code == 2, unknown


def test_a_broken_folder_names_every_problem_and_stores_nothing(run: Run, folder: Path, store: Store) -> None:
    (folder / "cost.yaml").write_text("rules: 7\n")
    (folder / "channels.yaml").unlink()
    for verb in ("check", "publish"):
        refused = run("policy", verb, str(folder))
        assert refused.exit_code == 2
        assert "cost.yaml" in refused.stderr
        assert "channels.yaml: is missing" in refused.stderr
    assert [each.author for each in store.proposals.list_proposals(10)] == ["demo"]


def test_differences_are_told_from_a_folder_or_a_hash(run: Run, folder: Path) -> None:
    sentence = 'catalogue.yaml: offer "term-12m": terms.rate was '
    assert run("policy", "diff", str(folder)).stdout.startswith(sentence)
    published = read(run("policy", "publish", str(folder), "--as", "anna", "--json"))["policy"]
    (change,) = read(run("policy", "diff", published[:8], "--with", str(DEFAULT), "--json"))["changes"]
    assert change["after"] == 0.0123
    assert run("policy", "diff", str(DEFAULT)).stdout == "The two policies say the same.\n"
    unknown = run("policy", "diff", "no-such-thing")
    assert (unknown.exit_code, "no folder either" in unknown.stderr) == (2, True)


def test_a_simulation_runs_before_anything_is_published(run: Run, folder: Path) -> None:
    words = run("policy", "simulate", str(folder), "--channel", "mobile_app")
    assert words.exit_code == 0, words.output
    assert words.stdout.startswith("4 customers, policy ")
    found = read(run("policy", "simulate", str(DEFAULT), "--customers", "2", "--json"))
    assert (found["customers"], found["unchanged"]) == (2, True)


def test_weights_show_the_way_from_the_situation_to_the_four_c(run: Run) -> None:
    words = run("policy", "weights", "--changed", "50")
    assert words.exit_code == 0, words.output
    for part in ("strengths 0.", "local-roots", "retail-head 0.", "Alonso and Lamata 2006", "consumer       0."):
        assert part in words.stdout
    found = read(run("policy", "weights", "--json"))
    assert sum(found["weights"].values()) == pytest.approx(1.0)
    assert {each["concern"] for each in found["sensitivity"]["weights"]} == set(found["weights"])
    assert all(one["ratio"] < 0.1 for one in found["comparisons"])


def test_the_audit_log_is_listed_and_holds(run: Run, folder: Path) -> None:
    run("policy", "publish", str(folder), "--as", "anna")
    verdict = read(run("audit", "verify", "--json"))
    assert (verdict["holds"], verdict["rows"]) == (True, 10)
    newest = next(iter(read(run("audit", "list", "--limit", "1", "--json")).values()))
    assert (newest["actor"], newest["action"]) == ("anna", "policy.propose")
    assert verdict["head"] == f"{verdict['rows']}.{newest['hash']}"
    assert "anna  policy.propose" in run("audit", "list").stdout


def test_a_forged_row_breaks_the_chain_there(run: Run, url: str) -> None:
    forge = "ALTER TABLE audit DISABLE TRIGGER append_only; UPDATE audit SET actor = 'nobody' WHERE seq = 2"
    execute(url, forge)
    verdict = run("audit", "verify", "--json")
    assert verdict.exit_code == 1
    told = json.loads(verdict.stdout)
    assert (told["holds"], told["rows"], told["broken_at"]) == (False, 1, 2)
    assert told["reason"] == "its content does not fit its hash"


def test_the_first_promotion_brings_the_settings_policy_and_later_ones_keep_what_serves(
    url: str, redis_url: str, bundle_folder: Path
) -> None:
    fresh = Store(url, 2000)
    stack = Stack(Settings(artifacts=bundle_folder.parent), fresh, Cache(redis_url))
    first = promote(stack.store, stack.settings, bundle_folder.name, "demo", against=True)
    shipped = load(DEFAULT).hash
    assert (first.policy, first.bundle) == (shipped, bundle_folder.name)
    assert (fresh.proposals.find(shipped).author, fresh.proposals.find(shipped).state) == ("demo", "active")
    documents = load(DEFAULT).documents
    documents["catalogue"]["families"]["deposit"]["prior"] = 0.0421
    second = from_documents(documents)
    fresh.proposals.propose(second.hash, second.documents, "anna", "")
    fresh.proposals.approve(second.hash, "ben", "")
    assert promote(stack.store, stack.settings, bundle_folder.name, "mia", against=True).policy == second.hash
    fresh.close()


def tried(store: Store) -> str | None:
    """The bundle on trial."""
    active = store.releases.active()
    trial = None if active is None else store.challengers.find(active.id)
    return None if trial is None else trial.bundle


def test_another_bank_s_bundle_without_a_family_serves_or_is_tried_only_by_an_override_that_is_on_record(
    run: Run, store: Store, redis_url: str, tmp_path: Path, trained: dict[str, TrainedFamily]
) -> None:
    def written(bank: str, families: dict[str, TrainedFamily]) -> str:
        outcome, about = dict.fromkeys(families, "took it"), {"about": {"bank": bank}}
        return write_bundle(
            tmp_path, families, SMALL_TABLE, outcome=outcome, horizon_days=92, seed=7, sources={bank: ""}, parts=about
        )

    stack = Stack(Settings(artifacts=tmp_path), store, Cache(redis_url))
    ours, theirs = written("Ours", trained), written("Theirs", {"deposit": trained["deposit"]})
    assert promote(stack.store, stack.settings, ours, "mia").bundle == ours
    challenge = ("challenge", "--bundle", theirs, "--actor", "mia")
    untried = run(*challenge)
    assert untried.exit_code == 1
    assert 'no   it was trained for another bank, "Theirs"; the champion for "Ours"' in untried.stderr
    assert "no   wealth: the champion scores it, the challenger does not" in untried.stderr
    assert tried(store) is None
    assert run(*challenge, "--override").exit_code == 0
    assert tried(store) == theirs
    assert 'against the gate (it was trained for another bank, "Theirs"' in str(store.audit.list_rows(1)[0]["detail"])
    with pytest.raises(GateRefused) as refused:
        promote(
            stack.store, stack.settings, theirs, "mia", override=True
        )  # over REST: only its value can be overridden
    assert 'no   it was trained for another bank, "Theirs"; the champion for "Ours"' in str(refused.value)
    assert "no   wealth: the champion scores it, the challenger does not" in str(refused.value)
    active = store.releases.active()
    assert active is not None
    assert active.bundle == ours
    assert promote(stack.store, stack.settings, theirs, "mia", against=True).bundle == theirs
    newest = store.audit.list_rows(1)[0]
    assert "against the gate" in str(newest["detail"])
    assert 'another bank, "Theirs"' in str(newest["detail"])
