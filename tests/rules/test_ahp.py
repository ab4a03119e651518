"""Weights from judgments, against figures worked out by hand and against NumPy's eigenvectors."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.rules import ahp
from service.rules.ahp import Comparison, Factor

# Closed form for three rows: w_i is the cube root of the row's product; lambda = 1 + t + 1/t with
# t the cube root of a13 / (a12 a23).
THREE = [[1.0, 3.0, 5.0], [1 / 3, 1.0, 3.0], [1 / 5, 1 / 3, 1.0]]


def test_the_three_by_three_example_gives_the_weights_of_the_closed_form() -> None:
    roots = [15 ** (1 / 3), 1.0, (1 / 15) ** (1 / 3)]
    assert ahp.weights(THREE) == pytest.approx([root / sum(roots) for root in roots], abs=1e-12)
    assert [round(weight, 4) for weight in ahp.weights(THREE)] == [0.637, 0.2583, 0.1047]


def test_its_consistency_is_that_of_the_closed_form_and_the_published_index() -> None:
    t = (5 / (3 * 3)) ** (1 / 3)
    principal = 1 + t + 1 / t
    found = ahp.consistency(THREE)
    assert found.principal == pytest.approx(principal, abs=1e-12)
    assert found.index == pytest.approx((principal - 3) / 2, abs=1e-12)
    assert found.ratio == pytest.approx((principal - 3) / 2 / 0.5245, abs=1e-12)
    assert found.accepted


def test_the_random_index_is_that_of_alonso_and_lamata() -> None:
    assert [ahp.RANDOM_INDEX[n] for n in (3, 4, 5, 9)] == [0.5245, 0.8815, 1.1086, 1.4499]


def test_two_things_cannot_contradict_each_other() -> None:
    assert ahp.weights([[1, 3], [1 / 3, 1]]) == pytest.approx([0.75, 0.25])
    assert ahp.consistency([[1, 9], [1 / 9, 1]]).ratio == 0.0


def test_a_circle_of_preferences_is_refused() -> None:
    circle = ahp.matrix(3, {(0, 1): 3, (1, 2): 3, (0, 2): 1 / 3})
    assert not ahp.consistency(circle).accepted


def test_a_ratio_of_exactly_a_tenth_is_refused_already() -> None:
    assert not ahp.Consistency(3.1049, 0.05245, 0.1).accepted
    assert ahp.Consistency(3.1, 0.05, 0.0999).accepted


def test_the_judgment_that_mends_most_is_the_one_that_was_turned_round() -> None:
    true = (8, 4, 2, 1)
    judgments = {(i, j): true[i] / true[j] for i, j in combinations(range(4), 2)}
    judgments[0, 3] = 1 / 8
    broken = ahp.matrix(4, judgments)
    best = ahp.suggest_mend(broken)
    assert (best.first, best.second) == (0, 3)
    assert best.given == 1 / 8
    assert best.better == 8
    assert best.ratio == pytest.approx(0, abs=1e-12)


def test_experts_are_joined_by_the_geometric_mean() -> None:
    joined = ahp.combine_experts([[[1, 2], [1 / 2, 1]], [[1, 8], [1 / 8, 1]]])
    assert joined[0][1] == pytest.approx(4)
    assert joined[1][0] == pytest.approx(1 / 4)


def test_the_hierarchy_multiplies_group_by_factor_by_concern() -> None:
    concerns = ("consumer", "cost")
    groups = Comparison("groups", ("strengths", "threats"), (0.75, 0.25), 0.0, {})
    within = {
        "strengths": Comparison("strengths", ("roots", "licence"), (0.8, 0.2), 0.0, {}),
        "threats": Comparison("threats", ("rates",), (1.0,), 0.0, {}),
    }
    beneath = {
        "roots": Comparison("roots", concerns, (0.9, 0.1), 0.0, {}),
        "licence": Comparison("licence", concerns, (0.5, 0.5), 0.0, {}),
        "rates": Comparison("rates", concerns, (0.2, 0.8), 0.0, {}),
    }
    about = [
        Factor("roots", "strengths", "social", {}, 0.0, {}),
        Factor("licence", "strengths", "political", {}, 0.0, {}),
        Factor("rates", "threats", "rivalry", {}, 0.0, {}),
    ]
    found = ahp.compose(groups, within, beneath, about)
    assert [factor.weight for factor in found.factors] == pytest.approx([0.6, 0.15, 0.25])
    # 0.6 x 0.9 + 0.15 x 0.5 + 0.25 x 0.2
    assert found.weights["consumer"] == pytest.approx(0.665)
    assert sum(found.weights.values()) == pytest.approx(1)


positive = st.floats(min_value=0.05, max_value=20)


@settings(max_examples=60, deadline=None)
@given(st.lists(positive, min_size=2, max_size=9))
def test_judgments_that_agree_give_back_the_weights_they_came_from(true: list[float]) -> None:
    judged = {(i, j): true[i] / true[j] for i, j in combinations(range(len(true)), 2)}
    matrix = ahp.matrix(len(true), judged)
    assert ahp.weights(matrix) == pytest.approx([weight / sum(true) for weight in true], rel=1e-9)
    assert ahp.consistency(matrix).ratio == pytest.approx(0, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.integers(3, 9).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.sampled_from(ahp.SCALE), min_size=n * n))))
def test_weights_and_ratio_are_numpys_principal_eigenpair(drawn: tuple[int, list[float]]) -> None:
    size, values = drawn
    judged = {pair: values[at] for at, pair in enumerate(combinations(range(size), 2))}
    matrix = ahp.matrix(size, judged)
    eigenvalues, vectors = np.linalg.eig(np.array(matrix))
    at = int(np.argmax(eigenvalues.real))
    vector = np.abs(vectors[:, at].real)
    assert ahp.weights(matrix) == pytest.approx(vector / vector.sum(), abs=1e-8)
    assert ahp.consistency(matrix).principal == pytest.approx(eigenvalues[at].real, abs=1e-7)
