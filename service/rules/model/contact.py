"""The contact policy's nouns as frozen values: consents, quiet hours, caps and cool-offs, each with its own cases.

``loading.contact`` reads them and runs their cases, ``contact_gates`` applies them. Windows are days; times of day are
minutes after midnight on the customer's clock, in the policy's time zone where theirs is not known.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.core.grid import WorkCalendar, day_number
from service.rules.model.calendar import Calendar
from service.rules.model.rules import Rule


@dataclass(frozen=True, slots=True)
class Past:
    """An event of a case: it happened ``days_ago``, ``times`` times."""

    kind: str
    days_ago: float
    times: int
    offer: str | None
    channel: str | None


@dataclass(frozen=True, slots=True)
class ContactCase:
    """A contact rule's own example: after these events, may this offer go out through this channel, as far as the rule
    says?

    ``at`` is the bank's local time (``YYYY-MM-DD HH:MM``), ``timezone`` the customer's own, where it is known. ``past``
    are kinds of event, each with its offer, its channel and how many days ago it happened.
    """

    holds: bool
    channel: str
    offer: str | None
    at: str
    consents: Mapping[str, bool] = field(default_factory=dict)
    past: tuple["Past", ...] = ()
    timezone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRule(Rule):
    """A gate of ``contact.yaml``."""

    cases: tuple[ContactCase, ...] = ()


RETIREMENT = ContactRule(
    id="retired-customer",
    concern="communication",
    stage="contact",
    strategy="",
    reason={"zh": "客户已不在银行客户名单中", "en": "The customer is in the bank's file no more"},
    unlock={"zh": "客户重新出现在银行客户名单中即可", "en": "It opens when the bank's file names the customer again"},
)
"""In force under every policy, in code: no policy can leave it out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRule(ContactRule):
    """A channel of this direction needs the customer's yes to ``purpose``, in which ``<channel>`` is replaced by its
    id.
    """

    direction: str
    purpose: str

    def purpose_for(self, channel: str) -> str:
        """The purpose that the customer must have allowed in order to be contacted through this channel."""
        return self.purpose.replace("<channel>", channel)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours(ContactRule):
    """No contact from ``start_minute`` (included) to ``end_minute`` (excluded) of the local day.

    The hours go across midnight where start is above end. Where ``holidays`` is set, the policy's holidays are quiet
    all day; where ``working_days`` is set, every day that is not worked is. The rule is for the named channels, or for
    all of ``direction`` where ``channels`` is None.
    """

    direction: str | None
    channels: tuple[str, ...] | None
    start_minute: int
    end_minute: int
    holidays: bool
    working_days: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap(ContactRule):
    """At most ``maximum`` events of the kinds in ``counts`` per offer, family, channel or customer in a rolling window.

    The gate is open while fewer than ``maximum`` are in the last ``window_days``. ``direction`` None: all channels'
    events count and all channels are closed; otherwise only those of that direction, for both.
    """

    per: str
    counts: tuple[str, ...]
    direction: str | None
    window_days: float
    maximum: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CoolOff(ContactRule):
    """After an event of a kind in ``after``, the same offer or family is closed for ``days``.

    It opens earlier with an event of a kind in ``until`` about the same offer or family.
    """

    per: str
    after: tuple[str, ...]
    days: float
    until: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Contact:
    """May we contact them now, here: the bank's time zone and calendar, and the contact gates.

    ``holidays`` are ISO dates that the bank adds to its calendar.
    """

    timezone: str
    holidays: tuple[str, ...]
    consents: tuple[ConsentRule, ...]
    quiet_hours: tuple[QuietHours, ...]
    caps: tuple[Cap, ...]
    cool_offs: tuple[CoolOff, ...]
    calendar: Calendar = field(default_factory=Calendar)

    @property
    def days(self) -> WorkCalendar:
        """Holidays and worked weekend days by number: those of the calendar, and the bank's own holidays."""
        off = [*self.holidays, *(day.isoformat() for day in self.calendar.holidays)]
        worked = (day.isoformat() for day in self.calendar.working)
        return WorkCalendar(frozenset(map(day_number, off)), frozenset(map(day_number, worked)))

    @property
    def rules(self) -> tuple[ContactRule, ...]:
        """All contact gates, in the order in which a reason is named."""
        return (*self.consents, *self.quiet_hours, *self.caps, *self.cool_offs)
