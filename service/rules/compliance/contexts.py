"""Honest uses of words that otherwise promise: safety of an account, a fee in per cent, a share of assets, a loss.

An exemption belongs to one kind of promise and looks at the words around it. It never covers another promise in the
same sentence.
"""

import re

from service.rules.compliance.table import Pattern

_SECURITY_BEFORE = re.compile(
    "(?:账户|账号|信息|数据|密码|登录|登陆|网络|网络环境|交易|支付|用卡|隐私|系统|设备|手机|"
    "人身|公共|消防|环境|通信|网银|信息的|升级|银行卡|帐户|安防|出行|食品)$"
)
_SECURITY_AFTER = re.compile(
    "^(?:提示|提醒|码|中心|验证|认证|控件|键盘|工具|锁|登录|登陆|退出|设置|问题|知识|教育|意识|"
    "出口|通道|检查|须知|用卡|月|周|宣传|防护|账户|证书|芯片|隐患|事件|保密|热线|等级|支付|"
    "升级|网关|密钥|部门|保卫|员)"
)
_SECURITY_TALK = re.compile(
    "请勿|切勿|谨防|不要(?:泄露|点击|转账|告诉|将|把|向)|泄露|验证码|密码|诈骗|陌生|链接|报警|"
    "电诈|盗刷|冒用|木马|病毒|挂失|登录|"
    "your (?:password|code|card|pin)|sign(?:ing)? (?:in|out)|log(?:ging)? (?:in|out)|never share|"
    "your data|personal data|your card|your account|your identity|we never ask|for your security|"
    "call is recorded"
)
_FEE = re.compile(
    "(?:费|费率|佣金|报酬|计提|税|折扣|折|罚息|违约金|fees?|costs?|charges?|commission|taxe?s?)[^\n%]{0,16}$|"
    "^[^\n,]{0,6}(?:的?(?:费|佣金|手续费|业绩报酬)|计提)|"
    "^[^\n,]{0,12}(?:fee|charge|commission)(?![a-z])"
)
_SHARE = re.compile(
    "(?:比例|占比|仓位|投资于|资产|权益|债券|股票|现金|敞口|集中度|持仓|比例的?|份额|同意|投票)[^\n]{0,20"
    "}(?:不低于|不超过|不高于|不少于|达到|为|约|从|由|至多|至少|上限|下限|占|合计|[-0-9%])[^\n]{0,6}$|"
    "(?:比例|占比|仓位|资产的)[^\n,]{0,4}$|"
    "(?:at least|at most|no more than|up to|make up|not exceed|less than|more than|equities|"
    "bonds|limit of)[a-z ]{0,24}$"
)
_ASSETS_AFTER = re.compile(
    "^[^\n]{0,3}(?:以上|以下)?[^\n]{0,4}(?:的?(?:资产|仓位|债券|权益))|^ ?(?:of|in) (?:the |"
    "its |all )?(?:assets?|portfolio|fund|bonds|equities|stocks|net)"
)
_LOSS_BEFORE = re.compile(
    "(?:亏损|损失|下跌|跌幅|跌|亏|下降|缩水|回落|回撤(?!控制|不)|loss of|lose|lost|losses of|"
    "fell|fall|falls|dropped|decline[ds]?|down by|down)[^\n,]{0,14}$"
)
_LOSS_AFTER = re.compile(
    "^[^\n,]{0,4}(?:的?(?:亏损|损失|跌幅)|下降|下跌)|^ (?:per ?cent |percent )?(?:below|under)(?![a-z])|"
    "^ (?:of your principal )?(?:loss|decline|fall)"
)
_YIELD_WORD = re.compile("收益(?!类|型|凭证)|年化|利率|回报|利息|赚|yield|return|interest|earn|profit")
_BENCHMARK = re.compile("业绩比较基准|业绩基准|比较基准|benchmark")
_TOUTED = re.compile(
    "高达|可达|达到|兑付|到期按|保守|乐观|轻松|稳|保证|就拿|拿到|至少|超过|突破|as high as|"
    "reaches|guaranteed|you (?:will )?(?:get|receive|earn)"
)
_BARE_BEFORE = re.compile(
    "(?:净值|版本?|v|第|汇率|费率|费|指数|面值|手机银行|app|等级|金额|fee|value|version|was|level|at)[^\n,]{0,10}$"
)
_MONEY_OFF = re.compile("(?:费|费用|手续费|上限|限额|起点|起存|赎回|fee|limit)[^\n]{0,14}$")
_ELSEWHERE = re.compile("^[^\n]{0,8},(?:但|而)?(?:理财|本产品|该产品|基金|本理财|它)[^\n]{0,6}(?:没有|不|无)")


