"""Observations as a table: a row each, with the treatment as decided, its outcome, and the attributes of that time.

Models learn from these rows; ``fourcast dataset`` writes them as Parquet or CSV, sorted by customer and time. The
attributes are those of the decision's own snapshot, so no row knows its future.
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
"""Fields of the treatment in the decision's record."""
KINDS = {Kind.TEXT: pa.string(), Kind.BOOLEAN: pa.bool_(), Kind.DATE: pa.string()}


def table_of(observations: Sequence[Observation], attributes: AttributeTable) -> pa.Table:
    """The observations with their treatments, outcomes and raw attributes."""
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
    """The raw attributes of each observation's customer at its time, in the same order; unknown is null."""
    facts = [observation.exposure.attributes for observation in observations]
    return pa.table({one.name: _column(facts, one) for one in attributes.attributes})


def _column(facts: Sequence[Attributes], attribute: Attribute) -> pa.Array:
    kind = attribute.kind
    return pa.array([_fact(each.get(attribute.name), kind) for each in facts], KINDS.get(kind, pa.float64()))


def write_table(observations: Sequence[Observation], attributes: AttributeTable, out: Path, bom: bool = False) -> int:
    """Write the observations to a .parquet or .csv file (``bom``: with a byte order mark); return the number of rows.

    Raises: InvalidInput: another suffix.
    """
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
    """A value in the kind of its column; None where it is null."""
    if value is None or kind is Kind.BOOLEAN:
        return value if value is None else bool(value)
    if kind in (Kind.TEXT, Kind.DATE):
        return str(value)
    return float(value)
