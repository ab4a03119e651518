"""`fourcast customer`: the rights of one customer: a copy of everything about them, and the labels used on them."""

from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import click
import orjson

from service.cli.actor import actor_of, as_option
from service.cli.bank.customer_names import external_key_option, whose
from service.cli.bank.services import engine_of
from service.cli.bank.stack import Stack, open_stack
from service.cli.terminal import json_option, language_option, show
from service.engine.engine import Engine
from service.engine.rights.copy import CopyRequest, OpenCopy
from service.rendering.copy_page import write_page


@click.group()
def customer() -> None:
    """Rights of one customer: a copy of everything about them, the labels used on them."""


@customer.command()
@click.argument("customer_id", required=False)
@external_key_option
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="FILE.json or FILE.html.")
@language_option("zh")
@as_option
def copy(customer_id: str | None, external_key: str | None, out: Path, language: str, name: str | None) -> None:
    """Write a copy of everything about CUSTOMER_ID, whole, as JSON or as a page to read; the audit log says so."""
    if out.suffix not in (".json", ".html"):
        raise click.BadParameter(f"must end in .json or .html, got {out.name}", param_hint="--out")

    def write(engine: Engine, stack: Stack) -> None:
        actor, _ = actor_of(stack, name)
        asked = CopyRequest(whose(stack.store, customer_id, external_key), actor, language)
        with engine.copies.open_copy(asked) as opened, out.open("wb") as file:
            file.writelines(_json(opened) if out.suffix == ".json" else _html(opened, asked.language))

    _with_engine(write)
    click.echo(f"{out}: a copy of everything")


@customer.command()
@click.argument("customer_id", required=False)
@external_key_option
@language_option("en")
@json_option
def labels(customer_id: str | None, external_key: str | None, language: str, as_json: bool) -> None:
    """The labels that decide for CUSTOMER_ID, each in words with what it does."""
    found: list[dict[str, Any]] = []

    def read(engine: Engine, stack: Stack) -> None:
        found.extend(engine.labels.read(whose(stack.store, customer_id, external_key)).describe(language))

    _with_engine(read)
    if as_json:
        return show({"labels": found}, as_json)
    return show({one["label"]: _line(one) for one in found}, as_json)


def _line(one: dict[str, Any]) -> str:
    return one["effect"] if one["name"] is None else f"{one['name']}. {one['effect']}"


def _with_engine(use: Callable[[Engine, Stack], None]) -> None:
    with open_stack() as stack:
        engine = engine_of(stack)
        try:
            use(engine, stack)
        finally:
            engine.close()


def _json(opened: OpenCopy) -> Iterator[bytes]:
    """The copy as one JSON document, written while it is read: each section is a list of all its rows."""
    yield orjson.dumps(opened.head)[:-1] + b',"sections":{'
    between = b""
    for section, pages in groupby(opened.read_whole(), key=lambda page: page[0]):
        yield between + orjson.dumps(section) + b":["
        rows = (row for _, page in pages for row in page)
        yield from (b"," * (place > 0) + orjson.dumps(row) for place, row in enumerate(rows))
        yield b"]"
        between = b","
    yield b"}}\n"


def _html(opened: OpenCopy, language: str) -> Iterator[bytes]:
    return (piece.encode() for piece in write_page(opened.head, opened.read_whole(), language, {}, opened.names))


VERBS = (customer,)
