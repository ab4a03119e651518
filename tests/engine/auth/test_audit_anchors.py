"""The audit log's head outside the database: written daily, and what a rewritten log or a shortened file shows."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from service.core.errors import InvalidInput
from service.core.grid import DAY_MS
from service.engine.auth.audit_anchors import AuditAnchors
from service.runtime.anchors import signature
from service.runtime.config import Settings
from service.store import Store
from tests.clock import Clock
from tests.servers import execute

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def store(make_database: Any) -> Iterator[Store]:
    opened = Store(make_database(), 2000)
    for number in range(1, 4):
        opened.audit.append("anna", "policy.publish", f"p-{number}", {})
    yield opened
    opened.close()


class Notary:
    """A receiver of heads; it answers ``status``."""

    def __init__(self) -> None:
        here = self
        self.status, self.got = 204, list[tuple[dict[str, str], str]]()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                here.got.append(({name.lower(): word for name, word in self.headers.items()}, body))
                self.send_response(here.status)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/heads"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def notary() -> Iterator[Notary]:
    running = Notary()
    yield running
    running.server.shutdown()


def anchors(store: Store, *places: object, clock: Clock | None = None) -> AuditAnchors:
    settings = Settings(audit_anchors=tuple(map(str, places)), audit_anchor_key=KEY)
    return AuditAnchors(settings, store, clock or stopped_at(1_790_000_000_000))


def stopped_at(instant: int) -> Clock:
    clock = Clock()
    clock.stop_at(instant)
    return clock


def tamper(store: Store, statement: str) -> None:
    execute(
        store.url,
        f"ALTER TABLE audit DISABLE TRIGGER append_only; {statement}; ALTER TABLE audit ENABLE TRIGGER append_only",
    )


def test_a_file_only_grows_and_a_webhook_gets_the_head_signed(store: Store, tmp_path: Path, notary: Notary) -> None:
    file, head = tmp_path / "heads", str(store.audit.read_head())
    made = anchors(store, file, notary.url).write("ops")
    assert (made.head, made.places, made.failed) == (head, (str(file), notary.url), {})
    assert file.read_text() == f"2026-09-21T14:13:20+00:00 {head}\n"
    ((headers, body),) = notary.got
    assert json.loads(body) == {"type": "audit.head", "at": "2026-09-21T14:13:20+00:00", "head": head}
    assert headers["webhook-signature"] == signature(KEY, headers["webhook-id"], 1_790_000_000, body)
    (row,) = store.audit.list_action("audit.anchor")
    assert (row["actor"], row["subject"], row["detail"]) == (
        "ops",
        head,
        {"places": [str(file), notary.url], "failed": []},
    )
    anchors(store, file).write("ops")
    assert len(file.read_text().splitlines()) == 2


def test_a_place_that_fails_is_told_and_the_others_have_it(store: Store, tmp_path: Path, notary: Notary) -> None:
    notary.status = 500
    nowhere = tmp_path / "no-such-mount" / "heads"
    made = anchors(store, tmp_path / "heads", nowhere, notary.url).write("ops")
    assert made.places == (str(tmp_path / "heads"),)
    assert made.failed[notary.url].endswith("did not take the head: it answered 500")
    assert "No such file or directory" in made.failed[str(nowhere)]
    with pytest.raises(InvalidInput, match="FOURCAST_AUDIT_ANCHORS"):
        anchors(store).write("ops")


def test_a_log_made_anew_or_cut_off_breaks_at_an_anchored_row(store: Store, tmp_path: Path) -> None:
    places = anchors(store, tmp_path / "heads")
    places.write("ops")
    assert places.verify()[0].broken_at is None
    tamper(store, "DELETE FROM audit WHERE seq > 2")
    cut = places.verify()[0]
    assert (cut.rows, cut.broken_at) == (2, 3)
    store.audit.append("anna", "policy.publish", "p-another", {})
    assert store.audit.verify().broken_at is None, "which the chain alone does not show"
    anew = places.verify()[0]
    assert (anew.broken_at, "made anew" in str(anew.reason)) == (3, True)


def test_a_file_that_lost_lines_or_was_written_over_is_told(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "heads"
    places = anchors(store, file)
    places.write("ops")
    places.write("ops")
    first, _ = file.read_text().splitlines()
    file.write_text(f"{first}\n")
    assert places.verify()[1] == [f"anchor {file} lacks 1 heads that the log says were written to it"]
    file.unlink()
    assert places.verify()[1] == [f"anchor {file} lacks 2 heads that the log says were written to it"]
    file.write_text("nonsense\n")
    assert places.verify()[1] == [f"anchor {file}: {file}: line 1 is no instant and head"]


def test_the_runner_anchors_once_a_day(store: Store, tmp_path: Path) -> None:
    began = store.audit.list_rows(1)[0]["at"]
    clock = stopped_at(began)
    places = anchors(store, tmp_path / "heads", clock=clock)
    assert places.last_at() is None
    for _ in range(3):
        assert places.watch() is False
    assert len((tmp_path / "heads").read_text().splitlines()) == 1
    clock.stop_at(began + DAY_MS + 60_000)
    places.watch()
    assert len((tmp_path / "heads").read_text().splitlines()) == 2
    assert anchors(store).watch() is False
