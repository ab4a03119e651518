"""Every sentence of the customer's and the adviser's explanation, in Chinese and English, and how they sound.

``UNHEARD`` are the words that no such text may hold, by reader and language: what only analysts speak of, and what
presses. Tests read whole explanations against it.
"""

import re
from collections.abc import Mapping, Sequence

from service.core.domain import Text

CUSTOMER: Mapping[str, Text] = {
    "summary": {
        "zh": "{on}，本行通过系统为您选出了{count}款推荐产品。以下说明用到了哪些信息、为什么，以及您可以怎样改变。",
        "en": "On {on} the bank's system chose {count} for you. Below is what it used, why, and what you can change.",
    },
    "summary-none": {
        "zh": "{on}，本行的系统没有为您选出推荐产品。以下说明用到了哪些信息、为什么，以及您可以怎样改变。",
        "en": "On {on} the bank's system chose nothing for you. Below is what it used, why, and what you can change.",
    },
    "method": {
        "zh": "推荐由系统按照规则自动选出，并参考统计模型。同一产品的利率、费用和条款对所有客户相同，"
        "不因您的个人信息而改变。",
        "en": "The system chooses by rules and with the help of statistical models. Rates, fees and terms of a "
        "product are "
        "the same for everybody, whatever is known of you.",
    },
    "method-rules": {
        "zh": "推荐由系统按照规则自动选出，没有使用统计模型。同一产品的利率、费用和条款对所有客户相同，"
        "不因您的个人信息而改变。",
        "en": "The system chooses by rules, without statistical models. Rates, fees and terms of a product are "
        "the same for everybody, whatever is known of you.",
    },
    "explored": {
        "zh": "本次推荐的先后次序是随机安排的。",
        "en": "This time the order of the offers was drawn at random.",
    },
    "personal": {
        "zh": "本次推荐参考了您的个人信息。您可以随时在手机银行的隐私设置中关闭个性化推荐；关闭后立即生效，"
        "不影响您使用其他服务。",
        "en": "These offers took account of what is known of you. You can switch personalisation off in the app's "
        "privacy "
        "settings at any time; it takes effect at once, and all other services stay as they are.",
    },
    "withdrawn": {
        "zh": "您已关闭个性化推荐，本次没有使用您的个人信息。您可以随时重新开启。",
        "en": "You have switched personalisation off, so nothing personal was used. You can switch it on again.",
    },
    "stranger": {
        "zh": "本次推荐没有使用您的个人信息，对所有客户相同。",
        "en": "Nothing personal was used; these offers are the same for everybody.",
    },
    "bank": {"zh": "来自您在本行的账户和往来", "en": "From your accounts and dealings with this bank"},
    "customer": {"zh": "来自您提供的信息", "en": "From what you told us"},
    "outside": {"zh": "来自本行以外", "en": "From outside the bank"},
    "events": {
        "zh": "来自您对以往推荐的回应和本行与您的联系",
        "en": "From your answers to earlier offers and our contacts",
    },
    "consents": {"zh": "来自您作出的授权选择", "en": "From what you permitted or refused"},
    "unused": {
        "zh": "以下信息在本行有记录，但本次没有使用",
        "en": "The bank holds this too, but it was not used this time",
    },
    "all-used": {
        "zh": "除以上所列，本次没有使用您的其他信息。",
        "en": "Beside what is listed above, nothing else of yours was used.",
    },
    "others": {"zh": "其他{count}项信息", "en": "{count} more items"},
    "from": {"zh": "{name}（来源：{source}）", "en": "{name} (source: {source})"},
    "offer": {
        "zh": "通过{channel}向您推荐{name}。{reasons}",
        "en": "{name} is offered to you (channel: {channel}). {reasons}",
    },
    "offer-unnamed": {"zh": "曾通过{channel}向您展示一款产品。", "en": "A product was shown to you by {channel}."},
    "reasons": {"zh": "原因：{reasons}。", "en": "Why: {reasons}."},
    "no-reason": {"zh": "它符合向您展示的条件。", "en": "It meets the conditions for being shown to you."},
    "consent": {
        "zh": "您可以选择同意本行通过短信、微信、电话或电子邮件联系您，也可以随时撤回；不同意不影响您使用其他服务。",
        "en": "You may agree to be contacted by text, WeChat, telephone or e-mail, and take it back at any time; "
        "all other "
        "services stay as they are if you do not.",
    },
    "assessment": {
        "zh": "您目前没有有效的风险承受能力测评。是否测评由您自行决定；如需测评，请按您的真实情况作答。",
        "en": "You have no valid risk assessment. Whether to take one is up to you; if you do, please answer as things "
        "truly are.",
    },
    "assessment-ends": {
        "zh": "您的风险承受能力测评将于{on}到期。到期后是否重新测评由您自行决定；如需测评，请按您的真实情况作答。",
        "en": "Your risk assessment ends on {on}. Whether to take another then is up to you; if you do, please "
        "answer as "
        "things truly are.",
    },
    "switch-off": {
        "zh": "您可以在手机银行的隐私设置中关闭个性化推荐。",
        "en": "You may switch personalisation off in the app's privacy settings.",
    },
    "switch-on": {
        "zh": "您可以在手机银行的隐私设置中重新开启个性化推荐。",
        "en": "You may switch personalisation on again in the app's privacy settings.",
    },
    "rights": {
        "zh": "您可以要求本行由工作人员作出说明，对结果提出异议，查阅、复制或更正您的信息，"
        "也可以拒绝仅由系统作出的决定。",
        "en": "You may ask for a person to explain, object to the outcome, see, copy or correct what is held of "
        "you, and "
        "refuse decisions made by a system alone.",
    },
}
"""The customer's sentences."""

