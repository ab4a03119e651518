"""DuckDB and PostgreSQL agree with the language on random expressions."""

import random
import re

import pytest
import sqlglot

from service.core.errors import ExpressionError
from service.core.expressions import (
    Expression,
    to_sql,
)
from tests.oracle.courts import DuckDBAsWritten, DuckDBExported, PostgresExported
from tests.oracle.judging import DisagreementError, judge
from tests.oracle.writing import Writer
from tests.servers import MakeDatabase


@pytest.mark.parametrize("court", [DuckDBExported, DuckDBAsWritten])
def test_duckdb_agrees_on_five_thousand_random_pairs(court: type[DuckDBExported]) -> None:
    assert list(judge(court(), 7, 5_000))[-1] >= 5_000


def test_postgres_agrees_on_two_thousand_random_pairs(make_database: MakeDatabase) -> None:
    assert list(judge(PostgresExported(make_database()), 7, 2_000))[-1] >= 2_000


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "spark", "oracle"])
def test_what_is_exported_can_be_read_again(dialect: str) -> None:
    writer = Writer(random.Random(7))
    for _ in range(100):
        written = exported(writer.expression(), dialect)
        assert written is None or len(sqlglot.parse(written, dialect=dialect)) == 1


def exported(expression: Expression, dialect: str) -> str | None:
    """The SQL, or None where Oracle cannot say it (an empty text); without ``0.5d``, which sqlglot does not know."""
    try:
        return re.sub(r"(?<=\d)d\b", "", to_sql(expression, dialect))
    except ExpressionError:
        assert dialect == "oracle"
        return None


def test_a_wrong_answer_would_be_found() -> None:
    class Liar(DuckDBExported):
        def text(self, expression: Expression) -> str:
            return to_sql(expression).replace(" IS NULL", " IS NOT NULL")

    with pytest.raises(DisagreementError, match="theirs"):
        list(judge(Liar(), 7, 5_000))
