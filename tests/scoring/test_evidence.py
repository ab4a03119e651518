"""What showing offers has taught, by hand; and parts of a manifest that do not hold together are refused."""

import copy

import numpy as np
import pytest

from service.scoring.evidence import Evidence, Responses, evidence_faults, response_faults

EVIDENCE = {
    "offers": {
        "term": {"family": "deposit", "chance": 0.02, "share": 0.4},
        "cd": {"family": "deposit", "chance": 0.01, "share": 0.1},
        "cash": {"family": "wealth", "chance": 0.03, "share": None},
    }
}
RESPONSE = {
    "attribute": "age",
    "edges": [30, 60],
    "channels": {"sms": {"factors": [1.2, 0.9, 0.6, 1.0]}, "branch": {"factors": [0.8, 1.0, 1.5, 1.1]}},
}


def test_evidence_says_what_no_model_says():
    evidence = Evidence(EVIDENCE)
    assert evidence.scores_beside(["deposit", "offer:term"]) == {"share:cd": 0.1, "evidence:cash": 0.03}
    assert evidence.scores_beside([]) == {
        "share:term": 0.4,
        "share:cd": 0.1,
        "evidence:term": 0.02,
        "evidence:cd": 0.01,
        "evidence:cash": 0.03,
    }


@pytest.mark.parametrize(
    ("age", "sms"), [(18.0, 1.2), (29.99, 1.2), (30.0, 0.9), (59.0, 0.9), (60.0, 0.6), (99.0, 0.6), (np.nan, 1.0)]
)
def test_a_response_is_that_of_the_customers_group(age, sms):
    responses = Responses(RESPONSE)
    assert responses.look_up_one({"customer.age": age})["response:sms"] == sms
    assert responses.look_up_many({"customer.age": np.full((3, 1, 1), age)}, 3)["response:sms"].tolist() == [sms] * 3


@pytest.mark.parametrize("figure", [-0.1, 1.1, None, True, "0.1", float("nan")])
def test_a_chance_that_is_none_is_refused(figure):
    broken = copy.deepcopy(EVIDENCE)
    broken["offers"]["cd"]["chance"] = figure
    assert list(evidence_faults(broken))
    assert not list(evidence_faults(EVIDENCE))


@pytest.mark.parametrize(
    "change",
    [{"edges": [60, 30]}, {"edges": [30]}, {"edges": [30, 60, 70]}, {"edges": None}, {"channels": 1}],
)
def test_responses_that_do_not_hold_together_are_refused(change):
    assert list(response_faults(RESPONSE | change))
    assert not list(response_faults(RESPONSE))
