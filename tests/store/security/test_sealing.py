"""Secrets at rest: nothing plain in the tables, every key of a rotation opens, and a wrong one says so."""

import json
import os
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from service.cli.main import main
from service.cli.operate.deployment_check import examine
from service.core.errors import InvalidInput
from service.runtime.config import Settings
from service.runtime.embedded.secret_key import read_or_make
from service.store import Store
from service.store.security.sealing import Seal, Sealed, new_key
from tests.servers import DEADLINE_MS, execute

OLD, NEW = new_key(), new_key()
EVERYTHING = """
    SELECT secret::text || coalesce(old_secret, '') FROM webhooks
    UNION ALL SELECT encode(secret, 'escape') FROM signing_keys UNION ALL SELECT encode(body, 'escape') FROM repeats
"""
Opened = Callable[..., Store]


@pytest.fixture
def database(make_database: Any) -> str:
    url: str = make_database()
    return url


@pytest.fixture
def opened(database: str) -> Opened:
    return lambda *keys: Store(database, DEADLINE_MS, keys)


def filled(store: Store) -> dict[str, Any]:
    """Every secret there is, in plain words: a webhook's two, the signing keys, a kept answer."""
    made, first = store.webhooks.add("https://crm.example/", ["*"], "crm", None)
    second = store.webhooks.rotate(made.id, None, "crm")
    store.signing_keys.rotate("anna")
    assert store.idempotency.begin("crm", "k-1", b"x" * 32) is None
    store.idempotency.keep("crm", "k-1", 201, [("A", "b")], b'{"secret": "%s"}' % first.encode(), secret=True)
    return {"webhook": [second, first], "tokens": store.signing_keys.list_accepted(), "answer": first}


def read(store: Store) -> dict[str, Any]:
    """The same, read as those who need it do."""
    store.customers.load([(f"c-{os.urandom(4).hex()}", {})])
    (webhook,) = store.webhooks.list_webhooks(None)
    while not (waiting := store.deliveries.list_waiting()):
        store.deliveries.fan_out(lambda *_: None)
    (due, *_) = store.deliveries.take_due({one.webhook_id: 1 for one in waiting})
    assert due.webhook_id == webhook.id
    kept = store.idempotency.begin("crm", "k-1", b"x" * 32)
    assert kept is not None
    return {"webhook": store.deliveries.read_secrets(due), "tokens": store.signing_keys.list_accepted(),
            "answer": kept.body.decode().split('"')[3]}  # fmt: skip


def plain(database: str) -> list[str]:
    return [str(row[0]) for row in execute(database, EVERYTHING) if not str(row[0]).startswith("sealed:")]


def test_with_a_key_no_secret_lies_plain_in_the_database(opened: Opened, database: str) -> None:
    execute(database, "DELETE FROM signing_keys")
    known = filled(opened(NEW))
    assert plain(database) == []
    assert "whsec_" not in str(execute(database, EVERYTHING))
    assert read(opened(NEW)) == known
    assert opened(NEW).audit.verify().broken_at is None


def test_what_was_plain_is_read_as_before_and_sealed_once(opened: Opened, database: str) -> None:
    known = filled(opened())
    assert read(opened(NEW)) == read(opened()) == known
    opened(NEW).secrets.expect_open()
    assert opened(NEW).secrets.seal("anna") == 3, "a webhook and two signing keys; a kept answer lives for a day"
    assert len(plain(database)) == 1
    assert opened(NEW).secrets.seal("anna") == 0
    assert read(opened(NEW)) == known
    assert [row["action"] for row in opened(NEW).audit.list_rows(50)].count("secrets.seal") == 1


def test_every_key_of_a_rotation_opens_and_the_newest_seals(opened: Opened, database: str) -> None:
    execute(database, "DELETE FROM signing_keys")
    known = filled(opened(OLD))
    assert read(opened(NEW, OLD)) == read(opened(OLD, NEW)) == known
    assert opened(NEW, OLD).secrets.seal("anna") == 2
    opened(NEW).secrets.expect_open()
    assert opened(NEW).signing_keys.list_accepted() == known["tokens"]
    with pytest.raises(Sealed):
        opened(OLD).secrets.expect_open()


def test_without_the_key_or_with_another_nothing_is_guessed(opened: Opened, database: str) -> None:
    filled(opened(OLD))
    for keys, words in (((), "FOURCAST_SECRET_KEYS is not set"), ((NEW,), "No key in FOURCAST_SECRET_KEYS opens")):
        for act in (
            opened(*keys).signing_keys.list_accepted,
            opened(*keys).secrets.expect_open,
            lambda keys=keys: read(opened(*keys)),
        ):
            with pytest.raises(Sealed, match=words):
                act()
    with pytest.raises(Sealed):
        opened(NEW).secrets.seal("anna")
    assert opened(OLD).signing_keys.list_accepted(), "and nothing was changed"


