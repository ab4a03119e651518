"""Every command of every guide is run, against a whole ``fourcast demo``, and says what the guide says it says."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.commands.serve import free_port
from tests.guides.pages import DEMO, run, steps

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
        command = ["fourcast", *DEMO.split()[1:], "--customers", "1500"]
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


def test_a_guide_that_says_what_is_not_so_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```sh\necho yes\n```\n\n```text\nno\n```\n\n```sh\nfalse\n```\n")
    stopped, unsaid = run(page, tmp_path, os.environ)
    assert stopped.startswith("page.md stopped")
    assert "did not say ['no']: yes" in unsaid
