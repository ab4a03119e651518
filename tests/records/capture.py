"""Capture decision records of every form, once for each form of record: ``python -m tests.records.capture``.

Three hundred decisions by the shipped policy, by a livelier one (much explored, much tested) and by a challenger, for
random customers in random circumstances, go into ``tests/records/format-<n>.jsonl.gz``, a record a line, and the
policies that made them into ``tests/records/policies/<hash>.json``. What was captured is never captured again: a file
that is there is refused, for a record promises to replay for ever.
"""

import gzip
import hashlib
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from benchmarks.decision import NOW, customers
from service.core.domain import Arm, Context, Event, EventKind, Release, Snapshot
from service.core.trails import surveys_of, trails_of
from service.decision import decide, encode
from service.decision.arms.assignment import arm_of
from service.decision.record import FORMAT
from service.rules.policy import DEFAULT, Policy, from_documents, load

FOLDER = Path(__file__).parent
POLICIES = FOLDER / "policies"
RECORDS = 300
DAY_MS = 86_400_000
AWAY: tuple[tuple[str, ...], ...] = ((), ("cache",), ("models",), ("database",), ("cache", "models"))
LEAST = {
    "personalised": 60,
    "holdout": 10,
    "challenger": 20,
    "unpersonalised": 20,
    "standing test": 40,
    "explored": 20,
    "degraded": 40,
    "uplift": 40,
    "opted out": 10,
    "unknown": 3,
    "priced": 60,
    "nothing to offer": 5,
}
"""How many records of each form there must be at least."""


BARS = ("do_not_contact", "staff", "deceased", "frozen", "complaint_open", "credit_default")
OPEN = ("mobile_app_active", "sms_reachable", "email_reachable", "wechat_bound")
USABLE = {**dict.fromkeys(OPEN, True), "risk_assessed_on": "2026-09-20", "adviser_id": "a-1"}
"""What most captured customers are, so that most decisions have something to offer."""


def policies() -> tuple[Policy, Policy, Policy]:
    """The shipped policy, one that leaves much to chance, and a challenger with other levers."""
    shipped = load(DEFAULT)
    lively, other = shipped.documents, shipped.documents
    lively["experiments"]["exploration"]["epsilon"] = 0.25
    lively["experiments"]["holdout"]["share"] = 0.1
    for test in lively["experiments"]["tests"]:
        test["share"] = 0.025
    for offer in other["catalogue"]["offers"][::3]:
        offer["lever"] = 1.2
    return shipped, from_documents(lively), from_documents(other)


def records() -> Iterator[bytes]:
    """Three hundred records; the chance that makes them is seeded."""
    shipped, lively, other = policies()
    chance = random.Random(2026)
    for number, snapshot in enumerate(customers(shipped, RECORDS)):
        policy = (lively, lively, shipped, other)[number % 4]
        release = Release(1 + number % 5, policy.hash, "b-captured" if number % 7 else None, prices(policy, chance))
        yield made(policy, replace(release, on_trial=policy is other), person(snapshot, chance), chance, number)


def made(policy: Policy, release: Release, snapshot: Snapshot, chance: random.Random, number: int) -> bytes:
    """One decision as the service would put it on record."""
    away = chance.choice(AWAY) if number % 3 == 0 else ()
    spoken = scores(policy, chance) if "models" not in away and release.bundle else {}
    name = f"0199{number:04x}-0000-7000-8000-{number:012x}"
    asked = context(policy, chance)
    on_trial = arm_of(snapshot, policy.experiments, release.on_trial) == Arm.CHALLENGER
    release = replace(release, on_trial=on_trial)
    return encode(decide(policy, snapshot, asked, spoken, release, name, away), snapshot, asked, spoken, release)


def person(snapshot: Snapshot, chance: random.Random) -> Snapshot:
    """A customer with a past of every kind; some withdrew personalisation, of some nothing is known."""
    events = [*before(snapshot), *(event(one, snapshot.customer_id, chance) for one in range(chance.randint(0, 12)))]
    consents = {**snapshot.consents, **chance.choice([{}, {}, {"personalisation": True}])}
    if chance.random() < 0.12:
        consents["personalisation"] = False
    attributes: Any = {} if chance.random() < 0.04 else snapshot.attributes
    if attributes and chance.random() < 0.8:
        attributes = {**attributes, **dict.fromkeys(BARS, False), **USABLE, **grown_up(chance)}
    return replace(
        snapshot,
        revision=chance.randint(1, 900),
        attributes=attributes,
        consents=consents,
        trails=trails_of(events),
        surveys=surveys_of(sorted(events, key=lambda one: (one.at, one.id))),
    )


def before(snapshot: Snapshot) -> list[Event]:
    """What happened to the customer so far."""
    return [
        Event("", snapshot.customer_id, one.kind, at, one.offer, one.channel)
        for one in snapshot.trails
        for at in one.instants
    ]


