"""What the law stopped: counted each time, told once a day, and once in the audit log for all workers."""

import logging
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY

from service.core.domain import Release
from service.engine.engine import OfferRequest
from service.engine.releases.law_stops import ACTION, LawStops
from service.rendering.answer import Phrasebook
from service.store import Store
from tests.engine.conftest import House
from tests.gates.law import opened
from tests.seed import put_customer

RELEASE, NOON, ZONE = Release(7, "p-1", None), 1_790_913_600_000, "Asia/Shanghai"
DAY = 86_400_000


def counted(rule: str) -> float:
    return REGISTRY.get_sample_value("fourcast_law_stops_total", {"rule": rule}) or 0.0


def test_each_stop_is_counted_and_the_first_of_a_day_is_an_alarm(caplog: pytest.LogCaptureFixture):
    stops, before = LawStops(), counted("law-tolerance")
    with caplog.at_level(logging.ERROR):
        for at in (NOON, NOON + 1_000, NOON + DAY):
            stops.note(RELEASE, {"law-tolerance": 3, "assessment-valid": 9}, True, at, ZONE)
    assert counted("law-tolerance") == before + 9
    assert [(row.rule, row.day) for row in caplog.records] == [
        ("law-tolerance", "2026-10-02"),
        ("law-tolerance", "2026-10-03"),
    ]  # type: ignore[attr-defined]


def test_what_a_policy_may_not_read_is_no_fault_of_its_own():
    stops, before = LawStops(), counted("law-not-deceased")
    stops.note(RELEASE, {"law-not-deceased": 23}, False, NOON, ZONE)
    assert counted("law-not-deceased") == before
    stops.note(RELEASE, {"law-not-deceased": 23}, True, NOON, ZONE)
    assert counted("law-not-deceased") == before + 23


def test_two_workers_write_one_row_of_the_audit_log(house: House):
    store, first, second = house.store, LawStops(), LawStops()
    for stops in (first, second, first):
        stops.note(replace(RELEASE, id=901), {"law-frozen-probe": 1}, True, NOON, ZONE)
        stops.audit(store)
    rows = [row for row in store.audit.list_rows(50) if row["action"] == ACTION and "release 901" in row["subject"]]
    assert [row["detail"] for row in rows] == [
        {"rule": "law-frozen-probe", "release": 901, "policy": "p-1", "day": "2026-10-02"}
    ]
    assert store.audit.verify().broken_at is None
    store.close()


def test_a_worker_that_serves_a_careless_policy_tells_of_it_and_serves_nothing_unlawful(house: House):
    worker, store = house.worker(), house.store
    policy, serving = opened(6), worker._releases.serving
    release = replace(serving.release, policy=policy.hash)
    worker._releases.serving = replace(serving, policy=policy, release=release, phrases=Phrasebook(policy))
    put_customer(store, "law-1", {"age": 40, "risk_tolerance": 1, "risk_assessed_on": "2020-01-01"})
    before = counted("law-assessment")
    assert b"equity" not in worker.recommend("law-1", OfferRequest(limit=10, language="en")).body
    assert b'"offers":[]' in worker.recommend("law-1", OfferRequest(channel="sms", language="en")).body
    assert worker.explanations.explain_now("law-1", OfferRequest(limit=10, language="en"))
    assert counted("law-assessment") - before > 0
    worker.close()
    rows = _told(store, release)
    assert {row["detail"]["rule"] for row in rows} >= {"law-tolerance", "law-consent"}
    assert len({row["subject"] for row in rows}) == len(rows)
    store.close()


def _told(store: Store, release: Release) -> list[dict]:
    return [
        row
        for row in store.audit.list_rows(200)
        if row["action"] == ACTION and row["detail"]["policy"] == release.policy
    ]
