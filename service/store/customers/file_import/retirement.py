"""Retirement: customers whom a full file does not name; no outbound channel reaches them, and they stay stored.

The mark is a word of the ledger of consents (purpose ``retired``), so that every decision reads it with the others,
decision records keep it, and it is known when and why it changed. A full file retires the customers it does not name,
except those with newer facts. A customer who is named again, or stored whole over the API, is back. A word is never
dated before an earlier one, so that it holds even where a file of a wrong day dated that one ahead.
"""

from sqlalchemy import Connection

from service.core.domain import RETIRED
from service.store.connection.database import Ask
from service.store.connection.wire import Statement
from service.store.customers.attribute_sources import AHEAD, TOLD_AT

NEWEST = f"""
    (SELECT {{what}} FROM consents WHERE customer_id = {{name}} AND purpose = '{RETIRED}'
        ORDER BY at DESC, seq DESC LIMIT 1)
"""  # noqa: S608 - our own words
ABSENT = f"""
    {TOLD_AT} <= %(as_of)s::bigint AND NOT EXISTS (SELECT FROM incoming WHERE incoming.id = customers.id)
        AND NOT coalesce({NEWEST.format(what="granted", name="customers.id")}, false)
"""
"""Of the stored customers, those whom a full file does not name."""

COUNT = f"""
    SELECT count(*), (SELECT count(*) FROM customers),
        count(*) FILTER (WHERE older AND NOT retired), count(*) FILTER (WHERE retired)
    FROM (SELECT {TOLD_AT} <= %(as_of)s::bigint AS older,
            coalesce({NEWEST.format(what="granted", name="customers.id")}, false) AS retired
        FROM customers WHERE NOT EXISTS (SELECT FROM incoming WHERE incoming.id = customers.id)) AS absent
"""  # noqa: S608 - our own words

_SAY = """
    INSERT INTO consents (customer_id, purpose, granted, at, source, version)
    SELECT id, '{purpose}', {word}, greatest(%(as_of)s::bigint, at), 'import', '1' FROM {who} RETURNING customer_id
"""
_CHANGE = """
    UPDATE customers SET revision = revision + 1, updated_at = now() WHERE id IN (SELECT customer_id FROM said)
"""
RETIRE = f"""
    WITH absent AS MATERIALIZED (
        SELECT id, {NEWEST.format(what="at", name="customers.id")} AS at
        FROM customers WHERE {ABSENT} ORDER BY id FOR NO KEY UPDATE),
    said AS ({_SAY.format(purpose=RETIRED, word="true", who="absent")}) {_CHANGE}
"""  # noqa: S608 - our own words
"""Locked first: a customer stored over the API at this moment has newer facts than the file, and stays."""

TAKE_BACK = f"""
    WITH back AS (
        SELECT incoming.id, newest.at FROM incoming JOIN (
            SELECT DISTINCT ON (customer_id) customer_id, granted, at FROM consents WHERE purpose = '{RETIRED}'
            ORDER BY customer_id, at DESC, seq DESC) AS newest ON newest.customer_id = incoming.id
        WHERE newest.granted AND (newest.at <= %(as_of)s::bigint OR newest.at > {AHEAD})),
    said AS ({_SAY.format(purpose=RETIRED, word="false", who="back")}) {_CHANGE}
"""  # noqa: S608 - our own words
TAKE_ONE_BACK = Statement(
    b"take_back",
    f"""
    INSERT INTO consents (customer_id, purpose, granted, at, source, version)
    SELECT $1, '{RETIRED}', false, greatest($2::bigint, {NEWEST.format(what="at", name="$1")}), $3, '1'
    WHERE {NEWEST.format(what="granted", name="$1")} RETURNING 1
    """.encode(),
)


def take_back(ask: Ask, customer_id: str, at: int, source: str) -> bool:
    """End a customer's retirement; False where they were not retired."""
    return bool(ask(TAKE_ONE_BACK, customer_id.encode(), b"%d" % at, source.encode()))


def apply(connection: Connection, words: dict[str, object], full: bool) -> None:
    """End the retirement of customers in the staged file; a ``full`` file retires the others."""
    connection.exec_driver_sql(TAKE_BACK, words)
    if full:
        connection.exec_driver_sql(RETIRE, words)


def count(connection: Connection, words: dict[str, object]) -> tuple[int, int, int, int]:
    """Customers whom a staged file does not name, of how many; those it would retire, and those retired before."""
    absent, stored, retired, before = connection.exec_driver_sql(COUNT, words).one()
    return int(absent), int(stored), int(retired), int(before)
