"""The table of attributes and features: what each may be, whether a record fits, and the record as columns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from itertools import islice
from typing import Any

from service.core.attributes import encoders, frames
from service.core.attributes.encoders import Encoded, Encoder
from service.core.attributes.records import RecordEncoder
from service.core.errors import MOST_PROBLEMS, Problem
from service.core.expressions import Expression, Kind, Name
from service.core.grid import Array
from service.core.suggestions import find_near

CUSTOMER = frozenset({"customer"})
SHOWN = 60


@dataclass(frozen=True, slots=True)
class Attribute:
    """One raw attribute. ``low`` and ``high`` bound numbers; ``values`` closes a text; ``personal`` marks a trait.

    ``ahead`` marks a date that may lie in the future, ``grows`` a number that is higher for every newer customer,
    ``told`` what the customer stated, ``zone`` a text that is the customer's own time zone. ``words`` name it for
    customers, by language; None where the table has no such words. Two attributes are equal where they read
    values alike, whatever their descriptions.
    """

    name: str
    kind: Kind
    unit: str | None = field(default=None, compare=False)
    low: float | None = None
    high: float | None = None
    values: tuple[str, ...] | None = None
    words: Mapping[str, str] | None = field(default=None, compare=False)
    meaning: str = field(default="", compare=False)
    source: str | Mapping[str, str] | None = field(default=None, compare=False)
    personal: bool = field(default=False, compare=False)
    told: bool = field(default=False, compare=False)
    ahead: bool = field(default=False, compare=False)
    grows: bool = field(default=False, compare=False)
    zone: bool = False

    @property
    def origin(self) -> str:
        """Where a value comes from: ``outside`` the bank, stated by the ``customer``, or the ``bank``'s own records."""
        return "outside" if self.source else "customer" if self.told or self.personal else "bank"

    def encoder(self) -> Encoder:
        """How values of this attribute are judged and encoded."""
        if self.kind in (Kind.NUMBER, Kind.MONEY):
            return encoders.number_encoder(*self._bounds(), self._expected())
        if self.kind is Kind.BOOLEAN:
            return encoders.truth_encoder()
        if self.kind is Kind.DATE:
            return encoders.day_encoder()
        return encoders.zone_encoder() if self.zone else encoders.text_encoder(self.values)

    def _bounds(self) -> tuple[float, float]:
        low = -encoders.LARGEST if self.low is None else self.low
        return low, encoders.LARGEST if self.high is None else self.high

    def _expected(self) -> str:
        bounds = (
            "a finite number"
            if self.low is None or self.high is None
            else f"a number {self.low:.15g} to {self.high:.15g}"
        )
        return f"{bounds} ({self.unit})" if self.unit else bounds


@dataclass(frozen=True, slots=True)
class Feature:
    """One derived feature: an expression over attributes and the features above it."""

    name: str
    kind: Kind
    text: str
    expression: Expression = field(compare=False, repr=False)
    unit: str | None = field(default=None, compare=False)
    meaning: str = field(default="", compare=False)


