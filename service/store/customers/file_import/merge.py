"""Merge of a bank's file with what is stored of its customers: attribute by attribute, and the newer value holds.

A file speaks of its columns, as of one instant. An attribute among them takes the file's value, unknown where the file
has none, unless its source is newer than the file. An attribute that is no column keeps its value; where the file
replaces, it becomes unknown as of that instant, again unless its source is newer. The statements decide on the locked
row, so that a fact stored over the API while a file is read is never lost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import orjson
from sqlalchemy import Connection

from service.core.errors import Unconfirmed
from service.store.customers.attribute_sources import AHEAD, AT, IMPORT, TOLD_AT, Origin, only
from service.store.customers.file_import import retirement
from service.store.customers.file_import.losses import FileLosses


@dataclass(frozen=True, slots=True)
class CustomerFile:
    """What a file says of itself.

    ``as_of``: the instant up to which it knows (ms UTC). ``columns``: the attributes it speaks of; None: each row
    speaks of those it has. ``replace``: what it lacks becomes unknown. ``agreed``: somebody knows the losses and wants
    them. ``full``: it names every customer, and those it does not name are retired. ``external_keys``: customer id ->
    key.
    """

    as_of: int
    columns: Sequence[str] | None = None
    replace: bool = False
    agreed: bool = False
    full: bool = False
    external_keys: Mapping[str, str] = field(default_factory=dict)

    @property
    def words(self) -> dict[str, object]:
        """As the statements take it."""
        origin = Origin(self.as_of, IMPORT)
        columns = None if self.columns is None else list(self.columns)
        told = None if columns is None else orjson.dumps(only(origin, columns)).decode()
        return {"as_of": self.as_of, "said": origin.word, "columns": columns, "told": told, "replace": self.replace}

    @property
    def summary(self) -> dict[str, object]:
        """For the audit log: the attributes it spoke of, never their values."""
        names = None if self.columns is None else sorted(self.columns)
        return {"as_of": self.as_of, "attributes": names, "replace": self.replace, "full": self.full}


LATER = f"""
    CASE WHEN customers.told_at <= %(as_of)s::bigint THEN '{{}}'::text[] ELSE ARRAY(
        SELECT key FROM jsonb_each_text(customers.told) WHERE {AT} > %(as_of)s::bigint AND {AT} <= {AHEAD}) END
"""  # noqa: S608 - our own words
"""The attributes of a customer with a newer source than the file; nearly always none, and then nothing is read."""

UNKNOWN = """
    (SELECT coalesce(jsonb_object_agg(name, %(said)s::text), '{}')
        FROM jsonb_object_keys(customers.attributes || customers.told) AS name)
"""
"""All attributes and sources of a customer, as unknown by the file."""

KEPT = """
    CASE WHEN later.names = '{{}}' THEN '{{}}'::jsonb ELSE (SELECT coalesce(jsonb_object_agg(key, value), '{{}}')
        FROM jsonb_each(customers.{what}) WHERE key = ANY (later.names)) END
"""
"""The stored values of those."""

INTO_PLACE = f"""
    INSERT INTO customers (id, attributes, told, told_at)
    SELECT id, attributes, coalesce(%(told)s::jsonb, (SELECT coalesce(jsonb_object_agg(name, %(said)s::text), '{{}}')
        FROM jsonb_object_keys(attributes) AS name)), %(as_of)s
    FROM incoming ORDER BY id
    ON CONFLICT (id) DO UPDATE SET (attributes, told, told_at, revision, updated_at) = (
        SELECT merged.attributes, merged.told, greatest({TOLD_AT}, excluded.told_at),
            customers.revision + (merged.attributes <> customers.attributes)::integer,
            CASE WHEN merged.attributes <> customers.attributes THEN now() ELSE customers.updated_at END
        FROM (SELECT {LATER} AS names OFFSET 0) AS later,
        LATERAL (SELECT
            CASE WHEN %(replace)s::boolean THEN '{{}}'
                ELSE customers.attributes - coalesce(%(columns)s::text[], '{{}}') END
                || (excluded.attributes - later.names) || {KEPT.format(what="attributes")} AS attributes,
            CASE WHEN %(replace)s::boolean THEN {UNKNOWN} ELSE customers.told END
                || (excluded.told - later.names) || {KEPT.format(what="told")} AS told
            OFFSET 0) AS merged)
    WHERE customers.attributes <> excluded.attributes OR customers.told <> excluded.told
"""  # noqa: S608 - our own words
"""OFFSET 0: computed once, not wherever it is named."""

LOST = f"""
    SELECT name, count(*) FROM incoming JOIN customers USING (id), jsonb_object_keys(customers.attributes) AS name
    WHERE name <> ALL (%(columns)s::text[]) AND name <> ALL ({LATER}) GROUP BY name
"""  # noqa: S608 - our own words
LOSERS = f"""
    SELECT count(*) FROM incoming JOIN customers USING (id)
    WHERE customers.attributes - %(columns)s::text[] - {LATER} <> '{{}}'
"""  # noqa: S608 - our own words


def expect_agreed(connection: Connection, file: CustomerFile) -> FileLosses:
    """What the staged file takes away.

    Raises:
        Unconfirmed: nobody agreed to it; the error says what would be lost.
    """
    attributes, losers = _loss(connection, file)
    absent = retirement.count(connection, file.words) if file.full else (0, 0, 0, 0)
    taken = FileLosses(attributes, losers, *absent)
    if taken.anything and not file.agreed:
        raise Unconfirmed(taken.question)
    return taken


def _loss(connection: Connection, file: CustomerFile) -> tuple[int, int]:
    """How many attributes a file that replaces makes unknown, and for how many customers."""
    if file.columns is None or not file.replace:
        return 0, 0
    lost = sum(1 for _ in connection.exec_driver_sql(LOST, file.words))
    return lost, int(connection.exec_driver_sql(LOSERS, file.words).scalar_one()) if lost else 0
