"""`fourcast policy`: check a folder of YAML, propose it, approve somebody else's, roll back, list what has served.

Comparing and simulating stand in ``compare``. Two pairs of eyes: whoever published a policy cannot approve it. On the
command line a name is what ``--as`` says, the user of the operating system by default; where the two differ the audit
log keeps both. Over HTTP the key says who it is.
"""

import getpass
from datetime import UTC
from pathlib import Path
from typing import Any

import click

from service.analysis.policy_checks import conduct
from service.analysis.policy_checks.lint import findings
from service.cli.bank import choice
from service.cli.bank.stack import Stack, opened
from service.cli.models.tracking import tell_serving
from service.cli.terminal import json_option, show
from service.core.domain import Release
from service.core.errors import InvalidInput, NotFound, PolicyError, Problem
from service.engine.releases.artifacts import Artifacts
from service.engine.releases.governance import Governance
from service.engine.releases.loader import Shelf
from service.rendering.answer import iso
from service.rules.loading import limits
from service.rules.policy import DEFAULT, Policy, load
from service.store import Proposal

folder_argument = click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=DEFAULT, required=False
)
as_option = click.option("--as", "name", help="Who does this; the operating system's user by default.")
note_option = click.option("--note", default="", help="Why, in words; kept with it and in the audit log.")


def governance_of(stack: Stack) -> Governance:
    """The release desk of this process."""
    return Governance(stack.store, Shelf(stack.store, Artifacts.of(stack.settings)))


def actor(name: str | None, note: str = "") -> tuple[str, str]:
    """Who acts and why; where ``name`` is not the operating system's user, the note says whose hands it were."""
    user = _user()
    if name is None and user is None:
        raise InvalidInput("Nobody is logged in: say who you are.", [Problem("--as", "is required here")])
    if name is None or name == user:
        return str(user), note
    return name, f"{note} [user {user or 'unknown'}]".strip()


def _user() -> str | None:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return None


def policy_of(stack: Stack, named: str | None) -> Policy:
    """A policy by its folder, or by its hash or the start of it; the settings' folder without a name."""
    if named is None:
        return load(stack.settings.policy)
    if Path(named).is_dir():
        return load(Path(named))
    try:
        return governance_of(stack).policy(stack.store.proposals.whole_hash(named))
    except NotFound as error:
        raise NotFound(f"{error.message} It is no folder either.") from error


@click.group()
def policy() -> None:
    """The policy: catalogue, channels, rules, weights, contact, messages."""


@policy.command()
@folder_argument
@json_option
def check(folder: Path, as_json: bool) -> None:
    """Check the policy in FOLDER (the shipped one by default): every problem at once, with file and key."""
    checked = load(folder)
    limits.refuse(checked.documents)
    conduct.refuse(checked)
    found = findings(checked)
    if found.problems:
        raise PolicyError("the policy's rules do not prove themselves", found.problems)
    show(
        {
            "policy": checked.hash,
            "offers": len(checked.offers),
            "channels": len(checked.channels),
            "gates": len(checked.gates) + len(checked.contact.rules),
            "fit rules": len(checked.fits),
            "strategies": len(checked.strategies),
            "weights": {concern: round(weight, 4) for concern, weight in checked.weights.items()},
            "warnings": [f"{one.where} {one.message}" for one in found.warnings],
        },
        as_json,
    )


@policy.command()
@folder_argument
@as_option
@note_option
@json_option
def publish(folder: Path, name: str | None, note: str, as_json: bool) -> None:
    """Check the policy in FOLDER and propose it; it serves once somebody else approves it."""
    author, said = actor(name, note)
    checked = load(folder)
    with opened(choice.found()) as stack:
        proposal, new = governance_of(stack).publish(checked.documents, author, said)
    show({**_told(proposal), "new": new}, as_json)


@policy.command()
@click.argument("policy_hash")
@click.option("--override", is_flag=True, help="Although the release gate says no; the audit log keeps it.")
@as_option
@note_option
@json_option
def approve(policy_hash: str, override: bool, name: str | None, note: str, as_json: bool) -> None:
    """Make the proposed policy of POLICY_HASH (or the start of it) serve. Exit code 1 for its author, or by the gate.

    The gate values it on the stored decisions: see `fourcast policy-value HASH`.
    """
    approver, said = actor(name, note)
    with opened() as stack:
        whole = stack.store.proposals.whole_hash(policy_hash)
        release = governance_of(stack).approve(whole, approver, said, override)
    show(told(release), as_json)


@policy.command()
@as_option
@note_option
@json_option
def rollback(name: str | None, note: str, as_json: bool) -> None:
    """Restore the release before the one that serves; once more goes further back."""
    with opened() as stack:
        release = stack.store.proposals.rollback(*actor(name, note))
        tell_serving(stack.settings, release.bundle)
    show(told(release), as_json)


@policy.command("list")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@json_option
def list_(limit: int, as_json: bool) -> None:
    """List what was proposed, newest first: by whom, its state, who approved it."""
    with opened() as stack:
        listed = governance_of(stack).proposals(limit)
    show({each.policy: _told(each) if as_json else _proposal_line(each) for each in listed}, as_json)


@policy.command()
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@json_option
def releases(limit: int, as_json: bool) -> None:
    """List the releases, newest first: what served, since when, by whom and why."""
    with opened() as stack:
        listed = governance_of(stack).releases(limit)
    show({str(each["id"]): each if as_json else _release_line(each) for each in listed}, as_json)


def told(release: Release) -> dict[str, object]:
    """A release in three words."""
    return {"release": release.id, "policy": release.policy, "bundle": release.bundle}


def _told(proposal: Proposal) -> dict[str, object]:
    return {
        "policy": proposal.policy,
        "state": proposal.state,
        "author": proposal.author,
        "note": proposal.note,
        "proposed_at": iso(proposal.at, UTC),
        "approver": proposal.approver,
    }


def _proposal_line(proposal: Proposal) -> str:
    approved = f", approved by {proposal.approver}" if proposal.approver else ""
    return f"{proposal.state:<8}  {iso(proposal.at, UTC)}  by {proposal.author}{approved}  {proposal.note}"


def _release_line(release: dict[str, Any]) -> str:
    serves = "serves  " if release["active"] else " " * 8
    pair = f"policy {str(release['policy'])[:12]}  bundle {release['bundle'] or 'none'}"
    return f"{serves}{iso(release['activated_at'], UTC)}  {pair}  by {release['actor']}: {release['note']}"
