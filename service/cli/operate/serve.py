"""`fourcast serve`: gunicorn with the service's own configuration, on the bank's servers or the embedded ones."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping

import click

from service.cli.bank import selection
from service.cli.bank.stack import Stack, open_stack
from service.cli.bank.state import served
from service.cli.operate.work import Beside
from service.core.errors import InvalidInput, Problem, Unavailable
from service.rules.policy import load
from service.runtime.config import Settings
from service.scoring.models.lightgbm_c import library
from service.store import Store

APP = "service.app:wsgi()"
PARTITIONS_S = 6 * 3600
"""How often the launcher looks whether next months' partitions are there."""


def gunicorn_command(app: str = APP) -> list[str]:
    """The command line that serves ``app`` with the service's own gunicorn configuration."""
    return [sys.executable, "-m", "gunicorn", "--config", "python:service.runtime.gunicorn", app]


def base(settings: Settings) -> str:
    """The URL of the API."""
    return f"http://{settings.host}:{settings.port}"


def free_port() -> int:
    """A free TCP port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def check_port(host: str, port: int) -> None:
    """Check that the port is free.

    Raises: InvalidInput: when another process listens on it.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            problem = Problem(
                "FOURCAST_PORT", f"{host}:{port} cannot be listened on ({error.strerror}); choose another"
            )
            raise InvalidInput("The port is taken.", [problem]) from error


def refuse_withdrawn_folder(stack: Stack) -> None:
    """Check that the folder's policy may serve, where nothing was ever released.

    Raises: Withdrawn: when it was withdrawn.
    """
    if stack.store.releases.active() is None:
        stack.store.withdrawals.expect_may_serve(load(stack.settings.policy).hash)


def run_server(stack: Stack, environ: Mapping[str, str]) -> int:
    """Serve until stopped; gunicorn and the runner are started and stopped here. Returns gunicorn's exit code."""
    stack.store.secrets.seal("serve")
    stack.store.secrets.expect_open()
    refuse_withdrawn_folder(stack)
    threading.Thread(target=keep_partitions, args=(stack.store,), daemon=True).start()
    server = subprocess.Popen(gunicorn_command(), env={**os.environ, **environ}, start_new_session=True)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: server.send_signal(signal.SIGTERM))
    beside = Beside(environ) if stack.settings.runner == "on" else None
    try:
        return _ended(server)
    finally:
        if beside is not None:
            beside.stop()


def _ended(server: "subprocess.Popen[bytes]") -> int:
    while True:
        try:
            return server.wait()
        except KeyboardInterrupt:
            server.send_signal(signal.SIGTERM)


def keep_partitions(store: Store) -> None:
    """Make the tables of the months ahead, at intervals; rows without one are in the default partition."""
    while True:
        time.sleep(PARTITIONS_S)
        with contextlib.suppress(Unavailable):
            store.ensure_partitions()
            store.idempotency.purge()


def wait_until_served(port: int, patience_s: float = 60) -> bool:
    """Whether something listens on the port within the time."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.05)
    return False


@click.command()
def serve() -> None:
    """Serve the API with the settings of the environment."""
    settings = selection.chosen_settings()
    library()
    check_port(settings.host, settings.port)
    with served(settings, "serve") as tell, open_stack(settings) as stack:
        tell(base(settings))
        sys.exit(run_server(stack, stack.environ))


VERBS = (serve,)
