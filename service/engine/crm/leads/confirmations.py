"""What must be confirmed before a lead's offer is sold, by the law; and that it was, when a sale is reported."""

from collections.abc import Collection

from service.core.domain import Snapshot
from service.core.errors import Conflict
from service.decision.compiled import compile_policy
from service.engine.crm.leads.judging import adviser_channel
from service.rules.policy import Policy


def needed_confirmations(policy: Policy, snapshot: Snapshot, offer: str) -> tuple[str, ...]:
    """The ids of ``rules.statutory.CONFIRMATIONS`` that a sale by an adviser needs; none for an offer that is gone."""
    compiled = compile_policy(policy)
    if offer not in compiled.places.offer:
        return ()
    channel = compiled.places.channel[adviser_channel(policy)]
    return compiled.law.needed_confirmations(snapshot, compiled.places.offer[offer], channel)


def expect_confirmed(policy: Policy, snapshot: Snapshot, offer: str, confirmed: Collection[str]) -> None:
    """Return if everything that a sale needs was confirmed.

    Raises:
        Conflict: names what is missing.
    """
    for one in needed_confirmations(policy, snapshot, offer):
        if one not in confirmed:
            raise Conflict(f'A sale of "{offer}" to this customer needs "{one}" among confirmations.')
