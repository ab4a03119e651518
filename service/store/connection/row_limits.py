"""How many of a kind one client has, counted so that whoever adds another just then waits: no race passes it."""

from sqlalchemy import ColumnElement, Connection, Table, func, select

SPACE = 0x4643
"""Of PostgreSQL's advisory locks of two numbers, those that are ours here."""


def count(connection: Connection, table: Table, client: str, *which: ColumnElement[bool]) -> int:
    """The client's rows of a table; its others wait until this transaction ends."""
    connection.execute(select(func.pg_advisory_xact_lock(SPACE, func.hashtext(f"{table.name} {client}"))))
    mine = select(func.count()).select_from(table).where(table.c.client == client, *which)
    return int(connection.execute(mine).scalar_one())
