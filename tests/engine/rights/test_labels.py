"""Labels over the real engine: listed in words, dropped at once in every worker, taken back, and replayed."""

import orjson
import pytest

from service.core.domain import Lookback, Snapshot
from service.core.errors import InvalidInput
from service.engine.engine import Engine
from service.engine.releases.scores import estimate, score_one
from service.scoring.models import Bundle
from service.store import ConsentWords
from tests.engine.conftest import ASKED, House, offers
from tests.engine.segmented import RICH


def drop(engine: Engine, customer: str, *labels: str) -> None:
    engine.labels.say(customer, dict.fromkeys(labels, False), "app", "1")


def held(engine: Engine, customer: str) -> set[str]:
    return {one["label"] for one in engine.labels.read(customer).describe("zh") if not one["dropped"]}


def test_every_label_is_told_in_words_with_what_it_does(house: House, customer: str) -> None:
    worker = house.worker()
    for language in ("zh", "en"):
        found = {one["label"]: one for one in worker.labels.read(customer).describe(language)}
        assert {"stage", "target:savers", "target:idle-money", "need:idle-money", "tag:app-user"} <= set(found)
        assert all(one["name"] and one["meaning"] and one["effect"] for one in found.values())
        saver = found["target:savers"]
        assert saver["strategies"][0]["id"] == "product-ladder"
        assert saver["strategies"][0]["name"] in saver["effect"]
        assert found["tag:app-user"]["strategies"] == []


def test_a_dropped_label_is_gone_from_the_next_answer_of_every_worker_and_from_the_portrait(
    house: House, customer: str
) -> None:
    first, second = house.worker(), house.worker()
    assert "target:savers" in held(first, customer)
    before = offers(second, customer)
    assert offers(second, customer)["source"] == "cached"
    everything = sorted(held(first, customer))
    drop(first, customer, *everything)
    after = offers(second, customer)
    assert (after["source"], after["personalised"]) == ("fresh", True)
    assert after["decision_id"] != before["decision_id"]
    assert held(second, customer) == set()
    portrait = orjson.loads(second.portrait(customer, "en"))
    assert [portrait[part] for part in ("segment", "stage", "needs", "tags")] == [None, None, [], []]
    assert portrait["dropped_labels"] == everything


def test_the_model_is_not_asked_for_the_segment_of_who_dropped_it(segmented_bundle: Bundle) -> None:
    known, refused = Snapshot("c", 1, RICH), Snapshot("c", 1, RICH, {"label:segment": False})
    found = [
        [name for name in score_one(segmented_bundle, one, True) if "segment:" in name] for one in (known, refused)
    ]
    assert [len(names) for names in found] == [1, 0]
    assert estimate(segmented_bundle, known).segment is not None
    assert estimate(segmented_bundle, refused).segment is None


def test_a_decision_without_dropped_labels_replays(house: House, customer: str) -> None:
    worker = house.worker()
    drop(worker, customer, "segment", "target:savers")
    decision_id = offers(worker, customer)["decision_id"]
    record = worker.read_decision(decision_id).record
    assert orjson.loads(record)["snapshot"]["consents"] == {"label:segment": False, "label:target:savers": False}
    assert worker.explanations.replay_record(decision_id, record).identical


def test_a_label_is_taken_back_by_the_same_call(house: House, customer: str) -> None:
    first, second = house.worker(), house.worker()
    before = held(first, customer)
    drop(first, customer, "target:savers")
    assert held(second, customer) == before - {"target:savers"}
    second.labels.say(customer, {"target:savers": True}, "app", "2")
    assert held(first, customer) == before
    words = first.labels.read(customer).said["target:savers"]
    assert (words.granted, words.version) == (True, "2")


def test_who_refused_personalisation_has_no_labels(house: House, customer: str) -> None:
    worker = house.worker()
    worker.preferences.say(customer, ConsentWords({"personalisation": False}, "app", "1"))
    found = worker.labels.read(customer)
    assert (found.describe("en"), found.personalised) == ([], False)
    assert "switched personalisation off" in str(found.note("en"))


@pytest.mark.parametrize("label", ["target:saverz", "personalisation", "contact", "marketing:sms", "tag:", ""])
def test_what_is_no_label_cannot_be_dropped(house: House, customer: str, label: str) -> None:
    worker = house.worker()
    with pytest.raises(InvalidInput):
        drop(worker, customer, label)
    assert worker.store.customers.snapshot(customer, Lookback(0)).consents == {}  # type: ignore[union-attr]


def test_a_list_of_many_follows_it_as_a_single_call_does(house: House, customer: str) -> None:
    worker = house.worker()
    drop(worker, customer, *sorted(held(worker, customer)))
    single = offers(worker, customer, ASKED)["offers"]
    turn = worker.crm.bulk.round(ASKED, None)
    (listed,) = worker.crm.bulk.turns(turn, [customer])
    assert listed.body is not None
    names = [(one["offer"], one["channel"]) for one in orjson.loads(listed.body)["offers"]]
    assert names == [(one["offer"], one["channel"]) for one in single]
