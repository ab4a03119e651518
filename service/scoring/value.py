"""What an offer is worth if taken: each family's ticket and value formulas, evaluated over customers and offers.

``value = margin in yuan over the horizon``; the formulas are expressions of the policy's catalogue, and the ticket
(yuan a customer is expected to bring) is what the value formula reads as ``offer.ticket_yuan``. NULL stays NULL: an
offer whose value is unknown has no priority and is not made. Nothing here knows a rule, a propensity or a channel.
"""

from collections.abc import MutableMapping
from math import nan
from typing import Any

import numpy as np

from service.expressions import Expression, fold, value
from service.grid import Array, by_offer
from service.rules.policy import Policy

TICKET = "offer.ticket_yuan"


class Values:
    """The value formulas of all families, compiled for one customer or for many."""

    def __init__(self, policy: Policy, many: bool) -> None:
        """Folds the offers' terms into the formulas."""

        def compiled(formula: Expression) -> Any:
            return value(fold(formula, policy.static_columns), many)

        self._families = [
            (
                by_offer([offer.family == name for offer in policy.offers]),
                compiled(family.ticket),
                compiled(family.value),
            )
            for name, family in policy.families.items()
        ]

    def evaluate(self, columns: MutableMapping[str, Any]) -> Array:
        """Value in yuan as (n|1, m, 1), NaN where unknown; ``columns`` gets ``offer.ticket_yuan`` on the way."""
        worth: Any = nan
        for members, ticket, margin in self._families:
            columns[TICKET] = ticket(columns)
            worth = np.where(members, margin(columns), worth)
        found: Array = worth
        return found