WITHHELD: Mapping[str, Text] = {
    "assessment": {
        "zh": "部分产品与您的风险承受能力测评结果不匹配，按规定不向您推荐。",
        "en": "Some products do not match your risk assessment; by law they are not offered to you.",
    },
    "unassessed": {
        "zh": "您没有有效的风险承受能力测评，按规定不向您推荐有风险等级的产品。",
        "en": "Without a valid risk assessment the law lets us offer you no risk-rated product.",
    },
    "eligibility": {
        "zh": "部分产品您目前不符合办理条件，例如起点金额或办理方式。",
        "en": "You do not meet the conditions of some products now, such as the minimum amount or where they are sold.",
    },
    "suitability": {
        "zh": "部分产品与您目前的情况不相适合。",
        "en": "Some products do not suit your situation at present.",
    },
    "applicability": {
        "zh": "部分产品目前对您用处不大，或您刚办理过同类产品。",
        "en": "Some products are of little use to you now, or you have just taken one like them.",
    },
    "often": {
        "zh": "部分产品您近期已经看过、关闭、拒绝或办理过，暂不再展示。",
        "en": "Some products you have lately seen, closed, declined or taken; they rest for now.",
    },
    "consent": {
        "zh": "您没有同意通过某些渠道接收营销信息，本行不在这些渠道联系您。",
        "en": "You have not agreed to marketing by some channels, so we do not contact you there.",
    },
    "hours": {"zh": "此时不在可以联系您的时间。", "en": "At this hour we do not contact you."},
    "hours-until": {
        "zh": "此时不在可以联系您的时间，{at}以后才会联系您。",
        "en": "At this hour we do not contact you; we will not do so before {at}.",
    },
    "unjudged": {
        "zh": "部分产品须先了解您的情况才能推荐。本次没有使用您的个人信息，没有判断您是否符合，因此没有展示。",
        "en": "Some products are offered only with knowledge of the customer. Nothing personal was used this time, so "
        "nothing was judged of you, and they are not shown.",
    },
    "worth-all": {"zh": "其余产品目前不作推荐。", "en": "Other products are not promoted at present."},
    "contact": {
        "zh": "按照您的意愿或本行的约定，目前不主动联系您。",
        "en": "For now we do not contact you of our own accord.",
    },
    "worth": {"zh": "其余产品目前对您帮助不大。", "en": "Other products would be of little help to you at present."},
}
"""Why other products are not shown, by topic, as the customer reads it. Of private products there is nothing to "
"read."""

EVENTS: Mapping[str, Text] = {
    "impression": {"zh": "看过的推荐", "en": "offers you saw"},
    "click": {"zh": "点开的推荐", "en": "offers you opened"},
    "accept": {"zh": "接受的推荐", "en": "offers you accepted"},
    "reject": {"zh": "拒绝的推荐", "en": "offers you declined"},
    "dismiss": {"zh": "关闭的推荐", "en": "offers you closed"},
    "contact": {"zh": "本行与您的联系", "en": "contacts by the bank"},
    "purchase": {"zh": "办理的产品", "en": "products you took"},
    "complaint": {"zh": "您的投诉", "en": "your complaints"},
    "survey": {"zh": "您对满意度调查的回答", "en": "your answers to surveys"},
}
"""Kinds of event, as the customer reads them."""

