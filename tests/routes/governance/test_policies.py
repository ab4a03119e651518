"""Release governance over HTTP: proposed by one key, approved by another, every problem named, contract kept."""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from flask import Flask
from sqlalchemy import text

from service.app import create_app
from service.cache import Cache
from service.core.domain import Client
from service.core.errors import Conflict
from service.engine.auth import new_key
from service.engine.engine import Engine
from service.engine.releases import policy_check_process
from service.routes.governance.policies import simulation
from service.routes.governance.policies.jobs import PolicyJobAnswer
from service.routes.governance.policies.policies import (
    DifferenceAnswer,
    PolicyAnswer,
    ProposalAnswer,
    ProposalsAnswer,
    ReleaseAnswer,
)
from service.routes.governance.policies.proposals import INSTEAD, ApprovedAnswer, SignedAnswer
from service.routes.governance.policies.releases import ReleasesAnswer
from service.routes.governance.policies.simulation import SimulationAnswer
from service.rules.policy import DEFAULT, load
from service.runtime.config import Settings
from service.store import Review, Store
from tests.routes.conftest import CUSTOMERS
from tests.seed import transaction
from tests.servers import execute

OFFICERS = {
    "author": Client("anna", frozenset({"policies:write", "policies:approve"})),
    "writer": Client("dora", frozenset({"policies:write"})),
    "approver": Client("ben", frozenset({"policies:approve"})),
    "officer": Client("lan", frozenset({"policies:comply"})),
    "everything": Client("eve", frozenset({"policies:write", "policies:approve", "policies:comply"})),
    "own": Client("own", frozenset({"policies:write", "policies:approve"}), "c-1"),
}
Headers = dict[str, str]


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker is watched here: a loaded machine may take its time."""
    monkeypatch.setattr(policy_check_process, "DEADLINE_S", 300)


@pytest.fixture
def keys(fresh: Store) -> dict[str, Headers]:
    headers = {}
    for name, client in OFFICERS.items():
        key, digest = new_key()
        fresh.clients.add(client, digest, actor="test")
        headers[name] = {"Authorization": f"Bearer {key}"}
    return headers


@pytest.fixture
def fresh(make_database: Any) -> Iterator[Store]:
    """A store of this test alone, in which the shipped policy serves."""
    store = Store(make_database(), 2000)
    store.customers.load(CUSTOMERS.items())
    shipped = load(DEFAULT)
    store.proposals.bootstrap(shipped.hash, shipped.documents, None, "demo", "first light")
    yield store
    store.close()


@pytest.fixture
def app(fresh: Store, redis_url: str) -> Iterator[Flask]:
    settings = Settings()
    engine = Engine(settings, fresh, Cache(redis_url))
    yield create_app(settings, engine, lambda line: None)
    engine.close()


def documents(rate: float = 0.0123) -> dict[str, Any]:
    """The shipped policy with the first term deposit's rate changed."""
    changed = load(DEFAULT).documents
    next(offer for offer in changed["catalogue"]["offers"] if offer["id"] == "term-12m")["terms"]["rate"] = rate
    return changed


def publish(client: Any, keys: dict[str, Headers], who: str = "author", rate: float = 0.0123) -> Any:
    return client.post("/v1/policies", json={"documents": documents(rate), "note": "autumn"}, headers=keys[who])


def fits(schema: Any, answer: Any) -> None:
    assert answer.status_code < 300, answer.json
    assert schema(unknown="raise").validate(answer.json) == {}
    assert answer.headers["Cache-Control"] == "no-store"


