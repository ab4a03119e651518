"""Satisfaction: indices by the four C and overall, from the answers to surveys.

``index_c = sum(importance * performance) / sum(importance)`` over the questions of one C, where performance is the
newest answer on a scale of 0 to 100; ``overall = sum(w_c * index_c) / sum(w_c)`` over the C that were asked, with the
AHP weights of the policy. A C without an answer is None, and so is the overall index without any answer. Answers to no
particular question stand in for the overall index only where no C was asked. Below the policy's threshold a customer
is unhappy, and is served before they are sold to. Pure.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from service.core.domain import Event
from service.core.grid import DAY_MS
from service.rules.model.portrait import Question, SatisfactionTerms

SURVEY = "survey"


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """Indices 0 to 100, None where nothing was asked; ``mend_first`` is the question with the costliest shortfall.

    ``answers``: how many answers were read. ``unhappy`` is None where ``overall`` is.
    """

    overall: float | None
    concerns: Mapping[str, float | None]
    unhappy: bool | None
    mend_first: str | None
    answers: int


def measure_satisfaction(
    events: Iterable[Event], terms: SatisfactionTerms, weights: Mapping[str, float], now: int
) -> Satisfaction:
    """The indices at ``now`` (ms) from the surveys of the last ``window_days``; ``weights`` are those of the four C."""
    newest = _newest(events, terms, now)
    asked = {question.id: newest[question.id] for question in terms.questions if question.id in newest}
    concerns = {concern: _index(concern, terms.questions, asked) for concern in weights}
    overall = _overall(concerns, weights)
    if overall is None:
        overall = newest.get(None)
    unhappy = None if overall is None else overall < terms.threshold
    return Satisfaction(overall, concerns, unhappy, _mend_first(terms.questions, asked), len(newest))


def performance(score: float, low: float, high: float) -> float:
    """100 * (score - low) / (high - low), held within 0 to 100.

    >>> performance(4, 1, 5)
    75.0
    """
    return 100.0 * min(max((score - low) / (high - low), 0.0), 1.0)


def _newest(events: Iterable[Event], terms: SatisfactionTerms, now: int) -> dict[str | None, float]:
    """The newest performance per question in the window; None is the question in general."""
    start = now - terms.window_days * DAY_MS
    surveys = [event for event in events if event.kind == SURVEY and event.score is not None and event.at > start]
    surveys.sort(key=lambda event: (event.at, event.id))
    known = {question.id for question in terms.questions} | {None}
    return {
        event.question: performance(event.score, terms.low, terms.high)
        for event in surveys
        if event.score is not None and event.question in known
    }


def _index(concern: str, questions: Sequence[Question], asked: Mapping[str, float]) -> float | None:
    rows = [(one.importance, asked[one.id]) for one in questions if one.concern == concern and one.id in asked]
    return _mean(rows)


def _overall(concerns: Mapping[str, float | None], weights: Mapping[str, float]) -> float | None:
    return _mean([(weights[concern], index) for concern, index in concerns.items() if index is not None])


def _mean(rows: Sequence[tuple[float, float]]) -> float | None:
    """The weighted mean of (weight, figure); None of nothing."""
    whole = sum(weight for weight, _ in rows)
    return sum(weight * figure for weight, figure in rows) / whole if whole > 0.0 else None


def _mend_first(questions: Sequence[Question], asked: Mapping[str, float]) -> str | None:
    """The question with the largest importance x (100 - performance); None where every answer is 100."""
    costs = {one.id: one.importance * (100.0 - asked[one.id]) for one in questions if one.id in asked}
    worst = max(costs, key=lambda name: costs[name], default=None)
    return worst if worst is not None and costs[worst] > 0.0 else None
