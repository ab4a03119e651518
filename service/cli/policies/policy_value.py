"""`fourcast policy-value`: what a policy would bring, from logged decisions, before anybody sees it."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from service.cli.bank.services import governance_of
from service.cli.bank.stack import open_stack
from service.cli.policies.policy import policy_of
from service.cli.terminal import bar, json_option, show
from service.core.errors import InvalidInput, Problem

file_type = click.Path(dir_okay=False, path_type=Path)
ESTIMATES = ("logged", "ips", "snips", "dr", "difference")


@click.command("policy-value")
@click.argument("policy", required=False)
@click.option("--bundle", help="With POLICY: score anew with this bundle, else by the scores of each record.")
@click.option("--since", type=click.IntRange(1, 3660), default=90, show_default=True, help="With POLICY: days back.")
@click.option("--log", "log", type=file_type, help="A log of decisions: .csv or .parquet, one row per decision.")
@click.option("--action", help="Column: which action the row shows.")
@click.option("--reward", help="Column: what it earned.")
@click.option("--propensity", help="Column: with which probability it was chosen then.")
@click.option("--new-propensity", help="Column: with which probability the new policy would choose it.")
@click.option("--new-probabilities", type=file_type, help="A table instead: a row per row, a column per action.")
@click.option("--features", default="", help="Columns for the reward model of DR, with commas between.")
@json_option
def policy_value(policy: str | None, bundle: str | None, since: int, as_json: bool, **described: Any) -> None:
    """What a new policy would have earned on logged decisions: IPS, SNIPS, DR, with intervals and a verdict.

    POLICY (a folder, a hash or the start of one) is valued on the stored decisions, in yuan per decision, beside the
    policy that serves; exit code 1 where the release gate would refuse it. Without it --log names any other log.
    """
    if described["log"] is None and (policy is not None or bundle is not None):
        stored(policy, bundle, since, as_json)
    elif policy is not None or bundle is not None:
        raise InvalidInput("Name either a policy or bundle, for the stored decisions, or --log.")
    else:
        found = logged(**described)
        show(found if as_json else lines(found), as_json)


def logged(
    log: Path | None,
    action: str | None,
    reward: str | None,
    propensity: str | None,
    new_propensity: str | None,
    new_probabilities: Path | None,
    features: str,
) -> dict[str, Any]:
    """The policy value of any log.

    Raises: InvalidInput: when an option that describes the log is missing.
    """
    needed = {"--log": log, "--action": action, "--reward": reward, "--propensity": propensity}
    lacking = [Problem(name, "is required") for name, value in needed.items() if value is None]
    if lacking:
        raise InvalidInput("The log is not described.", lacking)
    named = tuple(name.strip() for name in features.split(",") if name.strip())
    from training.evaluation.policy_value import Columns, evaluate, read_log

    columns = Columns(str(action), str(reward), str(propensity), new_propensity, named)
    return evaluate(read_log(Path(str(log)), columns, new_probabilities)).document()


def stored(policy: str | None, bundle: str | None, since: int, as_json: bool) -> None:
    """The value of a policy, or of a bundle beside the policy that serves, on the stored decisions."""
    with open_stack() as stack, bar("Replaying decisions") as advance:
        governance = governance_of(stack)
        new = governance.policy() if policy is None else policy_of(stack, policy)
        report = governance.value_gate.judge(new, bundle, days=since, advance=advance)
    found = report.document()
    if not as_json:
        heads = {"policy": new.hash[:12], "champion": report.champion[:12], "decisions": f"{report.decisions:,}"}
        heads |= {"left out": report.left_out} if report.left_out else {}
        found = {**heads, **(lines(found) if report.value else {}), "gate": found["gate"]}
    show(found, as_json)
    sys.exit(1 if report.refusal else 0)


def lines(found: Mapping[str, Any]) -> dict[str, object]:
    """The report as lines of text."""
    support = found["support"]
    return {
        "rows": f"{found['rows']:,}",
        **{name: _estimate(found[name]) for name in ESTIMATES},
        "effective sample size": f"{found['effective_sample_size']:,.1f}",
        "largest weight": f"{support['max_weight']:.6g} (mean {support['mean_weight']:.6g})",
        "without support": f"{support['unsupported_share']:.2%}" + _named(support["unsupported_actions"]),
        "verdict": found["verdict"],
        "why": found["why"],
    }


def _estimate(found: Mapping[str, float] | None) -> str:
    return "-" if found is None else f"{found['value']:.6g} ({found['low']:.6g} to {found['high']:.6g})"


def _named(actions: list[str]) -> str:
    return f" ({', '.join(actions)})" if actions else ""


VERBS = (policy_value,)
