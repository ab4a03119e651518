"""A child process with bounds on its computing and its memory, for what no serving worker should calculate.

It reads one document on standard input and writes one on standard output: its result, or the error it raised, which is
raised again in the parent. The parent waits with ``Patience``, and the process ends with it.
"""

import contextlib
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from service.core import errors
from service.core.errors import FourcastError, Problem, Unavailable

MEMORY = 2 << 30
"""Bytes of address space."""
BEAT_S = 1.0
TOO_MUCH = 75
"""The process's exit code where it ran out of memory."""
_KILLED = {-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGSEGV, -signal.SIGABRT, TOO_MUCH}
_ROOT = Path(__file__).resolve().parents[2]


class Exhausted(Exception):
    """The process used more computing or memory than its bounds allow."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the parent waits, seconds (None: until the end), and what the caller may do instead, in words.

    ``beat`` is called every second meanwhile; an error that it raises ends the process.
    """

    seconds: float | None = None
    instead: str = ""
    beat: Callable[[], object] | None = None

    def told(self, message: str) -> str:
        """A sentence, and what may be done instead."""
        return f"{message} {self.instead}".rstrip()


ENDLESS = Patience()


def ask(module: str, asked: object, cpu_s: int, patience: Patience = ENDLESS) -> Any:
    """The result of a module's child process for a document.

    Raises: Exhausted, TimeoutError: when it exceeds its bounds or the patience. Or the error that the process raised.
    """
    search_path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    environ = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": search_path}
    command = [sys.executable, "-m", module, str(cpu_s)]
    with (
        _file(orjson.dumps(asked)) as body,
        subprocess.Popen(command, stdin=body, stdout=subprocess.PIPE, env=environ) as process,
    ):
        try:
            answer = _awaited(process, patience)
        except BaseException:
            process.kill()
            raise
    if process.returncode in _KILLED:
        raise Exhausted(f"{cpu_s} seconds of computing and {MEMORY >> 30} GiB of memory")
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    told = orjson.loads(answer)
    if "error" in told:
        raise _error(**told["error"])
    return told["found"]


def serve(work: Callable[[Any], object]) -> None:
    """Run as the child process: compute the document within the bounds, and write the result."""
    cpu_s = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        told: dict[str, object] = {"found": work(orjson.loads(sys.stdin.buffer.read()))}
    except MemoryError:
        os._exit(TOO_MUCH)
    except FourcastError as error:
        problems = [{"where": each.where, "message": each.message} for each in error.problems]
        told = {"error": {"kind": type(error).__name__, "message": error.message, "problems": problems}}
    sys.stdout.buffer.write(orjson.dumps(told))


def _file(body: bytes) -> BinaryIO:
    """The bytes as a file without a name: a pipe could fill while the parent waits for the answer."""
    file = os.fdopen(os.memfd_create("asked"), "w+b")
    file.write(body)
    file.seek(0)
    return file


def _awaited(process: "subprocess.Popen[bytes]", patience: Patience) -> bytes:
    """All that the process writes.

    Raises: TimeoutError: when that takes longer than the patience lasts.
    """
    until = None if patience.seconds is None else time.monotonic() + patience.seconds
    while until is None or time.monotonic() < until:
        left = BEAT_S if until is None else max(0.0, min(BEAT_S, until - time.monotonic()))
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=left)[0]
        if patience.beat is not None:
            patience.beat()
    raise TimeoutError


def _error(kind: str, message: str, problems: list[dict[str, str]]) -> FourcastError:
    raised = getattr(errors, kind)
    if issubclass(raised, Unavailable):
        return Unavailable(message)
    found: FourcastError = raised(message, [Problem(**each) for each in problems])
    return found
