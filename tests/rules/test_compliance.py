"""What may not be said in whatever spelling, and what must be said."""

from dataclasses import replace

import pytest

from service.rules.compliance import message_faults
from service.rules.model.rules import Message

ZH_CARE = "理财非存款，产品有风险，投资须谨慎。本产品不保证本金和收益。风险等级R2。"
EN_CARE = "This is not a deposit. Invest with care. Returns are not guaranteed. Risk level R2."


def wealth(body: str, language: str = "zh") -> list[str]:
    care = ZH_CARE if language == "zh" else EN_CARE
    return message_faults(Message("x", body, (care,), "https://x"), language, "wealth", 2)


def deposit(body: str, language: str = "zh") -> list[str]:
    return message_faults(Message("x", body, (), "https://x"), language, "deposit")


@pytest.mark.parametrize(
    "promise",
    [
        "保证收益",
        "保 证 收 益",
        "保*证",
        "保·证",
        "保\u200b证",
        "保證收益",
        "保証收益",
        "【保】【证】",
        "承諾",
        "安 全",
        "保本",
        "預期收益",
    ],
)
def test_a_promise_is_found_in_every_chinese_spelling(promise: str) -> None:
    assert wealth(f"本产品{promise}，欢迎购买。") != []


ENGLISH = (
    *("guaranteed", "GUARANTEED", "ｇｕａｒａｎｔｅｅｄ", "g u a r a n t e e d", "g.u.a.r.a.n.t.e.e", "risk-free"),
    *("Risk  Free", "risk\u00adfree", "riskfree", "safe", "s a f e", "expected yield"),
)


@pytest.mark.parametrize("promise", ENGLISH)
def test_a_promise_is_found_in_every_english_spelling(promise: str) -> None:
    assert wealth(f"This product is {promise}.", "en") != []


SAID = {"低风险": "低风险", "低 門檻": "低门槛", "秒到账": "秒到账", "零風險": "零风险", "low-risk": "low risk"}


@pytest.mark.parametrize(("said", "word"), SAID.items())
def test_what_online_marketing_may_never_say_is_refused_on_deposits_too(said: str, word: str) -> None:
    assert [fault.partition(":")[0] for fault in deposit(said)] == [f'"{word}" may not be said']


def test_a_sentence_that_denies_a_promise_is_none() -> None:
    assert wealth("不保证收益，不承诺保护本金") == []
    assert wealth("Principal is not guaranteed.", "en") == []


def test_a_promise_beside_a_denial_is_still_one() -> None:
    assert wealth("不保证本金，但保证收益") == ['"保证" may not be said: guarantee']


def test_words_that_only_look_alike_are_free() -> None:
    assert wealth("Your safety box was a fee", "en") == []
    assert wealth("It was a fee.", "en") == []


def test_a_deposit_may_state_its_rate_and_its_insurance() -> None:
    assert deposit("一年期，年利率1.20%，受存款保险保护。") == []


def test_insurance_of_deposits_is_not_for_wealth() -> None:
    assert wealth("受存款保险保护") == ['"存款保险" belongs to deposits only']
    assert '"deposit insurance" belongs to deposits only' in wealth("Covered by Deposit-Insurance.", "en")


@pytest.mark.parametrize(
    "figure", ["年化3.5%", "３．５％", "3.5 percent", "百分之三", "3.5個百分點", "350 bp", "３５０基點"]
)
def test_a_figure_reads_as_a_promised_yield(figure: str) -> None:
    assert [fault.rpartition(": ")[2] for fault in wealth(f"收益可以看{figure}")] == ["yield-figure"]


def test_a_fee_is_not_a_yield() -> None:
    assert wealth("管理费每年0.30%") == []
    assert wealth("Management fee of 0.30% a year", "en") == []


def test_a_benchmark_needs_its_basis_and_the_words_that_it_is_no_yield() -> None:
    assert len(wealth("业绩比较基准3.0%")) == 2
    assert wealth("业绩比较基准3.0%，测算依据见说明书，不代表预期收益。") == []
    assert len(wealth("Benchmark 3.0%", "en")) == 2
    assert wealth("Benchmark 3.0%, on the basis of the index; not an expected yield.", "en") == []


def test_wealth_tells_its_own_risk_level_care_and_that_nothing_is_guaranteed() -> None:
    bare = message_faults(Message("x", "y", (), "https://x"), "zh", "wealth", 3)
    assert len(bare) == 3
    assert bare[0] == "the risk level R3 must be told, got none"
    wrong = message_faults(Message("x", "R2", (ZH_CARE,), "https://x"), "zh", "wealth", 3)
    assert wrong == ["the risk level R3 must be told, got R2"]


def test_a_risk_rated_deposit_is_held_to_the_same() -> None:
    assert message_faults(Message("x", "保本", (), "https://x"), "zh", "deposit", 2) != []
    assert message_faults(Message("结构性存款R2", "不保证收益，投资须谨慎", (), "https://x"), "zh", "deposit", 2) == []


def test_the_banks_own_words_are_added_not_put_in_place() -> None:
    said = Message("x", "内部 渠道，高收益", (), "https://x")
    assert message_faults(said, "zh", "deposit", None, ["内部渠道"]) == [
        '"高收益" may not be said: enticement',
        '"内部渠道" may not be said',
    ]


def test_time_to_withdraw_is_told_where_the_product_gives_it():
    plain, told = Message("x", "R2", (), "https://x"), Message("x", "签约后有24小时投资冷靜期", (), "https://x")
    assert message_faults(plain, "zh", "deposit", cooling_off=True) == [
        "the time to withdraw must be told: expected '冷静期' or '犹豫期'"
    ]
    assert message_faults(replace(told, body="签约后有24小时投资冷静期"), "zh", "deposit", cooling_off=True) == []
    assert (
        message_faults(replace(told, body="You can withdraw within 24 hours."), "en", "deposit", cooling_off=True) == []
    )


TRICKS = (
    "{0}",
    "{0[0]} {0[1]}",
    "{0[0]}\u200b{0[1]}",
    "{0[0]}＊{0[1]}",
    "「{0[0]}」「{0[1]}」",
    "{0[0]}\n{0[1]}",
    "{0[0]}\u00ad{0[1]}",
)


@pytest.mark.parametrize("word", ["guaranteed", "risk-free", "ＳＡＦＥ", "expected yield"])
def test_an_english_promise_within_chinese_words_is_one(word: str):
    assert any("may not be said" in fault for fault in wealth(f"收益{word}保障"))


@pytest.mark.parametrize("trick", TRICKS)
@pytest.mark.parametrize(
    "word", ["保证", "保證", "保証", "承诺", "承諾", "安全", "保本", "保息", "刚兑", "剛兌", "稳赢", "穩贏"]
)
def test_no_spelling_hides_a_promise_on_wealth(word: str, trick: str):
    assert any("may not be said" in fault for fault in wealth(f"这款产品{trick.format(word)}，请了解。"))


@pytest.mark.parametrize(
    "word",
    [
        "存款保险",
        "存款保險",
        "存 款 保 险",
        "存款＊保險",
        "ｄｅｐｏｓｉｔ　ｉｎｓｕｒａｎｃｅ",
        "deposit\u00adinsurance",
    ],
)
def test_no_spelling_hides_the_insurance_on_wealth(word: str):
    assert any("belongs to deposits only" in fault for fault in wealth(f"受{word}保护"))
