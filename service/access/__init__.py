"""Who asks, and whom they may reach: clients by their key, customers by their branch.

In order: ``keys`` tells which client holds a key; ``scopes`` lists what a client may be allowed; ``Access.reached``
says which customers a branch's client may reach, and leaves a row for each that it asked after. Not here: which route
needs which scope (``routes.access``), where clients are stored (``store.clients``).
"""

from collections.abc import Sequence

from service.access.keys import Clients, new_key
from service.access.scopes import SCOPES
from service.domain import Client
from service.store import Store

__all__ = ["SCOPES", "Access", "new_key"]


class Access:
    """One per worker."""

    def __init__(self, store: Store) -> None:
        self._views = store.views
        self._clients = Clients(store.client)

    def client(self, key: str) -> Client:
        """The client that holds ``key``; raises Unauthorized, or Unavailable when nobody can tell."""
        return self._clients.client(key)

    def reached(self, client: Client, customer_ids: Sequence[str], operation: str) -> frozenset[str]:
        """Those of the customers whom the client may reach; a branch's client leaves a row for each it asks after.

        A customer of an unknown branch is nobody's. Unavailable where the branch cannot be read.
        """
        allowed = [one for one in customer_ids if client.customer_id in (None, one)]
        if client.branch is None or not allowed:
            return frozenset(allowed)
        return self._views.seen(client.name, client.branch, allowed, operation)
