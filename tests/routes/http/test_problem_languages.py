"""Problems in the language that the caller likes: which one, what is told in it, and that no sentence lacks a row."""

import inspect
import json
import json.decoder
from collections.abc import Iterator
from typing import Any

import jwt.api_jws
import jwt.api_jwt
import jwt.exceptions
import marshmallow.fields
import marshmallow.schema
import pytest
import werkzeug.exceptions
import yaml
from marshmallow import fields

from service.core.attributes import parse_table
from service.core.errors import InvalidInput, NotFound, Problem
from service.rendering.readers.words import UNHEARD
from service.routes.governance.policies.proposals import INSTEAD
from service.routes.http.fields import Strict
from service.routes.http.headers.languages import choose_language
from service.routes.http.problems import answer_error, item_problem
from service.routes.http.request_context import begin_request
from service.routes.http.translation import PHRASES, SENTENCES, Catalogue, catalogue, rows
from service.rules.policy import DEFAULT
from tests.routes.http.sentences import HOLE, literals, returned, served, shape

Headers = dict[str, str]
OFFERS = "/v1/customers/c-1/offers"

FOLLOWED_ELSEWHERE = {
    "service/runtime/child_process.py: message",
    "service/engine/releases/governance.py: patience.told('Another policy is being checked just now.')",
    "service/engine/releases/policy_check_process.py: words",
    "service/routes/governance/policies/jobs.py: str(job.error)",
    "service/engine/releases/fairness/gate_process.py: words",
    "service/engine/releases/value_gate_process.py: words",
    "service/engine/crm/customers.py: fault.message",
    "service/engine/playground.py: one.message",
    "service/routes/offers/events.py: error.message",
    "service/routes/http/fields.py: sentence",
    "service/routes/http/fields.py: str(message)",
    "service/routes/health.py: Unavailable.title",
    "service/routes/health.py: word",
    "service/routes/crm/jobs.py: fault",
    "service/routes/offers/visitors.py: {number: {'id': [\"must not hold the device's id\"]} for number in telling}",
    "service/store/customers/repository.py: said",
    "service/analysis/model_gate.py: 'the challenger is not fit to serve:\\n  ' + '\\n  '.join(self.lines)",
    "service/engine/releases/challenger.py: "
    "'lacks ' + ', '.join(sorted(missing)) if channel.id in has else 'is missing'",
}
"""What passes on the words of another, looked at where they are said; the reasons of the bank's own policy."""
PUT_TOGETHER = ("a finite number ({})", "a number {} to {} ({})", "{} or {}", "{} or {} or {}", f"{{}} {INSTEAD}")
LIBRARIES = (marshmallow.fields, marshmallow.schema, marshmallow.validate, werkzeug.exceptions, json.decoder)
TOKENS = (jwt.api_jws, jwt.api_jwt, jwt.exceptions)
BROKEN = ["", '{"a" 1}', '{"a": 1 "b"}', "{a: 1}", "{} {}", '"a', '"\x01"', r'"\x"', r'"\u12"', "\ufeff{}"]


@pytest.mark.parametrize(
    ("accepted", "spoken"),
    [
        (None, "en"),
        ("", "en"),
        ("en", "en"),
        ("zh", "zh"),
        ("zh-CN", "zh"),
        ("ZH-Hant-TW", "zh"),
        ("fr", "en"),
        ("*", "en"),
        ("fr, zh;q=0.2", "zh"),
        ("en-GB;q=0.3, zh-CN", "zh"),
        ("zh;q=0.3, en-GB", "en"),
        ("zh;q=0", "en"),
        ("en;q=0", "zh"),
        ("en;q=0, *", "zh"),
        ("zh;q=0.1, *", "en"),
        ("zh;q=0, en;q=0", "en"),
        ("*;q=0", "en"),
        (";;;q=x", "en"),
        ("zh;q=nan, en;q=inf, =;,", "en"),
        ("zh;q=1e999", "en"),
        ("\x7f\xff,\xe4\xb8\xad", "en"),
        ("a" * 5000 + ",zh", "en"),
    ],
)
def test_a_problem_is_told_in_the_language_that_the_caller_likes(
    client: Any, keys: dict[str, Headers], accepted: str | None, spoken: str
) -> None:
    headers = keys["app"] | ({} if accepted is None else {"Accept-Language": accepted})
    answer = client.get("/v1/customers/c-none/offers", headers=headers)
    assert answer.json["type"] == "urn:fourcast:problem:not-found"
    assert (answer.json["title"], answer.json["detail"]) == {
        "en": ("Not found", 'No customer "c-none". Import customers first, or check the id.'),
        "zh": ("未找到", "没有客户“c-none”。请先导入客户，或核对编号。"),
    }[spoken]
    assert answer.headers["Content-Language"] == spoken
    assert "Accept-Language" in answer.headers["Vary"]


