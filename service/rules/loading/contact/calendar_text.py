"""calendar.yaml written out: a line a festival, as the notice itself has it, and a line a day fixed by law. Pure."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

HEAD = """# Holidays and worked weekend days (调休): the State Council's notices by year, and the days fixed by law.
"""


def write_calendar(document: Mapping[str, Any], head: str = HEAD) -> str:
    """The document as text beneath its comment, years and days in their order."""
    lines = [head.rstrip("\n"), "", "notices:"]
    for year, notice in sorted(document.get("notices", {}).items()):
        lines += [f"  {_quoted(year)}:", f"    source: {_quoted(notice['source'])}"]
        lines += [f"    issued_on: {_quoted(notice['issued_on'])}", "    holidays:"]
        lines += [f"      - {{{', '.join(_members(one))}}}" for one in notice["holidays"]]
    if by_law := document.get("by_law"):
        lines += ["", f"by_law_source: {_quoted(document['by_law_source'])}", "by_law:"]
        lines += [f"  {_quoted(day)}: {_quoted(name)}" for day, name in sorted(by_law.items())]
    return "\n".join(lines) + "\n"


def head_of(text: str) -> str:
    """The comment at the head of a file, up to the first line that is none."""
    kept: list[str] = []
    for line in text.splitlines():
        if line.strip() and not line.startswith("#"):
            break
        kept.append(line)
    return "\n".join(kept)


def _members(festival: Mapping[str, Any]) -> Iterator[str]:
    for key in ("name", "from", "to"):
        yield f"{key}: {_quoted(festival[key])}"
    if festival.get("working"):
        yield f"working: [{', '.join(map(_quoted, festival['working']))}]"


def _quoted(text: str) -> str:
    """A text as JSON writes it, which YAML reads alike."""
    return json.dumps(text, ensure_ascii=False)
