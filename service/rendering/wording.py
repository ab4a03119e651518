"""Every sentence of an explanation, in Chinese and English. The policy's own texts fill them; no rule is named here."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta

from service.decision.trace.shortfall import Shortfall
from service.rules.model.contact import Cap, ConsentRule, CoolOff, QuietHours
from service.rules.model.rules import FitRule, GateRule, Rule

_EPOCH = date(1970, 1, 1)
_WEEKDAYS = "一二三四五六日"
_AND = {"zh": "；", "en": "; "}
_COMMA = {"zh": "、", "en": ", "}

STAGES: Mapping[str, Mapping[str, str]] = {
    "zh": {"eligibility": "资格", "applicability": "适用", "suitability": "适当性", "contact": "联系", "worth": "价值"},
    "en": {
        "eligibility": "May they have it",
        "applicability": "Does it make sense now",
        "suitability": "Is it in their interest",
        "contact": "May we contact them now, here",
        "worth": "Is it worth its cost",
    },
}
FACTORS: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "propensity": "购买倾向",
        "value": "价值",
        "fit": "契合度",
        "fit.consumer": "契合度（需求）",
        "fit.cost": "契合度（成本）",
        "fit.convenience": "契合度（便利）",
        "fit.communication": "契合度（沟通）",
        "lever": "营销系数",
        "response": "渠道响应",
        "cost": "联系成本与资源价格",
    },
    "en": {
        "propensity": "propensity",
        "value": "value",
        "fit": "fit",
        "fit.consumer": "the fit to needs",
        "fit.cost": "the fit by cost",
        "fit.convenience": "the fit by convenience",
        "fit.communication": "the fit of communication",
        "lever": "the marketing lever",
        "response": "the channel's response",
        "cost": "contact cost and prices",
    },
}
SENTENCES: Mapping[str, Mapping[str, str]] = {
    "zh": {
        "offered": "排在首位的是{offer}（{channel}）：{all}款产品中{left}款可提供，它的预期价值最高（{priority}）。",
        "explored": "排在首位的是{offer}（{channel}）：{all}款产品中{left}款可提供，本次为随机探索，不按预期价值排序。",
        "tested": "排在首位的是{offer}（{channel}）：{all}款产品中{left}款可提供，该客户属于对照测试{arm}，"
        "不按预期价值排序。",
        "nothing": "目前没有可提供的产品：{all}款产品均未通过。{reason}",
        "stage": "{stage}：剩余{left}款{taken}。",
        "all-held": "，无产品被排除",
        "taken": "；{text}（{count}款）",
        "shown": "第{rank}位推荐，渠道为{channel}。",
        "possible": "可以提供，但本次未展示；最佳渠道为{channel}。",
        "withheld": "不提供：{reason}。",
        "no-worth": "不提供：在任何渠道中收益都不足以抵偿成本。",
        "no-gain": "不提供：向该客户推荐并不会提高其购买的可能。",
        "gain": "推荐使其购买概率提高{uplift}；排序依据这一提升，而非购买倾向（{propensity}）。",
        "same": "不考虑{factor}，排在首位的仍是{offer}（{channel}）。",
        "other": "不考虑{factor}，排在首位的将是{offer}（{channel}）。",
        "none": "不考虑{factor}，将没有值得提供的产品。",
        "unlock": "{facts}，即可再提供{count}款产品：{offers}。",
        "fallen": "待“{reason}”不再成立",
        "plain-words": "采用通用文案。",
        "segment-words": "采用面向“{segment}”的文案；条款与所有客户一致。",
    },
    "en": {
        "offered": "{offer} through {channel} comes first: {left} of {all} offers may be made, and it is worth most "
        "({priority} expected).",
        "explored": "{offer} through {channel} comes first: {left} of {all} offers may be made; this time the order is "
        "random, to learn from it, and not by expected value.",
        "tested": "{offer} through {channel} comes first: {left} of {all} offers may be made; this customer belongs to "
        "the standing test {arm}, which does not order by expected value.",
        "nothing": "Nothing is offered: none of {all} offers passed. {reason}",
        "stage": "{stage}: {left} left{taken}.",
        "all-held": ", none excluded",
        "taken": "; {text} ({count})",
        "shown": "Shown at rank {rank} through {channel}.",
        "possible": "Could be offered, but is not among those shown; best through {channel}.",
        "withheld": "Not offered: {reason}.",
        "no-worth": "Not offered: no channel makes it worth its cost.",
        "no-gain": "Not offered: being offered it makes this customer no likelier to take it.",
        "gain": "Being offered it adds {uplift} to the chance that it is taken; this uplift orders it, in place of the "
        "propensity ({propensity}).",
        "same": "Without {factor}, {offer} through {channel} would still come first.",
        "other": "Without {factor}, {offer} through {channel} would come first instead.",
        "none": "Without {factor}, nothing would be worth offering.",
        "unlock": "{facts}, to open {count}: {offers}.",
        "fallen": "Once this no longer holds: {reason}",
        "plain-words": "Shown in the general words.",
        "segment-words": "Shown in the words for {segment}; the terms are the same for everybody.",
    },
}


class Wording:
    """The sentences of one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._sentences = SENTENCES[language]

    def say(self, key: str, **words: object) -> str:
        """One sentence with its words filled in."""
        return self._sentences[key].format(**words)

    def stage(self, name: str) -> str:
        """A step of the funnel as a question."""
        return STAGES[self.language][name]

    def factor(self, name: str) -> str:
        """A factor of the priority."""
        return FACTORS[self.language][name]

    def list_words(self, words: Sequence[str]) -> str:
        """Words in a row, with commas."""
        return _COMMA[self.language].join(words)

    def join_clauses(self, sentences: Sequence[str]) -> str:
        """Clauses in a row, with semicolons."""
        return _AND[self.language].join(sentences)

    def add_detail(self, what: str, detail: str) -> str:
        """A phrase with a detail in brackets, where there is one.

        >>> Wording("en").add_detail("Renew", "expired"), Wording("zh").add_detail("重新测评", "已过期")
        ('Renew (expired)', '重新测评（已过期）')
        """
        return f"{what}（{detail}）" if detail and self.language == "zh" else f"{what} ({detail})" if detail else what

    def join_sentences(self, several: Sequence[str]) -> str:
        """Whole sentences, one after the other."""
        return ("" if self.language == "zh" else " ").join(several)

    def offers(self, count: int) -> str:
        """A count of offers.

        >>> Wording("en").offers(1), Wording("zh").offers(4)
        ('1 offer', '4')
        """
        return str(count) if self.language == "zh" else f"{count} offer{'s' if count != 1 else ''}"

    def yuan(self, amount: float) -> str:
        """An amount, to the fen where it has any.

        >>> Wording("en").yuan(12500.0), Wording("zh").yuan(0.25)
        ('12,500 yuan', '0.25元')
        """
        figure = f"{amount:,.2f}".removesuffix(".00")
        return f"{figure}元" if self.language == "zh" else f"{figure} yuan"

    def days(self, count: float) -> str:
        """A count of days.

        >>> Wording("en").days(1), Wording("zh").days(12)
        ('1 day', '12天')
        """
        return f"{count:g}天" if self.language == "zh" else f"{count:g} day{'s' if count != 1 else ''}"

    def instant(self, at: datetime) -> str:
        """A day and an hour as one says them.

        >>> Wording("en").instant(datetime(2026, 12, 2, 8)), Wording("zh").instant(datetime(2026, 12, 2, 8, 30))
        ('08:00 on Wednesday 2 December 2026', '2026年12月2日（星期三）08:30')
        """
        if self.language == "zh":
            return f"{at.year}年{at.month}月{at.day}日（星期{_WEEKDAYS[at.weekday()]}）{at:%H:%M}"
        return f"{at:%H:%M} on {at:%A} {at.day} {at:%B %Y}"

    def shortfall(self, short: Shortfall) -> str:
        """What a gate lacks, short enough for brackets; empty where it is unknown."""
        return _SHORT[self.language](self, short)

    def _chinese(self, short: Shortfall) -> str:
        if short.kind == "wait":
            return f"{self.days(short.gap or 0)}后自动恢复"
        if short.have is None or short.gap is None:
            return "目前未知"
        if short.kind == "money":
            return f"{'差' if _past(short) else '超出'}{self.yuan(short.gap)}"
        if short.kind == "date":
            return f"已过期{self.days(short.gap)}" if _past(short) else f"尚早{self.days(short.gap)}"
        return f"当前{short.have:g}，需{_SIGNS.get(short.relation or '', '')}{short.need:g}"

    def _english(self, short: Shortfall) -> str:
        if short.kind == "wait":
            return f"opens by itself in {self.days(short.gap or 0)}"
        if short.have is None or short.gap is None:
            return "not known"
        if short.kind == "money":
            return f"{self.yuan(short.gap)} {'short' if _past(short) else 'too much'}"
        if short.kind == "date":
            return f"expired {self.days(short.gap)} ago" if _past(short) else f"{self.days(short.gap)} too early"
        return f"is {short.have:g}, must be {_RELATIONS.get(short.relation or '', '')} {short.need:g}"


