"""The access log: looks at customers by a branch's clients, and who read a customer's explanation; one row each.

The statement that allows a look writes its row, so nothing is seen that is not logged; refused attempts are rows too.
Readings of explanations and portraits are rows whoever reads, the customer included (PIPL art. 24, 51). A plain insert,
because these rows are many: the chained log (``audit``) is for changes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson
from sqlalchemy import insert, select

from service.store.connection import encoding
from service.store.connection.database import Database
from service.store.connection.wire import Statement
from service.store.schema import views

SEE = Statement(
    b"see_customers",
    b"""
    INSERT INTO views (at, client, branch, customer_id, operation, allowed)
    SELECT $5::bigint, $1, $2, asked.id, $4, coalesce(customers.attributes ->> 'branch_id' = $2, false)
    FROM json_array_elements_text($3::json) AS asked (id) LEFT JOIN customers ON customers.id = asked.id
    RETURNING customer_id, allowed
    """,
)


BANK = ""
"""The branch of a client that is of none."""


@dataclass(frozen=True, slots=True)
class View:
    """One look: when (ms UTC), by which client of which branch, at whom, by which operation, and whether allowed.

    ``branch`` is ``BANK`` for a client of the whole bank, or of a customer.
    """

    at: int
    client: str
    branch: str
    customer_id: str
    operation: str
    allowed: bool


class AccessLog:
    """The access log of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def record_views(self, client: str, branch: str, customer_ids: Sequence[str], operation: str) -> frozenset[str]:
        """Those of the customers who belong to the branch; every look is logged, durable when this returns."""
        for customer_id in customer_ids:
            encoding.name("customer_id", customer_id)
        who = encoding.name("client", client), encoding.name("branch", branch), orjson.dumps(list(customer_ids))
        rows = self._database.ask(SEE, *who, encoding.name("operation", operation), b"%d" % self._database.clock())
        return frozenset(str(row[0], "utf-8") for row in rows if row[0] is not None and row[1] == b"t")

    def record_reading(self, client: str, customer_id: str, operation: str) -> None:
        """Log that a client of no branch read what is held of the customer; durable when this returns."""
        row = {"client": client, "branch": BANK, "customer_id": customer_id, "operation": operation, "allowed": True}
        with self._database.begin() as connection:
            connection.execute(insert(views).values(at=self._database.clock(), **row))

    def list_views(self, limit: int, customer_id: str | None = None, client: str | None = None) -> list[View]:
        """The newest looks first, of one customer or by one client where named."""
        wanted = select(views).order_by(views.c.at.desc(), views.c.seq.desc()).limit(limit)
        if customer_id is not None:
            wanted = wanted.where(views.c.customer_id == customer_id)
        if client is not None:
            wanted = wanted.where(views.c.client == client)
        with self._database.begin() as connection:
            return [View(*row[1:]) for row in connection.execute(wanted)]
