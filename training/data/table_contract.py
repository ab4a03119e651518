"""The data contract: what a bank's tables must hold; every fault at once, by row, customer, column, value, expectation.

Rows are counted from 1 in the order in which the SQL returned them. A column lists its first 20 faulty values, then the
number of the others and their values with counts. Kinds, ranges and words are those of ``attributes.yaml``, checked by
the same encoders that serving uses: a schema library would be a second truth, and names no customer.

``bank_tables`` refuses the first faulty table, ``check_files`` lists the faults of all.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from service.core import customer_ids
from service.core.attributes import AttributeTable
from service.core.errors import InvalidInput, Problem
from service.core.expressions import Kind
from service.core.grid import day_at
from training.arrays import Flags, Floats
from training.data.bank import FILE, Bank
from training.data.consent_instants import EXPECTED, SAID_ON, ConsentInstants, read_instants
from training.data.files.casting import read_column
from training.data.query_rows import BOUGHT_PRODUCT, BOUGHT_YUAN, ID, KEY, Rows, customers_of

YEAR_FIRST = (
    ", the year first (2025/3/4, 20250304 and 2025年3月4日 do too; another order is the SQL's to say: strptime)"
)
DISTINCT, SHOWN = 10, 60
"""The most different faulty values listed with their counts, and the characters of each."""
KEEP_DIGITS = "read them as text (types = {'column': 'VARCHAR'}), or CAST(column AS BIGINT) where no digit is lost"
UTC = ZoneInfo("UTC")
CONSENTS = (ID, "purpose", "granted")


@dataclass(frozen=True)
class Fault(Problem):
    """A faulty value: the sentence, and what it is made of; ``row`` counts from 1."""

    row: int
    customer: str | None
    column: str
    value: Any
    expected: str


def day_faults(bank: Bank, now: int) -> list[Problem]:
    """The fault of a bank's day after today in the bank's zone: its end is not known yet. ``now`` in ms UTC."""
    today = day_at(now, bank.timezone.key)
    if bank.as_of <= today:
        return []
    said = f"{bank.as_of} lies after today, {today} in {bank.timezone}: nobody knows yet what holds then"
    return [Problem(f"{FILE}: as_of", f"{said}; set it to the day at whose end the files were written")]


def customer_faults(rows: Rows, bank: Bank, table: AttributeTable) -> list[Problem]:
    """Every fault of customers.sql: columns, ids, values, and dates after the bank's day."""
    if absent := missing(rows, [ID]):
        return absent
    there, known = rows.table.column_names, raw(table)
    names = [one for one in there if one != ID and there.count(one) == 1 and one in known]
    values = [fault for name in names for fault in value_faults(rows, name, table, bank.timezone)]
    dates = [one.name for one in table.attributes if one.kind is Kind.DATE and not one.ahead and one.name in names]
    later = [fault for name in dates for fault in later_faults(rows, name, bank)]
    return [*id_faults(rows), *column_faults(rows, table), *values, *later]


def outcome_faults(rows: Rows, bank: Bank) -> list[Problem]:
    """Every fault of outcomes.sql but for its purchases: columns, ids, flags, trials and amounts.

    Where it says what was bought, families need no column, and a customer may have several rows.
    """
    names = rows.table.column_names
    products = [name for name in (BOUGHT_PRODUCT, BOUGHT_YUAN) if name in names]
    bought = [name for one in bank.families if (name := f"bought_{one}") in names or BOUGHT_PRODUCT not in names]
    held, amounts, treated = (
        [name for one in bank.families if (name := f"{what}_{one}") in names] for what in ("held", "amount", "treated")
    )
    needed = [ID, *bought, *products, *held, *amounts, *treated, *([bank.split_column] if bank.split_column else [])]
    absent, there = missing(rows, needed), _once(rows)
    if ID not in there:
        return absent
    flags = [fault for name in (*bought, *held) if name in there for fault in flag_faults(rows, name)]
    trials = [fault for name in treated if name in there for fault in flag_faults(rows, name, unknown=True)]
    yuan = [fault for name in amounts if name in there for fault in amount_faults(rows, name)]
    ids = text_faults(rows, ID) if BOUGHT_PRODUCT in names else id_faults(rows)
    return [*absent, *ids, *flags, *trials, *yuan]


