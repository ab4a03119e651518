"""`fourcast rules`: what each fit rule changes, beside what its weight claims; new weights proposed, never set."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from service.analysis.rule_effects import CAVEATS, RuleEffect, proposed_weights
from service.cli.bank.services import engine_of
from service.cli.bank.stack import open_stack
from service.cli.policies.policy import policy_of
from service.cli.terminal import bar, json_option, show
from service.core.errors import InvalidInput
from service.engine.outcomes.rule_effects import CUSTOMERS, DAYS, RuleEffectsReport
from service.rules.loading.rule_text import write_weights
from service.rules.policy import load

HEAD = (
    f"{'rule':<34}{'weight':>7}{'claims':>8}{'fired':>8}{'taken':>7}  {'odds ratio (95 %)':<24}{'verdict':<17}proposed"
)


@click.group()
def rules() -> None:
    """Fit rules held against what customers did."""


@rules.command("measure")
@click.argument("named", metavar="[POLICY]", required=False)
@click.option("--days", type=click.IntRange(1, 3660), default=DAYS, show_default=True, help="How far back.")
@click.option(
    "--customers",
    type=click.IntRange(1, 1_000_000),
    default=CUSTOMERS,
    show_default=True,
    help="How many customers' decisions are read.",
)
@click.option(
    "--propose",
    metavar="NEW-FOLDER",
    type=click.Path(path_type=Path),
    help="Write POLICY, a folder, to a new folder with the proposed weights. Nothing serves by this.",
)
@json_option
def measure(named: str | None, days: int, customers: int, propose: Path | None, as_json: bool) -> None:
    """Each fit rule's odds ratio by the stored decisions, beside the one that its weight claims.

    POLICY is a folder, a hash or the start of one; the policy that serves unless named. A claim outside the interval is
    contradicted, and another weight is proposed; `fourcast policy diff` and `publish` take the new folder from there.
    """
    folder = _folder_of(named, propose)
    with open_stack() as stack, bar("Judging stored decisions again") as advance:
        engine = engine_of(stack)
        try:
            policy = None if named is None else policy_of(stack, named)
            report = engine.rule_effects.measure(policy, days, customers, advance)
        finally:
            engine.close()
    weights = proposed_weights(report.effects)
    if propose is not None and folder is not None:
        write_proposal(folder, propose, weights)
    if as_json:
        show({**report.document(), "proposed": weights}, as_json)
    else:
        click.echo("\n".join((*lines(report), *_next_steps(propose, weights))))


def _folder_of(named: str | None, propose: Path | None) -> Path | None:
    if propose is None:
        return None
    if named is None or not Path(named).is_dir():
        raise InvalidInput("--propose writes a folder from a folder: name the policy's folder as POLICY.")
    if propose.exists():
        raise InvalidInput(f"{propose} exists already; --propose writes a new folder and never over one.")
    return Path(named)


def write_proposal(folder: Path, new: Path, weights: Mapping[str, float]) -> None:
    """A copy of the policy's folder with other weights, every comment kept.

    Raises: InvalidInput: when a rule is not written in a way that can be changed line by line.
    """
    shutil.copytree(folder, new)
    for path in sorted(new.glob("*.yaml")):
        path.write_text(write_weights(path.read_text("utf-8"), weights), "utf-8")
    written = {rule.id: rule.weight for rule in load(new).fits}
    lacking = [rule for rule, weight in weights.items() if written.get(rule) != weight]
    if lacking:
        raise InvalidInput(f"{new}: the weight of {', '.join(lacking)} is not on a line of its own; change it by hand.")


def lines(report: RuleEffectsReport) -> Iterator[str]:
    """The report as lines of text, the most often fired rules first."""
    yield (
        f"policy {report.policy[:12]}: {report.shown:,} offers shown to {report.customers:,} customers, "
        f"{report.taken:,} taken within {report.window_days:g} days"
    )
    if report.left_out:
        yield "left out: " + ", ".join(f"{count:,} ({why})" for why, count in report.left_out.items())
    yield HEAD
    yield from (_line(one) for one in sorted(report.effects, key=lambda one: -one.fired))
    yield from (f"- {caveat}" for caveat in CAVEATS)


def _line(one: RuleEffect) -> str:
    counts = f"{one.rule:<34}{one.weight:>7g}{one.claimed_odds:>8.2f}{one.fired:>8,}{one.taken_where_fired:>7,}"
    proposed = f"{one.proposed_weight:g}" if one.proposed_weight != one.weight else ""
    return f"{counts}  {_odds(one):<24}{one.verdict:<17}{proposed}".rstrip()


def _odds(one: RuleEffect) -> str:
    return "-" if one.odds is None else f"{one.odds:.2f} ({one.low:.2f} to {one.high:.2f})"


def _next_steps(propose: Path | None, weights: Mapping[str, float]) -> Iterator[str]:
    if propose is not None:
        many = f"{len(weights)} weight{'s' if len(weights) != 1 else ''} changed"
        yield f"{propose}: {many}; next: fourcast policy diff {propose}"


VERBS = (rules,)
