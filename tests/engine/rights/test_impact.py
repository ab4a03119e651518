"""The impact assessment says what the service really does with personal data, and is kept."""

import copy
from typing import Any

from service.engine.playground import release_on_disk
from service.engine.rights.filing import Filing
from service.engine.rights.impact import ACTION, describe
from service.rules.policy import DEFAULT, from_documents, load
from service.rules.statutory import STATUTORY
from service.store.customers.copy import SECTIONS
from tests.engine.conftest import House

SERVING = release_on_disk(load(DEFAULT))


def test_it_tells_what_is_stored_what_reads_it_and_what_holds_against_each_risk() -> None:
    told = describe(SERVING, Filing(), "zh")
    attributes = {one["attribute"]: one for one in told["attributes"]}
    assert attributes.keys() == {one.name for one in SERVING.policy.attributes.attributes}
    assert attributes["risk_tolerance"]["read_by_rules"] > 0 and attributes["risk_tolerance"]["needed"]
    assert len(told["stored"]) == len(SECTIONS)
    assert [one["law"] for one in told["laws"]] == [one.ground for one in STATUTORY]
    assert all(one["risk"] and one["measure"] for one in told["risks"])
    assert told["purpose"] == "未说明" and "purpose" in told["not_stated"]
    assert "个性化推荐" in told["asked_for"] and "通过短信接收推荐" in told["asked_for"]


def test_it_changes_with_what_serves() -> None:
    documents: Any = copy.deepcopy(SERVING.policy.documents)
    hat = {"kind": "number", "name": "hat_size", "meaning": "Size of the hat", "unit": "cm", "range": [0, 100]}
    documents["attributes"]["attributes"].append(hat)
    told = describe(release_on_disk(from_documents(documents)), Filing(), "en")
    before = {one["attribute"]: one for one in describe(SERVING, Filing(), "en")["attributes"]}
    (added,) = (one for one in told["attributes"] if one["attribute"] not in before)
    assert (added["attribute"], added["needed"]) == ("hat_size", False), (
        "what nothing reads is told as needed by nothing"
    )


def test_each_is_kept_whole_on_the_audit_log_and_nothing_takes_it_away(house: House) -> None:
    worker = house.worker()
    first, second = worker.impact.write("zhou"), worker.impact.write("zhou")
    worker.store.ensure_partitions()
    worker.store.idempotency.purge()
    worker.objections.prune()
    kept = worker.impact.list_written()
    assert kept[-2:] == [{"actor": "zhou"} | first, {"actor": "zhou"} | second]
    assert any(one["read_by_models"] for one in first["en"]["attributes"])
    assert worker.store.audit.list_action(ACTION)[-1]["actor"] == "zhou"
    assert worker.store.audit.verify().broken_at is None
