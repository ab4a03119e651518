"""Promises in disguise are found; sentences that only come near to one are free."""

import pytest

from service.core.folding import fold_text
from service.rules.compliance import message_faults, wording_faults
from service.rules.model.rules import Message
from service.store.releases.persons import same_person

ZH_CARE = "理财非存款，产品有风险，投资须谨慎。本产品不保证本金和收益。风险等级R2。"
EN_CARE = "This is not a deposit. Invest with care. Returns are not guaranteed. Risk level R2."

DISGUISED = (
    *("保証收益", "保證收益", "保 证 收 益", "保.证.收.益", "保|证", "保\u200b证", "保\u2060证", "保\u0301证"),
    *("【保】证", "ｸ保証", "穩賺", "稳　赚", "包·賺", "只賺不賠", "預期年化", "預計收益"),
    *("剛性兌付", "０风险", "0風險", "零 風 險"),
    *("絕對安全", "保夲保本", "無損", "收益可達", "安-全"),
    *("gu\u0430ranteed", "GU\u0391RANTEED", "\uff47uaranteed", "𝓰𝓾𝓪𝓻𝓪𝓷𝓽𝓮𝓮𝓭", "ⓖⓤⓐⓡⓐⓝⓣⓔⓔⓓ", "g u a r a n t e e d"),
    *("gua-ranteed", "guar anteed", "guaránteed", "gu@ranteed", "guarant33d", "GUARANTEEꓓ", "🅶🆄🅰🆁🅰🅽🆃🅴🅴🅳"),
    *("r\u0456sk-free", "rIsk free", "RlSK FREE", "risk\u00adfree", "r.i.s.k f.r.e.e", "riskfree"),
    *("ri5k free", "zer0 risk"),
    *("$afe", "s\u0430fe", "s_a_f_e", "SAFE", "high-yie1d", "pr0mise", "pro mise", "ex\u0440ected yield", "Iow risk"),
)  # fmt: skip


@pytest.mark.parametrize("promise", DISGUISED)
def test_a_promise_in_disguise_is_found(promise: str) -> None:
    language, care = ("en", EN_CARE) if promise.isascii() else ("zh", ZH_CARE)
    found = message_faults(Message("x", f"This product is {promise}.", (care,), "https://x"), language, "wealth", 2)
    assert any("may not be said" in fault for fault in found), found


NEAR = (
    *("It's a fee.", "It was a fee of 5 yuan.", "Ask for our savings plan.", "An unsafely worded sentence"),
    *("Compromised", "Save now! New customers from 1 December.", "Call 4008-888-888, line 3.", "info@bank.example"),
    *("R2 product", "Our highest standards, your interest first.", "Risks differ; freely choose."),
    *("An expectation of growth", "保管箱证件请随身携带", "全国网点安心办理", "产品风险等级为R2", "预约后期限可选"),
    *("收益与风险并存", "承担风险，信守约定", "本产品不保证收益", "不构成任何承诺", "到账时间以实际为准"),
    *("门店较低楼层设有柜台",),
)  # fmt: skip


@pytest.mark.parametrize("sentence", NEAR)
def test_a_sentence_that_only_comes_near_is_free(sentence: str) -> None:
    language, care = ("en", EN_CARE) if sentence.isascii() else ("zh", ZH_CARE)
    assert message_faults(Message("x", sentence, (care,), "https://x"), language, "wealth", 2) == []


@pytest.mark.parametrize("figure", ["٣٪", "3.5﹪", "四个百分点", "350 BPs", "3.5 per-cent", "3 pct", "三点五個百分點"])
def test_a_yield_in_disguise_is_one(figure: str) -> None:
    found = message_faults(Message("x", f"收益{figure}", (ZH_CARE,), "https://x"), "zh", "wealth", 2)
    assert [fault.rpartition(": ")[2] for fault in found] == ["yield-figure"]


def test_a_reason_is_held_to_the_same_spellings() -> None:
    assert wording_faults("Because it has l0w rіsk") == ['"low risk" may not be said: denial-of-loss']


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("anna", "\u0430nna"),
        ("Anna Li", "ＡＮＮＡ\u3000LI"),
        ("陳國華", "陈国华"),
        ("josé", "jose"),
        ("an\u200bna", "anna"),
        ("\u0391nna", "anna"),
    ],
)
def test_an_author_in_disguise_is_the_same_person(one: str, other: str) -> None:
    assert same_person(one, other)


@pytest.mark.parametrize(("one", "other"), [("ian", "lan"), ("wang1", "wangl"), ("陈华", "陈桦"), ("anna", "anne")])
def test_people_whom_a_reader_tells_apart_are_two(one: str, other: str) -> None:
    assert not same_person(one, other)


def test_folding_twice_changes_nothing_more() -> None:
    for text in (*DISGUISED, *NEAR, "Ａｎｎａ 陳國華"):
        assert fold_text(fold_text(text)) == fold_text(text)
