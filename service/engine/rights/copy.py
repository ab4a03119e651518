"""The copy of everything about one customer: attributes with their sources, labels, and every table that names them.

A copy is one snapshot: all of it as of one instant, whatever is written meanwhile. Long histories come in pages: each
section says where its next page begins, and a page that is asked for later is as of then. Who asked is on the audit log
before the first row is read. Source: PIPL art. 45.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import partial
from typing import Any

import orjson

from service.core.clock import Clock
from service.core.errors import Conflict, FourcastError, InvalidInput, Problem
from service.core.suggestions import explain_unknown
from service.engine.releases.active_release import ReleaseFollower
from service.engine.rights.labels import CustomerLabels, LabelService
from service.rendering.answer import iso
from service.rendering.copy_names import Names, name_codes
from service.rules.policy import Policy
from service.store import Store
from service.store.customers.attribute_sources import origins
from service.store.customers.copy import (
    CALCULATION,
    ELSEWHERE,
    FIGURES,
    LEFT_OUT,
    SECTIONS,
    TRANSIENT,
    CopyPage,
    CopySnapshot,
)
from service.store.customers.repository import StoredCustomer

INSTANTS = frozenset({"at", "changed_at", "reserved_at", "built_at", "claimed_at", "contacted_at", "sold_at"}) | {
    "expires_at", "call_back_at", "corrected_at", "created_at", "delivered_at", "revoked_at", "answered_at",
    "opened_at", "withdrawn_at",
}  # fmt: skip
"""Columns that hold an instant in ms UTC."""
DOCUMENTS = frozenset({"content", "body"})
"""Columns that may hold JSON as text."""
TRIES = 5
"""How often a copy begins anew where the customer changed between their labels and the rest."""
Pages = Iterator[tuple[str, list[dict[str, Any]]]]


@dataclass(frozen=True, slots=True)
class CopyRequest:
    """Who asks for whose copy, in which language; ``part``: one section alone, after the place ``after``."""

    customer_id: str
    client: str
    language: str
    part: str | None = None
    after: tuple[Any, ...] = ()
    behalf: str | None = None


@dataclass(frozen=True, slots=True)
class OpenCopy:
    """A copy that is being read: its head, and everything stored as of the same instant."""

    head: dict[str, Any]
    snapshot: CopySnapshot
    names: Names
    """What its codes are called in the page to read."""
    read_whole: Callable[[], Pages]
    """Every row of every section, page by page: section -> rows."""


class CopyService:
    """Writes copies of customers, and the audit log of who asked."""

    def __init__(self, store: Store, releases: ReleaseFollower, labels: LabelService, clock: Clock) -> None:
        self._store, self._releases, self._labels, self._clock = store, releases, labels, clock

    def read(self, asked: CopyRequest) -> dict[str, Any]:
        """The copy as plain JSON values; of one section where a part is asked.

        Raises:
            NotFound: no such customer is stored.
            InvalidInput: there is no such section or page.
        """
        names = self._sections(asked)
        with self.open_copy(asked) as copy:
            pages = copy.snapshot.read_pages(asked.customer_id, names, asked.after)
        zone = self._releases.serving.phrases.timezone
        sections = {name: self._section(name, page, asked.language, zone) for name, page in pages.items()}
        return copy.head | {"sections": sections}

    @contextmanager
    def open_copy(self, asked: CopyRequest) -> Iterator["OpenCopy"]:
        """The copy's head, and its rows while it is open, all as of one instant; logs who asks.

        Raises:
            NotFound: no such customer is stored.
            Conflict: the customer changes faster than it is read.
        """
        self._store.customers.read(asked.customer_id)
        self._log(asked)
        for _ in range(TRIES):
            labels = None if asked.part else self._labels.read(asked.customer_id)
            with self._store.copies.open_snapshot() as snapshot:
                customer = self._store.customers.read_within(snapshot.connection, asked.customer_id)
                if labels is None or labels.revision == customer.revision:
                    head = self._head(customer, labels, asked)
                    yield OpenCopy(
                        head, snapshot, self.name_codes(asked.language), partial(self._whole, snapshot, asked)
                    )
                    return
        raise Conflict("The customer changes faster than it is copied: ask again.")

    def name_codes(self, language: str) -> Names:
        """What the codes of a copy are called by the policy that serves."""
        return name_codes(self._releases.serving.policy, language)

    def _head(self, customer: StoredCustomer, labels: CustomerLabels | None, asked: CopyRequest) -> dict[str, Any]:
        zone = self._releases.serving.phrases.timezone
        return {
            "customer_id": customer.id,
            "external_key": customer.external_key,
            "at": iso(self._clock(), zone),
            "language": asked.language,
            **({} if labels is None else _profile(customer, labels, asked.language, zone)),
            "left_out": left_out(asked.language),
        }

    def _whole(self, snapshot: CopySnapshot, asked: CopyRequest) -> Pages:
        """Every row of every section, page by page: section -> rows."""
        zone = self._releases.serving.phrases.timezone
        for section in SECTIONS:
            after: Sequence[Any] | None = ()
            while after is not None:
                page = snapshot.read_pages(asked.customer_id, (section.name,), after)[section.name]
                yield section.name, self._rows(section.name, page, asked.language, zone)
                after = page.after

    def _sections(self, asked: CopyRequest) -> tuple[str, ...]:
        known = tuple(section.name for section in SECTIONS)
        if asked.part is None and asked.after:
            raise InvalidInput("The copy has no such page.", [Problem("part", "is required with cursor")])
        if asked.part is not None and asked.part not in known:
            raise InvalidInput("The copy has no such part.", [Problem("part", explain_unknown(asked.part, known))])
        return known if asked.part is None else (asked.part,)

    def _log(self, asked: CopyRequest) -> None:
        detail = {} if asked.behalf is None else {"on_behalf_of": asked.behalf}
        copied = {"copied": asked.part or "everything"}
        self._store.audit.append_about(asked.client, "customer.copy", asked.customer_id, detail, copied)

    def _section(self, name: str, page: CopyPage, language: str, zone: tzinfo) -> dict[str, Any]:
        return {"rows": self._rows(name, page, language, zone), "next": page.after}

    def _rows(self, name: str, page: CopyPage, language: str, zone: tzinfo) -> list[dict[str, Any]]:
        if name == "decisions":
            return [self._decision(row, language, zone) for row in page.rows]
        return [{column: _plain(column, value, zone) for column, value in row.items()} for row in page.rows]

    def _decision(self, row: Mapping[str, Any], language: str, zone: tzinfo) -> dict[str, Any]:
        """What a record read and offered, and why in the policy's words; without the bank's figures."""
        record = orjson.loads(bytes(row["record"]))
        decision, context, policy = record["decision"], record["context"], self._policy(record["release"]["policy"])
        return {
            "id": str(row["id"]),
            "at": iso(row["at"], zone),
            "channel": context["channel"],
            "placement": context.get("placement"),
            "trigger": context["trigger"],
            "amount_yuan": context["amount_yuan"],
            "personalised": decision["personalised"],
            "offers": [_offer(one, policy, language) for one in decision["treatments"]],
            "read": _named(record["snapshot"]["attributes"], policy, language),
        }

    def _policy(self, policy_hash: str) -> Policy | None:
        """The policy that decided; None where it cannot be read any more: then codes stand for words."""
        try:
            return self._releases.policy(policy_hash)
        except FourcastError:
            return None


def _profile(customer: StoredCustomer, labels: CustomerLabels, language: str, zone: tzinfo) -> dict[str, Any]:
    table, sources = labels.policy.attributes.attributes, origins(customer.told)
    words = {one.name: one.words for one in table}
    names = dict.fromkeys([*(one.name for one in table if one.name in customer.attributes), *customer.attributes])
    return {
        "revision": customer.revision,
        "updated_at": iso(customer.updated_at, zone),
        "attributes": [
            {
                "attribute": name,
                "name": (words.get(name) or {}).get(language, name),
                "value": customer.attributes[name],
                "source": sources[name].source if name in sources else None,
                "as_of": iso(sources[name].as_of, zone) if name in sources else None,
            }
            for name in names
        ],
        "labels": labels.describe(language),
    }


def left_out(language: str) -> list[dict[str, str]]:
    """What the copy does not hold, and on which ground."""
    figures = [("decisions.record: withheld", ELSEWHERE), ("repeats", TRANSIENT)]
    figures += [("decisions.record: priority, propensity, value, fit, prices, scores", CALCULATION)]
    figures += [("lists.rows: " + ", ".join(FIGURES), CALCULATION)]
    return [{"what": what, "ground": ground[language]} for what, ground in [*LEFT_OUT.items(), *figures]]


def _offer(treatment: Mapping[str, Any], policy: Policy | None, language: str) -> dict[str, Any]:
    names = {} if policy is None else {one.id: one.name[language] for one in policy.offers}
    offer = treatment["offer"]
    return {
        "offer": offer,
        "name": names.get(offer, offer),
        "channel": treatment["channel"],
        "reasons": _reasons(treatment["reasons"], policy, language),
    }


def _reasons(rules: Sequence[str], policy: Policy | None, language: str) -> list[str]:
    """Why an offer was shown, in the policy's words: the rules that raised it. Ids where the policy is gone."""
    if policy is None:
        return list(rules)
    raising = {one.id: one.reason[language] for one in policy.fits if one.weight > 1.0}
    return [raising[rule] for rule in rules if rule in raising]


def _named(attributes: Mapping[str, Any], policy: Policy | None, language: str) -> list[dict[str, Any]]:
    """What a decision read, each attribute with its name in words."""
    known = {} if policy is None else {one.name: one.words or {} for one in policy.attributes.attributes}
    return [
        {"attribute": name, "name": known.get(name, {}).get(language, name), "value": value}
        for name, value in attributes.items()
    ]


def _plain(column: str, value: Any, zone: tzinfo) -> Any:
    """A value of a table as JSON: instants with the bank's offset, sums as numbers, documents read."""
    if column == "instants" or column in INSTANTS:
        return _instants(value, zone)
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, date):
        return value.isoformat()
    read = isinstance(value, str) and column in DOCUMENTS and value.startswith("{")
    return _without_figures(orjson.loads(value) if read else value)


def _instants(value: Any, zone: tzinfo) -> Any:
    """An instant, or several, with the bank's offset; PostgreSQL's own instants too."""
    if isinstance(value, list):
        return [iso(one, zone) for one in value]
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    return None if value is None else iso(value, zone)


def _without_figures(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_figures(one) for name, one in value.items() if name not in FIGURES}
    return [_without_figures(one) for one in value] if isinstance(value, list) else value
