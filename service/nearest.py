"""What to say of a name that nobody knows: which there are, and which of them it may have meant.

Looking for a near name costs as much as there are names; whoever may meet many strangers at once looks for the first
``MOST_NEAR`` of them only, so that no body of nonsense keeps a worker busy.
"""

from collections.abc import Collection
from difflib import get_close_matches

MOST_NEAR = 20
"""Unknown names of one request for which a near one is looked for."""
MOST_COMPARED, MOST_LISTED = 500, 50


def unknown(got: str, known: Collection[str], near: bool = True) -> str:
    """What is expected instead of ``got``, and the nearest of it.

    >>> unknown("trem-12m", ["term-6m", "term-12m"])
    'expected one of term-12m, term-6m; got "trem-12m"; did you mean "term-12m"?'
    """
    words = sorted(known)
    more = f" and {len(words) - MOST_LISTED} more" if len(words) > MOST_LISTED else ""
    close = get_close_matches(got, words[:MOST_COMPARED], 1) if near else []
    guess = f'; did you mean "{close[0]}"?' if close else ""
    return f'expected one of {", ".join(words[:MOST_LISTED])}{more}; got "{got}"{guess}'
