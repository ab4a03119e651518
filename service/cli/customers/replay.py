"""`fourcast replay`: a stored decision decided again from its own record."""

import sys

import click

from service.cli.bank.services import engine_of
from service.cli.bank.stack import open_stack
from service.cli.terminal import json_option, show


@click.command()
@click.argument("decision_id")
@json_option
def replay(decision_id: str, as_json: bool) -> None:
    """Decide DECISION_ID again from its own record, policy and models. Exit code 1 unless every byte is the same."""
    with open_stack() as stack:
        engine = engine_of(stack)
        try:
            stored = engine.read_decision(decision_id)
            replayed = engine.explanations.replay_record(stored.id, stored.record)
        finally:
            engine.close()
    told = replayed.document()
    if not as_json:
        differences = {one.path or "record": f"was {one.stored}, is {one.now}" for one in replayed.differences}
        told = {name: value for name, value in told.items() if name != "differences"} | differences
    show(told, as_json)
    sys.exit(0 if replayed.identical else 1)


VERBS = (replay,)
