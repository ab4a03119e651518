"""The JSON loader against what the outside may send: each poison is refused with its place, nothing else is."""

import gzip
import io
import json
import zlib
from typing import Any

import pytest
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st

from service.core.errors import MOST_PROBLEMS, Malformed, TooLarge, UnsupportedCoding, UnsupportedMedia
from service.routes.http.json_body import MAX_DEPTH, MAX_EXACT, MOST_VALUES, parse, read_json

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-MAX_EXACT, MAX_EXACT)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXT,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(TEXT, below, max_size=4),
    max_leaves=12,
)


def refused(body: bytes) -> list[str]:
    with pytest.raises(Malformed) as caught:
        parse(body)
    return [str(problem) for problem in caught.value.problems] or [caught.value.message]


@given(PLAIN)
def test_what_json_can_say_without_loss_is_read_as_it_is(value: Any) -> None:
    assert parse(json.dumps(value).encode()) == value
    assert parse(json.dumps(value, ensure_ascii=False).encode()) == value


@given(st.binary(max_size=40))
def test_any_bytes_are_either_read_or_refused_in_words(body: bytes) -> None:
    try:
        parse(body)
    except Malformed as error:
        assert error.message


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "The body is not JSON: line 1, column 1: Expecting value."),
        (b'{"a": 1,\n "b" 2}', "The body is not JSON: line 2, column 6: Expecting ':' delimiter."),
        (b'{"a": 1} x', "The body is not JSON: line 1, column 10: Extra data."),
        (b'{"a": \xff}', "The body is not UTF-8: byte 6 cannot be read."),
        (b"\xef\xbb\xbf{}", "The body is not JSON: line 1, column 1: Unexpected UTF-8 BOM (decode using utf-8-sig)."),
        (b'{"a": "\x00"}', "The body is not JSON: line 1, column 8: Invalid control character at."),
        (b"[" * (MOST_VALUES - 1), f"The body is nested deeper than {MAX_DEPTH} levels."),
        (b'{"a":' * (MOST_VALUES - 1), f"The body is nested deeper than {MAX_DEPTH} levels."),
    ],
)
def test_bytes_that_are_no_json_are_refused_with_their_position(body: bytes, sentence: str) -> None:
    assert refused(body) == [sentence]


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b'{"a": {"b": 9007199254740992}}', "a.b"),
        (b'{"a": [0, -9007199254740992]}', "a.1"),
        (b'{"a": ' + b"9" * 5000 + b"}", "a"),
        (b'{"a": NaN}', "a"),
        (b'{"a": [-Infinity]}', "a.0"),
        (b'{"a": 1e999}', "a"),
        (b'{"a": "\\u0000"}', "a"),
        (b'{"a": "\\ud800"}', "a"),
        (b'{"a\\ud800": 1}', "a\\ud800"),
        (b'{"a": {"b": 1, "c": 2, "b": 3}}', "a.b"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), ".".join("0" * MAX_DEPTH)),
    ],
)
def test_json_that_cannot_be_kept_without_loss_is_refused_with_its_path(body: bytes, where: str) -> None:
    (problem,) = refused(body)
    assert problem.startswith(f"{where}: must ")


def test_the_limits_themselves_are_allowed() -> None:
    assert parse(b"9007199254740991") == 2**53 - 1
    assert parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    assert parse('"😀"'.encode()) == "😀"
    assert parse(b'"\\ud83d\\ude00"') == "😀"


def test_all_faults_are_named_at_once() -> None:
    assert len(refused(b'{"a": NaN, "b": "\\u0000", "c": 1e999, "c": 2}')) == 3


def test_a_thousand_faults_do_not_make_a_thousand_sentences() -> None:
    assert len(refused(b"[" + b"NaN," * 1000 + b"NaN]")) == MOST_PROBLEMS


@pytest.mark.parametrize("unit", ["1", "{}", "[]", '""', "1e9", "NaN", '{"a":1,"a":1}', "[[[["])
def test_a_body_of_more_values_than_any_route_takes_is_refused_before_it_is_read(unit: str) -> None:
    with pytest.raises(TooLarge, match="more than 5,000 values, or 5,000 objects"):
        parse(f"[{','.join([unit] * (MOST_VALUES + 1))}]".encode())


@pytest.mark.parametrize("text", ["," * 100_000, "[{," * 100_000, r"\",[" * 100_000, r"\\"])
def test_what_stands_in_a_text_is_one_value(text: str) -> None:
    assert parse(f'["{text}", {{"{text}": "{text}"}}]'.encode())


