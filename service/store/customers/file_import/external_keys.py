"""External keys of a bank's file: each belongs to one customer from now on, all or none.

A key may not stand twice in the file, nor belong to a stored customer to whom the file gives no other. Two customers
may exchange keys. Customers without a key in the file keep theirs.
"""

from collections.abc import Mapping

from sqlalchemy import Connection

from service.core import customer_ids
from service.core.errors import InvalidInput
from service.store.connection.bulk_copy import copy_in, refuse

STAGING = """
    CREATE TEMPORARY TABLE keyed (row bigint, id text COLLATE "C", key text COLLATE "C") ON COMMIT DROP
"""
TWICE = """
    SELECT max(row), 'external_key "' || key || '" stands in row ' || min(row) || ' already'
    FROM keyed GROUP BY key HAVING count(*) > 1 ORDER BY 1 LIMIT 20
"""
TAKEN = """
    SELECT keyed.row, 'external_key "' || keyed.key || '" is customer "' || held.id || '"''s'
    FROM keyed JOIN customers AS held ON held.external_key = keyed.key AND held.id <> keyed.id
    WHERE NOT EXISTS (SELECT FROM keyed AS theirs WHERE theirs.id = held.id) ORDER BY 1 LIMIT 20
"""
FREE = """
    UPDATE customers SET external_key = NULL FROM keyed
    WHERE customers.id = keyed.id AND external_key <> keyed.key
        AND EXISTS (SELECT FROM keyed AS others WHERE others.key = external_key)
"""
GIVE = """
    UPDATE customers SET external_key = key, revision = revision + 1, updated_at = now() FROM keyed
    WHERE customers.id = keyed.id AND external_key IS DISTINCT FROM key
"""


def give(connection: Connection, keys: Mapping[str, str]) -> None:
    """Give customers (by id) these external keys.

    Raises:
        InvalidInput: names the keys that belong to other customers.
    """
    if not keys:
        return
    connection.exec_driver_sql(STAGING)
    copy_in(connection, "keyed (row, id, key)", keys.items(), _line, None)
    refuse(connection, TWICE)
    refuse(connection, TAKEN)
    for statement in (FREE, GIVE):
        connection.exec_driver_sql(statement)


def _line(row: tuple[str, str]) -> tuple[str, str]:
    if said := customer_ids.key_fault(row[1]):
        raise InvalidInput(f"external_key {said}")
    return row
