"""A request for offers: slot, number of offers, trigger, language; and whether the policy has such a slot. Pure."""

from collections.abc import Collection
from dataclasses import dataclass, field, fields
from operator import attrgetter

from service.core.domain import Context
from service.core.errors import InvalidInput, Problem
from service.core.suggestions import explain_unknown
from service.engine.releases.active_release import ActiveRelease

_STATED = tuple(one.name for one in fields(Context) if one.name != "now")
"""What a request states: the fields of ``Context`` but for the instant."""
_read_stated = attrgetter(*_STATED)
_read_key = attrgetter(*_STATED, "language")


@dataclass(frozen=True, slots=True)
class OfferRequest(Context):
    """One request for offers; ``key`` identifies it in the cache."""

    now: int = field(default=0, init=False, repr=False)
    language: str = "zh"
    key: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "key", "|".join(map(str, _read_key(self))))

    def context(self, now: int) -> Context:
        """The request at one instant (ms UTC), as rules read it."""
        return Context(now, *_read_stated(self))


def check_slot(request: OfferRequest, serving: ActiveRelease) -> None:
    """Return if the policy has the request's channel, placement and trigger.

    Where no rule reads a trigger, any trigger is accepted: it changes nothing.

    Raises:
        InvalidInput: names what the policy lacks, and suggests what it has.
    """
    if request.trigger is not None and serving.triggers and request.trigger not in serving.triggers:
        raise _unknown("trigger", request.trigger, serving.triggers)
    if request.channel is None and request.placement is None:
        return
    channels = serving.phrases.placements
    if request.channel is not None and request.channel not in channels:
        raise _unknown("channel", request.channel, channels)
    places = channels[request.channel] if request.channel else {p for each in channels.values() for p in each}
    if request.placement is not None and request.placement not in places:
        raise _unknown("placement", request.placement, places)


def _unknown(name: str, got: str, known: Collection[str]) -> InvalidInput:
    return InvalidInput(f"The policy has no such {name}.", [Problem(name, explain_unknown(got, known))])
