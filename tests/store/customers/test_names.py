"""Names that are given, on every road: people and logs read them, so they hold nothing that these cannot show."""

from collections.abc import Callable

import pytest

from service.core.domain import Client
from service.core.errors import InvalidInput
from service.engine.auth import new_key
from service.store import ConsentWord, Store
from service.store.leads import Actor, AdviserRow
from tests.seed import activate, put_customer, put_policy

ROADS: dict[str, Callable[[Store, str], object]] = {
    "key": lambda store, name: store.clients.add(Client(name, frozenset()), new_key()[1], "test"),
    "branch": lambda store, name: store.clients.add(Client("crm", frozenset(), branch=name), new_key()[1], "test"),
    "scope": lambda store, name: store.clients.add(Client("crm", frozenset({name})), new_key()[1], "test"),
    "adviser": lambda store, name: store.leads.put_advisers([AdviserRow(name, "b-1", 60, 20)], Actor("test")),
    "their branch": lambda store, name: store.leads.put_advisers([AdviserRow("a-1", name, 60, 20)], Actor("test")),
    "author": lambda store, name: store.proposals.propose("policy", {}, name, ""),
    "who activates": lambda store, name: activate(store, "policy", None, "", name),
    "purpose": lambda store, name: store.consents.load([ConsentWord("c-1", name, True)], "import", "v1"),
    "version": lambda store, name: store.consents.load([ConsentWord("c-1", "marketing:sms", True)], "import", name),
}


@pytest.mark.parametrize("road", ROADS)
def test_a_name_holds_no_control_characters_wherever_one_is_given(store: Store, road: str) -> None:
    put_customer(store, "c-1", {})
    put_policy(store, "policy", {})
    for name in ("crm\n", "c\trm", "crm\x1b[2J", "crm\u202e", " crm", ""):
        with pytest.raises(InvalidInput, match="must"):
            ROADS[road](store, name)
    assert not store.clients.list_keys()
