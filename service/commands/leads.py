"""`fourcast leads | advisers`: the branch's list built from a batch of decisions, what became of it, who works it."""

import csv
import sys
import time
from datetime import datetime
from pathlib import Path

import click

from service.commands import choosing
from service.commands.decisions import engine_of
from service.commands.stack import opened
from service.commands.terminal import bar, json_option, show
from service.crm.tables import Column, written
from service.errors import InvalidInput, Problem
from service.grid import day_at
from service.rules.policy import load
from service.store.leads import Actor, AdviserRow, Search

DAYS = 30
NUMBERS = ("leads", "claimed", "contacted", "accepted", "sold", "sold_yuan", "rejected", "withdrawn", "overridden")
LISTED = (Column("id"), Column("customer_id"), Column("branch"), Column("adviser"), Column("offer"),
          Column("priority", "number"), Column("status"), Column("built_at", "instant"))  # fmt: skip
SHOWN_AT_ONCE = 50


@click.group()
def leads() -> None:
    """Leads for advisers: build, list, report."""


@leads.command()
@click.option("--branch", help="Only for the advisers and customers of this branch.")
@json_option
def build(branch: str | None, as_json: bool) -> None:
    """Decide for everybody in the advisers' channel; give the best to the advisers, within their stated hours."""
    with opened() as stack:
        engine = engine_of(stack)
        try:
            with bar("Deciding in the advisers' channel") as advance:
                built = engine.crm.leads.build(Actor("cli", branch), advance)
        finally:
            engine.close()
    show({name: getattr(built, name) for name in ("customers", "candidates", "places", "leads")}, as_json)


@leads.command("list")
@click.option("--branch", help="Of this branch.")
@click.option("--adviser", help="Of this adviser.")
@click.option("--status", help="In this status, as open or claimed.")
def list_(branch: str | None, adviser: str | None, status: str | None) -> None:
    """Leads as CSV, best first; text that a spreadsheet would run is defused."""
    with opened() as stack:
        engine = engine_of(stack)
        try:
            zone, after, rows = engine.timezone, None, []
            while found := engine.crm.leads.listed(Search(branch, adviser, status, after, SHOWN_AT_ONCE)):
                for one in found:
                    built = datetime.fromtimestamp(one.built_at / 1000, zone).isoformat(timespec="seconds")
                    rows.append({column.name: getattr(one, column.name) for column in LISTED} | {"built_at": built})
                after = found[-1].priority, found[-1].id
        finally:
            engine.close()
    for part in written("csv", LISTED, rows):
        sys.stdout.write(part.decode())


@leads.command()
@click.option("--days", type=click.IntRange(1, 3_650), default=DAYS, show_default=True, help="Leads built so lately.")
@json_option
def report(days: int, as_json: bool) -> None:
    """What became of the leads: by adviser, then by the strategies that raised the offers; sales credited to both."""
    now = time.time_ns() // 1_000_000
    with opened() as stack:
        stack.store.leads.settle()
        rows = stack.store.leads.report(now - days * 86_400_000, now + 1)
        until = day_at(now, load(stack.settings.policy).contact.timezone)
    if as_json:
        show({"days": days, "until": until.isoformat(), "rows": rows}, as_json)
        return
    told = {f"{row['by']} {row['name']}": ", ".join(f"{name} {row[name]:g}" for name in NUMBERS) for row in rows}
    show(told or {"leads": f"none were built in {days} days"}, as_json)


@click.group()
def advisers() -> None:
    """Advisers and their hours."""


@advisers.command()
@click.argument("adviser_id")
@click.option("--branch", required=True, help="The branch they work in.")
@click.option("--minutes-per-week", type=click.IntRange(0, 10_080), required=True, help="Their stated time for leads.")
@click.option("--minutes-per-contact", type=click.IntRange(1, 480), default=30, show_default=True)
@click.option("--away", is_flag=True, help="They get no leads for now.")
def put(adviser_id: str, branch: str, minutes_per_week: int, minutes_per_contact: int, away: bool) -> None:
    """Store ADVISER_ID, new or changed."""
    row = AdviserRow(adviser_id, branch, minutes_per_week, minutes_per_contact, not away)
    with opened(choosing.found()) as stack:
        stack.store.leads.put_adviser(row, Actor("cli"))
    click.echo(f"stored {adviser_id}")


@advisers.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def import_(file: Path, as_json: bool) -> None:
    """Store the advisers of a CSV with the columns id, branch, minutes_per_week, minutes_per_contact."""
    rows = read_advisers(file)
    with opened(choosing.found()) as stack:
        for row in rows:
            stack.store.leads.put_adviser(row, Actor("cli"))
    show({"advisers": len(rows)}, as_json)


@advisers.command("list")
@json_option
def list_advisers(as_json: bool) -> None:
    """Every adviser with their hours and leads at work."""
    with opened() as stack:
        rows = stack.store.leads.advisers()
    show(
        {one.id: f"{one.branch}, {one.minutes_per_week} minutes a week, {one.minutes_per_contact} a contact, "
                 f"{at_work} leads{'' if one.active else ', away'}" for one, at_work in rows},
        as_json,
    )  # fmt: skip


def read_advisers(file: Path) -> list[AdviserRow]:
    """The rows of a CSV; InvalidInput naming every one that does not fit."""
    rows, problems = [], list[Problem]()
    with file.open(encoding="utf-8-sig", newline="") as page:
        for number, row in enumerate(csv.DictReader(page), 2):
            try:
                minutes = int(row["minutes_per_week"]), int(row["minutes_per_contact"])
                if not (row["id"] and row["branch"] and minutes[0] >= 0 and minutes[1] > 0):
                    raise ValueError("id and branch must be there, minutes must be above 0")
                rows.append(AdviserRow(row["id"], row["branch"], *minutes))
            except (KeyError, ValueError, TypeError) as fault:
                problems.append(Problem(f"{file}:{number}", f"expected id, branch and whole minutes: {fault}"))
    if problems:
        raise InvalidInput("The advisers do not fit; none was stored.", problems[:20])
    return rows


VERBS = (leads, advisers)
