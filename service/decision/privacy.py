"""What may not be read of a customer who is not personalised, of the request and of the past as well.

Attributes and scores are left out where they are looked up (``columns``); here is the rest. A trigger ("salary
came in") and an amount are facts about the customer, so a request is read without them. Of the past, contact rules may
count what happened, never what a survey answered. A record keeps what was read, so it shows
that nothing else was.
"""

from collections.abc import Mapping
from dataclasses import replace
from math import nan

from service.core.domain import Arm, Context, Snapshot
from service.core.grid import Column
from service.rules.history.columns import MEANS

UNSAID: Mapping[str, Column] = dict.fromkeys(MEANS, nan)
"""What surveys answered, to contact rules that ask about a customer who is not personalised."""


def is_personal_arm(arm: str) -> bool:
    """Whether personal facts may be read of a customer who is served by this arm, given as ``Arm`` or as plain text."""
    return arm != Arm.UNPERSONALISED


def open_context(context: Context, personal: bool) -> Context:
    """The request as it may be read: without trigger and amount where the customer is not personal."""
    if personal or (context.trigger is None and context.amount_yuan is None):
        return context
    return replace(context, trigger=None, amount_yuan=None)


def open_snapshot(snapshot: Snapshot) -> Snapshot:
    """What was read of a customer who is not personalised: consents, and what happened when, to which offer, where."""
    return replace(snapshot, attributes={}, surveys=())
