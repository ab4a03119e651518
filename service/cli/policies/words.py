"""`fourcast words`: judge texts before they become part of a policy, one text a line."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import orjson

from service.analysis.policy_checks.words import PARTS, SENTENCE, further_banned, judge_texts
from service.core.domain import Family
from service.core.errors import InvalidInput
from service.rules.model.rules import LANGUAGES
from service.rules.policy import load

STDIN = "-"


@click.group()
def words() -> None:
    """Words that may, and may not, be said to customers."""


@words.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, allow_dash=True))
@click.option("--language", type=click.Choice(LANGUAGES), required=True, help="The language of what must be said.")
@click.option("--family", type=click.Choice([one.value for one in Family]), required=True, help="Of the product.")
@click.option("--risk", type=click.IntRange(1, 5), help="The product's risk level; none for a plain deposit.")
@click.option(
    "--part",
    type=click.Choice(PARTS),
    default=SENTENCE,
    show_default=True,
    help="A sentence is judged by what it says, a message also by what it must say.",
)
@click.option(
    "--reasons", type=click.Choice(LANGUAGES), help="The language of the reasons; that of the texts if left out."
)
@click.option(
    "--policy",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A policy's folder: its own banned words are refused too.",
)
@click.option("--json", "as_json", is_flag=True, help='Print [{"text": ..., "faults": [...]}].')
@click.pass_context
def check(context: click.Context, /, file: str, folder: Path | None, as_json: bool, **asked: Any) -> None:
    """Judge FILE (- for standard input), one text a line; empty lines are left out. Exit code 1 where any is refused.

    FILE is UTF-8 or GB18030 (GBK); standard input is UTF-8.
    """
    banned = () if folder is None else further_banned(load(folder).documents)
    found = judge_texts(_read_lines(file), banned=banned, **asked)
    click.echo(orjson.dumps(found["texts"]).decode() if as_json else "\n".join(_lines(found)))
    context.exit(int(bool(found["refused"])))


def _read_lines(file: str) -> list[str]:
    """The texts of a file or of standard input.

    Raises:
        InvalidInput: no text can be read from it.
    """
    from training.data.files.encoding import read_text

    text = _standard_input() if file == STDIN else read_text(Path(file))
    lines = [line for line in (each.strip() for each in text.splitlines()) if line]
    if not lines:
        raise InvalidInput(f"{file} holds no text: expected one text a line.")
    return lines


def _standard_input() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(
            f"standard input is not UTF-8 (byte {error.start + 1}): pass it through iconv -f GB18030 -t UTF-8."
        ) from error


def _lines(found: dict[str, Any]) -> Iterator[str]:
    for text, faults in (judged.values() for judged in found["texts"]):
        yield from (text, *(f"    {fault}" for fault in faults)) if faults else ()
    yield f"{found['refused']} of {len(found['texts'])} texts are refused (lists {found['lists']})"


VERBS = (words,)
