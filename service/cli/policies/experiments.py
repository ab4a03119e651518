"""`fourcast experiments`: what each part of the method brings, with intervals."""

from collections.abc import Mapping
from typing import Any

import click
import orjson

from service.cli.bank.services import engine_of
from service.cli.bank.stack import open_stack
from service.cli.terminal import json_option
from service.engine.outcomes.experiments import DAYS, WINDOW_DAYS

HEAD = f"{'test':<32}{'customers':>10}{'taken':>8}{'with':>8}{'without':>9}  {'difference (95 %)':<30}verdict"


@click.command()
@click.option("--days", type=click.IntRange(1, 3660), default=DAYS, show_default=True, help="How far back.")
@click.option(
    "--window", type=click.IntRange(1, 366), default=WINDOW_DAYS, show_default=True, help="Days in which a take counts."
)
@json_option
def experiments(days: int, window: int, as_json: bool) -> None:
    """The lift of every standing test, strategy and challenger, each with its interval and a plain verdict."""
    with open_stack() as stack:
        engine = engine_of(stack)
        found = engine.experiments.report(days, window)
        engine.close()
    click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2).decode() if as_json else "\n".join(report_lines(found)))


def report_lines(found: Mapping[str, Any]) -> list[str]:
    """The report as lines of text."""
    whole = found["personalised"]
    first = f"the whole method: {whole['customers']:,} customers, {whole['taken']:,} took an offer"
    trial = found["challenger"]
    tests = [*found["tests"], *([] if trial is None else [{**trial, "id": "challenger"}])]
    rows = [_line(test) for test in tests]
    strategies = [line for strategy in found["strategy_effects"] for line in _strategy(strategy)]
    notes = [f"- {caveat}" for caveat in found["caveats"]]
    return [first, *_unread(found["unreadable_decisions"]), HEAD, *rows, "strategies:", *strategies, *notes]


def _unread(count: int) -> list[str]:
    return [f"left out: {count:,} decisions whose stored record cannot be read (somebody altered it)"] if count else []


def _strategy(strategy: Mapping[str, Any]) -> list[str]:
    """A strategy's aim, whom it is for, what is credited to it, and what it brings."""
    switch = "on" if strategy["enabled"] else "off"
    return [
        f"  {strategy['id']} ({strategy['concern']}, {switch}): {strategy['objective']['en']}",
        f"    KPI: {strategy['kpi']['en']}; for {', '.join(strategy['segments'])}; "
        f"credited with {strategy['credited']:,} offers shown",
        f"    effect: {_effect(strategy['effect'])}",
    ]


def _effect(effect: Mapping[str, Any] | None) -> str:
    if effect is None:
        return "not measured, since no standing test withholds it (experiments.yaml)"
    return f"{_difference(effect)} {effect['verdict']}{_more(effect)}"


def _line(test: Mapping[str, Any]) -> str:
    lift = test["lift"]
    counts = f"{test['id']:<32}{test['customers']:>10,}{test['taken']:>8,}"
    rates = f"{_share(lift['with_rate']):>8}{_share(lift['without_rate']):>9}"
    return f"{counts}{rates}  {_difference(lift):<28}  {lift['verdict']}{_more(lift)}"


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
