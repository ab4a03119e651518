"""Strict marshmallow fields, base schemas, and the check of a value against a schema.

``check`` reports all problems at once, with field paths. A field takes its own JSON kind only: 1.9 and ``true`` are no
integers, ``"3"`` is no number. In a query string everything is text, so ``limit=3`` is a number there.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any

from marshmallow import EXCLUDE, INCLUDE, RAISE, Schema, ValidationError, fields, pre_load, validate, validates_schema

from service.core.clock import now_utc
from service.core.domain import CLOCK_SKEW_MS
from service.core.errors import MOST_PROBLEMS, InvalidInput, Problem
from service.core.suggestions import find_near
from service.routes.http.json_body import join_path

LONG = 200
"""Characters of an external key."""
BEHALF = "The person for whom this is done, by the CRM's own id; it goes into the audit log."
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
MOST_NAMES = 1_000
"""Most names of one free object, such as a customer's attributes. No policy has so many."""
UNKNOWN = "Unknown field."
"""Marshmallow's message for a name that the schema does not have."""
MISSING = {"required": "is required", "null": "must not be null"}
CLOCK_SKEW = timedelta(milliseconds=CLOCK_SKEW_MS)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")


def describe(text: str, **more: Any) -> dict[str, Any]:
    """Return the metadata of a field: its description in the OpenAPI document, and more."""
    return {"description": text, **more}


class Strict(Schema):
    """A schema that refuses unknown names."""

    class Meta:
        """Unknown names are problems."""

        unknown = RAISE

    @pre_load
    def _few_strangers(self, value: Any, **_: Any) -> Any:
        """Drop unknown names beyond ``MOST_PROBLEMS``: reading each would cost as much as a field."""
        if not isinstance(value, dict) or len(value) <= MOST_PROBLEMS:
            return value
        known = {field.data_key or name for name, field in self.fields.items()}
        strangers = islice((name for name in value if name not in known), MOST_PROBLEMS)
        return {name: value[name] for name in (*(known & value.keys()), *strangers)}


def _printable(value: str) -> None:
    if not value.isprintable() or value != value.strip():
        raise ValidationError("must be printable text without a space at either end")


class Word(fields.String):
    """Text of 1 to ``longest`` printable characters without a space at either end, or one of ``among``."""

    default_error_messages = {**MISSING, "invalid": "must be text"}  # noqa: RUF012

    def __init__(self, longest: int = 64, among: Sequence[str] | None = None, **options: Any) -> None:
        length = validate.Length(1, longest, error="must be {min} to {max} characters")
        rules = [validate.OneOf(among, error=f'must be one of {", ".join(among)}; got "{{input}}"')] if among else []
        super().__init__(validate=rules or [length, _printable], **options)


class Text(fields.String):
    """Text of 1 to ``longest`` characters of any kind, to look up names that were stored before names had a rule."""

    default_error_messages = {**MISSING, "invalid": "must be text"}  # noqa: RUF012

    def __init__(self, longest: int = 200, **options: Any) -> None:
        super().__init__(validate=validate.Length(1, longest, error="must be {min} to {max} characters"), **options)


class Amount(fields.Float):
    """A finite JSON number from ``low`` to ``high``."""

    default_error_messages = {**MISSING, "invalid": "must be a number"}  # noqa: RUF012

    def __init__(self, low: float, high: float, **options: Any) -> None:
        super().__init__(
            validate=validate.Range(low, high, error="must be from {min} to {max}, got {input}"), **options
        )

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.make_error("invalid", input=value)
        return float(value)


class Yuan(Amount):
    """Yuan from 0 to ``most``, in whole fen."""

    def __init__(self, most: float, **options: Any) -> None:
        super().__init__(0, most, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> float:
        amount = super()._deserialize(value, attr, data, **kwargs)
        if round(amount, 2) != amount:
            raise ValidationError(f"must be whole fen, at most two decimals; got {amount}")
        return amount


class Whole(fields.Integer):
    """A JSON whole number from ``low`` to ``high``."""

    default_error_messages = {**MISSING, "invalid": "must be a whole number"}  # noqa: RUF012

    def __init__(self, low: int, high: int, **options: Any) -> None:
        super().__init__(
            validate=validate.Range(low, high, error="must be from {min} to {max}, got {input}"), **options
        )

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.make_error("invalid", input=value)
        return value


class Truth(fields.Boolean):
    """JSON's own true or false."""

    default_error_messages = {**MISSING, "invalid": "must be true or false"}  # noqa: RUF012

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class QueryInteger(fields.Integer):
    """A whole number written in digits, from ``low`` to ``high``."""

    default_error_messages = {**MISSING, "invalid": "must be a whole number in digits"}  # noqa: RUF012

    def __init__(self, low: int, high: int, **options: Any) -> None:
        super().__init__(
            validate=validate.Range(low, high, error="must be from {min} to {max}, got {input}"), **options
        )

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,9}", value):
            raise self.make_error("invalid", input=value)
        return int(value)


class Several(fields.List[Any]):
    """A list of ``low`` to ``high`` values. Of a longer list no value is read."""

    def __init__(self, each: fields.Field[Any], low: int, high: int, nouns: str, **options: Any) -> None:
        self._error = f"must be {low} to {high} {nouns}"
        super().__init__(each, validate=validate.Length(low, high, error=self._error), **options)
        self._most = high

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> list[Any]:
        if isinstance(value, list) and len(value) > self._most:
            raise ValidationError(self._error)
        return super()._deserialize(value, attr, data, **kwargs)


