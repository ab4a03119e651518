"""`fourcast experiments`: what each standing test and strategy brings, with intervals, or that nobody can tell yet."""

from collections.abc import Mapping
from typing import Any

import click
import orjson

from service.commands.decisions import engine_of
from service.commands.stack import opened
from service.measurement import DAYS, WINDOW_DAYS

HEAD = f"{'test':<32}{'customers':>10}{'taken':>8}{'with':>8}{'without':>9}  {'difference (95 %)':<26}verdict"


@click.command()
@click.option("--days", type=click.IntRange(1, 3660), default=DAYS, show_default=True, help="How far back.")
@click.option(
    "--window", type=click.IntRange(1, 366), default=WINDOW_DAYS, show_default=True, help="Days in which a take counts."
)
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def experiments(days: int, window: int, as_json: bool) -> None:
    """The lift of every standing test, strategy and challenger, each with its interval and a plain verdict."""
    with opened() as stack:
        engine = engine_of(stack)
        found = engine.measurement.report(days, window)
        engine.close()
    click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() if as_json else "\n".join(told(found)))


def told(found: Mapping[str, Any]) -> list[str]:
    """The report in lines."""
    whole = found["personalised"]
    first = f"the whole method: {whole['customers']:,} customers, {whole['taken']:,} took an offer"
    rows = [_line(test) for test in found["tests"]]
    credited = [f"  {name:<30}{count:>12,}" for name, count in found["strategies"].items()]
    notes = [f"- {caveat}" for caveat in found["caveats"]]
    return [first, HEAD, *rows, "shown treatments credited to each strategy:", *credited, *notes]


def _line(test: Mapping[str, Any]) -> str:
    lift = test["lift"]
    counts = f"{test['id']:<32}{test['customers']:>10,}{test['taken']:>8,}"
    rates = f"{_share(lift['with_rate']):>8}{_share(lift['without_rate']):>9}"
    return f"{counts}{rates}  {_difference(lift):<26}{lift['verdict']}{_more(lift)}"


def _difference(lift: Mapping[str, Any]) -> str:
    if lift["difference"] is None:
        return "-"
    low, high = lift["difference_interval"]
    return f"{lift['difference']:+.2%} ({low:+.2%} to {high:+.2%})"


def _more(lift: Mapping[str, Any]) -> str:
    if lift["needed"] is None or lift["verdict"] != "cannot tell yet":
        return ""
    return f": a tenth more or less would show with {lift['needed']:,} customers"


def _share(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.2%}"


VERBS = (experiments,)
