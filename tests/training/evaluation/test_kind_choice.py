"""The kind among buyers: losses by hand, rivals that are cross-fitted, intervals that hold."""

import numpy as np
import pytest

from training.evaluation.kind_choice import SMALLEST, compare_choice, hits_of, loss_of, shares_of


def test_a_purchase_costs_the_log_of_its_share_and_two_purchases_cost_both() -> None:
    shares = shares_of(np.array([[0.02, 0.06], [0.3, 0.1], [0.2, 0.2]]))
    assert shares == pytest.approx(np.array([[0.25, 0.75], [0.75, 0.25], [0.5, 0.5]]))
    bought = np.array([[True, False], [True, True], [False, False]])
    assert loss_of(shares, bought) == pytest.approx([np.log(4), np.log(4 / 3) + np.log(4), 0.0])


def test_a_share_of_nothing_costs_much_and_not_everything() -> None:
    shares = shares_of(np.array([[0.0, 0.2], [0.0, 0.0]]))
    assert shares[:, 0].tolist() == [SMALLEST, SMALLEST]
    assert loss_of(shares, np.array([[True, False]] * 2)) == pytest.approx([-np.log(SMALLEST)] * 2)


def drawn(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Scores by the truth, what was bought by them, and features without any meaning."""
    chance = np.random.default_rng(3)
    share = chance.beta(1, 1, count)
    first = chance.random(count) < share
    nobody = chance.random(count) < 0.5
    bought = np.column_stack([first, ~first]) & ~nobody[:, np.newaxis]
    return np.column_stack([share, 1.0 - share]), bought, chance.normal(size=(count, 2))


def test_the_truth_beats_past_shares_and_a_model_of_noise_with_their_intervals_above_0() -> None:
    scores, bought, noise = drawn(4_000)
    found = compare_choice(scores, bought, noise, (), seed=1)
    assert found is not None
    assert found["buyers"] == found["purchases"] == bought.sum()
    assert found["log_loss"] == pytest.approx(0.5, abs=0.03), "the mean entropy of a share that is uniform"
    assert found["shares"]["log_loss"] == pytest.approx(np.log(2), abs=0.01)
    for rival in ("shares", "untuned"):
        assert found[rival]["gain"] == pytest.approx(found[rival]["log_loss"] - found["log_loss"])
        assert 0.0 < found[rival]["low"] < found[rival]["gain"] < found[rival]["high"]


def test_only_the_ratio_of_scores_counts() -> None:
    scores, bought, noise = drawn(400)
    one, other = (compare_choice(factor * scores, bought, noise, (), seed=1) for factor in (1.0, 0.1))
    assert one is not None
    assert other is not None
    assert one["log_loss"] == pytest.approx(other["log_loss"])


def test_one_kind_or_a_handful_of_buyers_is_no_choice() -> None:
    scores, bought, noise = drawn(400)
    assert compare_choice(scores[:, :1], bought[:, :1], noise, (), seed=1) is None
    assert compare_choice(scores[:9], bought[:9], noise[:9], (), seed=1) is None


def test_a_hit_is_a_bought_kind_among_the_first() -> None:
    bought = np.array([[True, False, False], [True, False, False], [False, False, True], [False, False, False]])
    scores = np.array([[0.9, 0.5, 0.1], [0.5, 0.9, 0.1], [0.1, 0.5, 0.9], [0.1, 0.1, 0.1]])
    found = hits_of(scores, bought)
    assert found is not None
    assert found["buyers"] == 3
    assert [found["hit"][rank]["scores"] for rank in "123"] == pytest.approx([2 / 3, 1.0, 1.0])
    assert [found["hit"][rank]["shares"] for rank in "123"] == pytest.approx([2 / 3, 1.0, 1.0])
    assert hits_of(scores[3:], bought[3:]) is None
