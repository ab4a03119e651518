"""Visitors: what they are offered, and what was shown to them."""

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from service.routes.http.fields import Instant, Several, Strict, Word
from service.routes.schemas import says
from service.routes.schemas.offers import OffersAnswer, OffersInput

MAX_EVENTS = 50
SAID = ("impression", "click", "dismiss", "reject")
DEVICE = "8 to 128 letters, digits and . _ : - (a random one that the app made at its installation)"


class DeviceId(Word):
    """The app's own id of a device."""

    def __init__(self, **options: Any) -> None:
        super().__init__(128, **options)
        self.validators.append(validate.Regexp(r"^[A-Za-z0-9._:-]{8,128}$", error=f"must be {DEVICE}"))


class VisitorOffersInput(OffersInput):
    """The slot that asks, and the device."""

    device_id = DeviceId(
        metadata=says(
            "The app's own id of the device, kept as a salted hash only: what was shown and dismissed on it counts "
            f"against caps and cool-offs. {DEVICE}.",
            example="d7f3a1c0-5b0d-4c0e",
        )
    )


class VisitorOffersAnswer(OffersAnswer):
    """The offers for somebody of whom nothing is known; as a customer's, with ``customer_id`` and tokens null."""

    customer_id = fields.String(required=True, allow_none=True, metadata=says("Null: nobody is known."))


class VisitorEventInput(Strict):
    """One thing that happened on the device."""

    id = Word(required=True, metadata=says("The sender's own id; sending it again is harmless.", example="app-9-1"))
    kind = Word(among=SAID, required=True, metadata=says("What happened."))
    at = Instant(required=True, metadata=says("When it happened, with offset.", example="2026-11-23T09:30:00+08:00"))
    offer = Word(required=True, metadata=says("The offer it is about.", example="term-12m"))
    channel = Word(required=True, metadata=says("Where it happened.", example="mobile_app"))


class VisitorEventsInput(Strict):
    """What happened on one device."""

    device_id = DeviceId(required=True, metadata=says(f"As it is asked with. {DEVICE}.", example="d7f3a1c0-5b0d-4c0e"))
    events = Several(
        fields.Nested(VisitorEventInput),
        1,
        MAX_EVENTS,
        "events",
        required=True,
        metadata=says("The events, oldest first."),
    )

    @validates_schema
    def _apart(self, value: dict[str, Any], **_: Any) -> None:
        """Event ids are kept as they are, devices are not, in whatever case."""
        device = value["device_id"].casefold()
        telling = [number for number, row in enumerate(value["events"]) if device in row["id"].casefold()]
        if telling:
            raise ValidationError({number: {"id": ["must not hold the device's id"]} for number in telling}, "events")
