"""When a customer may be contacted again, where quiet hours, a holiday or a day off closed the contact. Pure.

Reckoned by the rules of the policy that decided and the calendar in it, not told from a rule's text.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from service.decision import TracedTreatment
from service.decision.contact_permission import find_next_open, find_zone
from service.rendering.explanation_subject import Subject
from service.rendering.readers.topics import HOURS, Topic
from service.rules.contact_gates import CONTACT


def find_next_contact(
    subject: Subject, topics: Mapping[str, Topic], asked: Sequence[TracedTreatment]
) -> datetime | None:
    """The first time at which some channel opens that nothing but the hour or the day closed; None where there is none.

    By the customer's own clock where it is known, else the bank's. A channel that the customer refused, or whose caps
    are reached, is not counted: nobody is told that a contact is to come which is not.
    """
    channels = dict.fromkeys(cell.channel for cell in asked if _is_closed_by_hours(cell, topics))
    if not channels:
        return None
    policy, now = subject.policy, subject.context.now
    zone = find_zone(policy, subject.snapshot)
    first = min(find_next_open(policy, channel, now, zone) for channel in channels)
    clock: tzinfo = ZoneInfo(zone or policy.contact.timezone)
    return datetime.fromtimestamp(first / 1000, tz=clock) if first > now else None


def _is_closed_by_hours(cell: TracedTreatment, topics: Mapping[str, Topic]) -> bool:
    """Whether of all gates of contact only those of hours and days close the cell."""
    about = {topics[gate].about for gate in cell.closed_by if topics[gate].stage == CONTACT}
    return about == {HOURS}
