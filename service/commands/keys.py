"""`fourcast keys`: who may call the service. A key is shown once, when it is made; only its digest is stored."""

import click

from service.access import new_key
from service.commands.stack import opened
from service.commands.terminal import json_option, show
from service.domain import Client
from service.errors import InvalidInput, Problem

SCOPES = (
    "offers:read",
    "offers:explain",
    "events:write",
    "customers:write",
    "leads:read",
    "leads:write",
    "campaigns:write",
    "policies:write",
    "policies:approve",
    "models:promote",
)


@click.group()
def keys() -> None:
    """API keys: add, list, revoke."""


@keys.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, help="A scope; repeat for more.")
@click.option("--customer", help="Bind the key to one customer: it reads and writes that customer only.")
@json_option
def add(name: str, scopes: tuple[str, ...], customer: str | None, as_json: bool) -> None:
    """Make a key for the client NAME and print it: this once."""
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown:
        expected = ", ".join(SCOPES)
        raise InvalidInput(
            "No such scope.", [Problem("--scope", f'expected of {expected}; got "{s}"') for s in unknown]
        )
    key, digest = new_key()
    with opened() as stack:
        stack.store.add_client(Client(name, frozenset(scopes), customer), digest, actor="cli")
    show({"client": name, "key": key, "scopes": " ".join(scopes), "customer": customer or "any"}, as_json)


@keys.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Make every key of the client NAME useless, within two seconds everywhere."""
    with opened() as stack:
        stack.store.revoke_client(name, actor="cli")
    click.echo(f"revoked {name}")


VERBS = (keys,)
