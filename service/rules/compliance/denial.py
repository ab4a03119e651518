"""Whether a sentence denies, forbids or warns of the promise in it. Nothing is ever deleted from a text.

Two readings, both bound to the clause: the words that lead straight to the promise ("不作任何保证"), and the verb
that governs the rest of the clause ("不保证本金不受损失"). Denials are counted: an odd number denies, an even one
affirms ("不可能不保证", "Who says returns are not guaranteed"). A contrast ("但", "而是", "but") ends
a denial.
"""

import re

_FAR = 60
"""So many characters before a promise can deny it."""

_NEGATION = (
    "(?:不用|不必|无需|无须|不要|不|别)(?:担心|怕|害怕|顾虑|操心)|谁说|谁讲|怎么会|怎么可能|"
    "怎么能|哪里会|哪有|哪会|哪能|难道|岂|"
    "不可能|不可以|不能够|不能|不会|不得|不应|不宜|不可|不要|请勿|切勿|不允许|没有任何人?|没有人|"
    "没人|无人|没有|没|未曾|未|无法|无任何|无|并非|绝非|而非|非|勿|莫|别|严禁|禁止|拒绝|杜绝|"
    "不予|不作|不"
)
_NO_NEGATION = "不仅仅|不仅|不但|不光|不只|不止|非但|不管|不论|不断|无论|不过|不同|不错|不少|不到|无比"
_FILLER = (
    "只涨|只赚|收取|会|能够|能|可以|可|将|涉及|作出|做出|作为|作|做|提供|给予|赠送|设置|设定|设|以|通过|存在|出现|"
    "有|任何|形式|什么|的|地|对于|对|就|其|此|本|该|这款|这个|产品|理财|投资|基金|本金|收益|"
    "最低|和|及|或者|或|与|以及|"
    "都|均|也|亦|是|为|构成|向|您|你|客户|投资者|我们|我行|本行|银行|一定|完全|绝对|必然|任何人|"
    "名义|机构|个人|明示|暗示|实质性|判断|未来|业绩|一种|所谓|保本|保收益|承诺|保证|受|真正|"
    "实际|再|曾|属于"
)
_VERB = (
    "赠送|收受|索取|保证|承诺|担保|确保|设置|设定|设|构成|代表|意味着?|等于|等同于?|表示|表明|"
    "视为|理解为|视作|看作|属于|提供|存在|受|是|相信|轻信|听信|接受|作为|预示|暗示|纳入|适用|"
    "享有|享受|参加|当作|混淆|宣传|宣称|使用|出现|含有|包含|比较"
)
_CONTRAST = re.compile(
    "但|却|胜似|胜过|赛过|更胜|而是|只是|反而|不过|然而|可是|其实|实际|所以|因此|而且|并且|同时|仍然?|照样|依然|,"
)
_FILLERS = "|".join(sorted(_FILLER.split("|"), key=len, reverse=True))
_CHAIN = re.compile(f"(?>{_NO_NEGATION}|{_NEGATION}|{_FILLERS})++$")
_TOKENS = re.compile(f"({_NO_NEGATION})|({_NEGATION})|{_FILLERS}")
_LAST_VERB = re.compile(f"(?:{_VERB})")
_WARNING = re.compile(
    "谨防|警惕|提防|防范|识别|举报|(?:不要|请勿|切勿|不可|勿|不)(?:轻信|相信|听信)|打破|严禁|"
    "禁止|不(?:能|要|应)因|(?:如|若|凡|遇|凡是|如果)~?[^,]{0,6}(?:有人|承诺|宣称|声称|向您)|"
    "他人|陌生人|不法分子|冒充|谎称|诱骗|骗取|"
    "没有(?:任何|哪|一)[^,]{0,6}(?:产品|投资|理财|人)能(?![^,]{0,6}(?:比|超|像|及|赶))"
)
_REFUTED = re.compile(
    "^[^\n,]{0,12},?(?:的)?(?:行为|说法|宣传|产品|理财|承诺)?,?(?:都|均|就|皆|全|一律|统统)?(?:是|"
    "属于?|为)(?:诈骗|骗局|骗子|骗人|违规|违法|虚假|误导|谎言|非法|不可能|不实|不存在|不合规|"
    "假的)"
    "|^[a-z ]{0,30} (?:does|do|did) not (?:cover|apply|extend|include)"
    "|^[^\n,]{0,14},(?:请|可|务必|立即|您)*(?:向|拨打|致电)?[^,]{0,8}(?:投诉|举报|报警|反映|核实)"
    "|^[^\n,]{0,6},?(?:都|均|就|您|请|也|多)*要?(?:当心|小心|提防|警惕|多?留个?心眼|长个?心眼|举报|投诉)"
    "|^[^\n,]{0,8}(?:均|都|皆)?(?:不可信|不存在|不作(?:任何)?(?:保证|承诺)|不予(?:保证|承诺)|"
    "已被?(?:禁止|取消|打破|退出)|请(?:拨打|举报|报警|警惕|勿信|不要相信|提高警惕))"
    "|^[^\n,]{0,6}(?:不代表|不等于|不意味|不表示|不预示|并不|就认为)"
    "|^[^\n,]{0,4},?(?:不要|请勿|切勿|勿|别)(?:轻信|相信|听信|上当|信)"
    "|^[^\n,]{0,6}(?:陷阱|伴随[^,]{0,3}高?风险|意味着?[^,]{0,3}高?风险|对应[^,]{0,3}高风险|诱惑)"
    "|^[^\n]{0,16}(?:请(?:拨打|举报|报警|提高警惕|联系本行|联系我行|立即报警)|谨防|骗局|诈骗)"
)
_WISH = re.compile("(?:如果|若|要是|只能|只想)[^,]{0,8}(?:接受|要求|想要|需要|追求|偏好|看重)[^,]{0,2}$")
_DEPOSIT_THEN = re.compile(
    "^[^,\n]{0,8},[^,\n]{0,6}(?:选择|考虑|办理)?存款|^[^,\n]{0,8},[^,\n]{0,8}(?:不适合|不建议|不要购买)"
)

