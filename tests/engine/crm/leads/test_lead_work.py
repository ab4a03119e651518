"""A branch at work with its leads: built for it alone, within hours and skills, through leave, to the last sale."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from service.core.domain import KEPT, Event, Lookback
from service.engine.crm.leads.building import Built
from service.store import ConsentWords
from service.store.leads import Actor
from tests.engine.crm.conftest import Crm, House
from tests.engine.crm.leads.conftest import RICH, customers, step
from tests.seed import attest, put_customer
from tests.servers import execute

DAY = timedelta(days=1)


def build(house: House, branch: str | None = "b-1") -> Built:
    return house.engine.crm.leads.build(Actor("test", branch, language="en"))


def put(house: House, name: str, status: int = 200, **facts: Any) -> dict[str, Any]:
    body = {"branch": "b-1", "minutes_per_week": 150, "minutes_per_contact": 30} | facts
    answer = house.client(f"bank-{time.time_ns()}").ask("PUT", f"/v1/advisers/{name}", body)
    assert answer.status_code == status, answer.text
    if status == 200:
        attest(house.engine, name)
    return dict(answer.json())


def leads_of(crm: Crm, **terms: str) -> list[dict[str, Any]]:
    words = "&".join(f"{name}={word}" for name, word in terms.items())
    return list(crm.ask("GET", f"/v1/leads?limit=50&{words}").json()["leads"])


def a_lead(house: House, crm: Crm, **facts: Any) -> dict[str, Any]:
    """The lead of a new customer: the first of several whom their arm of the experiment gives one."""
    for _ in range(5):
        (name,) = customers(house, 1, **facts)
        build(house)
        if found := [one for one in leads_of(crm) if one["customer_id"] == name]:
            return found[0]
    raise AssertionError("none of five customers is worth a call")


def test_a_build_for_a_branch_decides_for_that_branch_only(house: House, branch: Crm) -> None:
    mine, theirs = customers(house, 3), customers(house, 3, branch_id="b-2", adviser_id=None)
    built = build(house)
    assert built.leads > 0 and {one["customer_id"] for one in leads_of(branch)} <= set(mine)
    counted = execute(house.store.url, "SELECT count(*) FROM customers WHERE attributes ->> 'branch_id' = 'b-1'")
    assert built.customers == counted[0][0]
    decided = "SELECT count(*) FROM decisions WHERE customer_id = ANY (%s)"
    assert execute(house.store.url, decided, theirs) == [(0,)]


def test_leads_and_reasons_together_are_all_customers(house: House, branch: Crm) -> None:
    customers(house, 9)
    house.store.customers.load((f"silent-{number}", RICH) for number in range(3))
    first = build(house)
    assert (first.places, first.leads) == (8, 5), "a-1 has five contacts a week, and all are a-1's"
    told = {one.reason: one for one in first.fell_out}
    assert (told["hours-full"].customers, told["marketing-consent"].customers) == (first.candidates - 5, 3)
    assert told["hours-full"].text == "The advisers' hours are full"
    assert told["marketing-consent"].text == "The customer has not agreed to marketing in this channel"
    assert first.customers == first.leads + sum(one.customers for one in first.fell_out)
    again = build(house)
    assert (again.leads, again.customers) == (0, first.customers)
    assert {one.reason: one.customers for one in again.fell_out}["has-lead"] == 5
    execute(house.store.url, "DELETE FROM leads")
    put(house, "a-1", active=False)
    put(house, "a-2", active=False)
    alone = build(house)
    assert {one.reason: one.customers for one in alone.fell_out}["no-adviser"] == first.candidates


def test_a_branch_builds_its_leads_over_rest(house: House, branch: Crm) -> None:
    customers(house, 3)
    made = branch.ask("POST", "/v1/lead-builds", {"due_days": 3})
    assert (made.status_code, made.json()["state"], made.json()["built"]) == (202, "queued", None)
    path = made.headers["Location"]
    while house.engine.crm.jobs.work(lambda: False):
        pass
    done = branch.ask("GET", path).json()
    assert (done["state"], done["built"]["leads"] > 0, done["done"]) == ("done", True, done["total"])
    built = done["built"]
    assert built["customers"] == built["leads"] + sum(one["customers"] for one in built["fell_out"])
    due = {one["due_on"] for one in leads_of(branch)}
    assert len(due) == 1
    other = house.client("b-2-builds", branch="b-2")
    assert other.ask("GET", path).status_code == 404
    assert other.ask("POST", "/v1/lead-builds", {"branch": "b-1"}).status_code in (403, 404)
    nobody = house.client("b-3-builds", branch="b-3").ask("POST", "/v1/lead-builds", {}).headers["Location"]
    while house.engine.crm.jobs.work(lambda: False):
        pass
    failed = house.client("any-builds").ask("GET", nobody).json()
    assert failed["state"] == "failed" and "No adviser of branch" in failed["error"]


def test_who_is_on_leave_gets_no_leads_and_a_substitute_works_theirs(house: House, branch: Crm) -> None:
    theirs = a_lead(house, branch)
    assert step(branch, theirs, "claim").status_code == 200
    today = datetime.now(UTC).date()
    leave = {"away_from": str(today - DAY), "away_until": str(today + 30 * DAY), "substitute": "a-2"}
    assert put(house, "a-1", **leave)["substitute"] == "a-2"
    assert a_lead(house, branch)["adviser"] == "a-2", "whose own adviser is on leave goes to the substitute"
    assert step(branch, theirs, "contact", "a-2").json()["status"] == "contacted"
    refused = step(branch, theirs, "claim", "a-1")
    assert (refused.status_code, "on leave until" in refused.text) == (422, True)
    put(house, "a-1")
    assert step(branch, theirs, "reaction", "a-2", outcome="no_answer").status_code == 409, "a-1 is back"
    put(house, "a-1", 422, substitute="a-9")
    put(house, "a-1", 422, away_from="2030-02-02", away_until="2030-02-01")


def test_nobody_is_given_or_claims_or_proposes_what_they_may_not_sell(house: House, branch: Crm) -> None:
    put(house, "a-1", max_risk=1)
    lead = a_lead(house, branch, risk_assessed_on=str(datetime.now(UTC).date() - 30 * DAY))
    refused = step(branch, lead, "override", offer="fixed-income-6m", reason="asked for it")
    assert (refused.status_code, "sells up to R1" in refused.text) == (409, True)
    other = step(branch, lead, "override", "a-2", offer="fixed-income-6m", reason="asked for it")
    assert other.status_code == 200, other.text
    assert step(branch, lead, "claim").status_code == 409
    assert step(branch, lead, "claim", "a-2").status_code == 200


def test_a_manager_reassigns_and_releases_what_others_have(house: House, branch: Crm) -> None:
    put(house, "m-1", minutes_per_week=0, manager=True)
    lead = a_lead(house, branch)
    step(branch, lead, "claim")
    assert step(branch, lead, "reassign", "a-1", to="a-2").status_code == 409, "a-1 is no manager"
    moved = step(branch, lead, "reassign", "m-1", to="a-2", reason="on leave next week").json()
    assert (moved["adviser"], moved["status"]) == ("a-2", "claimed")
    assert step(branch, lead, "reassign", "m-1", to="a-9").status_code in (409, 422), "another branch's"
    assert step(branch, lead, "reassign", "m-1", to="m-1").status_code == 409, "who has no hours holds no lead"
    assert step(branch, lead, "release", "a-1").status_code == 409
    assert step(branch, lead, "release", "m-1").json()["status"] == "open"
    row = next(one for one in house.store.audit.list_rows(10) if one["action"] == "lead.reassign")
    assert (row["detail"]["from"], row["detail"]["to"], row["detail"]["on_behalf_of"]) == ("a-1", "a-2", "m-1")


def test_an_adviser_is_read_and_taken_out_once_nothing_of_theirs_is_at_work(house: House, branch: Crm) -> None:
    lead = a_lead(house, branch)
    assert branch.ask("GET", "/v1/advisers/a-1").json()["leads_at_work"] == 1
    assert branch.ask("GET", "/v1/advisers/a-9").status_code == 404, "another branch's"
    busy = branch.ask("DELETE", "/v1/advisers/a-1")
    assert (busy.status_code, "reassign" in busy.text) == (409, True)
    put(house, "m-1", manager=True, substitute="a-1")
    moves = house.client("moves").ask("PUT", "/v1/advisers/a-1",
                                      {"branch": "b-2", "minutes_per_week": 60, "minutes_per_contact": 30})  # fmt: skip
    assert moves.status_code == 409, "leads at work stay with the branch"
    assert step(branch, lead, "reassign", "m-1", to="a-2").status_code == 200
    assert branch.ask("DELETE", "/v1/advisers/a-1").status_code == 204
    assert branch.ask("GET", "/v1/advisers/a-1").status_code == 404
    assert branch.ask("GET", "/v1/advisers/m-1").json()["substitute"] is None
    assert branch.ask("DELETE", "/v1/advisers/a-1").status_code == 404


def test_claims_hold_the_advisers_hours_under_any_race(house: House, branch: Crm) -> None:
    customers(house, 9)
    build(house)
    leads = leads_of(branch, status="open")
    assert len(leads) == 5
    put(house, "a-2", minutes_per_week=60)
    with ThreadPoolExecutor(5) as pool:
        said = list(pool.map(lambda lead: step(branch, lead, "claim", "a-2").status_code, leads))
    assert sorted(said) == [200, 200, 409, 409, 409], "two contacts a week"
    assert len(leads_of(branch, adviser="a-2", status="claimed")) == 2


def test_a_lead_has_a_due_day_a_note_a_call_to_make_and_an_end(house: House, branch: Crm) -> None:
    lead = a_lead(house, branch)
    built = datetime.fromisoformat(lead["built_at"])
    assert lead["due_on"] == str(built.date() + 7 * DAY)
    assert datetime.fromisoformat(lead["expires_at"]) - built == 14 * DAY
    soon = a_lead(house, branch, next_maturity_on=str(built.date() + 2 * DAY), next_maturity_yuan=80_000.0)
    assert soon["due_on"] == str(built.date() + 2 * DAY), "before the money matures"
    call = (built + 20 * DAY).replace(microsecond=0)
    planned = step(branch, lead, "plan", call_back_at=call.isoformat(), note="asks her husband", due_on="2030-01-01")
    assert planned.status_code == 200, planned.text
    told = planned.json()
    assert (datetime.fromisoformat(told["call_back_at"]), told["note"], told["due_on"]) == (
        call, "asks her husband", "2030-01-01",
    )  # fmt: skip
    assert datetime.fromisoformat(told["expires_at"]) == call + DAY, "it lasts beyond the call that was agreed"
    assert step(branch, lead, "plan").status_code == 422
    step(branch, soon, "claim")
    step(branch, soon, "contact")
    later = step(branch, soon, "reaction", outcome="call_back", call_back_at=call.isoformat(), note="at work").json()
    assert (later["status"], later["outcome"], later["note"]) == ("claimed", "call_back", "at work")
    token = branch.ask("GET", "/v1/changes?since=latest").json()["next"]
    execute(house.store.url, "UPDATE leads SET expires_at = built_at WHERE id = %s", lead["id"])
    house.engine.crm.leads.sweep()
    changes = branch.ask("GET", f"/v1/changes?since={token}").json()["changes"]
    assert [one["type"] for one in changes] == ["lead.expired"]
    assert branch.ask("GET", f"/v1/leads/{lead['id']}").json()["status"] == "expired"
    assert build(house).leads == 1, "the customer may get another"


@pytest.mark.parametrize("before", [(), ("claim",), ("claim", "contact"), ("claim", "contact", "accepted")])
def test_a_sale_is_reported_from_every_open_state(house: House, branch: Crm, before: tuple[str, ...]) -> None:
    lead = a_lead(house, branch)
    for what in before:
        made = step(branch, lead, "reaction", outcome=what) if what == "accepted" else step(branch, lead, what)
        assert made.status_code == 200, made.text
    sold = step(branch, lead, "reaction", "a-1" if before else "a-2", outcome="sold", amount_yuan=50_000).json()
    assert (sold["status"], sold["sold_yuan"], sold["adviser"]) == ("sold", 50_000, "a-1" if before else "a-2")


def purchases(house: House, customer: str) -> list[Event]:
    return [one for one in house.store.events.since(customer, 0) if one.kind == "purchase"]


def test_a_sale_is_corrected_in_amount_and_taken_back(house: House, branch: Crm) -> None:
    lead = a_lead(house, branch)
    step(branch, lead, "claim")
    step(branch, lead, "contact")
    step(branch, lead, "reaction", outcome="sold", amount_yuan=800_000)
    assert step(branch, lead, "correction", reason="a zero too many").status_code == 422
    assert step(branch, lead, "correction", "a-2", reason="not mine", amount_yuan=1).status_code == 409
    right = step(branch, lead, "correction", reason="a zero too many", amount_yuan=80_000).json()
    assert (right["status"], right["sold_yuan"]) == ("sold", 80_000)
    assert [one.amount_yuan for one in purchases(house, lead["customer_id"])] == [80_000]
    back = step(branch, lead, "correction", reason="another customer's", undone=True).json()
    assert (back["status"], back["sold_yuan"], back["sold_at"]) == ("contacted", None, None)
    assert purchases(house, lead["customer_id"]) == []
    trails = house.store.customers.snapshot(lead["customer_id"], Lookback(0)).trails
    assert "purchase" not in {one.kind for one in trails}
    assert house.store.leads.settle() == 0
    again = step(branch, lead, "reaction", outcome="sold", amount_yuan=10_000).json()
    assert again["status"] == "sold", "the true sale is reported as any other"
    row = next(one for one in house.store.audit.list_rows(20) if one["action"] == "lead.correct")
    assert (row["detail"]["from_yuan"], row["detail"]["reason"]) == (80_000, "another customer's")


def test_a_sale_taken_back_leaves_the_trail_as_if_it_had_never_happened(house: House, branch: Crm) -> None:
    lead = a_lead(house, branch)
    step(branch, lead, "reaction", outcome="sold", amount_yuan=800_000)
    (sale,) = purchases(house, lead["customer_id"])
    instants = [sale.at, *range(sale.at - KEPT, sale.at)]
    for number, at in enumerate(instants):
        house.store.events.record(replace(sale, id=f"{lead['id']}-{number}", at=at))
    assert step(branch, lead, "correction", reason="another customer's", undone=True).status_code == 200
    snapshot = house.store.customers.snapshot(lead["customer_id"], Lookback(0))
    assert snapshot is not None
    (trail,) = [one for one in snapshot.trails if one.kind == "purchase"]
    assert list(trail.instants) == sorted(instants)[-KEPT:], "its own instant alone is gone, and an older one is back"


def test_a_row_carries_what_the_adviser_needs(house: House, branch: Crm) -> None:
    matures = str(datetime.now(UTC).date() + 9 * DAY)
    lead = a_lead(house, branch, next_maturity_on=matures, next_maturity_yuan=80_000.0)
    assert lead["maturity"] == {"on": matures, "amount_yuan": 80_000}
    assert (lead["last_contact"], lead["customer_reason"], lead["best_time"]) == (None, None, None)
    first, last = (datetime.fromisoformat(lead["call"][name]) for name in ("from", "until"))
    assert (last.hour, last.minute, first.date() == last.date()) == (20, 0, True), "calls end at 20:00"
    step(branch, lead, "claim")
    contacted = step(branch, lead, "contact").json()
    step(branch, lead, "reaction", outcome="call_back", reason="rate-too-low")
    told = branch.ask("GET", f"/v1/leads/{lead['id']}").json()
    assert told["last_contact"] == {"at": contacted["contacted_at"], "channel": "adviser_call", "offer": lead["offer"],
                                    "outcome": "call_back"}  # fmt: skip
    assert told["customer_reason"] == "rate-too-low"
    seven = datetime.now(UTC).replace(hour=11, minute=20) - 2 * DAY
    for days in range(3):
        at = int((seven - days * DAY).timestamp() * 1000)
        click = Event(f"{lead['id']}-{days}", lead["customer_id"], "click", at, "cash-r1", "mobile_app")
        house.store.events.record(click)
    told = branch.ask("GET", f"/v1/leads/{lead['id']}").json()
    assert told["best_time"] == {"from": "19:00", "until": "20:00"}, "11:20 in London is 19:20 at the bank"
    house.store.consents.say(
        lead["customer_id"], ConsentWords({"personalisation": False}, "app", "1"), int(time.time() * 1000)
    )
    told = branch.ask("GET", f"/v1/leads/{lead['id']}").json()
    assert (told["maturity"], told["best_time"]) == (None, None), "nothing is read from how they use the bank"


def test_a_customer_abroad_is_called_by_their_own_clock(house: House, branch: Crm) -> None:
    lead = a_lead(house, branch, timezone="America/New_York")
    there = ZoneInfo("America/New_York")
    first, last = (datetime.fromisoformat(lead["call"][name]).astimezone(there) for name in ("from", "until"))
    assert (first.hour, first.minute, last.hour, last.minute) == (9, 0, 20, 0)
    assert lead["call"]["from"].endswith("+08:00"), "told on the bank's clock, by which advisers work"
    assert step(branch, lead, "claim").status_code == 200
    refused = step(branch, lead, "contact")
    assert (refused.status_code, "quiet-night" in refused.text) == (409, True), "it is night in New York now"


def test_talking_points_are_about_the_customer_and_say_nothing_twice(house: House, branch: Crm) -> None:
    matures = str(datetime.now(UTC).date() + 9 * DAY)
    lead = a_lead(house, branch, next_maturity_on=matures, next_maturity_yuan=80_000.0)
    points = lead["talking_points"]
    assert points[0] == f"80,000 yuan of theirs mature on {matures}"
    assert [one["text"] for one in lead["why"]] == points[1 : 1 + len(lead["why"])]
    assert len(set(points)) == len(points)
    assert not any(other != one and other.startswith(one) for one in points for other in points), "no title, then again"
    chinese = branch.ask("GET", f"/v1/leads/{lead['id']}", **{"Accept-Language": "zh"}).json()["talking_points"]
    assert chinese[0] == f"客户有80,000元将于{matures}到期"


def test_of_who_drops_a_label_an_adviser_is_told_no_reason_of_the_decision_before(house: House, branch: Crm) -> None:
    lead = a_lead(house, branch)
    reasons = {one["text"] for one in lead["why"]}
    assert reasons and reasons <= set(lead["talking_points"])
    words = {"labels": {"target:savers": False}, "version": "1"}
    assert house.client("bank").ask("PUT", f"/v1/customers/{lead['customer_id']}/labels", words).status_code == 200
    told = branch.ask("GET", f"/v1/leads/{lead['id']}").json()
    assert (told["why"], reasons & set(told["talking_points"])) == ([], set())


def test_the_report_over_rest_is_the_branchs_own(house: House, branch: Crm) -> None:
    customers(house, 4)
    customers(house, 4, branch_id="b-2", adviser_id="a-9")
    build(house, None)
    mine = branch.ask("GET", "/v1/leads/report?days=30").json()
    assert (mine["branch"], {row["name"] for row in mine["rows"] if row["by"] == "adviser"}) == ("b-1", {"a-1"})
    everything = house.client("bank-report").ask("GET", "/v1/leads/report").json()["rows"]
    assert {row["name"] for row in everything if row["by"] == "adviser"} == {"a-1", "a-9"}
    assert branch.ask("GET", "/v1/leads/report?branch=b-2").status_code in (403, 404)


def test_a_lead_ends_for_the_branch_that_its_customer_leaves(house: House, branch: Crm) -> None:
    put(house, "a-1", manager=True)
    crm = house.client(f"bank-{time.time_ns()}")
    waits, sold = a_lead(house, branch), a_lead(house, branch)
    step(branch, sold, "reaction", outcome="sold", amount_yuan=50_000)
    for one in (waits, sold):
        put_customer(house.store, one["customer_id"], RICH | {"branch_id": "b-2", "adviser_id": None})
    assert not {waits["id"], sold["id"]} & {one["id"] for one in leads_of(branch)}
    for one in (waits, sold):
        answer = branch.ask("GET", f"/v1/leads/{one['id']}")
        assert (answer.status_code, answer.json()["detail"]) == (404, f'No lead "{one["id"]}".')
    for verb, more in (("claim", {}), ("override", {"offer": "term-6m", "reason": "asked"}), ("plan", {"note": "x"})):
        answer = branch.ask("POST", f"/v1/leads/{waits['id']}/{verb}", {"on_behalf_of": "a-1"} | more)
        assert answer.status_code == 404, verb
    seen = crm.ask("GET", f"/v1/leads/{waits['id']}").json()
    assert (seen["status"], seen["closed_by"]) == ("withdrawn", "customer-moved")
    assert crm.ask("GET", f"/v1/leads/{sold['id']}").json()["status"] == "sold"


def test_a_lead_that_the_bank_gave_a_customers_own_adviser_elsewhere_stays(house: House, branch: Crm) -> None:
    lead = a_lead(house, branch)
    moved = {"attributes": {"branch_id": "b-2", "adviser_id": "a-1"}}
    bank = house.client(f"bank-{time.time_ns()}")
    assert bank.ask("PATCH", f"/v1/customers/{lead['customer_id']}", moved).status_code == 200
    assert branch.ask("GET", f"/v1/leads/{lead['id']}").json()["status"] == "open"


def test_an_accept_said_again_counts_once_and_an_undone_sale_leads_back_to_it(house: House, branch: Crm) -> None:
    lead = a_lead(house, branch)
    for _ in range(2):
        assert step(branch, lead, "reaction", outcome="accepted").json()["status"] == "accepted"
    kinds = [event.kind for event in house.store.events.since(lead["customer_id"], 0)]
    assert kinds == ["accept"]
    assert step(branch, lead, "reaction", outcome="sold", amount_yuan=9).json()["status"] == "sold"
    assert step(branch, lead, "correction", undone=True, reason="none was made").json()["status"] == "accepted"
    assert step(branch, lead, "reaction", outcome="accepted").json()["status"] == "accepted"
    assert [event.kind for event in house.store.events.since(lead["customer_id"], 0)] == ["accept"]


def test_an_event_id_that_somebody_used_before_is_a_conflict_in_our_own_words(house: House, branch: Crm) -> None:
    lead, (other,) = a_lead(house, branch), customers(house, 1)
    name = f"lead:{lead['id']}:sold"
    house.store.events.record(Event(name, other, "click", int(time.time() * 1000) - 1, "term-12m"))
    answer = step(branch, lead, "reaction", outcome="sold", amount_yuan=9)
    assert answer.status_code == 409
    assert answer.json()["detail"].startswith(f'Event "{name}" was recorded before')
    assert branch.ask("GET", f"/v1/leads/{lead['id']}").json()["status"] == "open"