def lapse_faults(rows: Rows) -> list[Problem]:
    """Every fault of lapse.sql."""
    absent, there = missing(rows, [ID, "lapsed"]), _once(rows)
    if ID not in there:
        return absent
    return [*absent, *id_faults(rows), *(flag_faults(rows, "lapsed") if "lapsed" in there else [])]


def consent_faults(rows: Rows, bank: Bank, now: int, purposes: Collection[str] | None = None) -> list[Problem]:
    """Every fault of consents.sql: ids, unknown purposes, flags, times, yes and no at once. No rows are no fault.

    ``purposes`` are those of the policy; None checks only their form. ``now`` in ms UTC: a later consent is a fault.
    """
    absent = [*missing_columns(rows, CONSENTS), *_no_columns(rows)]
    if ID not in _once(rows) or not rows.table.num_rows:
        return absent
    there, faults = _once(rows), text_faults(rows, ID)
    if "purpose" in there:
        faults += [*text_faults(rows, "purpose"), *_strange_faults(rows, purposes)]
    if "granted" in there:
        faults += flag_faults(rows, "granted")
    if rows.table.column_names.count(SAID_ON) < 2:
        said = read_instants(rows.table, bank)
        faults += [*time_faults(rows, said, now), *(_torn(rows, said, now) if there.issuperset(CONSENTS) else [])]
    return [*absent, *faults]


def _once(rows: Rows) -> set[str]:
    """The columns that can be checked: those that occur once."""
    names = rows.table.column_names
    return {name for name in names if names.count(name) == 1}


def _strange_faults(rows: Rows, purposes: Collection[str] | None) -> list[Problem]:
    """Faults of purposes that the policy does not have."""
    if purposes is None:
        return []
    strange = np.array([one not in purposes for one in rows.table.column("purpose").to_pylist()], dtype=bool)
    return list_faults(rows, "purpose", strange, lambda _: f"must be one of {', '.join(purposes)}")


def _no_columns(rows: Rows) -> list[Problem]:
    known = f"expected {', '.join(CONSENTS)} and, where it is known, {SAID_ON}"
    names = dict.fromkeys(rows.table.column_names)
    others = [name for name in names if name not in {*CONSENTS, SAID_ON}]
    strange = [Problem(name, f"is no column of consents; {known}") for name in others]
    return [*strange, *(missing_columns(rows, [SAID_ON]) if SAID_ON in names else [])]


def time_faults(rows: Rows, said: ConsentInstants, now: int) -> list[Problem]:
    """Faults of times that are no time, or lie after ``now``; a row without one has the bank's day (``day_faults``)."""
    later = (said.earliest > now) & said.proven
    ahead = "must not lie in the future: nobody has said it yet"
    times = list_faults(rows, SAID_ON, said.wrong, lambda _: EXPECTED) if said.wrong.any() else []
    return times + (list_faults(rows, SAID_ON, later, lambda _: ahead) if later.any() else [])


def stranger_faults(rows: Rows, bank: Bank, customers: Collection[str]) -> list[Problem]:
    """Faults of rows whose customer is neither among ``customers`` nor stored."""
    others = customers_of(rows.table) - set(customers)
    if not others:
        return []
    sound = [one for one in others if "\0" not in one]
    nobody = others - set(bank.stored(sound)) if sound else others
    return list_faults(
        rows, ID, rows.belonging_to(nobody), lambda _: "must be a customer of customers.sql, or one who is stored"
    )


