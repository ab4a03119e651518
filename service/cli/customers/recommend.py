"""`fourcast recommend`: the next best offers of one customer, the same answer as the API."""

from typing import Any

import click

from service.cli.bank.customer_names import external_key_option, whose
from service.cli.bank.services import engine_of
from service.cli.bank.stack import open_stack
from service.cli.terminal import language_option
from service.engine.engine import OfferRequest


@click.command()
@click.argument("customer_id", required=False)
@external_key_option
@click.option("--channel", help="Only treatments in this channel.")
@click.option("--placement", help="The slot within the channel.")
@click.option("--limit", type=click.IntRange(1, 10), default=3, show_default=True)
@language_option("en")
def recommend(customer_id: str | None, external_key: str | None, **wanted: Any) -> None:
    """The next best offers of CUSTOMER_ID now, as the API would answer, as JSON."""
    with open_stack() as stack:
        named = whose(stack.store, customer_id, external_key)
        engine = engine_of(stack)
        answer = engine.recommend(named, OfferRequest(**wanted))
        engine.close()
    click.echo(answer.body.decode())


VERBS = (recommend,)
