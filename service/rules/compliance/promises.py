"""The promises in a text: both languages' tables and the figures read over each of its sentences.

A sentence is judged once and cached. Words that are hidden by stand-in letters or by marks in their middle are sought
in the two other readings of ``spelling``; such a disguise is refused whatever the sentence around it denies.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from service.rules.compliance import chinese, chinese_frames, english, english_frames
from service.rules.compliance.contexts import is_bare_yield, is_honest, is_yield, touted_gain
from service.rules.compliance.denial import is_denied
from service.rules.compliance.frames import Lexicon, find_framed
from service.rules.compliance.spelling import HAN, read_stand_ins, read_text, stand_in_form
from service.rules.compliance.table import ALL, RISK, WEALTH, Pattern

VERSION = f"{chinese.VERSION}, {english.VERSION}"
"""The lists in force, one for each language."""

_HAN, _LATIN = re.compile(f"[{HAN}]"), re.compile("[a-z#]")
_START = r"(?<![a-z0-9])"
_LONG = 7  # letters of a word that is found also where blanks part it: no plain sentence spells one by chance

_FIGURE = chinese.TABLE.compile(
    r"<number>(?:多)?(?:(?:-|到|至|~)<number>)?(?:%|‰|٪|(?:来|多)?个多?(?:百分)?点<digit>{0,2}|"
    r"百分点| ?个?基点| ?bps?(?![a-z])|厘<digit>?|"
    r" ?(?:per ?cent|pct|basis points?)(?![a-z]))|(?:百分之|千分之)<number>|"
    r"(?<![a-z])(?:<number>|one|two|three|four|five|six|seven|eight|nine|ten)(?: and a half)? (?:per ?cent"
    r"|percent)(?![a-z])"
)
_BARE = re.compile(
    r"(?<![\d.a-z])(?:\d\.\d{1,2}(?![\d.%个万亿元块折倍版寸点天月年]| ?(?:yuan|million|years|"
    r"hours))|[一二三四五六七八九]点[一二三四五六七八九零](?![钟刻分半点]))"
)
_NEAR = chinese.TABLE.compile(
    r"(?:<yield>|到手)[^\d,\n]{0,8}?(?<![r第])(?!零)<number>(?!\d|年(?!化)|月|日|天|期|个月|"
    r"个工作|小时|号|只|位|名|款|级|步|次|者|定|样|旦|致|起|般|些|方|直|切|律|份|类|种|下|份)"
)
_AFTER = re.compile(r"(?<![\d.])\d{1,2}(?:\.\d{1,2})?个?(?:的)?(?:收益|年化|回报)(?!类|型|者)")


@dataclass(frozen=True, slots=True)
class Promise:
    """What may not be said: its class, the words that say it, and where it holds."""

    kind: str
    words: str
    on: str


def find_promises(text: str) -> tuple[Promise, ...]:
    """Every promise of a text, each class and wording once."""
    reading, guessed = read_text(text), read_stand_ins(text)
    found = [one for sentence in reading.sentences for one in _judge_sentence(sentence)]
    found += _across_seams(reading.run, reading.seams, reading.breaks)
    found += _in_stand_ins(guessed.sentences, reading.sentences)
    return tuple(dict.fromkeys(found))


def figures_in(sentence: str) -> list[str]:
    """Every figure in per cent of a sentence of ``spelling``, in whatever writing."""
    return [said.group().strip() for said in _FIGURE.finditer(sentence)]


def find_words(text: str, words: Sequence[str]) -> list[str]:
    """Those of the bank's own words that a text says, in any spelling, unless it denies them."""
    return [word for word in words if _says(text, word)]


@lru_cache(maxsize=4096)
def _judge_sentence(sentence: str) -> tuple[Promise, ...]:
    found, denied = list[tuple[Promise, range]](), list[range]()
    for pattern in _patterns_for(sentence):
        for said in pattern.sought.finditer(sentence):
            place = range(said.start(), said.end())
            if is_denied(sentence, said.start(), said.end()):
                denied.append(place)
            elif not is_honest(pattern, sentence, said.start(), said.end()):
                found.append((Promise(pattern.kind, said.group().strip(" ,"), pattern.on), place))
    found += [one for one in _framed(sentence) if not _is_told(one, found, denied)]
    free = [one for one, place in found if not any(_is_inside(place, other) for other in denied)]
    said_of = list(_outermost([*free, *_figures(sentence)]))
    gain = None if said_of else touted_gain(sentence)
    if gain is None or is_denied(sentence, *gain.span()):
        return tuple(said_of)
    return (Promise("enticement", gain.group(), WEALTH),)


