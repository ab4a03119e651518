"""The rules of conduct: what an adviser may say, may not say and must do, each with its ground. One row a rule.

Advisers confirm once a year that they know them. ``VERSION`` names the text: it
changes with every word of it, so that an attestation tells what was confirmed.
"""

from dataclasses import dataclass
from hashlib import sha256

from service.core.domain import Text


@dataclass(frozen=True, slots=True)
class ConductRule:
    """One rule and its ground, in both languages."""

    id: str
    text: Text
    ground: Text


CONDUCT: tuple[ConductRule, ...] = (
    ConductRule(
        "no-prompting",
        {
            "zh": "风险承受能力测评由客户本人如实完成：不得提示答案，不得告知需要达到的结果；测评有效的，"
            "不得请客户重新测评",
            "en": "Customers take the risk assessment by themselves and truthfully: prompt no answer, tell no "
            "result that "
            "a product needs, and never ask to retake a valid one",
        },
        {"zh": "金融监管总局令2025年第7号第13条、第29条", "en": "NFRA order 2025 No. 7 art. 13, 29"},
    ),
    ConductRule(
        "nothing-above-tolerance",
        {
            "zh": "不得主动推介风险等级高于客户风险承受能力的产品，也不提及其名称",
            "en": "Never promote, nor name unasked, a product whose risk is above the customer's tolerance",
        },
        {"zh": "金融监管总局令2025年第7号第12条、第13条", "en": "NFRA order 2025 No. 7 art. 12, 13"},
    ),
    ConductRule(
        "private-to-the-qualified",
        {
            "zh": "私募产品只向已认定的合格投资者介绍；对其他人不展示、不提及、不暗示",
            "en": "Private products are for confirmed qualified investors; to anybody else they are not shown, "
            "named or "
            "hinted at",
        },
        {"zh": "金融监管总局令2025年第7号第30条", "en": "NFRA order 2025 No. 7 art. 30"},
    ),
    ConductRule(
        "care-from-65",
        {
            "zh": "65岁及以上客户购买四级、五级风险产品，须当面办理、全程录音录像，并由另一名人员再次确认",
            "en": "Customers from 65 take products of R4 and R5 face to face only, recorded, and with a second "
            "confirmation by another member of staff",
        },
        {"zh": "金融监管总局令2025年第7号（老年客户保护）", "en": "NFRA order 2025 No. 7 (care for customers from 65)"},
    ),
    ConductRule(
        "no-promise",
        {
            "zh": "不承诺收益，不承诺本金，不预测收益；业绩比较基准不是预期收益，说明其依据和算法",
            "en": "Promise neither yield nor principal, and forecast nothing; a benchmark is no expected yield: "
            "say its "
            "basis and method",
        },
        {"zh": "银保监会令2021年第4号", "en": "CBIRC order 2021 No. 4"},
    ),
    ConductRule(
        "risk-first",
        {
            "zh": "先说明风险、费用和期限，由客户自己决定，不催促",
            "en": "Tell risk, fees and term first; customers decide by themselves and without haste",
        },
        {"zh": "金融监管总局令2025年第7号", "en": "NFRA order 2025 No. 7"},
    ),
    ConductRule(
        "agency-is-said",
        {
            "zh": "代销产品须说明发行机构和本行的角色，并全程录音录像",
            "en": "Of a product sold for another institution, say who issues it and what the bank's part is; "
            "record the "
            "sale",
        },
        {"zh": "金规〔2025〕6号", "en": "NFRA notice 2025 No. 6 (agency sales)"},
    ),
    ConductRule(
        "refusal-stops-at-once",
        {
            "zh": "客户拒绝或要求停止联系的，立即停止并当场登记",
            "en": "Where a customer refuses, or asks not to be contacted, stop at once and record it",
        },
        {"zh": "个人信息保护法第15条；广告法第43条", "en": "PIPL art. 15; Advertising Law art. 43"},
    ),
)
"""The rules, the gravest first."""

VERSION = sha256(repr([(rule.id, rule.text["zh"], rule.text["en"]) for rule in CONDUCT]).encode()).hexdigest()[:12]
"""The name of this text."""


def list_rules(language: str) -> list[dict[str, str]]:
    """The rules in one language, as plain JSON values."""
    return [{"id": one.id, "text": one.text[language], "ground": one.ground[language]} for one in CONDUCT]
