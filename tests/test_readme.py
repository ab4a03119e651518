"""The README and CONTRIBUTING say what is so: commands, settings, files."""

import re
from pathlib import Path

import pytest

from service.cli.main import MODULES
from service.runtime.config import settings_table

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()


def section(heading: str) -> str:
    """The text under a heading, up to the next of its level."""
    return README.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]


@pytest.mark.parametrize("heading", ["Run it", "Test it"])
def test_each_way_in_is_one_command_line(heading: str) -> None:
    (block,) = re.findall(r"^```sh\n(.*?)^```", section(heading), re.MULTILINE | re.DOTALL)
    assert block.count("\n") == 1
    assert block.startswith("python3 -m venv .venv && ")
    assert "--constraint constraints.txt" in block


def test_the_table_of_settings_is_the_one_that_is_read() -> None:
    assert settings_table() in README


def test_every_verb_the_readme_names_is_there() -> None:
    for verb in set(re.findall(r"^fourcast (\w+)", README, re.MULTILINE)):
        assert verb in MODULES, f"the README names `fourcast {verb}`"


def test_every_file_that_contributing_names_is_there() -> None:
    for path in re.findall(r"`((?:service|training|tests|examples)/[\w./*-]+)`", CONTRIBUTING):
        assert list(ROOT.glob(path.rstrip("/"))), f"CONTRIBUTING names {path}"


def test_no_place_is_left_to_be_filled_in() -> None:
    assert not re.findall(r"^(FIGURES|SETTINGS|TODO)$", README, re.MULTILINE)


def test_every_benchmark_command_of_the_figures_is_there() -> None:
    for module in re.findall(r"python -m benchmarks\.(\w+)", README + CONTRIBUTING):
        assert (ROOT / "benchmarks" / f"{module}.py").exists()
