"""Decisions and their ids: kept once, byte for byte, found in one partition."""

import time
import uuid
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.decision_ids import canonical_id
from service.core.errors import InvalidInput, NotFound
from service.store import Store, new_decision_id
from service.store.decisions.decisions import first_id
from tests.seed import put_customer
from tests.servers import execute

NOW = time.time_ns() // 1_000_000


@pytest.fixture(scope="module", autouse=True)
def known(store: Store) -> None:
    """Decisions are kept of customers who are stored."""
    put_customer(store, "c-1", {})


@given(st.integers(0, 2**47))
def test_an_id_is_a_uuid7_that_begins_with_its_time(at: int) -> None:
    made = uuid.UUID(new_decision_id(at))
    assert (made.version, made.variant, made.int >> 80) == (7, uuid.RFC_4122, at)


@given(st.integers(0, 2**47), st.integers(1, 10**6))
def test_ids_sort_by_time(at: int, later: int) -> None:
    assert first_id(at) <= new_decision_id(at) < first_id(at + later) <= new_decision_id(at + later)


def test_two_ids_of_one_moment_differ() -> None:
    assert len({new_decision_id(NOW) for _ in range(1000)}) == 1000


def test_a_record_comes_back_byte_for_byte(store: Store) -> None:
    decision_id, record = new_decision_id(NOW), bytes(range(256)) * 40
    store.decisions.insert(decision_id, "c-1", NOW, 7, record)
    kept = store.decisions.read(decision_id)
    assert (kept.id, kept.customer_id, kept.at, kept.release_id, kept.record) == (decision_id, "c-1", NOW, 7, record)


def test_remembering_again_keeps_the_first_record(store: Store) -> None:
    decision_id = new_decision_id(NOW)
    store.decisions.insert(decision_id, "c-1", NOW, 1, b"first")
    store.decisions.insert(decision_id, "c-1", NOW, 1, b"second")
    assert store.decisions.read(decision_id).record == b"first"


@pytest.mark.parametrize("decision_id", ["", "no uuid", "a\0b", "\ud800", str(uuid.UUID(int=5))])
def test_what_no_decision_has_for_an_id_is_not_found(store: Store, decision_id: str) -> None:
    with pytest.raises(NotFound):
        store.decisions.read(decision_id)


@pytest.mark.parametrize("spell", [str.upper, lambda one: one.replace("-", ""), lambda one: f"{{{one}}}"])
def test_a_decision_is_found_and_kept_under_one_form_of_its_id_however_it_is_spelt(
    store: Store, spell: Callable[[str], str]
) -> None:
    decision_id = new_decision_id(NOW)
    store.decisions.insert(spell(decision_id), "c-1", NOW, 7, b"record")
    assert canonical_id(spell(decision_id)) == store.decisions.read(spell(decision_id)).id == decision_id


@pytest.mark.parametrize(
    "spell",
    [lambda one: f"urn:uuid:{one}", lambda one: f"{{{one}", lambda one: one.replace("-", "_"), lambda one: f" {one}",
     lambda one: one.replace("-", "", 1).replace("7", "٧"), lambda one: one[:6] + "-" + one[6:]],
)  # fmt: skip
def test_what_is_no_spelling_of_an_id_is_not_found(store: Store, spell: Callable[[str], str]) -> None:
    decision_id = new_decision_id(NOW)
    store.decisions.insert(decision_id, "c-1", NOW, 7, b"record")
    assert canonical_id(spell(decision_id)) is None
    with pytest.raises(NotFound):
        store.decisions.read(spell(decision_id))


def test_only_an_id_can_be_remembered(store: Store) -> None:
    with pytest.raises(InvalidInput, match="decision_id must be a UUID"):
        store.decisions.insert("no uuid", "c-1", NOW, 1, b"")


def test_a_large_record_is_kept_whole(store: Store) -> None:
    decision_id = new_decision_id(NOW)
    store.decisions.insert(decision_id, "c-1", NOW, 1, b"x" * 3_000_000)
    assert len(store.decisions.read(decision_id).record) == 3_000_000


def test_an_id_is_looked_for_in_one_partition_only(store: Store, database_url: str) -> None:
    store.ensure_partitions()
    plan = execute(database_url, f"EXPLAIN SELECT * FROM decisions WHERE id = '{new_decision_id(NOW)}'")
    tables = [str(line[0]) for line in plan if " on decisions" in str(line[0])]
    assert len(tables) == 1
    assert "decisions_default" not in tables[0]
