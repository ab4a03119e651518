"""Satisfaction by the four C: importance x performance, AHP weights, and silence."""

from typing import Any

import pytest

from service.core.domain import Event
from service.rules.model.portrait import Question, SatisfactionTerms
from service.scoring.satisfaction import Satisfaction, measure_satisfaction

DAY = 86_400_000
NOW = 1_000 * DAY
WORDS = {"zh": "问", "en": "ask"}
TERMS = SatisfactionTerms(
    low=1,
    high=5,
    window_days=180,
    threshold=50,
    questions=(
        Question("fit", "consumer", 8, WORDS),
        Question("understood", "consumer", 2, WORDS),
        Question("rates", "cost", 5, WORDS),
        Question("app", "convenience", 5, WORDS),
    ),
)
WEIGHTS = {"consumer": 0.4, "cost": 0.3, "convenience": 0.2, "communication": 0.1}


def said(question: str | None, score: float | None, days_ago: float = 1, kind: str = "survey") -> Event:
    return Event(f"e-{question}-{days_ago}", "c", kind, int(NOW - days_ago * DAY), score=score, question=question)


def index(*events: Event) -> Satisfaction:
    return measure_satisfaction(events, TERMS, WEIGHTS, NOW)


def test_by_hand() -> None:
    found = index(said("fit", 5), said("understood", 1), said("rates", 2))
    # consumer: (8 * 100 + 2 * 0) / 10 = 80; cost: 25; overall: (0.4 * 80 + 0.3 * 25) / 0.7 = 56.43
    assert found.concerns == {"consumer": 80.0, "cost": 25.0, "convenience": None, "communication": None}
    assert found.overall == pytest.approx(56.428571)
    assert (found.unhappy, found.answers) == (False, 3)


def test_the_costliest_shortfall_is_mended_first() -> None:
    # understood: 2 * 100 = 200; rates: 5 * 75 = 375
    assert index(said("fit", 5), said("understood", 1), said("rates", 2)).mend_first == "rates"
    assert index(said("fit", 5)).mend_first is None


def test_nothing_asked_is_unknown_and_neither_happy_nor_unhappy() -> None:
    assert index() == Satisfaction(None, dict.fromkeys(WEIGHTS), None, None, 0)


def test_below_the_threshold_is_unhappy_and_on_it_is_not() -> None:
    assert index(said("rates", 2.99)).unhappy is True
    assert index(said("rates", 3)).unhappy is False


def test_the_newest_answer_to_a_question_counts_alone() -> None:
    assert index(said("rates", 1, days_ago=9), said("rates", 5, days_ago=2)).overall == 100.0
    assert index(said("rates", 5, days_ago=2), said("rates", 1, days_ago=9)).overall == 100.0


def test_an_answer_speaks_for_the_window_and_not_a_millisecond_longer() -> None:
    assert index(said("rates", 1, days_ago=180 - 1e-6)).answers == 1
    assert index(said("rates", 1, days_ago=180)).answers == 0


def test_a_general_answer_stands_in_where_no_concern_was_asked() -> None:
    assert index(said(None, 2)).overall == 25.0
    assert index(said(None, 2), said("rates", 5)).overall == 100.0


@pytest.mark.parametrize(
    "event", [said("nobody-asks-this", 1), said("rates", None), said("rates", 1, kind="complaint")]
)
def test_what_is_no_answer_is_not_read(event: Event) -> None:
    assert index(event).answers == 0


@pytest.mark.parametrize(("score", "performance"), [(1, 0.0), (5, 100.0), (0, 0.0), (10, 100.0), (4, 75.0)])
def test_performance_stays_within_0_to_100(score: float, performance: float) -> None:
    assert index(said("app", score)).overall == performance


def test_the_weights_of_the_four_c_decide_between_them() -> None:
    events: list[Any] = [said("fit", 1), said("rates", 5)]
    fair = {**WEIGHTS, "consumer": 0.0, "cost": 1.0}
    assert measure_satisfaction(events, TERMS, fair, NOW).overall == 100.0
