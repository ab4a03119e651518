"""Leads over HTTP: built within hours, listed best first, claimed by one, worked to the sale; never an unwanted one."""

import multiprocessing
import time
from collections import Counter
from typing import Any

from service.core.domain import Lookback
from service.store import ConsentWords
from service.store.leads import Actor, LeadSearch
from tests.engine.crm.conftest import Crm, House, everything
from tests.engine.crm.leads.conftest import RICH, customers, step
from tests.engine.crm.race import compete
from tests.seed import attest, put_customer
from tests.servers import execute

NOON_LOCAL_MS = 12 * 3_600_000


def built(house: House) -> list[dict[str, Any]]:
    house.engine.crm.leads.build(Actor("test"))
    return house.client("all").ask("GET", "/v1/leads?limit=50").json()["leads"]


def one_lead(house: House, branch: Crm, **facts: Any) -> dict[str, Any]:
    """The best of the leads of three customers."""
    names = customers(house, 3, **facts)
    built(house)
    found = branch.ask("GET", "/v1/leads?limit=50&status=open").json()["leads"]
    return next(one for one in found if one["customer_id"] in names)


def test_leads_fill_the_advisers_hours_best_first(house: House, branch: Crm) -> None:
    names = customers(house, 12)
    leads = built(house)
    assert len(leads) == 5, "a-1 has five contacts a week, and all are a-1's customers"
    assert {one["adviser"] for one in leads} == {"a-1"}
    priorities = [one["priority_yuan"] for one in leads]
    assert priorities == sorted(priorities, reverse=True)
    assert {one["customer_id"] for one in leads} <= set(names)
    again = built(house)
    assert [one["id"] for one in again] == [one["id"] for one in leads], (
        "building again gives nobody more than their hours"
    )


def test_a_lead_says_what_to_say_why_why_not_and_what_would_unlock(house: House, branch: Crm) -> None:
    lead = one_lead(house, branch, risk_tolerance=None)
    assert lead["talking_points"] and lead["why_not"]
    assert lead["unlocks"] == [], "what a risk assessment would open is no adviser's to say"
    assert all(each["text"] for each in (*lead["why"], *lead["why_not"]))
    chinese = branch.ask("GET", f"/v1/leads/{lead['id']}", **{"Accept-Language": "zh"}).json()
    assert chinese["talking_points"] != lead["talking_points"]
    assert house.client("x").ask("GET", f"/v1/decisions/{lead['decision_id']}/replay").json()["identical"]


def test_pages_follow_an_opaque_cursor_and_a_next_link(house: House, branch: Crm) -> None:
    customers(house, 6)
    everything = [one["id"] for one in built(house)]
    found, path = [], "/v1/leads?branch=b-1&status=open&limit=2"
    while path:
        answer = branch.ask("GET", path)
        found += [one["id"] for one in answer.json()["leads"]]
        link = answer.headers.get("Link", "")
        path = link.partition(">")[0].lstrip("<")
    assert found == everything
    assert branch.ask("GET", "/v1/leads?cursor=nonsense").status_code == 422
    assert branch.ask("GET", "/v1/leads?branch=b-2").status_code == 403


def test_an_opt_out_withdraws_the_lead_at_once(house: House, branch: Crm) -> None:
    lead = one_lead(house, branch)
    said = {"consents": {"marketing:adviser_call": False}, "version": "1"}
    assert house.client("app").ask("PUT", f"/v1/customers/{lead['customer_id']}/preferences", said).status_code == 200
    left = branch.ask("GET", "/v1/leads?status=open").json()["leads"]
    assert lead["id"] not in [one["id"] for one in left]
    gone = branch.ask("GET", f"/v1/leads/{lead['id']}").json()
    assert (gone["status"], gone["closed_by"]) == ("withdrawn", "marketing-consent")
    refused = branch.ask("POST", f"/v1/leads/{lead['id']}/claim", {"on_behalf_of": "a-1"})
    assert refused.status_code == 409