def test_from_proposal_to_release_and_back(client: Any, keys: dict[str, Headers]) -> None:
    before = client.get("/v1/releases", headers=keys["approver"]).json["releases"][0]
    proposed = publish(client, keys)
    fits(ProposalAnswer, proposed)
    assert proposed.status_code == 201
    assert (proposed.json["author"], proposed.json["state"], proposed.json["note"]) == ("anna", "proposed", "autumn")
    name = proposed.json["policy"]
    assert proposed.headers["Location"] == f"/v1/policies/{name}"

    told = client.get(f"/v1/policies/{name}/diff", headers=keys["approver"])
    fits(DifferenceAnswer, told)
    (change,) = told.json["changes"]
    assert change["sentence"].startswith('catalogue.yaml: offer "term-12m": terms.rate was ')
    assert change["after"] == 0.0123

    own = client.post(f"/v1/policies/{name}/approve", json={}, headers=keys["author"])
    assert (own.status_code, own.json["type"]) == (409, "urn:fourcast:problem:own-approval")
    assert own.json["detail"] == '"anna" proposed this policy: somebody else must approve it.'

    approved = client.post(f"/v1/policies/{name}/approve", json={"note": "yes"}, headers=keys["approver"])
    fits(ApprovedAnswer, approved)
    gate = approved.json["gate"]
    assert (gate["verdict"], gate["decisions"], gate["difference_yuan"]) == ("open", 0, None)
    release = {"id": before["id"] + 1, "policy": name, "bundle": None, "prices": {}}
    assert approved.json == release | {"gate": gate}
    again = client.post(f"/v1/policies/{name}/approve", json={}, headers=keys["approver"])
    assert (again.status_code, again.json["type"]) == (409, "urn:fourcast:problem:conflict")

    rolled = client.post("/v1/releases/rollback", json={"note": "no"}, headers=keys["approver"])
    fits(ReleaseAnswer, rolled)
    assert rolled.json["policy"] == before["policy"]
    assert client.post("/v1/releases/rollback", json={}, headers=keys["approver"]).status_code == 409

    listed = client.get("/v1/releases", headers=keys["writer"])
    fits(ReleasesAnswer, listed)
    assert [(row["actor"], row["restores"]) for row in listed.json["releases"]] == [
        ("ben", before["id"]),
        ("ben", None),
        ("demo", None),
    ]
    whole = client.get("/v1/policies", headers=keys["writer"])
    fits(ProposalsAnswer, whole)
    assert {(row["author"], row["state"]) for row in whole.json["policies"]} == {
        ("anna", "retired"),
        ("demo", "active"),
    }


def red_documents() -> dict[str, Any]:
    """The shipped policy with the words of a family changed."""
    changed = documents()
    changed["messages"]["families"]["deposit"]["title"]["en"] = "Save: {name}"
    return changed


def test_a_red_proposal_needs_three_people_on_every_road(client: Any, keys: dict[str, Headers], fresh: Store) -> None:
    proposed = client.post("/v1/policies", json={"documents": red_documents()}, headers=keys["author"])
    fits(ProposalAnswer, proposed)
    assert (proposed.json["needs"], proposed.json["signatures"]) == (["compliance"], [])
    name = proposed.json["policy"]
    told = client.get(f"/v1/policies/{name}/diff", headers=keys["officer"])
    fits(DifferenceAnswer, told)
    assert [(one["needs"], one["red"]) for one in told.json["changes"]] == [(None, None), ("compliance", "words")]

    def approve(who: str) -> Any:
        return client.post(f"/v1/policies/{name}/approve", json={}, headers=keys[who])

    def sign(who: str) -> Any:
        return client.post(f"/v1/policies/{name}/sign", json={"note": "read"}, headers=keys[who])

    unsigned = approve("approver")
    assert (unsigned.status_code, unsigned.json["type"]) == (409, "urn:fourcast:problem:unsigned")
    trial = client.put("/v1/challenger", json={"policy": name}, headers=keys["approver"])
    assert (trial.status_code, trial.json["type"]) == (409, "urn:fourcast:problem:unsigned")
    assert sign("author").status_code == 403, "a scope of its own"
    fits(SignedAnswer, sign("everything"))
    assert approve("everything").json["type"] == "urn:fourcast:problem:unsigned", "who signs does not approve"
    assert [one["signer"] for one in sign("officer").json["signatures"]] == ["eve", "lan"]
    assert len(sign("officer").json["signatures"]) == 2, "signing again changes nothing"
    fits(ApprovedAnswer, approve("everything"))
    assert [row["action"] for row in fresh.audit.list_rows(9)].count("policy.sign") == 2
    whole = client.get(f"/v1/policies/{name}", headers=keys["writer"])
    fits(PolicyAnswer, whole)
    assert whole.json["needs"] == [], "it is what serves"


