"""The sentences of an explanation: both languages say the same."""

import pytest

from service.decision.trace.shortfall import Shortfall
from service.rendering.wording import FACTORS, SENTENCES, STAGES, Wording


@pytest.mark.parametrize("table", [SENTENCES, STAGES, FACTORS], ids=["sentences", "stages", "factors"])
def test_every_sentence_is_in_both_languages(table: dict[str, dict[str, str]]):
    assert list(table["zh"]) == list(table["en"])


@pytest.mark.parametrize(
    ("relation", "chinese", "english"),
    [(">=", "差5,000元", "5,000 yuan short"), ("<=", "超出5,000元", "5,000 yuan too much")],
)
def test_an_amount_is_too_small_or_too_large_in_both_languages(relation: str, chinese: str, english: str):
    short = Shortfall("gate", "money", "customer.demand_yuan", relation, 45_000.0, 50_000.0, 5_000.0)
    assert (Wording("zh").shortfall(short), Wording("en").shortfall(short)) == (chinese, english)
