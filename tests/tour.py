"""A walk through the house: the files that one datum passes, on four ways. ``python -m tests.tour`` prints them.

A file counts for a walk when, between the entry and the answer, one of its functions was called with the datum. That is
the datum itself, a text or bytes that contain it, a value with a field that does, or a container of such values. Three
things do not count: a module's own import; what counts, traces or logs a request (``AROUND``); and a function that was
handed the whole policy, which holds every rule, where the datum is one rule. Nothing else is left out. Beside the count
stand all files whose functions ran, and those that were handed the whole policy alone.

    training  an event to training                one event over REST, then a bundle learned from what is stored
    serving   a trained bundle to serving         promoted by its gates, and loaded by a running worker
    answer    a customer's id to an answer        the request for offers over REST, decided by that bundle
    reason    a rule's text to a withheld reason  a folder of YAML read and compiled, one decision, its answer in words

The end of the output lists the forwarders: functions whose body only calls a function of the same name with their own
arguments. The walk in CONTRIBUTING.md is this output, written there by ``--write``.
"""

import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from shutil import copytree
from textwrap import fill
from types import FrameType
from typing import Any

from flask.testing import FlaskClient

from service.app import create_app
from service.cache import Cache
from service.cli.bank.stack import Stack
from service.cli.models.dataset import active_policy, read_experience
from service.core.domain import Client, Context, Release, Snapshot
from service.decision import decide
from service.decision.compiled import CompiledPolicy
from service.engine.auth import SCOPES, new_key
from service.engine.engine import Engine
from service.engine.releases.promotion import promote
from service.rendering.answer import Phrasebook, render
from service.rules.policy import DEFAULT, Policy, load
from service.runtime.config import Settings
from service.runtime.embedded import start_postgres, start_valkey
from service.store import Store, new_decision_id
from tests.added_rule import RULE
from tests.forwarders import forwarders
from training.models.propensity import PropensityModel
from training.train_from_events import EventTraining, learn_bundle

ROOT = Path(__file__).resolve().parents[1]
HOUSE = (f"{ROOT}/service/", f"{ROOT}/training/")
AROUND = ("service/engine/metrics.py", "service/routes/http/metrics.py", "service/runtime/tracing.py",
          "service/runtime/logs.py")  # fmt: skip
DEPTH, WIDTH = 2, 400
PAGE, HEAD = ROOT / "CONTRIBUTING.md", "## A walk through the house"
WHOLE = (Policy, CompiledPolicy)
TITLES: Mapping[str, str] = {
    "training": "An event to training",
    "serving": "A trained bundle to serving",
    "answer": "A customer's id to an answer",
    "reason": "A rule's text to a withheld reason",
}
BOUNDS: Mapping[str, int] = {"answer": 30, "training": 25, "reason": 20, "serving": 25}
"""The most files that the datum may pass on each walk."""
CUSTOMERS = 300
WINDOW_DAYS = 1e-5
QUICK = PropensityModel(members=((8, 1.0),), learning_rate=0.1, min_data_in_leaf=15, rounds=40, patience=10, folds=3)
RELEASE = Release(1, "", None)
WALKER = "walker-0007"
TABLE = {"age": 44, "demand_yuan": 180_000.0, "mobile_app_active": True, "logins_30d": 12} | dict.fromkeys(
    ("time_deposit_yuan", "structured_deposit_yuan", "large_cd_yuan", "wealth_product_yuan", "fund_yuan", "plan_yuan"),
    0.0,
)


@dataclass
class Walk:
    """The files of one walk: those that ran, and those that the datum passed, each with the functions it came to."""

    name: str
    data: tuple[str, ...]
    ran: dict[str, set[str]] = field(default_factory=dict)
    passed: dict[str, set[str]] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)

    def __call__(self, frame: FrameType, event: str, _argument: object) -> None:
        """Note a call; ``sys.settrace`` asks for no more of it than that it was made."""
        code = frame.f_code
        if event != "call" or code.co_name == "<module>" or not code.co_filename.startswith(HOUSE):
            return
        file = code.co_filename[len(str(ROOT)) + 1 :]
        self.ran.setdefault(file, set()).add(code.co_name)
        if file not in AROUND and code.co_name not in self.passed.get(file, ()):
            with unwatched(self):
                values = list(arguments(frame))
                if any(self.holds(value) for value in values):
                    self.passed.setdefault(file, set()).add(code.co_name)
                elif any(isinstance(value, WHOLE) for value in values):
                    self.whole.add(file)

    def holds(self, value: object, depth: int = DEPTH) -> bool:
        """Whether a value is the datum, contains it as text, or holds it within ``depth`` levels."""
        if isinstance(value, str):
            return any(datum in value for datum in self.data)
        if isinstance(value, bytes):
            return any(datum.encode() in value for datum in self.data)
        return depth > 0 and any(self.holds(part, depth - 1) for part in parts(value))

    def report(self) -> str:
        """The files that the datum passed, in the order in which their functions ran first, and how many others ran."""
        passed = [f"`{file}`" for file in self.ran if file in self.passed]
        alone = len(self.whole - self.passed.keys())
        others = f"; {alone} more were handed the whole policy" if alone else ""
        bound, ran = BOUNDS[self.name], len(self.ran)
        head = f"**{TITLES[self.name]}**: {len(passed)} files, at most {bound}. Functions of {ran} files ran"
        return f"{head}{others}.\n\n{fill(' -> '.join(passed), 120, break_on_hyphens=False)}"


