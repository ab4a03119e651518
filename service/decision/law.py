"""The law at work: the statutory gates (``rules.statutory``), asked of every cell after the policy's own gates. Pure.

Nothing here reads what a policy derives: attributes are encoded anew, by kinds and bounds of the law's own. Of a
customer without personalisation only the gates for everybody read attributes (deceased, frozen); to the others nothing
is known of them. What the catalogue alone decides is evaluated once, so that most gates cost a comparison of scalars.
One customer and many get the same cells.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import nan
from typing import Any

import numpy as np

from service.core.attributes import Attribute
from service.core.domain import LAWLESS, Attributes, Family, Release, Snapshot
from service.core.expressions import Kind, compile_truth, fold
from service.core.grid import Array, Columns, GridIndex, by_customer
from service.decision.population import Population
from service.decision.privacy import is_personal
from service.rules.contact_gates import CONTACT, GateMask
from service.rules.history.columns import CONSENT, HistoryColumns
from service.rules.policy import Offer, Policy
from service.rules.rulebook import Gate, cell_value
from service.rules.statutory import (
    CONFIRMATIONS,
    FOR_EVERYBODY,
    KIND_TERMS,
    LAW_BOUNDS,
    LAW_COLUMNS,
    LAW_SCHEMA,
    STATUTORY,
    read_text,
    statutory_rules,
)

CUSTOMER, KIND = "customer.", "kind."
READ_OF_EVERYBODY = frozenset(
    name for rule in statutory_rules() if rule.id in FOR_EVERYBODY for name in rule.require.names
)
"""The columns that are read of customers without personalisation, too."""
IDS = tuple(gate.id for gate in STATUTORY)
_ANSWERED, _PERSONAL = "consent.contact", "consent.personal"
_READ = frozenset(
    name for rule in statutory_rules() for one in (rule.applies, rule.require) if one for name in one.names
)
_DAY = tuple(name for name in LAW_SCHEMA if name.startswith("context.") and name in _READ)


def _encoder(column: str, kind: Kind) -> Callable[[object], Any]:
    low, high = LAW_BOUNDS.get(column, (None, None))
    return Attribute(column, kind, low=low, high=high).encoder().encode_one


_NOBODY = dict.fromkeys(LAW_COLUMNS, nan)
_ENCODERS = [(column.removeprefix(CUSTOMER), column, _encoder(column, kind)) for column, kind in LAW_COLUMNS.items()]


def _encode(attributes: Attributes) -> dict[str, Any]:
    """What the law reads of a customer, as floats; NaN where it is unknown."""
    columns: dict[str, Any] = _NOBODY.copy()
    for name, column, encode in _ENCODERS:
        value = attributes.get(name)
        if value is not None:
            columns[column] = encode(value)
    return columns


def keep_for_everybody(attributes: Attributes) -> Attributes:
    """The attributes that the law reads of a customer without personalisation, where they are true."""
    names = (column.removeprefix(CUSTOMER) for column in sorted(READ_OF_EVERYBODY))
    return {name: True for name in names if attributes.get(name) is True}


def encode_facts(snapshots: Sequence[Snapshot]) -> dict[str, Array]:
    """What the law reads of n customers, each (n, 1, 1)."""
    encoded = [_encode(one.attributes) for one in snapshots]
    return {name: by_customer(np.array([one[name] for one in encoded], dtype=np.float64)) for name in _NOBODY}


def is_lawful(release: Release) -> bool:
    """Whether the release's decisions ask the statutory gates."""
    return release.arithmetic > LAWLESS


