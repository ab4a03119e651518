"""A release reaches every worker within two seconds, and no request is dropped: gunicorn, two workers, under load."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
import requests

from service.rules.policy import DEFAULT, from_documents, load
from service.store import Store
from tests.routes.conftest import SAVER
from tests.served import Served

WITHIN_S = 2.0
CUSTOMERS = 40
PAUSE_S = 0.04


@dataclass(frozen=True)
class Sent:
    """One request: when it was sent (monotonic), its status, and the release that answered it."""

    at: float
    status: int
    release: int | None


class Load:
    """Two callers that never stop asking until they are told to."""

    def __init__(self, served: Served, store: Store) -> None:
        self._served, self._store = served, store
        self._stop = threading.Event()
        self._answers: list[tuple[float, int, str | None]] = []
        self._callers = [threading.Thread(target=self._call, args=(turn,)) for turn in range(2)]

    def __enter__(self) -> "Load":
        for caller in self._callers:
            caller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for caller in self._callers:
            caller.join()

    @property
    def sent(self) -> list[Sent]:
        """Every request so far, with the release of the decision it was answered with."""
        return [Sent(at, status, self._release(decision)) for at, status, decision in self._answers]

    def _release(self, decision: str | None) -> int | None:
        return None if decision is None else self._store.decisions.read(decision).release_id

    def _call(self, turn: int) -> None:
        while not self._stop.is_set():
            turn += 7
            at = time.monotonic()
            try:
                answer = self._served.get(f"/v1/customers/c-{turn % CUSTOMERS}/offers?channel=mobile_app")
                self._answers.append((at, answer.status_code, answer.json().get("decision_id")))
            except requests.RequestException:
                self._answers.append((at, 0, None))
            time.sleep(PAUSE_S)


@pytest.fixture(scope="module")
def store(database_url: str, bundle_folder: Path) -> Iterator[Store]:
    """The shipped policy serves with models."""
    opened = Store(database_url, 5000)
    opened.customers.load([(f"c-{number}", SAVER | {"age": 20 + number}) for number in range(CUSTOMERS)])
    opened.releases.put_bundle(bundle_folder.name, orjson.loads((bundle_folder / "manifest.json").read_bytes()))
    shipped = load(DEFAULT)
    opened.proposals.bootstrap(shipped.hash, shipped.documents, bundle_folder.name, "demo", "")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def served(
    store: Store, database_url: str, redis_url: str, bundle_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOURCAST_ARTIFACTS", str(bundle_folder.parent))
        running = Served(database_url, redis_url.replace("db=0", "db=2"), tmp_path_factory.mktemp("home"))
    yield running
    running.stop()


def propose(store: Store, epsilon: float) -> str:
    """Anna proposes the shipped policy with another exploration share; its hash."""
    documents = load(DEFAULT).documents
    documents["experiments"]["exploration"]["epsilon"] = epsilon
    policy = from_documents(documents)
    store.proposals.propose(policy.hash, policy.documents, "anna", "")
    return policy.hash


def proposed_and_read(store: Store, served: Served, *epsilons: float) -> list[str]:
    """Proposals that both workers had the time to read, as they have while somebody looks at a simulation."""
    found = [propose(store, epsilon) for epsilon in epsilons]
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        read = [line["policy"] for line in served.lines() if line.get("message") == "policy read ahead"]
        if all(read.count(policy) == 2 for policy in found):
            return found
        time.sleep(0.2)
    pytest.fail("the workers read nothing ahead")


def test_two_releases_and_a_rollback_under_load(store: Store, served: Served) -> None:
    proposed = proposed_and_read(store, served, 0.011, 0.012)
    steps = [
        lambda: store.proposals.approve(proposed[0], "ben", ""),
        lambda: store.proposals.approve(proposed[1], "ben", ""),
        lambda: store.proposals.rollback("ben", ""),
    ]
    made: list[tuple[float, int]] = []
    with Load(served, store) as load:
        for step in steps:
            time.sleep(0.8)
            release = step()
            made.append((time.monotonic(), release.id))
            time.sleep(WITHIN_S + 0.3)
    sent = load.sent
    assert len(sent) > 100
    assert {each.status for each in sent} == {200}
    for at, release_id in made:
        late = [
            each for each in sent if each.at > at + WITHIN_S and each.release is not None and each.release < release_id
        ]
        assert not late, (
            f"{len(late)} requests sent {WITHIN_S} s after release {release_id} were answered by an older one"
        )
        first = min(each.at - at for each in sent if each.release == release_id)
        last = max((each.at - at for each in sent if each.release is not None and each.release < release_id), default=0)
        print(f"release {release_id}: first answer after {first:.2f} s, the one before answered last at {last:.2f} s")
    assert store.releases.list_releases(1)[0]["policy"] == proposed[0]


def test_idle_workers_follow_too(store: Store, served: Served) -> None:
    """Nobody asks anything while the release is made: the first answers after two seconds are all of the new one."""
    (proposed,) = proposed_and_read(store, served, 0.013)
    release = store.proposals.approve(proposed, "ben", "")
    time.sleep(WITHIN_S)
    answers = [served.get(f"/v1/customers/c-{number}/offers") for number in range(12)]
    assert {answer.status_code for answer in answers} == {200}
    assert {store.decisions.read(answer.json()["decision_id"]).release_id for answer in answers} == {release.id}
