"""Value: what an offer is worth if taken, by each family's ticket and value formulas over customers and offers.

``value = margin in yuan over the horizon``. The formulas are expressions of the policy's catalogue; the ticket (yuan
that a customer is expected to bring) is what the value formula reads as ``offer.ticket_yuan``. NULL stays NULL: an
offer of unknown value has no priority and is not made. A ticket that a model estimated replaces the ticket formula,
within the least and the most that the offer's terms allow. Nothing here knows a rule, a propensity or a channel.
"""

from collections.abc import Mapping, MutableMapping
from math import nan
from typing import Any

import numpy as np

from service.core.expressions import Expression, compile_value, fold
from service.core.grid import Array, by_offer
from service.rules.policy import Policy

TICKET = "offer.ticket_yuan"
LEAST, MOST = "offer.minimum_yuan", "offer.maximum_yuan"
"""The terms that bound what an offer may take, where the policy's offers state them."""
NOBODY: Mapping[str, Any] = {}


class Values:
    """The value formulas of all families, compiled for one customer or for many."""

    def __init__(self, policy: Policy, many: bool) -> None:
        """Folds the offers' terms into the formulas."""

        def compiled(formula: Expression) -> Any:
            return compile_value(fold(formula, policy.static_columns), many)

        unknown = np.full((1, len(policy.offers), 1), nan)
        self._least, self._most = (policy.static_columns.get(term, unknown) for term in (LEAST, MOST))
        self._families = [
            (
                name,
                by_offer([offer.family == name for offer in policy.offers]),
                compiled(family.ticket),
                compiled(family.value),
            )
            for name, family in policy.families.items()
        ]

    def evaluate(self, columns: MutableMapping[str, Any], tickets: Mapping[str, Any] = NOBODY) -> Array:
        """Value in yuan as (n|1, m, 1), NaN where unknown; adds ``offer.ticket_yuan`` to ``columns``.

        ``tickets``: the models' estimates in yuan by family, a float or (n, 1, 1) with NaN where none was made.
        """
        worth: Any = nan
        for name, members, ticket, margin in self._families:
            formula = ticket(columns)
            columns[TICKET] = self._estimated(tickets[name], formula) if name in tickets else formula
            worth = np.where(members, margin(columns), worth)
        found: Array = worth
        return found

    def _estimated(self, ticket: Any, formula: Any) -> Any:
        """The model's ticket within the offer's stated bounds; the formula's where the model gave none."""
        within = np.fmax(np.fmin(ticket, self._most), self._least)
        return np.where(np.isnan(ticket), formula, within)