_SHORT: Mapping[str, Callable[[Wording, Shortfall], str]] = {"zh": Wording._chinese, "en": Wording._english}
_RELATIONS = {">=": "at least", ">": "above", "<=": "at most", "<": "below", "=": "exactly"}
_SIGNS = {">=": "不低于", ">": "高于", "<=": "不高于", "<": "低于", "=": "等于"}


def _past(short: Shortfall) -> bool:
    """Whether the fact lies below what is needed: an amount is too small, a day has passed."""
    return short.relation in (">", ">=", "=")


def iso_day(day: float) -> str:
    """Days since 1970 as an ISO date.

    >>> iso_day(20485)
    '2026-02-01'
    """
    return (_EPOCH + timedelta(days=int(day))).isoformat()


def rule_text(rule: Rule, language: str) -> str:
    """The rule in one line: expressions as the policy writes them, contact rules in the language."""
    if isinstance(rule, GateRule):
        applies = "" if rule.applies is None else f"where {_line(rule.applies.text)}: "
        return f"{applies}{_line(rule.require.text)}"
    if isinstance(rule, FitRule):
        return f"x {rule.weight:g} when {_line(rule.when.text)}"
    return _contact_in_chinese(rule) if language == "zh" else _contact(rule)


def _contact(rule: Rule) -> str:
    if isinstance(rule, ConsentRule):
        return f"{rule.direction} channels: consent {rule.purpose} was given"
    if isinstance(rule, QuietHours):
        where = f"{rule.direction} channels" if rule.channels is None else ", ".join(rule.channels)
        days = _quiet_days(rule)
        return f"{where}: not from {_clock(rule.start_minute)} to {_clock(rule.end_minute)}{days}"
    if isinstance(rule, Cap):
        return f"fewer than {rule.maximum} {' or '.join(rule.counts)} per {rule.per} in {rule.window_days:g} days"
    if isinstance(rule, CoolOff):
        ended = f" without a later {' or '.join(rule.until)}" if rule.until else ""
        return f"no {' or '.join(rule.after)} per {rule.per} in {rule.days:g} days{ended}"
    return rule.id


