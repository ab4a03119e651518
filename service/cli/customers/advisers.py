"""`fourcast advisers`: who works leads, in which branch, for how many hours."""

import csv
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from service.cli.actor import actor_of
from service.cli.bank import selection
from service.cli.bank.services import engine_of
from service.cli.bank.stack import open_stack
from service.cli.terminal import json_option, language_option, show
from service.core.errors import InvalidInput, Problem
from service.core.grid import year_after
from service.engine.crm.leads.attestation import Standing
from service.rendering.readers.conduct import VERSION, list_rules
from service.store.leads import Actor, AdviserRow

DAY = click.DateTime(["%Y-%m-%d"])


@click.group()
def advisers() -> None:
    """Advisers and their hours."""


@advisers.command()
@click.argument("adviser_id")
@click.option("--branch", required=True, help="The branch they work in.")
@click.option("--minutes-per-week", type=click.IntRange(0, 10_080), required=True, help="Their stated time for leads.")
@click.option("--minutes-per-contact", type=click.IntRange(1, 480), default=30, show_default=True)
@click.option("--away", is_flag=True, help="They get no leads for now.")
@click.option("--away-from", type=DAY, help="First day of leave.")
@click.option("--away-until", type=DAY, help="Last day of leave.")
@click.option("--substitute", help="Who works their leads meanwhile.")
@click.option("--max-risk", type=click.IntRange(0, 5), help="The riskiest product they may sell.")
@click.option("--manager", is_flag=True, help="They may reassign, release and correct the branch's leads.")
def put(adviser_id: str, away: bool, away_from: datetime | None, away_until: datetime | None, **said: Any) -> None:
    """Store ADVISER_ID, new or changed."""
    first, last = (None if one is None else one.date() for one in (away_from, away_until))
    row = AdviserRow(adviser_id, active=not away, away_from=first, away_until=last, **said)
    _expect_leave(row, "--away-until")
    with open_stack(selection.chosen_settings()) as stack:
        stack.store.leads.put_advisers([row], Actor(actor_of(stack, None)[0]))
    click.echo(f"stored {adviser_id}")


@advisers.command()
@click.argument("adviser_id")
def remove(adviser_id: str) -> None:
    """Take ADVISER_ID out; what they did stays credited to them."""
    with open_stack(selection.chosen_settings()) as stack:
        stack.store.leads.remove_adviser(adviser_id, Actor(actor_of(stack, None)[0]))
    click.echo(f"removed {adviser_id}")


@advisers.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
def import_(file: Path, as_json: bool) -> None:
    """Store the advisers of a CSV with the columns id, branch, minutes_per_week, minutes_per_contact.

    And, where they are there: away_from, away_until, substitute, max_risk, manager (true or false).
    """
    rows = read_advisers(file)
    with open_stack(selection.chosen_settings()) as stack:
        stack.store.leads.put_advisers(rows, Actor(actor_of(stack, None)[0]))
    show({"advisers": len(rows)}, as_json)


@advisers.command()
@language_option("zh")
@json_option
def conduct(language: str, as_json: bool) -> None:
    """The rules of conduct that advisers confirm once a year, with their grounds and the version of the text."""
    if as_json:
        return show({"version": VERSION, "rules": list_rules(language)}, as_json)
    return show(
        {"version": VERSION} | {one["id"]: f"{one['text']} [{one['ground']}]" for one in list_rules(language)}, False
    )


@advisers.command()
@click.argument("adviser_ids", nargs=-1, required=True)
@click.option("--on", "attested_on", type=DAY, help="The day they confirmed; today unless stated.")
@click.option("--version", default=VERSION, help="The version of the rules that they read; the present one by default.")
@click.option("--by", help="Who confirms or records it, if not yourself.")
@json_option
def attest(
    adviser_ids: tuple[str, ...], attested_on: datetime | None, version: str, by: str | None, as_json: bool
) -> None:
    """Record that ADVISER_IDS know the rules of conduct. It holds for 12 months; then they get no risk-rated leads."""
    on = None if attested_on is None else attested_on.date()
    with open_stack(selection.chosen_settings()) as stack:
        engine = engine_of(stack)
        try:
            for name in adviser_ids:
                engine.crm.attestations.standing(name)
            actor = Actor(actor_of(stack, None)[0], behalf=by)
            made = [engine.crm.attestations.confirm(name, version, on, actor) for name in adviser_ids]
        finally:
            engine.close()
    show({one.adviser: _until(one) for one in made}, as_json)


