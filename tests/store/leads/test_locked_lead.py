"""One lead under its customer's lock: what it records is stored as any other event is."""

import pytest

from service.core.domain import Event, Lookback, Snapshot, Survey
from service.core.errors import Conflict
from service.store import Store
from service.store.leads import Actor, AdviserRow, LeadJudgement, NewLead
from tests.seed import put_customer

NOW = 1_790_000_000_000
ADVISER = AdviserRow("a-1", "b-1", 600, 30)
SURVEY = Event("s-1", "c-1", "survey", NOW, "term-12m", "adviser_call", None, None, 4.5, "fair-rates")


def told(*_: object) -> bool:
    return True


def lead_of(store: Store, customer_id: str) -> str:
    """The id of a new lead of the customer."""
    decision = {"id": "01990000-0000-7000-8000-000000000001", "customer_id": customer_id, "at": NOW, "release_id": 1}
    new = NewLead(decision | {"record": b"{}"}, "term-12m", 1.0, (), LeadJudgement(None, 1, NOW + 1000))
    store.leads.put_advisers([ADVISER], Actor("test"))
    lead = store.leads.add(customer_id, ADVISER, Lookback(0), lambda _: new, NOW)
    assert lead is not None
    return lead.id


def test_an_event_of_a_lead_is_stored_whole_and_counted_once(store: Store) -> None:
    put_customer(store, "c-1", {"branch_id": "b-1"})
    lead_id = lead_of(store, "c-1")
    with store.leads.lock(lead_id, Lookback(0)) as lead:
        lead.record_event(SURVEY, told)
    assert store.events.since("c-1", 0) == (SURVEY,)
    snapshot = store.customers.snapshot("c-1", Lookback(0))
    assert isinstance(snapshot, Snapshot)
    assert (snapshot.revision, snapshot.surveys) == (2, (Survey(NOW, 4.5),))
    assert not store.events.record(SURVEY), "under the same key as every other event"
    with pytest.raises(Conflict, match="s-1"), store.leads.lock(lead_id, Lookback(0)) as lead:
        lead.record_event(SURVEY, told)


def test_an_event_of_a_lead_that_is_undone_is_as_if_it_had_never_happened(store: Store) -> None:
    put_customer(store, "c-2", {"branch_id": "b-1"})
    with store.leads.lock(lead_of(store, "c-2"), Lookback(0)) as lead:
        lead.record_event(Event("p-1", "c-2", "purchase", NOW, "term-12m", amount_yuan=1200.5), told)
    with store.leads.lock(lead.lead.id, Lookback(0)) as lead:
        assert lead.has_event("p-1")
        lead.amend_event("p-1", 99.25)
    assert [event.amount_yuan for event in store.events.since("c-2", 0)] == [99.25]
    with store.leads.lock(lead.lead.id, Lookback(0)) as lead:
        lead.undo_event("p-1", told)
    assert store.events.since("c-2", 0) == ()
    snapshot = store.customers.snapshot("c-2", Lookback(0))
    assert snapshot is not None and (snapshot.revision, snapshot.trails) == (3, ())
    assert store.events.record(Event("p-1", "c-2", "purchase", NOW, "term-12m"))
