"""``python -m tests.gates --customers 100000 --service 10000``: the long run, seeded; 1 if anything was wrong.

First every road of the pure core against the oracle, then that many customers through the real service on real servers
(with the bundle ``--models FOLDER --bundle NAME``, otherwise with two small models made for the run), batch and
simulation, and every decision stored on the way made again.
"""

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import orjson

from service.rules.policy import load
from service.runtime.config import Settings
from service.runtime.embedded import start_postgres, start_valkey
from service.store import Store
from tests.conftest import train_small, write_small
from tests.gates.roads import Tally, tempted, travel
from tests.gates.service_road import serve
from tests.seed import activate, put_policy


def main() -> int:
    """Both runs; prints what was met."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--customers", type=int, default=2_000)
    options.add_argument("--service", type=int, default=0)
    options.add_argument("--models", type=Path, default=Path("model_artifacts"))
    options.add_argument("--bundle", default=None)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    wrong = 0
    if chosen.customers:
        wrong += _core(chosen.customers, chosen.seed)
    if chosen.service:
        wrong += _service(chosen.service, chosen.seed, chosen.models, chosen.bundle)
    return 1 if wrong else 0


def _core(customers: int, seed: int) -> int:
    started, tally = time.monotonic(), Tally()
    for done in travel(tempted(), customers, seed, tally):
        print(f"\r{done:,} customers, {time.monotonic() - started:.0f} s", end="", file=sys.stderr)
    print(file=sys.stderr)
    return _told(f"{customers:,} customers on every road, seed {seed}", tally, time.monotonic() - started)


def _service(customers: int, seed: int, models: Path, bundle: str | None) -> int:
    started = time.monotonic()
    with ExitStack() as open_:
        folder = Path(open_.enter_context(tempfile.TemporaryDirectory()))
        database = open_.enter_context(start_postgres(folder, {"fsync": "off", "full_page_writes": "off"}))
        cache = open_.enter_context(start_valkey(folder))
        if bundle is None:
            made = write_small(folder, {"deposit": train_small(1), "wealth": train_small(2)})
            models, bundle = made.parent, made.name
        own = {"database_url": database.url, "redis_url": cache.url, "artifacts": models, "database_deadline_ms": 5_000}
        settings = replace(Settings.read({}), **own)
        store = Store(database.url, 30_000)
        release(store, settings, bundle)
        tally = serve(settings, store, customers, seed)
        store.close()
    return _told(f"{customers:,} customers through service, batch and simulation", tally, time.monotonic() - started)


def release(store: Store, settings: Settings, bundle: str) -> None:
    """Migrate, and make the shipped policy serve with that bundle."""
    store.migrate()
    policy = load(settings.policy)
    put_policy(store, policy.hash, policy.documents)
    store.releases.put_bundle(bundle, orjson.loads((settings.artifacts / bundle / "manifest.json").read_bytes()))
    activate(store, policy.hash, bundle, "gates", "test")


def _told(name: str, tally: Tally, seconds: float) -> int:
    wrong = tally.met["faults"]
    print(f"{name}: {wrong} faults, {seconds:.0f} s")
    for what, count in sorted(tally.met.items()):
        print(f"  {what:<44} {count:>12,}")
    for fault in tally.faults:
        print(f"  FAULT {fault}")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
