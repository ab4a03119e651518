"""Eight processes reserve contacts with the same customers at once: never one over a cap, never one too few."""

import multiprocessing
import time
from collections import Counter
from multiprocessing.synchronize import Barrier
from queue import Queue

import pytest

from service.core.domain import Event, Lookback, Release
from service.core.errors import ContactRefused
from service.decision.contact_permission import permit
from service.rules.policy import DEFAULT, load
from service.store import ConsentWords, Store, without_cache
from tests.seed import put_customer

PROCESSES, CUSTOMERS, CHANNELS = 8, 6, ("sms", "email", "wechat")
FACTS = {"age": 44, "demand_yuan": 90_000.0, "sms_reachable": True, "email_reachable": True, "wechat_bound": True}
NOON = (time.time_ns() // 86_400_000_000_000) * 86_400_000 + 4 * 3_600_000
WEEK_CAP = 2


def compete(url: str, number: int, start: Barrier, said: "Queue[str]") -> None:
    """Ask for every channel of every customer, all at the same moment as seven others; report what was said."""
    policy, store = load(DEFAULT), Store(url, 20_000)
    release = Release(1, policy.hash, None)
    start.wait(60)
    for customer in range(CUSTOMERS):
        for channel in CHANNELS:
            contact = Event(f"{customer}-{channel}-{number}", f"race-{customer}", "contact", NOON, "term-12m", channel)
            try:
                store.contacts.reserve(
                    contact,
                    Lookback(0),
                    lambda snapshot, asked=contact: permit(policy, snapshot, asked, release, "en"),
                    without_cache,
                )
                said.put("reserved")
            except ContactRefused as refused:
                said.put(refused.problems[0].where)
    store.close()


@pytest.mark.slow
def test_the_cap_holds_exactly_however_many_ask_at_once(store: Store, database_url: str) -> None:
    for customer in range(CUSTOMERS):
        put_customer(store, f"race-{customer}", FACTS)
        store.consents.say(
            f"race-{customer}", ConsentWords({f"marketing:{one}": True for one in CHANNELS}, "app", "1"), 1
        )
    spawn = multiprocessing.get_context("spawn")
    start, said = spawn.Barrier(PROCESSES), spawn.Queue()
    racers = [spawn.Process(target=compete, args=(database_url, number, start, said)) for number in range(PROCESSES)]
    for racer in racers:
        racer.start()
    words = Counter(said.get(timeout=120) for _ in range(PROCESSES * CUSTOMERS * len(CHANNELS)))
    for racer in racers:
        racer.join(30)
    assert [racer.exitcode for racer in racers] == [0] * PROCESSES
    assert words.pop("reserved") == WEEK_CAP * CUSTOMERS
    assert set(words) == {"cap-outbound-week"}
    for customer in range(CUSTOMERS):
        snapshot = store.customers.snapshot(f"race-{customer}", Lookback(0))
        assert snapshot is not None
        assert sum(len(trail.instants) for trail in snapshot.trails) == WEEK_CAP
        assert snapshot.revision == 1 + 1 + WEEK_CAP, "a refusal changes nothing"
