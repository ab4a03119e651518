"""The offers that may be named to a customer, or to the adviser who speaks with them.

An offer may be named where one of the channels that were asked for is closed by no gate of eligibility or suitability:
neither by the policy's nor by the law's (``rules.statutory``). The law's gates are evaluated here, on the recorded
facts, so that an old decision, or a lax policy, names no more than a new one. Private products follow from the same
test: to anybody not confirmed as a qualified investor they are not named.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from service.core.context import context_columns
from service.core.domain import Context, Snapshot
from service.core.expressions import compile_truth
from service.core.expressions.tree import null
from service.core.grid import Array, moment
from service.decision import TracedTreatment
from service.rules.policy import Policy
from service.rules.statutory import LAW_COLUMNS, LAW_TERMS, STATUTORY, StatutoryGate, read_expressions

HELD = ("eligibility", "suitability")
"""The stages that say whether the customer may hold a product; the others say whether it makes sense now."""


def offers_to_name(
    policy: Policy, cells: Sequence[TracedTreatment], snapshot: Snapshot, context: Context
) -> frozenset[str]:
    """The ids of the offers that may be named; ``cells`` are the treatments that were asked for."""
    stages = {rule.id: rule.stage for rule in policy.rules}
    lawful = lawful_cells(policy, snapshot, context)
    offers = {offer.id: place for place, offer in enumerate(policy.offers)}
    channels = {channel.id: place for place, channel in enumerate(policy.channels)}
    return frozenset(
        cell.offer
        for cell in cells
        if lawful[offers[cell.offer], channels[cell.channel]]
        and not any(stages.get(gate, HELD[0]) in HELD for gate in cell.closed_by)
    )


def lawful_offers(policy: Policy, snapshot: Snapshot, context: Context) -> frozenset[str]:
    """The ids of the offers that the law lets the customer hold, by way of some channel that the context asks for."""
    asked = [place for place, one in enumerate(policy.channels) if context.channel in (None, one.id)]
    held: Array = lawful_cells(policy, snapshot, context)[:, asked].max(axis=1)
    return frozenset(offer.id for offer, lawful in zip(policy.offers, held, strict=True) if lawful)


def lawful_cells(policy: Policy, snapshot: Snapshot, context: Context) -> Array:
    """(m, k): whether the law lets the customer hold the offer, by way of the channel."""
    return _cells(_law(), policy, snapshot, context)


def is_shut(policy: Policy, snapshot: Snapshot, context: Context) -> bool:
    """Whether the law closes every offer to the customer, served personally or not, whatever they do: the deceased."""
    return not _cells(_law_for_everybody(), policy, snapshot, context).any()


def _cells(law: Sequence[Any], policy: Policy, snapshot: Snapshot, context: Context) -> Array:
    columns = _columns(policy, snapshot, context)
    shape = len(policy.offers), len(policy.channels)
    found = np.ones(shape, dtype=bool)
    for passes in law:
        held = np.asarray(passes(columns), dtype=bool)
        found &= np.broadcast_to(held.reshape(held.shape[-2:] if held.ndim else (1, 1)), shape)
    return found


def _columns(policy: Policy, snapshot: Snapshot, context: Context) -> dict[str, Any]:
    """What the law reads; unknown where the policy's tables lack it."""
    at = moment(context.now, policy.contact.timezone)
    unknown = {name: null(kind) for name, kind in {**LAW_COLUMNS, **LAW_TERMS}.items()}
    known = policy.attributes.encode(snapshot.attributes)
    day = context_columns(context, at, policy.contact.days)
    return {**unknown, **known, **day, **policy.static_columns}


@cache
def _law() -> tuple[Any, ...]:
    return tuple(_passes(gate) for gate in STATUTORY if gate.stage in HELD)


@cache
def _law_for_everybody() -> tuple[Any, ...]:
    return tuple(_passes(gate) for gate in STATUTORY if gate.everybody and gate.stage in HELD)


def _passes(gate: StatutoryGate) -> Any:
    """The gate as a function of the columns: true where ``require`` is true, or ``applies`` is not."""
    applies, require = read_expressions(gate)
    holds = compile_truth(require)
    if applies is None:
        return holds
    concerns = compile_truth(applies)

    def passes(columns: Mapping[str, Any]) -> Any:
        return np.logical_or(holds(columns), np.logical_not(concerns(columns)))

    return passes
