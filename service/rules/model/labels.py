"""Labels: what a customer is called, and decided by, and which of these names the customer dropped. Pure.

    segment         the trained segment that the customer is nearest to
    stage           the stage of life
    target:<id>     a segment of strategies.yaml that the customer is in
    need:<id>       a need of portrait.yaml
    tag:<id>        a tag of portrait.yaml

A customer drops a label by refusing the consent ``label:<label>``. So the ledger, the snapshot, the record of a
decision and the customer's revision hold it as they hold every consent. A dropped label is unknown: no rule, target,
message or portrait reads it. A customer who never answered has dropped none.
Source: algorithm recommendation provisions art. 17.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from service.core.expressions import Columns
from service.core.grid import Array, by_customer

PURPOSE = "label:"
"""The beginning of the consent purpose of every label."""
SEGMENT, STAGE = "segment", "stage"
TARGET, NEED, TAG = "target:", "need:", "tag:"

DROPPED = "labels.dropped"
"""The column of dropped labels: label -> whether each customer dropped it. Absent where nobody dropped one."""

Dropped = Mapping[str, Any]
"""Label -> True for one customer; (n, 1, 1) of booleans for many. Labels that nobody dropped are left out."""


def dropped_by_one(consents: Mapping[str, bool]) -> dict[str, bool]:
    """The labels that one customer dropped.

    >>> dropped_by_one({"label:stage": False, "label:segment": True, "marketing:sms": False})
    {'stage': True}
    """
    return {
        purpose.removeprefix(PURPOSE): True
        for purpose, granted in consents.items()
        if granted is False and purpose.startswith(PURPOSE)
    }


def dropped_by_many(consents: Mapping[str, Array]) -> dict[str, Array]:
    """The labels that any of n customers dropped; ``consents``: purpose -> (n,) of 1 (yes), 0 (no), NaN (silent)."""
    found = {name.removeprefix(PURPOSE): said == 0.0 for name, said in consents.items() if name.startswith(PURPOSE)}
    return {label: by_customer(gone) for label, gone in found.items() if gone.any()}


def is_dropped(columns: Columns, label: str) -> Any:
    """Whether the label is dropped: a boolean, or (n, 1, 1) of them."""
    return columns.get(DROPPED, {}).get(label, False)


def unless_dropped(holds: Any, columns: Columns, label: str) -> Any:
    """``holds`` where the label is not dropped; False where it is, since what is unknown is neither true nor false."""
    gone = is_dropped(columns, label)
    if gone is False:
        return holds
    return False if gone is True else np.logical_and(holds, ~gone)
