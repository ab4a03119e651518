"""Which bank a verb speaks of: what is named, else what is served, else the last one; who only reads makes none."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

import service.rules
from service.cli.bank.selection import chosen_settings, existing_settings, settings_for_import, settings_of_folder
from service.cli.bank.state import CARD, KEYS, LOCK, BankState, note_import, note_start, served
from service.cli.main import main, named_first
from service.cli.operate.serve import free_port
from service.core.errors import InvalidInput
from service.runtime.config import Settings
from service.runtime.embedded import start_postgres
from tests.cli.files import BANK

DEFAULT = Path(service.rules.__file__).parent / "default"
SERVE = """
import sys, time
from pathlib import Path
from service.cli.bank.state import served
from service.runtime.config import Settings
with served(Settings(state_dir=Path(sys.argv[1])), "demo") as tell:
    tell("http://127.0.0.1:8123")
    print("served", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which somebody types, with nothing set."""
    for name in [name for name in os.environ if name.startswith("FOURCAST_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def bank(here: Path, name: str, age_s: float, whole: bool = True) -> Path:
    """The folder of a bank made ``age_s`` ago, as a version without cards leaves it."""
    folder = here / ".fourcast" / name
    (folder / "postgres").mkdir(parents=True)
    mark = folder / KEYS if whole else folder / "postgres"
    mark.touch()
    os.utime(mark, (time.time() - age_s,) * 2)
    return folder


def chosen(capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    """The chosen state and what was told of it; never on standard output."""
    settings = existing_settings()
    told = capsys.readouterr()
    assert told.out == ""
    return str(settings.state_dir), told.err


def test_the_last_whole_bank_is_spoken_of_and_told_with_the_others(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bank(here, "synthetic", 500)
    bank(here, "xiamen", 100)
    bank(here, "broken", 1, whole=False)
    state, told = chosen(capsys)
    assert state == ".fourcast/xiamen"
    assert told == (
        "Bank: xiamen (.fourcast/xiamen), the last one here; it is not served now. "
        "Others: synthetic, broken (--bank-state NAME).\n"
    )


def test_a_bank_that_is_served_comes_before_a_newer_one_and_a_killed_one_counts_as_served_no_more(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, _ = bank(here, "synthetic", 500), bank(here, "xiamen", 1)
    with subprocess.Popen([sys.executable, "-c", SERVE, str(old)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "served\n"
        os.utime(old / CARD, (time.time() - 400,) * 2)
        assert chosen(capsys)[0] == ".fourcast/synthetic"
        existing_settings()
        assert "served on http://127.0.0.1:8123. Others: xiamen" in capsys.readouterr().err
        process.kill()
    assert (old / LOCK).exists(), "a killed demo leaves its files"
    assert chosen(capsys)[0] == ".fourcast/xiamen"


def test_of_two_that_are_served_the_later_is_spoken_of(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = bank(here, "a", 9), bank(here, "b", 9)
    with served(Settings(state_dir=second), "demo"), served(Settings(state_dir=first), "demo"):
        os.utime(second / CARD, (time.time() - 5,) * 2)
        assert chosen(capsys)[0] == ".fourcast/a"


def test_a_second_server_of_the_same_state_leaves_the_first_ones_word_alone(here: Path) -> None:
    folder = bank(here, "a", 9)
    with served(Settings(state_dir=folder), "demo") as first, served(Settings(state_dir=folder), "serve") as second:
        first("http://one")
        second("http://two")
        assert json.loads((folder / CARD).read_text())["address"] == "http://one"


def test_many_who_look_at_once_never_take_a_bank_for_served(here: Path) -> None:
    folder = bank(here, "a", 9)
    (folder / LOCK).touch()
    with (folder / LOCK).open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_SH)
        assert BankState("a", folder).served is False


def test_bundles_and_policy_are_those_the_bank_was_started_with_unless_a_variable_says_otherwise(
    here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = bank(here, "a", 9)
    note_start(Settings(state_dir=folder, artifacts=here / "models", policy=here / "policy"), "demo")
    assert (folder / CARD).stat().st_mode & 0o777 == 0o600
    assert (existing_settings().artifacts, existing_settings().policy) == (
        here / "models",
        here / "policy",
    )
    monkeypatch.setenv("FOURCAST_ARTIFACTS", "mine")
    assert (existing_settings().artifacts, existing_settings().policy) == (
        Path("mine"),
        here / "policy",
    )


def test_the_variables_mean_exactly_what_they_say(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bank(here, "synthetic", 9)
    (here / "own" / "postgres").mkdir(parents=True)
    monkeypatch.setenv("FOURCAST_STATE_DIR", "own")
    assert chosen(capsys) == ("own", "")
    monkeypatch.setenv("FOURCAST_STATE_DIR", ".fourcast")
    with pytest.raises(InvalidInput, match=r"no bank in .*/\.fourcast: .* pick one of synthetic by --bank-state NAME"):
        existing_settings()
    monkeypatch.setenv("FOURCAST_DATABASE_URL", "postgresql://bank/db")
    assert chosen(capsys) == (".fourcast", "")


def with_option(name: str, ask: Callable[[], Settings]) -> Settings:
    with click.Context(main, obj=name).scope():
        return ask()


def test_an_option_picks_a_bank_by_its_name_and_refuses_one_that_is_not_there(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bank(here, "synthetic", 9)
    bank(here, "xiamen", 1)
    (here / ".fourcast" / "postgres").mkdir()
    assert with_option("synthetic", existing_settings).state_dir == Path(".fourcast/synthetic")
    assert with_option(".fourcast", existing_settings).state_dir == Path(".fourcast"), "the bank right in the folder"
    with pytest.raises(InvalidInput, match=r"no bank in .*/nowhere: .* pick one of .*synthetic, xiamen"):
        with_option("nowhere", existing_settings)
    with pytest.raises(InvalidInput, match="There is no bank nowhere"):
        with_option("nowhere", chosen_settings)
    monkeypatch.setenv("FOURCAST_DATABASE_URL", "postgresql://bank/db")
    with pytest.raises(InvalidInput, match="leave one out"):
        with_option("synthetic", existing_settings)


WRITING = (
    *("serve", "work", "keys add app --scope offers:read", "policy publish .", "promote v", "advisers import a.csv"),
    *("import --bank . --files .", "train --bank . --files ."),
)


@pytest.mark.parametrize("words", WRITING)
def test_a_misspelt_bank_is_refused_by_every_verb_that_writes_and_names_the_near_ones(here: Path, words: str) -> None:
    bank(here, "synthetic", 9)
    bank(here, "xiamen", 1)
    (here / "a.csv").write_text("id,branch,minutes_per_week,minutes_per_contact\na,b,60,30\n")
    shutil.copytree(DEFAULT, here, dirs_exist_ok=True)
    refused = CliRunner().invoke(main, [*words.split(), "--bank-state", "xaimen"])
    assert refused.exit_code == 2, refused.output
    (said,) = refused.stderr.splitlines()
    assert said.startswith("Invalid input: There is no bank xaimen (")
    assert "Did you mean xiamen? There are: synthetic, xiamen. `fourcast --new-bank xaimen ...`" in said
    assert not (here / ".fourcast" / "xaimen").exists()


def test_a_new_bank_is_made_where_it_is_said_to_be_new_and_only_there(here: Path) -> None:
    bank(here, "synthetic", 9)
    (here / "people.csv").write_text("id,age\na,40\n")
    (here / "bank.yaml").write_text(BANK.format(as_of="2026-03-31"))
    (here / "customers.sql").write_text("SELECT id AS customer_id, age FROM read_csv(file('people.csv'))")
    done = CliRunner().invoke(main, ["import", "--bank", ".", "--files", ".", "--new-bank", "mine", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["customers"] == 1
    assert with_option("mine", existing_settings).state_dir == Path(".fourcast/mine")
    again = CliRunner().invoke(main, ["keys", "add", "x", "--scope", "offers:read", "--new-bank=mine"])
    assert (again.exit_code, "There is a bank mine already" in again.stderr) == (2, True)
    both = CliRunner().invoke(main, ["--bank-state", "mine", "--new-bank", "other", "models"])
    assert (both.exit_code, "give one of them" in both.stderr) == (2, True)


def test_a_banks_files_go_to_that_bank_and_never_into_another(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bank(here, "synthetic", 1)
    files = here / "xiamen"
    assert settings_for_import(files, False).state_dir == Path(".fourcast")
    assert settings_of_folder(files).state_dir == Path(".fourcast/synthetic")
    bank(here, "xiamen", 500)
    assert (
        settings_for_import(files, False).state_dir == settings_of_folder(files).state_dir == Path(".fourcast/xiamen")
    )
    own = here / ".fourcast" / "synthetic" / "bank" / "bank"
    assert settings_of_folder(own).state_dir == settings_for_import(own, False).state_dir == Path(".fourcast/synthetic")
    monkeypatch.setenv("FOURCAST_STATE_DIR", "own")
    assert settings_for_import(files, False).state_dir == Path("own")


def test_files_that_get_a_bank_of_their_own_beside_others_are_told_so_and_how_to_name_another(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings_for_import(here / "mine", False)
    assert capsys.readouterr() == ("", ""), "where there is no other bank there is nothing to mistake"
    bank(here, "synthetic", 9)
    bank(here, "xiamen", 100)
    settings_for_import(here / "mine", False)
    told = (
        "It is a bank of these files' own: what is imported into it is not in any other.\n"
        "To import into another, name it: --bank-state synthetic (there are: synthetic, xiamen).\n"
    )
    made = "Bank: .fourcast (.fourcast), which is not there yet: `fourcast import` makes it.\n"
    assert capsys.readouterr() == ("", made + told)
    (here / ".fourcast" / "postgres").mkdir()
    settings_for_import(here / "mine", False)
    assert capsys.readouterr() == ("", f"Bank: .fourcast (.fourcast), the last one here; it is not served now.\n{told}")
    settings_for_import(here / "synthetic", False)
    assert "of these files' own" not in capsys.readouterr().err


def test_an_import_into_a_demo_leaves_what_the_demo_noted_alone(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = bank(here, "synthetic", 9)
    started = Settings(state_dir=folder, artifacts=here / "models", policy=here / "policy")
    with served(started, "demo") as tell:
        tell("http://127.0.0.1:8123")
        noted = (folder / CARD).read_text()
        note_import(Settings(state_dir=folder, artifacts=here / "other", policy=here / "other"))
        assert (folder / CARD).read_text() == noted
        assert "served on http://127.0.0.1:8123" in chosen(capsys)[1]
    note_import(Settings(state_dir=folder))
    assert (folder / CARD).read_text() == noted


def test_an_import_notes_what_its_own_bank_was_imported_with(here: Path) -> None:
    folder = bank(here, "a", 9)
    for policy in ("one", "two"):
        note_import(Settings(state_dir=folder, policy=here / policy))
        card = json.loads((folder / CARD).read_text())
        assert (card["made_by"], card["policy"]) == ("import", str(here / policy))


def test_the_option_may_stand_behind_the_verb() -> None:
    assert named_first(["explain", "s1", "--bank-state=x"]) == ["--bank-state=x", "explain", "s1"]
    assert named_first(["explain", "--", "--bank-state"]) == ["explain", "--", "--bank-state"]
    assert named_first(["import", "--new-bank", "x"]) == ["--new-bank", "x", "import"]
    assert named_first(["explain", "s1"]) == ["explain", "s1"]


READING = (
    *("recommend s1", "explain s1", "replay 7", "portrait s1", "experiments", "challenge x --actor ben"),
    *("leads build", "leads list", "leads report", "advisers list", "keys list", "keys rotate app", "keys revoke app"),
    *("audit verify", "audit list", "audit views", "policy diff", "policy simulate", "policy weights", "policy list"),
    *("policy releases", "policy approve x", "policy rollback", "policy-value x", "rollback", "drift --from-store"),
    *("dataset --out x.csv", "train --from-events"),
)


@pytest.mark.parametrize("words", READING)
def test_a_verb_that_only_reads_makes_no_bank_and_says_what_to_start(here: Path, words: str) -> None:
    refused: Result = CliRunner().invoke(main, words.split())
    assert refused.exit_code == 2, refused.output
    assert refused.stdout == ""
    assert refused.stderr.splitlines()[-1].startswith("Invalid input: There is no bank in ")
    assert "start `fourcast demo` first" in refused.stderr
    assert not (here / ".fourcast").exists()


ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
FOREIGN = (
    "audit verify",
    "keys add x --scope offers:read",
    "models",
    "evaluate b --bank . --files .",
    "serve",
    "demo",
)


@ROOT_ONLY
@pytest.mark.parametrize("words", FOREIGN)
def test_every_verb_says_how_to_mend_a_state_that_root_copied(here: Path, words: str) -> None:
    files = bank(here, "synthetic", 1) / "postgres" / "files"
    files.mkdir()
    refused = CliRunner().invoke(main, words.split(), env={"FOURCAST_PORT": str(free_port())})
    assert refused.exit_code == 2, refused.output
    assert f"Somebody else's state folder: {files} belongs to root" in refused.stderr
    assert f"As root: chown -R nobody {files} , or let FOURCAST_STATE_DIR name another folder" in refused.stderr
    shutil.chown(files, "nobody")
    assert existing_settings().state_dir == Path(".fourcast/synthetic"), "the told command mends it"


AS_A_USER = """
import sys
from click.testing import CliRunner
from service.cli.main import main
for words in sys.argv[1:]:
    ended = CliRunner().invoke(main, words.split())
    last = ended.stderr.splitlines()[-1]
    print(ended.exit_code, "Traceback" in ended.output, ended.exception.__class__.__name__, last)
"""
STRANGER = 4242


@ROOT_ONLY
@pytest.mark.parametrize("closed", [False, True], ids=["its folder is closed", "all is closed"])
def test_a_user_is_told_by_every_verb_whose_the_state_is_and_how_to_mend_it(here: Path, closed: bool) -> None:
    folder = bank(here, "synthetic", 1)
    foreign = here / ".fourcast" if closed else folder
    if closed:
        foreign.chmod(0o700)
    for path in (foreign, *foreign.rglob("*")):
        os.chown(path, STRANGER, STRANGER)
    lines = typed_as_a_user(here, *FOREIGN[:-2])
    assert len(lines) == len(FOREIGN[:-2])
    for line in lines:
        assert line.startswith(f"2 False SystemExit Somebody else's state folder: {foreign} belongs to ")
        assert f" {foreign} , or let FOURCAST_STATE_DIR name another folder." in line
        assert "As root: chown -R " in line


@ROOT_ONLY
def test_a_database_that_another_user_made_is_told_after_its_files_were_given_away(here: Path) -> None:
    folder = here / ".fourcast" / "synthetic"
    with start_postgres(folder):
        pass
    for path in (folder, *folder.rglob("*")):
        os.chown(path, 0, 0)
    (line,) = typed_as_a_user(here, "audit verify")
    assert line.startswith(
        f"2 False SystemExit Somebody else's state folder: The database in {folder} was made by another"
    )
    assert line.endswith("start Fourcast as the user who made it, or let FOURCAST_STATE_DIR name another folder.")


def test_a_state_folder_that_cannot_be_one_is_told_in_a_sentence(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "file").touch()
    monkeypatch.setenv("FOURCAST_STATE_DIR", "file")
    refused = CliRunner().invoke(main, ["demo", "--port", str(free_port())])
    assert refused.exit_code == 2
    assert "file/synthetic cannot be made a folder (Not a directory): let FOURCAST_STATE_DIR" in refused.stderr


def typed_as_a_user(here: Path, *words: str) -> list[str]:
    """What each verb answers somebody who is not root: exit code, traceback, exception, last line."""
    inside = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    ran = subprocess.run(
        [*inside, sys.executable, "-c", AS_A_USER, *words], cwd=here, capture_output=True, text=True, check=False
    )
    if "unshare" in ran.stderr:
        pytest.skip("this machine lets nobody make a user namespace")
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.splitlines()
