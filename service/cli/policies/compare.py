"""`fourcast policy diff | simulate | weights`: what a policy would change, and how firm its weights are."""

from collections.abc import Iterator

import click

from service.analysis.sensitivity import Firmness
from service.cli.bank.stack import Stack, opened
from service.cli.policies.policy import governance_of, policy, policy_of
from service.cli.terminal import bar, json_option, show
from service.engine.releases.governance import CUSTOMERS
from service.rules.policy import Policy

new_argument = click.argument("new", required=False)
old_option = click.option("--with", "old", help="The policy to stand beside; by default the one that serves.")
customers_option = click.option(
    "--customers",
    type=click.IntRange(1, 1_000_000),
    default=CUSTOMERS,
    show_default=True,
    help="How many stored customers are sampled.",
)


@policy.command()
@new_argument
@old_option
@json_option
def diff(new: str | None, old: str | None, as_json: bool) -> None:
    """What the policy NEW (folder, hash or start of a hash) says differently, field by field."""
    with opened() as stack:
        found = governance_of(stack).difference(policy_of(stack, new), _old(stack, old))
    if as_json:
        show(found.document(), as_json)
    else:
        click.echo(str(found))


@policy.command()
@new_argument
@old_option
@customers_option
@click.option("--channel", help="Only treatments in this channel.")
@click.option("--limit", type=click.IntRange(1, 10), default=3, show_default=True, help="Offers in each list.")
@json_option
def simulate(new: str | None, old: str | None, customers: int, channel: str | None, limit: int, as_json: bool) -> None:
    """Run the policy NEW (folder, hash or start of a hash) beside the one that serves: who gains, who loses."""
    with opened() as stack, bar("Deciding twice for each customer"):
        governance, policies = governance_of(stack), (policy_of(stack, new), _old(stack, old))
        found = governance.simulation(*policies, customers=customers, channel=channel, limit=limit)
        prospect = governance.prospects.of(policies[0]) if old is None and stack.store.active() is not None else None
    if as_json:
        show({**found.document(), "policy_value": None if prospect is None else prospect.document()}, as_json)
    else:
        click.echo("\n".join([str(found), *([] if prospect is None else [prospect.said])]))


def _old(stack: Stack, named: str | None) -> Policy:
    return governance_of(stack).policy() if named is None else policy_of(stack, named)


@policy.command()
@click.argument("named", metavar="[POLICY]", required=False)
@customers_option
@click.option(
    "--changed",
    type=click.FloatRange(0, 100, min_open=True),
    default=5.0,
    show_default=True,
    help="From how many per cent of changed first offers a weight counts as moved too far.",
)
@json_option
def weights(named: str | None, customers: int, changed: float, as_json: bool) -> None:
    """From situation to weights: hierarchy, consistency, the four C, and how far each may move.

    POLICY is a folder, a hash or the start of a hash; by default the policy that serves.
    """
    with opened() as stack, bar("Moving each weight") as advance:
        governance = governance_of(stack)
        shown = _old(stack, named)
        firm = governance.firmness(shown, customers, changed / 100, advance)
    if as_json:
        show(document(shown, firm, changed), as_json)
    else:
        click.echo("\n".join(lines(shown, firm, changed)))


def document(policy: Policy, firm: tuple[Firmness, ...], changed: float) -> dict[str, object]:
    """All of it as JSON values."""
    hierarchy = policy.hierarchy
    return {
        "policy": policy.hash,
        "random_index": hierarchy.random_index,
        "groups": hierarchy.groups,
        "factors": hierarchy.factors,
        "comparisons": hierarchy.comparisons,
        "weights": dict(policy.weights),
        "sensitivity": {"changed_percent": changed, "weights": [each.document() for each in firm]},
    }


def lines(policy: Policy, firm: tuple[Firmness, ...], changed: float) -> Iterator[str]:
    """The hierarchy from the goal down, the matrices with each expert's consistency, the weights and their firmness."""
    hierarchy = policy.hierarchy
    yield f"policy {policy.hash[:12]}"
    for group, share in hierarchy.groups.items():
        yield f"{group} {share:.4f}"
        for factor in (each for each in hierarchy.factors if each.group == group):
            split = "  ".join(f"{concern} {part:.3f}" for concern, part in factor.concerns.items())
            yield f"  {factor.id:<20} {factor.weight:.4f}  {factor.origin:<14} {split}"
    yield f"consistency ratios (below 0.1; random index: {hierarchy.random_index}):"
    for one in hierarchy.comparisons:
        experts = "  ".join(f"{expert} {ratio:.3f}" for expert, ratio in one.experts.items())
        yield f"  {one.id:<20} joined {one.ratio:.3f}  {experts}"
    yield f"the four C, and how far each may fall or rise before {changed:g} % of first offers change:"
    yield from (f"  {each}" for each in firm)


VERBS = (policy,)
"""The whole group ``policy``: importing this module adds its own verbs to those of ``policies``."""
