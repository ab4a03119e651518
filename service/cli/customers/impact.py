"""`fourcast impact`: the impact assessment of what is done with personal data (PIPL art. 55), written and listed."""

from contextlib import closing
from pathlib import Path

import click
import orjson

from service.cli.actor import actor_of
from service.cli.bank.services import engine_of
from service.cli.bank.stack import open_stack
from service.cli.terminal import json_option, show


@click.group()
def impact() -> None:
    """Impact assessments of what is done with personal data: write, list."""


@impact.command()
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="FILE.json.")
def write(out: Path) -> None:
    """Assess what serves now, in both languages; the audit log keeps the whole document."""
    with open_stack() as stack, closing(engine_of(stack)) as engine:
        made = engine.impact.write(actor_of(stack, None)[0])
    out.write_bytes(orjson.dumps(made, option=orjson.OPT_INDENT_2))
    unread = [one["attribute"] for one in made["en"]["attributes"] if not one["needed"]]
    show({"assessment": str(out), "policy": made["policy"], "needed by nothing": ", ".join(unread) or "none"}, False)


@impact.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List the assessments that were written, oldest first; --json tells each whole."""
    with open_stack() as stack, closing(engine_of(stack)) as engine:
        found = engine.impact.list_written()
    if as_json:
        return show({"assessments": found}, as_json)
    return show({one["at"]: f"policy {one['policy'][:12]}, by {one['actor']}" for one in found}, as_json)


VERBS = (impact,)
