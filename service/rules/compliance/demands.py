"""What a message must say: risk level, no guarantee, care, time to withdraw, and the basis of a benchmark.

Grounds: CBIRC order 2021 No. 4 (a benchmark only with its basis and as no expected yield), NFRA order 2025 No. 7 (the
risk level is stated).
"""

import re
from collections.abc import Iterator

from service.rules.compliance.reasons import list_forms, list_levels, say_reason
from service.rules.compliance.spelling import normalise

BENCHMARK = ("业绩比较基准", "业绩基准", "benchmark")
BASIS = {"zh": ("依据",), "en": ("basis", "based on")}
NOT_A_YIELD = {"zh": ("不代表预期收益", "并非预期收益", "不是预期收益"), "en": ("not an expected yield",)}
NOT_GUARANTEED = {"zh": ("不保证", "非保本", "不保本"), "en": ("not guaranteed",)}
COOLING_OFF = {"zh": ("冷静期", "犹豫期"), "en": ("withdraw within", "cooling off", "hesitation period")}
CARE = {"zh": ("投资须谨慎",), "en": ("invest with care",)}

_RISK_LEVEL = re.compile(r"(?<![a-z0-9])r([1-5])(?![0-9])")


def missing_of_risk(words: str, language: str, risk: int | None, spoken: str = "en") -> Iterator[str]:
    """What is not told of a product with risk, in the language ``spoken``; ``risk`` None accepts any level."""
    text = normalise(words)
    levels = set(_RISK_LEVEL.findall(text))
    if risk is not None and levels != {str(risk)}:
        yield say_reason("risk-level", spoken, level=f"R{risk}", stated=list_levels(sorted(levels), spoken))
    if risk is None and not levels:
        yield say_reason("any-risk-level", spoken)
    yield from _demand(text, NOT_GUARANTEED[language], "not-guaranteed", spoken)
    yield from _demand(text, CARE[language], "care", spoken)


def missing_of_benchmark(words: str, language: str, spoken: str = "en") -> Iterator[str]:
    """What is not told of a benchmark; nothing where none is named."""
    text = normalise(words)
    if any(word in text for word in BENCHMARK):
        yield from _demand(text, BASIS[language], "basis", spoken)
        yield from _demand(text, NOT_A_YIELD[language], "not-a-yield", spoken)


def missing_time_to_withdraw(words: str, language: str, spoken: str = "en") -> Iterator[str]:
    """Whether the time to withdraw is not told."""
    return _demand(normalise(words), COOLING_OFF[language], "time-to-withdraw", spoken)


def _demand(text: str, forms: tuple[str, ...], name: str, spoken: str) -> Iterator[str]:
    if not any(form in text for form in forms):
        yield say_reason(name, spoken, forms=list_forms(forms, spoken))
