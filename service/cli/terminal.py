"""The terminal, as every verb uses it: results as text or JSON, and progress bars."""

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import click
import orjson
from tqdm import tqdm

from service.core.domain import Release
from service.core.progress import Progress

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
bom_option = click.option("--bom", is_flag=True, help="Begin a .csv with a byte order mark, as Excel wants of UTF-8.")

LANGUAGES = ("zh", "en")


def language_option(otherwise: str) -> Callable[[Any], Any]:
    """``--language``; left out, the terminal's own (LC_ALL, LC_MESSAGES, LANG), or ``otherwise`` where that is none."""
    return click.option(
        "--language",
        type=click.Choice(LANGUAGES),
        default=lambda: terminal_language(os.environ, otherwise),
        show_default=f"the terminal's, else {otherwise}",
    )


def terminal_language(environ: Mapping[str, str], otherwise: str) -> str:
    """The language of the first locale that is set; ``otherwise`` where it is neither Chinese nor English.

    >>> terminal_language({"LANG": "zh_CN.UTF-8"}, "en"), terminal_language({"LC_ALL": "C", "LANG": "zh_CN"}, "en")
    ('zh', 'en')
    """
    locale = next((found for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (found := environ.get(name))), "")
    language = locale.replace("-", "_").partition("_")[0]
    return language if language in LANGUAGES else otherwise


FORMAT = "{l_bar}{bar}| {elapsed}"
"""Called with how much of how much is done."""


def show(result: Mapping[str, object], as_json: bool) -> None:
    """Print the result: one JSON object, or a line per entry."""
    if as_json:
        click.echo(orjson.dumps(result, option=orjson.OPT_INDENT_2, default=str).decode())
        return
    width = max(map(len, result), default=0)
    for name, value in result.items():
        first, *more = _lines(value)
        click.echo(f"{name:<{width}}  {first}")
        for line in more:
            click.echo(f"{'':<{width}}  {line}")


def _lines(value: object) -> list[str]:
    """A value as lines: a list has one an entry, a mapping stands in one line."""
    if isinstance(value, list | tuple):
        return [str(each) for each in value] or ["none"]
    if isinstance(value, Mapping):
        return [", ".join(f"{name} {each}" for name, each in value.items()) or "none"]
    return [str(value)]


def release_document(release: Release) -> dict[str, object]:
    """A release's number, policy and bundle."""
    return {"release": release.id, "policy": release.policy, "bundle": release.bundle}


@contextmanager
def bar(label: str) -> Iterator[Progress]:
    """A progress bar on a terminal, one line per step elsewhere; call what is yielded with (done, of)."""
    start = time.monotonic()
    with tqdm(total=1, desc=f"{label:<34}", file=sys.stderr, disable=None, bar_format=FORMAT) as line:

        def advance(done: int, of: int) -> None:
            line.total = max(of, 1)
            line.update(min(done, line.total) - line.n)

        yield advance
        advance(1, 1)
    if not sys.stderr.isatty():
        click.echo(f"{label}: {time.monotonic() - start:.1f} s", err=True)
