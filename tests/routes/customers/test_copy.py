"""GET copy and copy.html: everything about a customer, to programs and to read, for the customer and the bank alone."""

from typing import Any

Keys = dict[str, dict[str, str]]
PATH = "/v1/customers/c-1/copy"


def test_a_customers_own_key_gets_their_copy_and_nobody_elses(client: Any, keys: Keys) -> None:
    answer = client.get(PATH, headers=keys["own"])
    assert (answer.status_code, answer.headers["Content-Language"]) == (200, "zh")
    assert answer.headers["Cache-Control"] == "no-store"
    assert {one["attribute"] for one in answer.json["attributes"]} >= {"age", "branch_id"}
    assert client.get("/v1/customers/c-2/copy", headers=keys["own"]).status_code == 403


def test_a_branch_copies_its_own_customers_alone_and_the_copy_says_so(client: Any, keys: Keys) -> None:
    assert client.get("/v1/customers/c-2/copy", headers=keys["branch"]).status_code == 404
    looks = client.get(PATH, headers=keys["branch"]).json["sections"]["looks"]["rows"]
    assert (looks[-1]["client"], looks[-1]["allowed"]) == ("branch", True)
    assert looks[-1]["operation"].endswith("/copy")


def test_who_may_only_read_offers_gets_no_copy(client: Any, keys: Keys) -> None:
    assert client.get(PATH, headers=keys["reader"]).status_code == 403


def test_a_part_is_read_page_by_page(client: Any, keys: Keys, make_event: Any) -> None:
    events = [make_event() for _ in range(205)]
    for first in range(0, 205, 100):
        client.post("/v1/events", headers=keys["app"], json={"events": events[first : first + 100]})
    seen, query = 0, "?part=events"
    while query:
        answer = client.get(PATH + query, headers=keys["app"])
        section = answer.json["sections"]["events"]
        seen += len(section["rows"])
        query = f"?part=events&cursor={section['next']}" if section["next"] else ""
    assert seen == 205
    assert client.get(f"{PATH}?part=events&cursor=AAAA", headers=keys["app"]).status_code == 422
    page = client.get(f"{PATH}.html", headers=keys["app"]).text
    assert f"{PATH}.html?part=events&amp;cursor=" in page


def test_the_page_is_one_document_in_the_readers_language_without_scripts(client: Any, keys: Keys) -> None:
    for language, title in (("zh", "您的个人信息副本"), ("en", "A copy of everything about you")):
        answer = client.get(f"{PATH}.html", headers={**keys["own"], "Accept-Language": language})
        assert answer.content_type == "text/html; charset=utf-8"
        assert f"<h1>{title}</h1>" in answer.text and "<script" not in answer.text
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
