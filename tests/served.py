"""A running gunicorn for tests: the service's own configuration, real HTTP, its log, and a key that opens it."""

import json
import os
import signal
import socket
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from service.cli.operate.serve import free_port, gunicorn_command
from service.core.domain import Client
from service.engine.auth import new_key
from service.store import Store
from tests.routes.conftest import EVERYTHING, SAVER
from tests.servers import DEADLINE_MS


class Served:
    """A running gunicorn, its log and a key that opens it."""

    def __init__(self, database: str, redis: str, folder: Path, workers: int = 2, **more: str) -> None:
        self.port, self.folder, (self.key, digest) = free_port(), folder, new_key()
        store = Store(database, DEADLINE_MS)
        store.customers.load([("c-1", SAVER)])
        store.clients.add(Client(f"app-{self.port}", EVERYTHING), digest, actor="test")
        store.close()
        settings = {
            "FOURCAST_DATABASE_URL": database,
            "FOURCAST_REDIS_URL": redis,
            "FOURCAST_PORT": str(self.port),
            "FOURCAST_WORKERS": str(workers),
            "HOME": str(folder),
            "PROMETHEUS_MULTIPROC_DIR": "",
            **more,
        }
        environ = {name: text for name, text in (os.environ | settings).items() if text}
        self.log = (folder / "log").open("wb+")
        self.process = subprocess.Popen(gunicorn_command(), env=environ, stdout=self.log, stderr=self.log)
        self._wait()

    def get(self, path: str, **options: object) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.key}"}
        return requests.get(f"http://127.0.0.1:{self.port}{path}", headers=headers, timeout=10, **options)  # type: ignore[arg-type]

    def post(self, path: str, data: object) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        url = f"http://127.0.0.1:{self.port}{path}"
        return requests.post(url, data=data, headers=headers, timeout=10)  # type: ignore[arg-type]

    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in (self.folder / "log").read_bytes().splitlines()]

    def raw(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as line:
            line.sendall(request)
            return b"".join(iter(lambda: line.recv(65536), b""))

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(15)
        finally:
            self.process.kill()
            self.log.close()

    def _wait(self) -> None:
        for _ in range(300):
            try:
                if self.get("/readyz").ok:
                    return
            except (requests.ConnectionError, requests.Timeout):
                time.sleep(0.1)
        pytest.fail((self.folder / "log").read_text())


def event(event_id: str) -> bytes:
    document = {"id": event_id, "customer_id": "c-1", "kind": "click", "offer": "term-12m", "channel": "mobile_app"}
    return json.dumps(document | {"at": datetime.now(UTC).isoformat()}).encode()
