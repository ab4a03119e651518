"""What Prometheus reads: the sums over all workers of what an operator needs, and no customer in any label."""

import re
from dataclasses import replace
from math import isnan

from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from service.core.domain import Decision, Release
from service.engine.metrics import count_decision, note_calendar, note_market, note_serving
from service.rules.policy import DEFAULT, from_documents, load
from tests.gates.people import instant
from tests.observability.conftest import SECRETS, Seen


def value(seen: Seen, name: str, **labels: str) -> float:
    """The sum of the samples of one name that bear these labels."""
    return sum(
        sample.value
        for family in text_string_to_metric_families(seen.metrics)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def test_both_workers_are_counted_and_serve_one_release(seen: Seen) -> None:
    assert value(seen, "fourcast_workers") == 2
    assert value(seen, "fourcast_serving", release="0") == 2


def test_answers_are_counted_by_where_they_came_from(seen: Seen) -> None:
    assert value(seen, "fourcast_answers_total", source="fresh") == 1
    assert value(seen, "fourcast_answers_total", source="cached") == 1
    assert value(seen, "fourcast_answers_total", source="explained") == 1


def test_the_hit_share_of_the_cache_can_be_worked_out(seen: Seen) -> None:
    assert value(seen, "fourcast_cache_operations_total", operation="read", outcome="hit") == 1
    assert value(seen, "fourcast_cache_operations_total", operation="read", outcome="miss") in (1, 2), (
        "a stranger's answer may be asked for before PostgreSQL says that there is no such customer"
    )


def test_each_fresh_decision_says_what_it_led_to_and_which_rules_withheld_how_many(seen: Seen) -> None:
    fresh = seen.answers["fresh"].json()
    assert value(seen, "fourcast_decisions_total", outcome="offered") == 1
    for row in fresh["withheld"]:
        assert value(seen, "fourcast_withheld_total", rule=row["code"]) == row["offers"]


def test_both_servers_are_timed_and_their_breakers_shut(seen: Seen) -> None:
    for statement in (b"check", b"snapshot", b"remember", b"client"):
        assert value(seen, "fourcast_database_seconds_count", statement=statement.decode()) >= 1
    for operation in ("read", "write", "forget"):
        assert value(seen, "fourcast_cache_seconds_count", operation=operation) >= 1
    assert value(seen, "fourcast_cache_breaker_open") == value(seen, "fourcast_database_breaker_open") == 0


def test_no_label_holds_anything_about_a_customer(seen: Seen) -> None:
    assert [secret for secret in SECRETS if secret in seen.metrics] == []
    assert not re.search(r'pid="\d+"', seen.metrics), "a label by process would grow with every restart"


def test_scores_and_releases_are_counted_as_they_come() -> None:
    def now(name: str, **labels: str) -> float:
        return REGISTRY.get_sample_value(name, labels) or 0.0

    before = now("fourcast_model_score_count", model="wealth")
    nothing = Decision("", "c", 0, "served", True, False, (), {"too-risky": 3})
    count_decision(nothing, {"wealth": 0.03})
    assert now("fourcast_model_score_count", model="wealth") == before + 1
    first, second = Release(8001, "a" * 64, None), Release(8002, "a" * 64, "v1")
    note_serving(None, first)
    note_serving(first, second)
    assert now("fourcast_serving", release="8001", policy="a" * 12, bundle="none") == 0
    assert now("fourcast_serving", release="8002", policy="a" * 12, bundle="v1") == 1
    note_serving(second, Release(0, "", None))


def test_the_end_of_the_known_calendar_is_shown_by_its_ground() -> None:
    def until(ground: str) -> float | None:
        return REGISTRY.get_sample_value("fourcast_calendar_until_seconds", {"ground": ground})

    policy = load(DEFAULT)
    note_calendar(policy, instant("2026-11-30T12:00"))
    assert until("notice") == instant("2027-01-01T00:00") / 1000
    assert until("law") == instant("2033-01-01T00:00") / 1000
    note_calendar(policy, instant("2027-01-01T00:00"))
    assert until("notice") == 0.0
    note_calendar(replace(policy, contact=replace(policy.contact, quiet_hours=())), instant("2026-11-30T12:00"))
    assert isnan(until("notice"))


def test_the_first_rate_of_the_market_that_goes_stale_is_shown_where_one_is_read() -> None:
    def until() -> float | None:
        return REGISTRY.get_sample_value("fourcast_market_until_seconds")

    documents = load(DEFAULT).documents
    (fit,) = (rule for rule in documents["cost"]["rules"] if rule["id"] == "idle-money")
    fit.update(when="market.money_fund_7d < market.competitor_term_1y", cases=[])
    note_market(from_documents(documents), instant("2026-03-10T12:00"))
    assert until() == instant("2026-03-17T00:00") / 1000
    fit.update(when="offer.rate > 0.01")
    note_market(from_documents(documents), instant("2026-03-10T12:00"))
    seen = until()
    assert seen is not None and isnan(seen)
