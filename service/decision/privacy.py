"""What may be read of a customer: who is personalised, and what stays unread of those who are not. Pure.

A customer withdraws by refusing the consent ``personalisation``. A customer who never answered has not withdrawn it: an
answer to their own request is based on the contract, and every outbound channel needs a consent of its own.

Of a customer who is not personalised, attributes and scores are left out where they are looked up (``columns``). Only
the law reads of everybody whether they are alive and their accounts free (``law``). Here is the rest: a trigger
("salary came in") and an amount are facts about the customer, so the request is read without them. Contact rules count
past events for caps and cool-offs, but never read what a survey answered. So two customers with the same consents and
events get the same answer. A record stores what was read, and shows that nothing else was.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import nan
from typing import Any

import numpy as np

from service.core.context import PERSONAL_FIELDS
from service.core.domain import Arm, Attributes, Context, Snapshot
from service.core.grid import Array, Column
from service.rules.history.columns import MEANS

UNSAID: Mapping[str, Column] = dict.fromkeys(MEANS, nan)
"""Survey scores as contact rules read them of a customer who is not personalised: unknown."""


PERSONALISATION = "personalisation"


def is_withdrawn(consents: Mapping[str, bool]) -> bool:
    """Whether the customer withdrew personalisation; a customer who never answered has not."""
    return consents.get(PERSONALISATION) is False


def withdrawn_many(consents: Mapping[str, Array], customers: int) -> Array:
    """(n,) ``is_withdrawn`` of n customers; ``consents``: purpose -> (n,) of 1 (yes), 0 (no), NaN (never asked)."""
    if PERSONALISATION not in consents:
        return np.zeros(customers, dtype=bool)
    return np.asarray(consents[PERSONALISATION] == 0.0)


def is_personal(attributes: Attributes, consents: Mapping[str, bool]) -> bool:
    """True where personal facts may be read and at least one is known."""
    if is_withdrawn(consents):
        return False
    return any(value is not None for value in attributes.values())


def is_personal_arm(arm: str) -> bool:
    """Whether personal facts may be read of a customer who is served by this arm, given as ``Arm`` or as plain text."""
    return arm != Arm.UNPERSONALISED


def redact_context(context: Context, personal: bool) -> Context:
    """The request as it may be read: without its personal fields where the customer is not personal."""
    if personal or all(getattr(context, field) is None for field in PERSONAL_FIELDS):
        return context
    hidden: dict[str, Any] = dict.fromkeys(PERSONAL_FIELDS)
    return replace(context, **hidden)


def redact_snapshot(snapshot: Snapshot, attributes: Attributes) -> Snapshot:
    """The snapshot as it may be read without personalisation: consents and events, no surveys, and of the attributes
    only those that the law reads of everybody.
    """
    return replace(snapshot, attributes=attributes, surveys=())
