"""`fourcast try`: a folder's verdict on a made-up customer, without any server."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli.main import main
from service.rules.policy import DEFAULT

ELDER = {"attributes": {"age": 70, "demand_yuan": 80_000, "risk_tolerance": 1, "risk_assessed_on": "2026-06-01"}}
AT = ("--at", "2026-11-23T10:00", "--channel", "branch")


def ran(folder: Path, facts: object, *arguments: str) -> Result:
    file = folder / "facts.json"
    file.write_text(facts if isinstance(facts, str) else json.dumps(facts))
    return CliRunner().invoke(main, ["try", "--facts", str(file), "--policy", str(DEFAULT), *arguments])


def test_a_folder_needs_no_database(tmp_path: Path) -> None:
    said = ran(tmp_path, ELDER, *AT)
    assert said.exit_code == 0, said.output
    assert "1. term-" in said.output
    assert "withheld by tolerance-covers-risk" in said.output
    assert "May they have it" in said.output


def test_the_headlines_are_in_the_language_asked_for(tmp_path: Path) -> None:
    said = ran(tmp_path, ELDER, *AT, "--language", "zh").output
    assert "款因tolerance-covers-risk未推荐：" in said and "，渠道branch：" in said
    assert "withheld by" not in said


def test_json_is_the_answer_of_the_interface(tmp_path: Path) -> None:
    answer = json.loads(ran(tmp_path, ELDER, *AT, "--json").output)
    assert answer["decided_at"] == "2026-11-23T10:00:00+08:00"
    assert answer["explanation"]["gates"]


def test_what_cannot_be_read_is_exit_code_2(tmp_path: Path) -> None:
    for facts, arguments in (("{", AT), ({"attributes": {"agee": 1}}, AT), (ELDER, ("--at", "noon"))):
        assert ran(tmp_path, facts, *arguments).exit_code == 2


def test_the_terminals_own_language_is_spoken_where_none_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LC_ALL", raising=False)
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert "款因tolerance-covers-risk未推荐：" in ran(tmp_path, ELDER, *AT).output
    assert "withheld by" in ran(tmp_path, ELDER, *AT, "--language", "en").output