_EN_NO = (
    "(?:not|never|no|nor|neither|cannot|cant|dont|doesnt|wont|isnt|arent|wasnt|didnt|havent|"
    "hasnt|nobody|none|nothing|without|who says|who said|"
    "deny|denies|wrong to say|untrue|refuses? to|forbidden to|prohibited from|rather than|instead of)"
)
_EN_TOKEN = re.compile(rf"(?<![a-z]){_EN_NO}(?![a-z])")
_EN_CONTRAST = re.compile(
    r"(?<![a-z])(?:but|however|yet|though|although|because|so|only|just|while|whereas|and(?! (?:is|"
    r"are) not))(?![a-z])|,"
)
_EN_COPULA = re.compile(
    r"(?<![a-z])(?:is|are|be|was|were|has|have|can|could|will|would|may|should|ever|who|that|to)(?![a-z])"
)
_EN_WARNING = re.compile(
    r"(?<![a-z])(?:beware|(?:has|if) (?:some|any)(?:one|body)(?= $| told| tells| claims| offers)|any(?:one|body) who|"
    r"no such thing as an? $|(?:does not|doesnt|do not) mean(?: that)?[a-z ]{0,20}$|"
    r"never trust|do not trust|dont trust|do not believe|dont believe|scams?|"
    r"fraud(?:sters?)?|anyone who|be wary|watch out|report anyone|criminals)(?![a-z])"
)
_EN_WISH = re.compile(
    r"if you (?:want|need|prefer|require|insist on|can only accept)[a-z ]{0,20}$|if your (?:principal|"
    r"capital|money|savings) (?:must|has to|should)[a-z ]{0,12}$"
)
_EN_DEPOSIT = re.compile(r"^[^,\n]{0,20},? ?(?:then )?(?:a|choose a|consider a|take a) deposit")


def is_denied(sentence: str, start: int, end: int) -> bool:
    """Whether the promise at these places of a sentence of ``spelling`` is denied, forbidden or warned of.

    >>> is_denied("本产品不保证收益", 4, 6), is_denied("我们不可能不保证收益", 6, 8)
    (True, False)
    >>> is_denied("returns are not guaranteed", 16, 26), is_denied("we cannot but guarantee it", 14, 23)
    (True, False)
    """
    before, after = sentence[max(0, start - _FAR) : start], sentence[end : end + _FAR]
    clause = before.rpartition(",")[2]
    return (
        _denied_in_chinese(clause)
        or _WARNING.search(before) is not None
        or _REFUTED.search(after) is not None
        or (_WISH.search(clause) is not None and _DEPOSIT_THEN.search(after) is not None)
        or _denied_in_english(clause, before, after)
    )


def _denied_in_chinese(clause: str) -> bool:
    if _odd(clause):
        return True
    for verb in reversed(list(_LAST_VERB.finditer(clause))):
        between = clause[verb.end() :]
        if _odd(clause[: verb.start()]) and not _odd(between) and not _breaks_off(between, verb.group()):
            return True
    return False


def _breaks_off(between: str, verb: str) -> bool:
    return _CONTRAST.search(between) is not None or (verb == "是" and "是" in between)


def _odd(left: str) -> bool:
    """Whether the words that end here hold an odd number of denials."""
    chain = _CHAIN.search(left)
    if chain is None:
        return False
    return sum(1 for token in _TOKENS.finditer(chain.group()) if token.group(2)) % 2 == 1


def _denied_in_english(clause: str, before: str, after: str) -> bool:
    if _EN_WARNING.search(before) or (_EN_WISH.search(clause) and _EN_DEPOSIT.search(after)):
        return True
    open_part = _after_contrast(clause)
    found = list(_EN_TOKEN.finditer(open_part))
    if "neither" in open_part:
        found = [one for one in found if one.group() != "nor"]
    if not found or len(found) % 2 == 0:
        return False
    last = found[-1]
    return _governs(last.group(), open_part[last.end() :].split())


def _after_contrast(clause: str) -> str:
    """What stands between the last contrast and the promise."""
    ends = [match.end() for match in _EN_CONTRAST.finditer(clause)]
    return clause[ends[-1] :] if ends else clause


def _governs(negation: str, between: list[str]) -> bool:
    """Whether a negation reaches over these words: ``no`` only over one word, or up to a verb of its own."""
    if negation in ("no", "without", "none", "nothing", "nobody"):
        return len(between) <= 1 or (len(between) <= 8 and _EN_COPULA.search(" ".join(between)) is not None)
    return len(between) <= 8
