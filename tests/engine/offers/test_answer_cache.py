"""What the cache saves, and what it never serves."""

import threading
import time

import pytest

from service.core.errors import InvalidInput, NotFound
from service.decision.arms.assignment import experiment_arm
from service.engine.engine import Engine
from service.rules.policy import DEFAULT, load
from service.store import ConsentWords
from tests.engine.conftest import ASKED, SAVER, House, dismissal, offers, shown
from tests.seed import put_customer


def test_a_second_call_is_answered_from_the_cache_with_the_same_bytes(house: House, customer: str) -> None:
    first, second = house.worker(), house.worker()
    fresh, kept = first.recommend(customer, ASKED), second.recommend(customer, ASKED)
    assert (fresh.source, kept.source) == ("fresh", "cached")
    assert fresh.body == kept.body


def test_a_segments_words_are_the_same_fresh_and_cached_and_give_way_to_an_opt_out(house: House) -> None:
    store, worker = house.store, house.worker()
    customer = f"maturing-{time.time_ns()}"
    soon = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 10 * 86_400))
    while experiment_arm(customer, load(DEFAULT).experiments) != "personalised":
        customer += "x"
    put_customer(store, customer, {**SAVER, "next_maturity_on": soon})
    fresh, kept = worker.recommend(customer, ASKED), house.worker().recommend(customer, ASKED)
    assert (fresh.source, kept.source, fresh.body == kept.body) == ("fresh", "cached", True)
    assert b"Keep maturing money at work." in fresh.body
    worker.preferences.say(customer, ConsentWords({"personalisation": False}, "app", "1"))
    assert b"Keep maturing money at work." not in house.worker().recommend(customer, ASKED).body
    store.close()


def test_a_dismissed_offer_is_gone_from_the_next_answer_of_every_worker(house: House, customer: str) -> None:
    one, other = house.worker(), house.worker()
    before = shown(offers(one, customer))
    one.record_events([dismissal(customer, before[0])])
    for worker in (other, one):
        assert before[0] not in shown(offers(worker, customer))


def test_an_event_sent_twice_is_stored_once_and_leaves_the_cache_alone(house: House, customer: str) -> None:
    worker = house.worker()
    event = dismissal(customer, "term-12m")
    assert worker.record_events([event]) == [(event.id, "stored")]
    offers(worker, customer)
    assert worker.record_events([event]) == [(event.id, "duplicate")]
    assert offers(worker, customer)["source"] == "cached"


def test_a_withdrawn_consent_counts_in_the_next_answer_of_every_worker(house: House, customer: str) -> None:
    one, other, store = house.worker(), house.worker(), house.store
    assert offers(one, customer)["personalised"] is True
    store.consents.say(customer, ConsentWords({"personalisation": False}, "app", "1"), int(time.time() * 1000))
    answer = offers(other, customer)
    assert answer["personalised"] is False
    assert {offer["text"]["family"] for offer in answer["offers"]} == {"deposit"}
    store.close()


def test_no_worker_shows_an_offer_once_its_dismissal_was_acknowledged(house: House, customer: str) -> None:
    """Readers race a writer over one cache; each reader notes what was acknowledged before it asked."""
    acknowledged: set[str] = set()
    stale: list[tuple[str, str]] = []
    done = threading.Event()

    def read(worker: Engine) -> None:
        while not done.is_set():
            known = frozenset(acknowledged)
            answer = offers(worker, customer)
            stale.extend((answer["source"], offer) for offer in set(shown(answer)) & known)

    readers = [threading.Thread(target=read, args=(house.worker(),)) for _ in range(3)]
    for reader in readers:
        reader.start()
    writer = house.worker()
    for _ in range(8):
        offered = shown(offers(writer, customer))
        if not offered:
            break
        writer.record_events([dismissal(customer, offered[0])])
        acknowledged.add(offered[0])
        time.sleep(0.1)
    done.set()
    for reader in readers:
        reader.join()
    assert len(acknowledged) >= 3
    assert stale == []


def test_nobody_by_that_name_is_said_so(house: House) -> None:
    with pytest.raises(NotFound, match='No customer "nobody"'):
        offers(house.worker(), "nobody")


def test_a_slot_the_policy_lacks_is_named_with_those_it_has(house: House, customer: str) -> None:
    worker = house.worker()
    with pytest.raises(InvalidInput, match=r'channel: expected one of .*mobile_app.*got "fax"'):
        offers(worker, customer, ASKED.__class__(channel="fax"))
    with pytest.raises(InvalidInput, match=r'placement: expected one of .*home_banner.*got "roof"'):
        offers(worker, customer, ASKED.__class__(channel="mobile_app", placement="roof"))