def test_a_claim_after_an_opt_out_is_refused_by_its_gate(house: House, branch: Crm) -> None:
    lead = one_lead(house, branch)
    house.store.consents.say(
        lead["customer_id"], ConsentWords({"contact": False}, "app", "1"), time.time_ns() // 1_000_000
    )
    refused = branch.ask("POST", f"/v1/leads/{lead['id']}/claim", {"on_behalf_of": "a-1"})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:fourcast:problem:contact-refused")
    assert branch.ask("GET", f"/v1/leads/{lead['id']}").json()["status"] == "withdrawn"


def test_the_runner_withdraws_what_nobody_looks_at_and_the_feed_tells(house: House, branch: Crm) -> None:
    lead = one_lead(house, branch)
    token = branch.ask("GET", "/v1/changes?since=latest").json()["next"]
    put_customer(house.store, lead["customer_id"], RICH | {"deceased": True})
    house.engine.crm.leads.sweep()
    told = branch.ask("GET", f"/v1/changes?since={token}").json()["changes"]
    assert [one["type"] for one in told] == ["customer.updated", "lead.withdrawn"]
    assert told[1]["data"]["closed_by"] == "not-deceased"


def test_from_the_list_to_the_credited_sale(house: House, branch: Crm) -> None:
    lead = one_lead(house, branch)
    assert step(branch, lead, "reaction", outcome="no_answer").status_code == 409, "no contact was made yet"
    assert step(branch, lead, "claim").json()["status"] == "claimed"
    assert step(branch, lead, "claim").status_code == 200, "claiming one's own again is harmless"
    assert step(branch, lead, "claim", "a-2").status_code == 409
    assert step(branch, lead, "contact").json()["status"] == "contacted"
    trails = house.store.customers.snapshot(lead["customer_id"], Lookback(0)).trails
    assert [(one.kind, one.offer, one.channel) for one in trails] == [("contact", lead["offer"], "adviser_call")]
    assert step(branch, lead, "reaction", outcome="sold").status_code == 422, "a sale has an amount"
    sold = step(branch, lead, "reaction", outcome="sold", amount_yuan=120_000, reason="came-to-branch").json()
    assert (sold["status"], sold["sold_yuan"], sold["reason"]) == ("sold", 120_000, "came-to-branch")
    rows = house.store.leads.report(0, 2**53)
    adviser = next(row for row in rows if (row["by"], row["name"]) == ("adviser", "a-1"))
    assert (adviser["sold"], adviser["sold_yuan"]) == (1, 120_000)
    assert {row["name"] for row in rows if row["by"] == "strategy" and row["sold"]} == set(lead["strategies"])
    log = [row["action"] for row in house.store.audit.list_rows(20) if row["subject"] == lead["id"]]
    assert log[:3] == ["lead.react", "lead.contact", "lead.claim"]
    assert house.store.audit.verify().broken_at is None


def test_a_purchase_told_by_event_is_the_leads_too(house: House, branch: Crm) -> None:
    lead = one_lead(house, branch)
    step(branch, lead, "claim")
    step(branch, lead, "contact")
    at = int(execute(house.store.url, "SELECT contacted_at FROM leads WHERE id = %s",
                     lead["id"])[0][0])  # fmt: skip
    execute(
        house.store.url,
        "INSERT INTO events (id, customer_id, kind, at, offer, amount_yuan) VALUES (%s, %s, 'purchase', %s, %s, 5000)",
        f"p-{lead['id']}", lead["customer_id"], at + 1, lead["offer"],
    )  # fmt: skip
    assert house.store.leads.settle() == 1
    assert branch.ask("GET", f"/v1/leads/{lead['id']}").json()["sold_yuan"] == 5000


