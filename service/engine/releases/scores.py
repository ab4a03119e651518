"""What a bundle says of a customer: the one way to ask it, so that who withdrew personalisation is scored nowhere."""

from collections.abc import Sequence

import numpy as np

from service.core.domain import Snapshot
from service.core.grid import Array
from service.decision.privacy import is_withdrawn
from service.scoring.models import Bundle
from service.scoring.models.with_segment import heard_one


def score_one(bundle: Bundle | None, snapshot: Snapshot, segment: bool) -> dict[str, float]:
    """Name -> score of one customer; nothing without a bundle, and of who withdrew personalisation.

    ``segment``: with ``segment:<id>`` as well, for a policy that reads it.
    """
    if bundle is None or is_withdrawn(snapshot.consents):
        return {}
    return heard_one(bundle, snapshot.attributes, segment)


def score_many(bundle: Bundle | None, people: Sequence[Snapshot]) -> dict[str, Array]:
    """Name -> (n,) of what ``score_one`` says of each, segments included; NaN where it says nothing."""
    found = [score_one(bundle, one, True) for one in people]
    names = dict.fromkeys(name for one in found for name in one)
    return {name: np.array([one.get(name, np.nan) for one in found]) for name in names}
