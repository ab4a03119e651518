"""Evidence and response by hand: priors where nothing was shown, what was seen where much was."""

import numpy as np
import pytest

from service.scoring.evidence import evidence_faults, response_faults
from tests.decision.bank import NOON, small_policy
from training.experience.observations import Exposure, Observation
from training.experience.smoothing import TAKES, TRIALS, count_evidence, count_response

POLICY = small_policy()


def observation(offer: str, taken: bool, channel: str = "mobile_app", age: float | None = 40) -> Observation:
    family = next(one.family for one in POLICY.offers if one.id == offer)
    treatment = {"offer": offer, "channel": channel, "propensity": 0.1}
    exposure = Exposure("c", {"arm": "personalised"}, treatment, {"age": age}, family, NOON, False)
    return Observation(exposure, NOON, taken, None)


def observations(offer: str, shown: int, taken: int, **more) -> list[Observation]:
    return [observation(offer, place < taken, **more) for place in range(shown)]


def test_an_offers_chance_is_its_prior_smoothed_into_what_was_seen():
    experience = observations("term", 900, 45)
    row = count_evidence(POLICY, experience, {})["offers"]["term"]
    level = (TAKES + 45) / (TAKES + 900 * 0.1 * 0.75)
    assert row["chance"] == pytest.approx((level * 0.1 * 0.75 * TRIALS + 45) / (TRIALS + 900))
    assert (row["shown"], row["taken"], row["share"]) == (900, 45, None)


def test_an_offer_never_shown_keeps_its_prior_at_the_level_of_its_family():
    offers = count_evidence(POLICY, observations("term", 900, 45), {})["offers"]
    level = (TAKES + 45) / (TAKES + 900 * 0.1 * 0.75)
    assert offers["cd"]["chance"] == pytest.approx(level * 0.1 * 0.25)
    assert offers["cash"]["chance"] == pytest.approx(0.02 * 0.5)


def test_a_share_is_what_was_taken_of_what_the_family_expected():
    experience = observations("term", 900, 45)
    row = count_evidence(POLICY, experience, {"deposit": np.full(900, 0.2)})["offers"]["term"]
    assert row["share"] == pytest.approx((0.75 * TRIALS + 45) / (TRIALS + 180))


def test_without_a_trial_there_is_no_evidence_and_no_response():
    assert count_evidence(POLICY, [], {}) is None
    assert count_response(POLICY, [], np.empty(0)) is None


def test_a_response_is_what_was_taken_of_what_was_expected_shrunk_to_its_channel_and_to_one():
    experience = [
        *observations("term", 300, 60, channel="sms", age=70),
        *observations("term", 300, 0, channel="sms", age=20),
    ]
    found = count_response(POLICY, experience, np.full(600, 0.1))
    whole = (TAKES + 60) / (TAKES + 60)
    young, middle, old, unknown = found["channels"]["sms"]["factors"]
    assert old == pytest.approx((whole * TAKES + 60) / (TAKES + 30))
    assert young == pytest.approx(whole * TAKES / (TAKES + 30))
    assert (middle, unknown) == (whole, whole)
    assert set(found["channels"]) == {"sms"}


def test_a_channel_that_was_given_better_customers_gains_nothing_by_it():
    experience = [*observations("term", 500, 100, channel="branch"), *observations("term", 500, 10, channel="sms")]
    found = count_response(POLICY, experience, np.repeat([0.2, 0.02], 500))
    assert [row["factors"][1] for row in found["channels"].values()] == pytest.approx([1.0, 1.0])


def test_what_is_written_is_what_serving_reads():
    experience = [*observations("term", 50, 5), observation("cash", True, age=None)]
    assert not list(evidence_faults(count_evidence(POLICY, experience, {"deposit": np.full(51, 0.1)})))
    assert not list(response_faults(count_response(POLICY, experience, np.full(51, 0.1))))
