"""What the models say of each offer, by hand: whose word counts, and where it comes from."""

import numpy as np
import pytest

from service.scoring.propensity import EVIDENCE, FAMILY_MODEL, MODEL, PRIOR, ScoreResolver
from tests.decision.bank import small_policy

POLICY = small_policy()
TERM, CD, CASH, EQUITY = range(4)


@pytest.fixture
def score_resolver() -> ScoreResolver:
    from service.decision import compile_policy

    return compile_policy(POLICY).score_resolver


@pytest.mark.parametrize(
    ("scores", "propensity", "source"),
    [
        ({}, 0.1 * 0.75, PRIOR),
        ({"deposit": None, "evidence:term": float("nan")}, 0.1 * 0.75, PRIOR),
        ({"evidence:term": 0.03}, 0.03, EVIDENCE),
        ({"deposit": 0.2, "evidence:term": 0.03}, 0.2 * 0.75, FAMILY_MODEL),
        ({"deposit": 0.2, "share:term": 0.5}, 0.2 * 0.5, FAMILY_MODEL),
        ({"deposit": 0.0}, 0.0, FAMILY_MODEL),
        ({"deposit": 0.2, "share:term": 0.5, "offer:term": 0.4}, 0.4, MODEL),
        ({"share:term": 0.5}, 0.1 * 0.75, PRIOR),
        ({"wealth": 0.9, "offer:cd": 0.9}, 0.1 * 0.75, PRIOR),
    ],
)
def test_an_offer_is_scored_by_the_best_that_is_known(score_resolver, scores, propensity, source):
    assert score_resolver.resolve_one(scores).propensity[0, TERM, 0] == pytest.approx(propensity)
    assert score_resolver.source(scores, TERM) == source


FAMILIES = ["deposit", "wealth", "ticket:deposit"]


@pytest.mark.parametrize("names", [FAMILIES, [*FAMILIES, "offer:term", "share:cash", "evidence:cd", "evidence:equity"]])
def test_one_and_many_resolve_to_the_same_bits(score_resolver, names):
    chance = np.random.default_rng(3)
    columns = {name: np.where(chance.random(200) < 0.3, np.nan, chance.random(200)) for name in names}
    many = score_resolver.resolve_many(columns, 200)
    for row in range(200):
        one = score_resolver.resolve_one({name: float(column[row]) for name, column in columns.items()})
        assert one.propensity[0].tolist() == many.propensity[row].tolist()
        ticket = many.tickets["deposit"][row].item()
        assert one.tickets == ({} if np.isnan(ticket) else {"deposit": ticket})


def test_tickets_and_responses_are_read_under_their_names_only(score_resolver):
    resolved = score_resolver.resolve_one(
        {"ticket:wealth": 5_000.0, "response:sms": 0.7, "response:fax": 9.0, "ticket:gold": 1.0}
    )
    assert (resolved.tickets, resolved.responses) == ({"wealth": 5_000.0}, {2: 0.7})
