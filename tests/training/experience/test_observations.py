"""Decisions and events as trials, by hand: whose window is over, what was seen, what counts as taken, and once only."""

from dataclasses import replace

import orjson
import pytest

from service.core.hashing import hash_fraction
from tests.decision.bank import DAY, NOON, PLAIN, RICH, small_policy
from tests.training.experience.small_experience import NEVER, POLICY, experience, made, said
from training.experience.observations import Experience, collect_experience


def outcomes(found: Experience) -> list[tuple[str, bool]]:
    return [(observation.offer, observation.taken) for observation in found.offers]


def test_a_record_that_somebody_altered_is_left_out_and_counted():
    altered = [b"no JSON", b'{"decision": {"personalised": true}}', b"[]"]
    found = experience([made(), *altered], [])
    assert (len(found.offers), found.left_out["record unreadable"]) == (3, 3)


def test_an_offer_that_is_taken_within_the_window_of_its_impression_is_taken():
    seen = [said("impression", NOON, "term"), said("impression", NOON, "cash")]
    found = experience([made()], [*seen, said("purchase", NOON + 6 * DAY, "term", None, amount_yuan=9_000.0)])
    assert outcomes(found) == [("term", True), ("cash", False)] or outcomes(found) == [("cash", False), ("term", True)]
    assert {observation.offer: observation.amount_yuan for observation in found.offers} == {
        "term": 9_000.0,
        "cash": None,
    }
    assert found.left_out == {"not seen": 1}
    assert found.seen_by == {"mobile_app": "events"}


@pytest.mark.parametrize(
    ("after", "taken"), [(-1, False), (0, True), (7 * DAY - 1, True), (7 * DAY, False), (30 * DAY, False)]
)
def test_the_window_begins_with_the_showing_and_ends_before_its_last_instant(after: int, taken: bool):
    found = experience([made()], [said("impression", NOON), said("purchase", NOON + after, "term", None)])
    assert outcomes(found) == [("term", taken)]


@pytest.mark.parametrize(("until", "observations"), [(NOON + 7 * DAY - 1, 0), (NOON + 7 * DAY, 1)])
def test_a_window_that_is_not_over_tells_nothing_even_of_who_took(until: int, observations: int):
    found = experience([made()], [said("impression", NOON), said("accept", NOON + 60_000)], until)
    assert len(found.offers) == observations
    assert found.left_out.get("window not over", 0) == 1 - observations


def test_what_is_shown_again_within_the_window_is_the_same_trial():
    records = [made("d-1"), made("d-2", NOON + DAY), made("d-3", NOON + 8 * DAY)]
    seen = [said("impression", NOON + days * DAY, "term", f"d-{n}") for n, days in ((1, 0), (2, 1), (3, 8))]
    found = experience(records, [*seen, said("purchase", NOON + 2 * DAY, "term", None)])
    assert [(observation.exposure.decision["id"], observation.taken) for observation in found.offers] == [
        ("d-1", True),
        ("d-3", False),
    ]


def test_the_facts_are_those_of_the_decision():
    records = [made("d-1"), made("d-2", NOON + 9 * DAY, {**RICH, "age": 46})]
    found = experience(records, [said("impression", NOON), said("impression", NOON + 9 * DAY, decision="d-2")])
    assert [observation.exposure.attributes["age"] for observation in found.offers] == [45, 46]


def test_a_family_is_taken_where_any_of_its_offers_is():
    found = experience([made()], [said("impression", NOON, "cash"), said("purchase", NOON + DAY, "equity", None)])
    assert outcomes(found) == [("cash", False)]
    assert [(observation.exposure.family, observation.taken) for observation in found.families] == [("wealth", True)]


def test_in_a_channel_that_never_tells_what_was_seen_the_decision_counts():
    found = experience([made()], [])
    assert sorted(outcomes(found)) == [("cash", False), ("equity", False), ("term", False)]
    assert found.seen_by == {"mobile_app": "decisions"}


@pytest.mark.parametrize("kind", ["accept", "click", "dismiss", "reject"])
def test_in_a_channel_that_only_tells_what_customers_did_the_ignored_offers_count_too(kind: str):
    """Else all that is learned from is what was taken, and every customer takes everything."""
    found = experience([made()], [said(kind, NOON + 60_000)])
    assert sorted(outcomes(found)) == [("cash", False), ("equity", False), ("term", kind == "accept")]
    assert found.seen_by == {"mobile_app": "decisions"}