def arguments(frame: FrameType) -> Iterator[object]:
    """What a function was called with."""
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 4) + bool(code.co_flags & 8)
    yield from (frame.f_locals[name] for name in code.co_varnames[:count] if name in frame.f_locals)


def parts(value: object) -> Iterator[object]:
    """The members of a container, and the attributes of a value of ours; nothing of anything else."""
    if isinstance(value, dict):
        yield from [part for pair in list(value.items())[:WIDTH] for part in pair]
    elif isinstance(value, list | tuple | set | frozenset):
        yield from list(value)[:WIDTH]
    elif type(value).__module__.startswith(("service", "training")) and not isinstance(value, WHOLE):
        names = {name for kind in type(value).__mro__ for name in kind.__dict__.get("__slots__", ())}
        yield from vars(value).values() if hasattr(value, "__dict__") else ()
        yield from (getattr(value, name) for name in names if hasattr(type(value), name) and hasattr(value, name))


@contextmanager
def unwatched(walk: Walk) -> Iterator[None]:
    """While a walk looks at arguments it does not watch itself."""
    sys.settrace(None)
    try:
        yield
    finally:
        sys.settrace(walk)


@contextmanager
def watched(name: str, *data: str) -> Iterator[Walk]:
    """A walk, watched in this thread and in those it starts."""
    walk = Walk(name, data)
    threading.settrace(walk)
    sys.settrace(walk)
    try:
        yield walk
    finally:
        sys.settrace(None)
        threading.settrace(None)  # type: ignore[arg-type]


@dataclass(frozen=True)
class House:
    """A service on servers of its own: customers stored, a release active, an app to ask, a key to ask with."""

    settings: Settings
    store: Store
    engine: Engine
    app: FlaskClient
    key: str

    def ask(self, customer_id: str) -> dict[str, Any]:
        """The offers of a customer over REST."""
        path = f"/v1/customers/{customer_id}/offers?channel=mobile_app&placement=home_banner"
        return dict(self._read(self.app.get(path, headers={"Authorization": f"Bearer {self.key}"}), 200))

    def tell(self, *events: Mapping[str, object]) -> None:
        """Report events over REST."""
        body = {"events": list(events)} if len(events) > 1 else events[0]
        self._read(self.app.post("/v1/events", json=body, headers={"Authorization": f"Bearer {self.key}"}), 201)

    def learn(self) -> EventTraining:
        """A bundle learned from what is stored, as `fourcast train --from-events` learns it."""
        stack = Stack(self.settings, self.store, Cache(str(self.settings.redis_url)))
        policy = active_policy(stack)[1]
        experience = read_experience(stack, policy, 1, WINDOW_DAYS)
        return learn_bundle(experience, policy, self.settings.artifacts, model=QUICK)

    @property
    def customers(self) -> set[str]:
        """Their ids."""
        return {f"walker-{number:04}" for number in range(CUSTOMERS)}

    @staticmethod
    def _read(answer: Any, expected: int) -> Any:
        assert answer.status_code == expected, answer.data
        return answer.json


