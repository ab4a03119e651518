"""Every command of every guide is run, against a whole ``fourcast demo``, and says what the guide says it says."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from service.cli.main import main
from service.cli.operate.serve import free_port
from service.rules.policy import DEFAULT, load
from tests.guides.pages import BLOCK, DEMO, run, steps

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [page for page in sorted(DOCS.glob("*.md")) if steps(page)]
READERS = {"mobile", "crm", "data-science", "marketing", "operator", "auditor"}
PATIENCE_S = 400


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """(folder, environment) of a running demo of a small bank: the terminal in which a reader types."""
    folder, port = tmp_path_factory.mktemp("reader"), free_port()
    environ = {name: text for name, text in os.environ.items() if not name.startswith("FOURCAST_")}
    environ |= {"FOURCAST_PORT": str(port), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    with (folder / "demo.txt").open("wb") as told:
        command = ["fourcast", *DEMO.split()[1:], "--customers", "600"]
        process = subprocess.Popen(command, cwd=folder, env=environ, stdout=told, stderr=told)
        try:
            wait_until_it_serves(process, folder / "demo.txt")
            yield folder, environ
        finally:
            process.terminate()
            process.wait(60)


def wait_until_it_serves(process: subprocess.Popen[bytes], told: Path) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while "Fourcast serves on" not in told.read_text():
        assert process.poll() is None, told.read_text()
        assert time.monotonic() < deadline, told.read_text()
        time.sleep(0.2)


def test_each_reader_has_a_page_and_the_index_leads_to_it() -> None:
    assert {page.stem for page in PAGES} == READERS
    linked = set(re.findall(r"\((\w[\w-]*\.md)\)", (DOCS / "index.md").read_text()))
    assert linked == {path.name for path in DOCS.glob("*.md")} - {"index.md"}


def test_the_first_page_starts_from_nothing() -> None:
    assert f"```sh\n{DEMO}```" in (DOCS / "mobile.md").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_of_the_guide_does_what_it_says(page: Path, demo: tuple[Path, dict[str, str]]) -> None:
    faults = run(page, *demo)
    assert not faults, "\n\n".join(faults)


@pytest.fixture(scope="module")
def reader(demo: tuple[Path, dict[str, str]]) -> Iterator[Path]:
    """The folder of the demo, as one in which this process types: nothing is set."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("FOURCAST_")]:
            patch.delenv(name)
        patch.setenv("BROWSER", "true")
        patch.chdir(demo[0])
        yield demo[0]


@pytest.fixture(scope="module")
def words(reader: Path) -> dict[str, str]:
    """What a reader puts in the places of the README's capital words."""
    shutil.copytree(DEFAULT, reader / "winter")
    experiments = reader / "winter" / "experiments.yaml"
    experiments.write_text(experiments.read_text().replace("epsilon: 0.02", "epsilon: 0.04"))
    printed = (reader / "demo.txt").read_text()
    customer, decision = re.findall(r"fourcast (?:explain|replay) (\S+)", printed)
    return {
        "CUSTOMER": customer,
        "DECISION": decision,
        "FOLDER": "winter",
        "HASH": load(reader / "winter").hash[:12],
        "NAME": "wei",
        "VERSION": next(path.name for path in (reader / "model_artifacts").glob("b-*")),
    }


def readme_commands() -> list[str]:
    """Every line of the README that a reader may type after the demo: all but those that need files of a bank."""
    blocks = BLOCK.findall((ROOT / "README.md").read_text())
    lines = [line.partition("  #")[0].strip() for kind, body in blocks if not kind for line in body.splitlines()]
    return [line for line in lines if line.startswith("fourcast ") and not re.search(r"\bFILES?\b", line)]


GATES = ("promote", "policy approve", "policy-value")
"""What a gate may refuse on so few decisions: exit code 1, and its word."""
TOO_EARLY = {
    "fourcast train --from-events": "there is nothing to learn from yet: of what was shown, left out were",
    "fourcast rollback": "There is no earlier release to go back to.",
}
"""What a demo that was just started may not be able to do yet, and what it then says; exit code 2."""
ENDLESS = "fourcast work"


def test_the_readme_names_all_that_a_first_hour_asks_for() -> None:
    typed = " ".join(readme_commands())
    assert len(readme_commands()) >= 20
    for verb in ("explain", "portrait", "policy simulate", "experiments", "leads build", "audit verify", "replay"):
        assert f"fourcast {verb}" in typed


@pytest.mark.parametrize("line", [line for line in readme_commands() if line != ENDLESS])
def test_each_command_of_the_readme_works_after_a_demo_as_it_stands(
    line: str, words: dict[str, str], reader: Path
) -> None:
    typed = shlex.split(re.sub(r"\b[A-Z]{4,}\b", lambda found: words[found.group()], line))[1:]
    ended = CliRunner().invoke(main, typed)
    gated = line.startswith(tuple(f"fourcast {gate}" for gate in GATES))
    assert ended.exit_code in ({0, 2} if line in TOO_EARLY else {0, 1} if gated else {0}), f"{line}: {ended.output}"
    assert ended.exit_code != 2 or TOO_EARLY[line] in ended.stderr
    assert ended.exception is None or isinstance(ended.exception, SystemExit)
    assert ended.stderr.startswith("Bank: synthetic (.fourcast/synthetic), served on http://") or "policy check" in line
    assert "Bank:" not in ended.stdout
    assert [path.name for path in (reader / ".fourcast").iterdir()] == ["synthetic"], "no second bank was made"


def test_a_runner_of_its_own_finds_the_demo_too(demo: tuple[Path, dict[str, str]]) -> None:
    folder, environ = demo
    assert ENDLESS in readme_commands()
    with subprocess.Popen(ENDLESS.split(), cwd=folder, env=environ, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert process.stderr.readline().startswith("Bank: synthetic ")
        process.terminate()


def test_what_the_demo_prints_to_try_next_works_as_pasted_in_a_second_terminal(
    demo: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    folder, environ = demo
    block = (folder / "demo.txt").read_text().split("in a second terminal;", 1)[1].split("\n\n", 1)[0]
    pasted = "set -e\n" + block.split("\n", 1)[1]
    assert pasted.count("fourcast ") >= 6
    ran = subprocess.run(["bash", "-c", pasted], cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.count("Bank: synthetic") >= 6
    assert not list(tmp_path.iterdir())


def test_a_guide_that_says_what_is_not_so_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```sh\necho yes\n```\n\n```text\nno\n```\n\n```sh\nfalse\n```\n")
    stopped, unsaid = run(page, tmp_path, os.environ)
    assert stopped.startswith("page.md stopped")
    assert "did not say ['no']: yes" in unsaid