class Named(fields.Dict):
    """An object of at most ``most`` values by name. Of a larger object no value is read."""

    def __init__(self, values: fields.Field[Any] | None = None, most: int = MOST_NAMES, **options: Any) -> None:
        super().__init__(keys=Word(), values=values, **options)
        self._most = most

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, Mapping) and len(value) > self._most:
            raise ValidationError(f"must hold at most {self._most:,} names, got {len(value):,}")
        return super()._deserialize(value, attr, data, **kwargs)  # type: ignore[no-untyped-call]


class Instant(fields.DateTime):
    """RFC 3339 text with its offset, as milliseconds since 1970. From the year 2000 until now, plus five minutes."""

    default_error_messages = {  # noqa: RUF012
        **MISSING,
        "invalid": "must be an instant with its offset, as 2026-11-23T09:30:00+08:00",
        "early": "must not be before the year 2000",
        "late": "must not lie in the future; check the sender's clock",
    }

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        instant = _instant(value)
        if instant is None:
            raise self.make_error("invalid")
        if instant < EARLIEST:
            raise self.make_error("early")
        if instant > now_utc() + CLOCK_SKEW:
            raise self.make_error("late")
        return round(instant.timestamp() * 1000)


class Day(fields.Date):
    """A day as ISO 8601 writes it, from the year 2000 to 2099."""

    default_error_messages = {  # noqa: RUF012
        **MISSING,
        "invalid": "must be a day, as 2026-11-23",
        "far": "must lie in the years 2000 to 2099",
    }

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, str) or not _DAY.fullmatch(value):
            raise self.make_error("invalid")
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise self.make_error("invalid") from None
        if not 2000 <= day.year <= 2099:
            raise self.make_error("far")
        return day


class Ahead(fields.DateTime):
    """RFC 3339 text with its offset, as milliseconds since 1970. After now, at most ``days`` ahead."""

    default_error_messages = {  # noqa: RUF012
        **MISSING,
        "invalid": "must be an instant with its offset, as 2026-11-23T09:30:00+08:00",
        "past": "must lie in the future",
        "far": "must be at most {days} days ahead",
    }

    def __init__(self, days: int, **options: Any) -> None:
        self._days = days
        super().__init__(**options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        instant, now = _instant(value), now_utc()
        if instant is None:
            raise self.make_error("invalid")
        if instant <= now:
            raise self.make_error("past")
        if instant > now + timedelta(days=self._days):
            raise self.make_error("far", days=self._days)
        return round(instant.timestamp() * 1000)


class Loose(Schema):
    """An answer. Unknown names are ignored by readers, so the contract does not forbid them."""

    class Meta:
        """The contract says nothing about other names."""

        unknown = EXCLUDE


class Open(Loose):
    """An answer that holds more than the contract names."""

    class Meta:
        """The contract allows other names."""

        unknown = INCLUDE


class OnBehalf(Strict):
    """A write that a program makes for a person."""

    on_behalf_of = Word(metadata=describe(BEHALF, example="adviser-17"))


class OfCustomer(Strict):
    """The customer something is about: by id, or by external key."""

    customer_id = Word(metadata=describe("Whom it is about; external_key instead where that is the name at hand.",
                                     example="c-000001"))  # fmt: skip
    external_key = Word(LONG, metadata=describe("The bank's own key of the customer, instead of customer_id.",
                                            example="CIF-0042"))  # fmt: skip

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def _one(self, _: dict[str, Any], sent: Any, **_more: Any) -> None:
        if isinstance(sent, dict) and ("customer_id" in sent) == ("external_key" in sent):
            raise ValidationError("is required, or external_key instead, and not both", "customer_id")


def check(schema: Schema, value: object, sentence: str, where: str = "") -> dict[str, Any]:
    """``value`` as the schema reads it.

    Raises: InvalidInput: with ``sentence`` and every problem by its path, below ``where``.
    """
    if not isinstance(value, dict):
        raise InvalidInput(sentence, [Problem(where, f"must be an object, got {json_kind(value)}")])
    try:
        loaded: dict[str, Any] = schema.load(value)
    except ValidationError as error:
        problems = islice(_problems(error.messages, where), MOST_PROBLEMS)
        raise InvalidInput(sentence, _with_guesses(schema, problems)) from error
    return loaded


def json_kind(value: object) -> str:
    """The JSON name of the kind of ``value``."""
    kinds = {type(None): "null", bool: "a boolean", str: "text", list: "an array", dict: "an object"}
    return kinds.get(type(value), "a number")


def _instant(value: object) -> datetime | None:
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        return None
    try:
        return datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _problems(messages: object, where: str) -> Iterator[Problem]:
    if isinstance(messages, dict):
        for name, below in sorted(messages.items(), key=_unknown_last):
            yield from _problems(below, join_path(where, str(name)[:64]) if name != "_schema" else where)
    elif isinstance(messages, list):
        yield from (Problem(where, str(message)) for message in messages)


def _unknown_last(entry: tuple[object, object]) -> str:
    return str(entry[0]) if entry[1] == [UNKNOWN] else ""


def _with_guesses(schema: Schema, problems: Iterable[Problem]) -> Iterator[Problem]:
    """The problems; the message of an unknown name suggests the nearest known one."""
    for problem in problems:
        known = problem.message != UNKNOWN
        yield problem if known else Problem(problem.where, _guess(schema, problem.where))


def _guess(schema: Schema, where: str) -> str:
    meant = find_near(where.rpartition(".")[2], schema.fields)
    guess = f'did you mean "{meant}"?' if meant else f"expected {', '.join(schema.fields)}"
    return f"is not known here; {guess}"
