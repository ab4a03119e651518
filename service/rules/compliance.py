"""What a message may not say, and what it must: the bank's words checked against conduct rules.

Two lists in code, which a policy can lengthen but not shorten. Before any word is searched, a text is brought to one
form (``folding``, and without separators between characters), so that ``保 證``, ``保*证``, wide and Cyrillic letters
are found. Signs that replace letters (``gu@r4ntee``) are also read as those letters. Phrases that deny a promise ("not
guaranteed") are removed first. The check runs over every message when a policy is read, and again before it serves.

Grounds: CBIRC order 2021 No. 4 (no promised or forecast yield; a benchmark only with its basis), NFRA order 2025 No. 7
(the risk level is stated), Deposit Insurance Regulations (the insurance belongs to deposits), and the 2026 measures on
online marketing of financial products (no 低风险, 低门槛, 秒到账, 高收益).
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from service.core.domain import Family
from service.core.folding import fold_text
from service.rules.model.rules import Message

BANNED = (
    *(
        "无风险",
        "零风险",
        "0风险",
        "低风险",
        "低门槛",
        "高收益",
        "高回报",
        "高利率",
        "秒到账",
        "稳赚",
        "包赚",
        "必赚",
        "只赚不赔",
    ),
    *("必赚", "只赚不赔", "绝对安全", "保本保息", "保本保收益", "刚性兑付", "最高收益", "抢购", "手慢无"),
    *("risk free", "riskless", "no risk", "zero risk", "without risk", "low risk", "high yield", "high return"),
    *("high interest", "sure win", "cannot lose", "last chance"),
)
"""Banned on every product."""

BANNED_WITH_RISK = (
    *(
        "保证",
        "承诺",
        "安全",
        "保本",
        "保息",
        "保收益",
        "刚兑",
        "预期收益",
        "预计收益",
        "预期年化",
        "收益可达",
        "稳赢",
        "无损",
    ),
    *("guarantee", "promise", "assured", "secure", "safe", "expected yield", "expected return", "forecast yield"),
    *("projected return", "principal protected", "capital protected"),
)
"""Banned on every family but deposits, and on any product with a risk level."""

DENIALS = (
    *(
        "不保证",
        "无法保证",
        "不作保证",
        "不承诺",
        "不作承诺",
        "不构成承诺",
        "不构成收益承诺",
        "不构成任何承诺",
        "非保本",
        "不保本",
    ),
    *("不代表预期收益", "并非预期收益", "不是预期收益"),
    *("not guaranteed", "no guarantee", "does not guarantee", "not guarantee", "no promise", "not a promise"),
    *("not an expected yield", "not expected yield"),
)
"""Phrases that deny a promise; a banned word inside one is no promise."""

INSURANCE = ("存款保险", "deposit insurance")
BENCHMARK = ("业绩比较基准", "业绩基准", "benchmark")
BASIS = {"zh": ("依据",), "en": ("basis", "based on")}
NOT_A_YIELD = {"zh": ("不代表预期收益", "并非预期收益", "不是预期收益"), "en": ("not an expected yield",)}
NOT_GUARANTEED = {"zh": ("不保证", "非保本", "不保本"), "en": ("not guaranteed",)}
COOLING_OFF = {"zh": ("冷静期", "犹豫期"), "en": ("withdraw within", "cooling off", "hesitation period")}
CARE = {"zh": ("投资须谨慎",), "en": ("invest with care",)}

_SEPARATORS = re.compile(r"[\W_]+")
_SPELT = re.compile(r"\b(?:[a-z] ){2,}[a-z]\b")
_HAN = re.compile(r"[\u4e00-\u9fff]")
_HAN_GAP = re.compile(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")
_RISK_LEVEL = re.compile(r"(?<![a-z0-9])r([1-5])(?![0-9])")
_PERCENT = re.compile(
    r"[\d零一二三四五六七八九十两半][\d.,]*\s*(?:[%‰٪]|per.?cent|pct\b|个点|个百分点|基点|bps?\b)|百分之"
)
_STAND_INS = str.maketrans("l1|!0@4$53", "iiiioaasse")
_START = r"(?<![a-z0-9])"
_LONG = 7  # letters of a word that is found also where blanks part it anywhere: no plain sentence spells one by chance
_FEE_BEFORE = re.compile(r"(?:费|fees?|charges?)[^%]{0,16}$")


@lru_cache(maxsize=1024)
def normalise(text: str) -> str:
    """One form for all spellings: half width, simplified, small letters, one space for every run of separators.

    >>> normalise("保 證 收*益, ＧＵＡＲＡＮＴＥＥＤ r.i.s.k")
    '保证收益 guaranteed risk'
    """
    spaced = _SEPARATORS.sub(" ", fold_text(text)).strip()
    return _HAN_GAP.sub("", _SPELT.sub(lambda run: run.group().replace(" ", ""), spaced))


def message_faults(
    message: Message,
    language: str,
    family: str,
    risk: int | None = None,
    banned: Sequence[str] = (),
    cooling_off: bool = False,
) -> list[str]:
    """Every reason why this message may not be shown; empty where it may.

    ``risk`` is the product's level 1 to 5, None where it has none; ``banned`` are the bank's own further words.
    ``cooling_off``: the product gives time to withdraw, which the message must state.
    """
    words = "\n".join((message.title, message.body, *message.disclosures))
    faults = list(_banned(words, (*BANNED, *banned)))
    if family != Family.DEPOSIT or risk is not None:
        faults += [*_banned(words, BANNED_WITH_RISK), *_yields(words, language), *_missing(words, language, risk)]
    if cooling_off:
        faults += _demand(normalise(words), COOLING_OFF[language], "the time to withdraw must be told")
    if family != Family.DEPOSIT:
        faults += [f'"{term}" belongs to deposits only' for term in INSURANCE if _says(normalise(words), term)]
    return faults


def wording_faults(words: str, banned: Sequence[str] = ()) -> list[str]:
    """What no customer may read on any product: for reasons and other texts besides messages."""
    return list(_banned(words, (*BANNED, *banned)))


def _banned(words: str, banned: tuple[str, ...]) -> Iterator[str]:
    plain = _without(DENIALS, normalise(words))
    guessed = _without(map(_guessed, DENIALS), _guessed(words))
    spelt, read = _forms(banned)
    if not (spelt.found_in(plain) or read.found_in(guessed)):
        return
    for word in banned:
        if _says(plain, normalise(word)) or _says(guessed, _guessed(word)):
            yield f'"{word}" may not be said'


@lru_cache(maxsize=1024)
def _guessed(text: str) -> str:
    """The text with signs read as the letters they replace; I, l and 1 are one."""
    return normalise(fold_text(text).translate(_STAND_INS))


def _says(text: str, word: str) -> bool:
    """Whether the text has the word: a Chinese word anywhere, also across separators; another where a word starts
    (收益safe).
    """
    if _HAN.search(word):
        return word in text.replace(" ", "")
    return _pattern(word).search(text) is not None


@lru_cache(maxsize=1024)
def _pattern(word: str) -> re.Pattern[str]:
    return re.compile(_START + _letters(word))


def _letters(word: str) -> str:
    gap = "" if len(word) < _LONG else " ?"
    return " ?".join(gap.join(map(re.escape, part)) for part in word.split())


class _Words:
    """Many words, searched at once. Nearly every text has none of them, and is then read once."""

    def __init__(self, words: Iterable[str]) -> None:
        sought = dict.fromkeys(words)
        self._han = [word for word in sought if _HAN.search(word)]
        others = [word for word in sought if not _HAN.search(word)]
        self._others = re.compile(f"{_START}(?:{'|'.join(map(_letters, others))})") if others else None

    def found_in(self, text: str) -> bool:
        """Whether ``_says`` holds for any of the words."""
        joined = text.replace(" ", "")
        if any(word in joined for word in self._han):
            return True
        return self._others is not None and self._others.search(text) is not None


@lru_cache(maxsize=64)
def _forms(banned: tuple[str, ...]) -> tuple[_Words, _Words]:
    """The words as they are spelt, and with signs read as letters."""
    return _Words(map(normalise, banned)), _Words(map(_guessed, banned))


def _without(denials: Iterable[str], text: str) -> str:
    for denial in denials:
        text = text.replace(denial, "|")
    return text


def _yields(words: str, language: str) -> Iterator[str]:
    """The faults of a percentage: it reads as a yield, unless it is a fee or a benchmark with its basis."""
    text = normalise(words)
    benchmark = any(word in text for word in BENCHMARK)
    if benchmark:
        yield from _demand(text, BASIS[language], "a benchmark needs its basis")
        yield from _demand(text, NOT_A_YIELD[language], "a benchmark needs the words that it is no expected yield")
    figures = fold_text(words)
    if not benchmark and any(_is_yield(figures, match) for match in _PERCENT.finditer(figures)):
        yield "a figure in per cent reads as a promised yield"


def _is_yield(text: str, match: re.Match[str]) -> bool:
    return not _FEE_BEFORE.search(text[: match.start()])


def _missing(words: str, language: str, risk: int | None) -> Iterator[str]:
    text = normalise(words)
    levels = set(_RISK_LEVEL.findall(text))
    if risk is not None and levels != {str(risk)}:
        stated = ", ".join(f"R{level}" for level in sorted(levels)) or "none"
        yield f"the risk level R{risk} must be told, got {stated}"
    if risk is None and not levels:
        yield "a risk level (R1 to R5) must be told"
    yield from _demand(text, NOT_GUARANTEED[language], "it must be said that this is not guaranteed")
    yield from _demand(text, CARE[language], "a call for care must be there")


def _demand(text: str, forms: Sequence[str], sentence: str) -> Iterator[str]:
    if not any(form in text for form in forms):
        yield f"{sentence}: expected {' or '.join(repr(form) for form in forms)}"
