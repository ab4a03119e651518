"""The branch's roads: lists in one call, jobs, leads and what advisers propose instead, each judged by the oracle.

The same customers, the same standing clock. A list and a job must show what a single request shows; a lead, and every
offer that an override lets through, must be one that the oracle lets an adviser call about.
"""

from collections.abc import Sequence

import orjson

from service.core.domain import Snapshot
from service.core.errors import ContactRefused
from service.engine.engine import Answer, Engine, OfferRequest
from service.store import Store
from service.store.leads import Actor, AdviserRow, LeadSearch
from tests.gates.oracle import Oracle, Stated
from tests.gates.roads import Tally
from tests.seed import attest

LIST, PAGE = 200, 50
EVERY = 3
"""One offer in so many is proposed for each lead."""


def travel_crm(
    engine: Engine, store: Store, crowd: Sequence[Snapshot], asked: OfferRequest, answers: Sequence[Answer],
    oracles: dict[str, Oracle], tally: Tally,
) -> None:  # fmt: skip
    """All of the branch's roads; the clock stands still around this."""
    single = {one.customer_id: _shown(answer.body) for one, answer in zip(crowd, answers, strict=True)}
    _lists(engine, asked, single, oracles, tally)
    _job(engine, asked, single, oracles, tally)
    _leads(engine, store, oracles, tally)


def _shown(body: bytes | None) -> list[tuple[str, str]]:
    return [(each["offer"], each["channel"]) for each in orjson.loads(body or b"{}")["offers"]]


def _same(road: str, name: str, shown: list[tuple[str, str]], single: list[tuple[str, str]], oracle: Oracle,
          tally: Tally) -> None:  # fmt: skip
    tally.met[f"{road} equals request"] += 1
    if shown != single:
        tally.wrong(f"{name}: {road} shows {shown}, a request {single}")
    for offer, channel in shown:
        tally.judge(oracle, road, offer, channel)


def _lists(engine: Engine, asked: OfferRequest, single: dict[str, list[tuple[str, str]]], oracles: dict[str, Oracle],
           tally: Tally) -> None:  # fmt: skip
    names = list(single)
    for first in range(0, len(names), LIST):
        for one in engine.crm.bulk.decide(names[first : first + LIST], asked, None):
            _same("list", one.customer_id, _shown(one.body), single[one.customer_id], oracles[one.customer_id], tally)


def _job(engine: Engine, asked: OfferRequest, single: dict[str, list[tuple[str, str]]], oracles: dict[str, Oracle],
         tally: Tally) -> None:  # fmt: skip
    job = engine.crm.jobs.add("gates", None, asked, list(single))
    while engine.crm.jobs.work(lambda: False):
        pass
    found: dict[str, list[tuple[str, str]]] = {name: [] for name in single}
    for row in engine.crm.jobs.results(job.id, None):
        found[row["customer_id"]] += [(row["offer"], row["channel"])] if row.get("offer") else []
    for name, shown in found.items():
        _same("job", name, shown, single[name], oracles[name], tally)


def _leads(engine: Engine, store: Store, oracles: dict[str, Oracle], tally: Tally) -> None:
    actor = Actor("gates", behalf="A1")
    store.leads.put_advisers([AdviserRow("A1", "b-1", 10_080, 1)], actor)
    attest(engine, "A1")
    engine.crm.leads.build(actor)
    after = None
    while found := engine.crm.leads.list_leads(LeadSearch(status="open", after=after, limit=PAGE)):
        after = found[-1].priority, found[-1].id
        for lead in (one for one in found if one.customer_id in oracles):
            tally.judge(oracles[lead.customer_id], "lead", lead.offer, "adviser_call")
            _overrides(engine, lead.id, oracles[lead.customer_id], actor, tally)


def _overrides(engine: Engine, lead_id: str, oracle: Oracle, actor: Actor, tally: Tally) -> None:
    offers: dict[str, Stated] = oracle.offers
    for offer in list(offers)[::EVERY]:
        try:
            engine.crm.leads.override(lead_id, offer, "gates", actor)
        except ContactRefused:
            tally.met["override refused"] += 1
        else:
            tally.judge(oracle, "override", offer, "adviser_call")