def test_as_many_values_as_a_route_takes_are_read() -> None:
    assert len(parse(b"[" + b",".join([b"1"] * (MOST_VALUES - 1)) + b"]")) == MOST_VALUES - 1  # type: ignore[arg-type]


# Around the bytes

MAX_BYTES = 4096
APP = Flask(__name__)
APP.config["MAX_CONTENT_LENGTH"] = MAX_BYTES


@pytest.mark.parametrize("media", ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON"])
def test_json_is_read_however_its_media_type_is_spelled(media: str) -> None:
    with APP.test_request_context("/", method="POST", data=b'{"a": 1}', content_type=media):
        assert read_json(request) == {"a": 1}


@pytest.mark.parametrize("media", [None, "text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
def test_another_media_type_is_named_and_refused(media: str | None) -> None:
    with (
        APP.test_request_context("/", method="POST", data=b"{}", content_type=media),
        pytest.raises(UnsupportedMedia, match="application/json"),
    ):
        read_json(request)


def test_a_body_of_the_largest_size_is_read_and_one_byte_more_is_not() -> None:
    body = b'"' + b"x" * (MAX_BYTES - 2) + b'"'
    with APP.test_request_context("/", method="POST", data=body, content_type="application/json"):
        assert read_json(request) == "x" * (MAX_BYTES - 2)
    with (
        APP.test_request_context("/", method="POST", data=body + b" ", content_type="application/json"),
        pytest.raises(TooLarge, match="4096 bytes"),
    ):
        read_json(request)


# Packed

PLAIN_BODY = b'{"a": 1}'


def packed(body: bytes, coding: str, chunked: bool = False) -> Any:
    """What is read of a body sent with this Content-Encoding."""
    more: dict[str, Any] = {"data": body}
    if chunked:
        environ = {"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
        more = {"input_stream": io.BytesIO(body), "environ_overrides": environ}
    headers = {"Content-Encoding": coding}
    with APP.test_request_context("/", method="POST", content_type="application/json", headers=headers, **more):
        return read_json(request)


@pytest.mark.parametrize("coding", ["gzip", "GZIP", " gzip ", "x-gzip", "identity, gzip"])
def test_a_body_packed_by_gzip_is_read_as_if_it_were_not(coding: str) -> None:
    assert packed(gzip.compress(PLAIN_BODY), coding) == {"a": 1}
    assert packed(gzip.compress(PLAIN_BODY), coding, chunked=True) == {"a": 1}


@pytest.mark.parametrize("coding", ["", "identity"])
def test_a_body_packed_by_nothing_may_say_so(coding: str) -> None:
    assert packed(PLAIN_BODY, coding) == {"a": 1}


@pytest.mark.parametrize("coding", ["deflate", "br", "zstd", "compress", "gzip, gzip", "gzip, br", "gzip;q=1", "x"])
def test_any_other_packing_is_415_and_says_what_is_taken(coding: str) -> None:
    with pytest.raises(UnsupportedCoding, match="Content-Encoding: gzip"):
        packed(zlib.compress(PLAIN_BODY), coding)


PACKED = gzip.compress(PLAIN_BODY, mtime=0)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        pytest.param(PLAIN_BODY, "not gzip", id="plain"),
        pytest.param(b"", "ends too early", id="empty"),
        pytest.param(zlib.compress(PLAIN_BODY), "not gzip", id="zlib"),
        pytest.param(PACKED[:-9], "ends too early", id="cut"),
        pytest.param(PACKED * 2, "in one piece", id="two members"),
        pytest.param(PACKED + b"x", "in one piece", id="with a tail"),
        pytest.param(gzip.compress(PACKED), "not UTF-8", id="packed twice"),
        pytest.param(PACKED[:-8] + bytes(8), "not gzip", id="another sum"),
    ],
)
def test_what_is_packed_badly_is_refused_in_words(body: bytes, sentence: str) -> None:
    with pytest.raises(Malformed, match=sentence):
        packed(body, "gzip")


def test_the_limit_holds_for_what_was_packed_too_and_no_more_is_unpacked() -> None:
    whole_one = b'"' + b"x" * (MAX_BYTES - 2) + b'"'
    assert packed(gzip.compress(whole_one), "gzip") == "x" * (MAX_BYTES - 2)
    bomb = gzip.compress(b" " * 3_000_000)
    assert len(bomb) < MAX_BYTES
    for body in (gzip.compress(whole_one + b" "), bomb):
        for chunked in (False, True):
            with pytest.raises(TooLarge, match="4096 bytes"):
                packed(body, "gzip", chunked)
