"""`fourcast objections`: customers' objections to decisions, listed by deadline, answered by a person."""

import sys

import click

from service.cli.actor import actor_of, as_option, person_of
from service.cli.bank.services import engine_of
from service.cli.bank.stack import open_stack
from service.cli.terminal import json_option, show
from service.core.errors import InvalidInput, Problem
from service.engine.crm.row_files import Column, write_rows
from service.store.customers.objections import OPEN, OUTCOMES, STATES, Objection, ObjectionAnswer

NAMES = ("case", "answer_by", "state", "customer_id", "decision_id", "offer", "objection", "outcome", "reviewer")
LISTED = tuple(Column(name) for name in NAMES)
AT_ONCE = 200


@click.group()
def objections() -> None:
    """Objections to decisions: list, answer."""


@objections.command("list")
@click.option("--state", type=click.Choice(STATES), default=OPEN, show_default=True)
@click.option("--branch", help="Of this branch.")
def list_(state: str, branch: str | None) -> None:
    """Objections as CSV, the nearest deadline first; text that a spreadsheet would run is defused."""
    found: list[Objection] = []
    with open_stack() as stack:
        after: tuple[object, ...] = ()
        while page := stack.store.objections.list_by_deadline(state, branch, after, AT_ONCE):
            found += page
            after = page[-1].answer_by, page[-1].number
    rows = ({name: str(getattr(one, name) or "") for name in NAMES} for one in found)
    for part in write_rows("csv", LISTED, rows):
        sys.stdout.write(part.decode())


@objections.command()
@click.argument("case")
@click.option("--outcome", type=click.Choice(OUTCOMES), required=True, help="Whether the bank agrees.")
@click.option("--answer", "words", required=True, help="What the customer is told.")
@as_option
@json_option
def answer(case: str, outcome: str, words: str, name: str | None, as_json: bool) -> None:
    """Answer CASE (O-0000017), as the person who reviewed it."""
    with open_stack() as stack:
        actor, _ = actor_of(stack, name)
        engine = engine_of(stack)
        try:
            number = number_of(case)
            known = stack.store.objections.read_by_number(number)
            done = engine.objections.answer(known.id, ObjectionAnswer(outcome, words, actor, person_of(stack).name))
        finally:
            engine.close()
    show({"case": done.case, "state": done.state, "outcome": done.outcome, "reviewer": done.reviewer}, as_json)


def number_of(case: str) -> int:
    """The number in the name of a case.

    Raises: InvalidInput: when the word names no case.

    >>> number_of("O-0000017"), number_of("17")
    (17, 17)
    """
    digits = case.removeprefix("O-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 15:
        raise InvalidInput("No such case.", [Problem("CASE", f'must be a number as O-0000017, got "{case[:40]}"')])
    return int(digits)


VERBS = (objections,)
