"""Objections over REST: a customer objects and reads the answer; the bank's people list by deadline and answer."""

from typing import Any

Keys = dict[str, dict[str, str]]
PATH = "/v1/customers/c-1/objections"
SAID = {"outcome": "rejected", "answer": "该产品符合您的风险承受能力。", "on_behalf_of": "officer-3"}


def decided(client: Any, keys: Keys, customer: str = "c-1") -> str:
    answer = client.get(f"/v1/customers/{customer}/offers", headers=keys["app"])
    return str(answer.json["decision_id"])


def test_a_customer_objects_is_answered_by_a_person_and_reads_it(client: Any, keys: Keys) -> None:
    body = {"decision_id": decided(client, keys), "objection": "我不需要这个\n谢谢"}
    made = client.post(PATH, headers=keys["own"], json=body)
    assert made.status_code == 201, made.text
    assert (made.json["state"], made.json["overdue"]) == ("open", False)
    again = client.post(PATH, headers=keys["own"], json=body)
    assert (again.status_code, again.json) == (200, made.json)
    where = f"/v1/objections/{made.json['objection_id']}/answer"
    assert client.post(where, headers=keys["own"], json=SAID).status_code == 403
    listed = client.get("/v1/objections", headers=keys["branch"]).json["objections"]
    assert made.json["case"] in [one["case"] for one in listed]
    assert client.post(where, headers=keys["branch"], json=SAID).status_code == 200
    read = client.get(f"{PATH}/{made.json['objection_id']}", headers=keys["own"]).json
    assert (read["state"], read["outcome"], read["reviewer"]) == ("answered", "rejected", "officer-3")
    assert client.post(f"{PATH}/{made.json['objection_id']}/withdraw", headers=keys["own"]).status_code == 409
    assert client.get(PATH, headers=keys["own"]).json["objections"][0]["answer"] == SAID["answer"]


def test_a_branch_neither_sees_nor_answers_another_branchs_cases(client: Any, keys: Keys) -> None:
    body = {"decision_id": decided(client, keys, "c-2"), "objection": "no"}
    made = client.post("/v1/customers/c-2/objections", headers=keys["app"], json=body).json
    listed = client.get("/v1/objections", headers=keys["branch"]).json["objections"]
    assert made["case"] not in [one["case"] for one in listed]
    where = f"/v1/objections/{made['objection_id']}/answer"
    assert client.post(where, headers=keys["branch"], json=SAID).status_code == 404
    assert client.get("/v1/objections?branch=huli", headers=keys["branch"]).status_code == 403
    pages, query = [], "?limit=1"
    while query:
        answer = client.get(f"/v1/objections{query}", headers=keys["app"]).json
        pages += [one["case"] for one in answer["objections"]]
        query = f"?limit=1&cursor={answer['next']}" if answer["next"] else ""
    assert made["case"] in pages and len(pages) == len(set(pages))


def test_who_is_not_the_customer_does_not_object_for_them(client: Any, keys: Keys) -> None:
    body = {"decision_id": decided(client, keys, "c-2"), "objection": "no"}
    assert client.post("/v1/customers/c-2/objections", headers=keys["own"], json=body).status_code == 403
    assert client.post(PATH, headers=keys["own"], json=body).status_code == 404
    assert client.post(PATH, headers=keys["reader"], json=body).status_code == 403
    assert client.post(PATH, headers=keys["own"], json={"objection": "no"}).status_code == 422
