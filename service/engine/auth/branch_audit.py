"""Audit of branch clients: what a client that is bound to a branch did, appended to the audit log.

A customer's own key opens none of these endpoints (``BoundClients.BRANCH``). Reads of customers are logged by the guard
(``guard.reachable_customers``). Changes go to the hash-chained audit log.
"""

from collections.abc import Mapping

from service.core.domain import Client
from service.store import Store


def audit_branch_action(store: Store, client: Client, action: str, subject: str, detail: Mapping[str, object]) -> None:
    """Append to the audit log what a branch's client did; for any other client do nothing."""
    if client.branch is not None:
        store.audit.append(client.name, action, subject, detail)


def about(client: Client, on_behalf_of: str | None = None, **more: object) -> dict[str, object]:
    """The branch of the client and the person it acted for, as detail of an audit entry."""
    detail = {"branch": client.branch, "on_behalf_of": on_behalf_of, **more}
    return {name: value for name, value in detail.items() if value is not None}
