"""`fourcast challenge`: another policy or bundle on trial, for a share of the customers."""

import click

from service.cli.actor import actor_of, as_option, note_option
from service.cli.bank.services import governance_of
from service.cli.bank.stack import open_stack
from service.cli.terminal import json_option, show
from service.store.releases.challengers import MOST


@click.command()
@click.argument("policy", required=False)
@click.option("--bundle", help="The challenger's bundle; that of the champion unless named.")
@click.option("--share", type=click.FloatRange(0.001, MOST), default=0.1, show_default=True, help="Of the customers.")
@click.option("--end", is_flag=True, help="End the trial: the champion serves everybody again.")
@click.option("--override", is_flag=True, help="Although the bundle does not fit this bank; the audit log keeps it.")
@as_option
@note_option
@json_option
def challenge(
    policy: str | None,
    bundle: str | None,
    share: float,
    end: bool,
    override: bool,
    name: str | None,
    note: str,
    as_json: bool,
) -> None:
    """Let POLICY (a hash or its beginning; the champion's unless named) or a bundle serve a share of the customers.

    Exit code 1 where the bundle does not fit this bank (its name, its families, the attributes it reads), as `promote`;
    for the author of a policy that never served; and where its red changes lack the signature of compliance.
    """
    with open_stack() as stack:
        governance = governance_of(stack)
        actor, note = actor_of(stack, name, note, "models:promote", "policies:approve")
        release = (
            governance.end_challenge(actor, note)
            if end
            else governance.challenge(policy, bundle, share, actor, note, override)
        )
    show({"release": release.id, "champion": release.policy, "on trial": not end}, as_json)


VERBS = (challenge,)
