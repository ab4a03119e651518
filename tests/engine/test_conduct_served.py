"""What does not serve: altered documents, a policy that breaks conduct; and a rest longer than the usual look back."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from service.core.domain import Event
from service.rules.policy import Policy, from_documents, load
from tests import seed
from tests.engine.conftest import House, offers, shown
from tests.servers import execute
from tests.waiting import eventually

DAY = 86_400_000


@pytest.fixture
def documents(house: House) -> dict[str, Any]:
    return load(house.settings.policy).documents


@pytest.fixture
def activate(house: House, bundle_folder: Any, documents: dict[str, Any]) -> Iterator[Any]:
    """Make a policy serve, and the shipped one again after the test."""
    store = house.store
    shipped = from_documents(documents)

    def serve(policy: Policy) -> int:
        seed.put_policy(store, policy.hash, policy.documents)
        return seed.activate(store, policy.hash, bundle_folder.name, "test", "test").id

    yield serve
    serve(shipped)
    store.close()


def rejected(days_ago: int, expect: str) -> dict[str, Any]:
    """A case of a contact rule: the offer was declined so many days ago."""
    past = [{"kind": "reject", "offer": "term-12m", "days_ago": days_ago}]
    return {"expect": expect, "channel": "branch", "offer": "term-12m", "past": past}


def changed(documents: dict[str, Any], name: str, entries: str, entry_id: str, **values: Any) -> Policy:
    """The documents with one entry altered."""
    entry = next(one for one in documents[name][entries] if one["id"] == entry_id)
    entry.update(values)
    return from_documents(documents)


def without(documents: dict[str, Any], rule_id: str) -> Policy:
    page = documents["consumer"]
    page["rules"] = [rule for rule in page["rules"] if rule["id"] != rule_id]
    return from_documents(documents)


def test_a_policy_without_a_gate_of_the_law_never_serves(
    house: House, customer: str, activate: Any, documents: dict[str, Any]
) -> None:
    worker = house.worker()
    before = worker._releases.serving.release.id
    activate(without(documents, "tolerance-covers-risk"))
    assert eventually(lambda: "conduct" in worker.readiness().checks["release"])
    assert worker._releases.serving.release.id == before
    assert offers(worker, customer)["offers"]


def test_documents_altered_in_the_database_never_serve(
    house: House, customer: str, activate: Any, documents: dict[str, Any]
) -> None:
    worker, store = house.worker(), house.store
    policy = changed(documents, "catalogue", "offers", "term-12m", popularity=3.3)
    seed.put_policy(store, policy.hash, policy.documents)
    altered = "UPDATE policies SET documents = replace(documents::text, '3.3', '3.4')::json WHERE hash = %s"
    execute(store.url, altered, policy.hash)
    before = worker._releases.serving.release.id
    activate(policy)
    assert eventually(lambda: "altered" in worker.readiness().checks["release"])
    assert worker._releases.serving.release.id == before
    store.close()


def test_a_rest_of_a_year_is_kept_for_a_year(
    house: House, customer: str, activate: Any, documents: dict[str, Any]
) -> None:
    worker, store = house.worker(), house.store
    ago = time.time_ns() // 1_000_000 - 300 * DAY
    first = shown(offers(worker, customer))[0]
    store.events.record(Event(f"r-{time.time_ns()}", customer, "reject", ago, first, "mobile_app"))
    assert first in shown(offers(worker, customer)), "60 days are over"
    cases = [rejected(days_ago, expect) for days_ago, expect in ((365, "blocks"), (366, "passes"))]
    release = activate(changed(documents, "contact", "cool_offs", "cool-off-rejected", days=366, cases=cases))
    assert eventually(lambda: worker._releases.serving.release.id == release)
    assert first not in shown(offers(worker, customer))
    store.close()