def test_nobody_signs_their_own_policy_or_one_never_proposed(client: Any, keys: dict[str, Headers]) -> None:
    own = client.post("/v1/policies", json={"documents": red_documents()}, headers=keys["everything"]).json["policy"]
    refused = client.post(f"/v1/policies/{own}/sign", json={}, headers=keys["everything"])
    assert (refused.status_code, refused.json["type"]) == (409, "urn:fourcast:problem:own-approval")
    assert refused.json["detail"] == '"eve" proposed this policy: somebody else must sign it for compliance.'
    chinese = client.post(f"/v1/policies/{own}/approve", json={}, headers=keys["approver"] | {"Accept-Language": "zh"})
    assert chinese.json["title"] == "合规尚未签署"


def test_what_serves_changing_meanwhile_asks_for_another_comparison(
    client: Any, keys: dict[str, Headers], fresh: Store
) -> None:
    name = client.post("/v1/policies", json={"documents": red_documents()}, headers=keys["author"]).json["policy"]
    with pytest.raises(Conflict, match="compare with it, and ask again"):
        fresh.proposals.approve(name, "ben", "", None, Review("f" * 64, 0))


def test_a_withdrawn_policy_is_refused_everywhere_and_something_else_serves(
    client: Any, keys: dict[str, Headers], fresh: Store
) -> None:
    first = client.get("/v1/releases", headers=keys["approver"]).json["releases"][0]
    name = publish(client, keys).json["policy"]
    assert client.post(f"/v1/policies/{name}/approve", json={}, headers=keys["approver"]).status_code == 200
    path, generation = f"/v1/policies/{name}/withdraw", generation_of(fresh)
    assert client.post(path, json={"reason": "wrong"}, headers=keys["officer"]).status_code == 403
    assert client.post(path, json={"reason": ""}, headers=keys["approver"]).status_code == 422
    assert client.post(path, json={"reason": "wrong"}, headers=keys["approver"]).status_code == 409
    gone = client.post(path, json={"reason": "wrong", "to": str(first["id"])}, headers=keys["approver"])
    fits(SignedAnswer, gone)
    assert (gone.json["withdrawn"]["actor"], gone.json["withdrawn"]["reason"]) == ("ben", "wrong")
    assert generation_of(fresh) == generation + 1, "no answer cached before is served"
    active = fresh.releases.active()
    assert active is not None and active.policy == first["policy"]
    for method, where, body in (
        ("POST", "/v1/policies", {"documents": documents()}),
        ("POST", f"/v1/policies/{name}/approve", {}),
        ("PUT", "/v1/challenger", {"policy": name}),
        ("POST", "/v1/releases/rollback", {"to": name}),
        ("POST", path, {"reason": "again"}),
    ):
        who = "author" if where == "/v1/policies" else "approver"
        refused = client.open(where, method=method, json=body, headers=keys[who])
        assert (refused.status_code, refused.json["type"]) == (409, "urn:fourcast:problem:withdrawn"), where


def test_withdrawing_what_is_on_trial_ends_the_trial(client: Any, keys: dict[str, Headers], fresh: Store) -> None:
    name = publish(client, keys).json["policy"]
    assert client.put("/v1/challenger", json={"policy": name}, headers=keys["approver"]).status_code == 200
    client.post(f"/v1/policies/{name}/withdraw", json={"reason": "wrong"}, headers=keys["approver"])
    assert client.get("/v1/challenger", headers=keys["approver"]).json == {"challenger": None}
    assert fresh.releases.list_releases()[0]["note"] == "trial ends: its policy was withdrawn"


