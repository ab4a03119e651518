"""The language of an answer: the one that ``Accept-Language`` prefers (RFC 9110, section 12.5.4)."""

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header

CHINESE, ENGLISH = LANGUAGES = ("zh", "en")
MOST_READ = 512
"""Most characters of the header that are read."""
ACCEPT_LANGUAGE = {"in": "header", "name": "Accept-Language", "schema": {"type": "string"}, "example": "zh-CN"}
BY_LANGUAGE = ("Vary", "Accept-Language")


def choose_language(accepted: str, otherwise: str = CHINESE) -> str:
    """``zh`` or ``en``, whichever the header prefers (``zh-CN`` means ``zh``, ``*`` any language it does not name).

    ``otherwise`` where it prefers neither; the other one where it refuses ``otherwise`` (``q=0``).

    >>> [choose_language(accepted, ENGLISH) for accepted in ("fr, zh-Hant;q=0.2", "fr", "en;q=0")]
    ['zh', 'en', 'zh']
    """
    order = sorted(LANGUAGES, key=lambda one: one != otherwise)
    liked: dict[str, float] = {}
    for word, quality in parse_accept_header(accepted[:MOST_READ], LanguageAccept):
        named = word.partition("-")[0].lower()
        for one in order:
            if named in (one, "*"):
                liked.setdefault(one, quality)
    best = max(liked, key=lambda one: liked[one], default=otherwise)
    return best if liked.get(best, 1.0) > 0 else next((one for one in order if one not in liked), otherwise)
