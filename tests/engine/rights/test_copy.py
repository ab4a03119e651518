"""A copy of everything about a customer: every table that names them is in it, or left out on a ground."""

from typing import Any

import orjson
import pytest

from service.core.domain import Event, EventKind
from service.core.errors import InvalidInput, NotFound
from service.engine.engine import Engine
from service.engine.rights.copy import CopyRequest
from service.engine.rights.preferences import purposes_of
from service.rendering.copy_page import COLUMNS, TITLES, write_page
from service.rules.policy import DEFAULT, load
from service.store import ConsentWords
from service.store.customers.copy import LEFT_OUT, PROFILE, SECTIONS, tables_of_customers
from service.store.customers.objections import OUTCOMES, STATES
from service.store.events.contact_rows import STATES as CONTACT_STATES
from tests.engine.conftest import House, offers


def read(engine: Engine, customer: str, language: str = "en", **more: Any) -> dict[str, Any]:
    return engine.copies.read(CopyRequest(customer, "app", language, **more))


def rows(engine: Engine, customer: str, section: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(engine, customer)["sections"][section]["rows"]
    return found


def event(customer: str, number: int) -> Event:
    return Event(
        f"{customer}-{number}", customer, EventKind.CLICK, 1_790_000_000_000 + number, "term-12m", "mobile_app"
    )


def test_every_column_about_a_customer_is_copied_or_left_out_on_a_ground() -> None:
    copied = {f"{one.table.name}.{column}" for one in SECTIONS for column in one.columns}
    copied |= {f"customers.{column}" for column in PROFILE}
    every = {f"{table.name}.{column.name}" for table in tables_of_customers() for column in table.c}
    named = {one for one in every if one.endswith((".customer_id", "customers.id"))}
    assert every - copied - named == LEFT_OUT.keys(), "a row of SECTIONS, or of LEFT_OUT with its ground"
    assert not copied & LEFT_OUT.keys()
    assert all(ground["zh"] and ground["en"] for ground in LEFT_OUT.values())


def test_every_section_and_column_has_its_words() -> None:
    assert {section.name for section in SECTIONS} <= TITLES.keys()
    assert {column.key for one in SECTIONS for column in one.selected} - {"record"} <= COLUMNS.keys()


def test_it_holds_what_is_stored_of_the_customer_with_its_source(house: House, customer: str) -> None:
    worker = house.worker()
    worker.preferences.say(customer, ConsentWords({"marketing:sms": True}, "app", "7"))
    worker.record_events([event(customer, 1)])
    decided = offers(worker, customer)
    found = read(worker, customer)
    assert {one["attribute"]: one["value"] for one in found["attributes"]}["demand_yuan"] == 180_000.0
    assert next(one for one in found["attributes"] if one["attribute"] == "age")["name"] == "age"
    assert {one["label"] for one in found["labels"]} >= {"stage", "target:savers"}
    sections = {name: section["rows"] for name, section in found["sections"].items()}
    assert sections["consents"][0]["purpose"] == "marketing:sms"
    assert sections["consents"][0]["at"].endswith("+08:00")
    assert [one["kind"] for one in sections["events"]] == ["click"]
    (decision,) = sections["decisions"]
    assert decision["id"] == decided["decision_id"]
    assert [one["offer"] for one in decision["offers"]] == [one["offer"] for one in decided["offers"]]
    assert decision["offers"][0]["reasons"]
    assert {"attribute": "age", "name": "age", "value": 44} in decision["read"]


def test_neither_margin_nor_score_of_the_bank_is_in_it_and_it_says_so(house: House, customer: str) -> None:
    worker = house.worker()
    offers(worker, customer)
    found = read(worker, customer)
    text = orjson.dumps(found["sections"]["decisions"]).decode()
    assert not [
        word for word in ("priority", "propensity", "fit", "price", "scores", "withheld") if f'"{word}"' in text
    ]
    assert any("margin" in one["ground"] for one in found["left_out"])
    assert any("商业秘密" in one["ground"] for one in read(worker, customer, "zh")["left_out"])


def test_a_long_history_is_paged_and_nothing_of_it_is_lost(house: House, customer: str) -> None:
    worker = house.worker()
    worker.record_events([event(customer, number) for number in range(450)])
    seen, after = [], ()
    for _ in range(3):
        page = read(worker, customer, part="events", after=after)["sections"]["events"]
        seen += [one["id"] for one in page["rows"]]
        after = tuple(page["next"] or ())
    assert after == ()
    assert seen == [f"{customer}-{number}" for number in range(450)]
    with worker.copies.open_copy(CopyRequest(customer, "cli", "en")) as opened:
        whole = [row for name, page in opened.read_whole() if name == "events" for row in page]
    assert [row["id"] for row in whole] == seen


def test_what_is_written_while_a_copy_is_read_is_in_no_part_of_it(house: House, customer: str) -> None:
    worker, other = house.worker(), house.worker()
    worker.record_events([event(customer, 1)])
    with worker.copies.open_copy(CopyRequest(customer, "cli", "en")) as opened:
        pages = opened.read_whole()
        first = next(pages)
        other.preferences.say(customer, ConsentWords({"marketing:sms": True}, "app", "7"))
        other.record_events([event(customer, 2)])
        offers(other, customer)
        told = dict([first, *pages])
    assert (told["consents"], told["decisions"]) == ([], [])
    assert [one["id"] for one in told["events"]] == [f"{customer}-1"]
    assert opened.head["revision"] < read(worker, customer)["revision"]
    assert len(rows(worker, customer, "events")) == 2


def test_each_copy_is_on_record_and_the_next_copy_tells_of_it(house: House, customer: str) -> None:
    worker = house.worker()
    read(worker, customer, behalf="adviser-17")
    told = rows(worker, customer, "writes")
    assert [(one["actor"], one["action"]) for one in told][-2:] == [("app", "customer.copy")] * 2
    newest = worker.store.audit.list_rows(2)
    assert newest[1]["detail"]["on_behalf_of"] == "adviser-17"
    assert customer not in newest[1]["subject"]


def test_nobody_has_no_copy_and_no_page_is_made_up(house: House, customer: str) -> None:
    worker = house.worker()
    with pytest.raises(NotFound):
        read(worker, "nobody")
    for wrong in ({"part": "secrets"}, {"after": (1,)}, {"part": "events", "after": ("x",)}):
        with pytest.raises(InvalidInput):
            read(worker, customer, **wrong)


def test_the_page_is_safe_to_open_and_to_copy_into_a_spreadsheet() -> None:
    nasty = "<script>alert(1)</script>", "=HYPERLINK(1)", '"><img src=x onerror=y>'
    head = {"customer_id": nasty[0], "at": nasty[2], "left_out": [{"what": nasty[0], "ground": nasty[1]}]}
    sections = [("events", [{"id": text, "score": {text: [text, True, None]}} for text in nasty]), ("surveys", [])]
    for language in ("zh", "en"):
        page = "".join(write_page(head, sections, language, {"events": '/v1?a="b"&c'}))
        assert "<script" not in page and "<img" not in page and ">=HYPERLINK" not in page
        assert 'href="/v1?a=&quot;b&quot;&amp;c"' in page
        assert page.count("<h2>") == 3


def test_a_cell_with_several_values_names_them_in_the_readers_language() -> None:
    head = {"customer_id": "c", "at": "now", "left_out": []}
    sections = [("decisions", [{"offers": [{"offer": "term-12m", "reasons": ["r"]}], "read": [{"value": 49.0}]}])]
    for language, cells in (
        ("zh", ("产品: term-12m", "理由: r", "内容: 49<")),
        ("en", ("offer: term-12m", "value: 49<")),
    ):
        page = "".join(write_page(head, sections, language, {}))
        assert all(cell in page for cell in cells)


def test_the_page_tells_the_policys_names_and_no_codes(house: House, customer: str) -> None:
    worker = house.worker()
    worker.preferences.say(customer, ConsentWords({"marketing:sms": True, "contact": True}, "app", "7"))
    worker.record_events([event(customer, 1)])
    offers(worker, customer)
    with worker.copies.open_copy(CopyRequest(customer, "app", "zh")) as opened:
        page = "".join(write_page(opened.head, opened.read_whole(), "zh", {}, opened.names))
    told = page[: page.index(TITLES["feed"]["zh"])]
    for code in ("marketing:sms", "mobile_app", ">click<", "term-12m<", "target:savers", "demand_yuan"):
        assert code not in told, code
    for words in ("通过短信接收推荐", "手机银行", "点击"):
        assert words in told, words


def test_every_code_of_the_services_own_has_a_name(house: House) -> None:
    names = house.worker().copies.name_codes("zh")
    assert {str(kind) for kind in EventKind} <= names["kind"].keys()
    assert set(STATES) | set(CONTACT_STATES) <= names["state"].keys()
    assert {*OUTCOMES, *STATES} <= names["outcome"].keys()
    assert set(purposes_of(load(DEFAULT))) <= names["purpose"].keys()
    assert not any(word.isascii() for column in names.values() for word in column.values())
