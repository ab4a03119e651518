"""Random customers, pasts, consents and circumstances of the small bank, unknowns and strangers included."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from service.core.domain import Context, Event, EventKind, Snapshot
from tests.decision.bank import DAY, NOON, lived

KINDS = [str(kind) for kind in EventKind]
OFFER_IDS = ["term", "cd", "cash", "equity", "withdrawn-offer", None]
CHANNEL_IDS = ["mobile_app", "branch", "sms", "adviser_call", "closed-channel", None]
PURPOSES = ["marketing:sms", "marketing:adviser_call", "marketing:branch"]
LABELS = ["label:segment", "label:stage", "label:target:x", "label:target:y"]

money = st.one_of(
    st.sampled_from([0.0, 50.0, 199_999.99, 200_000.0, 1e9]), st.integers(0, 10**9).map(lambda fen: fen / 100)
)
attributes = st.fixed_dictionaries(
    {},
    optional={
        "age": st.one_of(st.none(), st.integers(0, 120)),
        "total_yuan": st.one_of(st.none(), money),
        "demand_yuan": money,
        "risk_tolerance": st.one_of(st.none(), st.integers(1, 5)),
        "risk_assessed_on": st.sampled_from(["2026-10-02", "2025-10-03", "2025-10-02", "2025-10-01", "2020-02-29"]),
        "tier": st.sampled_from(["mass", "affluent"]),
        "mobile_active": st.booleans(),
    },
)
consents = st.dictionaries(st.sampled_from([*PURPOSES, *LABELS, "personalisation"]), st.booleans())
ages = st.one_of(st.integers(-DAY, 200 * DAY), st.sampled_from([0, 7 * DAY, 7 * DAY - 1, 30 * DAY, 30 * DAY - 1, DAY]))
events = st.lists(
    st.builds(
        Event,
        id=st.just("e"),
        customer_id=st.just("c"),
        kind=st.sampled_from([*KINDS, "sneeze"]),
        at=ages.map(lambda age: NOON - age),
        offer=st.sampled_from(OFFER_IDS),
        channel=st.sampled_from(CHANNEL_IDS),
        score=st.one_of(st.none(), st.integers(1, 5).map(float)),
    ),
    max_size=12,
).map(tuple)
snapshots = st.builds(
    lambda events, **known: lived(Snapshot(**known), events),
    customer_id=st.integers(0, 10**6).map(lambda number: f"c-{number}"),
    revision=st.just(1),
    attributes=attributes,
    consents=consents,
    events=events,
)
contexts = st.builds(
    Context,
    now=st.one_of(st.just(NOON), st.integers(-40, 40).map(lambda hours: NOON + hours * 3_600_000)),
    channel=st.sampled_from(["mobile_app", "branch", "sms", None, None]),
    limit=st.integers(1, 6),
    trigger=st.sampled_from([None, "salary"]),
    amount_yuan=st.one_of(st.none(), money),
)
score = st.one_of(st.none(), st.floats(0.0, 1.0))
gain = st.one_of(st.none(), st.floats(-0.3, 0.6))
yuan = st.one_of(st.none(), st.floats(0.0, 1e6))
scores = st.fixed_dictionaries(
    {"deposit": score, "wealth": score},
    optional={
        "offer:term": score,
        "offer:equity": score,
        "share:cash": score,
        "uplift:deposit": gain,
        "uplift:wealth": gain,
        "evidence:cd": score,
        "evidence:equity": score,
        "ticket:deposit": yuan,
        "ticket:wealth": yuan,
        "segment:keen": st.just(1.0),
        "response:sms": st.one_of(st.none(), st.floats(0.1, 3.0)),
        "response:mobile_app": st.one_of(st.none(), st.floats(0.1, 3.0)),
    },
)


def renamed(several: list[Snapshot]) -> list[Snapshot]:
    """The snapshots, each with an id of its own."""
    return [replace(one, customer_id=f"{one.customer_id}-{place}") for place, one in enumerate(several)]


def as_columns(several: list[dict[str, float | None]]) -> dict[str, np.ndarray]:
    """The scores of several customers, each name as (n,), NaN for silence."""
    names = sorted({name for one in several for name in one})
    return {name: np.array([np.nan if one.get(name) is None else one[name] for one in several]) for name in names}
