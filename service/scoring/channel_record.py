"""Channel records: each channel to a customer, with consent, preference and contacts made. Pure.

A record, not a permission: whether a contact may be made is asked at the moment of contact
(``decision.contact_permission``).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from service.core.domain import Event, Snapshot
from service.core.grid import DAY_MS
from service.rules.model.contact import ConsentRule
from service.rules.model.rules import Channel
from service.rules.policy import Policy

CONTACTS_DAYS, COUNTS_DAYS = 30, 90
CONTACT = "contact"


@dataclass(frozen=True, slots=True)
class ChannelRecord:
    """One channel to the customer: their consent (None: never asked), whether it is needed, and the contacts made."""

    channel: str
    consent: bool | None
    consent_needed: bool
    preferred: bool
    contacts: int
    last_at: int | None


def list_channel_records(
    policy: Policy, snapshot: Snapshot, events: Sequence[Event], now: int
) -> tuple[ChannelRecord, ...]:
    """Every channel of the policy at ``now`` (ms), from all the customer's events."""
    return tuple(_record_of(policy, snapshot, events, channel, now) for channel in policy.channels)


def _record_of(
    policy: Policy, snapshot: Snapshot, events: Sequence[Event], channel: Channel, now: int
) -> ChannelRecord:
    rules = [rule for rule in policy.contact.consents if rule.direction == channel.direction]
    made = [event.at for event in events if event.kind == CONTACT and event.channel == channel.id]
    return ChannelRecord(
        channel=channel.id,
        consent=_word(snapshot, rules, channel.id),
        consent_needed=bool(rules),
        preferred=snapshot.attributes.get("preferred_channel") == channel.id,
        contacts=sum(now - at < CONTACTS_DAYS * DAY_MS for at in made),
        last_at=max(made, default=None),
    )


def _word(snapshot: Snapshot, rules: Sequence[ConsentRule], channel: str) -> bool | None:
    """The consent for the channel: False where any purpose was refused, True where all were granted, else None."""
    words = [snapshot.consents.get(rule.purpose_for(channel)) for rule in rules]
    if not words or None in words:
        return False if False in words else None
    return all(words)


def count_events(events: Iterable[Event], now: int) -> dict[str, int]:
    """Events by kind in the last 90 days."""
    found: dict[str, int] = {}
    for event in events:
        if now - event.at < COUNTS_DAYS * DAY_MS:
            found[event.kind] = found.get(event.kind, 0) + 1
    return found
