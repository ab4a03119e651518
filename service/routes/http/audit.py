"""What the CRM's routes share: whose branch a client is, what a branch's client did on the audit log, item errors.

A customer's own key opens none of these routes (``Reach.BRANCH``): nobody writes their own risk tolerance. Looks at
customers are noted by ``access`` (``own_customers``); what changes something stands in the chained log.
"""

from collections.abc import Mapping
from itertools import islice
from typing import Any

from service.core.domain import Client
from service.core.errors import MOST_PROBLEMS, FourcastError
from service.routes.http.guard import engine
from service.routes.http.problems import faults, told_of
from service.routes.http.translation.translation import Teller


def audited(client: Client, action: str, subject: str, detail: Mapping[str, object]) -> None:
    """Put what a branch's client did on the audit log."""
    if client.branch is not None:
        engine().crm.audit(client.name, action, subject, detail)


def about(client: Client, on_behalf_of: str | None = None, **more: object) -> dict[str, object]:
    """Who did it for whom, for the audit log."""
    found = {"branch": client.branch, "on_behalf_of": on_behalf_of, **more}
    return {name: value for name, value in found.items() if value is not None}


def item_problem(error: FourcastError) -> dict[str, Any]:
    """An error as it stands beside the other items of a list, in the language that the caller likes."""
    teller = Teller()
    found: dict[str, Any] = {
        "type": f"urn:fourcast:problem:{error.slug}",
        "title": teller.tell(error.title),
        "detail": teller.tell(error.message),
    }
    if error.problems:
        found["errors"] = list(faults(islice(told_of(error), MOST_PROBLEMS), teller))
    return found
