"""`fourcast fairness`: who is offered something, by sex, age band and region, and groups excused for a time."""

import sys
from collections.abc import Iterator
from datetime import UTC

import click

from service.analysis.fairness.fairness import ACCEPTED
from service.cli.actor import actor_of, as_option
from service.cli.bank.services import engine_of
from service.cli.bank.stack import open_stack
from service.cli.policies.policy import policy_of
from service.cli.terminal import bar, json_option, show
from service.engine.releases.fairness.measuring import CUSTOMERS, FairnessReport
from service.rendering.answer import iso
from service.store.releases.fairness_overrides import MOST_DAYS


@click.group()
def fairness() -> None:
    """Offer rates by group: a screening signal at 0.80 of the best-served group's, not a verdict."""


@fairness.command()
@click.argument("named", metavar="[POLICY]", required=False)
@click.option(
    "--customers",
    type=click.IntRange(1, 1_000_000),
    default=CUSTOMERS,
    show_default=True,
    help="How many stored customers are sampled.",
)
@click.option("--from-store", is_flag=True, help="Measure what the stored decisions showed, as is done every day.")
@json_option
def measure(named: str | None, customers: int, from_store: bool, as_json: bool) -> None:
    """Offer rates of POLICY (folder, hash or start of a hash; the serving one unless named) by group.

    Only customers count to whom the law lets something of the family be offered. Exit code 1 where a group's whole
    interval lies below the bound of monitoring.yaml and nobody excused it, or where a rule decides by an attribute that
    tells a trait by its values. What a policy shows first, and its worth, are held against the same without the fit
    rules that read a trait.
    """
    with open_stack() as stack, bar("Deciding for a sample of the customers"):
        engine = engine_of(stack)
        try:
            policy = None if named is None else policy_of(stack, named)
            report = engine.fairness.measure_stored() if from_store else engine.fairness.measure(policy, customers)
        finally:
            engine.close()
    if as_json:
        show(report.document(), as_json)
    else:
        click.echo("\n".join(lines(report)))
    sys.exit(1 if report.refusal else 0)


@fairness.command()
@click.argument("axis", type=click.Choice(["sex", "age", "region"]))
@click.argument("group")
@click.argument("family")
@click.option("--reason", required=True, help="Why the gap is lawful and right; kept with it and in the audit log.")
@click.option("--days", type=click.IntRange(1, MOST_DAYS), default=30, show_default=True, help="How long it holds.")
@as_option
@json_option
def excuse(axis: str, group: str, family: str, reason: str, days: int, name: str | None, as_json: bool) -> None:
    """Excuse that GROUP of AXIS gets too little of FAMILY (or, where it is `margin`, by worth), for a time."""
    with open_stack() as stack:
        actor, said = actor_of(stack, name, reason, "policies:approve")
        made = stack.store.fairness_overrides.excuse(axis, group, family, said, days, actor)
    show({**made.document(), "until": iso(made.until, UTC), "at": iso(made.at, UTC)}, as_json)


def lines(report: FairnessReport) -> Iterator[str]:
    """The report as lines of text: rates by axis, the margins, the overrides, the gaps."""
    found = report.fairness
    lawful = ", ".join(f"{family} {count:,}" for family, count in found.lawful.items())
    yield f"policy {found.policy[:12]}: {found.customers:,} customers; the law lets be offered: {lawful}"
    if not found.comparisons:
        yield "no two groups of 100 customers are known: by sex, age or region nothing can be compared"
    for one in found.comparisons:
        yield f"{one.axis}: {one.what} {one.family}"
        for row in one.rows:
            ratio = "" if row.ratio is None else f"  ratio {row.ratio:.2f}"
            span = "" if row.ratio_low is None else f" ({row.ratio_low:.2f} to {row.ratio_high:.2f})"
            low = "  below" if row.alert and one.what != ACCEPTED else ""
            rate = f"{row.rate:>8.1%} ({row.low:.1%} to {row.high:.1%})"
            yield f"  {row.group:<14}{row.customers:>9,}{rate}{ratio}{span}{low}"
    for axis, margins in found.margins.items():
        yield f"{axis}: expected margin of the first offer, yuan"
        for margin in margins:
            span = f"({margin.low_yuan:.2f} to {margin.high_yuan:.2f})"
            low = "  below" if margin.alert else ""
            yield f"  {margin.group:<14}{margin.customers:>9,}{margin.mean_yuan:>10.2f} {span}{low}"
    for each in report.overrides:
        yield f"excused until {iso(each.until, UTC)}: {each.name}, by {each.actor}: {each.reason}"
    yield from (f"GAP: {gap}" for gap in report.gaps)
    yield from (f"UNFAIR: {one}" for one in found.unfair)
    yield from (f"note: {one}" for one in found.proxies)
    yield f"{len(report.gaps)} gaps below {found.bound:.2f} in what is offered, shown first, or worth"


VERBS = (fairness,)
