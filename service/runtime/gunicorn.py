"""How gunicorn serves: ``gunicorn --config python:service.runtime.gunicorn "service.app:wsgi()"``.

Sync workers: one request at a time each, so that a request's time is its own (threads double the slowest per cent).
Put a buffering proxy in front on the open internet; a client that dawdles here is cut off after ``CLIENT_S``.

Each worker imports, connects and loads models for itself after the fork: a parent that had touched LightGBM would make
its children hang, hence no preload and one OpenMP thread, set before anything is imported. Writes nothing but metric
files in a temporary folder, so a read-only root file system with a writable /tmp or /dev/shm suffices.
"""

import logging
import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"

import orjson
from gunicorn import util
from gunicorn.glogging import Logger
from gunicorn.workers.sync import SyncWorker

from service.runtime.config import Settings
from service.runtime.logs import JsonLines

CLIENT_S = 5.0
_METRICS = "PROMETHEUS_MULTIPROC_DIR"
_settings = Settings.read(os.environ)


class PatientWorker(SyncWorker):  # type: ignore[misc]
    """A sync worker that closes a connection whose client sends nothing for ``CLIENT_S`` seconds."""

    def handle(self, listener: socket.socket, client: socket.socket, addr: Any) -> None:
        """Serve one connection."""
        client.settimeout(CLIENT_S)
        super().handle(listener, client, addr)


def write_problem(client: socket.socket, status: int, reason: str, detail: str) -> None:
    """Answer what is no HTTP request, before any route, in the shape of every other error (RFC 9457)."""
    trace_id = os.urandom(16).hex()
    logging.getLogger("fourcast.http").warning("no request", extra={"trace_id": trace_id, "status": status})
    slug = reason.lower().replace(" ", "-")
    document = {"type": f"urn:fourcast:problem:{slug}", "title": reason, "status": status, "detail": detail or reason}
    body = orjson.dumps(document | {"trace_id": trace_id})
    head = (
        f"HTTP/1.1 {status} {reason}\r\nConnection: close\r\nContent-Type: application/problem+json\r\n"
        "Content-Language: en\r\n"
        f"Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nX-Request-Id: {trace_id}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    util.write_nonblock(client, head.encode("latin-1") + body)


util.write_error = write_problem
"""gunicorn's own page is HTML; it has no setting for this, and every worker looks the function up here."""


class JsonLogger(Logger):  # type: ignore[misc]
    """gunicorn's log records as JSON lines, without the paths of requests; the app's middleware logs those."""

    def setup(self, cfg: Any) -> None:
        """Give the handlers their form."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(JsonLines())

    def debug(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        """Log nothing: the record names the path of a request, and a path names a customer."""

    def warning(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        """Log the warning; of a request that is no HTTP only that it came."""
        super().warning(*(("Invalid request refused.",) if _quotes(msg) else (msg, *args)), **kwargs)

    def exception(self, msg: Any, *args: Any, **kwargs: Any) -> None:
        """Log the failure, without the path of the request."""
        super().exception(*(("Error handling a request",) if _quotes(msg) else (msg, *args)), **kwargs)

    def access(self, resp: Any, req: Any, environ: Any, request_time: Any) -> None:
        """Log nothing: the middleware logs each request."""


def _quotes(msg: object) -> bool:
    """Whether gunicorn's sentence repeats what a client sent."""
    return str(msg).startswith(("Invalid request from", "Error handling request"))


def _memory() -> str | None:
    """A folder in memory, for the workers' heartbeat files; None where there is none."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108


bind = f"[{_settings.host}]:{_settings.port}" if ":" in _settings.host else f"{_settings.host}:{_settings.port}"
workers = _settings.workers
worker_class = PatientWorker
preload_app = False
worker_tmp_dir = _memory()
timeout = 30
graceful_timeout = 10
keepalive = 0
backlog = 512
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190
control_socket_disable = True
accesslog = None
loglevel = _settings.log_level
logger_class = JsonLogger


def on_starting(server: Any) -> None:
    """Give the workers an empty folder for their metrics."""
    folder = tempfile.mkdtemp(prefix=f"fourcast-metrics-{os.getpid()}-", dir=_memory())
    os.environ[_METRICS] = folder
    server.metrics_folder, server.metrics_owner = folder, os.getpid()


def child_exit(server: Any, worker: Any) -> None:
    """Forget the gauges of a worker that ended; its counts stay."""
    from prometheus_client import multiprocess  # not before the folder is set: the import decides how to count

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def on_exit(server: Any) -> None:
    """Remove the folder."""
    folder = Path(getattr(server, "metrics_folder", ""))
    if folder.name and getattr(server, "metrics_owner", None) == os.getpid():
        shutil.rmtree(folder, ignore_errors=True)
