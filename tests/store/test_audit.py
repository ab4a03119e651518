"""The audit log: append-only for everybody, and a chain that names the first row somebody touched all the same."""

import hashlib

import psycopg
import pytest

from service.domain import Client
from service.errors import InvalidInput
from service.store import Store, Verdict
from service.store.audit import GENESIS, link
from tests.servers import execute


@pytest.fixture
def log(make_database: object) -> tuple[Store, str]:
    url = make_database()  # type: ignore[operator]
    store = Store(url, 2000)
    for number in range(1, 6):
        store.audit("anna", "policy.publish", f"p-{number}", {"number": number, "名": "定期"})
    return store, url


def tamper(url: str, statement: str) -> None:
    execute(
        url, f"ALTER TABLE audit DISABLE TRIGGER append_only; {statement}; ALTER TABLE audit ENABLE TRIGGER append_only"
    )


def test_an_untouched_log_holds(log: tuple[Store, str]) -> None:
    verdict = log[0].verify_audit()
    assert (verdict.rows, verdict.broken_at) == (5, None)


def test_an_empty_log_holds(make_database: object) -> None:
    assert Store(make_database(), 2000).verify_audit() == Verdict(0, GENESIS.hex())  # type: ignore[operator]


def test_the_first_hash_is_sha256_of_32_zero_bytes_and_the_row() -> None:
    body = b'[1,2,"anna","a","s","{}"]'
    assert link(GENESIS, 1, 2, "anna", "a", "s", "{}") == hashlib.sha256(bytes(32) + body).digest()


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit", "TRUNCATE audit"])
def test_postgresql_refuses_to_change_it(log: tuple[Store, str], statement: str) -> None:
    with pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
        execute(log[1], statement)


@pytest.mark.parametrize(
    ("statement", "row", "reason"),
    [
        ("UPDATE audit SET actor = 'eve' WHERE seq = 3", 3, "content does not fit"),
        ("UPDATE audit SET at = at + 1 WHERE seq = 5", 5, "content does not fit"),
        ("UPDATE audit SET detail = '{}' WHERE seq = 1", 1, "content does not fit"),
        ("DELETE FROM audit WHERE seq = 2", 3, "row 2 is missing"),
        ("UPDATE audit SET hash = sha256('forged') WHERE seq = 4", 4, "content does not fit"),
        ("UPDATE audit SET previous_hash = sha256('forged') WHERE seq = 4", 4, "not the hash of the row before"),
    ],
)
def test_the_first_touched_row_is_named(log: tuple[Store, str], statement: str, row: int, reason: str) -> None:
    tamper(log[1], statement)
    verdict = log[0].verify_audit()
    assert verdict.broken_at == row
    assert reason in str(verdict.reason)


def test_rows_cut_off_at_the_end_show_by_the_head(log: tuple[Store, str]) -> None:
    head = log[0].verify_audit().head
    tamper(log[1], "DELETE FROM audit WHERE seq = 5")
    assert log[0].verify_audit().head != head


def test_clients_and_releases_write_to_it(log: tuple[Store, str]) -> None:
    store, url = log
    store.add_client(Client("app", frozenset({"offers:read"})), "d" * 64, "anna")
    store.revoke_client("app", "ben")
    store.put_policy("p", {})
    store.activate("p", None, "why", "cleo")
    rows = execute(url, "SELECT actor, action, subject FROM audit WHERE seq > 5 ORDER BY seq")
    assert [row[:2] for row in rows] == [("anna", "client.add"), ("ben", "client.revoke"), ("cleo", "release.activate")]
    assert "d" * 64 not in str(execute(url, "SELECT detail FROM audit"))
    assert store.verify_audit().broken_at is None


def test_an_actor_without_a_name_is_refused(log: tuple[Store, str]) -> None:
    with pytest.raises(InvalidInput, match="actor"):
        log[0].audit("", "policy.publish", "p", {})
