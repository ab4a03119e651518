"""Two corpora written before the lists: what no message may promise, and what every message may say.

A third of each, drawn by a hash, was left unread while the lists were written. ``sealed`` was written before the frames
and counted only once they were finished: its bounds are what was found then, 98 of 101 promises, 6 of 100 honest
sentences. Its author also wrote the frames. A set from other people's mouths began at 31 of 44 promises.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from service.rules.compliance import chinese, chinese_frames, english, english_frames, text_faults, wording_faults
from service.rules.compliance.denial import is_denied
from service.rules.compliance.reasons import CLASSES
from service.rules.compliance.spelling import MOST_CHARACTERS, read_text
from service.rules.statutory import STATUTORY

FOLDER = Path(__file__).parent / "words"
LEAST_REFUSED, MOST_REFUSED = 0.95, 0.02


@dataclass(frozen=True)
class Said:
    text: str
    family: str
    risk: int | None

    @property
    def language(self) -> str:
        return "en" if self.text.isascii() else "zh"

    @property
    def blind(self) -> bool:
        return hashlib.sha256(self.text.encode()).digest()[0] % 3 == 0

    def refused(self) -> bool:
        return text_faults(self.text, self.language, self.family, self.risk) != []


def corpus(*names: str, of: str | None = None) -> Iterator[Said]:
    for name in names:
        for group in yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8")):
            for text in group["texts"].splitlines() if of in (None, group["class"]) else ():
                yield Said(text, group["family"], group.get("risk"))


def share_refused(texts: list[Said]) -> float:
    return sum(one.refused() for one in texts) / len(texts)


@pytest.mark.parametrize("blind", [False, True], ids=["read", "blind"])
@pytest.mark.parametrize(("name", "least"), [("promises_zh", 300), ("promises_en", 150), ("oblique", 150)])
def test_promises_are_refused_whatever_their_words(name: str, least: int, blind: bool) -> None:
    texts = list(corpus(name))
    assert len(texts) >= least
    assert share_refused([one for one in texts if one.blind == blind]) >= LEAST_REFUSED


@pytest.mark.parametrize("blind", [False, True], ids=["read", "blind"])
def test_honest_sentences_are_free(blind: bool) -> None:
    texts = list(corpus("honest_zh", "honest_en"))
    assert len(texts) >= 300
    assert share_refused([one for one in texts if one.blind == blind]) <= MOST_REFUSED


def test_more_honest_sentences_are_free() -> None:
    assert share_refused(list(corpus("plain"))) <= MOST_REFUSED


@pytest.mark.parametrize(("name", "least", "most"), [("fresh", 0.98, 0.02), ("sealed", 0.95, 0.06)])
def test_words_that_the_lists_had_not_met_are_judged_by_their_meaning(name: str, least: float, most: float) -> None:
    assert share_refused(list(corpus(name, of="promise"))) >= least
    assert share_refused(list(corpus(name, of="honest"))) <= most


def test_every_class_has_a_name_in_chinese() -> None:
    listed = {row.kind for language in (chinese, english) for row in language.TABLE.rows}
    framed = {frame.kind for language in (chinese_frames, english_frames) for frame in language.LEXICON.frames}
    assert listed | framed == set(CLASSES)


DENIED = (
    *("本产品不保证收益", "不保证本金不受损失", "不承诺保本，也不保证收益", "并非保本理财", "没有人能保证收益"),
    *("Returns are not guaranteed.", "We cannot guarantee that you will not lose money.", "No product is risk-free."),
)
AFFIRMED = (
    *(
        "我们不可能不保证收益",
        "不是不保证，是一定保证",
        "谁说不保证收益",
        "不保证本金，但保证收益",
        "不仅保本，还有收益",
    ),
    *("不是存款，但保本", "绝不是不保本", "We cannot but guarantee it.", "No fees and guaranteed returns."),
    *("Not only guaranteed, but safe.", "Who says it is not guaranteed?"),
)


@pytest.mark.parametrize("text", DENIED)
def test_a_denial_of_its_own_clause_frees_a_promise(text: str) -> None:
    assert wording_faults(text) == []


@pytest.mark.parametrize("text", AFFIRMED)
def test_a_denial_that_is_denied_or_ends_frees_nothing(text: str) -> None:
    assert wording_faults(text) != []


def test_a_denial_reaches_to_the_end_of_its_clause() -> None:
    sentence = read_text("不保证本金，收益有保证").sentences[0]
    assert is_denied(sentence, sentence.index("保证"), sentence.index("保证") + 2)
    assert not is_denied(sentence, sentence.rindex("保证"), len(sentence))


RATES = ("一年期存款，年利率1.20%", "1-year deposit: 1.20% a year", "10万元存一年，到期利息1,200元")


@pytest.mark.parametrize("text", RATES)
def test_a_rate_may_be_told_of_a_deposit_and_of_nothing_else(text: str) -> None:
    language = "en" if text.isascii() else "zh"
    assert text_faults(text, language, "deposit") == []
    assert text_faults(text, language, "deposit", 2) != []
    assert text_faults(text, language, "wealth", 2) != []


def test_a_text_beyond_all_bounds_is_refused_unread() -> None:
    assert wording_faults("保" * (MOST_CHARACTERS + 1)) == [
        f"is too long to be judged: at most {MOST_CHARACTERS} characters, got {MOST_CHARACTERS + 1}"
    ]


@pytest.mark.parametrize("unit", ["9", "不", "没有任何", "not ", "一", "a,", "年化", "risk ", "3.5 ", "存10万", "\n"])
def test_the_longest_text_of_any_kind_is_judged(unit: str) -> None:
    assert isinstance(wording_faults((unit * MOST_CHARACTERS)[:MOST_CHARACTERS]), list)


def test_the_reasons_of_the_law_promise_nothing() -> None:
    assert [fault for gate in STATUTORY for text in gate.reason.values() for fault in wording_faults(text)] == []
