"""Customers erased after a file was read do not come back by it.

Files are read without the erased, minutes before they are stored. Once a load holds its customers, no erasure can pass
it any more: customers erased by then are in ``erasures``, and are deleted again, in the same transaction. Only
customers who are new by this load can be such, so the check costs as much as there are of those.
"""

from collections.abc import Iterable

from sqlalchemy import Connection

from service.store.security.pseudonyms import find_erased

ARRIVED = """
    SELECT id FROM customers JOIN incoming USING (id) WHERE customers.revision = 1 AND customers.updated_at = now()
"""
"""Stored by this transaction, and not before it."""

NOBODYS = """
    SELECT DISTINCT customer_id FROM spoken WHERE NOT EXISTS (SELECT FROM customers WHERE id = customer_id)
"""
LEAVE = (
    "DELETE FROM customers WHERE id = ANY (%(gone)s)",
    "DELETE FROM incoming WHERE id = ANY (%(gone)s)",
    "DELETE FROM changes WHERE customer_id = ANY (%(gone)s) AND type <> 'customer.erased'",
)
"""The row, the staged row that retirement reads, and the feed's rows, except that the customer was erased."""

UNSAY = "DELETE FROM spoken WHERE customer_id = ANY (%(gone)s)"


def leave_out_erased(connection: Connection) -> set[str]:
    """Delete again the customers whom this load has just stored although they were erased; returns their ids."""
    gone = find_erased(connection, _names(connection, ARRIVED))
    for statement in LEAVE if gone else ():
        connection.exec_driver_sql(statement, {"gone": list(gone)})
    return gone


def leave_out_words(connection: Connection) -> set[str]:
    """Leave out the words of customers who were erased since the file was read; returns their ids."""
    gone = find_erased(connection, _names(connection, NOBODYS))
    if gone:
        connection.exec_driver_sql(UNSAY, {"gone": list(gone)})
    return gone


def _names(connection: Connection, statement: str) -> Iterable[str]:
    return (str(one) for one in connection.exec_driver_sql(statement).scalars())