@contextmanager
def house(state: Path) -> Iterator[House]:
    """Servers from the wheels, the shipped policy as the first release, and customers who have been shown offers."""
    with ExitStack() as open_:
        database = open_.enter_context(start_postgres(state, {"fsync": "off"})).url
        redis = open_.enter_context(start_valkey(state)).url
        settings = replace(Settings.read({}), database_url=database, redis_url=redis, artifacts=state / "models")
        store = Store(database, 5_000)
        open_.callback(store.close)
        store.migrate()
        policy = load(DEFAULT)
        store.proposals.bootstrap(policy.hash, policy.documents, None, "anna", "first")
        chance = random.Random(7)
        store.customers.load((f"walker-{number:04}", table(chance)) for number in range(CUSTOMERS))
        key, digest = new_key()
        store.clients.add(Client("tour", frozenset(SCOPES)), digest, actor="tour")
        engine = Engine(settings, store, Cache(redis))
        open_.callback(engine.close)
        yield House(settings, store, engine, create_app(settings, engine, lambda _: None).test_client(), key)


def table(chance: random.Random) -> dict[str, Any]:
    """A customer's attributes."""
    return {**TABLE, "age": chance.randint(20, 70), "demand_yuan": float(chance.randint(1, 40) * 10_000)}


def shown_and_taken(answer: Mapping[str, Any], chance: random.Random) -> list[dict[str, object]]:
    """What a customer sees of an answer, and what they buy of it."""
    now = datetime.now(UTC)
    events = list[dict[str, object]]()
    for place, offer in enumerate(answer["offers"]):
        name = f"{answer['customer_id']}-{place}"
        about = {"customer_id": answer["customer_id"], "offer": offer["offer"], "channel": offer["channel"],
                 "decision_id": answer["decision_id"]}  # fmt: skip
        events.append({"id": f"i-{name}", "kind": "impression", "at": now.isoformat(), **about})
        if chance.random() < 0.4:
            events.append(
                {"id": f"p-{name}", "kind": "purchase", "at": now.isoformat(), "amount_yuan": 50_000, **about}
            )
    return events


def walk_to_training(place: House) -> tuple[Walk, EventTraining]:
    """An event to training."""
    chance, answer = random.Random(1), place.ask(WALKER)
    for customer in place.customers - {WALKER}:
        if events := shown_and_taken(place.ask(customer), chance):
            place.tell(*events)
    time.sleep(1.0)  # the window is over
    with watched("training", WALKER) as walk:
        place.tell(shown_and_taken(answer, chance)[0])
        learned = place.learn()
    return walk, learned


def walk_to_serving(place: House, learned: EventTraining) -> Walk:
    """A trained bundle to serving."""
    with watched("serving", learned.version) as walk:
        promote(place.store, place.settings, learned.version, "mia", override=True, against=True)
        place.engine._releases.refresh()
    return walk


def walk_to_answer(place: House) -> Walk:
    """A customer's id to an answer."""
    place.ask("walker-0001")
    place.store.customers.load([("walker-9999", TABLE)])
    with watched("answer", "walker-9999") as walk:
        assert place.ask("walker-9999")["offers"]
    return walk


def walk_to_reason(folder: Path) -> Walk:
    """A rule's text to a withheld reason."""
    copytree(DEFAULT, folder)
    page = folder / "convenience.yaml"
    page.write_text(page.read_text(encoding="utf-8").replace("rules:\n", f"rules:\n{RULE}", 1), encoding="utf-8")
    snapshot, now = Snapshot(WALKER, 1, TABLE), 1_790_000_000_000
    load(DEFAULT)
    with watched("reason", "only-the-busiest", "customer.logins_30d >= 4711", "For the busiest customers only") as walk:
        policy = load(folder)
        decision = decide(
            policy, snapshot, Context(now, "mobile_app", "home_banner", 3), {}, RELEASE, new_decision_id(now)
        )
        words = render(decision, Phrasebook(policy), "en", now)
    assert b"For the busiest customers only" in words
    return walk


def main() -> None:
    """Walk, and print; with ``--write`` put the walk into CONTRIBUTING.md."""
    with tempfile.TemporaryDirectory() as folder, house(Path(folder) / "house") as place:
        training, learned = walk_to_training(place)
        walks = [training, walk_to_serving(place, learned), walk_to_answer(place)]
        walks.append(walk_to_reason(Path(folder) / "policy"))
    told = "\n\n".join(walk.report() for walk in walks)
    if "--write" in sys.argv:
        before, rest = PAGE.read_text(encoding="utf-8").split(f"{HEAD}\n", 1)
        above, after = rest.split("**", 1)[0], rest.partition("\n## ")[2]
        PAGE.write_text(f"{before}{HEAD}\n{above}{told}\n\n## {after}", encoding="utf-8")
    print(told)
    print("\nForwarders:", *(list(forwarders()) or ["none"]), sep="\n")


if __name__ == "__main__":
    main()
