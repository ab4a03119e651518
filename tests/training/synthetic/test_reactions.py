from datetime import date
from math import exp, log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.rules.policy import DEFAULT, load
from training.evaluation.metrics import calibration_error
from training.synthetic import DRIFT, Reactions, make, write

TODAY = date(2026, 1, 31)


@pytest.fixture(scope="module")
def policy():
    return load(DEFAULT)


@pytest.fixture(scope="module")
def made():
    return make(4_000, seed=1, today=TODAY)


@pytest.fixture(scope="module")
def reactions(made, policy):
    return Reactions(made.truth, policy)


def odds(p):
    return log(p / (1 - p))


def test_what_is_bought_alone_adds_up_to_the_family_for_those_with_money(made, reactions, policy):
    alone = reactions.alone(np.arange(4_000))
    deposits = [place for place, offer in enumerate(policy.offers) if offer.family == "deposit"]
    able = made.truth["ready_yuan"].to_numpy() >= 50
    np.testing.assert_allclose(alone[able][:, deposits].sum(axis=1), made.truth["deposit"].to_numpy()[able])


def test_a_reaction_is_the_sum_of_its_causes_in_log_odds(made, reactions):
    row = int(np.argmax(made.truth["ready_yuan"].to_numpy() > 100_000))
    truth = {name: made.truth[name][row].as_py() for name in made.truth.column_names}
    alone = reactions.alone(np.array([row]))[0, reactions.offers.index("term-12m")]
    expected = odds(alone) + truth["persuasion_deposit"] + truth["reach_sms"] - 2 * truth["fatigue"]
    found = reactions.react(truth["customer_id"], "term-12m", "sms", contacts=2)
    assert found == pytest.approx(1 / (1 + exp(-expected)), abs=1e-12)


@given(
    row=st.integers(0, 3_999), contacts=st.integers(0, 20), channel=st.sampled_from(["mobile_app", "branch", "email"])
)
def test_every_contact_makes_the_next_offer_less_welcome(reactions, row, contacts, channel):
    customer = reactions.customers[row]
    now, later = (reactions.react(customer, "demand-sweep", channel, seen) for seen in (contacts, contacts + 1))
    assert 0.0 <= later < now < 1.0


def test_nobody_takes_what_they_have_no_money_for(made, reactions):
    poor = np.flatnonzero(made.truth["ready_yuan"].to_numpy() < 200_000)
    assert (reactions.shown(poor)[:, reactions.offers.index("large-cd-12m")] == 0.0).all()


def test_an_offer_helps_most_and_drives_some_away(made):
    for family in DRIFT:
        uplift, alone = made.truth[f"uplift_{family}"].to_numpy(), made.truth[family].to_numpy()
        assert uplift.mean() > 0.02
        assert 0.05 < (uplift < 0).mean() < 0.4
        assert ((alone + uplift > 0) & (alone + uplift < 1)).all()


def test_months_move_the_log_odds_of_each_family_by_its_drift(made, policy):
    later = make(4_000, seed=1, today=TODAY, months=6)
    assert later.customers.equals(made.customers)
    for family, drift in DRIFT.items():
        moved = [odds(p) for p in later.truth[family].to_pylist()[:50]]
        expected = [odds(p) + 6 * drift for p in made.truth[family].to_pylist()[:50]]
        np.testing.assert_allclose(moved, expected)
    rows = np.arange(200)
    drifted = Reactions(made.truth, policy).alone(rows, months=6)
    np.testing.assert_allclose(drifted, Reactions(later.truth, policy).alone(rows))


def test_the_outcomes_of_a_later_month_are_drawn_by_chance_of_their_own(made):
    later = make(4_000, seed=1, today=TODAY, months=6)
    assert make(4_000, seed=1, today=TODAY, months=6).outcomes.equals(later.outcomes)
    for family in DRIFT:
        bought = [one.outcomes[f"bought_{family}"].to_numpy() for one in (made, later)]
        both = np.multiply(*(one.truth[family].to_numpy() for one in (made, later)))
        spread = 4 * np.sqrt((both * (1 - both)).sum())
        assert abs((bought[0] & bought[1]).sum() - both.sum()) < spread, "who bought before knows nothing more"


def test_outcomes_drawn_from_reactions_happen_as_often_as_they_say(reactions):
    chance = np.random.default_rng(3)
    p = reactions.shown(np.arange(4_000), contacts=1)[:, :, reactions.channels.index("adviser_call")].ravel()
    assert calibration_error((chance.random(len(p)) < p).astype(float), p) < 0.005


def test_the_truth_beside_a_bank_reacts_as_the_bank_made_it(tmp_path, policy):
    write(tmp_path, 200, seed=1, today=TODAY)
    kept = Reactions.read(tmp_path / "truth.parquet", policy)
    made = Reactions(make(200, seed=1, today=TODAY).truth, policy)
    assert kept.customers == made.customers
    np.testing.assert_array_equal(kept.shown(np.arange(200), contacts=2), made.shown(np.arange(200), contacts=2))


def test_an_unknown_offer_or_customer_has_no_reaction(reactions):
    with pytest.raises(ValueError, match="no-such-offer"):
        reactions.react(reactions.customers[0], "no-such-offer", "sms")
    with pytest.raises(KeyError):
        reactions.react("nobody", "term-12m", "sms")
