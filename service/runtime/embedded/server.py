"""Starting one server under a supervisor, finding one that runs already, ending an orphan, stopping what was started.

Each server has in the state folder: ``<name>/`` (its own files), ``<name>.log``, ``<name>.pid``, ``<name>.keeper``
(locked while a supervisor lives), ``<name>.starting`` (locked while one launcher starts it, so that two cannot) and
``<name>.users``. All who use the server share its lock: the supervisor ends the server once nobody holds it. So a
command that ends first never takes the server from one that joined it.
"""

import contextlib
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from service.core.errors import Unavailable
from service.runtime.embedded import supervisor
from service.runtime.embedded.run_as import Rights

LOG_LINES = 12
START_S = 60.0
STOP_S = 20.0
PAUSE_S = 0.02


@dataclass(frozen=True)
class Plan:
    """One server: its files, its command, what prepares its folder once, and how it is asked and made to stop."""

    title: str
    name: str
    state: Path
    rights: Rights
    command: tuple[str, ...]
    stop_signal: signal.Signals
    insist_signal: signal.Signals
    prepare: tuple[str, ...] | None = None
    prepared: tuple[Path, Path] | None = None
    pid_files: tuple[Path, ...] = ()
    """The server's own, which it leaves behind when it is killed."""

    def path(self, ending: str) -> Path:
        """A file beside the server's folder."""
        return self.state / f"{self.name}.{ending}"

    def document(self) -> str:
        """The plan as the supervisor reads it."""
        return json.dumps({
            "folder": str(self.state / self.name),
            "lock": str(self.path("keeper")), "users": str(self.path("users")),
            "log": str(self.path("log")), "pid": str(self.path("pid")),
            "user": self.rights.user, "capability": self.rights.capability,
            "prepare": self.prepare, "prepared": self.prepared and [str(path) for path in self.prepared],
            "command": self.command, "parent": os.getpid(),
            "stop_signal": int(self.stop_signal), "insist_signal": int(self.insist_signal), "stop_s": STOP_S,
        })  # fmt: skip


class Server:
    """A running server: its ``url``, and whether we ``started`` it or found it running."""

    def __init__(self, url: str, use: IO[bytes], running: subprocess.Popen[bytes] | None) -> None:
        self.url = url
        self._use = use
        self._supervisor = running
        self._pid = os.getpid()

    @property
    def started(self) -> bool:
        """Whether this process started it."""
        return self._supervisor is not None

    def stop(self) -> None:
        """Use it no more: it stops once nobody uses it. A second call or a fork: nothing."""
        if self._pid != os.getpid() or self._use.closed:
            return
        running, self._supervisor = self._supervisor, None
        fcntl.flock(self._use, fcntl.LOCK_UN)
        if running is not None:
            hang_up(running, self._use)
        self._use.close()

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def hang_up(running: subprocess.Popen[bytes], use: IO[bytes]) -> None:
    """Close the supervisor's standard input; wait until both have ended, unless somebody else uses the server."""
    used = not _lock(use, fcntl.LOCK_EX)
    fcntl.flock(use, fcntl.LOCK_UN)
    if running.stdin is not None:
        running.stdin.close()
    if used:
        return
    try:
        running.wait(STOP_S + 5)
    except subprocess.TimeoutExpired:
        if not _lock(use, fcntl.LOCK_SH):  # the supervisor ends it, and does not come to an end; else somebody joined
            running.kill()
            running.wait()


def run(plan: Plan, url: str, ready: Callable[[], bool]) -> Server:
    """The server of ``plan``, running and answering: found or started.

    Raises: Unavailable: with the end of its log, when it does not start or answer.
    """
    use = plan.path("users").open("ab")
    try:
        with _locked(plan.path("starting")):
            if _joined(plan, ready, use):
                return Server(url, use, None)
            end_orphans(plan)
            fcntl.flock(use, fcntl.LOCK_SH)
            return Server(url, use, _started(plan, ready, use))
    except BaseException:
        use.close()
        raise


def _joined(plan: Plan, ready: Callable[[], bool], use: IO[bytes]) -> bool:
    """Whether a server answers that we now use; one that is stopping is waited for until it is gone."""
    deadline = time.monotonic() + START_S
    while _taken(plan.path("keeper")):
        if _lock(use, fcntl.LOCK_SH) and ready():
            return True
        fcntl.flock(use, fcntl.LOCK_UN)
        if time.monotonic() > deadline:
            raise Unavailable(f"{plan.title} runs in {plan.state} but does not answer.")
        time.sleep(PAUSE_S)
    return False


def end_orphans(plan: Plan) -> None:
    """Stop a server that outlived its supervisor in our folder, and remove its pid files."""
    for path in (plan.path("pid"), *plan.pid_files):
        orphan = _orphan(plan, path)
        if orphan is not None:
            _end(plan, orphan)
        path.unlink(missing_ok=True)


def _end(plan: Plan, orphan: psutil.Process) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        orphan.send_signal(plan.stop_signal)
        try:
            orphan.wait(STOP_S)
        except psutil.TimeoutExpired:
            orphan.send_signal(plan.insist_signal)
            orphan.wait(STOP_S)


def _orphan(plan: Plan, path: Path) -> psutil.Process | None:
    """The process a pid file names, when it is indeed the server: its working folder lies in ours."""
    try:
        process = psutil.Process(int(path.read_text().split()[0]))
        return process if Path(process.cwd()).is_relative_to(plan.state / plan.name) else None
    except (OSError, ValueError, IndexError, psutil.Error):
        return None


def _started(plan: Plan, ready: Callable[[], bool], use: IO[bytes]) -> subprocess.Popen[bytes]:
    with plan.path("log").open("ab") as log:
        before = log.tell()
        running = _start_supervisor(plan, log)
    try:
        _until(plan, running, ready, before)
    except BaseException:
        fcntl.flock(use, fcntl.LOCK_UN)
        hang_up(running, use)
        raise
    return running


def _start_supervisor(plan: Plan, log: IO[bytes]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-I", "-S", supervisor.__file__, plan.document()]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True)


def _until(plan: Plan, running: subprocess.Popen[bytes], ready: Callable[[], bool], before: int) -> None:
    deadline = time.monotonic() + START_S
    while not ready():
        if running.poll() is not None:
            words = _last_words(plan, before)
            raise Unavailable(f"{plan.title} did not start (exit code {running.returncode}):\n{words}")
        if time.monotonic() > deadline:
            raise Unavailable(f"{plan.title} does not answer after {START_S:.0f} s:\n{_last_words(plan, before)}")
        time.sleep(PAUSE_S)


def _last_words(plan: Plan, before: int) -> str:
    """The end of the log since byte ``before``."""
    log = plan.path("log")
    lines = log.read_bytes()[before:].decode(errors="replace").splitlines()[-LOG_LINES:] if log.exists() else []
    return "\n".join([*(f"  {line}" for line in lines), f"  (from {log})"])


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _taken(path: Path) -> bool:
    with path.open("ab") as held:
        return not _lock(held, fcntl.LOCK_EX)


def _lock(held: IO[bytes], kind: int) -> bool:
    """Whether we hold that kind of lock now; never waits."""
    try:
        fcntl.flock(held, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
