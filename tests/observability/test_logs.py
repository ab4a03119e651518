"""The log tells one request from another and nothing about any customer."""

import json
import logging

from service.runtime.logs import JsonLines
from tests.observability.conftest import SECRETS, Seen


def test_the_story_went_as_told(seen: Seen) -> None:
    statuses = {name: answer.status_code for name, answer in seen.answers.items()}
    assert {statuses.pop("stranger"), statuses.pop("misspelt"), statuses.pop("wrong event")} == {404, 422}
    assert (statuses.pop("broken body"), statuses.pop("event")) == (400, 201)
    assert set(statuses.values()) == {200}


def test_no_line_of_the_log_holds_anything_about_a_customer(seen: Seen) -> None:
    assert [secret for secret in SECRETS if secret in seen.log] == []


def test_each_request_is_one_line_with_the_names_its_answer_bore(seen: Seen) -> None:
    for name, answer in seen.answers.items():
        mine = [row for row in seen.lines if row.get("request_id") == answer.headers["X-Request-Id"]]
        assert [row["status"] for row in mine] == [answer.status_code], name


def test_a_decision_is_found_in_the_log_by_its_id(seen: Seen) -> None:
    fresh = seen.answers["fresh"].json()
    (row, again) = [row for row in seen.lines if row.get("decision_id") == fresh["decision_id"]][:2]
    assert (row["request_id"], row["trace_id"]) == ("app-1", "0af7651916cd43dd8448eb211c80319c")
    assert (row["source"], again["source"]) == ("fresh", "cached")


def test_a_failure_is_logged_with_its_place_and_class_but_not_its_words() -> None:
    try:
        try:
            raise KeyError("zhang-wei-8841")
        except KeyError as cause:
            raise RuntimeError("demand_yuan of zhang-wei-8841 is 183457.25") from cause
    except RuntimeError as failure:
        trio = (type(failure), failure, failure.__traceback__)
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "unexpected failure", (), trio)
    line = JsonLines().format(record)
    steps = json.loads(line)["traceback"]
    assert [step for step in steps if ":" not in step] == ["RuntimeError", "KeyError"]
    assert "test_logs.py" in steps[1]
    assert "zhang" not in line
