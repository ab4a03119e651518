"""What a message must say: risk level, no guarantee, care, time to withdraw, and the basis of a benchmark.

Grounds: CBIRC order 2021 No. 4 (a benchmark only with its basis and as no expected yield), NFRA order 2025 No. 7 (the
risk level is stated).
"""

import re
from collections.abc import Iterator, Sequence

from service.rules.compliance.spelling import normalise

BENCHMARK = ("业绩比较基准", "业绩基准", "benchmark")
BASIS = {"zh": ("依据",), "en": ("basis", "based on")}
NOT_A_YIELD = {"zh": ("不代表预期收益", "并非预期收益", "不是预期收益"), "en": ("not an expected yield",)}
NOT_GUARANTEED = {"zh": ("不保证", "非保本", "不保本"), "en": ("not guaranteed",)}
COOLING_OFF = {"zh": ("冷静期", "犹豫期"), "en": ("withdraw within", "cooling off", "hesitation period")}
CARE = {"zh": ("投资须谨慎",), "en": ("invest with care",)}

_RISK_LEVEL = re.compile(r"(?<![a-z0-9])r([1-5])(?![0-9])")


def missing_of_risk(words: str, language: str, risk: int | None) -> Iterator[str]:
    """What is not told of a product with risk; ``risk`` None accepts any level."""
    text = normalise(words)
    levels = set(_RISK_LEVEL.findall(text))
    if risk is not None and levels != {str(risk)}:
        stated = ", ".join(f"R{level}" for level in sorted(levels)) or "none"
        yield f"the risk level R{risk} must be told, got {stated}"
    if risk is None and not levels:
        yield "a risk level (R1 to R5) must be told"
    yield from _demand(text, NOT_GUARANTEED[language], "it must be said that this is not guaranteed")
    yield from _demand(text, CARE[language], "a call for care must be there")


def missing_of_benchmark(words: str, language: str) -> Iterator[str]:
    """What is not told of a benchmark; nothing where none is named."""
    text = normalise(words)
    if any(word in text for word in BENCHMARK):
        yield from _demand(text, BASIS[language], "a benchmark needs its basis")
        yield from _demand(text, NOT_A_YIELD[language], "a benchmark needs the words that it is no expected yield")


def missing_time_to_withdraw(words: str, language: str) -> Iterator[str]:
    """Whether the time to withdraw is not told."""
    return _demand(normalise(words), COOLING_OFF[language], "the time to withdraw must be told")


def _demand(text: str, forms: Sequence[str], sentence: str) -> Iterator[str]:
    if not any(form in text for form in forms):
        yield f"{sentence}: expected {' or '.join(repr(form) for form in forms)}"
