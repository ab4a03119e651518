"""One libpq connection with a deadline, and the statements prepared on it.

Prepared statements skip the driver's cursor: parameters and results are bytes, one send and one wait per call. A wait
never outlives ``until`` (monotonic seconds): ``Silent`` closes the connection, because an answer may still be under
way. ``Lost`` says that the connection had ended; the caller may try once more on a new one.
"""

import os
import select
import time
from dataclasses import dataclass

from psycopg import OperationalError, pq
from psycopg.pq.abc import PGconn, PGresult

from service.core.errors import Conflict, FourcastError, InvalidInput, Unavailable

OK = frozenset({pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK})
RECONNECT_STATES = frozenset({b"0A000", b"26000", b"25006", b"57P01", b"57P02", b"57P03"})
"""Plan outdated by a migration, prepared statement gone, server read-only or going down: nothing was done, so
reconnect."""

NOT_MIGRATED = frozenset({b"42P01", b"42703", b"3F000"})
Row = tuple[bytes | None, ...]


class Lost(Exception):
    """The connection had ended, or cannot be used any more."""


class Silent(Exception):
    """No answer within the deadline."""


@dataclass(frozen=True, slots=True)
class Statement:
    """SQL prepared once per connection; ``binary``: the parameter sent raw; ``repeatable``: it may run twice."""

    name: bytes
    text: bytes
    repeatable: bool = True
    binary: int | None = None

    def formats(self, count: int) -> list[int] | None:
        """Parameter formats for libpq; None for all text."""
        return None if self.binary is None else [int(place == self.binary) for place in range(count)]


ROLLBACK = Statement(b"rollback", b"ROLLBACK")


class Wire:
    """An open connection of one thread in one process."""

    def __init__(self, conninfo: bytes, until: float) -> None:
        self.pid = os.getpid()
        self.open = True
        self._pgconn = connected(conninfo, until)
        self._poll = select.poll()
        self._poll.register(self._pgconn.socket, select.POLLIN)
        self._prepared: set[bytes] = set()

    def run(self, statement: Statement, parameters: list[bytes | None], until: float) -> list[Row]:
        """The rows of one statement.

        Raises: Lost, Silent: when the connection ends, or no answer comes in time. Or the error that the server named.
        """
        try:
            if statement.name not in self._prepared:
                self._pgconn.send_prepare(statement.name, statement.text)
                self._answer(until)
                self._prepared.add(statement.name)
            self._pgconn.send_query_prepared(statement.name, parameters, statement.formats(len(parameters)))
            return rows(self._answer(until))
        except OperationalError as ended:
            self.close()
            raise Lost(str(ended).strip()) from ended
        except (Silent, Lost):
            self.close()
            raise

    def close(self) -> None:
        """Close the connection without waiting."""
        self.open = False
        self._pgconn.finish()

    def abandon(self, until: float) -> None:
        """Roll back an open transaction; a connection that cannot even do that is closed."""
        if self.open and self._pgconn.transaction_status != pq.TransactionStatus.IDLE:
            try:
                self.run(ROLLBACK, [], until)
            except (Lost, Silent, FourcastError):
                self.close()

    def _answer(self, until: float) -> PGresult:
        """The last result of what was sent: an error at commit comes after the command's own."""
        while self._pgconn.flush():
            self._flushed(until)
        result = last = self._result(until)
        while last is not None:
            result, last = last, self._result(until)
        if result is None:
            raise Lost("the server sent no result")
        if result.status not in OK:
            raise refusal(result)
        return result

    def _result(self, until: float) -> PGresult | None:
        pgconn = self._pgconn
        while pgconn.is_busy():
            if not self._poll.poll(remaining_ms(until)):
                raise Silent
            pgconn.consume_input()
        return pgconn.get_result()

    def _flushed(self, until: float) -> None:
        both = select.poll()
        both.register(self._pgconn.socket, select.POLLIN | select.POLLOUT)
        if not both.poll(remaining_ms(until)):
            raise Silent
        self._pgconn.consume_input()


def connected(conninfo: bytes, until: float) -> PGconn:
    """A connection made before ``until`` (a name look-up can take longer).

    Raises:
        Lost: the server refused, with libpq's sentence.
        Silent: no answer before ``until``.
    """
    pgconn = pq.PGconn.connect_start(conninfo)
    status = pq.PollingStatus.WRITING
    while status != pq.PollingStatus.OK:
        if pgconn.status == pq.ConnStatus.BAD or status == pq.PollingStatus.FAILED:
            raise Lost(pgconn.get_error_message().strip())
        step = select.poll()
        step.register(pgconn.socket, select.POLLIN if status == pq.PollingStatus.READING else select.POLLOUT)
        if not step.poll(remaining_ms(until)):
            pgconn.finish()
            raise Silent
        status = pq.PollingStatus(pgconn.connect_poll())
    pgconn.nonblocking = 1
    return pgconn


def remaining_ms(until: float) -> float:
    """Milliseconds until then, at least none."""
    return max(0.0, (until - time.monotonic()) * 1000.0)


def rows(result: PGresult) -> list[Row]:
    """All rows of a result in text format, as bytes."""
    return [tuple(result.get_value(row, column) for column in range(result.nfields)) for row in range(result.ntuples)]


def refusal(result: PGresult) -> Exception:
    """The error for the server's SQLSTATE; without the server's details, which name rows."""
    state = result.error_field(pq.DiagnosticField.SQLSTATE) or b""
    message = (result.error_field(pq.DiagnosticField.MESSAGE_PRIMARY) or b"").decode(errors="replace")
    if state in RECONNECT_STATES or state.startswith(b"08"):
        return Lost(message)
    return named(state, message)


def named(state: bytes, message: str) -> FourcastError:
    """The error for a SQLSTATE: try again, mend the database, or a clash with what is stored."""
    if state in NOT_MIGRATED:
        return Unavailable(f"The database lacks its tables ({message}): `fourcast serve` migrates it at start.")
    if state.startswith(b"22"):
        return InvalidInput(f"PostgreSQL refuses: {message}")
    if state.startswith(b"23"):
        return Conflict(f"PostgreSQL refuses: {message}")
    return Unavailable(f"PostgreSQL refuses: {message}")


def whole(value: bytes | None) -> int:
    """A bigint column that is never NULL."""
    return int(value or 0)


def word(value: bytes | None) -> str | None:
    """A text column."""
    return None if value is None else value.decode()
