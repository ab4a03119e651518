"""One person is one pair of eyes under all of their names."""

from collections.abc import Callable, Iterator

import pytest

from service.core.clock import now_ms
from service.core.errors import FourcastError, InvalidInput, NotFound, OwnApproval, Unsigned
from service.core.grid import DAY_MS
from service.store import Challenger, Mandate, Review, Store


@pytest.fixture
def store(make_database: Callable[[], str]) -> Iterator[Store]:
    """A store in which policy p-1 serves and mei proposed p-2; "mei-console" is an API client of hers."""
    opened = Store(make_database(), 2000)
    opened.proposals.bootstrap("p-1", {}, None, "demo", "first light")
    opened.proposals.propose("p-2", {"of": "p-2"}, "mei", "rates of autumn")
    opened.person_names.join_names("mei", "mei-console", "her program", "ops")
    yield opened
    opened.close()


def confirmed(store: Store, person: str, acts_for: str) -> Mandate:
    now = now_ms()
    asked = store.mandates.ask(Mandate(person, acts_for, now, now + DAY_MS, "", "ops"))
    return store.mandates.confirm(asked.id, "head")


ROADS: dict[str, Callable[[Store, str], object]] = {
    "approve it": lambda store, name: store.proposals.approve("p-2", name, ""),
    "put it on trial": lambda store, name: store.challengers.begin(Challenger("p-2", None, 0.1), name, ""),
    "sign it for compliance": lambda store, name: store.signatures.sign("p-2", name, ""),
}


@pytest.mark.parametrize("deed", ROADS)
def test_the_author_does_nothing_to_it_under_another_name(store: Store, deed: str) -> None:
    store.person_names.join_names("mei", "oauth:17", "", "ops")
    for name in ("Mei-Console", "oauth:17"):
        with pytest.raises(OwnApproval, match=f"is the same person by .*: somebody else must {deed}"):
            ROADS[deed](store, name)
    ROADS[deed](store, "ben")


def test_a_signature_under_another_name_is_no_third_person(store: Store) -> None:
    store.person_names.join_names("ben", "ben-console", "", "ops")
    store.signatures.sign("p-2", "ben-console", "read")
    with pytest.raises(Unsigned):
        store.proposals.approve("p-2", "ben", "", review=Review("p-1", 2))
    store.signatures.sign("p-2", "zhou", "read")
    assert store.proposals.approve("p-2", "ben", "", review=Review("p-1", 2)).policy == "p-2"


def test_a_delegate_and_whom_they_act_for_are_one_also_after_the_mandate_was_ended(store: Store) -> None:
    mandate = confirmed(store, "li", "mei")
    store.mandates.end(mandate.id, "ops")
    with pytest.raises(OwnApproval, match='"li" is the same person'):
        store.proposals.approve("p-2", "li", "")


def test_only_another_person_parts_names_and_both_steps_are_on_the_log(store: Store) -> None:
    for own in ("mei", "mei-console"):
        with pytest.raises(OwnApproval):
            store.person_names.part_names("mei", "mei-console", own)
    with pytest.raises(NotFound):
        store.person_names.part_names("mei", "somebody", "ops")
    store.person_names.part_names("mei", "mei-console", "ops")
    assert store.person_names.list_names() == []
    assert [row["action"] for row in store.audit.list_rows(2)] == ["person.part", "person.name"]
    assert store.proposals.approve("p-2", "mei-console", "").policy == "p-2"


def test_nobody_confirms_their_own_mandate_under_another_name(store: Store) -> None:
    now = now_ms()
    asked = store.mandates.ask(Mandate("mei", None, now, now + DAY_MS, "", "ops"))
    with pytest.raises(OwnApproval):
        store.mandates.confirm(asked.id, "mei-console")


@pytest.mark.parametrize(("person", "name"), [("mei", "MEI "), ("", "x"), ("mei", " "), ("mei", "a\0b")])
def test_what_is_no_other_name_is_refused(store: Store, person: str, name: str) -> None:
    with pytest.raises((InvalidInput, FourcastError)):
        store.person_names.join_names(person, name, "", "ops")
    assert len(store.person_names.list_names()) == 1
