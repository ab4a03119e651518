"""Consents of a bank's file beside what the customers themselves said: which word holds.

The ledger only grows, and its newest word on a purpose holds (by instant; of one instant, the one written last). Words
over the API are dated now. A file's row is proven where it says when the customer spoke (``said_on``); otherwise it is
the bank's record as of the bank's day. Within a day no wins: a yes is dated at the day's first instant, a no at the
last one (but never after the import).

    the file says             what is stored                                    what holds then
    ------------------------  ------------------------------------------------  ---------------------------------------
    yes, proven               a no before it                                    yes
    yes, proven               a no of that day, of that instant, or after it    no
    yes, record               a customer's no (API or proven), and no proven    no: a record does not tell whether the
                              yes after it, whatever their dates                yes came after it
    yes, record               the record's no of a day before                   yes: the bank's record has changed
    yes, record               the record's no of that day or of a later one     no
    yes, any                  nothing, or a yes                                 yes
    no, proven                a proven yes after it                             yes
    no, proven                a yes of that day or before it, or the record's   no, even where the record is of a later
                              yes                                               day: it does not tell when the yes came
    no, record                a proven yes after the bank's day, or the         yes
                              record's yes of a later day
    no, record                any other yes                                     no
    no, any                   nothing, or a no                                  no
    anything of the future    anything                                          nothing is stored: nobody said it yet

In short: of proven words the last one counts (P), of the record's the last one (R). No holds where P is no, or where R
is no and P is not after it; else yes. The order of arrival makes no difference to proven words. Where the newest row of
the ledger differs from this, the verdict is written above it, at the same instant.

A word that the ledger has already, by the same day and source, is not written again. Nor is a word that the record
repeats from day to day: it is no new word, so a table of millions adds no row a month.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from sqlalchemy import Connection

from service.core.errors import InvalidInput
from service.store.connection import encoding
from service.store.connection.bulk_copy import Progress, copy_in, into_place, refuse
from service.store.customers.file_import.erased import leave_out_words

RECORD, SIMULATED = "import", "simulated"
"""Sources of words without the instant at which a customer spoke; no client may have such a name."""
SAID_ON, VERDICT = ":said_on", ":verdict"
"""The end of the source of a proven word, and of a verdict that follows from several words."""


class ConsentWord(NamedTuple):
    """A customer's word on a purpose, and the first and last instant (ms) at which it may have been said.

    Without instants it is dated at the load. ``proven``: the file says when the customer spoke.
    """

    customer_id: str
    purpose: str
    granted: bool
    earliest: int | None = None
    latest: int | None = None
    proven: bool = False


ConsentRow = tuple[str, str, bool] | tuple[str, str, bool, int, int, bool]
"""The fields of a ``ConsentWord``, without instants or with them."""

STAGING = """
    CREATE TEMPORARY TABLE spoken (row bigint, customer_id text COLLATE "C", purpose text COLLATE "C", granted boolean,
        earliest bigint, latest bigint, proven boolean, at bigint GENERATED ALWAYS AS
        (CASE WHEN granted THEN earliest ELSE latest END) STORED) ON COMMIT DROP
"""
WRITTEN = """
    CREATE TEMPORARY TABLE written (customer_id text COLLATE "C", purpose text COLLATE "C") ON COMMIT DROP
"""
OF_NOBODY = """
    SELECT min(row), 'no customer "' || customer_id || '"' FROM spoken
    WHERE NOT EXISTS (SELECT FROM customers WHERE id = customer_id) GROUP BY customer_id ORDER BY 1 LIMIT 20
"""
LAST = """
    SELECT customer_id, purpose, max(place) AS place,
        max(place) FILTER (WHERE granted) AS yes, max(place) FILTER (WHERE NOT granted) AS no,
        max(place) FILTER (WHERE granted AND proven) AS proven_yes,
        max(place) FILTER (WHERE NOT granted AND proven) AS proven_no,
        max(place) FILTER (WHERE granted AND record) AS record_yes,
        max(place) FILTER (WHERE NOT granted AND record) AS record_no
    FROM (
        SELECT customer_id, purpose, granted, ARRAY[at, seq] AS place, source = ANY (%(records)s) AS record,
            source <> ALL (%(records)s) AND source <> ALL (%(verdicts)s) AS proven
        FROM consents JOIN keys USING (customer_id, purpose)
    ) AS known GROUP BY customer_id, purpose
"""
"""The place in the ledger (instant, then sequence) of the last word of each kind, for ``keys``."""

STANDING = f"""
    CREATE TEMPORARY TABLE standing ON COMMIT DROP AS
    WITH keys AS (SELECT DISTINCT customer_id, purpose FROM spoken) {LAST}
"""  # noqa: S608 - our own statement
WRITE = """
    WITH new AS (
        INSERT INTO consents (customer_id, purpose, granted, at, source, version)
        SELECT DISTINCT customer_id, purpose, granted, at, source, %(version)s
        FROM (SELECT *, CASE WHEN proven THEN %(proven)s ELSE %(record)s END AS source FROM spoken) AS word
        LEFT JOIN standing USING (customer_id, purpose)
        WHERE NOT EXISTS (
                SELECT FROM consents AS known
                WHERE known.customer_id = word.customer_id AND known.purpose = word.purpose AND (
                    known.granted = word.granted AND known.source = word.source
                        AND known.at BETWEEN word.earliest AND word.latest
                    OR word.granted AND NOT known.granted AND known.at = word.at))
            AND CASE WHEN proven THEN true
                WHEN granted THEN NOT coalesce(yes > no, yes IS NOT NULL)
                    AND coalesce(proven_no < proven_yes, proven_no IS NULL)
                ELSE NOT (coalesce(no > yes, no IS NOT NULL)
                    AND coalesce(record_no > record_yes, record_no IS NOT NULL)) END
        ORDER BY customer_id, purpose, at, granted DESC, source RETURNING customer_id, purpose)
    INSERT INTO written SELECT customer_id, purpose FROM new
