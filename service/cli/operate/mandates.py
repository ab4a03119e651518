"""`fourcast mandates`: who signs for compliance at a terminal, who may act for whom, and which names are one person."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import click

from service.cli.actor import actor_of
from service.cli.bank.stack import open_stack
from service.cli.terminal import json_option, show
from service.core.clock import now_utc
from service.core.errors import InvalidInput, Problem
from service.rendering.answer import iso
from service.store import Mandate
from service.store.releases.person_names import PersonName

DAYS = 90
DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def mandates() -> None:
    """Mandates at a terminal: to sign for compliance, or to act for another (`--as`). Each needs a second person."""


@mandates.command()
@click.argument("person")
@click.option("--for", "acts_for", metavar="NAME", help="PERSON may act for NAME.")
@click.option("--compliance", is_flag=True, help="PERSON may sign policies for compliance.")
@click.option("--from", "begins", type=DAY, help="First day (UTC); now by default.")
@click.option(
    "--until", "ends", type=DAY, help=f"The day (UTC) on which it ends; {DAYS} days after the first by default."
)
@click.option("--note", default="", help="Why, in words; kept with it and in the audit log.")
@json_option
def ask(
    person: str,
    acts_for: str | None,
    compliance: bool,
    begins: datetime | None,
    ends: datetime | None,
    note: str,
    as_json: bool,
) -> None:
    """Ask that PERSON may sign for compliance, or may act for another; it counts once somebody else confirms it.

    PERSON is a user of the operating system, or "oauth:" and the subject of an access token.
    """
    if compliance == (acts_for is not None):
        raise InvalidInput("What for?", [Problem("--for", "give either --for NAME or --compliance")])
    first = now_utc() if begins is None else begins.replace(tzinfo=UTC)
    last = first + timedelta(days=DAYS) if ends is None else ends.replace(tzinfo=UTC)
    with open_stack() as stack:
        actor, said = actor_of(stack, None, note)
        made = stack.store.mandates.ask(Mandate(person, acts_for, _ms(first), _ms(last), said, actor))
    show(asdict(made) if as_json else {str(made.id): _line(made)}, as_json)


@mandates.command()
@click.argument("number", type=int)
@json_option
def confirm(number: int, as_json: bool) -> None:
    """Confirm mandate NUMBER: neither who asked for it nor who gets it may."""
    with open_stack() as stack:
        made = stack.store.mandates.confirm(number, actor_of(stack, None)[0])
    show(asdict(made) if as_json else {str(made.id): _line(made)}, as_json)


@mandates.command()
@click.argument("number", type=int)
@json_option
def end(number: int, as_json: bool) -> None:
    """End mandate NUMBER at once."""
    with open_stack() as stack:
        made = stack.store.mandates.end(number, actor_of(stack, None)[0])
    show(asdict(made) if as_json else {str(made.id): _line(made)}, as_json)


@mandates.command()
@click.argument("person")
@click.argument("other")
@click.option("--note", default="", help="Why, in words; kept with it and in the audit log.")
@json_option
def name(person: str, other: str, note: str, as_json: bool) -> None:
    """Let OTHER be another name of PERSON: an API client, or "oauth:" and a subject. Together one pair of eyes.

    It counts at once, since it can only refuse: who proposed a policy under one name approves and signs it under none.
    """
    with open_stack() as stack:
        made = stack.store.person_names.join_names(person, other, *reversed(actor_of(stack, None, note)))
    show(asdict(made) if as_json else {made.person: _name_line(made)}, as_json)


@mandates.command()
@click.argument("person")
@click.argument("other")
def unname(person: str, other: str) -> None:
    """Let OTHER be no name of PERSON any more. By another person."""
    with open_stack() as stack:
        stack.store.person_names.part_names(person, other, actor_of(stack, None)[0])
    click.echo(f"{other} is no name of {person} any more")


@mandates.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List all mandates, the newest first, and the other names of each person."""
    with open_stack() as stack:
        listed, named = stack.store.mandates.list_mandates(), stack.store.person_names.list_names()
    if as_json:
        told = {str(one.id): asdict(one) for one in listed}
        return show({**told, "names": [asdict(one) for one in named]}, as_json)
    lines = {str(one.id): _line(one) for one in listed}
    return show(lines | {f"{one.person} = {one.name}": _name_line(one) for one in named}, as_json)


def _name_line(one: PersonName) -> str:
    return f"is also {one.name}, since {iso(one.at, UTC)} by {one.actor}  {one.note}".rstrip()


def _ms(instant: datetime) -> int:
    return round(instant.timestamp() * 1000)


def _line(mandate: Mandate) -> str:
    what = "signs for compliance" if mandate.acts_for is None else f"acts for {mandate.acts_for}"
    when = f"{iso(mandate.begins_at, UTC)} to {iso(mandate.ends_at, UTC)}"
    return f"{mandate.person} {what}, {when}; asked by {mandate.asked_by}, {_state(mandate)}  {mandate.note}".rstrip()


def _state(mandate: Mandate) -> str:
    if mandate.ended_by is not None:
        return f"ended by {mandate.ended_by}"
    return f"confirmed by {mandate.confirmed_by}" if mandate.confirmed_by else "waits for its confirmation"


VERBS = (mandates,)
