"""One database: connections, transactions and deadlines, and the error each failure becomes.

``ask`` runs a prepared statement on this thread's own wire, ``exchange`` a transaction of them; ``begin`` is a
SQLAlchemy transaction from a pool. All open lazily, per process (a fork shares nothing), end every wait at the
deadline, and raise ``Unavailable`` when the server fails. A dead connection is replaced: ``ask`` retries once where the
statement may run twice, ``exchange`` where its BEGIN failed, ``begin`` looks at the socket before it returns a
connection. After a failed attempt to connect, or a silent server, every call fails at once for ``PAUSE_S``; then one
caller tries.
"""

import contextlib
import os
import select
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import psycopg
import sqlalchemy
from psycopg import conninfo
from psycopg.abc import PQGen
from sqlalchemy import exc

from service.core.clock import Clock, now_ms
from service.core.errors import FourcastError, InvalidInput, Unavailable
from service.store.connection.breaker import DatabaseBreaker, timed
from service.store.connection.wire import Lost, Row, Silent, Statement, Wire, connected, named, rows

SERVER_SHARE = 0.8
"""The server's own statement timeout, as a share of ours: a slow statement ends there, and its connection survives."""

PATIENCE_S = 600.0
"""The deadline of long work beside the requests: loads, walks over many rows."""

BEGIN, COMMIT = Statement(b"begin", b"BEGIN"), Statement(b"commit", b"COMMIT")

Ask = Callable[..., list[Row]]
"""Runs a prepared statement with its parameters; an error ends the transaction."""

T = TypeVar("T")
C = TypeVar("C", Wire, "Patient")


class Patient(psycopg.Connection[Any]):
    """A driver's connection that waits ``patience_s`` for each answer, then closes."""

    patience_s = 1.0

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        """As the driver waits, with an end."""
        try:
            return super().wait(gen, interval=interval, timeout=timeout or self.patience_s)
        except psycopg.OperationalError as failure:
            if failure.sqlstate is None:
                self.pgconn.finish()
            raise


class Database:
    """Connections to ``url`` (a libpq URL) with one deadline for each statement, and the clock that dates rows."""

    def __init__(self, url: str, deadline_ms: int = 500, clock: Clock = now_ms) -> None:
        self.deadline_s, self.clock = deadline_ms / 1000.0, clock
        self._conninfo = address(url, deadline_ms)
        self._breaker = DatabaseBreaker()
        self._here = threading.local()
        self._pid = os.getpid()
        self._engine = self._new_engine()

    def ask(self, statement: Statement, *parameters: bytes | None) -> list[Row]:
        """The rows of a prepared statement.

        Raises: Unavailable: when PostgreSQL does not answer within the deadline.
        """
        begun = time.monotonic()
        until, words = begun + self.deadline_s, list(parameters)
        try:
            try:
                return self._wire(until).run(statement, words, until)
            except Lost:
                if not statement.repeatable:
                    raise
                return self._wire(until).run(statement, words, until)
        except Lost as lost:
            raise Unavailable(f"PostgreSQL hung up: {lost}") from lost
        except Silent as silent:
            raise self._gave_up() from silent
        finally:
            timed(statement.name)(time.monotonic() - begun)

    @contextlib.contextmanager
    def exchange(self) -> Iterator[Ask]:
        """A transaction of prepared statements on this thread's wire, all of it within the deadline; as ``begin``
        otherwise.

        Raises: Unavailable: when PostgreSQL does not answer within the deadline.
        """
        begun = time.monotonic()
        until = begun + self.deadline_s
        try:
            wire = self._begun(until)
            try:
                yield lambda statement, *parameters: wire.run(statement, list(parameters), until)
                if (note := self._note) is not None:
                    wire.run(note[0], list(note[1]), until)
                wire.run(COMMIT, [], until)
            except BaseException:
                wire.abandon(until)
                raise
        except Lost as lost:
            raise Unavailable(f"PostgreSQL hung up: {lost}") from lost
        except Silent as silent:
            raise self._gave_up() from silent
        finally:
            timed(b"exchange")(time.monotonic() - begun)

    @contextlib.contextmanager
    def begin(self, deadline_s: float | None = None) -> Iterator[sqlalchemy.Connection]:
        """A transaction: committed at the end, rolled back on any error; each statement within the deadline.

        Raises: Unavailable: when PostgreSQL does not answer within the deadline, or every connection is in use.
        """
        begun = time.monotonic()
        try:
            with self._pool().begin() as connection:
                self._allow(connection, deadline_s or self.deadline_s)
                yield connection
                if (note := self._note) is not None:
                    ask_within(connection)(note[0], *note[1])
        except exc.DBAPIError as failure:
            raise self._meaning(failure) from failure
        except exc.TimeoutError as busy:
            raise Unavailable("All connections to PostgreSQL are in use.") from busy
        finally:
            timed(b"transaction")(time.monotonic() - begun)

    @contextlib.contextmanager
    def beside(self, statement: Statement, *parameters: bytes) -> Iterator[None]:
        """Within, every transaction of this thread also runs this statement before it is committed."""
        self._here.note = statement, parameters
        try:
            yield
        finally:
            self._here.note = None

    @property
    def _note(self) -> tuple[Statement, tuple[bytes, ...]] | None:
        return getattr(self._here, "note", None)

    def close(self) -> None:
        """Close this thread's wire and the pool; both open again on the next use."""
        wire = getattr(self._here, "wire", None)
        if wire is not None and wire.pid == os.getpid():
            wire.close()
        self._here = threading.local()
        self._pool().dispose()

    def _begun(self, until: float) -> Wire:
        try:
            wire = self._wire(until)
            wire.run(BEGIN, [], until)
        except Lost:
            wire = self._wire(until)
            wire.run(BEGIN, [], until)
        return wire

    def _wire(self, until: float) -> Wire:
        wire: Wire | None = getattr(self._here, "wire", None)
        if wire is not None and wire.open and wire.pid == os.getpid():
            return wire
        self._here.wire = wire = self._connecting(lambda: Wire(self._conninfo, until))
        return wire

    def _connecting(self, connect: Callable[[], C]) -> C:
        self._breaker.enter(self.deadline_s)
        try:
            made = connect()
        except (Lost, Silent) as failure:
            self._breaker.failed()
            raise Unavailable(f"PostgreSQL cannot be reached: {failure or 'no answer'}") from failure
        self._breaker.worked()
        return made

    def _gave_up(self) -> Unavailable:
        self._breaker.failed()
        return Unavailable(f"PostgreSQL did not answer within {self.deadline_s * 1000:.0f} ms.")

    def _pool(self) -> sqlalchemy.Engine:
        if self._pid != os.getpid():
            self._engine.dispose(close=False)
            self._engine, self._pid = self._new_engine(), os.getpid()
        return self._engine

    def _new_engine(self) -> sqlalchemy.Engine:
        engine = sqlalchemy.create_engine(
            "postgresql+psycopg://",
            creator=self._patient,
            pool_size=4,
            max_overflow=12,
            pool_timeout=self.deadline_s,
            pool_use_lifo=True,
            use_native_hstore=False,
        )
        sqlalchemy.event.listen(engine, "checkout", refuse_ended)
        return engine

    def _patient(self) -> Patient:
        until = time.monotonic() + self.deadline_s
        return self._connecting(lambda: Patient(connected(self._conninfo, until)))

    def _allow(self, connection: sqlalchemy.Connection, deadline_s: float) -> None:
        driver = connection.connection.dbapi_connection
        assert isinstance(driver, Patient)
        driver.patience_s = deadline_s
        if deadline_s != self.deadline_s:
            connection.exec_driver_sql(f"SET LOCAL statement_timeout = {deadline_s * 1000:.0f}")

    def _meaning(self, failure: exc.DBAPIError) -> FourcastError:
        state = getattr(failure.orig, "sqlstate", None)
        if state is not None:
            return named(state.encode(), str(failure.orig).splitlines()[0])
        self._breaker.failed()
        return Unavailable(f"PostgreSQL failed: {failure.orig}")


