"""Both sides run and compared: our two evaluation forms, folded and unfolded, against a court's answers.

Numbers must be equal to 1e-9 of their size (they are, to the bit, wherever the C library's logarithm is not
involved), everything else exactly; "unknown" must be neither true nor false.
"""

import math
import random
from collections.abc import Iterator
from typing import Any

import numpy as np

from service.core.expressions import Expression, Kind, compile_falsity, compile_truth, compile_value, fold, to_sql
from tests.oracle.courts import CELLS, Court
from tests.oracle.rows import SCHEMA, STATIC, Grid, K, M, N, grid, outside
from tests.oracle.writing import Writer

BATCH = 40


class DisagreementError(AssertionError):
    """One expression on which two sides differ, with the row."""


def judge(court: Court, seed: int, pairs: int) -> Iterator[int]:
    """Yield the number of pairs judged after each batch; raises ``DisagreementError`` at the first that differs."""
    chance = random.Random(f"{seed}/{court.name}")
    writer, done = Writer(chance, court.plain), 0
    while done < pairs:
        rows = grid(chance, court.plain)
        expressions = [writer.expression() for _ in range(BATCH)]
        court.load(rows)
        for expression, theirs in zip(expressions, court.ask(expressions), strict=True):
            compare(expression, rows, theirs, court.name)
        done += BATCH * CELLS
        yield done


def compare(expression: Expression, rows: Grid, theirs: tuple[Any, ...], name: str) -> None:
    """Each of our forms against the cells of the court called ``name``."""
    static = {
        name: column for name, column in rows.columns.items() if SCHEMA[name].axes or name.split(".")[0] in STATIC
    }
    for form, program in (("as written", expression), ("folded", fold(expression, static))):
        for many in (True, False):
            ours = answers(program, rows, many)
            for cell, (mine, other) in enumerate(zip(ours, theirs, strict=True)):
                if not agree(mine, other):
                    raise DisagreementError(
                        described(expression, rows, cell, f"{form}, many={many}", mine, f"{other!r} ({name})")
                    )


def answers(expression: Expression, rows: Grid, many: bool) -> list[Any]:
    """Our cells. A boolean is asked three ways (value, truth, falsity) that must tell one story."""
    if expression.kind is not Kind.BOOLEAN:
        return [outside(expression.kind, cell) for cell in spread(compile_value(expression, many), rows, many)]
    told = [spread(form(expression, many), rows, many) for form in (compile_value, compile_truth, compile_falsity)]
    return [story(*each) for each in zip(*told, strict=True)]


def story(held: Any, is_true: bool, is_false: bool) -> Any:
    """True, False or None; anything else if the three do not fit together."""
    found = None if math.isnan(held) else held == 1.0
    return found if (is_true, is_false) == (found is True, found is False) else (held, is_true, is_false)


def spread(run: Any, rows: Grid, many: bool) -> list[Any]:
    """Every cell of the grid, in the order of the table."""
    if many:
        return list(np.broadcast_to(_array(run(rows.columns)), (N, M, K)).ravel().tolist())
    found = [np.broadcast_to(_array(run(rows.one(row))), (1, M, K)).ravel().tolist() for row in range(N)]
    return [cell for each in found for cell in each]


def _array(found: Any) -> Any:
    if isinstance(found, np.ndarray):
        return found
    return np.array(found, dtype=object if found is None or isinstance(found, str) else None)


def agree(mine: Any, other: Any) -> bool:
    """Equal, both NULL, or within 1e-9 of each other's size."""
    if isinstance(mine, float) and isinstance(other, (int, float)) and not isinstance(other, bool):
        return math.isclose(mine, other, rel_tol=1e-9, abs_tol=1e-300)
    return type(mine) is type(other) and bool(mine == other)


def described(expression: Expression, rows: Grid, cell: int, form: str, mine: Any, other: str) -> str:
    """All that is needed to look into it."""
    row = {name: rows.cells(name)[cell] for name in sorted(expression.names)}
    return (
        f"{expression.text}\n  sql   {to_sql(expression)}\n  row   {row}\n  ours  {mine!r} ({form})\n  theirs {other}"
    )
