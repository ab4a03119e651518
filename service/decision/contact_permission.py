"""Contact permission: every gate of one offer in one outbound channel, asked at the moment of contact. Pure.

A list of offers is made in the morning and worked off all day, by several programs at once. So the gates are asked
again for each contact, on the customer's facts, consents and events of that moment. The caller holds the customer
locked (``store.events.contacts``), and the contact counts before the next one is asked for.
"""

from collections.abc import Callable

from service.core.domain import Context, Event, Release, Snapshot
from service.core.errors import ContactRefused, InvalidInput, Problem, TranslatedProblem
from service.core.grid import moment
from service.core.suggestions import explain_unknown
from service.decision.arms.assignment import arm_of
from service.decision.compiled import CompiledPolicy, compile_policy
from service.decision.privacy import is_withdrawn
from service.decision.single import cell_figure, judge_cells
from service.rules.contact_gates import QuietGate
from service.rules.expiry import AnswerExpiry
from service.rules.policy import Policy

AHEAD = 5_000
"""Steps of a quarter of an hour: longer than any holiday."""


def permit(policy: Policy, snapshot: Snapshot, contact: Event, release: Release, language: str) -> None:
    """Return when every gate is open to ``contact`` at its instant.

    Raises:
        ContactRefused: when a gate is closed; the first in the order of reasons is named.
        InvalidInput: when the policy does not have the offer or the channel, or the channel is inbound.
    """
    gate = first_closed_gate(policy, snapshot, contact, release)
    if gate is not None:
        raise refusal_of(policy, gate, language)


def refusal_of(policy: Policy, gate: str, language: str) -> ContactRefused:
    """The error for a closed gate, in the words of its rule."""
    reason = next(rule.reason for rule in policy.rules if rule.id == gate)
    return ContactRefused("This contact may not be made now.", [TranslatedProblem(gate, reason[language], language)])


def first_closed_gate(policy: Policy, snapshot: Snapshot, contact: Event, release: Release) -> str | None:
    """The first gate, in the order of reasons, that is closed to the contact; None where all are open.

    Raises: InvalidInput: as ``permit``.
    """
    compiled, arm = compile_policy(policy), arm_of(snapshot, policy.experiments, release.on_trial)
    offer, channel = _place(compiled, contact)
    at = Context(contact.at, contact.channel)
    cells = judge_cells(compiled, snapshot, at, {}, release, arm, compiled.columns.moment(contact.at))
    held = (ok if isinstance(ok, bool) else bool(cell_figure(ok, offer, channel)) for ok in cells.gate_masks)
    return next((gate for gate, open_ in zip(compiled.gate_ids, held, strict=True) if not open_), None)


def find_zone(policy: Policy, snapshot: Snapshot) -> str | None:
    """The customer's own time zone; None where it is not known or may not be read, and the bank's is used."""
    return None if is_withdrawn(snapshot.consents) else compile_policy(policy).columns.zone_of(snapshot.attributes)


def find_next_open(policy: Policy, channel: str, now: int, zone: str | None = None) -> int:
    """The first instant (ms) from ``now`` on at which no quiet hour or holiday closes the channel.

    ``zone``: the customer's own time zone; None is the bank's. ``now`` itself where none opens within ``AHEAD``
    quarters of an hour.
    """
    open_at, clock, at = opening_hours(policy, channel, zone), AnswerExpiry.for_policy(policy), now
    for _ in range(AHEAD):
        if open_at(at):
            return at
        at = clock.end(at)
    return now


def find_closing(policy: Policy, channel: str, at: int, most: int, zone: str | None = None) -> int:
    """The first instant (ms) from ``at`` on at which quiet hours or a holiday close the channel; at most ``most``."""
    open_at, clock = opening_hours(policy, channel, zone), AnswerExpiry.for_policy(policy)
    while at < most and open_at(at):
        at = clock.end(at)
    return min(at, most)


def opening_hours(policy: Policy, channel: str, zone: str | None = None) -> Callable[[int], bool]:
    """Whether no quiet hour or holiday closes the channel at an instant (ms), by the clock of ``zone``."""
    compiled = compile_policy(policy)
    gates, place = (
        [QuietGate(rule, compiled.places) for rule in policy.contact.quiet_hours],
        compiled.places.channel[channel],
    )

    def open_at(at: int) -> bool:
        wall = compiled.columns.moment(at) if zone is None else moment(at, zone)
        gate_masks = (gate.check(wall, compiled.columns.calendar) for gate in gates)
        return all(ok if isinstance(ok, bool) else bool(cell_figure(ok, 0, place)) for ok in gate_masks)

    return open_at


def _place(compiled: CompiledPolicy, contact: Event) -> tuple[int, int]:
    outbound = [
        name for name, way in zip(compiled.places.channels, compiled.places.direction, strict=True) if way == "outbound"
    ]
    problems = []
    if contact.offer not in compiled.places.offer:
        problems.append(Problem("offer", explain_unknown(str(contact.offer), compiled.places.offer)))
    if contact.channel not in outbound:
        expected = explain_unknown(str(contact.channel), outbound) if outbound else "the policy has none"
        problems.append(Problem("channel", f"must be an outbound channel: {expected}"))
    if problems:
        raise InvalidInput("This is no contact that could be made.", problems)
    return compiled.places.offer[str(contact.offer)], compiled.places.channel[str(contact.channel)]
