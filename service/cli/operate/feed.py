"""`fourcast feed`: what the feed of changes tells beside customers, leads and jobs."""

import click

from service.cli.actor import actor_of
from service.cli.bank.stack import open_stack
from service.cli.terminal import json_option, show


@click.command()
@click.option("--decisions", type=click.Choice(["on", "off"]), help="Write each decision to the feed from now on.")
@json_option
def feed(decisions: str | None, as_json: bool) -> None:
    """Whether the feed of changes has decisions, for clients that ask for them by type. Each is a row for 30 days."""
    with open_stack() as stack:
        if decisions is not None:
            stack.store.feed.tell_decisions(decisions == "on", actor_of(stack, None)[0])
        show({"decisions": "on" if stack.store.feed.tells_decisions() else "off"}, as_json)


VERBS = (feed,)
