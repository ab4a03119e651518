"""`fourcast secrets`: a new key, every secret in the database sealed with the newest one, and what a lost one takes."""

import click

from service.cli.actor import actor_of, as_option
from service.cli.bank.stack import Stack, open_stack
from service.cli.terminal import json_option, show
from service.core.errors import InvalidInput, Problem
from service.store.security.sealing import VARIABLE, new_key


@click.group()
def secrets() -> None:
    """The keys that seal secrets in the database: of webhooks, of offer tokens, of answers kept for repeats."""


@secrets.command()
@json_option
def key(as_json: bool) -> None:
    """A new key, for FOURCAST_SECRET_KEYS; kept nowhere.

    To replace one: add the new one behind the old, restart everything, put it first, restart, `fourcast secrets seal`,
    and leave the old one away a day later; keep it with the backups that were made under it.
    """
    made = new_key()
    show({"key": made}, as_json) if as_json else click.echo(made)


@secrets.command()
@as_option
@json_option
def seal(name: str | None, as_json: bool) -> None:
    """Seal with the first key whatever is plain or sealed with another. Done again, it changes nothing."""
    with open_stack() as stack:
        _expect_key(stack)
        count = stack.store.secrets.seal(actor_of(stack, name)[0])
    show({"sealed": count}, as_json)


@secrets.command()
@as_option
@click.option("--yes", is_flag=True, help="Agree to it, unasked.")
@json_option
def renew(name: str | None, yes: bool, as_json: bool) -> None:
    """Replace what no key opens any more: for a key that is lost.

    Offer tokens and customers' tokens signed with a lost key are refused from then on. Webhooks whose secret is lost
    are switched off until their owner has rotated it and switches them on.
    """
    with open_stack() as stack:
        _expect_key(stack)
        if not yes:
            click.confirm("What the keys given here do not open is lost for good. Go on?", abort=True)
        show({"renewed": stack.store.secrets.renew(actor_of(stack, name)[0])}, as_json)


def _expect_key(stack: Stack) -> None:
    if not stack.settings.secret_keys:
        raise InvalidInput("There is no key to seal with.", [Problem(VARIABLE, "is not set")])


VERBS = (secrets,)
