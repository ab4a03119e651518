"""Tone: a policy's texts are in one language each, and in words that people use; else none may be proposed. Pure.

A Chinese text holds no English words beyond ``READ_BY_ALL`` and the bank's own names (messages.yaml, ``names``), an
English one no Chinese characters but in those names, and neither holds words of the trade's own games (首推, 解锁).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from service.analysis.policy_checks.words import list_texts
from service.core.errors import Problem
from service.rules.policy import Policy

HARD = {"zh": ("首推", "解锁", "触达", "促活", "转化", "画像标签"), "en": ("unlock", "upsell", "cross-sell", "push ")}
"""Words that no person outside marketing uses, by language."""
READ_BY_ALL = frozenset(
    ("app", "atm", "etf", "fof", "id", "lof", "lpr", "mom", "pos", "qdii", "reits", "sms", "td", "vip", "wifi")
)
"""Latin words of everyday Chinese."""

_PLACEHOLDER = re.compile(r"\{[^}]*\}")
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+")
_LATIN = re.compile(r"[A-Za-z]{2,}")
_HAN = re.compile(r"[\u4e00-\u9fff]")


def find_odd_words(policy: Policy) -> Iterator[Problem]:
    """Every text of the policy that is half in another language, or holds a hard word."""
    names = own_names(policy.documents)
    for where, key, text in list_texts(policy.documents):
        for language, words in text.items():
            yield from (Problem(where, f"{key}.{language} {fault}") for fault in tone_faults(words, language, names))
    for messages in (policy.messages, *(variant.messages for variant in policy.variants.values())):
        for (offer, _, language), one in messages.items():
            for words in (one.title, one.body, *one.disclosures):
                for fault in tone_faults(words, language, names):
                    yield Problem(f'message of offer "{offer}"', f"({language}) {fault}")


def own_names(documents: Mapping[str, Any]) -> tuple[str, ...]:
    """The bank's own names, which stay as they are in every language: brands, services, places."""
    return tuple(documents["messages"].get("names") or ())


def tone_faults(text: str, language: str, names: Sequence[str] = ()) -> list[str]:
    """What a reader stumbles over in a text of that language; the bank's own ``names`` are free."""
    plain = _PLACEHOLDER.sub(" ", _ADDRESS.sub(" ", text))
    hard = [f'says "{word.strip()}", which customers and staff do not use' for word in HARD[language] if word in plain]
    for name in sorted(names, key=len, reverse=True):
        plain = plain.replace(name, " ")
    return [*hard, *(f'holds "{word}": expected one language' for word in _strangers(plain, language))]


def _strangers(plain: str, language: str) -> list[str]:
    if language == "en":
        return _HAN.findall(plain)
    return [word for word in _LATIN.findall(plain) if word.lower() not in READ_BY_ALL]
