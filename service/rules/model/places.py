"""Where a policy's offers and channels stand on the axes of the grid."""

from collections.abc import Iterable

from service.core.grid import Places
from service.rules.model.rules import Channel, Offer


def places_of(offers: Iterable[Offer], channels: Iterable[Channel]) -> Places:
    """The places of a catalogue, in its order."""
    return Places([(offer.id, offer.family) for offer in offers], [(road.id, road.direction) for road in channels])
