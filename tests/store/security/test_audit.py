"""The audit log: append-only for everybody, and a chain that names the first row somebody touched all the same."""

import hashlib

import orjson
import psycopg
import pytest

from service.core.domain import Client
from service.core.errors import InvalidInput
from service.store import ChainVerdict, Head, Store
from service.store.security import audit, audit_values
from service.store.security.audit import GENESIS, link
from tests.seed import activate, put_customer, put_policy, transaction
from tests.servers import execute


@pytest.fixture
def log(make_database: object) -> tuple[Store, str]:
    url = make_database()  # type: ignore[operator]
    store = Store(url, 2000)
    for number in range(1, 6):
        store.audit.append("anna", "policy.publish", f"p-{number}", {"number": number, "名": "定期"})
    return store, url


def tamper(url: str, statement: str) -> None:
    execute(
        url, f"ALTER TABLE audit DISABLE TRIGGER append_only; {statement}; ALTER TABLE audit ENABLE TRIGGER append_only"
    )


def test_an_untouched_log_holds(log: tuple[Store, str]) -> None:
    verdict = log[0].audit.verify()
    assert (verdict.rows, verdict.broken_at) == (5, None)


def test_an_empty_log_holds(make_database: object) -> None:
    assert Store(make_database(), 2000).audit.verify() == ChainVerdict(0, GENESIS.hex())  # type: ignore[operator]


def test_the_first_hash_is_sha256_of_32_zero_bytes_and_the_row() -> None:
    body = b'[1,2,"anna","a","s","{}"]'
    assert link(GENESIS, 1, 2, "anna", "a", "s", "{}") == hashlib.sha256(bytes(32) + body).digest()


@pytest.mark.parametrize(
    ("statement", "match"),
    [
        ("UPDATE audit SET actor = 'x'", "append-only"),
        ("DELETE FROM audit", "append-only"),
        ("TRUNCATE audit", "append-only"),
        ("UPDATE audit_values SET content = '{}'", "erased, and never changed"),
        ("TRUNCATE audit_values", "erased, and never changed"),
    ],
)
def test_postgresql_refuses_to_change_it(log: tuple[Store, str], statement: str, match: str) -> None:
    with pytest.raises(psycopg.errors.RestrictViolation, match=match):
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
    verdict = log[0].audit.verify()
    assert verdict.broken_at == row
    assert reason in str(verdict.reason)


def test_rows_cut_off_at_the_end_show_by_the_head(log: tuple[Store, str]) -> None:
    head = log[0].audit.verify().head
    tamper(log[1], "DELETE FROM audit WHERE seq = 5")
    assert log[0].audit.verify().head != head


def test_clients_and_releases_write_to_it(log: tuple[Store, str]) -> None:
    store, url = log
    store.clients.add(Client("app", frozenset({"offers:read"})), "d" * 64, "anna")
    store.clients.revoke("app", "ben")
    put_policy(store, "p", {})
    activate(store, "p", None, "why", "cleo")
    rows = execute(url, "SELECT actor, action, subject FROM audit WHERE seq > 5 ORDER BY seq")
    assert [row[:2] for row in rows] == [("anna", "client.add"), ("ben", "client.revoke"), ("cleo", "release.activate")]
    assert "d" * 64 not in str(execute(url, "SELECT detail FROM audit"))
    assert store.audit.verify().broken_at is None


def untouched(url: str, statement: str) -> None:
    execute(url, f"ALTER TABLE audit_values DISABLE TRIGGER never_changed; {statement}; "
                 "ALTER TABLE audit_values ENABLE TRIGGER never_changed")  # fmt: skip


def written(store: Store, customer_id: str, value: int) -> None:
    """A row that tells of a customer, as a write of their attributes makes it."""
    with transaction(store) as connection:
        beside = audit_values.values_beside(
            connection, customer_id, {"values": {"fund_yuan": {"old": None, "new": value}}}
        )
        audit.append(connection, "crm", "customer.put", beside.alias, {"revision": 2}, beside)


