"""Trials as a table: a row per trial, the treatment as it was decided, what came of it, and the facts of its time.

It is what models learn from and what a data scientist looks at (``fourcast dataset``): Parquet or CSV, sorted by
customer and time. Facts are the decision's own snapshot, so no row knows its future.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from service.core.attributes import Attribute, AttributeTable
from service.core.domain import Attributes
from service.core.expressions import Kind
from training.data.files.table_writer import writer_for
from training.data.query_rows import ID
from training.experience.first_exposures import FirstExposure
from training.experience.observations import Observation

DECIDED = ("propensity", "propensity_source", "value", "response", "priority", "selection_probability", "rank")
"""Of the treatment, as the decision's record has them."""
KINDS = {Kind.TEXT: pa.string(), Kind.BOOLEAN: pa.bool_(), Kind.DATE: pa.string()}


def table_of(observations: Sequence[Observation], attributes: AttributeTable) -> pa.Table:
    """The trials with their treatments, outcomes and raw attributes."""
    rows = sorted(observations, key=lambda one: (one.exposure.customer_id, one.at, one.offer))
    facts = facts_of(rows, attributes)
    columns: dict[str, Any] = {name: [take(one) for one in rows] for name, take in _COLUMNS.items()}
    return pa.table(
        {
            **columns,
            **{name: [one.exposure.treatment.get(name) for one in rows] for name in DECIDED},
            **{name: facts.column(name) for name in facts.column_names},
        }
    )


def facts_of(observations: Sequence[Observation | FirstExposure], attributes: AttributeTable) -> pa.Table:
    """The raw attributes of each trial's customer at its time, in the order of the trials; unknown is null."""
    facts = [observation.exposure.attributes for observation in observations]
    return pa.table({one.name: _column(facts, one) for one in attributes.attributes})


def _column(facts: Sequence[Attributes], attribute: Attribute) -> pa.Array:
    kind = attribute.kind
    return pa.array([_fact(each.get(attribute.name), kind) for each in facts], KINDS.get(kind, pa.float64()))


def write_table(observations: Sequence[Observation], attributes: AttributeTable, out: Path, bom: bool = False) -> int:
    """Write the trials to a .parquet or .csv file (``bom``: with a byte order mark); the number of rows."""
    write = writer_for(out, bom)
    table = table_of(observations, attributes)
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    write(table, out)
    return int(table.num_rows)


_COLUMNS: dict[str, Any] = {
    ID: lambda one: one.exposure.customer_id,
    "decision_id": lambda one: one.exposure.decision["id"],
    "decided_at": lambda one: one.exposure.decision["at"],
    "shown_at": lambda one: one.at,
    "arm": lambda one: one.exposure.decision["arm"],
    "explored": lambda one: one.exposure.decision["explored"],
    "held_out": lambda one: one.held_out,
    "family": lambda one: one.exposure.family,
    "offer": lambda one: one.offer,
    "channel": lambda one: one.exposure.treatment["channel"],
    "clicked": lambda one: one.exposure.clicked,
    "taken": lambda one: one.taken,
    "amount_yuan": lambda one: one.amount_yuan,
}


def _fact(value: Any, kind: Kind) -> Any:
    """A value as its column holds it; None where it is of another kind altogether."""
    if value is None or kind is Kind.BOOLEAN:
        return value if value is None else bool(value)
    if kind in (Kind.TEXT, Kind.DATE):
        return str(value)
    return float(value)
