"""Row limits: how many rows one client has in a table, counted under a lock so that no race passes the limit."""

from sqlalchemy import ColumnElement, Connection, Table, func, select

SPACE = 0x4643
"""The first number of our advisory locks of two numbers."""


def count(connection: Connection, table: Table, client: str, *which: ColumnElement[bool]) -> int:
    """The client's rows of a table; its other transactions wait here until this one ends."""
    connection.execute(select(func.pg_advisory_xact_lock(SPACE, func.hashtext(f"{table.name} {client}"))))
    mine = select(func.count()).select_from(table).where(table.c.client == client, *which)
    return int(connection.execute(mine).scalar_one())