@advisers.command()
@click.option("--branch", help="Of this branch.")
@click.option("--lacking", is_flag=True, help="Only those whose confirmation is missing or over.")
@json_option
def attestations(branch: str | None, lacking: bool, as_json: bool) -> None:
    """Until when each adviser's confirmation of the rules of conduct holds."""
    with open_stack() as stack:
        engine = engine_of(stack)
        try:
            known = engine.crm.attestations.standings(branch)
            rows = [
                known.get(one.id, Standing(one.id, None, False)) for one, _ in stack.store.leads.list_advisers(branch)
            ]
        finally:
            engine.close()
    show({one.adviser: _until(one) for one in rows if not (lacking and one.valid)}, as_json)


def _until(one: Standing) -> str:
    """The standing in words."""
    if one.newest is None:
        return "has never confirmed the rules of conduct"
    text = "" if one.newest.version == VERSION else f", an older text ({one.newest.version})"
    state = "until" if one.valid else "over since"
    words = f"confirmed on {one.newest.attested_on} by {one.newest.recorded_by}"
    return f"{words}, {state} {year_after(one.newest.attested_on)}{text}"


@advisers.command("list")
@json_option
def list_advisers(as_json: bool) -> None:
    """Every adviser with their hours and leads at work."""
    with open_stack() as stack:
        rows = stack.store.leads.list_advisers()
    show({one.id: _told(one, at_work) for one, at_work in rows}, as_json)


def _told(one: AdviserRow, at_work: int) -> str:
    words = [
        f"{one.branch}, {one.minutes_per_week} minutes a week, {one.minutes_per_contact} a contact, {at_work} leads"
    ]
    words += [] if one.active else ["away"]
    if one.away_from is not None:
        words.append(f"on leave {one.away_from} to {one.away_until or 'further notice'}")
    words += [] if one.substitute is None else [f"substitute {one.substitute}"]
    words += [] if one.max_risk is None else [f"up to R{one.max_risk}"]
    return ", ".join(words + (["manager"] if one.manager else []))


def read_advisers(file: Path) -> list[AdviserRow]:
    """The rows of a CSV.

    Raises: InvalidInput: when a row does not fit, naming every such row.
    """
    rows, problems = [], list[Problem]()
    with file.open(encoding="utf-8-sig", newline="") as page:
        for number, row in enumerate(csv.DictReader(page), 2):
            try:
                rows.append(_read(row))
            except (KeyError, ValueError, TypeError, InvalidInput) as fault:
                problems.append(Problem(f"{file}:{number}", f"expected id, branch and whole minutes: {fault}"))
    if problems:
        raise InvalidInput("The advisers do not fit; none was stored.", problems[:20])
    return rows


def _read(row: dict[str, str]) -> AdviserRow:
    minutes = int(row["minutes_per_week"]), int(row["minutes_per_contact"])
    if not (row["id"] and row["branch"] and minutes[0] >= 0 and minutes[1] > 0):
        raise ValueError("id and branch must be there, minutes must be above 0")
    first, last = (date.fromisoformat(day) if (day := row.get(name)) else None for name in ("away_from", "away_until"))
    risk, manager = row.get("max_risk"), row.get("manager") or "false"
    if risk and not 0 <= int(risk) <= 5:
        raise ValueError("max_risk must be 0 to 5")
    if manager not in ("true", "false"):
        raise ValueError("manager must be true or false")
    read = AdviserRow(row["id"], row["branch"], *minutes, away_from=first, away_until=last,
                      substitute=row.get("substitute") or None, max_risk=int(risk) if risk else None,
                      manager=manager == "true")  # fmt: skip
    _expect_leave(read, "away_until")
    return read


def _expect_leave(row: AdviserRow, where: str) -> None:
    if row.away_until is not None and (row.away_from is None or row.away_until < row.away_from):
        raise InvalidInput("The leave does not fit.", [Problem(where, "must not come before its first day")])


VERBS = (advisers,)
