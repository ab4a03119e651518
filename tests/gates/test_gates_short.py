"""The short form of ``python -m tests.gates``: the same roads and the same oracle, fewer customers."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from service.core.domain import Event, Snapshot
from service.rules.policy import DEFAULT, load
from tests.decision.bank import lived
from tests.engine.conftest import House
from tests.gates.oracle import Oracle, last_valid_day, stated
from tests.gates.people import DAY, events_of, instant, people
from tests.gates.roads import tempted, travelled
from tests.gates.service_road import serve

NOON = instant("2026-03-10T12:00:00")
OFFERS = {offer.id: stated(offer) for offer in load(DEFAULT).offers}
GOOD = {
    "age": 40,
    "risk_tolerance": 3,
    "risk_assessed_on": "2026-01-05",
    "demand_yuan": 300_000.0,
    "qualified_investor": True,
}


def test_nothing_unsuitable_unwanted_or_over_a_cap_on_any_road() -> None:
    tally = travelled(tempted(), 2_000, seed=2, chunk=50)
    assert tally.faults == []
    for road in ("batch, personalised", "batch, holdout", "batch, unpersonalised", "batch, explored", "request"):
        assert tally.met[road] > 1_000, road
    for met in ("risk 1", "risk 2", "risk 3", "channel sms", "channel adviser_call", "reservation"):
        assert tally.met[met] > 100, met
    assert tally.met["risk 4"] and tally.met["risk 5"], "high risk must have been shown to somebody"
    assert tally.met["opted out, held against a stranger"] > 500
    assert tally.met["replayed"] == tally.met["request equals batch"] == 200


def test_service_batch_and_simulation_agree_and_what_was_stored_replays(house: House) -> None:
    store = house.store
    tally = serve(house.settings, store, 150, seed=3)
    store.close()
    assert tally.faults == []
    assert tally.met["service equals batch"] == tally.met["stored decisions replayed"] == tally.met["simulated"] == 150
    assert tally.met["service"] > 500
    assert tally.met["list equals request"] == tally.met["job equals request"] == 150
    assert tally.met["lead"] > 5 and tally.met["override"] > 5 and tally.met["override refused"] > 20


def faults(offer: str, channel: str, now: int = NOON, events: tuple[Event, ...] = (), **facts: object) -> list[str]:
    words = {f"marketing:{one}": True for one in ("sms", "adviser_call", "wechat", "email")}
    return list(Oracle(lived(Snapshot("c", 1, {**GOOD, **facts}, words), events), now, OFFERS).faults(offer, channel))


@pytest.mark.parametrize(
    ("offer", "channel", "facts", "fault"),
    [
        ("equity-r4", "branch", {}, "risk R4 above tolerance 3"),
        ("mixed-r3", "branch", {"risk_tolerance": None}, "risk R3 above tolerance None"),
        ("mixed-r3", "branch", {"risk_assessed_on": "2025-03-09"}, "assessment of 2025-03-09 on 2026-03-10"),
        ("mixed-r3", "branch", {"risk_assessed_on": "2026-03-11"}, "assessment of 2026-03-11 on 2026-03-10"),
        ("equity-r4", "mobile_app", {"age": 65, "risk_tolerance": 5}, "R4 at 65 not face to face"),
        ("asset-plan-r3", "branch", {"qualified_investor": None}, "not a qualified investor"),
        ("annuity-r2", "mobile_app", {}, "sold in person only"),
    ],
)
def test_the_oracle_finds_what_is_wrong(offer: str, channel: str, facts: dict[str, object], fault: str) -> None:
    assert fault in faults(offer, channel, **facts)


def test_the_oracle_lets_pass_what_is_right() -> None:
    assert faults("mixed-r3", "mobile_app") == faults("term-12m", "sms") == []
    assert faults("mixed-r3", "branch", risk_assessed_on="2025-03-10") == []
    assert faults("large-cd-12m", "branch", demand_yuan=200_000.0) == []


@pytest.mark.parametrize(
    ("clock", "channel", "quiet"),
    [("20:59:59.999", "sms", False), ("21:00", "sms", True), ("07:59:59.999", "email", True), ("08:00", "email", False),
     ("08:59:59.999", "adviser_call", True), ("09:00", "adviser_call", False), ("20:00", "adviser_call", True)],
)  # fmt: skip
def test_the_oracle_knows_the_hours(clock: str, channel: str, quiet: bool) -> None:
    assert any("quiet" in one for one in faults("term-12m", channel, instant(f"2026-03-10T{clock}"))) is quiet


def test_the_oracle_counts_contacts_in_rolling_windows() -> None:
    def contact(age: int, channel: str = "email", offer: str = "term-12m") -> Event:
        return Event(f"e-{age}", "c", "contact", NOON - age, offer, channel)

    assert faults("term-3m", "sms", events=(contact(DAY), contact(7 * DAY))) == []
    assert faults("term-3m", "sms", events=(contact(DAY), contact(7 * DAY - 1))) == ["two contacts in 7 days"]
    assert "two contacts in this channel in 30 days" in faults(
        "term-3m", "email", events=(contact(8 * DAY), contact(30 * DAY - 1))
    )
    assert faults("term-3m", "email", events=(contact(8 * DAY), contact(30 * DAY))) == []


@pytest.mark.parametrize(
    ("assessed", "last"),
    [
        ("2024-02-29", "2025-02-28"),
        ("2027-02-28", "2028-02-28"),
        ("2027-03-01", "2028-03-01"),
        ("2025-12-31", "2026-12-31"),
    ],
)
def test_twelve_months_end_on_the_day(assessed: str, last: str) -> None:
    assert last_valid_day(date.fromisoformat(assessed)) == date.fromisoformat(last)


def test_the_generated_customers_stand_at_the_edges() -> None:
    crowd = people(3_000, NOON, seed=5)
    assert people(50, NOON, seed=5) == crowd[:50]
    facts = [one.attributes for one in crowd]
    for name, value in (
        ("demand_yuan", 199_999.99),
        ("demand_yuan", 200_000.0),
        ("age", 65),
        ("risk_assessed_on", "2025-03-10"),
    ):
        assert any(one.get(name) == value for one in facts), (name, value)
    ages = {NOON - event.at for one in crowd for event in events_of(one)}
    assert {7 * DAY, 7 * DAY - 1, 30 * DAY, 30 * DAY - 1} <= ages
    assert any(one.consents.get("retired") is True for one in crowd)
    assert any(one.consents.get("personalisation") is False for one in crowd)
    assert all(Decimal(str(one.get("demand_yuan", 0.0))).as_tuple().exponent >= -2 for one in facts)  # type: ignore[operator]


def test_a_gate_that_is_gone_is_noticed() -> None:
    """The run can fail: without caps and quiet hours, it does. Behind some gates the law stands."""
    policy = tempted()
    loose = replace(policy, gates=tuple(rule for rule in policy.gates if rule.id != "tolerance-covers-risk"))
    mute = replace(policy, contact=replace(policy.contact, consents=()))
    assert travelled(loose, 100, 1).faults == travelled(mute, 100, 1).faults == []
    shown_only = tuple(cap for cap in policy.contact.caps if cap.per == "offer")
    tired = replace(policy, contact=replace(policy.contact, caps=shown_only))
    assert any("two contacts in 7 days" in fault for fault in travelled(tired, 300, 1).faults)
    sleepless = replace(policy, contact=replace(policy.contact, quiet_hours=()))
    assert any("quiet at" in fault for fault in travelled(sleepless, 120, 1, 20).faults)
