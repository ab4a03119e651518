"""`fourcast inventory`: every model with what the bank states of it; and the stop switch of each."""

from typing import Any

import click
import orjson

from service.cli.actor import actor_of, as_option, note_option
from service.cli.bank.stack import Stack, open_stack
from service.cli.terminal import json_option, release_document, show
from service.core.clock import now_ms
from service.engine.releases.models.model_catalogue import ModelCatalogue
from service.engine.releases.models.model_inventory import NOT_STATED, InventoryRow, ModelInventory

PROMOTE = "models:promote"
SAID = ("purpose", "owner", "risk", "reviewer", "next_review", "retirement", "suppliers")


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def inventory(context: click.Context, as_json: bool) -> None:
    """Every model of every bundle: purpose, owner, risk grade, reviewer, next review, retirement, suppliers, stops.

    What the bank states is read from the YAML file of FOURCAST_MODEL_INVENTORY; what it does not state is told so.
    """
    if context.invoked_subcommand is not None:
        return
    with open_stack() as stack:
        rows = inventory_of(stack).list_rows()
    if as_json:
        click.echo(orjson.dumps({"models": [row.document() for row in rows]}, option=orjson.OPT_INDENT_2).decode())
    else:
        click.echo("\n".join(line for row in rows for line in lines(row)) or "No bundle is here yet: fourcast train.")


def lines(row: InventoryRow) -> list[str]:
    """A model as lines of text: what it is, where, what the bank states, whether it is stopped."""
    document: dict[str, Any] = row.document()
    serves = ", ".join(f"{version} ({role})" for version, role in row.bundles.items())
    stated = [f"  {name.replace('_', ' ')}: {document[name]}" for name in SAID if document[name] != NOT_STATED]
    missing = [f"  {NOT_STATED}: {', '.join(row.statement.missing)}"] if row.statement.missing else []
    overdue = ["  its review is overdue"] if row.review == "overdue" else []
    stop = row.stopped
    stopped = [] if stop is None else [f"  STOPPED by {stop.actor}: {stop.reason}"]
    return [f"{row.model}: {row.kind}", f"  in {serves}", *stated, *missing, *overdue, *stopped]


@inventory.command()
@click.argument("model")
@click.option("--reason", required=True, help="Why, in words; kept with it and in the audit log.")
@as_option
@json_option
def stop(model: str, reason: str, name: str | None, as_json: bool) -> None:
    """Stop MODEL in whichever bundle serves: rules, priors and the other models go on, in every worker at once."""
    with open_stack() as stack:
        release = inventory_of(stack).stop(model, *actor_of(stack, name, reason, PROMOTE))
    show({"stopped": model, **release_document(release)}, as_json)


@inventory.command()
@click.argument("model")
@as_option
@note_option
@json_option
def start(model: str, name: str | None, note: str, as_json: bool) -> None:
    """Let the stopped MODEL score again."""
    with open_stack() as stack:
        release = stack.store.model_stops.start(model, *actor_of(stack, name, note, PROMOTE))
    show({"started": model, **release_document(release)}, as_json)


def inventory_of(stack: Stack) -> ModelInventory:
    """The model inventory, in this process."""
    return ModelInventory(ModelCatalogue(stack.settings, stack.store), now_ms)


VERBS = (inventory,)
