"""Templates into words: figures as a customer reads them, and nothing left unfilled."""

import pytest

from service.core.domain import Scalar
from service.rules.messages import fill, fill_message, format_value, placeholders, stray_braces
from service.rules.model.rules import Term


def term(kind: str, unit: str | None = None) -> Term:
    return Term("x", kind, unit, None, None, None, "")


@pytest.mark.parametrize(
    ("value", "of", "words"),
    [
        (0.012, term("number", "per year"), "1.20%"),
        (0.0005, term("number", "per year"), "0.05%"),
        (0.01255, term("number", "per year"), "1.255%"),
        (0, term("number", "per year"), "0.00%"),
        (200000, term("money"), "200,000"),
        (1234.5, term("money"), "1,234.50"),
        (24, term("number", "hours"), "24"),
        (1.5, term("number"), "1.5"),
        ("2026-01-05", term("date"), "2026-01-05"),
        ("cash", term("text"), "cash"),
    ],
)
def test_a_stated_value_reads_as_people_write_it(value: Scalar, of: Term, words: str) -> None:
    assert format_value(value, of) == words


def test_a_message_is_filled_in_title_body_disclosures_link_and_channel_tail() -> None:
    both = {"zh": "{name}", "en": "{name}"}
    said = {"name": "Sweep", "rate": "1.00%", "offer_id": "s", "channel_id": "sms"}
    body, tail = {"zh": "率{rate}。", "en": "At {rate}."}, {"zh": "退订R", "en": "Reply R."}
    made = fill_message(both, body, [both], "https://x/{offer_id}?c={channel_id}", tail, "en", said)
    assert (made.title, made.body, made.disclosures) == ("Sweep", "At 1.00%. Reply R.", ("Sweep",))
    assert made.link == "https://x/s?c=sms"
    assert fill_message(both, body, [], "https://x", tail, "zh", said).body == "率1.00%。退订R"


def test_a_placeholder_nobody_fills_is_an_error_never_an_empty_space() -> None:
    with pytest.raises(KeyError):
        fill("{unknown}", {})


def test_only_plain_names_are_placeholders() -> None:
    assert placeholders("{rate} {offer_id}") == ["rate", "offer_id"]
    for trick in ("{0}", "{rate.__class__}", "{rate!r}", "{{rate}}", "{Rate}", "}"):
        assert stray_braces(trick)
    assert fill("{rate.__class__}", {"rate": "x"}) == "{rate.__class__}"