@pytest.fixture
def told(log: tuple[Store, str]) -> tuple[Store, str]:
    """Rows 6 and 7 of the log tell of one customer, row 8 of another."""
    store, _ = log
    for name in ("c-1", "c-1", "c-2"):
        put_customer(store, name, {})
        written(store, name, 918273645)
    return log


def test_what_the_log_says_of_a_customer_stands_beside_the_chain(told: tuple[Store, str]) -> None:
    store, url = told
    newest = store.audit.list_rows(1)[0]["detail"]
    assert newest == {"revision": 2, "values": {"fund_yuan": {"old": None, "new": 918273645}}}
    assert "918273645" not in str(execute(url, "SELECT detail FROM audit"))
    salt, content = execute(url, "SELECT salt, content FROM audit_values WHERE seq = 8")[0]
    chained = orjson.loads(str(execute(url, "SELECT detail FROM audit WHERE seq = 8")[0][0]))
    assert chained["beside"]["sha256"] == hashlib.sha256(bytes(salt) + str(content).encode()).hexdigest()  # type: ignore[call-overload]
    assert (len(bytes(salt)), store.audit.verify().broken_at) == (16, None)  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("statement", "row", "reason"),
    [
        ("UPDATE audit_values SET content = replace(content, '9', '8') WHERE seq = 7", 7, "was changed"),
        ("UPDATE audit_values SET salt = sha256(salt) WHERE seq = 6", 6, "was changed"),
        ("DELETE FROM audit_values WHERE seq >= 7", 7, "no erasure in the log covers it"),
        ("UPDATE audit_values SET seq = 5 WHERE seq = 6", 5, "is not what it is committed to"),
    ],
)
def test_what_stands_beside_the_chain_is_proven_while_it_stands(
    told: tuple[Store, str], statement: str, row: int, reason: str
) -> None:
    untouched(told[1], statement)
    verdict = told[0].audit.verify()
    assert (verdict.broken_at, reason in str(verdict.reason)) == (row, True)


def test_it_is_erased_with_its_customer_and_the_chain_still_holds(told: tuple[Store, str]) -> None:
    store, url = told
    erase = lambda: store.customers.erase("c-1", lambda *_: b"", lambda *_: True, "anna", {})  # noqa: E731
    assert erase()
    assert (store.audit.verify().broken_at, store.audit.crosscheck()) == (None, [])
    assert [row["detail"].get("erased") for row in store.audit.list_rows(4)] == [None, None, True, True]
    put_customer(store, "c-1", {})
    execute(url, "DELETE FROM erasures")  # as storing them over the API does
    written(store, "c-1", 4)
    assert store.audit.verify().broken_at is None
    execute(url, "DELETE FROM audit_values WHERE customer_id = 'c-1'")
    assert store.audit.verify().broken_at == 10, "an erasure covers what was said before it alone"


def test_what_an_erased_customers_rows_said_may_not_come_back(told: tuple[Store, str]) -> None:
    store, url = told
    (kept,) = execute(url, "SELECT salt, content FROM audit_values WHERE seq = 6")
    store.customers.erase("c-1", lambda *_: b"", lambda *_: True, "anna", {})
    execute(url, "INSERT INTO audit_values VALUES (6, 'c-1', %s, %s)", *kept)
    assert ["although they were erased" in one for one in store.audit.crosscheck()] == [True]


def test_rows_of_before_that_hold_values_in_the_chain_still_verify(log: tuple[Store, str]) -> None:
    store, _ = log
    store.audit.append("crm", "customer.put", "customer:ab", {"attributes": ["fund_yuan"], "values": {"fund_yuan": 5}})
    assert store.audit.list_rows(1)[0]["detail"]["values"] == {"fund_yuan": 5}
    assert store.audit.verify().broken_at is None


def test_an_actor_without_a_name_is_refused(log: tuple[Store, str]) -> None:
    with pytest.raises(InvalidInput, match="actor"):
        log[0].audit.append("", "policy.publish", "p", {})