def _contact_in_chinese(rule: Rule) -> str:
    if isinstance(rule, ConsentRule):
        return f"{_of(rule.direction)}渠道：客户须已同意（{rule.purpose}）"
    if isinstance(rule, QuietHours):
        where = f"{_of(rule.direction)}渠道" if rule.channels is None else "、".join(rule.channels)
        days = "，非工作日不联系" if rule.working_days else "，节假日不联系" if rule.holidays else ""
        return f"{where}：{_clock(rule.start_minute)}至{_clock(rule.end_minute)}不联系{days}"
    if isinstance(rule, Cap):
        counted = "或".join(map(_of, rule.counts))
        return f"{rule.window_days:g}天内，同一{_of(rule.per)}的{counted}少于{rule.maximum}次"
    if isinstance(rule, CoolOff):
        ended = f"，此后有{'或'.join(map(_of, rule.until))}的除外" if rule.until else ""
        return f"{rule.days:g}天内，同一{_of(rule.per)}没有{'或'.join(map(_of, rule.after))}{ended}"
    return rule.id


_CHINESE = {
    "outbound": "外呼", "inbound": "来访", "customer": "客户", "offer": "产品", "family": "产品类别", "channel": "渠道",
    "impression": "展示", "click": "点击", "accept": "接受", "reject": "拒绝", "dismiss": "关闭", "contact": "联系",
    "purchase": "购买", "complaint": "投诉", "survey": "调查回答",
}  # fmt: skip


def _of(word: str | None) -> str:
    return _CHINESE.get(word or "", word or "")


def _quiet_days(rule: QuietHours) -> str:
    if rule.working_days:
        return ", nor on days that are not working days"
    return " and on holidays" if rule.holidays else ""


def _line(text: str) -> str:
    return " ".join(text.split())


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"
