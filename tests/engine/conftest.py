"""Several workers on one database and one cache, as processes would have them, on servers that can be frozen."""

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pytest

from service.cache import Cache
from service.core.attributes import AttributeTable, parse_table
from service.core.attributes.features import FeatureProgram
from service.core.domain import Arm, Event
from service.decision.arms.assignment import experiment_arm
from service.engine.engine import Engine, OfferRequest
from service.rules.policy import DEFAULT, load
from service.runtime.config import Settings
from service.runtime.embedded import start_postgres, start_valkey
from service.scoring.models import Bundle, open_bundle
from service.store import Store
from tests.engine.segmented import GONE, RICH
from tests.seed import activate, put_customer, put_policy
from tests.servers import family, pid_of, signal_each
from training.bundles.registry import write_bundle
from training.models.lapse import fit_lapse
from training.models.segments import segment

SAVER = {
    "age": 44,
    "demand_yuan": 180_000.0,
    "time_deposit_yuan": 50_000.0,
    "structured_deposit_yuan": 0.0,
    "large_cd_yuan": 0.0,
    "wealth_product_yuan": 20_000.0,
    "fund_yuan": 0.0,
    "plan_yuan": 0.0,
    "risk_tolerance": 3,
    "mobile_app_active": True,
    "logins_30d": 12,
}
ASKED = OfferRequest(channel="mobile_app", placement="home_banner", limit=10, language="en")


@dataclass(frozen=True)
class House:
    """Real servers of this test alone, and the engines that were opened on them."""

    settings: Settings
    state: Path
    engines: list[Engine]

    def worker(self) -> Engine:
        """Another worker: its own connections, its own cache client."""
        store = Store(str(self.settings.database_url), self.settings.database_deadline_ms)
        engine = Engine(self.settings, store, Cache(str(self.settings.redis_url)))
        self.engines.append(engine)
        return engine

    @property
    def store(self) -> Store:
        """A store of one's own."""
        return Store(str(self.settings.database_url), 5000)

    @contextmanager
    def frozen(self, server: str) -> Iterator[None]:
        """The server answers nothing for a while and closes nothing."""
        processes = family(pid_of(self.state, server))
        signal_each(processes, signal.SIGSTOP)
        try:
            yield
        finally:
            signal_each(processes, signal.SIGCONT)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory, bundle_folder: Path) -> Iterator[tuple[Settings, Path]]:
    state = tmp_path_factory.mktemp("house")
    shutil.copytree(bundle_folder, state / "models" / bundle_folder.name)
    with start_postgres(state) as database, start_valkey(state) as cache:
        settings = replace(
            Settings.read({}),
            database_url=database.url,
            redis_url=cache.url,
            artifacts=state / "models",
            database_deadline_ms=2000,
            release_poll_seconds=0.2,
        )
        store = Store(database.url, 5000)
        store.migrate()
        policy = load(settings.policy)
        put_policy(store, policy.hash, policy.documents)
        store.releases.put_bundle(bundle_folder.name, orjson.loads((bundle_folder / "manifest.json").read_bytes()))
        activate(store, policy.hash, bundle_folder.name, "first", "test")
        store.close()
        yield settings, state


@pytest.fixture(scope="module")
def own_releases(home: tuple[Settings, Path]) -> Iterator[None]:
    """What served before the module serves again after it."""
    store = Store(str(home[0].database_url), 5000)
    before = store.releases.active()
    yield
    if before is not None:
        activate(store, before.policy, before.bundle, "as before", "test", before.prices)
    store.close()


@pytest.fixture
def house(home: tuple[Settings, Path]) -> Iterator[House]:
    found = House(*home, engines=[])
    yield found
    for engine in found.engines:
        engine.close()


@pytest.fixture
def customer(house: House) -> str:
    """A customer of this test alone, served by the whole method under the shipped experiments."""
    shipped = load(house.settings.policy).experiments
    names = iter(lambda: f"c-{time.time_ns()}", None)
    name = next(one for one in names if experiment_arm(one, shipped) == Arm.PERSONALISED)
    store = house.store
    today = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 30 * 86_400))
    put_customer(store, name, SAVER | {"risk_assessed_on": today})
    store.close()
    return name


def offers(engine: Engine, customer_id: str, asked: OfferRequest = ASKED) -> dict[str, Any]:
    """The answer, read, with its source."""
    answer = engine.recommend(customer_id, asked)
    return {**orjson.loads(answer.body), "source": answer.source}


def shown(answer: dict[str, Any]) -> list[str]:
    """The offers' ids, in order."""
    return [offer["offer"] for offer in answer["offers"]]


def dismissal(customer_id: str, offer: str) -> Event:
    """The customer waves an offer away, now."""
    now = time.time_ns()
    return Event(f"e-{os.getpid()}-{now}", customer_id, "dismiss", now // 1_000_000, offer, "mobile_app")


@pytest.fixture(scope="module")
def segmented_table() -> AttributeTable:
    return load(DEFAULT).attributes


@pytest.fixture(scope="module")
def segmented_parts(segmented_table: AttributeTable) -> dict[str, Any]:
    """Two groups: the rich stay, of the empty nine in ten leave."""
    chance = np.random.default_rng(2)
    noise = np.exp(chance.normal(0, 0.2, (1000, 1)))
    names = list(RICH)
    rows = np.repeat([list(RICH.values()), list(GONE.values())], 500, axis=0) * noise
    bank = pd.DataFrame(rows, columns=names)
    columns: dict[str, Any] = dict(segmented_table.encode_frame(bank))
    FeatureProgram(segmented_table).derive_many(columns)
    columns = {name: np.broadcast_to(column, (1000, 1, 1)) for name, column in columns.items()}
    lapsed = np.concatenate([np.zeros(500), (chance.random(500) < 0.9).astype(float)])
    return {"segments": segment(segmented_table, columns), "lapse": fit_lapse(segmented_table, columns, lapsed, 92)}


@pytest.fixture(scope="module")
def segmented_folder(
    tmp_path_factory: pytest.TempPathFactory, trained: Any, small_table: Any, segmented_parts: dict[str, Any]
) -> Path:
    root = tmp_path_factory.mktemp("portrait")
    outcome = dict.fromkeys(trained, "came to hold it")
    version = write_bundle(
        root,
        trained,
        parse_table(small_table).document,
        outcome=outcome,
        horizon_days=92,
        seed=7,
        sources={},
        parts=segmented_parts,
    )
    return root / version


@pytest.fixture(scope="module")
def segmented_bundle(segmented_folder: Path) -> Bundle:
    return open_bundle(segmented_folder)
