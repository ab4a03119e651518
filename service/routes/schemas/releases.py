"""What goes in and out of release governance, as marshmallow schemas; see the room for how they are used."""

from marshmallow import fields, validate

from service.routes.http.fields import Loose, Named, QueryInteger, Strict, Whole, Word, says

MOST_CUSTOMERS = 10_000
"""Customers of one simulation over HTTP: more take longer than a caller should wait."""

NOTE_MAX = 500
HASH = 64


def note_field() -> fields.String:
    """Return the field of a note."""
    return fields.String(
        load_default="",
        validate=validate.Length(0, NOTE_MAX, error="must be at most {max} characters"),
        metadata=says("Why, in words; kept with the release and in the audit log.", example="Autumn rates"),
    )


class PolicyInput(Strict):
    """A whole policy, as its YAML files say it."""

    documents = Named(
        most=100,
        required=True,
        metadata=says("Each document by its file's name without .yaml: catalogue, channels, consumer, ..."),
    )
    note = note_field()


class NoteInput(Strict):
    """A word on why."""

    note = note_field()


class ApprovalInput(Strict):
    """A word on why, and whether against the gate."""

    note = note_field()
    override = fields.Boolean(
        load_default=False,
        metadata=says("Approve although the release gate says no (409 `gate-refused`); the audit log keeps it."),
    )


class SimulationInput(Strict):
    """How large, and against what."""

    customers = Whole(1, MOST_CUSTOMERS, load_default=2000, metadata=says("How many customers are sampled."))
    channel = Word(load_default=None, allow_none=True, metadata=says("Only treatments in this channel."))
    limit = Whole(1, 10, load_default=3, metadata=says("Offers in each list."))
    against = Word(
        HASH,
        data_key="with",
        load_default=None,
        allow_none=True,
        metadata=says("The policy to stand beside; by default the one that serves."),
    )


class DifferenceQuery(Strict):
    """Against what."""

    against = Word(
        HASH,
        data_key="with",
        load_default=None,
        metadata=says("The policy to compare with; by default the one that serves."),
    )


class ListQuery(Strict):
    """How many."""

    limit = QueryInteger(1, 500, load_default=50, metadata=says("How many at most, newest first."))


class ProposalAnswer(Loose):
    """A policy and what became of it."""

    policy = fields.String(required=True, metadata=says("SHA-256 of its content: its name."))
    author = fields.String(required=True)
    note = fields.String(required=True)
    proposed_at = fields.DateTime(required=True)
    state = fields.String(required=True, metadata={"enum": ["proposed", "active", "retired"]})
    release = fields.Integer(required=True, allow_none=True, metadata=says("The newest release that served it."))
    approver = fields.String(required=True, allow_none=True)


class ProposalsAnswer(Loose):
    """The newest first."""

    policies = fields.List(fields.Nested(ProposalAnswer), required=True)


class PolicyAnswer(ProposalAnswer):
    """A policy with its documents."""

    documents = fields.Dict(keys=fields.String(), required=True)


class ReleaseAnswer(Loose):
    """Policy, bundle and prices that serve together."""

    id = fields.Integer(required=True)
    policy = fields.String(required=True)
    bundle = fields.String(required=True, allow_none=True)
    prices = fields.Dict(keys=fields.String(), values=fields.Float(), required=True)


class LaterAnswer(Loose):
    """What the caller would have heard at once."""

    status = fields.Integer(required=True, metadata=says("The HTTP status."))
    location = fields.String(required=True, allow_none=True, metadata=says("Where the proposed policy is."))
    body = fields.Dict(
        keys=fields.String(), required=True, metadata=says("The proposal, the release, or the problem document.")
    )


class PolicyJobAnswer(Loose):
    """A proposal or an approval that is answered later."""

    id = fields.String(required=True)
    kind = fields.String(required=True, metadata={"enum": ["proposal", "approval"]})
    state = fields.String(
        required=True,
        metadata=says(
            "`refused`: by its author's mistake, a rule or a gate, as `answer` says; `failed`: not for its own sake, "
            "so that it may be asked again.",
            enum=["queued", "running", "done", "refused", "failed"],
        ),
    )
    created_at = fields.DateTime(required=True)
    started_at = fields.DateTime(required=True, allow_none=True)
    finished_at = fields.DateTime(required=True, allow_none=True)
    answer = fields.Nested(LaterAnswer, required=True, allow_none=True, metadata=says("Null until it has ended."))


