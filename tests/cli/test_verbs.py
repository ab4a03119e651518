"""The table of verbs: every verb of every file below ``cli``, and nothing read before it is asked for."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from service import cli
from service.cli.main import MODULES, main

FOLDER = Path(str(cli.__file__)).parent
NAMES = [".".join(path.relative_to(FOLDER).with_suffix("").parts) for path in FOLDER.rglob("[a-z]*.py")]


def test_every_verb_of_every_module_is_in_the_table_once() -> None:
    told = [(verb.name, name) for name in NAMES for verb in getattr(import_module(f"service.cli.{name}"), "VERBS", ())]
    assert sorted(told) == sorted(MODULES.items())


def test_every_verb_is_in_the_file_of_its_name() -> None:
    files = {verb: name.rpartition(".")[2].replace("_", "-") for verb, name in MODULES.items()}
    assert {verb: file for verb, file in files.items() if verb != file} == {
        "import": "import-files",
        "try": "try-facts",
    }


def test_every_verb_is_found_and_no_other() -> None:
    context = click.Context(main)
    assert [getattr(main.get_command(context, name), "name", None) for name in MODULES] == list(MODULES)
    assert main.get_command(context, "polcy") is None


def test_a_verb_reads_no_other_verbs_modules() -> None:
    told = "import sys; from service.cli.main import main; main(['keys', '--help'], standalone_mode=False); " \
           "print(sorted(name for name in sys.modules if name.startswith('service.cli.')))"  # fmt: skip
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    read = [
        f"service.cli.{name}"
        for name in (
            "actor",
            "bank",
            "bank.customer_names",
            "bank.selection",
            "bank.stack",
            "bank.state",
            "main",
            "operate",
            "operate.keys",
            "terminal",
        )
    ]
    assert ran.stdout.splitlines()[-1] == str(read), ran.stdout


def test_a_verb_that_decides_waits_for_no_package_that_only_training_and_migrations_need() -> None:
    told = "import sys; from service.cli.main import main; main(['explain', '--help'], standalone_mode=False); " \
           "print({'alembic', 'lightgbm', 'pandas', 'scipy', 'sklearn'} & set(sys.modules))"  # fmt: skip
    ran = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "set()"


FIGURES = (
    *("train", "evaluate", "report", "promote", "rollback", "drift", "policy-value", "explain", "replay", "tune"),
    *("uplift", "portrait", "experiments", "dataset", "models", "check-files", "policy simulate", "policy weights"),
)


@pytest.mark.parametrize("words", FIGURES)
def test_a_verb_that_tells_figures_tells_them_as_json_too(words: str) -> None:
    told = CliRunner().invoke(main, [*words.split(), "--help"])
    assert told.exit_code == 0, told.output
    assert "--json" in told.stdout
    assert CliRunner().invoke(main, [*words.split(), "--no-such-option"]).exit_code == 2


def _failing(monkeypatch: pytest.MonkeyPatch, error: Exception, *words: str) -> Result:
    """A verb that fails with this error, as a bug or a broken machine would make it."""

    def fail() -> None:
        raise error

    monkeypatch.setattr(main, "get_command", lambda context, name: click.Command("serve", callback=fail))
    return CliRunner().invoke(main, [*words, "serve"])


def test_what_nobody_foresaw_ends_with_a_sentence_and_a_code_that_is_no_gates(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = _failing(monkeypatch, RuntimeError("two\nlines"))
    assert ended.exit_code == 70
    assert ended.stderr.splitlines() == [
        "A fault of fourcast's own (RuntimeError: two lines). `fourcast --debug ...` shows where; please report it."
    ]
    shown = _failing(monkeypatch, RuntimeError("two"), "--debug")
    assert shown.exit_code == 70
    assert "Traceback" in shown.stderr


def test_a_file_that_cannot_be_used_is_wrong_input(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = _failing(monkeypatch, PermissionError(13, "Permission denied", "/bank/people.csv"))
    assert (ended.exit_code, ended.stderr) == (2, "Invalid input: /bank/people.csv: Permission denied\n")


def test_a_reader_that_hangs_up_is_no_fault_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    ended = _failing(monkeypatch, BrokenPipeError(32, "Broken pipe"))
    assert "fault" not in ended.output


@pytest.mark.parametrize("words", [("b-1",), ("b-0123456789ab",), ("b-0123456789ab", "--champion", "VERSION")])
def test_a_report_of_a_bundle_that_is_not_there_is_wrong_input(words: tuple[str, ...], tmp_path: Path) -> None:
    away = {"FOURCAST_STATE_DIR": str(tmp_path), "FOURCAST_ARTIFACTS": str(tmp_path)}
    ended = CliRunner().invoke(main, ["report", *words], env=away)
    assert ended.exit_code == 2, ended.output
    assert "a version is" in ended.stderr or "no such bundle" in ended.stderr
