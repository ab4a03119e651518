"""Texts in one language each, in words that people use."""

import pytest

from service.analysis.policy_checks.proposal import assert_proposable
from service.analysis.policy_checks.tone import find_odd_words, tone_faults
from service.core.errors import PolicyError
from service.rules.policy import DEFAULT, from_documents, load


def test_the_shipped_texts_are_in_one_language_each() -> None:
    assert list(find_odd_words(load(DEFAULT))) == []


@pytest.mark.parametrize(
    "text", ["风险等级R2，请在APP查看", "{name}，年利率{rate}", "宽基ETF基金", "详见https://bank.example/a"]
)
def test_marks_that_everybody_reads_are_free(text: str) -> None:
    assert tone_faults(text, "zh") == []


@pytest.mark.parametrize(
    ("text", "language", "fault"),
    [
        ("本期offer值得看看", "zh", 'holds "offer": expected one language'),
        ("首推一年期", "zh", 'says "首推", which customers and staff do not use'),
        ("完成测评即可解锁", "zh", 'says "解锁", which customers and staff do not use'),
        ("A term deposit 定期", "en", 'holds "定": expected one language'),
        ("unlock more", "en", 'says "unlock", which customers and staff do not use'),
    ],
)
def test_half_a_language_and_hard_words_are_named(text: str, language: str, fault: str) -> None:
    assert fault in tone_faults(text, language)


def test_the_banks_own_names_are_free_and_nothing_else_is() -> None:
    documents = load(DEFAULT).documents
    documents["messages"]["families"]["deposit"]["body"]["zh"] = "FourPay：{name}，年利率{rate}。"
    with pytest.raises(PolicyError, match="cannot be proposed"):
        assert_proposable(from_documents(documents))
    documents["messages"]["names"] = ["FourPay"]
    assert_proposable(from_documents(documents))
    assert tone_faults("解锁FourPay", "zh", ["FourPay", "解锁"]) != []


def test_a_policys_own_texts_are_told_with_their_place() -> None:
    documents = load(DEFAULT).documents
    documents["strategies"]["strategies"][0]["name"]["zh"] = "首推匹配"
    documents["messages"]["families"]["deposit"]["body"]["zh"] = "这个offer：{name}，年利率{rate}。"
    told = list(map(str, find_odd_words(from_documents(documents))))
    assert (
        'strategies.yaml: strategy "portrait-matching": name.zh says "首推", which customers and staff do not use'
        in told
    )
    assert 'message of offer "term-12m": (zh) holds "offer": expected one language' in told
