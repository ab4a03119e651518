"""Quotas: never more than the quota over all workers, nearly all of it used, and a share of it without Redis."""

import threading
from collections.abc import Iterator

import pytest
import redis

from service.cache import Cache
from service.core.domain import Client
from service.engine.auth.quotas import BLOCKS, WINDOW_S, Quotas
from service.runtime.config import Settings

START = 1_000_000 * WINDOW_S * 1_000
"""The beginning of a window, ms UTC."""


@pytest.fixture
def cache(redis_url: str) -> Iterator[Cache]:
    redis.Redis.from_url(redis_url).flushall()
    yield Cache(redis_url, 2.0)


def allowed(quotas: Quotas, client: Client, requests: int) -> int:
    return sum(quotas.spend(client).left >= 0 for _ in range(requests))


def app(quota: int | None) -> Client:
    return Client("app", frozenset(), quota=quota)


@pytest.mark.parametrize("quota", [1, 7, BLOCKS, 1000])
def test_one_worker_grants_exactly_the_quota(cache: Cache, quota: int) -> None:
    quotas = Quotas(Settings(), cache.taken, lambda: START)
    assert allowed(quotas, app(quota), quota + 50) == quota


def test_what_is_left_is_told_by_hand(cache: Cache) -> None:
    quotas = Quotas(Settings(), cache.taken, lambda: START + 13_500)
    told = [quotas.spend(app(3)) for _ in range(4)]
    assert [each.left for each in told] == [2, 1, 0, -1]
    assert {each.ends_in_s for each in told} == {WINDOW_S - 13}


def test_a_request_of_several_events_counts_as_so_many_all_or_none(cache: Cache) -> None:
    quotas = Quotas(Settings(), cache.taken, lambda: START)
    told = [quotas.spend(app(100), count).left for count in (1, 60, 60, 39, 1)]
    assert told == [99, 39, -1, 0, -1]
    assert quotas.spend(Client("small", frozenset(), quota=5), 6).left == -1


def test_a_customers_first_call_is_not_refused_for_what_a_branch_of_the_same_subject_used_up(cache: Cache) -> None:
    branch, customer = (Client("oauth:anna", frozenset(), **bound) for bound in ({"branch": "b"}, {"customer_id": "c"}))
    settings = Settings(quota=5, customer_quota=2)
    for each in (Quotas(settings, cache.taken, lambda: START), Quotas(settings, cache.taken, lambda: START)):
        allowed(each, branch, 9)
    quotas = Quotas(settings, cache.taken, lambda: START)
    assert allowed(quotas, branch, 1) == 0
    assert allowed(quotas, customer, 5) == 2


def test_a_token_of_other_scopes_opens_no_new_quota(cache: Cache) -> None:
    quotas = Quotas(Settings(customer_quota=2), cache.taken, lambda: START)
    told = [quotas.spend(Client("anna", frozenset({scope}), "c-1")).left for scope in ("a", "b", "c")]
    assert told == [1, 0, -1]


@pytest.mark.parametrize("size", [3, 40, 190])
def test_workers_that_race_with_requests_of_any_size_never_exceed_the_quota(
    redis_url: str, cache: Cache, size: int
) -> None:
    quota, granted = 1000, list[int]()

    def work() -> None:
        quotas = Quotas(Settings(), Cache(redis_url, 2.0).taken, lambda: START)
        granted.append(sum(size for _ in range(quota // size) if quotas.spend(app(quota), size).left >= 0))

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert quota - 6 * max(size, quota // BLOCKS) <= sum(granted) <= quota


def test_the_next_minute_begins_anew(cache: Cache) -> None:
    now = [START]
    quotas = Quotas(Settings(), cache.taken, lambda: now[0])
    assert allowed(quotas, app(5), 9) == 5
    now[0] += WINDOW_S * 1_000
    assert allowed(quotas, app(5), 9) == 5


@pytest.mark.parametrize("quota", [10, 100, 2000])
def test_workers_that_race_never_exceed_the_quota_together(redis_url: str, cache: Cache, quota: int) -> None:
    workers, granted = 6, list[int]()

    def work() -> None:
        quotas = Quotas(Settings(), Cache(redis_url, 2.0).taken, lambda: START)
        granted.append(allowed(quotas, app(quota), quota))

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(granted) == quota, "every worker asked for the whole quota, so nothing was left over"


def test_what_idle_workers_leased_is_all_that_is_lost(redis_url: str, cache: Cache) -> None:
    quota, workers = 1000, 4
    idle = [Quotas(Settings(), Cache(redis_url, 2.0).taken, lambda: START) for _ in range(workers)]
    assert all(quotas.spend(app(quota)).left >= 0 for quotas in idle)
    busy = Quotas(Settings(), cache.taken, lambda: START)
    assert allowed(busy, app(quota), quota) == quota - workers * (quota // BLOCKS)


def test_a_worker_asks_redis_once_a_block_and_not_when_nothing_is_left() -> None:
    asked = list[tuple[str, int]]()

    def take(name: str, count: int, ttl_s: int) -> int:
        asked.append((name, count))
        return sum(count for _, count in asked)

    quotas = Quotas(Settings(), take, lambda: START)
    assert allowed(quotas, app(500), 2000) == 500
    assert len(asked) == BLOCKS


def test_while_redis_is_away_each_worker_grants_its_share() -> None:
    away = Cache("redis://127.0.0.1:1/0", 0.05)
    quotas = Quotas(Settings(workers=4), away.taken, lambda: START)
    assert allowed(quotas, app(100), 300) == 25
    assert allowed(Quotas(Settings(workers=4), away.taken, lambda: START), app(2), 9) == 1


@pytest.mark.parametrize(
    ("client", "quota"),
    [
        (Client("a", frozenset()), 600_000),
        (Client("b", frozenset(), customer_id="c-1"), 600),
        (Client("c", frozenset(), branch="siming"), 600_000),
        (Client("d", frozenset(), customer_id="c-1", quota=7), 7),
    ],
)
def test_whose_quota_is_which(cache: Cache, client: Client, quota: int) -> None:
    assert Quotas(Settings(), cache.taken, lambda: START).spend(client).quota == quota


def test_clients_do_not_spend_each_others_quota(cache: Cache) -> None:
    quotas = Quotas(Settings(), cache.taken, lambda: START)
    assert allowed(quotas, app(3), 9) == 3
    assert allowed(quotas, Client("other", frozenset(), quota=3), 9) == 3
