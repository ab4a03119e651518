"""The verbs around what serves, as an operator types them: tune, promote, recommend, replay, challenge, roll back."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from service.cli.main import main
from service.rules.policy import DEFAULT, from_documents, load
from service.store import Store
from tests.routes.conftest import CUSTOMERS
from tests.seed import let_act
from tests.servers import DEADLINE_MS, execute
from training.synthetic import write

Run = Callable[..., Result]


@pytest.fixture(scope="module")
def bank(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, ...]:
    """A synthetic bank, written as SQL and files, as options name it."""
    described, files = write(tmp_path_factory.mktemp("bank"), 4_000, seed=1, today=date(2026, 1, 31))
    return "--bank", str(described), "--files", str(files)


@pytest.fixture(scope="module")
def place(make_database: Any, redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of one service: the shipped policy serves, another is stored, four customers are known."""
    database, root = make_database(), tmp_path_factory.mktemp("service")
    store, shipped = Store(database, DEADLINE_MS), load(DEFAULT)
    store.customers.load(CUSTOMERS.items())
    store.proposals.bootstrap(shipped.hash, shipped.documents, None, "demo", "first light")
    other = other_policy()
    store.proposals.propose(other.hash, other.documents, "anna", "a lever")
    let_act(store, "ANNA", "ben")
    store.close()
    words = {"DATABASE_URL": database, "REDIS_URL": redis_url, "ARTIFACTS": str(root / "artifacts")}
    return {f"FOURCAST_{name}": word for name, word in (words | {"STATE_DIR": str(root / "state")}).items()}


def other_policy() -> Any:
    """The shipped policy with one lever moved."""
    documents = dict(load(DEFAULT).documents)
    offers = documents["catalogue"]["offers"]
    offers[0] = {**offers[0], "lever": 1.1}
    return from_documents(documents)


@pytest.fixture
def run(place: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Run:
    for name, word in place.items():
        monkeypatch.setenv(name, word)
    return lambda *words: CliRunner().invoke(main, list(words))


def told(result: Result, code: int = 0) -> Any:
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def tuned(place: dict[str, str], bank: tuple[str, ...]) -> dict[str, Any]:
    """A bundle from a search of one trial a family."""
    words = ("tune", *bank, "--minutes", "1", "--trials", "1", "--json")
    return dict(told(CliRunner().invoke(main, list(words), env=place)))


def test_a_search_ends_in_a_bundle_and_names_its_recipes(tuned: dict[str, Any], place: dict[str, str]) -> None:
    assert (Path(place["FOURCAST_ARTIFACTS"]) / tuned["version"] / "manifest.json").is_file()
    assert list(Path(place["FOURCAST_STATE_DIR"]).glob("study-*.db")), "the study is kept, to go on with"
    assert tuned["passes"] is True


def test_a_search_beside_a_champion_that_is_none_is_refused_before_it_begins(run: Run, bank: tuple[str, ...]) -> None:
    refused = run("tune", *bank, "--champion", "b-none")
    assert refused.exit_code == 2
    assert "b-none" in refused.stderr


def test_a_promoted_bundle_scores_what_is_recommended_and_the_decision_replays(run: Run, tuned: dict[str, Any]) -> None:
    customer = next(iter(CUSTOMERS))
    before = told(run("recommend", customer))
    assert before["degraded"] == ["models"]
    promoted = told(run("promote", tuned["version"], "--json"))
    assert promoted["bundle"] == tuned["version"]
    after = told(run("recommend", customer, "--channel", "mobile_app", "--limit", "2", "--language", "zh"))
    assert after["degraded"] == []
    assert 1 <= len(after["offers"]) <= 2
    assert {offer["channel"] for offer in after["offers"]} == {"mobile_app"}
    assert after["decision_id"] != before["decision_id"]
    for decision in (before, after):
        assert told(run("replay", decision["decision_id"], "--json"))["identical"] is True
    rolled = told(run("rollback", "--json"))
    assert rolled["bundle"] is None
    assert told(run("recommend", customer, "--limit", "1"))["degraded"] == ["models"]


def test_every_verb_that_takes_a_customer_takes_the_banks_own_key_of_them(run: Run, place: dict[str, str]) -> None:
    execute(place["FOURCAST_DATABASE_URL"], "UPDATE customers SET external_key = 'CIF 2' WHERE id = 'c-2'")
    key = ("--external-key", "CIF 2")
    answer = told(run("recommend", *key))
    assert (answer["customer_id"], answer["external_key"]) == ("c-2", "CIF 2")
    for verb in ("explain", "portrait"):
        assert told(run(verb, *key, "--json"))["customer_id"] == "c-2"
    made = told(run("keys", "add", "phone", "--scope", "offers:read", *key, "--json"))
    assert made["customer"] == "c-2"
    views = told(run("audit", "views", *key, "--json"))["views"]
    assert [view["operation"] for view in views] == ["fourcast portrait", "fourcast explain --reader analyst"]


def test_explain_speaks_to_its_reader_and_shap_is_for_the_analyst(run: Run) -> None:
    customer = told(run("explain", "c-1", "--reader", "customer", "--language", "zh", "--json"))
    assert "propensity" not in str(customer) and customer["rights"]
    page = run("explain", "c-1", "--reader", "adviser", "--language", "en").stdout
    assert "retake" in page and "NFRA order 2025 No. 7" in page
    assert run("explain", "c-1", "--reader", "customer", "--language", "en").stdout.startswith("On 20")
    refused = run("explain", "c-1", "--reader", "customer", "--shap")
    assert refused.exit_code == 2 and "--shap is for the analyst alone" in refused.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("recommend", "nobody"), "nobody"),
        (("recommend", "c-1", "--channel", "pigeon"), "pigeon"),
        (("promote", "b-000000000000"), "b-000000000000"),
        (("replay", "7"), "7"),
        (("challenge", "ffffffffffff", "--actor", "ben"), "ffffffffffff"),
        (("challenge", "--actor", "ben"), "challenger"),
        *(((verb, "--external-key", "CIF none"), "CIF none") for verb in ("recommend", "explain", "portrait")),
        *(((verb, "c-1", "--external-key", "CIF 2"), "not by both") for verb in ("recommend", "explain", "portrait")),
        *(((verb,), "--external-key") for verb in ("recommend", "explain", "portrait")),
    ],
)
def test_what_nobody_has_is_named_in_one_sentence(run: Run, words: tuple[str, ...], said: str) -> None:
    refused = run(*words)
    assert refused.exit_code in (1, 2)
    assert said in refused.stderr
    assert "Traceback" not in refused.output


def test_a_challenger_serves_its_share_until_it_is_ended_and_never_by_its_author(run: Run) -> None:
    other, shares = other_policy().hash, ("--share", "0.2")
    own = run("challenge", other[:12], *shares, "--actor", "ANNA")
    assert own.exit_code == 1
    begun = told(run("challenge", other[:12], *shares, "--actor", "ben", "--note", "autumn", "--json"))
    assert begun["on trial"] is True
    shown = told(run("experiments", "--json"))
    assert shown["challenger"]["policy"] == other
    ended = told(run("challenge", "--end", "--actor", "ben", "--json"))
    assert (ended["on trial"], ended["champion"]) == (False, begun["champion"])
    assert run("challenge", "--end", "--actor", "ben").exit_code != 0, "none is left to end"
