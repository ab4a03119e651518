"""A rule that reads ``context.working_day``: one customer, many, the bank's SQL and the explanation say the same."""

from functools import lru_cache

import duckdb
import pytest

from service.core.context import context_columns
from service.core.domain import Context, Release, Snapshot
from service.core.expressions import to_sql
from service.core.grid import moment
from service.decision.batch import decide_many, population_of
from service.decision.single import decide
from service.decision.trace.cells import trace_cells
from service.rules.policy import DEFAULT, Policy, from_documents, load
from tests.gates.people import instant

RULE = {
    "id": "letters-on-working-days",
    "stage": "contact",
    "strategy": "preferred-channel",
    "require": "context.working_day",
    "applies": "channel.direction = 'outbound'",
    "reason": {"zh": "非工作日不联系", "en": "No contact on days that are not worked"},
    "cases": [
        {"given": {"context.working_day": True, "channel": "sms"}, "expect": "passes"},
        {"given": {"context.working_day": False, "channel": "sms"}, "expect": "blocks"},
    ],
}
FACTS = {"age": 40, "demand_yuan": 100_000.0, "sms_reachable": True}
SAVER = Snapshot("c", 1, FACTS, {"marketing:sms": True})
RELEASE = Release(1, "", None)


@lru_cache
def policy() -> Policy:
    documents = load(DEFAULT).documents
    documents["communication"]["rules"].append(RULE)
    return from_documents(documents)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-02-13", True),
        ("2026-02-14", True),  # Saturday, worked for the Spring Festival
        ("2026-02-16", False),  # Monday, off
        ("2026-03-14", False),  # Saturday
        ("2027-01-01", False),  # Friday, off by law
    ],
)
def test_all_roads_agree_on_what_is_a_working_day(day: str, works: bool) -> None:
    context = Context(instant(f"{day}T12:00"), "sms", limit=3)
    one = decide(policy(), SAVER, context, {}, RELEASE, "d")
    many = decide_many(policy(), population_of(policy(), [SAVER, SAVER]), context, {}, RELEASE, reasons=True)
    cells = [cell for cell in trace_cells(policy(), SAVER, context, {}, RELEASE) if cell.channel == "sms"]
    assert bool(one.treatments) is works
    assert [row[0] >= 0 for row in many.offer.tolist()] == [works, works]
    assert any(RULE["id"] in cell.closed_by for cell in cells) is not works
    assert by_sql(context) is works


def by_sql(context: Context) -> bool:
    """What the bank's warehouse says of the rule, from the columns of the day."""
    contact = policy().contact
    columns = context_columns(context, moment(context.now, contact.timezone), contact.days)
    rule = next(gate for gate in policy().gates if gate.id == RULE["id"])
    text = to_sql(rule.require, "duckdb", {"context.working_day": "working_day"})
    row = duckdb.execute(f"SELECT {text} FROM (SELECT ?::BOOLEAN AS working_day)", [columns["context.working_day"]])
    found = row.fetchone()
    assert found is not None
    return bool(found[0])
