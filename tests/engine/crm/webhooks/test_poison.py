"""One poisoned unit of the runner's work, and one receiver that never ends, stop nobody else."""

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import redis
from prometheus_client import REGISTRY

from service.cache import Cache
from service.core.errors import InvalidInput
from service.engine.crm.webhooks.addresses import check_url
from service.engine.crm.webhooks.sending import send
from service.engine.crm.webhooks.webhooks import AT_ONCE, Receiver, Sender, shares
from service.engine.engine import Engine
from service.engine.runner import Runner
from service.runtime.config import Settings
from service.store import Store
from service.store.outbox.deliveries import WaitingWebhook
from tests.engine.crm.webhooks.receiver import Receiver as Answering
from tests.routes.conftest import SAVER
from tests.servers import execute
from tests.waiting import eventually

Talk = Callable[[socket.socket, threading.Event], None]
POISON = "https://8.8.8.8/é"
OVER_S = 0.4


def trickle(words: bytes) -> Talk:
    """Says those words one byte at a time, on and on."""

    def talk(line: socket.socket, over: threading.Event) -> None:
        while not over.wait(0.02):
            for byte in words:
                line.sendall(bytes([byte]))
                if over.wait(0.02):
                    return

    return talk


def silent(_line: socket.socket, over: threading.Event) -> None:
    over.wait()


ENDLESS = {
    "silent": silent,
    "a status line that never ends": trickle(b"HTTP/1.1 200 OK"),
    "headers without end": lambda line, over: (line.sendall(b"HTTP/1.1 200 OK\r\n"), trickle(b"x: y\r\n")(line, over)),
    "go on, without end": trickle(b"HTTP/1.1 100 Continue\r\n\r\n"),
}


class Endless:
    """A receiver on this machine that takes every connection and never comes to an end."""

    def __init__(self, talk: Talk) -> None:
        self._talk, self._over = talk, threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}/hook"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(line,), daemon=True).start()

    def _answer(self, line: socket.socket) -> None:
        with line:
            try:
                self._talk(line, self._over)
            except OSError:
                return

    def close(self) -> None:
        self._over.set()
        self._server.close()


@pytest.fixture
def endless() -> Iterator[Callable[[Talk], Endless]]:
    made: list[Endless] = []

    def make(talk: Talk) -> Endless:
        made.append(Endless(talk))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def answering() -> Iterator[Answering]:
    found = Answering()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def engine(fresh_store: Store, redis_url: str) -> Iterator[Engine]:
    redis.Redis.from_url(redis_url).flushall()
    opened = Engine(replace(Settings(), webhook_loopback="on"), fresh_store, Cache(redis_url))
    yield opened
    opened.close()


def failures(line: str) -> float:
    return REGISTRY.get_sample_value("fourcast_work_failures_total", {"line": line}) or 0.0


