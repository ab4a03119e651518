"""`fourcast leads`: the branch's list built from a batch of decisions, and what became of it."""

import sys
from datetime import datetime, tzinfo

import click

from service.cli.actor import actor_of
from service.cli.bank.services import engine_of
from service.cli.bank.stack import open_stack
from service.cli.terminal import bar, json_option, show
from service.core.clock import now_ms
from service.core.grid import DAY_MS, day_at
from service.engine.crm.leads.building import Term
from service.engine.crm.row_files import Column, write_rows
from service.rules.policy import load
from service.store.leads import Actor, Lead, LeadSearch

DAYS = 30
NUMBERS = ("leads", "claimed", "contacted", "accepted", "sold", "sold_yuan", "rejected", "withdrawn", "expired",
           "corrected", "overridden")  # fmt: skip
LISTED = (Column("id"), Column("customer_id"), Column("branch"), Column("adviser"), Column("offer"),
          Column("priority", "number"), Column("status"), Column("built_at", "instant"), Column("due_on"),
          Column("expires_at", "instant"), Column("call_back_at", "instant"), Column("outcome"),
          Column("note"))  # fmt: skip
TIMES = ("built_at", "expires_at", "call_back_at")
SHOWN_AT_ONCE = 50


@click.group()
def leads() -> None:
    """Leads for advisers: build, list, report."""


@leads.command()
@click.option("--branch", help="Only for the advisers and customers of this branch.")
@click.option("--due-days", type=click.IntRange(1, 90), default=7, show_default=True, help="Days until each is due.")
@click.option("--expire-days", type=click.IntRange(1, 90), default=14, show_default=True, help="Days until each ends.")
@json_option
def build(branch: str | None, due_days: int, expire_days: int, as_json: bool) -> None:
    """Decide for everybody in the advisers' channel; give the best to the advisers, within their stated hours.

    Says by reason why the other customers got no lead.
    """
    with open_stack() as stack:
        engine = engine_of(stack)
        try:
            with bar("Deciding in the advisers' channel") as advance:
                actor = Actor(actor_of(stack, None)[0], branch, language="en")
                built = engine.crm.leads.build(actor, advance, Term(due_days, expire_days))
        finally:
            engine.close()
    if as_json:
        return show(built.document(), as_json)
    told = {name: str(getattr(built, name)) for name in ("customers", "candidates", "places", "leads")}
    fell = {f"without: {one.reason}": f"{one.customers} ({one.text})" for one in built.fell_out}
    return show(told | fell, as_json)


@leads.command("list")
@click.option("--branch", help="Of this branch.")
@click.option("--adviser", help="Of this adviser.")
@click.option("--status", help="In this status, as open or claimed.")
def list_(branch: str | None, adviser: str | None, status: str | None) -> None:
    """Leads as CSV, best first; text that a spreadsheet would run is defused."""
    with open_stack() as stack:
        engine = engine_of(stack)
        try:
            zone, after, rows = engine.timezone, None, []
            while found := engine.crm.leads.list_leads(LeadSearch(branch, adviser, status, after, SHOWN_AT_ONCE)):
                rows += [_row(one, zone) for one in found]
                after = found[-1].priority, found[-1].id
        finally:
            engine.close()
    for part in write_rows("csv", LISTED, rows):
        sys.stdout.write(part.decode())


def _row(one: Lead, zone: tzinfo) -> dict[str, object]:
    times = {name: at and datetime.fromtimestamp(at / 1000, zone).isoformat(timespec="seconds")
             for name in TIMES if (at := getattr(one, name)) is not None}  # fmt: skip
    due = {"due_on": one.due_on and one.due_on.isoformat()}
    return {column.name: getattr(one, column.name) for column in LISTED} | times | due


@leads.command()
@click.option("--branch", help="Of this branch.")
@click.option("--days", type=click.IntRange(1, 3_650), default=DAYS, show_default=True, help="Leads built so lately.")
@json_option
def report(branch: str | None, days: int, as_json: bool) -> None:
    """What became of the leads: by adviser, then by the strategies that raised the offers; sales credited to both."""
    now = now_ms()
    with open_stack() as stack:
        stack.store.leads.settle()
        rows = stack.store.leads.report(now - days * DAY_MS, now + 1, branch)
        until = day_at(now, load(stack.settings.policy).contact.timezone)
    if as_json:
        show({"days": days, "until": until.isoformat(), "rows": rows}, as_json)
        return
    told = {f"{row['by']} {row['name']}": ", ".join(f"{name} {row[name]:g}" for name in NUMBERS) for row in rows}
    show(told or {"leads": f"none were built in {days} days"}, as_json)


VERBS = (leads,)
