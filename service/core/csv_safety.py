"""CSV for spreadsheets: cells that no spreadsheet runs as a formula, and the byte order mark that Excel needs.

A spreadsheet runs a cell that begins like a formula (OWASP, CSV injection), full-width signs included, and it may split
cells at another separator than the file's own. So an apostrophe is put before every such sign, at the beginning of a
text and after each separator in it. Numbers and booleans are left as they are.

Excel reads UTF-8 in the machine's own code page (GBK on a Chinese one) unless the file begins with the mark.
"""

import re

BOM = b"\xef\xbb\xbf"
"""The byte order mark of UTF-8."""

_SEPARATORS = frozenset(";,|\t\r\n")
_SIGN = "[=+\\-@＝＋－＠﹦﹢﹣﹫]"
_GAP = '[;,|\\s"\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u2064\\u2066-\\u2069\\ufeff]'
"""Separators, and what may be dropped before the sign is looked for: blanks of every width, unseen marks, quotes."""
_SIGNED = re.compile(f"(?<!{_GAP})({_GAP}*+)({_SIGN})")


def defuse_cell(value: object) -> object:
    """``value`` in a form that a spreadsheet does not run.

    >>> defuse_cell('=HYPERLINK("x")'), defuse_cell("-5"), defuse_cell(-5), defuse_cell("a=b"), defuse_cell("a; =b")
    ('\\'=HYPERLINK("x")', "'-5", -5, 'a=b', "a; '=b")
    """
    if not isinstance(value, str):
        return value
    text = _SIGNED.sub(_apart, value)
    return f"'{text}" if text.startswith(("\t", "\r", "\n")) else text


def _apart(found: re.Match[str]) -> str:
    gap, sign = found.groups()
    return f"{gap}'{sign}" if found.start() == 0 or not _SEPARATORS.isdisjoint(gap) else found[0]