def _framed(sentence: str) -> Iterator[tuple[Promise, range]]:
    """The promises that a sentence puts together from several words, unless it denies them."""
    for lexicon in _lexicons_for(sentence):
        for frame, place in find_framed(sentence, lexicon):
            if not is_denied(sentence, place.start, place.stop):
                yield Promise(frame.kind, sentence[place.start : place.stop].strip(" ,"), frame.on), place


def _lexicons_for(sentence: str) -> Iterator[Lexicon]:
    """The concepts and frames of the languages whose letters the sentence has."""
    if _HAN.search(sentence):
        yield chinese_frames.LEXICON
    if _LATIN.search(sentence):
        yield english_frames.LEXICON


def _is_told(one: tuple[Promise, range], found: list[tuple[Promise, range]], denied: list[range]) -> bool:
    """Whether a listed wording says the same promise there already, or one of its words is denied."""
    promise, place = one
    return any(_meet(place, other) for other in denied) or any(
        _meet(place, other) and _covers(listed, promise) for listed, other in found
    )


def _meet(place: range, other: range) -> bool:
    return place.start <= other.stop and other.start <= place.stop


def _is_inside(place: range, other: range) -> bool:
    return other.start <= place.start and place.stop <= other.stop


def _figures(sentence: str) -> Iterator[Promise]:
    """The figures that read as a yield, each named once: a longer reading goes before a shorter one within it."""
    taken = list[range]()
    for sought, reads in ((_FIGURE, is_yield), (_NEAR, is_bare_yield), (_AFTER, is_bare_yield), (_BARE, is_bare_yield)):
        for said in sought.finditer(sentence):
            start, end = said.span()
            if any(start < other.stop and other.start < end for other in taken):
                continue
            if reads(sentence, start, end) and not is_denied(sentence, start, end):
                taken.append(range(start, end))
                yield Promise("yield-figure", said.group().strip(), RISK)


def _outermost(found: list[Promise]) -> Iterator[Promise]:
    """Without those whose words are inside longer words of the same class that hold wherever they do."""
    for one in dict.fromkeys(found):
        if not any(one.words != other.words and one.words in other.words and _covers(other, one) for other in found):
            yield one


def _covers(other: Promise, one: Promise) -> bool:
    return other.kind == one.kind and other.on in (ALL, one.on)


def _patterns_for(sentence: str) -> Iterator[Pattern]:
    """The patterns of the languages whose letters the sentence has."""
    if _HAN.search(sentence):
        yield from _chinese()
    if _LATIN.search(sentence):
        yield from _english()


@cache
def _chinese() -> tuple[Pattern, ...]:
    return chinese.TABLE.patterns()


@cache
def _english() -> tuple[Pattern, ...]:
    """The English patterns, from the start of a word to the end of one."""
    return english.TABLE.patterns(f"{_START}(?:", ")(?![a-z])")


_DISGUISED = (
    ("guarantee", RISK, ("guarantee", "promise", "assured", "保证", "保证收益", "承诺", "稳赢", "刚兑", "旱涝保收",)),
    ("guarantee", ALL, ("稳赚", "包赚", "必赚", "刚性兑付",)),
    ("capital-protection", RISK, ("safe", "secure", "principal protected", "capital protected", "安全", "保本", "保息",
      "保底", "兜底", "本金无忧",)),
    ("capital-protection", ALL, ("保本保息", "绝对安全",)),
    ("denial-of-loss", RISK, ("零亏损", "不亏", "无损", "不会亏损",)),
    ("denial-of-loss", ALL, ("risk free", "riskless", "no risk", "zero risk", "without risk", "low risk",
      "sure win", "cannot lose", "无风险", "零风险", "0风险", "低风险", "只赚不赔", "稳赚不赔",)),
    ("yield-figure", RISK, ("expected yield", "expected return", "forecast yield", "projected return", "预期收益",
      "预计收益", "预期年化", "收益可达", "万份收益",)),
    ("enticement", ALL, ("high yield", "high return", "high interest", "高收益", "高回报", "高利率", "低门槛",
      "零门槛",)),
    ("liquidity", RISK, ("实时到账",)),
    ("liquidity", ALL, ("秒到账",)),
    ("urgency", ALL, ("last chance", "act now", "手慢无", "抢购", "先到先得",)),
    ("gift", ALL, ("cash back", "free gift", "返现", "存款返现", "存款送礼", "贴息",)),
    ("superlative", ALL, ("number one", "最高收益", "全国第一", "收益第一",)),
    ("deposit-insurance", WEALTH, ("deposit insurance", "存款保险",)),
)  # fmt: skip
"""Words that are sought also where a disguise hides them: class, where they are refused, how they are said."""