def test_a_signing_key_is_not_replaced_by_who_cannot_open_the_one_before(opened: Opened) -> None:
    known = filled(opened(OLD))
    for keys in ((), (NEW,)):
        with pytest.raises(Sealed):
            opened(*keys).signing_keys.rotate("anna")
    assert opened(OLD).signing_keys.list_accepted() == known["tokens"]


def test_what_a_lost_key_has_sealed_is_replaced_and_nothing_else(opened: Opened, database: str, redis_url: str) -> None:
    known = filled(opened(OLD))
    kept, word = opened(OLD, NEW).webhooks.add("https://other.example/", ["*"], "crm", None)
    opened(NEW, OLD).secrets.seal("anna")
    assert opened(OLD, NEW).secrets.renew("anna") == {"signing_keys": 0, "webhooks": 0}
    lost, last = opened(OLD).webhooks.add("https://lost.example/", ["*"], "crm", None)
    assert opened(NEW).secrets.renew("anna") == {"signing_keys": 0, "webhooks": 1}
    opened(NEW).secrets.expect_open()
    assert opened(NEW).signing_keys.list_accepted() == known["tokens"]
    state = {one.id: one.enabled for one in opened(NEW).webhooks.list_webhooks(None)}
    assert (state[lost.id], state[kept.id], len(state)) == (False, True, 3)
    place = {"FOURCAST_DATABASE_URL": database, "FOURCAST_REDIS_URL": redis_url}
    for keys, more, code in (("", ["--yes"], 2), (third := new_key(), [], 1), (third, ["--yes", "--json"], 0)):
        told = CliRunner().invoke(main, ["secrets", "renew", *more], env=place | {"FOURCAST_SECRET_KEYS": keys})
        assert told.exit_code == code, told.output
    assert json.loads(told.output) == {"renewed": {"signing_keys": 2, "webhooks": 3}}
    opened(third).secrets.expect_open()
    assert len(opened(third).signing_keys.list_accepted()) == 1
    assert not any(one.enabled for one in opened(third).webhooks.list_webhooks(None))
    assert word not in str(execute(database, EVERYTHING)) and last not in str(execute(database, EVERYTHING))
    assert [row["action"] for row in opened(third).audit.list_rows(50)].count("secrets.renew") == 2
    assert opened(third).webhooks.rotate(lost.id, None, "crm").startswith("whsec_")


def test_a_sealed_secret_that_was_touched_opens_nothing() -> None:
    sealed = Seal([NEW]).close(b"secret")
    assert Seal([OLD, NEW]).open(sealed) == b"secret"
    with pytest.raises(Sealed):
        Seal([NEW]).open(sealed[:-4] + b"AAAA")
    assert Seal().open(b"whsec_plain") == b"whsec_plain"


def test_a_state_folder_holds_one_key_that_its_owner_alone_reads(tmp_path: Path) -> None:
    state = tmp_path / "state"
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: read_or_make(state, new_key), range(8)))
    assert made == {read_or_make(state, new_key)}, "all who come at once find the same"
    (kept,) = state.iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    kept.chmod(0o640)
    with pytest.raises(InvalidInput, match="chmod 600"):
        read_or_make(state, new_key)


@pytest.mark.parametrize("wrong", ["hunter2", "a" * 44, f"{NEW},xyzzy"], ids=["word", "letters", "second"])
def test_what_is_no_key_is_refused_and_never_shown(wrong: str) -> None:
    with pytest.raises(InvalidInput, match="fourcast secrets key") as refused:
        Settings.read({"FOURCAST_SECRET_KEYS": wrong})
    assert wrong not in str(refused.value)
    keys = Settings.read({"FOURCAST_SECRET_KEYS": f"{NEW}, {OLD}"})
    assert keys.secret_keys == (NEW, OLD)
    assert NEW not in repr(keys)


def test_the_verbs_make_a_key_and_seal_with_it(opened: Opened, database: str, redis_url: str) -> None:
    filled(opened())
    place = {"FOURCAST_DATABASE_URL": database, "FOURCAST_REDIS_URL": redis_url}
    key = CliRunner().invoke(main, ["secrets", "key"]).output.strip()
    sealed = CliRunner().invoke(main, ["secrets", "seal", "--json"], env=place | {"FOURCAST_SECRET_KEYS": key})
    assert (sealed.exit_code, json.loads(sealed.output)) == (0, {"sealed": 3})
    assert CliRunner().invoke(main, ["secrets", "seal"], env=place | {"FOURCAST_SECRET_KEYS": ""}).exit_code == 2
    settings = Settings(database_url=database, redis_url=redis_url, secret_keys=(NEW,))
    faults = [one.words for one in examine(settings, True) if one.verdict == "fault"]
    assert any("No key in FOURCAST_SECRET_KEYS opens" in words for words in faults)
    with pytest.raises(Sealed):
        opened(NEW).secrets.expect_open()
