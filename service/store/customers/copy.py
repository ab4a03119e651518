"""The copy of everything about one customer: every table that names a customer, read page by page.

``SECTIONS`` says which columns of which table are copied, ``LEFT_OUT`` which are not and on which ground. A test walks
the schema and fails where a table or a column about a customer is in neither. Source: PIPL art. 45.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, Uuid, literal, select, tuple_

from service.core.domain import Text
from service.core.errors import InvalidInput, Problem
from service.store.connection import encoding
from service.store.connection.database import PATIENCE_S, Database
from service.store.schema import (
    METADATA,
    acceptances,
    audit,
    audit_values,
    changes,
    clients,
    consents,
    contacts,
    customers,
    decisions,
    deliveries,
    events,
    job_items,
    jobs,
    leads,
    objections,
    surveys,
    trails,
    views,
    webhooks,
)

PAGE = 200
"""Rows of one section that one call reads; a longer section says where its next page begins."""

LARGEST = 2**62
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

INTERNAL: Text = {"zh": "系统内部编号，不描述客户", "en": "a number of the system's own, which says nothing of you"}
CALCULATION: Text = {
    "zh": "本行比较产品时的内部计算（利润、价格、模型得分），属于商业秘密（反不正当竞争法第九条）；决定的理由已列明",
    "en": "the bank's own calculation to compare offers (margin, prices, model scores): a trade secret "
    "(Anti-Unfair Competition Law art. 9); the reasons of each decision are given",
}
SECRET: Text = {
    "zh": "访问凭证的摘要，泄露会危及账户安全",
    "en": "a digest of a credential: telling it would endanger you",
}
TWICE: Text = {"zh": "与另一列内容相同", "en": "the same as another column that is given"}

ELSEWHERE: Text = {
    "zh": "未推荐的产品及原因见每项决定的说明；私募产品不得向未经认定的投资者提示（2025年第7号令第三十条）",
    "en": "why other products were not shown is in each decision's explanation; private products may not be hinted at "
    "(order 2025 No. 7 art. 30)",
}
TRANSIENT: Text = {
    "zh": "为重复请求暂存的答复，已加密，数日内删除",
    "en": "answers kept for repeated requests: what they say is above, and they go within days",
}


@dataclass(frozen=True, slots=True)
class CopySection:
    """Rows of one table: the copied columns, the order, and columns of a table that is joined to it."""

    name: str
    table: Table
    columns: tuple[str, ...]
    key: tuple[str, ...]
    beside: tuple[Table, ColumnElement[bool], Mapping[str, str]] | None = None
    """A joined table, by which condition, and its copied columns: name in the copy -> column."""
    most: int = PAGE

    @property
    def selected(self) -> list[ColumnElement[Any]]:
        """The copied columns, each under its name in the copy."""
        own: list[ColumnElement[Any]] = [self.table.c[name] for name in self.columns]
        if self.beside is not None:
            own += [self.beside[0].c[column].label(name) for name, column in self.beside[2].items()]
        return own

    @property
    def order(self) -> list[Column[Any]]:
        """The columns that order the rows; together they are unique."""
        return [self.table.c[name] for name in self.key]

    def read(self, connection: Connection, customer_id: str, after: Sequence[Any]) -> "CopyPage":
        """The rows after the key ``after`` (empty: from the first), at most ``most``."""
        places = [column.label(f"_{column.name}") for column in self.order]
        wanted = select(*self.selected, *places).where(self.table.c.customer_id == customer_id)
        if self.beside is not None:
            joined, on, _ = self.beside
            wanted = wanted.select_from(self.table.outerjoin(joined, on))
        if after:
            bounds = [literal(value, column.type) for value, column in zip(after, self.order, strict=True)]
            wanted = wanted.where(tuple_(*self.order) > tuple_(*bounds))
        found = connection.execute(wanted.order_by(*self.order).limit(self.most + 1)).all()
        rows, count = found[: self.most], len(self.selected)
        names = [str(column.key) for column in self.selected]
        onward = list(rows[-1][count:]) if len(found) > self.most else None
        return CopyPage([dict(zip(names, row[:count], strict=True)) for row in rows], onward)


@dataclass(frozen=True, slots=True)
class CopyPage:
    """Rows of one section, and the key after which the next page begins; None at the end."""

    rows: list[dict[str, Any]]
    after: list[Any] | None


SECTIONS: tuple[CopySection, ...] = (
    CopySection("consents", consents, ("purpose", "granted", "at", "source", "version"), ("seq",)),
    CopySection(
        "events",
        events,
        ("id", "kind", "at", "offer", "channel", "decision_id", "amount_yuan", "score", "question"),
        ("at", "id"),
    ),
    CopySection("counted_events", trails, ("kind", "offer", "channel", "instants"), ("kind", "offer", "channel")),
    CopySection("surveys", surveys, ("at", "id", "score"), ("at", "id")),
    CopySection("acceptances", acceptances, ("decision_id", "offer"), ("decision_id", "offer")),
    CopySection(
        "contacts",
        contacts,
        ("id", "offer", "channel", "decision_id", "at", "state", "reserved_at", "changed_at"),
        ("at", "id"),
    ),
    CopySection("decisions", decisions, ("id", "at", "record"), ("id",), most=50),
    CopySection(
        "leads",
        leads,
        (
            *("id", "branch", "adviser", "offer", "decided_offer", "decision_id", "strategies", "status", "closed_by"),
            *("reason", "contacts", "built_at", "claimed_at", "contacted_at", "sold_at", "sold_yuan", "due_on"),
            *("expires_at", "call_back_at", "note", "outcome", "said", "corrected_at"),
        ),
        ("id",),
    ),
    CopySection(
        "lists",
        job_items,
        ("job_id", "rows"),
        ("job_id", "place"),
        (jobs, jobs.c.id == job_items.c.job_id,
         {"client": "client", "branch": "branch", "kind": "kind", "at": "created_at"}),
        most=50,
    ),
    CopySection("feed", changes, ("type", "at", "branch", "body"), ("xid", "seq")),
    CopySection(
        "deliveries",
        deliveries,
        ("type", "body", "state", "created_at", "delivered_at"),
        ("id",),
        (webhooks, webhooks.c.id == deliveries.c.webhook_id, {"client": "client"}),
    ),
    CopySection(
        "objections",
        objections,
        (
            *("id", "number", "branch", "decision_id", "offer", "objection", "state", "opened_at", "answer_by"),
            *("source", "outcome", "answer", "answered_at", "answered_by", "reviewer", "withdrawn_at"),
        ),
        ("number",),
    ),
    CopySection("looks", views, ("at", "client", "branch", "operation", "allowed"), ("at", "seq")),
    CopySection(
        "writes",
        audit_values,
        ("content",),
        ("seq",),
        (audit, audit.c.seq == audit_values.c.seq, {"at": "at", "actor": "actor", "action": "action"}),
    ),
    CopySection(
        "keys",
        clients,
        ("name", "scopes", "created_at", "revoked_at", "expires_at", "branch", "quota"),
        ("key_hash",),
    ),
)  # fmt: skip

PROFILE = ("external_key", "attributes", "told", "revision", "updated_at")
"""Columns of the customer's own row that the head of the copy holds."""