def generation_of(store: Store) -> int:
    with transaction(store) as connection:
        return int(connection.execute(text("SELECT cache_generation FROM serving")).scalar_one())


def test_the_audit_log_tells_it_and_holds(client: Any, keys: dict[str, Headers], fresh: Store) -> None:
    name = publish(client, keys).json["policy"]
    client.post(f"/v1/policies/{name}/approve", json={"note": "yes"}, headers=keys["approver"])
    said = [(row["actor"], row["action"], row["subject"]) for row in fresh.audit.list_rows(3)][::-1]
    assert said == [
        ("anna", "policy.propose", name),
        ("ben", "policy.approve", name),
        ("ben", "release.activate", "2"),
    ]
    assert fresh.audit.verify().broken_at is None


def test_the_policy_comes_back_as_it_was_sent(client: Any, keys: dict[str, Headers]) -> None:
    name = publish(client, keys).json["policy"]
    answer = client.get(f"/v1/policies/{name}", headers=keys["approver"])
    fits(PolicyAnswer, answer)
    assert answer.json["documents"] == orjson.loads(orjson.dumps(documents()))


def test_the_same_content_again_is_the_same_proposal(client: Any, keys: dict[str, Headers]) -> None:
    first, again = publish(client, keys), publish(client, keys, "writer")
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json == first.json


def test_a_broken_policy_is_refused_with_every_problem(client: Any, keys: dict[str, Headers]) -> None:
    broken = documents(2.1)
    broken["channels"]["channels"][0]["direction"] = "sideways"
    broken["strategies"] = 7
    answer = client.post("/v1/policies", json={"documents": broken}, headers=keys["author"])
    assert (answer.status_code, answer.json["type"]) == (422, "urn:fourcast:problem:invalid-policy")
    told = "\n".join(f"{row['where']}: {row['message']}" for row in answer.json["errors"])
    for word in ("term-12m", "2.1", "sideways", "strategies.yaml"):
        assert word in told
    assert len(answer.json["errors"]) >= 3
    chinese = client.post(
        "/v1/policies", json={"documents": broken}, headers=keys["author"] | {"Accept-Language": "zh"}
    )
    assert (chinese.json["title"], chinese.headers["Content-Language"]) == ("政策无效", "zh, en")
    assert chinese.json["errors"] == answer.json["errors"], "of a file in English, to its author"
    assert [row["author"] for row in client.get("/v1/policies", headers=keys["author"]).json["policies"]] == ["demo"]


def test_a_policy_that_breaks_conduct_is_not_even_proposed(client: Any, keys: dict[str, Headers]) -> None:
    open_door = documents()
    rules = open_door["consumer"]["rules"]
    suitable = [rule for rule in rules if rule["stage"] == "suitability"]
    assert suitable
    open_door["consumer"]["rules"] = [rule for rule in rules if rule["stage"] != "suitability"]
    answer = client.post("/v1/policies", json={"documents": open_door}, headers=keys["author"])
    assert (answer.status_code, answer.json["type"]) == (422, "urn:fourcast:problem:invalid-policy")
    assert "tolerance" in str(answer.json["errors"])


def test_a_policy_of_a_megabyte_is_refused_by_its_bound_and_no_worker_reads_it(
    client: Any, keys: dict[str, Headers]
) -> None:
    """What would hold a worker until it is killed for silence: 200 rules of 4,000 letters."""
    large = documents()
    text = " and ".join(f"coalesce(customer.age, {number}) >= 0" for number in range(110))
    large["consumer"]["rules"] = [
        {**large["consumer"]["rules"][0], "id": f"x-{number}", "require": text} for number in range(200)
    ]
    answer = client.post("/v1/policies", json={"documents": large}, headers=keys["author"])
    assert (answer.status_code, answer.json["type"]) == (422, "urn:fourcast:problem:invalid-policy")
    (row,) = answer.json["errors"]
    assert row["where"].startswith("consumer.yaml: rules[")
    assert "30,000 words and signs" in row["message"]


