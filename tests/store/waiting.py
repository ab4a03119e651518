"""Two transactions that meet, step by step: one is held open by the test, the other is seen to wait for it."""

import contextlib
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import psycopg

from tests.servers import execute

T = TypeVar("T")
WAITERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
PATIENCE_S = 10


@contextlib.contextmanager
def held(url: str, *statements: tuple[str, tuple[Any, ...]]) -> Iterator[psycopg.Connection[Any]]:
    """A transaction that has run the statements; committed at the end, unless it has ended before."""
    with psycopg.connect(url) as connection:
        for statement, words in statements:
            connection.execute(statement.encode(), words)
        yield connection


@contextlib.contextmanager
def waiting(url: str, ask: Callable[[], T]) -> Iterator["Future[T]"]:
    """What ``ask`` will return: it runs in another thread, and waits for a lock when this yields."""
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(ask)
        until = time.monotonic() + PATIENCE_S
        while not (future.done() or execute(url, WAITERS)[0][0]):
            if time.monotonic() > until:
                raise AssertionError("nobody waits for a lock")
            time.sleep(0.01)
        yield future
