"""The embedded servers: started once, found again, stopped exactly by who started them, whatever happens in between."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from service.core.errors import Unavailable
from service.runtime.embedded import embedded, start_postgres, start_valkey
from service.runtime.embedded.run_as import Rights, least_rights
from tests.servers import execute, pid_of

LAUNCH = """
import signal, sys, time
from pathlib import Path
from service.runtime.embedded import start_postgres, start_valkey
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job inherits that it is ignored
with start_postgres(Path(sys.argv[1])) as database, start_valkey(Path(sys.argv[1])) as cache:
    try:
        print(database.url, database.started, cache.started, flush=True)
        time.sleep(120)
    except KeyboardInterrupt:
        with __import__("psycopg").connect(database.url) as connection:
            print("still answering", connection.execute("SELECT 1").fetchone(), flush=True)
"""


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder for the whole module: PostgreSQL's files are made once."""
    folder = tmp_path_factory.mktemp("state")
    with start_postgres(folder) as server:
        execute(server.url, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)")
    return folder


@pytest.fixture
def launcher(state: Path) -> Iterator[subprocess.Popen[str]]:
    """Another program that started both servers in our folder, with a terminal's process group of its own."""
    with subprocess.Popen(
        [sys.executable, "-c", LAUNCH, str(state)], stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().endswith("True True\n")
        yield process
        process.kill()
    gone(*running(state))


def running(state: Path) -> list[psutil.Process]:
    """Every process that works in the state folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if Path(process.cwd()).is_relative_to(state):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def gone(*processes: psutil.Process) -> None:
    _, alive = psutil.wait_procs(processes, timeout=25)
    assert not alive, f"still running: {alive}"


def test_of_two_launchers_at_once_one_starts_and_the_other_joins(state: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from service.runtime.embedded import start_valkey\n"
        "server = start_valkey(Path(sys.argv[1])); print(server.started, flush=True); sys.stdin.read(); server.stop()"
    )
    command = [sys.executable, "-c", code, str(state)]
    pipe = subprocess.PIPE
    both = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(2)]
    said = sorted(str(process.stdout and process.stdout.readline()) for process in both)
    for process in both:
        process.communicate("")
    assert said == ["False\n", "True\n"]
    gone(*running(state))  # the keeper ends the server a moment after its last user has gone


def test_a_start_right_after_kill_9_gets_a_server_that_stays(launcher: subprocess.Popen[str], state: Path) -> None:
    launcher.kill()
    launcher.wait()
    with start_postgres(state) as server:
        time.sleep(0.5)
        assert execute(server.url, "SELECT n FROM kept") == [(1,)]


def test_data_survives_and_a_second_start_is_quick(state: Path) -> None:
    started = time.monotonic()
    with start_postgres(state) as server:
        took = time.monotonic() - started
        assert execute(server.url, "SELECT n FROM kept") == [(1,)]
    assert took < 3
    assert running(state) == []


def test_postgresql_is_durable_and_listens_on_no_port(state: Path) -> None:
    with start_postgres(state) as server:
        wanted = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "listen_addresses": ""}
        shown = {name: execute(server.url, f"SHOW {name}")[0][0] for name in wanted}
        assert shown == wanted
        assert execute(server.url, "SHOW data_checksums") == [("on",)]
        processes = [psutil.Process(pid_of(state, "postgres"))]
        assert not [line for process in processes for line in process.net_connections("inet")]
        if os.geteuid() == 0:
            assert processes[0].uids().effective != 0


def test_valkey_is_a_cache_and_listens_on_no_port(state: Path) -> None:
    with start_valkey(state) as server:
        client = redis.Redis.from_url(server.url)
        assert client.set("k", "v")
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "allkeys-lru"}
        assert int(client.config_get("maxmemory")["maxmemory"]) > 0
        assert client.config_get("save") == {"save": ""}
        assert not psutil.Process(pid_of(state, "valkey")).net_connections("inet")
        client.close()
    assert not list((state / "valkey").glob("*.rdb"))


def test_a_server_that_runs_is_used_and_left_running(launcher: subprocess.Popen[str], state: Path) -> None:
    before = {process.pid for process in running(state)}
    with start_postgres(state) as database, start_valkey(state) as cache:
        assert (database.started, cache.started) == (False, False)
        assert execute(database.url, "SELECT n FROM kept") == [(1,)]
    assert {pid_of(state, "postgres"), pid_of(state, "valkey")} <= before
    assert psutil.pid_exists(pid_of(state, "postgres"))


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_a_launcher_that_ends_first_leaves_the_server_to_who_joined_it(
    launcher: subprocess.Popen[str], state: Path, end: str
) -> None:
    server = psutil.Process(pid_of(state, "postgres"))
    with start_postgres(state) as joined:
        assert not joined.started
        launcher.send_signal(signal.SIGINT if end == "stop" else signal.SIGKILL)
        launcher.wait(20)
        time.sleep(0.6)
        with start_postgres(state) as third:
            assert not third.started
        assert execute(joined.url, "SELECT n FROM kept") == [(1,)]
        assert psutil.Process(pid_of(state, "postgres")) == server
    gone(server)
    assert not (state / "postgres.pid").exists()


def test_ctrl_c_reaches_the_launcher_only_and_it_still_has_its_servers(
    launcher: subprocess.Popen[str], state: Path
) -> None:
    processes = running(state)
    os.killpg(launcher.pid, signal.SIGINT)
    assert launcher.stdout is not None
    assert launcher.stdout.readline() == "still answering (1,)\n"
    assert launcher.wait(30) == 0
    gone(*processes)
    assert not (state / "postgres.pid").exists()


def test_servers_end_when_their_launcher_is_killed(launcher: subprocess.Popen[str], state: Path) -> None:
    processes = running(state)
    assert len(processes) >= 2
    launcher.kill()
    launcher.wait()
    gone(*processes)
    assert not (state / "postgres" / "files" / "postmaster.pid").exists(), "stopped cleanly, not killed"


def test_when_keeper_and_launcher_are_killed_the_next_start_works(launcher: subprocess.Popen[str], state: Path) -> None:
    server = psutil.Process(pid_of(state, "postgres"))
    keeper = server.parent()
    assert keeper is not None
    keeper.kill()
    launcher.kill()
    launcher.wait()
    with start_postgres(state) as again:
        assert again.started
        assert execute(again.url, "SELECT n FROM kept") == [(1,)]
    gone(server)


def test_after_a_power_cut_a_stale_pid_file_of_a_living_stranger_does_no_harm(state: Path) -> None:
    files = state / "postgres" / "files"
    stale = f"{os.getpid()}\n{files}\n1700000000\n5432\n{files.parent}\n\n  5432001     99999\nready   \n"
    (files / "postmaster.pid").write_text(stale)
    (state / "postgres.pid").write_text(str(os.getpid()))
    with start_postgres(state) as server:
        assert execute(server.url, "SELECT n FROM kept") == [(1,)]


def test_a_first_start_that_was_cut_short_begins_anew(tmp_path: Path) -> None:
    half = tmp_path / "postgres" / "files.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    with start_postgres(tmp_path) as server:
        assert execute(server.url, "SELECT 1") == [(1,)]
    assert not half.exists()


def test_files_of_another_major_version_are_refused_in_words(tmp_path: Path) -> None:
    files = tmp_path / "postgres" / "files"
    files.mkdir(parents=True)
    (files / "PG_VERSION").write_text("17\n")
    least_rights([]).own(files)
    with pytest.raises(Unavailable, match="made by PostgreSQL 17"):
        start_postgres(tmp_path)


def test_a_server_that_cannot_start_says_why(state: Path) -> None:
    with pytest.raises(Unavailable, match=r"PostgreSQL did not start .*\n.*shared_buffers"):
        start_postgres(state, {"shared_buffers": "many"})
    assert running(state) == []


def test_a_path_too_long_for_a_socket_gets_a_short_one(tmp_path: Path) -> None:
    deep = tmp_path / ("long" * 25)
    with start_valkey(deep) as server:
        assert str(deep) not in server.url
        client = redis.Redis.from_url(server.url)
        assert client.ping()
        client.close()


def test_stopping_twice_or_in_a_fork_does_nothing(state: Path) -> None:
    server = start_valkey(state)
    child = os.fork()
    if child == 0:
        server.stop()
        os._exit(0)
    os.waitpid(child, 0)
    client = redis.Redis.from_url(server.url)
    assert client.ping()
    client.close()
    server.stop()
    server.stop()
    with pytest.raises(OSError), socket.socket(socket.AF_UNIX) as line:
        line.connect(str(state / "valkey" / "valkey.sock"))


@dataclass(frozen=True)
class Wanted:
    database_url: str | None
    redis_url: str | None
    state_dir: Path


def test_only_the_missing_server_is_started(state: Path) -> None:
    with embedded(Wanted("postgresql://bank/db", None, state)) as urls:
        assert urls.database == "postgresql://bank/db"
        assert urls.redis.startswith("unix://")
        assert not (state / "postgres.pid").exists()
        assert (state / "valkey.pid").exists()
    assert running(state) == []


def test_another_user_cannot_log_in(state: Path) -> None:
    with start_postgres(state) as server:
        stranger = server.url.replace("://root@" if os.geteuid() == 0 else "://", "://nobody@", 1)
        if os.geteuid() != 0:
            pytest.skip("needs root to have two users")
        with pytest.raises(psycopg.OperationalError, match="Peer authentication failed"):
            psycopg.connect(stranger)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to become somebody else")
def test_root_becomes_nobody_and_keeps_a_capability_only_where_a_folder_is_closed(tmp_path_factory: object) -> None:
    closed = Path("/root").stat().st_mode & 0o001 == 0
    assert least_rights([Path("/tmp/x")]).capability is None
    assert (least_rights([Path("/root/x")]).capability is not None) == closed
    assert least_rights([Path("/tmp/x")]).user is not None


def test_an_ordinary_user_stays_who_they_are(tmp_path: Path) -> None:
    inside = ["unshare", "--user", "--map-user=65534", "--map-group=65534"] if os.geteuid() == 0 else []
    code = (
        "import sys; from pathlib import Path; from service.runtime.embedded import start_postgres\n"
        "from service.runtime.embedded.run_as import Rights, least_rights\n"
        "assert least_rights([Path('/root/x')]) == Rights()\n"
        "with start_postgres(Path(sys.argv[1])) as server: print(server.started)"
    )
    done = subprocess.run(
        [*inside, sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )
    if "unshare" in done.stderr:
        pytest.skip("this machine lets nobody make a user namespace")
    assert done.stdout == "True\n", done.stderr
    assert Rights() == Rights(None, None)
