"""`fourcast work`: the runner of jobs and deliveries, a process of its own; SIGTERM ends it cleanly."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping

import click
from prometheus_client import start_http_server

from service.cache import Cache
from service.cli.bank import selection
from service.cli.bank.stack import open_stack
from service.engine.engine import Engine
from service.engine.runner import Runner
from service.runtime.logs import log_as_json
from service.store import Store

DEADLINE_MS = 10_000
"""How long the runner waits for PostgreSQL: nobody is waiting for it."""
RESTART_S = 1.0
PATIENCE_S = 20.0
"""How long a runner has to end its present step."""


@click.command()
@click.option("--beside", type=int, hidden=True, help="End when this process is not the parent any more.")
def work(beside: int | None) -> None:
    """Do the jobs and the deliveries that wait, until stopped. `fourcast serve` starts one beside itself.

    FOURCAST_RUNNER_METRICS_PORT shows Prometheus what waits, measured every 15 seconds, and the drift of what serves,
    measured every 15 minutes.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    settings = selection.chosen_settings()
    log_as_json(settings.log_level)
    with open_stack(settings) as stack:
        store = Store(str(stack.settings.database_url), DEADLINE_MS, stack.settings.secret_keys)
        store.secrets.expect_open()
        engine = Engine(stack.settings, store, Cache(str(stack.settings.redis_url)))
        parts = engine.crm, engine.drift, engine.visitors, engine.policy_jobs, engine.objections, engine.anchors
        runner = Runner(*parts, engine.fairness, engine.inventory)
        if stack.settings.runner_metrics_port:
            start_http_server(stack.settings.runner_metrics_port, stack.settings.host)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: runner.stop())
        if beside is not None:
            threading.Thread(target=_end_with, args=(beside, runner), daemon=True).start()
        try:
            runner.run()
        finally:
            engine.close()
            store.close()


def _end_with(parent: int, runner: Runner) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    runner.stop()


class Beside:
    """The runner beside the server: started again when it fails, ended with the server."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = {**os.environ, **environ, "OMP_NUM_THREADS": "1"}
        self._stopping, self._turn = threading.Event(), threading.Lock()
        self._process = self._started()
        self._watch = threading.Thread(target=self._keep, daemon=True)
        self._watch.start()

    def stop(self) -> None:
        """End it: it finishes its present step."""
        with self._turn:
            self._stopping.set()
        self._process.terminate()
        try:
            self._process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _keep(self) -> None:
        while not self._stopping.is_set():
            self._process.wait()
            self._stopping.wait(RESTART_S)
            with self._turn:
                if not self._stopping.is_set():
                    self._process = self._started()

    def _started(self) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "service.cli.main", "work", "--beside", str(os.getpid())]
        return subprocess.Popen(command, env=self._environ, start_new_session=True)


VERBS = (work,)