LEFT_OUT: Mapping[str, Text] = {
    "customers.told_at": TWICE,
    "customers.trailed": INTERNAL,
    "consents.seq": INTERNAL,
    "decisions.release_id": INTERNAL,
    "job_items.place": INTERNAL,
    "changes.xid": INTERNAL,
    "changes.seq": INTERNAL,
    "changes.subject": TWICE,
    "deliveries.id": INTERNAL,
    "deliveries.webhook_id": INTERNAL,
    "deliveries.attempts": INTERNAL,
    "deliveries.next_at": INTERNAL,
    "deliveries.status": INTERNAL,
    "deliveries.error": INTERNAL,
    "leads.priority": CALCULATION,
    "leads.revision": INTERNAL,
    "leads.release_id": INTERNAL,
    "leads.judged_until": INTERNAL,
    "views.seq": INTERNAL,
    "audit_values.seq": INTERNAL,
    "audit_values.salt": INTERNAL,
    "clients.key_hash": SECRET,
    "clients.require_if_match": INTERNAL,
}
"""Columns about a customer that are not copied, table and column -> the ground."""

FIGURES = ("priority", "priority_yuan", "token")
"""Members of stored lists that are left out: ``CALCULATION``, and the token, which is ``SECRET``."""


class CopyRepository:
    """Copies of customers of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def open_snapshot(self) -> Iterator["CopySnapshot"]:
        """Everything as of one instant, whatever is written meanwhile: one transaction of repeatable reads."""
        with self._database.begin(PATIENCE_S) as connection:
            connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            yield CopySnapshot(connection)


@dataclass(frozen=True, slots=True)
class CopySnapshot:
    """What is stored of customers as of one instant."""

    connection: Connection

    def read_pages(self, customer_id: str, names: Sequence[str], after: Sequence[Any] = ()) -> dict[str, CopyPage]:
        """A page of each named section.

        Raises:
            InvalidInput: ``after`` is no place of the section.
        """
        encoding.name("customer_id", customer_id)
        wanted = {section.name: section for section in SECTIONS if section.name in names}
        for section in wanted.values():
            _expect_place(section, after)
        return {name: section.read(self.connection, customer_id, after) for name, section in wanted.items()}


def tables_of_customers() -> list[Table]:
    """The customers' own table, and every table with a column that names a customer."""
    return [table for table in METADATA.tables.values() if table is customers or "customer_id" in table.c]


def _expect_place(section: CopySection, after: Sequence[Any]) -> None:
    if after and not (len(after) == len(section.key) and all(map(_fits, after, section.order))):
        raise InvalidInput("The copy has no such page.", [Problem("after", "is no place that this copy gave")])


def _fits(value: object, column: Column[Any]) -> bool:
    """Whether a value of a cursor is one of the column's."""
    if isinstance(column.type, Uuid):
        return isinstance(value, str) and _UUID.fullmatch(value) is not None
    if column.type.python_type is int:
        return type(value) is int and abs(value) < LARGEST
    return isinstance(value, str)