@pytest.mark.parametrize("kind", ["dismiss", "reject"])
def test_an_offer_that_is_turned_down_was_seen_where_impressions_are_told(kind: str):
    found = experience([made()], [said("impression", NOON, "cash"), said(kind, NOON + 60_000, "term")])
    assert sorted(outcomes(found)) == [("cash", False), ("term", False)]
    assert found.left_out == {"not seen": 1}


def test_an_event_without_a_decision_belongs_to_the_last_one_that_showed_its_offer():
    records = [made("d-1"), made("d-2", NOON + DAY)]
    found = experience(records, [said("impression", NOON + DAY + 5, "term", None)])
    assert [observation.exposure.decision["id"] for observation in found.offers] == ["d-2"]
    assert experience(records, [said("impression", NOON - 5, "term", None)]).seen_by == {"mobile_app": "decisions"}


def test_a_showing_kept_in_its_senders_spelling_of_the_decision_is_not_lost():
    decision = "0199d3c8-6f1e-7c3a-9a55-0d6f2b7e4c10"
    spelt = [said("impression", NOON, "term", f"{{{decision.upper()}}}"), said("purchase", NOON, "term", None)]
    assert outcomes(experience([made(decision)], spelt)) == [("term", True)]


def test_who_was_not_personalised_teaches_nothing():
    found = experience([made(consents={"personalisation": False})], [said("impression", NOON)])
    assert (found.offers, found.left_out) == ([], {"not personalised": 1})


def test_an_offer_that_is_gone_from_the_policy_is_left_out_and_counted():
    policy = small_policy(offers=POLICY.offers[1:])
    found = collect_experience([("c-1", [made()], (said("impression", NOON, "cash"),))], policy, NEVER, 7)
    assert (outcomes(found), found.left_out["offer gone"]) == ([("cash", False)], 1)


def test_the_holdout_is_marked():
    policy = small_policy(experiments=replace(PLAIN, holdout_share=0.5))
    ids = (f"c-{number}" for number in range(100))
    held_out = next(one for one in ids if hash_fraction("holdout", one) < 0.5)
    found = experience([made(policy=policy, customer_id=held_out)], [], policy=policy)
    assert {observation.held_out for observation in found.offers} == {True}
    assert {observation.held_out for observation in experience([made()], []).offers} == {False}


def test_the_window_is_the_policys_unless_told():
    policy = small_policy(experiments=replace(PLAIN, attribution_days=3.0))
    events = [said("impression", NOON), said("purchase", NOON + 4 * DAY, "term", None)]
    assert outcomes(experience([made()], events, days=None, policy=policy)) == [("term", False)]
    assert experience([made()], events, days=None, policy=policy).window_days == 3.0


def test_the_selection_probability_is_that_of_the_record():
    (observation,) = experience([made()], [said("impression", NOON)]).offers
    record = orjson.loads(made())
    stated = {one["offer"]: one["selection_probability"] for one in record["decision"]["treatments"]}
    assert observation.exposure.treatment["selection_probability"] == stated["term"]


def test_the_first_seen_decision_says_which_families_it_showed_and_which_were_taken_shown_or_not():
    later = made("d-2", NOON + 2 * DAY)
    seen = [said("impression", NOON, "equity"), said("impression", NOON + 2 * DAY, "term", "d-2")]
    (found,) = experience([made(), later], [*seen, said("purchase", NOON + 3 * DAY, "term", None)]).first_exposures
    assert (found.shown, found.took) == ({"wealth"}, {"deposit"})
    assert found.exposure.decision["id"] == "d-1"
    assert found.circumstances["channel"] == "mobile_app"


def test_a_first_window_that_is_not_over_opens_nothing_and_an_unseen_decision_is_not_the_first():
    assert experience([made()], [said("impression", NOON)], NOON + 7 * DAY - 1).first_exposures == []
    both = [made(), made("d-2", NOON + DAY)]
    (found,) = experience(both, [said("impression", NOON + DAY, decision="d-2")]).first_exposures
    assert found.exposure.decision["id"] == "d-2"
