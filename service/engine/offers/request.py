"""What a caller asks for: slot, number of offers, language; and whether the policy knows such. Pure."""

from collections.abc import Collection
from dataclasses import dataclass

from service.core.domain import Context
from service.core.errors import InvalidInput, Problem
from service.core.suggestions import explain_unknown
from service.engine.releases.active_release import ActiveRelease


@dataclass(frozen=True, slots=True)
class OfferRequest:
    """One question for offers; ``key`` names it in the cache."""

    channel: str | None = None
    placement: str | None = None
    limit: int = 3
    trigger: str | None = None
    amount_yuan: float | None = None
    language: str = "zh"

    @property
    def key(self) -> str:
        """The request as one part of a cache field."""
        return f"{self.channel}|{self.placement}|{self.limit}|{self.trigger}|{self.amount_yuan}|{self.language}"

    def context(self, now: int) -> Context:
        """The request at one instant (ms UTC), as the core reads it."""
        return Context(now, self.channel, self.placement, self.limit, self.trigger, self.amount_yuan)


def check_slot(request: OfferRequest, serving: ActiveRelease) -> None:
    """Raise InvalidInput where the policy has no such channel, placement or trigger, naming those it has.

    Where no rule reads the trigger, any may be said: it changes nothing.
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