@pytest.mark.parametrize(
    "url",
    [
        POISON, "https://bücher.example/", "https://8.8.8.8/a b", "https://8.8.8.8/\n", "https://8.8.8.8/\x7f",
        "https://8.8.8.8/\\",
        "https://8.8.8.8/%zz", "https://8.8.8.8/?q=ü", "https://é:x@8.8.8.8/", "https://@8.8.8.8/", "https://8.8.8.8/#",
        "https://8.8.8.8:/", "https://8.8.8.8:65536/", "https://8.8.8.8:x/", "https://8.8.8.8:-1/",
        "https://-x.example/",
        "https://x..example/", f"https://{'x' * 64}.example/", "https://[::1%25lo]/", "https://[v1.x]/", "https://x.example./",
        "\u200bhttps://8.8.8.8/", "https://８.8.8.8/", "https://8.8.8.8/{id}", " https://8.8.8.8/",
    ],
)  # fmt: skip
def test_what_is_no_url_to_the_letter_is_refused_before_anything_is_sent(url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check_url(url, loopback=False)
    assert [one.where for one in refused.value.problems] == ["url"]


def test_the_refusal_says_how_to_write_it() -> None:
    with pytest.raises(InvalidInput, match=r"%C3%A9.*xn--"):
        check_url(POISON, loopback=False)
    assert check_url("https://8.8.8.8/%C3%A9?a=b&c=[d]", loopback=False)[0].path == "/%C3%A9"


@pytest.mark.parametrize("talk", ENDLESS.values(), ids=list(ENDLESS))
def test_an_answer_that_never_ends_is_over_at_the_deadline(endless: Callable[[Talk], Endless], talk: Talk) -> None:
    with pytest.raises(TimeoutError):
        send(endless(talk).url, "{}", {}, True, OVER_S)


def test_a_greeting_of_tls_that_never_ends_is_over_at_the_deadline(endless: Callable[[Talk], Endless]) -> None:
    for talk in (silent, trickle(b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03")):
        with pytest.raises(OSError):
            send(endless(talk).url.replace("http:", "https:"), "{}", {}, True, OVER_S)


def test_a_body_that_never_ends_is_an_arrival_all_the_same(endless: Callable[[Talk], Endless]) -> None:
    head = b"HTTP/1.1 204 No Content\r\ncontent-length: 9999\r\n\r\n"
    found = endless(lambda line, over: (line.sendall(head), trickle(b"x")(line, over)))
    assert send(found.url, "{}", {}, True, 5.0) == 204


def test_receivers_that_never_end_and_poisoned_addresses_hold_nobody_up(
    fresh_store: Store, fresh_database: str, endless: Callable[[Talk], Endless], answering: Answering
) -> None:
    sender = Sender(fresh_store, True, 3.0)
    stuck = [fresh_store.webhooks.add(endless(talk).url, ["*"], "test", None)[0].id for talk in ENDLESS.values()]
    poisoned = fresh_store.webhooks.add("https://8.8.8.8/", ["*"], "test", None)[0].id
    execute(fresh_database, "UPDATE webhooks SET url = %s WHERE id = %s", POISON, poisoned)
    unsigned = fresh_store.webhooks.add(answering.url, ["*"], "test", None)[0].id
    execute(fresh_database, "UPDATE webhooks SET secret = 'whsec_x' WHERE id = %s", unsigned)
    well = fresh_store.webhooks.add(answering.url, ["*"], "test", None)[0].id
    fresh_store.customers.load([(f"c-{number}", {}) for number in range(12)])

    def states(webhook: str) -> list[str]:
        return [str(one["state"]) for one in fresh_store.deliveries.list_deliveries(webhook, None, None, 50)]

    assert eventually(lambda: sender.step() and states(well) == ["delivered"] * 12)
    assert len(answering.got) == 12
    assert all("delivered" not in states(one) for one in stuck), "while these are still at it"

    def said(webhook: str) -> set[str]:
        rows = fresh_store.deliveries.list_deliveries(webhook, None, None, 50)
        return {str(one["error"]).split(":")[0] for one in rows if one["error"]}

    assert eventually(lambda: (sender.step(), all(said(one) for one in (*stuck, poisoned, unsigned)))[1])
    sender.close()
    assert [said(name) for name in stuck] == [{"TimeoutError"}] * len(stuck)
    assert said(poisoned) == {"The webhook's address is not allowed.\n  url"}
    assert said(unsigned) == {"Error, before anything was sent"}


def test_each_receiver_has_its_share_and_those_that_fail_have_half() -> None:
    many = [WaitingWebhook(f"w{number}", f"https://r{number % 3}.example/{number}", False) for number in range(5)]
    assert shares(many, []) == {"w0": 4, "w1": 4, "w2": 4}, "w3 and w4 lead where w0 and w1 do"
    assert shares(many, [Receiver("r0.example", False)] * 3) == {"w0": 1, "w1": 4, "w2": 4}
    failing = [WaitingWebhook(f"f{number}", f"https://f{number}.example/", True) for number in range(40)]
    assert shares([*failing, many[1]], []) == {f"f{number}": 1 for number in range(16)} | {"w1": 4}
    assert shares(many, [Receiver(str(number), False) for number in range(AT_ONCE)]) == {}


def test_a_change_of_which_no_message_can_be_made_holds_up_no_other(
    fresh_store: Store, fresh_database: str, answering: Answering
) -> None:
    fresh_store.webhooks.add(answering.url, ["*"], "test", None)
    before = failures("webhooks")
    execute(fresh_database, "INSERT INTO changes (type, subject, body, at) VALUES ('lead.open', 'x', '{}', 9e17)")
    fresh_store.customers.load([("c-1", {})])
    sender = Sender(fresh_store, True)
    assert eventually(lambda: sender.step() and answering.got)
    sender.close()
    assert ["c-1" in body for _, body in answering.got] == [True]
    assert failures("webhooks") == before + 1


def test_a_poisoned_job_is_put_off_given_up_at_last_and_holds_up_no_other(
    fresh_store: Store, fresh_database: str, engine: Engine
) -> None:
    fresh_store.customers.load([("c-1", SAVER)])
    poisoned = fresh_store.jobs.add("test", None, {"nobody": "knows"}, ["c-1"])
    good = fresh_store.jobs.add(
        "test", None, {"channel": "branch", "placement": None, "limit": 1, "language": "en"}, ["c-1"]
    )
    before = failures("jobs")
    while engine.crm.jobs.work(lambda: False):
        pass
    assert [fresh_store.jobs.read(one.id).state for one in (poisoned, good)] == ["running", "done"]
    for _ in range(5):
        execute(fresh_database, "UPDATE jobs SET leased_until = 0 WHERE state = 'running'")
        engine.crm.jobs.work(lambda: False)
    ended = fresh_store.jobs.read(poisoned.id)
    assert (ended.state, failures("jobs") - before) == ("failed", 5)
    assert ended.error is not None and "5 attempts" in ended.error and "KeyError" in ended.error


def test_a_poisoned_customer_fails_alone_in_a_job(fresh_store: Store, fresh_database: str, engine: Engine) -> None:
    fresh_store.customers.load([("c-1", SAVER), ("c-2", SAVER)])
    unheard = "SET session_replication_role = replica"  # no trigger looks at what no customer can be
    execute(fresh_database, f"{unheard}; UPDATE customers SET attributes = '[]' WHERE id = 'c-1'")
    asked = {"channel": "branch", "placement": None, "limit": 1, "language": "en"}
    job = fresh_store.jobs.add("test", None, asked, ["c-1", "c-2"])
    before = failures("decisions")
    assert engine.crm.jobs.work(lambda: False)
    assert (fresh_store.jobs.read(job.id).state, fresh_store.jobs.read(job.id).failed) == ("done", 1)
    assert [row["status"] for row in fresh_store.jobs.results(job.id)] == [500, 200]
    assert failures("decisions") == before + 1


def test_a_line_of_work_that_fails_stops_no_other_line(fresh_store: Store, fresh_database: str, engine: Engine) -> None:
    execute(fresh_database, "INSERT INTO changes (type, subject, body) VALUES ('lead.open', 'x', '[]')")
    before = failures("webhooks")
    fresh_store.customers.load([("c-1", SAVER)])
    asked = {"channel": "branch", "placement": None, "limit": 1, "language": "en"}
    parts = engine.crm, engine.drift, engine.visitors, engine.policy_jobs, engine.objections, engine.anchors
    runner = Runner(*parts, engine.fairness, engine.inventory)
    thread = threading.Thread(target=runner.run)
    thread.start()
    try:
        assert eventually(lambda: failures("webhooks") > before)
        job = fresh_store.jobs.add("test", None, asked, ["c-1"])
        assert eventually(lambda: fresh_store.jobs.read(job.id).state == "done")
        again = failures("webhooks")
        assert eventually(lambda: failures("webhooks") > again), "and it is tried again"
    finally:
        runner.stop()
        thread.join(30)
    assert not thread.is_alive()
