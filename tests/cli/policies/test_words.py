"""`fourcast words check`: what is refused, with which exit code, from which files."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli.main import main
from service.rules.policy import DEFAULT


def ran(*arguments: str | Path, given: str | bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["words", "check", *map(str, arguments)], input=given)


def file_of(folder: Path, *texts: str, encoding: str = "utf-8") -> Path:
    path = folder / "texts.txt"
    path.write_bytes("\n".join(texts).encode(encoding))
    return path


WEALTH = ("--language", "zh", "--family", "wealth", "--risk", "2")


def test_each_text_comes_back_with_its_faults(tmp_path: Path) -> None:
    done = ran(*WEALTH, "--part", "sentence", file_of(tmp_path, "不保证收益。", "", "保底三个点"), "--json")
    assert done.exit_code == 1
    assert json.loads(done.output) == [
        {"text": "不保证收益。", "faults": []},
        {
            "text": "保底三个点",
            "faults": ["不得使用“保底”：承诺保本", "不得使用“三个点”：收益数字"],
        },
    ]


def test_reasons_are_told_in_the_language_asked_for(tmp_path: Path) -> None:
    texts = file_of(tmp_path, "保底")
    assert '"保底" may not be said: capital-protection' in ran(*WEALTH, texts, "--reasons", "en").output
    assert "不得使用“保底”：承诺保本" in ran("--language", "en", *WEALTH[2:], texts, "--reasons", "zh").output


def test_honest_texts_are_no_failure(tmp_path: Path) -> None:
    done = ran(*WEALTH, file_of(tmp_path, "不保证收益。"))
    assert (done.exit_code, done.output.partition(" (")[0]) == (0, "0 of 1 texts are refused")


def test_a_message_must_also_say_what_is_demanded(tmp_path: Path) -> None:
    done = ran(*WEALTH, "--part", "message", file_of(tmp_path, "风险等级R2，不保证收益。"), "--json")
    assert json.loads(done.output)[0]["faults"] == ["须提示谨慎：应写“投资须谨慎”"]


def test_a_deposit_may_tell_its_rate(tmp_path: Path) -> None:
    assert ran("--language", "zh", "--family", "deposit", file_of(tmp_path, "年利率1.20%")).exit_code == 0


def test_texts_come_from_standard_input_and_from_files_of_chinese_windows(tmp_path: Path) -> None:
    assert ran(*WEALTH, "-", given="保底\n").exit_code == 1
    assert ran(*WEALTH, file_of(tmp_path, "这款产品不保证收益", encoding="gbk")).exit_code == 0
    assert ran(*WEALTH, file_of(tmp_path, "这款产品保底", encoding="gbk")).exit_code == 1


def test_a_banks_own_words_are_refused_too(tmp_path: Path) -> None:
    texts = file_of(tmp_path, "内部渠道")
    assert "不得使用“内部渠道”" in ran(*WEALTH, texts, "--policy", DEFAULT).output


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ((*WEALTH, "nowhere.txt"), None),
        (("--language", "fr", "--family", "wealth", "-"), "x"),
        (("--language", "zh", "--family", "bonds", "-"), "x"),
        ((*WEALTH, "--risk", "6", "-"), "x"),
        ((*WEALTH, "-"), "\n \n"),
        ((*WEALTH, "-"), "保底".encode("gbk")),
    ],
)
def test_wrong_input_is_exit_code_2(arguments: tuple[str, ...], given: str | bytes | None) -> None:
    assert ran(*arguments, given=given).exit_code == 2
