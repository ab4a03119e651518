"""The terminal, as every verb uses it: results as text or JSON, and progress bars."""

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import click
import orjson
from tqdm import tqdm

from service.core.domain import Release
from service.core.progress import Progress

json_option = click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
bom_option = click.option("--bom", is_flag=True, help="Begin a .csv with a byte order mark, as Excel wants of UTF-8.")

FORMAT = "{l_bar}{bar}| {elapsed}"
"""Called with how much of how much is done."""


def show(result: Mapping[str, object], as_json: bool) -> None:
    """Print the result: one JSON object, or a line per entry."""
    if as_json:
        click.echo(orjson.dumps(result, option=orjson.OPT_INDENT_2, default=str).decode())
        return
    width = max(map(len, result), default=0)
    for name, value in result.items():
        click.echo(f"{name:<{width}}  {value}")


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
