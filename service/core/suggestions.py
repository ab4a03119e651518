"""What to suggest for an unknown name: the known names, and the nearest of them.

Searching a near name costs far more than reading one. So ``find_near`` is the one place that searches, and a request
may search ``MOST_NEAR`` times in all: no body of nonsense keeps a worker busy. Files read on the command line have no
such limit.
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
""""""

_LEFT: ContextVar[float] = ContextVar("near names that may still be looked for", default=inf)


@contextmanager
def limit_searches(most: int = MOST_NEAR) -> Iterator[None]:
    """Allow at most ``most`` searches for a near name within this context."""
    token = _LEFT.set(most)
    try:
        yield
    finally:
        _LEFT.reset(token)


def find_near(word: str, known: Collection[str], cutoff: float = 0.6) -> str | None:
    """The known name that ``word`` may have meant; None where none is near, or the limit of searches is reached.

    >>> find_near("trem-12m", ["term-6m", "term-12m"]), find_near("x" * 65, ["x" * 64])
    ('term-12m', None)
    """
    left = _LEFT.get()
    if left <= 0 or len(word) > LONGEST:
        return None
    _LEFT.set(left - 1)
    return next(iter(get_close_matches(word, list(islice(known, MOST_COMPARED)), 1, cutoff)), None)


def explain_unknown(got: str, known: Collection[str]) -> str:
    """The sentence on an unknown name: what was expected, what was got, and the nearest known name.

    >>> explain_unknown("trem-12m", ["term-6m", "term-12m"])
    'expected one of term-12m, term-6m; got "trem-12m"; did you mean "term-12m"?'
    """
    words = sorted(known)
    more = f" and {len(words) - MOST_LISTED} more" if len(words) > MOST_LISTED else ""
    close = find_near(got, words)
    guess = f'; did you mean "{close}"?' if close else ""
    return f'expected one of {", ".join(words[:MOST_LISTED])}{more}; got "{got}"{guess}'