def grown_up(chance: random.Random) -> dict[str, Any]:
    """An adult with money and a risk tolerance."""
    money = {"demand_yuan": round(10 ** chance.uniform(3, 6), 2), "risk_tolerance": chance.randint(1, 5)}
    return {"age": chance.randint(18, 90), **money}


def event(number: int, customer_id: str, chance: random.Random) -> Event:
    """Any kind of event, some of strange offers and channels."""
    kind = chance.choice(list(EventKind))
    at = NOW - chance.randint(0, 200 * DAY_MS)
    offer = chance.choice(["term-12m", "term-36m", "withdrawn-offer", None, None])
    channel = chance.choice(["mobile_app", "sms", "adviser_call", "branch", "closed-channel", None])
    asked = chance.choice([None, "fair-rates", "easy-app"]) if kind == EventKind.SURVEY else None
    score = float(chance.randint(1, 5)) if kind == EventKind.SURVEY else None
    amount = round(chance.uniform(1, 1e5), 2) if kind == EventKind.PURCHASE else None
    return Event(f"{customer_id}-{number}", customer_id, kind, at, offer, channel, None, amount, score, asked)


def context(policy: Policy, chance: random.Random) -> Context:
    """A question at any hour of a quarter, by any channel or none, about anything that just happened or nothing."""
    channel = chance.choice([*policy.channels, None, None, None])
    places = [None] if channel is None or not channel.placements else [None, *channel.placements]
    trigger = chance.choice([None, None, "salary", "maturity"])
    return Context(
        NOW + chance.randint(0, 90 * DAY_MS),
        None if channel is None else channel.id,
        chance.choice(places),
        chance.choice([1, 3, 3, 5, 10]),
        trigger,
        None if trigger is None else round(chance.uniform(100, 1e6), 2),
    )


def scores(policy: Policy, chance: random.Random) -> dict[str, float | None]:
    """What a bundle may say of a customer: families always, the rest now and then."""
    said: dict[str, float | None] = {family: chance.random() for family in policy.families}
    offers, channels = [one.id for one in policy.offers], [one.id for one in policy.channels]
    rest = {
        **{f"uplift:{family}": chance.uniform(-0.1, 0.3) for family in policy.families if chance.random() < 0.7},
        **{f"ticket:{family}": chance.uniform(1e3, 1e6) for family in policy.families if chance.random() < 0.7},
        **{f"offer:{one}": chance.random() / 4 for one in chance.sample(offers, 3)},
        **{f"share:{one}": chance.random() for one in chance.sample(offers, 2)},
        **{f"evidence:{one}": chance.random() / 9 for one in chance.sample(offers, 2)},
        **{f"response:{one}": chance.uniform(0.2, 3.0) for one in chance.sample(channels, 2)},
    }
    return said | {name: figure for name, figure in rest.items() if chance.random() < 0.8}


def prices(policy: Policy, chance: random.Random) -> dict[str, float]:
    """Shadow prices of some channels and offers, for a third of the releases."""
    if chance.random() < 0.6:
        return {}
    channel, offer = chance.choice(policy.channels).id, chance.choice(policy.offers).id
    return {f"channel:{channel}": round(chance.uniform(0, 30), 3), f"offer:{offer}": round(chance.uniform(0, 90), 3)}


def forms(record: bytes) -> set[str]:
    """The forms that one record has, by the names of ``LEAST``."""
    read = orjson.loads(record)
    decision, told = read["decision"], read["decision"]["treatments"]
    arm = decision["arm"]
    usual = set(map(str, Arm))
    has = {
        "standing test": arm not in usual,
        "explored": decision["explored"],
        "degraded": bool(decision["degraded"]),
        "uplift": any(one["uplift"] is not None for one in told),
        "opted out": read["snapshot"]["consents"].get("personalisation") is False,
        "unknown": arm == "unpersonalised" and read["snapshot"]["consents"].get("personalisation") is not False,
        "priced": bool(read["release"]["prices"]),
        "nothing to offer": not told,
    }
    return {name for name, true in has.items() if true} | ({arm} & usual)


def _seal() -> None:
    """Write down the digest of all that is captured: a test refuses what was changed afterwards."""
    kept = [*sorted(FOLDER.glob("format-*.jsonl.gz")), *sorted(POLICIES.glob("*.json"))]
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.relative_to(FOLDER).as_posix()}" for file in kept]
    (FOLDER / "SHA256SUMS").write_text("\n".join(lines) + "\n")


def main() -> None:
    """Write what is not there yet, and print how many of each form there are."""
    target, captured = FOLDER / f"format-{FORMAT}.jsonl.gz", list(records())
    if target.exists():
        raise SystemExit(f"{target} is there: what was captured is never captured again")
    POLICIES.mkdir(exist_ok=True)
    for policy in policies():
        (POLICIES / f"{policy.hash}.json").write_bytes(policy.canonical)
    target.write_bytes(gzip.compress(b"\n".join(captured), mtime=0))
    _seal()
    for form, count in sorted(Counter(form for one in captured for form in forms(one)).items()):
        print(f"{form:<18} {count:>4}")


if __name__ == "__main__":
    main()