@pytest.mark.parametrize(("accepted", "spoken"), [("zh;q=0", "en"), ("zh;q=0, *", "en"), ("en;q=0", "zh"), ("*", "zh")])
def test_offers_too_are_not_in_a_language_that_the_caller_refuses(accepted: str, spoken: str) -> None:
    assert choose_language(accepted) == spoken


@pytest.mark.parametrize(
    ("status", "method", "path", "sent", "key"),
    [
        (400, "POST", "/v1/events", {"data": '{"a": 1 "b"}', "content_type": "application/json"}, "app"),
        (400, "POST", "/v1/events", {"data": '{"a": 1, "a": 2}', "content_type": "application/json"}, "app"),
        (401, "GET", OFFERS, {}, None),
        (403, "POST", "/v1/events", {"json": {}}, "reader"),
        (403, "GET", "/v1/customers/c-2/offers", {}, "own"),
        (404, "GET", "/v1/nothing", {}, "app"),
        (405, "PUT", "/v1/events", {}, "app"),
        (413, "POST", "/v1/events", {"data": b" " * 2_000_000, "content_type": "application/json"}, "app"),
        (415, "POST", "/v1/events", {"data": "x"}, "app"),
        (422, "GET", f"{OFFERS}?limit=99&chanel=x&explain=maybe&shap=true", {}, "app"),
        (422, "POST", "/v1/events", {"json": {"events": [{"id": 7, "kind": "click", "at": "soon"}]}}, "app"),
        (422, "POST", "/v1/events", {"json": {"events": {}}}, "app"),
        (422, "GET", f"{OFFERS}?channel=mobil_app", {}, "app"),
    ],
)  # fmt: skip
def test_every_kind_of_problem_says_the_same_in_both_languages(
    client: Any, keys: dict[str, Headers], status: int, method: str, path: str, sent: Any, key: str | None
) -> None:
    both = []
    for spoken in ("en", "zh"):
        headers = ({} if key is None else keys[key]) | {"Accept-Language": spoken}
        answer = client.open(path, method=method, headers=headers, **sent)
        assert (answer.status_code, answer.headers["Content-Language"]) == (status, spoken)
        both.append(answer.json)
    english, chinese = both
    assert [row["where"] for row in chinese.get("errors", ())] == [row["where"] for row in english.get("errors", ())]
    assert (list(chinese), chinese["type"], chinese["status"]) == (list(english), english["type"], english["status"])
    for told, same in ((chinese, english), *zip(chinese.get("errors", ()), english.get("errors", ()), strict=True)):
        for name in {"title", "detail", "message"} & told.keys():
            assert any("一" <= sign <= "鿿" for sign in told[name]) and told[name] != same[name]


def test_an_unforeseen_failure_is_told_in_chinese_too(app: Any) -> None:
    with app.test_request_context("/", headers={"Accept-Language": "zh"}) as context:
        begin_request(context.request.environ)
        answer = answer_error(type("Unforeseen", (InvalidInput,), {"status": 500, "title": "Internal error"})("secret"))
    assert (answer.json or {})["detail"] == "这是服务端的故障，不是您的请求有误。报告问题时请提供 trace_id。"


def test_what_has_no_row_stays_english_and_the_header_says_so(app: Any) -> None:
    with app.test_request_context("/", headers={"Accept-Language": "zh"}) as context:
        begin_request(context.request.environ)
        answer = answer_error(NotFound("Nobody wrote this.", [Problem("a", "is required")]))
    assert answer.headers["Content-Language"] == "zh, en"
    assert (answer.json or {})["detail"] == "Nobody wrote this."
    assert (answer.json or {})["errors"] == [{"where": "a", "message": "为必填项"}]


def test_the_items_of_a_list_are_told_in_the_language_too(
    client: Any, keys: dict[str, Headers], make_event: Any
) -> None:
    sent = {"events": [make_event(), make_event(customer_id="c-none")]}
    answer = client.post("/v1/events", json=sent, headers=keys["app"] | {"Accept-Language": "zh"})
    assert answer.status_code == 201
    assert "Accept-Language" in answer.headers["Vary"]
    assert answer.json["events"][1]["problem"]["detail"] == "没有客户“c-none”。请先导入客户，或核对编号。"
    with client.application.test_request_context("/"):
        assert item_problem(NotFound('No job "7".'))["detail"] == 'No job "7".'


