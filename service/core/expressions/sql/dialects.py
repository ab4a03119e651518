"""How each database writes what databases write differently: data only."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Dialect:
    """How one database writes what they write differently."""

    number: str
    double: str
    text: str
    days: str
    shift: str
    round: str
    round_to: str | None = None
    truth_values: bool = True
    whole_division: bool = False
    backslash: bool = False
    whole: str = "CAST({} AS INTEGER)"


DIALECTS = {
    "duckdb": Dialect(
        "{}e0", "DOUBLE", "VARCHAR", "CAST({} - {} AS DOUBLE)", "CAST({} {} {} AS DATE)", "ROUND({})", "ROUND({}, {})"
    ),
    "postgres": Dialect(
        "{}::float8",
        "DOUBLE PRECISION",
        "TEXT",
        "CAST({} - {} AS DOUBLE PRECISION)",
        "CAST({} {} {} AS DATE)",
        "CAST(ROUND(CAST(CAST({} AS TEXT) AS NUMERIC)) AS DOUBLE PRECISION)",
        whole_division=True,
    ),
    "spark": Dialect(
        "{}D",
        "DOUBLE",
        "STRING",
        "CAST(DATEDIFF({}, {}) AS DOUBLE)",
        "DATE_ADD({}, {}{})",
        "ROUND({}, 0)",
        backslash=True,
        whole="CAST({} AS INT)",
    ),
    "oracle": Dialect(
        "{}d",
        "BINARY_DOUBLE",
        "VARCHAR2(4000)",
        "CAST({} - {} AS BINARY_DOUBLE)",
        "({} {} {})",
        "CAST(ROUND(CAST({} AS NUMBER)) AS BINARY_DOUBLE)",
        truth_values=False,
        whole="CAST({} AS NUMBER)",
    ),
}
