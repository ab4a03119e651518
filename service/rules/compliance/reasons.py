"""Why a text may not be said, in the language of the person who wrote it: one row a reason, one word a class."""

from collections.abc import Mapping

from service.core.domain import Text

CLASSES: Mapping[str, str] = {
    "yield-figure": "收益数字",
    "guarantee": "承诺收益",
    "capital-protection": "承诺保本",
    "denial-of-loss": "否认或淡化亏损",
    "urgency": "催促",
    "superlative": "绝对化用语",
    "liquidity": "夸大流动性",
    "state-backing": "借国家或机构信用背书",
    "gift": "送礼返现",
    "deposit-comparison": "与存款比较",
    "deposit-insurance": "存款保险",
    "enticement": "利诱",
}
"""The classes of promises in Chinese; in English the class is its own word."""

_REASONS: Mapping[str, Text] = {
    "promise": {"en": '"{words}" may not be said: {kind}', "zh": "不得使用“{words}”：{kind}"},
    "deposits-only": {"en": '"{words}" belongs to deposits only', "zh": "“{words}”只能用于存款"},
    "banned": {"en": '"{words}" may not be said', "zh": "不得使用“{words}”（本行禁用词）"},
    "too-long": {
        "en": "is too long to be judged: at most {most} characters, got {length}",
        "zh": "文字过长，无法审核：最多{most}个字符，实际{length}个",
    },
    "risk-level": {
        "en": "the risk level {level} must be told, got {stated}",
        "zh": "须写明风险等级{level}，实际为{stated}",
    },
    "any-risk-level": {"en": "a risk level (R1 to R5) must be told", "zh": "须写明风险等级（R1至R5）"},
    "not-guaranteed": {
        "en": "it must be said that this is not guaranteed: expected {forms}",
        "zh": "须说明不保证本金和收益：应写{forms}",
    },
    "care": {"en": "a call for care must be there: expected {forms}", "zh": "须提示谨慎：应写{forms}"},
    "basis": {"en": "a benchmark needs its basis: expected {forms}", "zh": "业绩比较基准须写明依据：应写{forms}"},
    "not-a-yield": {
        "en": "a benchmark needs the words that it is no expected yield: expected {forms}",
        "zh": "业绩比较基准须说明不是预期收益：应写{forms}",
    },
    "time-to-withdraw": {
        "en": "the time to withdraw must be told: expected {forms}",
        "zh": "须写明冷静期或犹豫期：应写{forms}",
    },
}
_NONE = {"en": "none", "zh": "无"}
_LISTED = {"en": ", ", "zh": "、"}


def say_reason(name: str, spoken: str, **parts: object) -> str:
    """One reason in the language ``spoken``.

    >>> say_reason("promise", "zh", words="保底", kind="capital-protection")
    '不得使用“保底”：承诺保本'
    """
    kind = parts.get("kind")
    if spoken == "zh" and isinstance(kind, str):
        parts["kind"] = CLASSES[kind]
    return _REASONS[name][spoken].format(**parts)


def list_levels(levels: list[str], spoken: str) -> str:
    """The risk levels that a text names, or that it names none."""
    return _LISTED[spoken].join(f"R{level}" for level in levels) or _NONE[spoken]


def list_forms(forms: tuple[str, ...], spoken: str) -> str:
    """The wordings of which one is expected."""
    return "或".join(f"“{form}”" for form in forms) if spoken == "zh" else " or ".join(map(repr, forms))
