"""kinds.yaml: the product kinds, one row a kind. A policy may lack it, and has then the kinds as the law has them.

A row of a kind that the law knows (``STATUTORY_KINDS``) states what it wishes; the law's word stands for the rest. A
new kind states every key. ``none`` says that a kind has no such thing: no kind of the bank's six, no risk level, no
bound.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from service.rules.loading.documents.entry import Entry
from service.rules.model.kinds import (
    ANYWHERE,
    BANK_KINDS,
    DISCLOSURES,
    FLAGS,
    SOLD,
    STATUTORY_KINDS,
    ProductKind,
)
from service.rules.vocabulary import FAMILIES

NONE = "none"
KEYS = (
    "bank_kind",
    "family",
    "insured",
    "risk",
    "cooling_off_hours",
    "minimum_yuan",
    "sold",
    "recording",
    "qualified_staff",
    "qualified_only",
    "agency_only",
    "disclosures",
    "most_share",
)
"""What a new kind must state."""
HIGHEST_RISK = 5


def read_kinds(page: Entry) -> Mapping[str, ProductKind]:
    """The kinds by id: the law's, each replaced by the policy's row for it, then the policy's new ones."""
    if not page.values:
        return STATUTORY_KINDS
    rows = [_kind(entry) for entry in page.children("kinds", "kind")]
    page.close()
    return {**STATUTORY_KINDS, **{row.id: row for row in rows}}


def _kind(entry: Entry) -> ProductKind:
    kind = entry.name("id")
    known = STATUTORY_KINDS.get(kind)
    for key in KEYS if known is None else ():
        if not entry.has(key):
            entry.add_fault(key, "is missing: a new kind states everything")
    read = _read(entry, known or ProductKind(kind, None, ""))
    entry.close()
    return read


def _read(entry: Entry, kind: ProductKind) -> ProductKind:
    """The kind, with every key that the row states."""
    values = {key: reader(entry) for key, reader in _READERS.items() if entry.has(key)}
    if entry.has("risk"):
        values["least_risk"], values["most_risk"] = _risk(entry)
    return replace(kind, **values)


_READERS: Mapping[str, Callable[[Entry], Any]] = {
    "bank_kind": lambda row: _none(row.choice("bank_kind", (*BANK_KINDS, NONE))),
    "family": lambda row: row.choice("family", FAMILIES),
    "cooling_off_hours": lambda row: row.number("cooling_off_hours", 0.0, 720.0, "hours"),
    "minimum_yuan": lambda row: row.number("minimum_yuan", 0.0, 1e9, "yuan"),
    "sold": lambda row: row.choice("sold", SOLD) or ANYWHERE,
    **{key: partial(Entry.flag, key=key, default=False) for key in ("insured", *FLAGS)},
    "disclosures": lambda row: row.words("disclosures", tuple(DISCLOSURES)),
    "most_share": lambda row: (
        None if row.values["most_share"] == NONE else row.number("most_share", 0.0, 1.0, "a share")
    ),
}


def _none(word: str) -> str | None:
    return None if word in (NONE, "") else word


def _risk(entry: Entry) -> tuple[int | None, int | None]:
    """Least and most risk level; both None for a kind without one."""
    bounds = entry.values["risk"]
    if bounds == NONE:
        return None, None
    if isinstance(bounds, list) and len(bounds) == 2 and all(level in range(1, HIGHEST_RISK + 1) for level in bounds):
        least, most = int(bounds[0]), int(bounds[1])
        if least <= most:
            return least, most
    entry.add_wrong_kind("risk", f"[least, most] risk level, 1 to {HIGHEST_RISK}, or {NONE}")
    return None, None
