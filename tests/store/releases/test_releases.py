"""Policies, bundles, releases, clients: immutable by name, activated in one step, every step in the audit log."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from service.core.domain import Client, Release
from service.core.errors import Conflict, InvalidInput, NotFound
from service.store import Store
from tests.seed import activate, put_policy

DOCUMENTS = {
    "catalogue": {"offers": [{"rate": 0.0125, "minimum_yuan": 50_000.0, "name": {"zh": "定期"}}]},
    "b": [1e9, 1],
}


@pytest.fixture(scope="module", autouse=True)
def kept(store: Store) -> None:
    put_policy(store, "p-1", DOCUMENTS)
    put_policy(store, "p-2", {})
    store.releases.put_bundle("b-1", {"families": {"deposit": {"sha256": "0" * 64}}})


def test_nothing_serves_at_first(make_database: object) -> None:
    fresh = Store(make_database())  # type: ignore[operator]
    assert fresh.releases.active() is None
    assert fresh.customers.read_revision("anybody")[:2] == (None, 0)
    fresh.close()


def test_a_policy_comes_back_as_it_was_kept_key_order_included(store: Store) -> None:
    put_policy(store, "p-1", DOCUMENTS)
    assert store.releases.policy("p-1") == DOCUMENTS
    assert list(store.releases.policy("p-1")) == ["catalogue", "b"]


def test_a_bundle_version_stands_for_one_manifest(store: Store) -> None:
    store.releases.put_bundle("b-1", store.releases.bundle("b-1"))
    with pytest.raises(Conflict, match='Bundle "b-1" is stored with another manifest'):
        store.releases.put_bundle("b-1", {"families": {}})


def test_what_is_activated_serves_and_every_check_sees_it(store: Store) -> None:
    first = activate(store, "p-1", "b-1", "first light", "anna", {"adviser_hour": 12.5})
    assert store.releases.active() == first == Release(first.id, "p-1", "b-1", {"adviser_hour": 12.5})
    assert store.customers.read_revision("anybody")[1] == first.id
    back = activate(store, "p-2", None, "priors only", "ben")
    assert back.id > first.id
    assert store.releases.active() == back
    newest, before = store.releases.list_releases()[:2]
    assert (newest["id"], newest["note"], newest["actor"], newest["active"]) == (back.id, "priors only", "ben", True)
    assert (before["id"], before["active"]) == (first.id, False)


@pytest.mark.parametrize(("policy", "bundle"), [("p-?", "b-1"), ("p-1", "b-?")])
def test_only_what_is_kept_can_be_activated(store: Store, policy: str, bundle: str) -> None:
    before = store.releases.active()
    with pytest.raises(NotFound):
        activate(store, policy, bundle, "", "anna")
    assert store.releases.active() == before


def test_activations_at_once_leave_one_serving_and_an_unbroken_log(store: Store) -> None:
    with ThreadPoolExecutor(6) as threads:
        made = list(threads.map(lambda turn: activate(store, "p-1", None, f"turn {turn}", "anna").id, range(12)))
    assert len(set(made)) == 12
    active = store.releases.active()
    assert active is not None
    assert active.id == max(made)
    assert store.audit.verify().broken_at is None


def test_a_client_is_found_by_its_key_until_it_is_revoked(store: Store) -> None:
    client = Client("app", frozenset({"offers:read", "events:write"}), "c-1")
    store.clients.add(client, "a" * 64, "anna")
    store.clients.add(Client("app", frozenset({"offers:read"}), "c-1"), "b" * 64, "anna")
    assert store.clients.find_by_key_hash("a" * 64) == client
    assert {each.client.name for each in store.clients.list_keys()} == {"app"}
    assert store.clients.revoke("app", "anna") == 2
    assert store.clients.find_by_key_hash("a" * 64) is None
    with pytest.raises(NotFound, match='No client "app" holds a live key'):
        store.clients.revoke("app", "anna")


def test_a_key_belongs_to_one_client(store: Store) -> None:
    store.clients.add(Client("one", frozenset()), "c" * 64, "anna")
    with pytest.raises(Conflict):
        store.clients.add(Client("two", frozenset()), "c" * 64, "anna")


def test_a_key_itself_is_never_taken_for_its_digest(store: Store) -> None:
    with pytest.raises(InvalidInput, match="SHA-256"):
        store.clients.add(Client("open", frozenset()), "fck_" + "x" * 43, "anna")


def test_many_threads_read_the_active_release_while_it_changes(store: Store) -> None:
    stop, wrong = threading.Event(), list[object]()

    def look() -> None:
        while not stop.is_set():
            seen = store.releases.active()
            if seen is None or seen.policy not in {"p-1", "p-2"}:
                wrong.append(seen)

    watchers = [threading.Thread(target=look) for _ in range(3)]
    for watcher in watchers:
        watcher.start()
    for turn in range(10):
        activate(store, f"p-{turn % 2 + 1}", None, "", "anna")
    stop.set()
    for watcher in watchers:
        watcher.join()
    assert not wrong