def ask_within(connection: sqlalchemy.Connection) -> Ask:
    """``Ask`` in a transaction of SQLAlchemy: the same statements, parameters and rows as on a wire of our own."""
    driver: Any = connection.connection.driver_connection

    def ask(statement: Statement, *parameters: bytes | None) -> list[Row]:
        words = [
            value if value is None or place == statement.binary else value.decode()
            for place, value in enumerate(parameters)
        ]
        with _failing_as_sqlalchemy(connection, statement), psycopg.RawCursor(driver) as cursor:
            cursor.execute(statement.text, words)
            return [] if cursor.pgresult is None else rows(cursor.pgresult)

    return ask


def stream_within(
    connection: sqlalchemy.Connection, statement: Statement, parameters: Sequence[object], at_a_time: int
) -> Iterator[tuple[Any, ...]]:
    """The rows of a statement in a transaction of SQLAlchemy, through a server's cursor, as the driver reads them."""
    driver: Any = connection.connection.driver_connection
    with (
        _failing_as_sqlalchemy(connection, statement),
        psycopg.RawServerCursor(driver, statement.name.decode()) as cursor,
    ):
        cursor.itersize = at_a_time
        cursor.execute(statement.text, parameters)
        yield from cursor


@contextlib.contextmanager
def _failing_as_sqlalchemy(connection: sqlalchemy.Connection, statement: Statement) -> Iterator[None]:
    """The driver's errors as ``Database.begin`` expects them; nothing is rolled back on a connection that is lost."""
    try:
        yield
    except psycopg.Error as failure:
        driver: Any = connection.connection.driver_connection
        if driver.closed:
            connection.invalidate(failure)
        raise exc.DBAPIError(statement.name.decode(), None, failure) from failure


def refuse_ended(driver: Any, *_: object) -> None:
    """Replace an idle connection on which something waits to be read: the server ended it.

    Raises: DisconnectionError: when the server has ended the connection.
    """
    idle = select.poll()
    idle.register(driver.pgconn.socket, select.POLLIN)
    if idle.poll(0):
        raise exc.DisconnectionError


def address(url: str, deadline_ms: int) -> bytes:
    """The libpq connection string with our session settings.

    Raises: InvalidInput: when ``url`` is none.
    """
    plain = url.replace("postgresql+psycopg://", "postgresql://", 1)
    try:
        given = conninfo.conninfo_to_dict(plain)
    except psycopg.Error as broken:
        raise InvalidInput(f"The database URL cannot be read: {str(broken).strip()}") from broken
    settings = {"statement_timeout": f"{deadline_ms * SERVER_SHARE:.0f}", "plan_cache_mode": "force_generic_plan"}
    ours = " ".join(f"-c {name}={value}" for name, value in settings.items())
    given["options"] = f"{given.get('options') or ''} {ours}".strip()
    given.setdefault("application_name", "fourcast")
    given |= {"client_encoding": "utf8", "tcp_user_timeout": str(deadline_ms)}
    return conninfo.make_conninfo("", **given).encode()
