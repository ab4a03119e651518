"""`fourcast audit`: does the log's chain of hashes hold, and what does it say."""

import sys
from dataclasses import asdict
from datetime import UTC
from typing import Any

import click
import orjson

from service.cli.actor import actor_of
from service.cli.bank.customer_names import external_key_option, id_of
from service.cli.bank.stack import open_stack
from service.cli.terminal import json_option, show
from service.core.clock import now_ms
from service.engine.auth.audit_anchors import AuditAnchors
from service.rendering.answer import iso
from service.store import Head


@click.group()
def audit() -> None:
    """The audit log: who did what, in a chain that nobody can change unseen."""


@audit.command()
@json_option
def anchor(as_json: bool) -> None:
    """Write the head to every place of FOURCAST_AUDIT_ANCHORS now, as the runner does daily. Exit code 1 if one fails.

    A file gets a line more, a URL a signed POST. `fourcast audit verify` holds the chain against the files.
    """
    with open_stack() as stack:
        made = AuditAnchors(stack.settings, stack.store, now_ms).write(actor_of(stack, None)[0])
    show({"head": made.head, **dict.fromkeys(made.places, "took it"), **made.failed}, as_json)
    sys.exit(1 if made.failed else 0)


@audit.command()
@json_option
def head(as_json: bool) -> None:
    """The end of the chain now, in one word. Note it where nobody here can write.

    `fourcast audit verify --since HEAD` proves later that nothing before it was changed or cut off.
    """
    with open_stack() as stack:
        found = str(stack.store.audit.read_head())
    show({"head": found}, as_json) if as_json else click.echo(found)


@audit.command()
@click.option("--since", metavar="HEAD", help="A head that was noted earlier: what it ended must still be so.")
@json_option
def verify(since: str | None, as_json: bool) -> None:
    """Walk the whole chain, and hold it against the releases and erasures it tells of. Exit code 1 where it breaks.

    The first broken row is named, also where what it said of a customer was changed, or is gone without an erasure.
    The chain is held against every head in the files of FOURCAST_AUDIT_ANCHORS, too. Without those and without --since,
    who may write the database could have made the whole chain anew.
    """
    noted = None if since is None else Head.parse(since)
    with open_stack() as stack:
        anchored = AuditAnchors(stack.settings, stack.store, now_ms)
        verdict, differences = anchored.verify([] if noted is None else [noted])
        differences += stack.store.audit.crosscheck()
    holds = verdict.broken_at is None and not differences
    told: dict[str, object] = {"holds": holds, "rows": verdict.rows, "head": str(Head(verdict.rows, verdict.head))}
    if noted is not None:
        told["since"] = str(noted)
    if anchored.places:
        told["anchors"] = list(anchored.places) if as_json else ", ".join(anchored.places)
    if verdict.broken_at is not None:
        told |= {"broken_at": verdict.broken_at, "reason": verdict.reason}
    if differences:
        told["differences"] = differences if as_json else "; ".join(differences)
    show(told, as_json)
    sys.exit(0 if holds else 1)


@audit.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@json_option
def list_(limit: int, as_json: bool) -> None:
    """The newest rows, newest first."""
    with open_stack() as stack:
        rows = stack.store.audit.list_rows(limit)
    show({str(row["seq"]): row if as_json else _line(row) for row in rows}, as_json)


@audit.command()
@click.option("--customer", help="Only looks at this customer.")
@external_key_option
@click.option("--client", "client", help="Only looks by this client.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True)
@json_option
def views(customer: str | None, external_key: str | None, client: str | None, limit: int, as_json: bool) -> None:
    """Who looked at which customers, newest first: a branch's clients, and all who read explanations and portraits."""
    with open_stack() as stack:
        found = stack.store.access_log.list_views(limit, id_of(stack.store, customer, external_key), client)
    if as_json:
        show({"views": [asdict(view) for view in found]}, as_json)
        return
    for view in found:
        verdict = "allowed" if view.allowed else "refused"
        who = f"{view.client} of {view.branch}" if view.branch else view.client
        click.echo(f"{iso(view.at, UTC)}  {who}  {view.operation}  {view.customer_id}  {verdict}")


def _line(row: dict[str, Any]) -> str:
    detail = orjson.dumps(row["detail"]).decode()
    return f"{iso(row['at'], UTC)}  {row['actor']}  {row['action']}  {row['subject'][:40]}  {detail}"


VERBS = (audit,)