_REMAINS = re.compile("^(?:并?不能|无法|不可能|不会|不)(?:完全|彻底)?(?:规避|避免|消除|排除|防止|抵御|化解)")
"""What is said to leave a risk where it is."""
_SUITS = re.compile("^[^,]{0,4}(?:适合|合适)|^s? ?(?:may |might )?(?:suits?|be safer) ")
_SERVICE = re.compile(
    "^(?:您|将|会|尽快)*(?:及时|认真|保护|保密|答复|回复|处理|尊重|不会?泄露|不向|遵守|按时答复|在[^,]{1,6}答复)|"
    "^ (?:neither|nothing)(?![a-z])|^ (?:to |that we |we )?(?:will )?(?:answer|reply|respond|"
    "protect your (?:data|privacy)|keep your data|never share|handle)"
)
"""What a bank may promise: its own service."""
_PLAIN = {
    "denial-of-loss": _REMAINS,
    "liquidity": re.compile("consent|objection|complaint|同意|授权|投诉"),
    "capital-protection": re.compile("犹豫期|冷静期|^国债"),
    "state-backing": re.compile("^(?:设立|成立)"),
    "guarantee": _SERVICE,
    "deposit-insurance": _ELSEWHERE,
}
"""By class, what makes the words plain: in a denial or liquidity itself, before a protection, after any other."""
_SPOKEN_OF = {
    "enticement": re.compile("可能[^,]{0,3}亏|有亏|会亏|也会跌|不一定|未必|跟风|别人赚"),
    "urgency": re.compile("可以?随时(?:关闭|取消|撤销|退订)|挂失|报警|客服|验证码|被盗|盗刷"),
}
"""What a sentence speaks of where a gain or a hurry in it is none."""
_TOUTED_GAIN = re.compile(
    "收益(?!类|型|凭证|权|人)|回报|盈利|赚|分红|增值(?!服务|税)|获利|升值|"
    "(?<![a-z])(?:returns?(?! the)|profits?|earn(?:s|ed|ing)?|payouts?|pays out|paid out|money grows|gains?)(?![a-z])"
)
_HEDGE = re.compile(
    "[不未无非没负亏损跌费险税骗]|谨防|警惕|投诉|可能|波动|浮动|取决|为准|减少|降低|低于|过往|历史|测算|基准|谨慎|"
    "有涨有跌|什么|怎[么样]|吗|如何|查看|查询|"
    "说明|明细|分配|再投资|方式|到账|份额|登记|公布|披露|报告|实际|计算|按|"
    "(?<![a-z])(?:not|no|never|nor|neither|cannot|may|might|could|can|risks?|uncertain|depends?|"
    "los[es]|loss|losses|lost|past|fees?|charges?|reduces?|"
    "vary|varies|benchmark|how|what|whether|if|nobody|nothing|fall|falls|fell|surrender[a-z]{0,4}|"
    "without|question|report|statement|based|tax|before|bears?|beware|watch out|scams?|fraud)(?![a-z])"
)


def touted_gain(sentence: str) -> re.Match[str] | None:
    """The gain that a sentence speaks of without any word of its risk, cost or basis; None where it speaks of none."""
    gain = _TOUTED_GAIN.search(sentence)
    return gain if gain is not None and _HEDGE.search(sentence) is None else None


def is_honest(pattern: Pattern, sentence: str, start: int, end: int) -> bool:
    """Whether the words around a promise make it an honest sentence of another kind."""
    before, after, said = sentence[:start], sentence[end:], sentence[start:end]
    if "安全" in said or said.startswith(("safe", "secur")):
        return _speaks_of_security(sentence, before, after, said)
    if _is_plain(pattern.kind, before, said, after):
        return True
    if "放心" in said or "踏实" in said:
        return re.search("投诉|处理|隐私|信息|核实|答复", sentence) is not None
    spoken = _SPOKEN_OF.get(pattern.kind)
    if spoken is not None and (pattern.kind == "urgency" or "赚" in said):
        return spoken.search(sentence) is not None
    return pattern.kind == "yield-figure" and (
        _MONEY_OFF.search(before) is not None or _FEE.search(said) is not None or _is_share_or_fee(before, after)
    )


def _is_plain(kind: str, before: str, said: str, after: str) -> bool:
    """Whether words of this kind say something else here."""
    if kind == "deposit-comparison":
        return "占比" in said or _SUITS.search(said.partition("deposit")[2] or after) is not None
    place = {"denial-of-loss": said, "liquidity": said, "capital-protection": before}.get(kind, after)
    plain = _PLAIN.get(kind)
    return plain is not None and plain.search(place) is not None


def is_yield(sentence: str, start: int, end: int) -> bool:
    """Whether a figure in per cent reads as a yield: no fee, no share of assets, no loss and no benchmark."""
    before, after = sentence[max(0, start - 40) : start], sentence[end : end + 40]
    if _speaks_of_loss(before, after) or _is_share_or_fee(before, after):
        return False
    return not (_BENCHMARK.search(before) and not _TOUTED.search(sentence))


def _is_share_or_fee(before: str, after: str) -> bool:
    if _FEE.search(before) or _FEE.search(after):
        return True
    if _YIELD_WORD.search(before) or _YIELD_WORD.search(after):
        return False
    return _SHARE.search(before) is not None or _ASSETS_AFTER.search(after) is not None


def is_bare_yield(sentence: str, start: int, end: int) -> bool:
    """Whether a decimal number without a unit reads as a yield: no net value, no version, no fee."""
    before, after = sentence[max(0, start - 30) : start], sentence[end : end + 12]
    if _BARE_BEFORE.search(before) or _FEE.search(before) or _speaks_of_loss(before, after):
        return False
    return not (_BENCHMARK.search(sentence[:end]) and not _TOUTED.search(sentence))


def _speaks_of_loss(before: str, after: str) -> bool:
    lost = _LOSS_BEFORE.search(before)
    if lost is not None:
        return _YIELD_WORD.search(lost.group()) is None
    return _LOSS_AFTER.search(after) is not None


def _speaks_of_security(sentence: str, before: str, after: str, said: str) -> bool:
    if said.endswith("安全") and (_SECURITY_BEFORE.search(before) or _SECURITY_AFTER.search(after)):
        return True
    return _SECURITY_TALK.search(sentence) is not None and not re.search(
        "产品|理财|收益|投资|买|return|product", sentence
    )
