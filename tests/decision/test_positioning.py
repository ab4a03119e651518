"""Words by segment: the first entry whose segment a customer is in; plain words for who is unknown or opted out."""

from collections.abc import Iterator
from dataclasses import replace

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.analysis.diff import diff
from service.analysis.policy_checks.conduct import find_breaches
from service.core.domain import Arm, Context, Decision, Event, Release, Snapshot
from service.core.trails import trails_of
from service.decision import decide, decode, encode
from service.decision.positioning import choose_variants
from service.rendering.answer import Phrasebook, render
from service.rules.policy import DEFAULT, Policy, from_documents, load

NOON = 1_773_115_200_000
"""2026-03-10 12:00 in Shanghai."""
ASKED = Context(NOON, channel="mobile_app", limit=23)
MATURING = {"age": 40, "demand_yuan": 20_000.0, "next_maturity_on": "2026-03-20"}


@pytest.fixture(scope="module")
def shipped() -> Policy:
    found = load(DEFAULT)
    certain = replace(found.experiments, exploration_epsilon=0.0, holdout_share=0.0, tests=())
    return replace(found, experiments=certain)


def decided(policy: Policy, snapshot: Snapshot, scores: dict[str, float] | None = None) -> Decision:
    return decide(policy, snapshot, ASKED, scores or {}, Release(1, policy.hash, None), "d")


def words(policy: Policy, snapshot: Snapshot, scores: dict[str, float] | None = None) -> dict[str, str]:
    return choose_variants(policy, decided(policy, snapshot, scores), snapshot, ASKED, scores or {})


def positioning(policy: Policy, *entries: dict[str, object], segments: dict[str, str] | None = None) -> Policy:
    """The policy with these entries only, and further segments."""
    documents = policy.documents
    documents["messages"]["positioning"] = list(entries)
    for name, when in (segments or {}).items():
        documents["strategies"]["segments"].append({"id": name, "name": {"zh": name, "en": name}, "when": when})
    found = from_documents(documents)
    return replace(found, experiments=policy.experiments)


def said(name: str, segment: str) -> dict[str, object]:
    body = {"zh": f"{segment}：{{name}}，{{rate}}", "en": f"{segment}: {{name}}, {{rate}}"}
    return {"id": name, "segment": segment, "offers": ["term-12m"], "body": body}


def test_the_answer_tells_an_offer_in_the_words_of_the_customers_segment(shipped: Policy) -> None:
    snapshot = Snapshot("c", 1, MATURING)
    found = decided(shipped, snapshot)
    told = choose_variants(shipped, found, snapshot, ASKED, {})
    answer = orjson.loads(render(found, Phrasebook(shipped), "en", NOON, None, told))
    bodies = {offer["offer"]: offer["text"]["body"] for offer in answer["offers"]}
    assert bodies["term-36m"].startswith("Keep maturing money at work. ")
    assert bodies["demand-sweep"].startswith("Idle balances earn ")


def test_the_first_entry_that_fits_wins(shipped: Policy) -> None:
    first, second = said("a", "maturing"), said("b", "savers")
    snapshot = Snapshot("c", 1, MATURING)
    assert words(positioning(shipped, first, second), snapshot) == {"term-12m": "a"}
    assert words(positioning(shipped, second, first), snapshot) == {"term-12m": "b"}


@pytest.mark.parametrize(
    ("when", "known"),
    [
        ("customer.segment = 'term-savers'", True),
        ("customer.stage = 'acquire'", True),
        ("customer.stage = 'lapsed'", False),
        ("history.contacts_30d >= 1", True),
        ("history.contacts_30d >= 2", False),
        ("customer.next_maturity_on > context.today", True),
        ("customer.risk_tolerance >= 1", False),
    ],
)
def test_a_segment_may_read_what_its_strategy_may(shipped: Policy, when: str, known: bool) -> None:
    """Group and stage of life, the past and the day; what is unknown is never true."""
    contact = Event("e", "c", "contact", NOON - 86_400_000, channel="branch")
    snapshot = Snapshot("c", 1, {**MATURING, "relationship_days": 90}, trails=trails_of([contact]))
    policy = positioning(shipped, said("new", "tried"), segments={"tried": when})
    assert words(policy, snapshot, {"segment:term-savers": 1.0}) == ({"term-12m": "new"} if known else {})


