"""How tightly a piece of SQL binds, loosest first, so that brackets are written only where they are needed."""

OR, AND, NOT, COMPARISON, SUM, PRODUCT, SIGN, ATOM = range(1, 9)

Written = tuple[str, int]
"""SQL text and how tightly it binds."""


def bracket(written: Written, level: int) -> str:
    """The text, in brackets where it binds more loosely than ``level``.

    >>> bracket(("a + b", SUM), PRODUCT), bracket(("a * b", PRODUCT), SUM)
    ('(a + b)', 'a * b')
    """
    text, binds = written
    return text if binds >= level else f"({text})"