def name_faults(rows: Rows, bank: Bank) -> list[Problem]:
    """Faults of new customers' ids that do not fit a URL path (``service.core.customer_ids``); stored ids are not
    checked."""
    faulty = {one: said for one in customers_of(rows.table) if one and (said := customer_ids.fault(one))}
    if not faulty:
        return []
    known = set(bank.stored([one for one in faulty if "\0" not in one]))
    wrong = rows.belonging_to([one for one in faulty.keys() - known if len(one) <= customer_ids.LONGEST])
    return list_faults(rows, ID, wrong, lambda value: faulty[str(value)])


def _torn(rows: Rows, said: ConsentInstants, now: int) -> list[Problem]:
    """Rows that grant a purpose which the same customer refuses at the same time, or by the same file without times.

    Only rows with a customer, a purpose and a time are compared; the others are faults of their own.
    """
    if any(_is_no_text(rows.table.column(name)) for name in (ID, "purpose")):
        return []
    granted, names = _truths(rows, "granted"), [pc.cast(rows.table.column(name), pa.string()) for name in CONSENTS[:2]]
    if granted is None:
        return []
    told = ~said.wrong & ~(said.proven & (said.earliest > now)) & ~_unfit(names[0]) & ~_unfit(names[1])
    yes, no = told & (granted == 1.0), told & (granted == 0.0)
    if not yes.any() or not no.any():
        return []
    spans = (said.earliest.tolist(), said.latest.tolist(), said.proven.tolist())
    keys = list(zip(*(one.to_pylist() for one in names), *spans, strict=True))
    refused = {key for key, said_no in zip(keys, no, strict=True) if said_no}
    ever = {key[:2] for key in refused}
    torn = [
        one and (key in refused or (not key[4] and key[:2] in ever))
        for key, one in zip(keys, yes.tolist(), strict=True)
    ]
    expected = f"must be granted or refused, not both, unless {SAID_ON} tells which is later"
    return list_faults(rows, "purpose", np.array(torn, dtype=bool), lambda _: expected)


def raw(table: AttributeTable) -> set[str]:
    """Names of the attributes, without the features."""
    return {one.name for one in table.attributes}


def raise_faults(where: object, problems: Iterable[Problem]) -> None:
    """Raise InvalidInput where there are problems."""
    found = list(problems)
    if found:
        raise InvalidInput(f"{where}: does not return what it should", found)


def missing(rows: Rows, names: Iterable[str]) -> list[Problem]:
    """A problem per column that does not occur once, and one where there are no rows apart from those of the erased."""
    faults = missing_columns(rows, names)
    return faults if rows.table.num_rows or rows.erased else [*faults, Problem(ID, "the query returns no rows at all")]


def missing_columns(rows: Rows, names: Iterable[str]) -> list[Problem]:
    """A problem per column that is missing, or occurs more than once."""
    names, there = list(names), rows.table.column_names
    faults = [Problem(name, f"is missing; the columns are {', '.join(there)}") for name in names if name not in there]
    return faults + [Problem(name, "is returned twice") for name in names if there.count(name) > 1]


def text_faults(rows: Rows, name: str) -> list[Problem]:
    """Faults of values that are null, empty or too long; a fraction is no text: it may have lost digits or zeros."""
    column, size = rows.table.column(name), f"text of 1 to {customer_ids.LONGEST} characters"
    if pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        return [Problem(name, f"must be text or whole numbers, got fractions ({column.type}); {KEEP_DIGITS}")]
    if _is_no_text(column):
        return [Problem(name, f"must be {size}, got a column of {column.type}")]
    return list_faults(rows, name, _unfit(pc.cast(column, pa.string())), lambda _: f"must be {size}")


def _is_no_text(column: pa.ChunkedArray) -> bool:
    """Whether a column of this kind is refused as a whole where text is expected."""
    tests = (pa.types.is_floating, pa.types.is_decimal, pa.types.is_nested, pa.types.is_binary)
    return any(test(column.type) for test in tests)


def _unfit(words: pa.ChunkedArray) -> Flags:
    """Which texts are null, empty or too long."""
    bad = pc.or_(pc.equal(words, ""), pc.greater(pc.utf8_length(words), customer_ids.LONGEST))
    return np.asarray(pc.fill_null(bad, True).to_numpy())


