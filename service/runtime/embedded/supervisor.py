"""The supervisor: a small process of its own that starts one server, holds it, and stops it when the launcher is gone.

Run as a script by ``server`` with one JSON plan as its argument; needs the standard library only. It leads its own
session, so Ctrl-C in the terminal reaches the launcher and never the server behind its back. It stops the server
cleanly once nobody uses it any more, after its standard input closed (the launcher stopped it, ended, or was killed -9)
or its parent is another process than at birth; and on SIGTERM at once. If the supervisor itself is killed -9, Linux
tells the server to stop (PR_SET_PDEATHSIG, safe here because this process has one thread); elsewhere the next start
ends the orphan.

PostgreSQL refuses to run as root: ``user`` names whom to become, ``capability`` the one capability to keep when that
user could not otherwise enter the folders above (their modes are never changed). Exit codes: the server's own, or 75
when another supervisor holds this folder.
"""

import ctypes
import fcntl
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

TAKEN = 75
LOOK_S = 0.25
TOLD: list[bool] = []
"""Not empty once SIGTERM asked us to stop."""
PR_SET_PDEATHSIG, PR_SET_KEEPCAPS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE = 1, 8, 47, 2
CAPABILITY_VERSION = 0x20080522


def hold(path: str, parent: int) -> int:
    """Take the lock of a running supervisor until this process ends; the file names its launcher."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit(TAKEN)
    os.ftruncate(descriptor, 0)
    os.write(descriptor, str(parent).encode())
    return descriptor


def keep_only(libc: Any, capability: int) -> None:
    """After leaving root: hold one capability in all sets, so that it survives the exec of the server.

    Raises: OSError: when the kernel refuses.
    """
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    sets = (ctypes.c_uint32 * 6)(*([1 << capability] * 3), 0, 0, 0)
    if libc.capset(header, sets) or libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability, 0, 0):
        raise OSError(ctypes.get_errno(), "cannot keep the capability to pass folders")


def become(user: tuple[int, int], capability: int | None, libc: Any) -> None:
    """Leave root for good: no groups, no other rights than ``capability``."""
    if capability is not None:
        libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setgid(user[1])
    os.setuid(user[0])
    if capability is not None:
        keep_only(libc, capability)


def child(plan: dict[str, Any], command: list[str], log: int) -> subprocess.Popen[bytes]:
    """Start one command as the plan's user; it gets the stop signal when this process dies."""
    libc = ctypes.CDLL(None, use_errno=True)
    linux = sys.platform == "linux"

    def prepare() -> None:
        os.umask(0o077)
        if plan["user"] is not None:
            become(plan["user"], plan["capability"], libc)
        if linux:
            libc.prctl(PR_SET_PDEATHSIG, plan["stop_signal"], 0, 0, 0)

    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "TZ": "UTC"}
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=plan["folder"], env=environment,
        preexec_fn=prepare,  # noqa: PLW1509 - this process has one thread
    )  # fmt: skip


def prepare_folder(plan: dict[str, Any], log: int) -> None:
    """The plan's preparing command, into a folder that gets its real name only when it is complete."""
    if plan["prepare"] is None:
        return
    code = child(plan, plan["prepare"], log).wait()
    if code:
        sys.exit(code)
    Path(plan["prepared"][0]).rename(plan["prepared"][1])


def hang_up(*_: object) -> None:
    """Stop as if the launcher had closed our standard input, and nobody used the server."""
    TOLD.append(True)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)


def wait(server: subprocess.Popen[bytes], parent: int) -> None:
    """Return when the server has ended or its launcher is gone."""
    while server.poll() is None and os.getppid() == parent:
        readable, _, _ = select.select([0], [], [], LOOK_S)
        if readable and not os.read(0, 1):
            return


def wait_for_users(server: subprocess.Popen[bytes], path: str) -> None:
    """Return when nobody holds the users' lock; then hold it until we end, so that nobody joins a stopping server."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    while server.poll() is None and not TOLD:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(LOOK_S)
        else:
            return


def stop(server: subprocess.Popen[bytes], plan: dict[str, Any]) -> int:
    """Ask, wait, insist: the server's exit code."""
    if server.poll() is None:
        server.send_signal(plan["stop_signal"])
    try:
        return server.wait(plan["stop_s"])
    except subprocess.TimeoutExpired:
        server.send_signal(plan["insist_signal"])
        return server.wait()


def main(plan: dict[str, Any]) -> int:
    """Hold the lock, prepare, start, write the pid file, wait, stop."""
    signal.signal(signal.SIGTERM, hang_up)
    held = hold(plan["lock"], plan["parent"])
    log = os.open(plan["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    prepare_folder(plan, log)
    server = child(plan, plan["command"], log)
    Path(plan["pid"]).write_text(str(server.pid))
    wait(server, plan["parent"])
    wait_for_users(server, plan["users"])
    code = stop(server, plan)
    Path(plan["pid"]).unlink(missing_ok=True)
    os.close(held)
    return code


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
