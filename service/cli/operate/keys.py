"""`fourcast keys`: who may call the service. A key is shown once, when it is made; only its digest is stored."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from service.cli.actor import actor_of
from service.cli.bank import selection
from service.cli.bank.customer_names import external_key_option, id_of
from service.cli.bank.stack import open_stack
from service.cli.terminal import json_option, show
from service.core.clock import now_utc
from service.core.domain import Client
from service.core.errors import InvalidInput, Problem
from service.engine.auth import SCOPES, new_key
from service.engine.auth.tokens import PREFIX
from service.store import ClientKey
from service.store.customers.file_import.consents import RECORD, SIMULATED


@click.group()
def keys() -> None:
    """API keys: add, list, rotate, revoke."""


@keys.command()
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, help="A scope; repeat for more.")
@click.option("--customer", help="Bind the key to one customer: it reads and writes that customer only.")
@external_key_option
@click.option("--branch", help="Bind the key to one branch: it reaches that branch's customers and leads only.")
@click.option("--quota", type=click.IntRange(1, 2**31 - 1), help="Requests (and events) a minute; else the setting's.")
@click.option("--require-if-match", is_flag=True, help="It writes customers only with the ETag it has read (else 428).")
@click.option("--expires", type=click.DateTime(["%Y-%m-%d"]), help="The day (UTC) from which the key is useless.")
@json_option
def add(
    name: str,
    scopes: tuple[str, ...],
    customer: str | None,
    external_key: str | None,
    expires: datetime | None,
    as_json: bool,
    **bounds: Any,
) -> None:
    """Make a key for the client NAME and print it: this once."""
    ends = None if expires is None else expires.replace(tzinfo=UTC)
    client = Client(name, frozenset(scopes), customer or external_key, **bounds)
    _expect(client, ends)
    key, digest = new_key()
    with open_stack(selection.chosen_settings()) as stack:
        client = replace(client, customer_id=id_of(stack.store, customer, external_key))
        stack.store.clients.add(client, digest, actor_of(stack, None)[0], ends)
    show({"client": name, "key": key, **_rights(client, ends)}, as_json)


@keys.command(name="list")
@json_option
def list_keys(as_json: bool) -> None:
    """Every live key: whose, how far it reaches, until when."""
    with open_stack() as stack:
        found = stack.store.clients.list_keys()
    if as_json:
        show({"keys": [_row(key) for key in found]}, as_json)
        return
    for key in found:
        click.echo("  ".join(f"{name} {value}" for name, value in _row(key).items()))


@keys.command()
@click.argument("name")
@click.option("--overlap-hours", type=click.FloatRange(0, 24 * 90), default=0, help="How long the old key still works.")
@json_option
def rotate(name: str, overlap_hours: float, as_json: bool) -> None:
    """Make a new key with the same rights for the client NAME; the old ones end, at once or after the overlap."""
    key, digest = new_key()
    with open_stack() as stack:
        client = stack.store.clients.rotate(
            name, digest, actor_of(stack, None)[0], timedelta(hours=overlap_hours).total_seconds()
        )
    show({"client": name, "key": key, "scopes": " ".join(sorted(client.scopes))}, as_json)


@keys.command()
@click.argument("name")
def revoke(name: str) -> None:
    """Make every key of the client NAME useless, within two seconds everywhere."""
    with open_stack() as stack:
        stack.store.clients.revoke(name, actor=actor_of(stack, None)[0])
    click.echo(f"revoked {name}")


@keys.command("rotate-signing")
@json_option
def rotate_signing(as_json: bool) -> None:
    """Sign offer tokens with a new key; those signed with the key before it are still accepted."""
    with open_stack() as stack:
        show({"signing key": stack.store.signing_keys.rotate(actor_of(stack, None)[0])}, as_json)


def _expect(client: Client, ends: datetime | None) -> None:
    expected = ", ".join(SCOPES)
    unknown = sorted(client.scopes - SCOPES.keys())
    problems = [Problem("--scope", f'expected of {expected}; got "{scope}"') for scope in unknown]
    if client.name.startswith(PREFIX):
        problems.append(Problem("NAME", f'must not begin with "{PREFIX}": so the holders of access tokens are called'))
    if client.name.partition(":")[0] in (RECORD, SIMULATED):
        problems.append(Problem("NAME", f'must not be "{client.name}": so the words of a bank\'s files are called'))
    if client.customer_id is not None and client.branch is not None:
        problems.append(Problem("--branch", "does not go with --customer"))
    if ends is not None and ends <= now_utc():
        problems.append(Problem("--expires", "lies in the past"))
    if problems:
        raise InvalidInput("The key was not made.", problems)


def _rights(client: Client, ends: datetime | None) -> Mapping[str, object]:
    return {
        "scopes": " ".join(sorted(client.scopes)),
        "customer": client.customer_id or "any",
        "branch": client.branch or "any",
        "quota": client.quota or "default",
        "if-match": "required" if client.require_if_match else "optional",
        "expires": "never" if ends is None else ends.isoformat(),
    }


def _row(key: ClientKey) -> Mapping[str, object]:
    made = key.created_at.isoformat(timespec="seconds")
    return {"client": key.client.name, "key": f"{key.digest}...", "made": made, **_rights(key.client, key.expires_at)}


VERBS = (keys,)