def test_a_rejection_counts_in_the_next_decision(house: House, branch: Crm) -> None:
    lead = one_lead(house, branch)
    step(branch, lead, "claim")
    step(branch, lead, "contact")
    assert step(branch, lead, "reaction", outcome="rejected", reason="rate").json()["status"] == "rejected"
    offers = house.client("app2").ask("GET", f"/v1/customers/{lead['customer_id']}/offers?limit=10").json()["offers"]
    assert lead["offer"] not in [one["offer"] for one in offers]


def test_contacts_of_leads_hold_the_caps(house: House, branch: Crm) -> None:
    lead = one_lead(house, branch)
    step(branch, lead, "claim")
    for _ in range(2):
        assert step(branch, lead, "contact").status_code == 200
        assert step(branch, lead, "reaction", outcome="no_answer").json()["status"] == "claimed"
    third = step(branch, lead, "contact")
    assert (third.status_code, third.json()["errors"][0]["where"]) == (409, "cap-outbound-week")


def test_a_released_lead_is_open_again(house: House, branch: Crm) -> None:
    lead = one_lead(house, branch)
    step(branch, lead, "claim", "a-2")
    assert step(branch, lead, "release", "a-1").status_code == 409, "it is a-2's"
    assert step(branch, lead, "release", "a-2").json()["status"] == "open"


def test_an_override_needs_every_gate_open_and_stands_in_the_log(house: House, branch: Crm) -> None:
    lead = one_lead(house, branch, risk_tolerance=1)
    refused = step(branch, lead, "override", offer="fixed-income-6m", reason="wants more")
    assert (refused.status_code, refused.json()["errors"][0]["where"]) == (409, "tolerance-covers-risk")
    other = "term-6m" if lead["offer"] != "term-6m" else "term-3m"
    done = step(branch, lead, "override", offer=other, reason="six months only").json()
    assert (done["offer"], done["decided_offer"], done["reason"]) == (other, lead["offer"], "six months only")
    assert done["talking_points"] != lead["talking_points"]
    rows = {row["action"]: row for row in house.store.audit.list_rows(10) if row["subject"] == lead["id"]}
    assert rows["lead.override.refused"]["detail"]["gate"] == "tolerance-covers-risk"
    assert rows["lead.override"]["detail"]["on_behalf_of"] == "a-1"
    assert rows["lead.override"]["detail"]["to"] == other


def test_who_acts_must_be_an_adviser_of_the_branch(house: House, branch: Crm) -> None:
    lead = one_lead(house, branch)
    for who in ("nobody", "a-9"):
        refused = step(branch, lead, "claim", who)
        assert (refused.status_code, refused.json()["errors"][0]["where"]) == (422, "on_behalf_of")
    other = house.client("b-2-crm", branch="b-2")
    assert other.ask("GET", f"/v1/leads/{lead['id']}").status_code == 404
    assert step(other, lead, "claim", "a-9").status_code == 404


def test_an_erased_customers_lead_ends_and_names_nobody(house: House, branch: Crm) -> None:
    lead = one_lead(house, branch)
    assert house.client("dpo").ask("DELETE", f"/v1/customers/{lead['customer_id']}").status_code == 204
    gone = branch.ask("GET", f"/v1/leads/{lead['id']}").json()
    assert gone["status"] == "erased" and gone["customer_id"].startswith("erased-")
    assert step(branch, lead, "claim").status_code == 409


SENTINEL = 918273645
"""An amount that nobody else has."""


