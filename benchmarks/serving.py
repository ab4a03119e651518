"""What one offer request costs: the real stack against two floors, in one run, in turns.

    python -m benchmarks.serving [--rounds 5] [--requests 600]

Four servers under the same gunicorn configuration, one worker each: floor (a) a bare Flask view, floor (b) a Flask
view that reads one Redis key and returns its bytes, and Fourcast twice: cached answers, and fresh decisions (a customer
never asked about before, so that customer, history, features, two models, rules, record and cache all work). In every
round each contestant gets its share of requests, the order rotating. CPU is what the kernel says the worker process
ran (/proc/PID/schedstat), wall is seen by the client. The ratios hold; the times are this machine's.
"""

import argparse
import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from service.cli.operate.demo import prepared
from service.cli.operate.serve import free_port, gunicorn_command
from service.runtime.config import Settings

HOST = "127.0.0.1"


@dataclass
class Contestant:
    """One server and what was measured of it."""

    name: str
    port: int
    worker: int
    path: Callable[[int], str]
    headers: dict[str, str]
    cpu_us: list[float] = field(default_factory=list)
    wall_us: list[float] = field(default_factory=list)
    asked: int = 0

    def run(self, requests: int) -> None:
        """One round: CPU per request of the worker, wall per request of the client."""
        before = running_ns(self.worker)
        for _ in range(requests):
            self.wall_us.append(ask(self.port, self.path(self.asked), self.headers))
            self.asked += 1
        self.cpu_us.append((running_ns(self.worker) - before) / requests / 1000)


def running_ns(pid: int) -> int:
    """Nanoseconds a process and its threads have run, by the kernel's own count."""
    return sum(int(task.read_text().split()[0]) for task in Path(f"/proc/{pid}/task").glob("*/schedstat"))


def ask(port: int, path: str, headers: dict[str, str]) -> float:
    """Microseconds of one request on a new connection; anything but 200 ends the benchmark."""
    start = time.perf_counter_ns()
    connection = http.client.HTTPConnection(HOST, port, timeout=10)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    if answer.status != 200:
        raise SystemExit(f"{path}: {answer.status} {body[:300]!r}")
    return (time.perf_counter_ns() - start) / 1000


@contextmanager
def served(app: str, environ: dict[str, str]) -> Iterator[tuple[int, int]]:
    """A gunicorn with one worker serving ``app``; yields its port and the worker's process id."""
    port = free_port()
    environ = {**environ, "FOURCAST_PORT": str(port), "FOURCAST_WORKERS": "1", "FOURCAST_HOST": HOST}
    server = subprocess.Popen(gunicorn_command(app), env={**os.environ, **environ})
    try:
        yield port, worker_of(server, port)
    finally:
        server.terminate()
        server.wait(20)


def worker_of(server: subprocess.Popen[bytes], port: int) -> int:
    """The worker's process id, once the server answers."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            connection = http.client.HTTPConnection(HOST, port, timeout=5)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
            return int(psutil.Process(server.pid).children()[0].pid)
        except OSError:
            time.sleep(0.2)
    raise SystemExit(f"no server on port {port}")


def rows(contestants: list[Contestant]) -> Iterator[str]:
    """The table: CPU and wall per request, and the ratio of CPU to floor (b), median of the rounds."""
    floor = contestants[1]
    yield f"{'':<28}{'CPU us':>9}{'/ floor b':>11}{'p50 us':>9}{'/ floor b':>11}{'p99 us':>9}"
    for each in contestants:
        ratio = statistics.median(a / b for a, b in zip(each.cpu_us, floor.cpu_us, strict=True))
        p50, p99 = statistics.median(each.wall_us), statistics.quantiles(each.wall_us, n=100)[98]
        wall = p50 / statistics.median(floor.wall_us)
        yield f"{each.name:<28}{statistics.median(each.cpu_us):>9.0f}{ratio:>11.2f}{p50:>9.0f}{wall:>11.2f}{p99:>9.0f}"


def measure(rounds: int, requests: int) -> None:
    """Start everything, run the rounds in turn, print the table."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.read({**os.environ, "FOURCAST_STATE_DIR": folder, "FOURCAST_ARTIFACTS": f"{folder}/models"})
        customers = max(50_000, rounds * requests + requests)  # models of a size that a bank would have
        with prepared(settings, customers=customers) as stage:
            key = {"Authorization": f"Bearer {stage.keys['app']}"}
            ids = stage.stack.store.customers.sample_ids(customers)
            query = "/v1/customers/{}/offers?channel=mobile_app&placement=home_banner&limit=3"
            few = ids[:200]
            with (
                served("benchmarks.floors:bare()", stage.stack.environ) as a,
                served("benchmarks.floors:redis_get()", stage.stack.environ) as b,
                served("service.app:wsgi()", stage.stack.environ) as cached,
                served("service.app:wsgi()", stage.stack.environ) as fresh,
            ):
                contestants = [
                    Contestant("floor (a) Flask", *a, lambda i: query.format(few[i % 200]), key),
                    Contestant("floor (b) Flask + Redis GET", *b, lambda i: query.format(few[i % 200]), key),
                    Contestant("cached offer", *cached, lambda i: query.format(few[i % 200]), key),
                    Contestant("fresh decision", *fresh, lambda i: query.format(ids[200 + i]), key),
                ]
                for each in contestants[:3]:
                    each.run(200)
                    each.cpu_us.clear(), each.wall_us.clear()
                contestants[3].run(50)
                contestants[3].cpu_us.clear(), contestants[3].wall_us.clear()
                for number in range(rounds):
                    for turn in range(4):
                        contestants[(number + turn) % 4].run(requests)
                print("\n".join(rows(contestants)))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=600)
    arguments = parser.parse_args()
    sys.exit(measure(arguments.rounds, arguments.requests))