def id_faults(rows: Rows) -> list[Problem]:
    """Faults of ids that are null, empty, too long, or in more than one row."""
    faults, column = text_faults(rows, ID), rows.table.column(ID)
    if _is_no_text(column):
        return faults
    words = pc.cast(column, pa.string())
    sound, twice = ~_unfit(words), np.zeros(len(words), dtype=bool)
    _, place, counts = np.unique(words.filter(pa.array(sound)).to_numpy().astype(str), return_inverse=True,
                                 return_counts=True)  # fmt: skip
    twice[sound] = counts[place] > 1
    return [*faults, *list_faults(rows, ID, twice, lambda _: "must stand in one row only")]


def column_faults(rows: Rows, table: AttributeTable) -> list[Problem]:
    """Columns that are no attribute of the table, or are returned twice."""
    names = [name for name in rows.table.column_names if name != ID]
    strange = [problem for name in names if name != KEY for problem in table.check({name: None})]
    return strange + [Problem(name, "is returned twice") for name in sorted(set(names)) if names.count(name) > 1]


def value_faults(rows: Rows, name: str, table: AttributeTable, zone: ZoneInfo) -> list[Problem]:
    """Faults of the values of a column that cannot be read, or that the table refuses in a customer's record."""
    kind = table.kind_of(name)
    assert kind is not None
    given = rows.table.column(name).type
    if is_odd(given):
        return [Problem(name, f"must be one plain value in each row, got a column of {given}")]
    read, bad = read_column(rows.table.column(name), kind, zone)
    try:
        encoded = table.only([name]).encode_frame(pa.table({name: read}))[f"customer.{name}"].ravel()
    except InvalidInput:  # no value of the column is of its kind: each is told by row all the same
        return _lost(rows, name, bad | _is_there(read), table)
    return _lost(rows, name, bad | (_is_unknown(encoded) & _is_there(read)), table)


def is_odd(given: pa.DataType) -> bool:
    """Whether a column holds what is no plain value: lists, structures, maps, bytes, intervals, hours of no day."""
    tests = (pa.types.is_nested, pa.types.is_binary, pa.types.is_large_binary, pa.types.is_interval)
    others = (pa.types.is_fixed_size_binary, pa.types.is_duration, pa.types.is_time, pa.types.is_union)
    return any(test(given) for test in (*tests, *others))


def later_faults(rows: Rows, name: str, bank: Bank) -> list[Problem]:
    """Faults of dates after the bank's day; null, and values that are no date, are not checked."""
    column, _ = read_column(rows.table.column(name), Kind.DATE, bank.timezone)
    if not pa.types.is_date(column.type):
        return []
    bad = pc.fill_null(pc.greater(column, pa.scalar(bank.as_of)), False)
    expected = f"must not lie after {bank.as_of}, the bank's day: nobody could know it then"
    return list_faults(rows, name, np.asarray(bad.to_numpy()), lambda _: expected)


def flag_faults(rows: Rows, name: str, *, unknown: bool = False) -> list[Problem]:
    """Faults of values that are not true or false, or 1 or 0; null is a fault unless it may be ``unknown``."""
    figures, column = _truths(rows, name), rows.table.column(name)
    if figures is None:
        return [Problem(name, f"must be true or false (or 1 and 0), got a column of {column.type}")]
    nothing = np.asarray(pc.is_null(column).to_numpy()) if unknown else np.zeros(len(figures), dtype=bool)
    return list_faults(
        rows, name, ~np.isin(figures, (0.0, 1.0)) & ~nothing, lambda _: "must be true or false (or 1 and 0)"
    )


def _truths(rows: Rows, name: str) -> Floats | None:
    """A column as 1.0 and 0.0, NaN or another number for what is neither; None where it is of another kind."""
    column, _ = read_column(rows.table.column(name), Kind.BOOLEAN, UTC)
    if not (pa.types.is_boolean(column.type) or pa.types.is_integer(column.type) or pa.types.is_floating(column.type)):
        return None
    return np.asarray(pc.cast(column, pa.float64()).to_numpy())