def test_who_proposes_while_another_policy_is_checked_is_told_when_to_come_again(
    client: Any, keys: dict[str, Headers], fresh: Store
) -> None:
    with fresh.proposals.take_turn() as mine:
        assert mine
        answer = publish(client, keys)
        proposal = fresh.proposals.list_proposals(1)[0].policy
        approval = client.post(f"/v1/policies/{proposal}/approve", json={}, headers=keys["approver"])
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json["detail"].startswith("Another policy is being checked just now.")
    assert "Prefer: respond-async" in answer.json["detail"]
    assert approval.json["detail"] == "This policy serves already, as release 1.", "which nothing need be replayed for"


def test_who_is_not_answered_in_time_is_told_how_to_ask_again(
    client: Any, keys: dict[str, Headers], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy_check_process, "DEADLINE_S", 0.01)
    answer = publish(client, keys)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json["detail"] == f"There was no time to check the policy; it was not proposed. {INSTEAD}"


def later(client: Any, path: str, body: Any, headers: Headers) -> Any:
    return client.post(path, json=body, headers=headers | {"Prefer": 'foo="a,b", Respond-Async; x=1'})


def ended(app: Flask, client: Any, asked: Any, headers: Headers) -> Any:
    """What the address of an answer that comes later tells once the runner has been there."""
    while app.extensions["fourcast"].policy_jobs.work(lambda: False):
        pass
    found = client.get(asked.headers["Location"], headers=headers)
    fits(PolicyJobAnswer, found)
    assert "Retry-After" not in found.headers
    return found.json


def test_who_would_rather_be_told_later_is_told_what_would_have_come_at_once(
    app: Flask, client: Any, keys: dict[str, Headers], fresh: Store
) -> None:
    asked = later(client, "/v1/policies", {"documents": documents(), "note": "autumn"}, keys["author"])
    fits(PolicyJobAnswer, asked)
    assert (asked.status_code, asked.json["state"], asked.headers["Retry-After"]) == (202, "queued", "2")
    assert asked.headers["Preference-Applied"] == "respond-async"
    waits = client.get(asked.headers["Location"], headers=keys["author"])
    assert (waits.json, waits.headers["Retry-After"]) == (asked.json, "2")
    assert fresh.jobs.list_jobs(None, 10) == [], "no campaign's program sees it, or stops it"
    found, stored = ended(app, client, asked, keys["author"]), client.get("/v1/policies", headers=keys["writer"])
    answer, name = found["answer"], found["answer"]["body"]["policy"]
    assert (found["state"], answer["status"], answer["location"]) == ("done", 201, f"/v1/policies/{name}")
    body = dict(answer["body"])
    assert "calendar.yaml" in str(body.pop("warnings") or "calendar.yaml"), "none, or the calendar's end"
    assert body == stored.json["policies"][0] | {"needs": [], "signatures": [], "withdrawn": None}
    assert "documents" not in fresh.jobs.read(found["id"]).request, "a policy lies in one place"
    for who in ("writer", "approver"):
        assert client.get(asked.headers["Location"], headers=keys[who]).status_code == 404, who

    path = f"/v1/policies/{name}/approve"
    at_once = client.post(path, json={}, headers=keys["author"])
    own, others = later(client, path, {}, keys["author"]), later(client, path, {"note": "yes"}, keys["approver"])
    refused = ended(app, client, own, keys["author"])
    assert (refused["state"], refused["answer"]["status"]) == ("refused", 409)
    assert refused["answer"]["body"] | {"trace_id": ""} == at_once.json | {"trace_id": ""}
    assert refused["answer"]["body"]["trace_id"] == own.headers["X-Request-Id"], "the trace of who asked"
    done = ended(app, client, others, keys["approver"])
    assert (done["state"], done["answer"]["status"]) == ("done", 200)
    gate = done["answer"]["body"].pop("gate")
    assert (gate["verdict"], gate["decisions"]) == ("open", 0)
    assert done["answer"]["body"] == {"id": 2, "policy": name, "bundle": None, "prices": {}}
    assert fresh.releases.active() is not None and fresh.releases.active().policy == name  # type: ignore[union-attr]
    assert later(client, f"/v1/policies/{'f' * 64}/approve", {}, keys["approver"]).status_code == 404