class ListedRelease(ReleaseAnswer):
    """A release with its story."""

    note = fields.String(required=True)
    actor = fields.String(required=True)
    activated_at = fields.DateTime(required=True)
    restores = fields.Integer(required=True, allow_none=True, metadata=says("The release that a rollback restored."))
    active = fields.Boolean(required=True)


class ReleasesAnswer(Loose):
    """The newest first."""

    releases = fields.List(fields.Nested(ListedRelease), required=True)


class ShiftAnswer(Loose):
    """One figure under the old policy and under the new."""

    name = fields.String(required=True)
    old = fields.Float(required=True)
    new = fields.Float(required=True)


class ChangeAnswer(Loose):
    """One difference, with its sentence."""

    document = fields.String(required=True)
    noun = fields.String(required=True)
    id = fields.String(required=True)
    action = fields.String(required=True, metadata={"enum": ["added", "removed", "changed", "moved"]})
    field = fields.String(required=True, allow_none=True)
    before = fields.Raw(required=True, allow_none=True)
    after = fields.Raw(required=True, allow_none=True)
    sentence = fields.String(required=True)


class DifferenceAnswer(Loose):
    """What the new policy says differently."""

    old = fields.String(required=True)
    new = fields.String(required=True)
    changes = fields.List(fields.Nested(ChangeAnswer), required=True)
    weights = fields.List(fields.Nested(ShiftAnswer), required=True, metadata=says("Weights of the four C that move."))


class MoveAnswer(Loose):
    """Customers whose first offer became another."""

    old = fields.String(required=True, allow_none=True)
    new = fields.String(required=True, allow_none=True)
    customers = fields.Integer(required=True)


class ExampleAnswer(Loose):
    """One customer whose first offer is worth more or less."""

    customer = fields.String(required=True)
    old = fields.String(required=True, allow_none=True)
    new = fields.String(required=True, allow_none=True)
    difference_yuan = fields.Float(required=True)


class GroupAnswer(Loose):
    """Customers alike in one way."""

    axis = fields.String(required=True)
    name = fields.String(required=True)
    customers = fields.Integer(required=True)
    served = fields.Nested(ShiftAnswer, required=True)
    changed = fields.Integer(required=True)
    value_yuan = fields.Nested(ShiftAnswer, required=True)


class SimulationAnswer(Loose):
    """Two policies over the same customers at the same moment."""

    old = fields.String(required=True)
    new = fields.String(required=True)
    at = fields.Integer(required=True, metadata=says("The moment, milliseconds since 1970."))
    channel = fields.String(required=True, allow_none=True)
    customers = fields.Integer(required=True)
    identical = fields.Integer(required=True, metadata=says("Whose whole list is the same."))
    first_changed = fields.Integer(required=True)
    gained = fields.Integer(required=True, metadata=says("Who had nothing and now has an offer."))
    lost = fields.Integer(required=True, metadata=says("Who had an offer and now has nothing."))
    better = fields.Integer(required=True)
    worse = fields.Integer(required=True)
    unchanged = fields.Boolean(required=True)
    value_yuan = fields.Nested(ShiftAnswer, required=True, metadata=says("Priorities of first treatments, summed."))
    volumes = fields.Dict(keys=fields.String(), values=fields.List(fields.Nested(ShiftAnswer)), required=True)
    starved = fields.List(fields.Nested(ShiftAnswer), required=True)
    groups = fields.List(fields.Nested(GroupAnswer), required=True)
    moves = fields.List(fields.Nested(MoveAnswer), required=True)
    gainers = fields.List(fields.Nested(ExampleAnswer), required=True)
    losers = fields.List(fields.Nested(ExampleAnswer), required=True)
