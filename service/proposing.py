"""A policy that is proposed is checked by a process of its own, with bounds on its time and memory.

Whatever somebody sends, a serving worker reads none of it: the process is told the documents, reads, compiles and holds
them against the rules of conduct, and tells what it found. What takes it longer than ``CPU_S`` is refused for good;
where the machine had no time, it may be tried again. ``governance`` lets a bank check one policy at a time, so that all
workers but the one that waits go on serving.
"""

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from service.decision import conduct
from service.errors import PolicyError, Problem, Unavailable
from service.rules.policy import from_documents
from service.rules.reading import limits

CPU_S = 10
"""Seconds of computing; a policy that passes is read again by every serving worker."""
DEADLINE_S = 20
"""Seconds in which a serving worker must answer, well below those after which it counts as hanging."""
MEMORY = 2 << 30
"""Bytes of address space."""
AGAIN_S = 5
"""Seconds after which it may be tried again."""
TOO_MUCH = 75
"""The process's exit code where it ran out of memory."""
_KILLED = {-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGSEGV, -signal.SIGABRT, TOO_MUCH}
_ROOT = Path(__file__).resolve().parents[1]
Documents = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Checked:
    """A policy that is fit to be proposed, by its hash; the documents in their canonical form."""

    hash: str
    documents: Mapping[str, Any]


def checked(documents: Documents, patience_s: float | None = None) -> Checked:
    """The policy of the documents. PolicyError names every problem; Unavailable after ``patience_s``."""
    found = _asked(orjson.dumps(documents), patience_s)
    if "hash" in found:
        return Checked(found["hash"], found["documents"])
    raise PolicyError(found["message"], [Problem(**each) for each in found["problems"]])


def main() -> None:
    """Check the documents on standard input, and tell on standard output."""
    cpu_s = int(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_s, cpu_s))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        found = _check(orjson.loads(sys.stdin.buffer.read()))
    except MemoryError:
        os._exit(TOO_MUCH)
    sys.stdout.buffer.write(orjson.dumps(found))


def _check(documents: Documents) -> dict[str, object]:
    try:
        limits.refuse(documents)
        policy = from_documents(documents)
        conduct.refuse(policy)
    except PolicyError as error:
        problems = [{"where": each.where, "message": each.message} for each in error.problems]
        return {"message": error.message, "problems": problems}
    return {"hash": policy.hash, "documents": orjson.Fragment(policy.canonical)}


def _asked(body: bytes, patience_s: float | None) -> dict[str, Any]:
    road = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    environ = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": road}
    command = [sys.executable, "-m", "service.proposing", str(CPU_S)]
    try:
        done = subprocess.run(command, input=body, stdout=subprocess.PIPE, env=environ, timeout=patience_s, check=False)
    except subprocess.TimeoutExpired as error:
        raise Unavailable("There was no time to check the policy; it was not proposed.", AGAIN_S) from error
    if done.returncode in _KILLED:
        bounds = f"{CPU_S} seconds of computing and {MEMORY >> 30} GiB of memory"
        raise PolicyError(f"the policy is too large: checking it takes more than {bounds}; nothing was proposed")
    done.check_returncode()
    answer: dict[str, Any] = orjson.loads(done.stdout)
    return answer


if __name__ == "__main__":
    main()
