"""YAML that means what a marketer sees, and canonical bytes that name a policy."""

from pathlib import Path

import pytest

from service.core.errors import Problem
from service.rules.loading.documents import folder
from service.rules.loading.documents.strict_yaml import MOST_DEPTH, MOST_NODES, RefusedError, parse


def refusal(text: str) -> str:
    problems: list[Problem] = []
    with pytest.raises(RefusedError):
        parse("x.yaml", text, problems)
    return str(problems[-1])


def read(text: str) -> object:
    problems: list[Problem] = []
    value = parse("x.yaml", text, problems)
    assert problems == []
    return value


def test_times_dates_and_yes_stay_text() -> None:
    assert read("[21:00, 2026-01-01, yes, no, on, '7', 1_000]") == [
        "21:00",
        "2026-01-01",
        "yes",
        "no",
        "on",
        "7",
        "1_000",
    ]


def test_numbers_booleans_and_null_are_what_they_look_like() -> None:
    assert read("[1, -2.5, 1.0e+9, .5, true, false, ~, null]") == [1, -2.5, 1e9, 0.5, True, False, None, None]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a: &x 1\nb: *x", 'line 1: anchors and aliases are not read ("x"): write the value out'),
        ("a: !!python/object:os.system x", "tags are not read"),
        ("a: 1\n---\nb: 2", "a second document stands in the file"),
        ("[" * 40 + "]" * 40, f"nested deeper than {MOST_DEPTH} levels"),
        ("[" + "1," * (MOST_NODES + 1) + "]", f"more than {MOST_NODES} values"),
        ("a: [1", "is not YAML"),
        ("? [a]\n: 1", "a key must be text"),
    ],
)
def test_what_could_hide_something_is_refused(text: str, sentence: str) -> None:
    assert sentence in refusal(text)


def test_an_alias_bomb_is_refused_before_it_grows() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [*{chr(97 + i)}, *{chr(97 + i)}]\n" for i in range(20)
    )
    assert "anchors and aliases" in refusal(bomb)


def test_every_repeated_key_is_noted_with_its_line() -> None:
    problems: list[Problem] = []
    parse("x.yaml", "a: 1\na: 2\nb: {c: 1, c: 2}\n", problems)
    assert [str(problem) for problem in problems] == [
        'x.yaml: line 2: key "a" stands twice in one mapping',
        'x.yaml: line 3: key "c" stands twice in one mapping',
    ]


def test_a_folder_tells_of_every_file_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "catalogue.yaml").write_bytes(b"\xff\xfe")
    (tmp_path / "channels.yaml").write_text("a" * (folder.MOST_BYTES + 1))
    (tmp_path / "catalog.yaml").write_text("a: 1")
    problems: list[Problem] = []
    assert folder.read_folder(tmp_path, problems) == {}
    said = [str(problem) for problem in problems]
    assert 'catalog.yaml: is no file of a policy; did you mean "catalogue.yaml"?' in said
    assert "catalogue.yaml: is not UTF-8 (byte 0)" in said
    assert "channels.yaml: is larger than 1000000 bytes" in said
    assert "weights.yaml: is missing" in said
    assert len(said) == len(folder.NAMES) - len(folder.OPTIONAL) + 1


def test_the_name_does_not_change_with_the_order_of_keys_nor_with_how_a_number_is_written() -> None:
    one = folder.canonical({"a": {"x": 1, "y": [2.0]}, "b": 1}, [])
    other = folder.canonical({"b": 1.0, "a": {"y": [2], "x": 1.0}}, [])
    assert one == other
    assert folder.content_hash(one) == folder.content_hash(other)


def test_a_change_anywhere_changes_the_name() -> None:
    assert folder.canonical({"a": [1, 2]}, []) != folder.canonical({"a": [2, 1]}, [])


@pytest.mark.parametrize("poison", ["a\x00b", "\ud800", float("nan"), float("inf"), 2**63, {1, 2}])
def test_what_no_store_can_hold_is_noted(poison: object) -> None:
    problems: list[Problem] = []
    folder.canonical({"a": {"b": [poison]}}, problems)
    assert [problem.where for problem in problems] == ["a.yaml: b[1]"]