def test_a_broken_policy_is_refused_later_with_every_problem(app: Flask, client: Any, keys: dict[str, Headers]) -> None:
    broken = {"documents": documents(2.1) | {"strategies": 7}}
    asked = later(client, "/v1/policies", broken, keys["author"])
    found = ended(app, client, asked, keys["author"])
    at_once = client.post("/v1/policies", json=broken, headers=keys["author"])
    assert (found["state"], found["answer"]["status"]) == ("refused", 422)
    assert found["answer"]["body"] | {"trace_id": ""} == at_once.json | {"trace_id": ""}


def test_ten_proposals_of_a_client_may_wait_and_what_waited_for_an_hour_is_not_carried_out(
    app: Flask, client: Any, keys: dict[str, Headers], fresh: Store
) -> None:
    asked = [later(client, "/v1/policies", {"documents": {}}, keys["author"]) for _ in range(11)]
    assert [one.status_code for one in asked] == [202] * 10 + [429]
    assert "it may have 10" in asked[-1].json["detail"]
    assert fresh.jobs.add("anna", None, {}, ["c-1"]).state == "queued", "another kind of job is counted by itself"
    execute(fresh.url, "UPDATE jobs SET created_at = created_at - 3600001")
    found = ended(app, client, asked[0], keys["author"])
    assert (found["state"], found["answer"]["status"]) == ("failed", 503)
    assert found["answer"]["body"]["detail"].startswith("Nobody took it up for an hour")


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({}, "documents"),
        ({"documents": []}, "documents"),
        ({"documents": {}, "notes": ""}, "notes"),
        ({"documents": {}, "note": "x" * 501}, "note"),
        ([], ""),
    ],
)
def test_a_body_that_does_not_fit_is_told_where(client: Any, keys: dict[str, Headers], body: Any, where: str) -> None:
    answer = client.post("/v1/policies", json=body, headers=keys["author"])
    assert answer.status_code == 422
    assert where in [row["where"] for row in answer.json["errors"]]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/policies/{}"),
        ("GET", "/v1/policies/{}/diff"),
        ("POST", "/v1/policies/{}/simulate"),
        ("POST", "/v1/policies/{}/approve"),
        ("GET", "/v1/policies/active/diff?with={}"),
    ],
)
def test_an_unknown_hash_is_not_found(client: Any, keys: dict[str, Headers], method: str, path: str) -> None:
    active = client.get("/v1/releases", headers=keys["approver"]).json["releases"][0]["policy"]
    url = path.format("f" * 64).replace("active", active)
    answer = client.open(url, method=method, json={} if method == "POST" else None, headers=keys["approver"])
    assert (answer.status_code, answer.json["type"]) == (404, "urn:fourcast:problem:not-found")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("POST", "/v1/policies", {"author", "writer", "everything"}),
        ("GET", "/v1/policies", {"author", "writer", "approver", "officer", "everything"}),
        ("GET", "/v1/releases", {"author", "writer", "approver", "officer", "everything"}),
        ("POST", "/v1/releases/rollback", {"author", "approver", "everything"}),
        ("POST", "/v1/policies/p/sign", {"officer", "everything"}),
        ("POST", "/v1/policies/p/withdraw", {"author", "approver", "everything"}),
    ],
)
def test_who_may_do_what(client: Any, keys: dict[str, Headers], method: str, path: str, allowed: set[str]) -> None:
    for who, headers in keys.items():
        answer = client.open(path, method=method, json={"x": 1} if method == "POST" else None, headers=headers)
        assert (answer.status_code != 403) == (who in allowed), who


