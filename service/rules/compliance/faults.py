"""Why a text may not reach a customer: the promises in it, the bank's own words, and what it does not say but must.

A sentence is judged by what it says; a message also by what it must say. What reaches people without an offer of its
own (a reason, a segment's name) is held to the rules of wealth: it may stand beside any offer.
"""

from collections.abc import Sequence
from functools import lru_cache

from service.core.domain import Family
from service.rules.compliance.demands import missing_of_benchmark, missing_of_risk, missing_time_to_withdraw
from service.rules.compliance.promises import Promise, find_promises, find_words
from service.rules.compliance.reasons import say_reason
from service.rules.compliance.spelling import MOST_CHARACTERS
from service.rules.compliance.table import ALL, RISK, WEALTH
from service.rules.model.rules import Message


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
    return list(_whole(words, language, family, risk, tuple(banned), cooling_off, "en"))


def text_faults(
    text: str,
    language: str,
    family: str,
    risk: int | None = None,
    banned: Sequence[str] = (),
    whole: bool = False,
    spoken: str = "en",
) -> list[str]:
    """Every reason why this text may not be said of a product of that family.

    ``whole``: it is a message by itself. ``spoken`` is the language of the reasons, zh or en.
    """
    if whole:
        return list(_whole(text, language, family, risk, tuple(banned), False, spoken))
    return list(_said(text, _places(family, risk), tuple(banned), spoken))


def wording_faults(words: str, banned: Sequence[str] = ()) -> list[str]:
    """What no customer may read beside any product: for reasons, names and other texts besides messages."""
    return list(_said(words, frozenset({ALL, RISK}), tuple(banned), "en"))


@lru_cache(maxsize=4096)
def _whole(
    words: str, language: str, family: str, risk: int | None, banned: tuple[str, ...], rests: bool, spoken: str
) -> tuple[str, ...]:
    faults = list(_said(words, _places(family, risk), banned, spoken))
    if RISK in _places(family, risk):
        faults += missing_of_benchmark(words, language, spoken)
        faults += missing_of_risk(words, language, risk, spoken)
    if rests:
        faults += missing_time_to_withdraw(words, language, spoken)
    return tuple(faults)


def _places(family: str, risk: int | None) -> frozenset[str]:
    """Where the rows hold that this product is held to."""
    if family != Family.DEPOSIT:
        return frozenset({ALL, RISK, WEALTH})
    return frozenset({ALL}) if risk is None else frozenset({ALL, RISK})


@lru_cache(maxsize=4096)
def _said(text: str, places: frozenset[str], banned: tuple[str, ...], spoken: str) -> tuple[str, ...]:
    if len(text) > MOST_CHARACTERS:
        return (say_reason("too-long", spoken, most=MOST_CHARACTERS, length=len(text)),)
    faults = [_tell(one, spoken) for one in find_promises(text) if one.on in places]
    own = [say_reason("banned", spoken, words=word) for word in find_words(text, banned)]
    return tuple(dict.fromkeys([*faults, *own]))


def _tell(promise: Promise, spoken: str) -> str:
    name = "deposits-only" if promise.kind == "deposit-insurance" else "promise"
    return say_reason(name, spoken, words=promise.words, kind=promise.kind)
