"""Rules' effects: by hand where the truth is two counts, then coverage of a known truth, then what tells nothing."""

import numpy as np
import pytest

from service.analysis.lift import CANNOT_TELL
from service.analysis.rule_effects import (
    BORNE_OUT,
    CONTRADICTED,
    Claim,
    Trials,
    measure_rules,
    proposed_weights,
)


def trials_of(offset: np.ndarray, fired: np.ndarray, taken: np.ndarray, customer: np.ndarray | None = None) -> Trials:
    rows = len(offset)
    who = np.arange(rows) if customer is None else customer
    return Trials(offset, fired.astype(bool), taken.astype(bool), who, np.zeros(rows, dtype=np.int64))


def two_groups(with_rule: int, without: int, of: int = 10_000) -> Trials:
    """``of`` customers for whom the rule fired, of whom ``with_rule`` took the offer; as many for whom it rested."""
    fired = np.repeat([True, False], of)
    taken = np.concatenate([np.arange(of) < with_rule, np.arange(of) < without])
    return trials_of(np.full(2 * of, np.log(0.1 / 0.9)), fired[:, np.newaxis], taken)


def test_two_groups_give_the_odds_ratio_of_their_counts() -> None:
    """(2000 / 8000) / (1000 / 9000) = 2.25; the prior takes a little of it."""
    effect = measure_rules(two_groups(2000, 1000), [Claim("idle-money", 2.25, 1.0)])[0]
    assert effect.odds == pytest.approx(2.25, rel=0.005)
    assert effect.low is not None and effect.high is not None and effect.low < 2.25 < effect.high
    assert np.log(effect.high / effect.low) == pytest.approx(
        2 * 1.96 * np.sqrt(1 / 2000 + 1 / 8000 + 1 / 1000 + 1 / 9000), rel=0.01
    )
    assert (effect.shown, effect.fired, effect.taken_where_fired) == (20_000, 10_000, 2000)
    assert effect.verdict == BORNE_OUT
    assert effect.proposed_weight == 2.25


def test_a_claim_outside_the_interval_is_contradicted_and_a_weight_proposed() -> None:
    """The exponent is 4 x the weight of C: odds 2.25 at exponent 2 are a weight of 1.5."""
    effect = measure_rules(two_groups(2000, 1000), [Claim("idle-money", 0.8, 2.0)])[0]
    assert effect.claimed_odds == pytest.approx(0.64)
    assert effect.verdict == CONTRADICTED
    assert effect.proposed_weight == pytest.approx(1.5, abs=0.01)
    assert proposed_weights([effect]) == {"idle-money": effect.proposed_weight}


def test_a_claim_that_one_may_also_explain_cannot_be_told_yet() -> None:
    effect = measure_rules(two_groups(22, 20, of=200), [Claim("idle-money", 1.2, 1.0)])[0]
    assert effect.verdict == CANNOT_TELL
    assert effect.proposed_weight == 1.2


@pytest.mark.parametrize("fired", [0, 10, 1990, 2000])
def test_nothing_is_said_of_a_rule_that_hardly_ever_fires_or_rests(fired: int) -> None:
    chance = np.random.default_rng(1)
    taken = chance.random(2000) < 0.1
    effect = measure_rules(
        trials_of(np.full(2000, -2.0), (np.arange(2000) < fired)[:, np.newaxis], taken), [Claim("a", 1.3, 1.0)]
    )[0]
    assert (effect.odds, effect.verdict, effect.proposed_weight) == (None, CANNOT_TELL, 1.3)


def test_nothing_is_said_where_nobody_took_anything() -> None:
    effect = measure_rules(two_groups(0, 0), [Claim("a", 1.3, 1.0)])[0]
    assert (effect.odds, effect.verdict) == (None, CANNOT_TELL)


def test_what_every_offer_of_the_takers_had_is_finite() -> None:
    """All takers had the rule: without the prior its odds ratio would be infinite."""
    effect = measure_rules(two_groups(30, 0, of=100), [Claim("a", 1.3, 1.0)])[0]
    assert effect.odds is not None and 1.0 < effect.odds < 1e3
    assert effect.low is not None and effect.low > 1.0


def test_the_same_answer_given_three_times_is_no_more_certain() -> None:
    once = two_groups(200, 100, of=1000)
    thrice = Trials(
        *(np.tile(one, (3, 1)) if one.ndim == 2 else np.tile(one, 3) for one in (once.offset, once.fired, once.taken)),
        customer=np.tile(once.customer, 3),
        family=np.tile(once.family, 3),
    )
    widths = []
    for trials in (once, thrice):
        effect = measure_rules(trials, [Claim("a", 1.3, 1.0)])[0]
        assert effect.low is not None and effect.high is not None
        widths.append(np.log(effect.high / effect.low))
    assert widths[1] == pytest.approx(widths[0], rel=0.02)


def test_intervals_cover_a_known_truth_in_93_to_97_of_100_of_200_runs() -> None:
    """Customers are shown three offers each and have a mood that no offset knows; five rules, true odds 0.5 to 2."""
    truth = np.log([0.5, 0.8, 1.0, 1.3, 2.0])
    covered = []
    for seed in range(200):
        chance = np.random.default_rng(seed)
        customers = np.repeat(np.arange(700), 3)
        fired = chance.random((2100, 5)) < [0.1, 0.2, 0.3, 0.4, 0.5]
        offset = chance.normal(-1.8, 0.7, 2100)
        mood = chance.normal(0.0, 0.4, 700)[customers]
        taken = chance.random(2100) < 1.0 / (1.0 + np.exp(-(offset + mood + fired @ truth + 0.2)))
        effects = measure_rules(trials_of(offset, fired, taken, customers), [Claim(str(n), 1.0, 1.0) for n in range(5)])
        covered += [
            one.low is not None and one.high is not None and one.low <= odds <= one.high
            for one, odds in zip(effects, np.exp(truth), strict=True)
        ]
    assert 0.93 <= np.mean(covered) <= 0.97


def test_families_have_a_level_each() -> None:
    """Wealth is taken half as often as forecast and deposits as forecast: no rule of wealth is blamed for it."""
    chance = np.random.default_rng(3)
    family = np.repeat([0, 1], 8000)
    fired = (chance.random(16_000) < 0.5) & (family == 1)
    odds = np.full(16_000, -2.0) + np.where(family == 1, np.log(0.5), 0.0)
    taken = chance.random(16_000) < 1.0 / (1.0 + np.exp(-odds))
    trials = Trials(np.full(16_000, -2.0), fired[:, np.newaxis], taken, np.arange(16_000), family)
    effect = measure_rules(trials, [Claim("a", 1.0, 1.0)])[0]
    assert effect.low is not None and effect.high is not None and effect.low < 1.0 < effect.high


def test_a_concern_without_weight_has_no_weight_to_propose() -> None:
    effect = measure_rules(two_groups(2000, 1000), [Claim("a", 1.3, 0.0)])[0]
    assert (effect.claimed_odds, effect.verdict, effect.proposed_weight) == (1.0, CONTRADICTED, 1.3)