def test_a_policy_beside_itself_changes_nobody(client: Any, keys: dict[str, Headers]) -> None:
    active = client.get("/v1/releases", headers=keys["approver"]).json["releases"][0]["policy"]
    headers = keys["approver"] | {"Idempotency-Key": f"beside-itself-{active}"}
    answer = client.post(f"/v1/policies/{active}/simulate", json={"customers": 10}, headers=headers)
    fits(SimulationAnswer, answer)
    assert answer.json["unchanged"] is True
    again = client.post(f"/v1/policies/{active}/simulate", json={"customers": 10}, headers=headers)
    assert (again.data, again.headers["Idempotency-Replayed"]) == (answer.data, "true")
    assert answer.json["customers"] == len(CUSTOMERS)


def test_a_simulation_shows_who_is_served_differently(client: Any, keys: dict[str, Headers]) -> None:
    changed = documents()
    changed["catalogue"]["offers"] = [
        {**offer, "lever": 10.0} if offer["id"] == "term-24m" else offer for offer in changed["catalogue"]["offers"]
    ]
    name = client.post("/v1/policies", json={"documents": changed}, headers=keys["author"]).json["policy"]
    answer = client.post(f"/v1/policies/{name}/simulate", json={"channel": "mobile_app"}, headers=keys["approver"])
    fits(SimulationAnswer, answer)
    assert answer.json["first_changed"] == 3, "all but the dead"
    assert {move["new"] for move in answer.json["moves"]} == {"term-24m"}
    assert [row["name"] for row in answer.json["starved"]] == ["not-deceased"]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"customers": 0}, "customers"),
        ({"customers": 10_001}, "customers"),
        ({"customers": True}, "customers"),
        ({"customers": 1.5}, "customers"),
        ({"limit": "3"}, "limit"),
        ({"chanel": "sms"}, "chanel"),
    ],
)
def test_a_simulation_has_bounds(client: Any, keys: dict[str, Headers], body: Any, where: str) -> None:
    answer = client.post(f"/v1/policies/{'f' * 64}/simulate", json=body, headers=keys["approver"])
    assert answer.status_code == 422
    assert [row["where"] for row in answer.json["errors"]] == [where]


def test_a_simulation_takes_fewer_customers_the_larger_its_policies_are(
    client: Any, keys: dict[str, Headers], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both policies are the shipped one, so each customer costs its rules x offers x channels twice."""
    shipped = load(DEFAULT)
    once = len(shipped.rules) * len(shipped.offers) * len(shipped.channels)
    monkeypatch.setattr(simulation, "MOST_WORK", 2 * once * 100)
    url = f"/v1/policies/{shipped.hash}/simulate"
    assert client.post(url, json={"customers": 100}, headers=keys["approver"]).status_code == 200
    answer = client.post(url, json={"customers": 101}, headers=keys["approver"])
    assert answer.status_code == 422
    (row,) = answer.json["errors"]
    assert row["where"] == "customers"
    assert row["message"] == "must be at most 100 with policies of this size; the command line takes more"


def test_a_simulation_in_a_channel_that_does_not_exist_is_refused(client: Any, keys: dict[str, Headers]) -> None:
    active = client.get("/v1/releases", headers=keys["approver"]).json["releases"][0]["policy"]
    answer = client.post(f"/v1/policies/{active}/simulate", json={"channel": "pigeon"}, headers=keys["approver"])
    assert answer.status_code == 422
    assert "pigeon" in answer.json["detail"]
