"""`fourcast policy`: check a folder of YAML, propose it, sign or approve somebody else's, roll back, withdraw, list.

Two pairs of eyes: whoever published a policy cannot approve it. Where changes are red, three: somebody of compliance
signs it who neither published nor approves it.
"""

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import click

from service.analysis.diff import Difference
from service.analysis.policy_checks.calendar_horizon import calendar_warnings
from service.analysis.policy_checks.lint import lint_policy
from service.analysis.policy_checks.market_age import market_warnings
from service.analysis.policy_checks.proposal import assert_proposable
from service.analysis.weight_sensitivity import Firmness
from service.cli.actor import actor_of, as_option, compliance_of, note_option, person_of
from service.cli.bank import selection
from service.cli.bank.services import governance_of
from service.cli.bank.stack import Stack, open_stack
from service.cli.models.rollback import rollback
from service.cli.terminal import bar, json_option, release_document, show
from service.core.clock import now_ms
from service.core.errors import NotFound, PolicyRefused
from service.core.grid import day_at
from service.engine.releases.governance import CUSTOMERS
from service.engine.releases.value_gate_process import GateVerdict
from service.rendering.answer import iso
from service.rules.loading import limits
from service.rules.policy import DEFAULT, Policy, load
from service.scoring.dominance import beaten_offers
from service.store import Proposal

APPROVE = "policies:approve"
folder_argument = click.argument(
    "folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=DEFAULT, required=False
)


def policy_of(stack: Stack, named: str | None) -> Policy:
    """A policy by its folder, or by its hash or the start of it; the settings' policy without a name.

    Raises: NotFound: when the name is neither.
    """
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


policy.add_command(rollback)