"""
DISPUTED = """
    CREATE TEMPORARY TABLE keys ON COMMIT DROP AS
    SELECT customer_id, purpose FROM written LEFT JOIN standing USING (customer_id, purpose)
    GROUP BY customer_id, purpose HAVING count(*) > 1 OR count(standing.place) > 0
"""
"""Where there is more than one word, a verdict is needed."""

JUDGE = f"""
    INSERT INTO consents (customer_id, purpose, granted, at, source, version)
    WITH last AS ({LAST}),
    verdict AS (
        SELECT *, coalesce(proven_no < proven_yes, proven_no IS NULL) AND NOT (
            coalesce(record_no > record_yes, record_no IS NOT NULL)
            AND coalesce(record_no[1] >= proven_yes[1], record_no IS NOT NULL)) AS granted
        FROM last)
    SELECT customer_id, purpose, granted, place[1], %(verdict)s, %(version)s FROM verdict
    WHERE granted <> coalesce(yes > no, yes IS NOT NULL)
"""  # noqa: S608 - our own statement
HOLD = """
    SELECT count(*) FROM (SELECT FROM customers WHERE id IN (SELECT customer_id FROM written)
        ORDER BY id FOR NO KEY UPDATE) AS held
"""
"""In the order of their ids, as in every transaction that locks several."""

OF_ERASED = tuple(
    f"""
    DELETE FROM {table} WHERE customer_id IN (
        SELECT customer_id FROM written WHERE NOT EXISTS (SELECT FROM customers WHERE id = customer_id))
    """  # noqa: S608 - our own names
    for table in ("consents", "changes")
)
"""The words of customers who were erased while they were written, and their rows of the feed; from here on no erasure
passes."""

REVISE = """
    UPDATE customers SET revision = revision + 1, updated_at = now() WHERE id IN (SELECT customer_id FROM written)
"""
OUTVOTED = """
    SELECT count(*) FROM (
        SELECT customer_id, purpose, (array_agg(granted ORDER BY at DESC, granted))[1] AS granted
        FROM spoken GROUP BY customer_id, purpose) AS word
    JOIN standing USING (customer_id, purpose)
    WHERE granted AND standing.no IS NOT NULL AND NOT (
        SELECT known.granted FROM consents AS known
        WHERE known.customer_id = word.customer_id AND known.purpose = word.purpose
        ORDER BY known.at DESC, known.seq DESC LIMIT 1)
"""


def load_consents(
    connection: Connection, rows: Iterable[ConsentRow], source: str, version: str, now: int, progress: Progress | None
) -> tuple[int, set[str]]:
    """Add the words of a file to the ledger.

    Returns the number of rows, and the customers whose words are left out because they were erased since the file was
    read. ``source`` is whose record it is; ``now`` the instant of the load, at which rows without instants are dated.

    Raises:
        InvalidInput: names the rows that do not fit.
    """
    encoding.name("source", source)
    encoding.new_name("version", version)
    records = sorted({source, RECORD, SIMULATED})
    known = {
        "records": records,
        "verdicts": [one + VERDICT for one in records],
        "record": source,
        "proven": source + SAID_ON,
        "verdict": source + VERDICT,
        "version": version,
    }
    for statement in (STAGING, WRITTEN):
        connection.exec_driver_sql(statement)
    fields = "spoken (row, customer_id, purpose, granted, earliest, latest, proven)"
    count = copy_in(connection, fields, rows, _line(now), progress)
    connection.exec_driver_sql("ANALYZE spoken")
    gone = leave_out_words(connection)
    refuse(connection, OF_NOBODY)
    connection.exec_driver_sql(STANDING, known)
    connection.exec_driver_sql("ANALYZE standing")
    connection.exec_driver_sql(WRITE, known)
    connection.exec_driver_sql("ANALYZE written")
    connection.exec_driver_sql(DISPUTED)
    connection.exec_driver_sql("ANALYZE keys")
    connection.exec_driver_sql(JUDGE, known)
    for statement in (HOLD, *OF_ERASED):
        connection.exec_driver_sql(statement)
    into_place(connection, REVISE, "consents")
    return count, gone


def count_outvoted(connection: Connection) -> int:
    """On how many purposes of how many customers the last load of this transaction says yes and a no still holds."""
    return int(connection.exec_driver_sql(OUTVOTED).scalar_one())


def _line(now: int) -> Callable[[ConsentRow], tuple[object, ...]]:
    def line(row: ConsentRow) -> tuple[object, ...]:
        word = ConsentWord(*row)
        encoding.name("customer_id", word.customer_id)
        encoding.new_name("purpose", word.purpose)
        earliest = now if word.earliest is None else word.earliest
        latest = now if word.latest is None else min(word.latest, now)
        if earliest > now:
            raise InvalidInput(f'customer "{word.customer_id}" says in the future what they think of {word.purpose}')
        return word.customer_id, word.purpose, word.granted, earliest, latest, word.proven

    return line