@cache
def _disguised() -> tuple[tuple[Promise, re.Pattern[str], re.Pattern[str]], ...]:
    """Each hidden word as a promise, with what finds it as it is and with stand-ins."""
    words = [Promise(kind, word, on) for kind, on, listed in _DISGUISED for word in listed]
    return tuple((one, _spread(one.words), _spread(stand_in_form(one.words))) for one in words)


@lru_cache(maxsize=512)
def _spread(word: str) -> re.Pattern[str]:
    """A Chinese word anywhere; another from where a word starts, also with blanks inside where it is long."""
    if _HAN.search(word):
        return re.compile(re.escape(word))
    gap = "" if len(word) < _LONG else " ?"
    return re.compile(_START + " ?".join(gap.join(map(re.escape, part)) for part in word.split()))


@cache
def _lettered() -> tuple[tuple[Promise, re.Pattern[str], re.Pattern[str]], ...]:
    """The hidden words that letters or a nought spell: those that stand-ins can hide."""
    return tuple(row for row in _disguised() if not _HAN.search(row[0].words) or "0" in row[0].words)


@cache
def _written() -> tuple[tuple[Promise, re.Pattern[str]], ...]:
    """The hidden words of Chinese characters alone."""
    lettered = {one for one, _, _ in _lettered()}
    return tuple((one, sought) for one, sought, _ in _disguised() if one not in lettered)


@cache
def _any_lettered() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What finds any of them, as they are and with stand-ins: nearly every text has none."""
    plain = "|".join(sought.pattern for _, sought, _ in _lettered())
    return re.compile(plain), re.compile("|".join(other.pattern for _, _, other in _lettered()))


def _across_seams(run: str, seams: frozenset[int], breaks: frozenset[int]) -> Iterator[Promise]:
    """Words with a mark in their middle: the end of a line in any, another mark in a long one."""
    for promise, sought in _hidden_in(run) if seams else ():
        for said in sought.finditer(run):
            inside = range(said.start() + 1, said.end())
            if any(place in breaks for place in inside) or (
                _is_long(promise.words) and any(p in seams for p in inside)
            ):
                yield promise


def _hidden_in(run: str) -> Iterator[tuple[Promise, re.Pattern[str]]]:
    """The words of disguise that a text says somewhere: one search for all that letters spell."""
    if _any_lettered()[0].search(run):
        yield from ((promise, sought) for promise, sought, _ in _lettered())
    yield from ((promise, sought) for promise, sought in _written() if promise.words in run)


def _is_long(word: str) -> bool:
    return _HAN.search(word) is not None and len(word) > 2


def _in_stand_ins(guessed: Sequence[str], plain: Sequence[str]) -> Iterator[Promise]:
    """What is read only where signs stand for letters, or where blanks part a word."""
    any_plain, any_other = _any_lettered()
    said, read = "\n".join(plain), "\n".join(guessed)
    if any_plain.search(said) or any_other.search(read):
        yield from (promise for promise, sought, other in _lettered() if _is_hidden(promise, sought, other, said, read))


def _is_hidden(promise: Promise, sought: re.Pattern[str], other: re.Pattern[str], said: str, read: str) -> bool:
    plainly = [match.group() for match in sought.finditer(said)]
    parted = any(words != promise.words for words in plainly)
    return parted or len(other.findall(read)) > len(plainly)


def _says(text: str, word: str) -> bool:
    """Whether a text says a word in any spelling and does not deny it."""
    reading, guessed = read_text(text), read_stand_ins(text)
    plain = read_text(word).run
    sought, other = _spread(plain), _spread(read_stand_ins(word).run)
    said = [(sentence, match) for sentence in reading.sentences for match in sought.finditer(sentence)]
    hidden = sum(len(other.findall(sentence)) for sentence in guessed.sentences) > len(said)
    return hidden or any(not is_denied(sentence, match.start(), match.end()) for sentence, match in said)
