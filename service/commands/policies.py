"""`fourcast policy`: check a folder of YAML, publish it, list what has served."""

from pathlib import Path

import click

from service.commands.models import published
from service.commands.stack import opened
from service.commands.terminal import json_option, show
from service.rules.policy import DEFAULT, load

folder_argument = click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=DEFAULT, required=False
)


@click.group()
def policy() -> None:
    """The policy: catalogue, channels, rules, weights, contact, messages."""


@policy.command()
@folder_argument
@json_option
def check(folder: Path, as_json: bool) -> None:
    """Check the policy in FOLDER (the shipped one by default): every problem at once, with file and key."""
    checked = load(folder)
    show(
        {
            "policy": checked.hash,
            "offers": len(checked.offers),
            "channels": len(checked.channels),
            "gates": len(checked.gates) + len(checked.contact.rules),
            "fit rules": len(checked.fits),
            "strategies": len(checked.strategies),
            "weights": {concern: round(weight, 4) for concern, weight in checked.weights.items()},
        },
        as_json,
    )


@policy.command()
@folder_argument
@json_option
def publish(folder: Path, as_json: bool) -> None:
    """Check the policy in FOLDER and make it serve, beside the bundle that serves."""
    with opened() as stack:
        policy_hash = published(stack, folder)
        active = stack.store.active()
        release = stack.store.activate(policy_hash, active.bundle if active else None, "policy published", "cli")
    show({"release": release.id, "policy": release.policy, "bundle": release.bundle}, as_json)


@policy.command()
@json_option
def releases(as_json: bool) -> None:
    """List every release, newest first: what served, since when, why."""
    with opened() as stack:
        listed = stack.store.releases()
    show({str(each["id"]): each if as_json else _line(each) for each in listed}, as_json)


def _line(release: dict[str, object]) -> str:
    return f"policy {str(release['policy'])[:12]}  bundle {release['bundle'] or 'none'}  {release['note']}"


VERBS = (policy,)
