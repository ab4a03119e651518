"""The offers of many customers, as a job."""

from marshmallow import fields

from service.routes.http.fields import Ahead, Strict, Word
from service.routes.schemas import Loose, says
from service.routes.schemas.offers import BulkOffersInput

CAMPAIGN_DAYS = 366


class BranchFilter(Strict):
    """Everybody of a branch."""

    branch = Word(required=True, metadata=says("The branch that keeps the relationship.", example="b-1"))


class KeyFilter(Strict):
    """Customers by the bank's own keys."""

    external_keys = fields.Raw(required=True, metadata=says("1 to 100,000 external keys, each once."))


class JobInput(Strict):
    """The offers of many customers, as a job."""

    customers = fields.Raw(
        required=True,
        metadata=says(
            'Whom: an array of 1 to 100,000 customer ids, each once; `{"branch": "b-1"}`, everybody of that branch; '
            '`{"external_keys": ["CIF-0042"]}`, as many by the bank\'s own keys; or `all`.',
            example=["c-000001", "c-000002"],
        ),
    )
    valid_until = Ahead(
        CAMPAIGN_DAYS,
        metadata=says(
            "When the campaign ends: so long the offers and their tokens hold, at most 366 days. A week where an "
            "outbound list does not say; other offers hold as those of a single call.",
            example="2030-01-31T18:00:00+08:00",
        ),
    )
    channel = BulkOffersInput().declared_fields["channel"]
    placement = BulkOffersInput().declared_fields["placement"]
    limit = BulkOffersInput().declared_fields["limit"]


class JobAnswer(Loose):
    """A job as it stands."""

    id = fields.String(required=True)
    kind = fields.String(metadata=says("What it makes.", enum=["offers", "leads"]))
    state = fields.String(required=True, metadata={"enum": ["queued", "running", "done", "failed", "cancelled"]})
    total = fields.Integer(required=True, allow_none=True, metadata=says("Null until the customers are counted."))
    done = fields.Integer(required=True)
    failed = fields.Integer(required=True, metadata=says("How many of those done have a problem instead of offers."))
    error = fields.String(required=True, allow_none=True)
    valid_until = fields.DateTime(allow_none=True, metadata=says("Until when the list holds, where it has an end."))
    created_at = fields.DateTime(required=True)
    started_at = fields.DateTime(required=True, allow_none=True)
    finished_at = fields.DateTime(required=True, allow_none=True)
    results = fields.String(required=True, allow_none=True, metadata=says("Where the results are, once done."))


class JobsAnswer(Loose):
    """The newest jobs first."""

    jobs = fields.List(fields.Nested(JobAnswer), required=True)


class ResultsQuery(Strict):
    """The file's form."""

    format = Word(among=["jsonl", "csv", "parquet"], metadata=says("Instead of the Accept header.", example="csv"))
    bom = Word(
        among=["true", "false"],
        metadata=says("`true`: CSV begins with a byte order mark, as Excel wants of UTF-8.", example="false"),
    )