def remade(url: str, statement: str) -> None:
    """Change the log and make the whole chain anew, as somebody could who may write the database."""
    tamper(url, statement)
    previous = GENESIS
    for seq, *row in execute(url, "SELECT seq, at, actor, action, subject, detail FROM audit ORDER BY seq"):
        made = link(previous, seq, *row)  # type: ignore[arg-type]
        words = f"previous_hash = '\\x{previous.hex()}', hash = '\\x{made.hex()}'"
        tamper(url, f"UPDATE audit SET {words} WHERE seq = {seq}")
        previous = made


def test_a_head_noted_elsewhere_holds_while_the_log_only_grows(log: tuple[Store, str]) -> None:
    store, _ = log
    head = store.audit.read_head()
    assert (head.rows, head.hash) == (5, store.audit.verify().head)
    assert store.audit.verify([head]).broken_at is None
    store.audit.append("anna", "policy.publish", "p-6", {})
    for noted in (str(head), head.hash, str(Head(0, GENESIS.hex()))):
        assert store.audit.verify([Head.parse(noted)]) == ChainVerdict(6, store.audit.read_head().hash)


@pytest.mark.parametrize(
    ("statement", "row", "reason"),
    [
        ("UPDATE audit SET actor = 'eve' WHERE seq = 2", 4, "changed and the chain made anew"),
        ("DELETE FROM audit WHERE seq > 3", 4, "cut off"),
        ("TRUNCATE audit", 1, "cut off"),
        ("UPDATE audit SET actor = 'eve' WHERE seq = 5", None, None),
    ],
)
def test_a_chain_made_anew_does_not_fit_the_head_that_was_noted_before(
    log: tuple[Store, str], statement: str, row: int | None, reason: str | None
) -> None:
    store, url = log
    fourth = bytes(execute(url, "SELECT hash FROM audit WHERE seq = 4")[0][0])  # type: ignore[call-overload]
    remade(url, statement)
    assert store.audit.verify().broken_at is None, "by itself the new chain holds"
    verdict = store.audit.verify([Head(4, fourth.hex())])
    assert verdict.broken_at == row, "the fifth row came after the head was noted"
    assert (reason or "") in str(verdict.reason)
    bare = store.audit.verify([Head.parse(fourth.hex())])
    assert (bare.broken_at is None) == (row is None)


@pytest.mark.parametrize("noted", ["", "5", "5." + "a" * 63, "x." + "a" * 64, "-1." + "a" * 64, "5." + "A" * 64])
def test_what_is_no_head_is_refused(noted: str) -> None:
    with pytest.raises(InvalidInput, match="no head"):
        Head.parse(noted)


def test_the_log_is_held_against_releases_and_erasures(log: tuple[Store, str]) -> None:
    store, url = log
    put_policy(store, "p", {})
    activate(store, "p", None, "why", "cleo")
    activate(store, "p", None, "again", "cleo")
    put_customer(store, "c-1", {})
    store.customers.erase("c-1", lambda *_: b"", lambda *_: True, "anna", {})
    assert store.audit.crosscheck() == []
    execute(url, "ALTER TABLE releases DISABLE TRIGGER USER; UPDATE releases SET actor = 'eve' WHERE note = 'why'")
    assert [one.split(",")[0] for one in store.audit.crosscheck()] == [
        "the log tells of release 1",
        "release 1 is not in the log",
    ]
    execute(url, "UPDATE releases SET actor = 'cleo' WHERE note = 'why'")
    tamper(url, "DELETE FROM audit WHERE action = 'customer.erase' OR detail LIKE '%again%'")
    assert store.audit.verify().broken_at is None, "they were the last rows"
    assert [one.split(",")[0] for one in store.audit.crosscheck()] == [
        "release 2 is not in the log",
        "1 customers were erased",
    ]
    execute(
        url, "INSERT INTO decisions (id, customer_id, at, record, release_id) "
        "VALUES (gen_random_uuid(), 'erased-1', 1, '', 1)"
    )  # fmt: skip
    assert "erased-1" in store.audit.crosscheck()[1]