def test_after_an_erasure_no_table_holds_any_value_of_the_customer(house: House, branch: Crm) -> None:
    bank = house.client("bank-sentinel")
    lead = one_lead(house, branch)
    name = lead["customer_id"]
    path, steps, words = f"/v1/customers/{name}", f"/v1/leads/{lead['id']}", f"holds {SENTINEL} elsewhere"
    house.client("own-sentinel", name)
    house.store.webhooks.add("https://crm.example/", ["*"], "bank", None)
    roads: list[tuple[str, str, dict[str, Any], int]] = [
        ("PATCH", path, {"external_key": "K-sentinel", "attributes": {"demand_yuan": SENTINEL}}, 200),
        ("PATCH", path, {"attributes": {"fund_yuan": SENTINEL - 1, "time_deposit_yuan": SENTINEL}}, 200),
        ("PATCH", "/v1/external-keys/K-sentinel", {"attributes": {"age": SENTINEL, "fund_yuan": "x"}}, 422),
        ("POST", "/v1/customers/bulk", {"customers": [{"id": name, "attributes": {"age": SENTINEL}}]}, 200),
        ("POST", f"{path}/offers", {"channel": "mobile_app", "amount_yuan": SENTINEL, "trigger": "maturity"}, 200),
        ("POST", "/v1/offers/bulk", {"customers": [name], "channel": "mobile_app"}, 200),
        ("POST", "/v1/jobs", {"customers": {"external_keys": ["K-sentinel", "K-0"]}, "channel": "mobile_app"}, 202),
        ("POST", "/v1/events", {"id": "e-sentinel", "customer_id": name, "kind": "purchase", "offer": "term-12m",
                                "at": "2026-01-05T09:30:00+08:00", "amount_yuan": SENTINEL}, 201),
        ("POST", f"{steps}/plan", {"note": words}, 200),
        ("POST", f"{steps}/override", {"offer": "fixed-income-6m", "reason": words}, 409),
        ("POST", f"{steps}/reaction", {"outcome": "sold", "amount_yuan": SENTINEL, "reason": words}, 200),
        ("POST", f"{steps}/correction", {"amount_yuan": SENTINEL + 1, "reason": words}, 200),
        ("POST", f"{steps}/correction", {"amount_yuan": SENTINEL, "reason": words}, 200),
    ]  # fmt: skip
    for number, (method, where, body, status) in enumerate(roads):
        asked = body | ({"on_behalf_of": "a-1"} if "/leads/" in where else {})
        answer = bank.ask(method, where, asked, **{"Idempotency-Key": f"sentinel-{number}"})
        assert answer.status_code == status, (where, answer.text)
    while house.engine.crm.jobs.work(lambda: False) or house.store.deliveries.fan_out(lambda *_: None):
        pass
    assert str(SENTINEL) in everything(house)
    assert bank.ask("DELETE", path).status_code == 204
    left = everything(house)
    for value in (name, "K-sentinel", str(SENTINEL), str(SENTINEL + 1), str(SENTINEL - 1)):
        assert value not in left, left[max(0, left.index(value) - 300) :][:600]
    assert house.store.audit.verify().broken_at is None
    assert house.store.audit.crosscheck() == []
    rows = [row for row in house.store.audit.list_rows(40) if row["detail"].get("erased")]
    assert {row["action"] for row in rows} >= {"customer.update", "lead.plan", "lead.correct", "client.add"}


def test_of_eight_processes_one_gets_the_lead(house: House, branch: Crm) -> None:
    bank = house.client("bank-race")
    for number in range(8):
        hours = {"branch": "b-1", "minutes_per_week": 30, "minutes_per_contact": 30}
        bank.ask("PUT", f"/v1/advisers/r-{number}", hours)
    attest(house.engine, *(f"r-{number}" for number in range(8)))
    lead = one_lead(house, branch)
    spawn = multiprocessing.get_context("spawn")
    start, said = spawn.Barrier(8), spawn.Queue()
    words = [(branch.base, branch.key, lead["id"], f"r-{number}", start, said) for number in range(8)]
    racers = [spawn.Process(target=compete, args=each) for each in words]
    for racer in racers:
        racer.start()
    answers = dict(said.get(timeout=400) for _ in racers)
    for racer in racers:
        racer.join(30)
    assert Counter(answers.values()) == {200: 1, 409: 7}
    winner = next(name for name, status in answers.items() if status == 200)
    assert branch.ask("GET", f"/v1/leads/{lead['id']}").json()["adviser"] == winner
    assert house.engine.crm.leads.list_leads(LeadSearch(adviser=winner, status="claimed"))