@pytest.mark.parametrize("attributes", [{}, {"age": None}])
def test_of_whom_nothing_is_known_the_words_are_plain(shipped: Policy, attributes: dict[str, None]) -> None:
    policy = positioning(shipped, said("new", "anybody"), segments={"anybody": "1 = 1 or customer.age > 0"})
    assert words(policy, Snapshot("c", 1, attributes)) == {}
    assert words(policy, Snapshot("c", 1, {"age": 40})) == {"term-12m": "new"}


def test_who_refused_personalisation_reads_plain_words(shipped: Policy) -> None:
    policy = positioning(shipped, said("new", "anybody"), segments={"anybody": "1 = 1 or customer.age > 0"})
    assert words(policy, Snapshot("c", 1, MATURING, {"personalisation": False})) == {}


@pytest.mark.parametrize(("arm", "plain"), [(Arm.HOLDOUT, True), (Arm.PERSONALISED, False)])
def test_the_holdout_reads_plain_words(shipped: Policy, arm: str, plain: bool) -> None:
    snapshot = Snapshot("c", 1, MATURING)
    found = replace(decided(shipped, snapshot), arm=arm)
    assert (choose_variants(shipped, found, snapshot, ASKED, {}) == {}) is plain


def crowd() -> Iterator[st.SearchStrategy[dict[str, object]]]:
    days = st.sampled_from(["2026-03-09", "2026-03-10", "2026-04-09", "2026-04-10", None])
    yield st.fixed_dictionaries(
        {"age": st.sampled_from([17, 40, 59, 60, None])},
        optional={
            "payroll_customer": st.booleans(),
            "next_maturity_on": days,
            "wealth_product_yuan": st.sampled_from([0.0, 999.99, 1000.0]),
            "risk_tolerance": st.integers(1, 5),
            "risk_assessed_on": st.just("2026-01-05"),
        },
    )


@given(next(crowd()))
@settings(max_examples=100, deadline=None)
def test_a_record_gives_the_same_words_again(shipped: Policy, attributes: dict[str, object]) -> None:
    snapshot = Snapshot("c", 1, attributes)  # type: ignore[arg-type]
    found, release = decided(shipped, snapshot), Release(1, shipped.hash, None)
    told = choose_variants(shipped, found, snapshot, ASKED, {})
    again, past, context, scores, _ = decode(encode(found, snapshot, ASKED, {}, release))
    assert choose_variants(shipped, again, past, context, scores) == told
    assert set(told) <= {one.offer for one in found.treatments}


def test_a_segments_words_are_read_once_more_before_a_policy_serves(shipped: Policy) -> None:
    variant = shipped.variants["renew-at-maturity"]
    key = next(iter(variant.messages))
    broken = replace(variant, messages={**variant.messages, key: replace(variant.messages[key], body="稳 賺 不赔")})
    found = find_breaches(replace(shipped, variants={**shipped.variants, variant.id: broken}))
    where = f'positioning "{variant.id}", message of offer "{key[0]}"'
    assert {one.where for one in found} == {where}
    assert f'{where}: ({key[2]}) "稳赚不赔" may not be said: denial-of-loss' in map(str, found)


def test_a_diff_names_the_segments_words(shipped: Policy) -> None:
    documents = shipped.documents
    documents["messages"]["positioning"][0]["segment"] = "inflows"
    documents["messages"]["positioning"].append(said("new", "investors"))
    found = [str(one) for one in diff(shipped, from_documents(documents)).changes]
    assert found == [
        'messages.yaml: words for a segment "renew-at-maturity": segment was maturing, is inflows',
        'messages.yaml: words for a segment "new" is new',
    ]