class CompiledLaw:
    """The statutory gates of one policy's catalogue and channels."""

    def __init__(self, policy: Policy, places: GridIndex) -> None:
        """Compiles each gate twice, for one customer and for many."""
        goods = replace(policy, static_columns=_static(policy))
        self._one, self._many = ([Gate(rule, goods, many) for rule in statutory_rules()] for many in (False, True))
        self._consents = HistoryColumns(places, [CONSENT])
        self._confirmed = [
            (row.id, compile_truth(fold(read_text(row.when), goods.static_columns))) for row in CONFIRMATIONS
        ]

    def check_one(self, columns: Columns) -> list[GateMask]:
        """What each gate leaves open to one customer, from their ``columns_of_one``."""
        return [gate.passes(columns) for gate in self._one]

    def check_many(self, columns: Columns) -> list[GateMask]:
        """The same for many, from their ``columns_of_many``."""
        return [gate.passes(columns) for gate in self._many]

    def columns_of_one(self, snapshot: Snapshot, day: Columns, personal: bool) -> dict[str, Any]:
        """What the law reads of one customer; ``day`` holds ``context.*``."""
        attributes, consents = snapshot.attributes, snapshot.consents
        if not personal and attributes:
            attributes = keep_for_everybody(attributes)
        columns: dict[str, Any] = _encode(attributes) if attributes else _NOBODY.copy()
        for name in _DAY:
            columns[name] = day[name]
        columns.update(self._consents.fill_consent_one(consents))
        columns[_ANSWERED] = float(consents.get(CONTACT, nan))
        columns[_PERSONAL] = float(personal)
        return columns

    def columns_of_many(self, people: Population, day: Columns, personal: bool) -> dict[str, Any]:
        """The same of many: (n, 1, 1) and (n, 1, k)."""
        customers = len(people.customers)
        columns: dict[str, Any] = {**_NOBODY}
        columns.update({name: one for name, one in people.law.items() if personal or name in READ_OF_EVERYBODY})
        columns.update({name: day[name] for name in _DAY})
        columns.update(self._consents.fill_consent_many(people.consents, customers))
        answered = people.consents.get(CONTACT)
        columns[_ANSWERED] = nan if answered is None else by_customer(answered)
        columns[_PERSONAL] = float(personal)
        return columns

    def needed_confirmations(self, snapshot: Snapshot, offer: int, channel: int) -> tuple[str, ...]:
        """What must be confirmed before this offer is sold to the customer, as they are now, by id."""
        personal = is_personal(snapshot.attributes, snapshot.consents)
        attributes = snapshot.attributes if personal else keep_for_everybody(snapshot.attributes)
        return self.confirmations(_encode(attributes), offer, channel)

    def confirmations(self, columns: Columns, offer: int, channel: int) -> tuple[str, ...]:
        """What must be confirmed before this offer is sold to one customer, by id."""
        found = ((name, needs(columns)) for name, needs in self._confirmed)
        return tuple(name for name, needed in found if _holds(needed, offer, channel))


def _holds(found: Any, offer: int, channel: int) -> bool:
    return bool(cell_value(found, offer, channel) if isinstance(found, np.ndarray) and found.ndim else found)


def _static(policy: Policy) -> Mapping[str, Array]:
    """The terms that the law reads, as the catalogue, the channels and the kinds state them; else unknown."""
    declared, by_kind = policy.schema, kind_columns(policy)
    stated = {
        name: policy.static_columns[name]
        if name in policy.static_columns and name in declared and declared[name].kind is typed.kind
        else np.full((1, 1, 1), nan)
        for name, typed in LAW_SCHEMA.items()
        if typed.static and name not in by_kind
    }
    return {**stated, **by_kind}


def kind_columns(policy: Policy) -> Mapping[str, Array]:
    """(1, m, 1): what the law asks of each offer by its kind, as ``KIND_TERMS``; 1, 0, or NaN.

    NaN, which asks for nothing, in a policy whose channels have no such term: it was stored before the law was written
    down here, and decides as it did. No policy is proposed without it.
    """
    found = {}
    for name in KIND_TERMS:
        asked = name.removeprefix(KIND)
        said = asked in policy.channel_terms
        values = [float(_asks(policy, offer, asked)) if said else nan for offer in policy.offers]
        found[name] = np.array(values).reshape(1, -1, 1)
    return found


def _asks(policy: Policy, offer: Offer, asked: str) -> bool:
    """Whether a sale of the offer is to be recorded, or explained by qualified staff only.

    What is sold for another company is recorded, whatever its kind. Of a kind that nobody knows, both hold.
    """
    kind = policy.kinds.get(str(offer.terms.get("product")))
    if kind is None:
        return offer.family == Family.WEALTH
    return bool(getattr(kind, asked)) or (asked == "recording" and offer.terms.get("sold_as") == "agency")
