"""`fourcast recommend | replay`: the engine on the command line, the same answers as the API."""

import sys

import click

from service.commands.stack import Stack, opened
from service.commands.terminal import json_option, show
from service.engine import Engine, OfferRequest


def engine_of(stack: Stack) -> Engine:
    """The engine of this process."""
    return Engine(stack.settings, stack.store, stack.cache)


@click.command()
@click.argument("customer_id")
@click.option("--channel", help="Only treatments in this channel.")
@click.option("--placement", help="The slot within the channel.")
@click.option("--limit", type=click.IntRange(1, 10), default=3, show_default=True)
@click.option("--language", type=click.Choice(["zh", "en"]), default="en", show_default=True)
def recommend(customer_id: str, channel: str | None, placement: str | None, limit: int, language: str) -> None:
    """The next best offers of CUSTOMER_ID now, as the API would answer, as JSON."""
    with opened() as stack:
        engine = engine_of(stack)
        answer = engine.recommend(customer_id, OfferRequest(channel, placement, limit, language=language))
        engine.close()
    click.echo(answer.body.decode())


@click.command()
@click.argument("decision_id")
@json_option
def replay(decision_id: str, as_json: bool) -> None:
    """Decide DECISION_ID again from its own record. Exit code 1 unless every byte is the same."""
    with opened() as stack:
        engine = engine_of(stack)
        same = engine.replay(decision_id) == engine.decision(decision_id)
        engine.close()
    show({"decision": decision_id, "identical": same}, as_json)
    sys.exit(0 if same else 1)


VERBS = (recommend, replay)
