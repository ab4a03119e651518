"""What to say of a name that nobody knows: which there are, and which of them it may have meant.

Looking for a near name costs as much as there are names, and far more than reading one. So it is looked for in one
place, ``find_near``, and a request may look ``MOST_NEAR`` times in all, wherever in it the strangers stand: no body of
nonsense keeps a worker busy. Whoever reads files on the command line may look as often as they like.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from difflib import get_close_matches
from itertools import islice
from math import inf

MOST_NEAR = 20
"""Unknown names of one request for which a near one is looked for."""
MOST_COMPARED, MOST_LISTED, LONGEST = 500, 50, 64
"""Known names that one unknown name is compared with; those that are listed; letters of a name that is compared."""

_LEFT: ContextVar[float] = ContextVar("near names that may still be looked for", default=inf)


@contextmanager
def limit_searches(most: int = MOST_NEAR) -> Iterator[None]:
    """Let at most so many near names be looked for in here."""
    token = _LEFT.set(most)
    try:
        yield
    finally:
        _LEFT.reset(token)


def find_near(word: str, known: Collection[str], cutoff: float = 0.6) -> str | None:
    """The known name that ``word`` may have meant; None where none is near, or enough were looked for.

    >>> find_near("trem-12m", ["term-6m", "term-12m"]), find_near("x" * 65, ["x" * 64])
    ('term-12m', None)
    """
    left = _LEFT.get()
    if left <= 0 or len(word) > LONGEST:
        return None
    _LEFT.set(left - 1)
    return next(iter(get_close_matches(word, list(islice(known, MOST_COMPARED)), 1, cutoff)), None)


def explain_unknown(got: str, known: Collection[str]) -> str:
    """What is expected instead of ``got``, and the nearest of it.

    >>> explain_unknown("trem-12m", ["term-6m", "term-12m"])
    'expected one of term-12m, term-6m; got "trem-12m"; did you mean "term-12m"?'
    """
    words = sorted(known)
    more = f" and {len(words) - MOST_LISTED} more" if len(words) > MOST_LISTED else ""
    close = find_near(got, words)
    guess = f'; did you mean "{close}"?' if close else ""
    return f'expected one of {", ".join(words[:MOST_LISTED])}{more}; got "{got}"{guess}'