@dataclass(frozen=True)
class AttributeTable:
    """All attributes and features, in the order of the document; ``document`` is what they were read from."""

    attributes: tuple[Attribute, ...]
    features: tuple[Feature, ...]
    document: Mapping[str, Any] = field(compare=False, repr=False)

    def schema(self) -> dict[str, Name]:
        """``customer.<name>`` of every attribute and feature: what an expression may read of a customer."""
        raw = {f"customer.{one.name}": Name(one.kind, CUSTOMER, one.values) for one in self.attributes}
        return raw | {f"customer.{one.name}": Name(one.kind, CUSTOMER) for one in self.features}

    def kind_of(self, name: str) -> Kind | None:
        """The kind of an attribute or feature by its bare name; None where the table has no such name."""
        return self._kinds.get(name)

    @cached_property
    def zone(self) -> str | None:
        """The attribute that holds the customer's own time zone; None where the table has none."""
        return next((one.name for one in self.attributes if one.zone), None)

    @cached_property
    def growing(self) -> frozenset[str]:
        """Attributes that only grow, and features that read one: later customers differ in them by nature."""
        growing = {one.name for one in self.attributes if one.grows}
        for feature in self.features:
            if any(name.removeprefix("customer.") in growing for name in feature.expression.names):
                growing.add(feature.name)
        return frozenset(growing)

    def check(self, record: Mapping[str, object]) -> list[Problem]:
        """The first 100 faults of a record of raw attributes. Null means unknown and is always accepted."""
        faults = (problem for name, value in record.items() for problem in self._faults(str(name), value))
        return list(islice(faults, MOST_PROBLEMS))

    def check_days(self, record: Mapping[str, object], today: date) -> list[Problem]:
        """Every date of a record that lies after ``today`` (the bank's day), but for attributes marked ``ahead``.

        A value that is no date is named by ``check``, not here.
        """
        past = {one.name for one in self.attributes if one.kind is Kind.DATE and not one.ahead}
        ahead = "must not lie after the bank's day"
        return [
            Problem(name, f"{ahead}, {today}; got {quote_value(value)}")
            for name, value in record.items()
            if name in past and isinstance(value, str) and value > today.isoformat() and not self._faults(name, value)
        ]

    def encode(self, record: Mapping[str, Any]) -> dict[str, Encoded]:
        """One customer's record as ``{"customer.age": 41.0, ...}``: every raw name, NaN or None where unknown.

        A value that ``check`` would refuse reads as unknown; names that the table lacks are skipped.
        """
        return self._encode(record)

    def encode_frame(self, frame: Any) -> dict[str, Array]:
        """A pandas or Arrow table as columns of shape (n, 1, 1); each value as ``encode`` gives it.

        Columns of other names are skipped.

        Raises:
            InvalidInput: when a column holds another kind; all problems at once.
        """
        return frames.encode(self._encoders, frame)

    def only(self, names: Iterable[str]) -> "AttributeTable":
        """The part of the table that the named attributes and features need, in the table's order."""
        needed = _closure(self.features, set(names))
        attributes = tuple(one for one in self.attributes if one.name in needed)
        features = tuple(one for one in self.features if one.name in needed)
        document = {
            "attributes": [row for row in self.document["attributes"] if row["name"] in needed],
            "features": [row for row in self.document.get("features") or [] if row["name"] in needed],
        }
        return AttributeTable(attributes, features, document)

    @cached_property
    def _encoders(self) -> dict[str, Encoder]:
        return {one.name: one.encoder() for one in self.attributes}

    @cached_property
    def _kinds(self) -> dict[str, Kind]:
        derived = {one.name: one.kind for one in self.features}
        return {one.name: one.kind for one in self.attributes} | derived

    @cached_property
    def _encode(self) -> RecordEncoder:
        return RecordEncoder({one.name: (one.kind, self._encoders[one.name]) for one in self.attributes})

    def _faults(self, name: str, value: object) -> list[Problem]:
        encoder = self._encoders.get(name)
        if encoder is None:
            return [Problem(name, self._unheard_of(name))]
        if value is None:
            return []
        fits = encoders.is_known(encoder.encode_one(value))
        return [] if fits else [Problem(name, f"must be {encoder.expected}, got {quote_value(value)}")]

    def _unheard_of(self, name: str) -> str:
        if any(one.name == name for one in self.features):
            return "is derived by the policy and cannot be set"
        meant = find_near(name, self._encoders)
        return f'is no attribute; did you mean "{meant}"?' if meant else "is no attribute of attributes.yaml"


def quote_value(value: object) -> str:
    """A value as a message quotes it: on one line, at most 60 characters."""
    if isinstance(value, int) and value.bit_length() > 128:
        return "a whole number of more than 128 bits"
    text = repr(value[:SHOWN] if isinstance(value, str) else value)
    text = text.encode("ascii", "backslashreplace").decode() if not text.isprintable() else text
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


def _closure(features: tuple[Feature, ...], needed: set[str]) -> set[str]:
    """``needed`` and all that its features read: one pass upwards, since features only read what is above them."""
    for feature in reversed(features):
        if feature.name in needed:
            needed |= {name.removeprefix("customer.") for name in feature.expression.names}
    return needed