ADVISER: Mapping[str, Text] = {
    "summary": {
        "zh": "可以向该客户介绍{count}款产品。介绍前请先核对行为规范。",
        "en": "{count} may be spoken of with this customer. Read the rules of conduct first.",
    },
    "summary-none": {
        "zh": "目前没有可以向该客户介绍的产品。",
        "en": "There is no product to speak of with this customer at present.",
    },
    "assessed": {
        "zh": "客户的风险承受能力测评有效，不得请客户重新测评，不得谈论其他测评结果。",
        "en": "The customer's risk assessment is valid: never ask to retake it, and speak of no other result.",
    },
    "unassessed": {
        "zh": "客户没有有效的风险承受能力测评，只介绍存款；客户主动问起时可说明测评由本人自愿、如实完成，"
        "不作任何提示。",
        "en": "The customer has no valid risk assessment: speak of deposits only; asked about it, say that it is taken "
        "freely and truthfully, and prompt nothing.",
    },
    "second": {
        "zh": "客户已满65岁：高风险产品须当面办理、录音录像，并由另一名人员再次确认。",
        "en": "The customer is 65 or older: high-risk products face to face only, recorded, and with a second "
        "confirmation by another member of staff.",
    },
    "withdrawn": {
        "zh": "客户已关闭个性化推荐，不得根据其个人信息推荐。",
        "en": "The customer has switched personalisation off: base nothing on what is known of them.",
    },
    "unjudged": {
        "zh": "须先了解客户情况；本次没有使用其个人信息，未作判断",
        "en": "It takes knowledge of the customer; nothing personal was used, so nothing was judged",
    },
    "next-contact": {
        "zh": "此时不在可以联系客户的时间，最早可在{at}联系。",
        "en": "At this hour the customer may not be contacted; the first time at which they may is {at}.",
    },
    "held-back": {
        "zh": "其他产品不向该客户介绍，也不提及其名称。",
        "en": "Other products are not for this customer: do not name them.",
    },
}
"""The adviser's sentences."""

UNHEARD: Mapping[str, Mapping[str, Sequence[str]]] = {
    "customer": {
        "zh": ("首推", "解锁", "倾向", "优先级", "边际", "利润", "毛利", "评分", "得分", "分群", "对照测试"),
        "en": ("unlock", "propensity", "priority", "margin", "score", "segment", "uplift", "lifetime value", "must be",
               "at least"),
    },
    "adviser": {
        "zh": ("首推", "解锁", "倾向", "优先级", "利润", "毛利", "得分", "对照测试"),
        "en": ("unlock", "propensity", "priority", "margin", "uplift", "lifetime value", "must be"),
    },
    "analyst": {"zh": ("首推", "解锁"), "en": ("unlock",)},
}  # fmt: skip
"""Reader -> language -> words that its texts never hold."""

_LATIN = re.compile(r"[A-Za-z]{2,}")
_GROUNDS = (
    ("NFRA order 2025 No. 7", "金融监管总局令2025年第7号"),
    ("CBIRC order 2022 No. 9", "银保监会令2022年第9号"),
    ("CBIRC order 2021 No. 4", "银保监会令2021年第4号"),
    ("CBRC notice 2017 No. 110", "银监办发〔2017〕110号"),
    ("PBOC announcement 2016 No. 13", "中国人民银行公告2016年第13号"),
    ("PBOC, RMB Bank Settlement Account Measures", "人民币银行结算账户管理办法"),
    ("Asset Management Guiding Opinions 2018", "资管新规（2018年）"),
    ("algorithm provisions", "互联网信息服务算法推荐管理规定"),
    ("Advertising Law", "广告法"),
    ("Civil Code", "民法典"),
    ("PIPL", "个人信息保护法"),
    ("Bank rule on customer contact hours", "本行客户联系时间规定"),
    ("Product terms of the insurer", "保险产品条款"),
    ("product terms", "产品条款"),
    (" to ", "至"),
    (", ", "、"),
    ("; ", "；"),
)


def ground_in(ground: str | None, language: str) -> str | None:
    """The ground of a rule in the language; in Chinese its articles by their Chinese names, without what has none.

    >>> ground_in("PIPL art. 14, 15; Advertising Law art. 43", "zh")
    '个人信息保护法第14、15条；广告法第43条'
    >>> ground_in("Civil Code art. 13", "en")
    'Civil Code art. 13'
    """
    if ground is None or language == "en":
        return ground
    words = re.sub(r"\s*\([^)]*\)", "", ground)
    for english, chinese in _GROUNDS:
        words = words.replace(english, chinese)
    words = re.sub(r"\s*art\. ([\d至、]*\d)", r"第\1条", words)
    known = [part for part in words.split("；") if not _LATIN.search(part)]
    return "；".join(known) or None


def is_chinese(text: str) -> bool:
    """Whether a Chinese text holds no English word; single letters, as of a risk grade, are none.

    >>> is_chinese("产品为R3"), is_chinese("已过期 12 days ago")
    (True, False)
    """
    return _LATIN.search(text) is None
