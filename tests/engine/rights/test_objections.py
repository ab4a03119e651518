"""Objections: opened once, answered by a person within a deadline, withdrawn, counted, and erased as the law says."""

from datetime import date, timedelta

import pytest

from service.core.errors import Conflict, InvalidInput, NotFound
from service.core.grid import WorkCalendar, day_number
from service.decision.record import redact_record
from service.engine.engine import Engine
from service.engine.rights.copy import CopyRequest
from service.engine.rights.objections import WORKING, Deadline
from service.store.customers.objections import Objection, ObjectionAnswer
from tests.engine.conftest import House, offers

AGREED = ObjectionAnswer("upheld", "It is not offered again.", "officer-3", "bank")


def object_to(engine: Engine, customer: str, words: str = "I need none of it") -> Objection:
    decided = offers(engine, customer)
    case, _ = engine.objections.open(customer, decided["decision_id"], None, words, "app")
    return case


def test_a_calendar_deadline_counts_every_day_and_a_working_one_the_days_that_are_worked() -> None:
    friday, zone = date(2026, 2, 13), "Asia/Shanghai"
    worked = frozenset({day_number("2026-02-14")})
    holidays = frozenset(day_number(f"2026-02-{day}") for day in range(16, 21))
    spring = WorkCalendar(holidays, worked)
    assert Deadline(3).after(friday, spring, zone) == date(2026, 2, 16)
    assert Deadline(1, WORKING).after(friday, spring, zone) == date(2026, 2, 14)
    assert Deadline(2, WORKING).after(friday, spring, zone) == date(2026, 2, 23)


def test_a_case_has_a_number_a_deadline_and_one_answer(house: House, customer: str) -> None:
    worker = house.worker()
    case = object_to(worker, customer)
    assert (case.case, case.state) == (f"O-{case.number:07d}", "open")
    assert case.answer_by == worker.objections.today + timedelta(days=15)
    answered = worker.objections.answer(case.id, AGREED)
    assert (answered.state, answered.outcome, answered.reviewer) == ("answered", "upheld", "officer-3")
    assert worker.objections.answer(case.id, AGREED) == answered
    with pytest.raises(Conflict):
        worker.objections.answer(case.id, ObjectionAnswer("rejected", "No.", "officer-3", "bank"))
    with pytest.raises(Conflict):
        worker.objections.withdraw(customer, case.id, "app")


def test_asked_again_it_is_the_same_case_and_after_its_end_a_new_one(house: House, customer: str) -> None:
    worker = house.worker()
    decision = offers(worker, customer)["decision_id"]
    first, new = worker.objections.open(customer, decision, None, "no", "app")
    again, newer = worker.objections.open(customer, decision, None, "no, again", "app")
    assert (new, newer, again) == (True, False, first)
    assert worker.objections.withdraw(customer, first.id, "app").state == "withdrawn"
    assert worker.objections.withdraw(customer, first.id, "app").state == "withdrawn"
    later, newest = worker.objections.open(customer, decision, None, "still no", "app")
    assert newest and later.number > first.number
    assert [case.number for case in worker.store.objections.list_of(customer, 2**62, 10)] == [
        later.number,
        first.number,
    ]


def test_nobody_objects_to_a_decision_about_somebody_else_or_to_an_offer_it_did_not_show(
    house: House, customer: str
) -> None:
    worker = house.worker()
    decision = offers(worker, customer)["decision_id"]
    with pytest.raises(NotFound):
        worker.objections.open("somebody-else", decision, None, "no", "app")
    with pytest.raises(InvalidInput, match="does not fit"):
        worker.objections.open(customer, decision, "no-such-offer", "no", "app")
    case = object_to(worker, customer)
    with pytest.raises(NotFound):
        worker.objections.read_of("somebody-else", case.id)
    with pytest.raises(NotFound):
        worker.objections.read_of(customer, "not-a-uuid")


def test_open_cases_are_listed_by_deadline_and_counted_when_overdue(house: House, customer: str) -> None:
    worker = house.worker()
    case = object_to(worker, customer)
    listed = worker.store.objections.list_by_deadline("open", None, (), 1_000)
    assert case in listed
    assert [(one.answer_by, one.number) for one in listed] == sorted((one.answer_by, one.number) for one in listed)
    rest = worker.store.objections.list_by_deadline("open", None, (case.answer_by, case.number), 1_000)
    assert case not in rest
    open_cases, overdue = worker.store.objections.count_open(worker.objections.today)
    later, all_overdue = worker.store.objections.count_open(worker.objections.today + timedelta(days=400))
    assert (open_cases, overdue, all_overdue) == (later, 0, open_cases)
    assert case.is_overdue(case.answer_by + timedelta(days=1)) and not case.is_overdue(case.answer_by)


def test_each_step_is_on_the_feed_for_the_banks_other_systems(house: House, customer: str) -> None:
    worker = house.worker()
    case = object_to(worker, customer)
    worker.objections.withdraw(customer, case.id, "app")
    told = worker.copies.read(CopyRequest(customer, "app", "en", "feed"))["sections"]["feed"]["rows"]
    types = [one["type"] for one in told if one["type"].startswith("objection")]
    assert types == ["objection.open", "objection.withdrawn"]


def test_each_step_is_on_the_audit_log_with_who_and_without_the_customers_words(house: House, customer: str) -> None:
    worker = house.worker()
    case = object_to(worker, customer, "my secret reason")
    worker.objections.answer(case.id, AGREED)
    rows = [row for row in worker.store.audit.list_rows(20) if row["subject"] == case.id]
    assert [(row["action"], row["actor"]) for row in rows] == [("objection.answer", "bank"), ("objection.open", "app")]
    assert (rows[0]["detail"]["on_behalf_of"], rows[0]["detail"]["outcome"]) == ("officer-3", "upheld")
    assert "secret" not in str(rows)


def test_an_erased_customers_cases_stay_under_a_pseudonym_without_words(house: House, customer: str) -> None:
    worker = house.worker()
    ended, still_open = object_to(worker, customer), None
    worker.objections.answer(ended.id, AGREED)
    still_open = object_to(worker, customer)
    worker.store.customers.erase(customer, redact_record, lambda *_: None, "test", {})
    for case, state in ((ended, "answered"), (still_open, "erased")):
        kept = worker.store.objections.read(case.id)
        assert (kept.state, kept.objection, kept.answer) == (state, None, None)
        assert kept.customer_id.startswith("erased-") and kept.number == case.number
    assert worker.store.objections.list_of(customer, 2**62, 10) == []


def test_ended_cases_are_deleted_after_three_years_and_open_ones_never(house: House, customer: str) -> None:
    worker = house.worker()
    ended = object_to(worker, customer)
    worker.objections.withdraw(customer, ended.id, "app")
    still_open = object_to(worker, customer)
    worker.objections.prune()
    assert worker.store.objections.read(ended.id) == worker.objections.read_of(customer, ended.id)
    worker.store.objections.delete_before(2**62)
    assert worker.store.objections.read(still_open.id) == still_open
    with pytest.raises(NotFound):
        worker.store.objections.read(ended.id)