@policy.command()
@folder_argument
@json_option
def check(folder: Path, as_json: bool) -> None:
    """Check the policy in FOLDER (the shipped one by default): every problem at once, with file and key."""
    checked = load(folder)
    limits.refuse_oversized(checked.documents)
    assert_proposable(checked)
    found = lint_policy(checked)
    if found.problems:
        raise PolicyRefused("the policy's rules do not prove themselves", found.problems)
    today = day_at(now_ms(), checked.contact.timezone)
    warnings = [*found.warnings, *calendar_warnings(checked, today), *market_warnings(checked, today)]
    show(
        {
            "policy": checked.hash,
            "offers": len(checked.offers),
            "channels": len(checked.channels),
            "gates": len(checked.gates) + len(checked.contact.rules),
            "fit rules": len(checked.fits),
            "strategies": len(checked.strategies),
            "weights": {concern: round(weight, 4) for concern, weight in checked.weights.items()},
            "dominated": [f"{loser} by {', '.join(winners)}" for loser, winners in beaten_offers(checked).items()],
            "warnings": [f"{one.where} {one.message}" for one in warnings],
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
    checked = load(folder)
    with open_stack(selection.chosen_settings()) as stack:
        author, said = actor_of(stack, name, note, "policies:write")
        governance = governance_of(stack)
        proposal, new = governance.publish(checked.documents, author, said)
        needs, warnings = governance.needs(proposal.policy), governance.warnings(proposal.policy)
    told = {**_told(proposal), "new": new, "needs": needs if as_json else ", ".join(needs) or "an approval"}
    show(told | ({"warnings": warnings} if as_json or warnings else {}), as_json)


@policy.command()
@click.argument("policy_hash")
@click.option("--override", is_flag=True, help="Although the release gate says no; the audit log keeps it.")
@as_option
@note_option
@json_option
def approve(policy_hash: str, override: bool, name: str | None, note: str, as_json: bool) -> None:
    """Make the proposed policy of POLICY_HASH (or the start of it) serve. Exit code 1 for its author, or by the gate.

    The gate values it on the stored decisions: see `fourcast policy-value HASH`. Changes that `fourcast policy diff`
    marks need the signature of compliance first: `fourcast policy sign`, by a third person.
    """
    with open_stack() as stack:
        governance, whole = governance_of(stack), stack.store.proposals.whole_hash(policy_hash)
        _expect_another(stack, whole, name, "approve it")
        approver, said = actor_of(stack, name, note, APPROVE)
        made = governance.approve(whole, approver, said, override)
        signers = [one.signer for one in governance.signatures(whole)]
    gate = made.gate.document if as_json else made.gate.sentence
    sample = {} if as_json else {"gate's sample": _sample(made.gate)}
    signed = signers if as_json else _listed(signers)
    show({**release_document(made.release), "gate": gate, **sample, "signed by": signed}, as_json)


@policy.command()
@click.argument("policy_hash")
@as_option
@note_option
@json_option
def sign(policy_hash: str, name: str | None, note: str, as_json: bool) -> None:
    """Sign the proposed policy of POLICY_HASH (or the start of it) for compliance; read `fourcast policy diff` first.

    By somebody who neither wrote it nor approves it, and whom a confirmed mandate (`fourcast mandates`) or a token's
    scope `policies:comply` names. The signature holds for this content and no other.
    """
    with open_stack() as stack:
        whole = stack.store.proposals.whole_hash(policy_hash)
        _expect_another(stack, whole, name, "sign it for compliance")
        signed = stack.store.signatures.sign(whole, *compliance_of(stack, name, note))
    show({"policy": signed.policy, "signed by": signed.signer, "note": signed.note, "at": iso(signed.at, UTC)}, as_json)


@policy.command()
@click.argument("policy_hash")
@click.option("--reason", required=True, help="Why, in words; kept with it and in the audit log.")
@click.option("--to", metavar="RELEASE", help="What serves instead, where it serves now: as `rollback --to`.")
@as_option
@json_option
def withdraw(policy_hash: str, reason: str, to: str | None, name: str | None, as_json: bool) -> None:
    """Let the policy of POLICY_HASH (or the start of it) never serve again. Final.

    It is refused from then on wherever a policy may come to serve. Where it serves, --to names the release that serves
    instead, in the same transaction; where it is on trial, the trial ends. No cached answer is served again.
    """
    with open_stack() as stack:
        actor, said = actor_of(stack, name, reason, APPROVE)
        whole = stack.store.proposals.whole_hash(policy_hash)
        release = governance_of(stack).withdraw(whole, actor, said, to)
    instead: dict[str, object] = {} if release is None else release_document(release)
    show({"withdrawn": whole, **instead}, as_json)


@policy.command("list")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@json_option
def list_(limit: int, as_json: bool) -> None:
    """List what was proposed, newest first: by whom, its state, who approved it."""
    with open_stack() as stack:
        listed = stack.store.proposals.list_proposals(limit)
    show({each.policy: _told(each) if as_json else _proposal_line(each) for each in listed}, as_json)


@policy.command()
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@json_option
def releases(limit: int, as_json: bool) -> None:
    """List the releases, newest first: what served, since when, by whom and why."""
    with open_stack() as stack:
        listed = stack.store.releases.list_releases(limit)
    show({str(each["id"]): each if as_json else _release_line(each) for each in listed}, as_json)


def _expect_another(stack: Stack, policy_hash: str, name: str | None, deed: str) -> None:
    """Refuse the author first: no mandate would help."""
    stack.store.proposals.refuse_author(policy_hash, name or person_of(stack).name, deed)


def _listed(names: list[str]) -> str:
    return ", ".join(names) or "nobody"


def _sample(gate: GateVerdict) -> str:
    """On how much the gate's verdict rests."""
    if gate.difference is None:
        return f"{gate.decisions:,} decisions, no interval"
    value, low, high = gate.difference
    return (
        f"{gate.decisions:,} decisions; new less old {value:+.4f} yuan per decision ({low:+.4f} to {high:+.4f}, 95 %)"
    )


def _told(proposal: Proposal) -> dict[str, object]:
    return {
        "policy": proposal.policy,
        "state": proposal.state,
        "author": proposal.author,
        "note": proposal.note,
        "proposed_at": iso(proposal.at, UTC),
        "approver": proposal.approver,
        "withdrawn": proposal.withdrawn,
    }


def _proposal_line(proposal: Proposal) -> str:
    approved = f", approved by {proposal.approver}" if proposal.approver else ""
    state = "withdrawn" if proposal.withdrawn else proposal.state
    return f"{state:<9}  {iso(proposal.at, UTC)}  by {proposal.author}{approved}  {proposal.note}"


def _release_line(release: dict[str, Any]) -> str:
    serves = "serves  " if release["active"] else " " * 8
    pair = f"policy {str(release['policy'])[:12]}  bundle {release['bundle'] or 'none'}"
    return f"{serves}{iso(release['activated_at'], UTC)}  {pair}  by {release['actor']}: {release['note']}"


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
    with open_stack() as stack:
        found = governance_of(stack).compare(policy_of(stack, new), _old(stack, old))
    if as_json:
        show(found.document(), as_json)
    else:
        click.echo("\n".join(diff_lines(found)))


def diff_lines(found: Difference) -> Iterator[str]:
    """The differences, those that compliance must sign in red, on a terminal."""
    red = {f"{change}" for change in found.red}
    for line in str(found).splitlines():
        yield click.style(line, fg="red") if any(line.startswith(told) for told in red) else line
    if found.red:
        yield f"{len(found.red)} of {len(found.changes)} changes need: compliance (`fourcast policy sign`)"


@policy.command()
@new_argument
@old_option
@customers_option
@click.option("--channel", help="Only treatments in this channel.")
@click.option("--limit", type=click.IntRange(1, 10), default=3, show_default=True, help="Offers in each list.")
@json_option
def simulate(new: str | None, old: str | None, customers: int, channel: str | None, limit: int, as_json: bool) -> None:
    """Run the policy NEW (folder, hash or start of a hash) beside the one that serves: who gains, who loses."""
    with open_stack() as stack, bar("Deciding twice for each customer"):
        governance, policies = governance_of(stack), (policy_of(stack, new), _old(stack, old))
        found = governance.simulate(*policies, customers=customers, channel=channel, limit=limit)
        report = (
            governance.value_gate.judge(policies[0])
            if old is None and stack.store.releases.active() is not None
            else None
        )
    if as_json:
        show({**found.document(), "policy_value": None if report is None else report.document()}, as_json)
    else:
        click.echo("\n".join([str(found), *([] if report is None else [report.sentence])]))


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
    with open_stack() as stack, bar("Moving each weight") as advance:
        governance = governance_of(stack)
        shown = _old(stack, named)
        firm = governance.measure_firmness(shown, customers, changed / 100, advance)
    if as_json:
        show(document(shown, firm, changed), as_json)
    else:
        click.echo("\n".join(lines(shown, firm, changed)))


def document(policy: Policy, firm: tuple[Firmness, ...], changed: float) -> dict[str, object]:
    """The hierarchy, the weights and their sensitivity as JSON values."""
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