def amount_faults(rows: Rows, name: str) -> list[Problem]:
    """Faults of values that are no amount of 0 yuan or more; null is an unknown amount."""
    column, unread = read_column(rows.table.column(name), Kind.MONEY, UTC)
    kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_null)
    if not any(is_kind(column.type) for is_kind in kinds):
        return [Problem(name, f"must be an amount in yuan, got a column of {column.type}")]
    figures = np.asarray(pc.cast(column, pa.float64()).to_numpy())
    return list_faults(
        rows, name, unread | (figures < 0.0) | np.isinf(figures), lambda _: "must be an amount of 0 yuan or more"
    )


def plain(value: Any) -> Any:
    """A value as JSON carries it: dates in ISO form, decimals as floats."""
    if hasattr(value, "isoformat"):
        return value.isoformat()[:10]
    return value if value is None or isinstance(value, str | bool | int | float) else float(value)


def _lost(rows: Rows, name: str, lost: Flags, table: AttributeTable) -> list[Problem]:
    """The values that were there and could not be read or encoded."""

    def expectation(value: Any) -> str:
        faults = table.check({name: plain(value)})
        expected = faults[0].message.rsplit(", got ", 1)[0] if faults else "must be a value that can be encoded"
        return f"{expected}{YEAR_FIRST}" if table.kind_of(name) is Kind.DATE and isinstance(value, str) else expected

    return list_faults(rows, name, lost, expectation)


def _is_unknown(encoded: npt.NDArray[Any]) -> Flags:
    return np.array([one is None for one in encoded], dtype=bool) if encoded.dtype == object else np.isnan(encoded)


def _is_there(column: pa.ChunkedArray) -> Flags:
    return np.asarray(pc.invert(pc.is_null(column, nan_is_null=True)).to_numpy())


def list_faults(rows: Rows, name: str, bad: Flags, expectation: Callable[[Any], str]) -> list[Problem]:
    """The faults of the ``bad`` values of a column: the first by row, customer and value, the others counted."""
    places = np.flatnonzero(bad).tolist()
    ids, values = rows.table.column(ID), rows.table.column(name)
    problems: list[Problem] = [
        _fault(int(rows.numbers[place]), _value(ids[place]), name, _value(values[place]), expectation)
        for place in places[: rows.listed]
    ]
    more = len(places) - rows.listed
    if more <= 0:
        return problems
    return [*problems, Problem(name, f"and {more:,} more rows like these; in all {_counted(values, places)}")]


def _counted(values: pa.ChunkedArray, places: list[int]) -> str:
    """The values there, the commonest first, each with its count.

    >>> _counted(pa.chunked_array([["y", "x", "x", "z"]]), [0, 1, 2])
    "'x' 2 times, 'y' once"
    """
    found = pc.value_counts(pc.take(values, pa.array(places))).sort("descending", by="counts")
    told = [
        f"{str(plain(_value(one['values'])))[:SHOWN]!r} {_times(one['counts'].as_py())}" for one in found[:DISTINCT]
    ]
    others = len(found) - DISTINCT
    return ", ".join([*told, f"{others:,} other values"] if others > 0 else told)


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count:,} times"


def _value(scalar: pa.Scalar) -> Any:
    """A value as Python has it; as text where Python has none such, as of the year 20260 or the day infinity."""
    try:
        return scalar.as_py()
    except (OverflowError, ValueError):
        return str(pc.cast(scalar, pa.string()).as_py())


def _fault(row: int, customer: Any, name: str, value: Any, expectation: Callable[[Any], str]) -> Fault:
    said, expected = plain(value), expectation(value)
    whose = f"customer {customer!r}" if customer not in (None, "") else f"no {ID}"
    got = "" if name == ID and said is None else f", got {str(said)[:SHOWN]!r}"
    where, message = f"row {row}, {whose}, {name}", f"{expected}{got}"
    return Fault(where, message, row, None if customer is None else str(customer), name, said, expected)
