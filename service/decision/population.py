"""Many customers as columns: what ``decide_many`` reads, and what it answers.

A population is to n customers what a snapshot is to one: attributes, consents and the past, each as arrays along the
customers. It is made from snapshots or straight from a bank's file.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from service.core.grid import Array
from service.rules.history.event_counts import PastTable


@dataclass(frozen=True, slots=True, eq=False)
class Population:
    """n customers.

    ``columns``: every raw ``customer.<name>`` as (n, 1, 1), encoded (``AttributeTable.encode_frame``). ``known``: (n,)
    true where anything is known of the customer. ``consents``: purpose -> (n,) of 1 (yes), 0 (no), NaN (never asked).
    ``past``: in the order of the customers. ``law``: what the law reads of them (``law.encode_facts``), unknown where
    it is empty.
    """

    customers: Sequence[str]
    columns: Mapping[str, Array]
    known: Array
    consents: Mapping[str, Array]
    past: PastTable
    law: Mapping[str, Array] = field(default_factory=dict)

    def rows(self, rows: Array) -> "Population":
        """The customers at ``rows`` (ascending)."""
        return Population(
            [self.customers[row] for row in rows],
            {name: column[rows] if len(column) > 1 else column for name, column in self.columns.items()},
            self.known[rows],
            {purpose: said[rows] for purpose, said in self.consents.items()},
            self.past.take_rows(rows),
            {name: column[rows] if len(column) > 1 else column for name, column in self.law.items()},
        )


@dataclass(frozen=True, slots=True, eq=False)
class Decisions:
    """What was chosen for n customers: (n, limit) arrays, best first; -1 and NaN where no offer is left.

    ``offer`` and ``channel`` are indices in the policy's order; ``priority`` is yuan. ``candidates``: (n,) how many
    offers could be shown. ``arms`` as in ``Decision``. Where reasons were asked for: ``withheld``, gate -> how many
    offers of how many customers' lists it closed, summed; ``closed``, (n,) of the gate that closed the last offer of a
    customer who gets none, None for the others; ``spoken``, (n, fit rules) true where the rule of the policy, in its
    order, raised the first treatment. ``stops``: statutory gate -> the offers of which it
    closed an asked cell that the policy's own gates had left open.
    """

    customers: Sequence[str]
    offer: Array
    channel: Array
    priority: Array
    selection_probability: Array
    candidates: Array
    arms: Array
    explored: Array
    withheld: Mapping[str, int] | None = None
    closed: Array | None = None
    spoken: Array | None = None
    stops: Mapping[str, int] | None = None