def test_what_a_sentence_quotes_is_the_same_whatever_it_holds() -> None:
    told = catalogue().translate
    assert told('No job "x". y".').text == '没有任务“x". y”。'
    assert told("must be from 1 to 10, got 11, got 12").text == "必须为 1 至 10，实际为 11, got 12"
    assert told('expected one of a, b; got ""; did you mean "{names}"?').text == (
        "应为以下之一：a, b；实际为“”；是否指“{names}”？"
    )
    assert told('This key lacks the scope "a:b" or "c:d".').text == '该密钥缺少权限范围 "a:b" 或 "c:d"。'
    assert told(f"Another policy is being checked just now. {INSTEAD}").whole
    assert told("PostgreSQL failed: such is life").whole is False
    deep = Catalogue({"{a} and {b}": "{~a}，{~b}"}, {})
    assert deep.translate("a and b and c and d and e and f").text == "a，b，c，d and e and f"


def test_every_sentence_that_a_problem_can_hold_has_a_chinese_row() -> None:
    sentences = {shape(english) for name in SENTENCES for english in rows(name)}
    known = sentences | {shape(english) for english in rows(PHRASES)}
    said, not_followed = served()
    assert not_followed == FOLLOWED_ELSEWHERE
    lacking = [
        told.template
        for told in said
        if not (told.template in sentences and known.issuperset(told.inside))
        and not (told.spelt and sentences.issuperset(told.spelt))
    ]
    assert not lacking
    assert known >= returned()
    assert len(said) > 300


def test_no_row_is_dead_and_each_quotes_the_same_in_both_languages() -> None:
    said = {text for told in served()[0] for text in (told.template, *told.spelt, *told.inside)}
    alive = said | returned() | literals() | set(PUT_TOGETHER)
    libraries = "\n".join(inspect.getsource(one) for one in (*LIBRARIES, *TOKENS)) + "\n".join(broken_json())
    for name in (*SENTENCES, PHRASES):
        for english, chinese in rows(name).items():
            parts = shape(english).split(HOLE)
            assert shape(english) in alive or all(part in libraries for part in parts), english
            assert names(english) == names(chinese), english
            assert "}{" not in english, "nobody could tell where one ends"


def broken_json() -> Iterator[str]:
    """What Python says of JSON that is none."""
    for text in BROKEN:
        with pytest.raises(json.JSONDecodeError) as caught:
            json.loads(text)
        yield caught.value.msg


def test_what_libraries_say_of_json_and_fields_has_a_chinese_row() -> None:
    for reason in broken_json():
        assert catalogue().translate(f"The body is not JSON: line 1, column 1: {reason}.").whole, reason
    for field in set(map(type, every_field())) | {Strict}:
        for message in getattr(field, "default_error_messages", {}).values():
            assert catalogue().translate(message).whole, (field, message)
    for field in every_field():
        for rule in field.validators:
            assert catalogue().translate(str(getattr(rule, "error", None) or "is required")).whole, (field.name, rule)


def test_what_does_not_fit_an_attribute_is_told_in_chinese() -> None:
    table = parse_table(yaml.safe_load((DEFAULT / "attributes.yaml").read_text()))
    wrong: dict[str, object] = {one.name: object for one in table.attributes}
    problems = table.check(wrong | {"nonsense": 1, "agee": 1, table.features[0].name: 1})
    assert len({problem.message for problem in problems}) > 8
    for problem in problems:
        assert catalogue().translate(problem.message).whole, problem.message


def every_field() -> Iterator[fields.Field[Any]]:
    """The fields of every schema that reads what comes from outside."""
    waiting: list[type[Strict]] = [Strict]
    for schema in waiting:
        waiting += schema.__subclasses__()
        for field in schema().fields.values():
            yield field
            yield from (one for one in (getattr(field, "inner", None), getattr(field, "value_field", None)) if one)


def names(text: str) -> list[str]:
    """The names of what a row quotes."""
    return sorted(part.partition("}")[0].strip("~") for part in text.split("{")[1:])


def test_no_chinese_row_sounds_like_a_salesman_or_an_analyst() -> None:
    unheard = UNHEARD["analyst"]["zh"]
    said = [chinese for name in (*SENTENCES, PHRASES) for chinese in rows(name).values()]
    assert [one for one in said if any(word in one for word in unheard)] == []
