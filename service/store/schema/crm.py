"""Tables of the branch's CRM: jobs, the feed of changes, advisers, leads, webhooks."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Double,
    ForeignKey,
    Identity,
    Index,
    Numeric,
    Table,
    Text,
    Uuid,
    desc,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from service.store.schema.metadata import METADATA, NAME

jobs = Table(
    "jobs",
    METADATA,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("client", Text, nullable=False),
    Column("branch", NAME),
    Column("request", JSONB, nullable=False),
    Column("state", NAME, nullable=False, server_default=text("'queued'")),
    Column("total", BigInteger),
    Column("done", BigInteger, nullable=False, server_default=text("0")),
    Column("failed", BigInteger, nullable=False, server_default=text("0")),
    Column("attempts", BigInteger, nullable=False, server_default=text("0")),
    Column("error", Text),
    Column("lease", Uuid(as_uuid=False)),
    Column("leased_until", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("started_at", BigInteger),
    Column("finished_at", BigInteger),
    Column("kind", NAME, nullable=False, server_default=text("'offers'")),
    Column("outcome", JSONB),
)
Index("jobs_waiting", jobs.c.created_at, jobs.c.id, postgresql_where=text("state IN ('queued', 'running')"))

job_items = Table(
    "job_items",
    METADATA,
    Column("job_id", Uuid(as_uuid=False), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True),
    Column("place", BigInteger, primary_key=True, autoincrement=False),
    Column("customer_id", NAME, nullable=False),
    Column("rows", JSONB),
)
NOBODY = ""
"""Instead of a customer's id, where no customer has the external key."""
Index("job_items_of_customer", job_items.c.customer_id)
Index("job_items_open", job_items.c.job_id, job_items.c.place, postgresql_where=text("rows IS NULL"))

changes = Table(
    "changes",
    METADATA,
    Column("xid", BigInteger, primary_key=True, server_default=text("(pg_current_xact_id()::text)::bigint")),
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("at", BigInteger, nullable=False, server_default=text("now_ms()")),
    Column("type", NAME, nullable=False),
    Column("subject", NAME, nullable=False),
    Column("customer_id", NAME),
    Column("branch", NAME),
    Column("body", JSONB, nullable=False),
)
Index("changes_of_customer", changes.c.customer_id)

feed = Table(
    "feed",
    METADATA,
    Column("only_row", Boolean, primary_key=True, server_default=text("true")),
    Column("floor_xid", BigInteger, nullable=False, server_default=text("0")),
    Column("told_xid", BigInteger, nullable=False, server_default=text("0")),
    Column("told_seq", BigInteger, nullable=False, server_default=text("0")),
)

advisers = Table(
    "advisers",
    METADATA,
    Column("id", NAME, primary_key=True),
    Column("branch", NAME, nullable=False),
    Column("minutes_per_week", BigInteger, nullable=False),
    Column("minutes_per_contact", BigInteger, nullable=False),
    Column("active", Boolean, nullable=False, server_default=text("true")),
    Column("away_from", Date),
    Column("away_until", Date),
    Column("substitute", NAME),
    Column("max_risk", BigInteger),
    Column("manager", Boolean, nullable=False, server_default=text("false")),
)

attestations = Table(
    "attestations",
    METADATA,
    Column("seq", BigInteger, Identity(always=True), primary_key=True),
    Column("adviser", NAME, ForeignKey("advisers.id", ondelete="CASCADE"), nullable=False),
    Column("version", NAME, nullable=False),
    Column("attested_on", Date, nullable=False),
    Column("recorded_by", NAME, nullable=False),
    Column("recorded_at", BigInteger, nullable=False),
)
Index("attestations_of_adviser", attestations.c.adviser, attestations.c.attested_on)

leads = Table(
    "leads",
    METADATA,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("customer_id", NAME, nullable=False),
    Column("branch", NAME, nullable=False),
    Column("adviser", NAME, nullable=False),
    Column("offer", NAME, nullable=False),
    Column("decided_offer", NAME, nullable=False),
    Column("decision_id", Uuid(as_uuid=False), nullable=False),
    Column("priority", Double, nullable=False),
    Column("strategies", ARRAY(Text), nullable=False),
    Column("status", NAME, nullable=False, server_default=text("'open'")),
    Column("closed_by", NAME),
    Column("reason", Text),
    Column("revision", BigInteger, nullable=False),
    Column("release_id", BigInteger, nullable=False),
    Column("judged_until", BigInteger, nullable=False),
    Column("contacts", BigInteger, nullable=False, server_default=text("0")),
    Column("built_at", BigInteger, nullable=False),
    Column("claimed_at", BigInteger),
    Column("contacted_at", BigInteger),
    Column("sold_at", BigInteger),
    Column("sold_yuan", Numeric),
    Column("due_on", Date),
    Column("expires_at", BigInteger),
    Column("call_back_at", BigInteger),
    Column("note", Text),
    Column("outcome", NAME),
    Column("said", Text),
    Column("corrected_at", BigInteger),
)
AT_WORK = "status IN ('open', 'claimed', 'contacted', 'accepted')"
Index("leads_one_at_work", leads.c.customer_id, unique=True, postgresql_where=text(AT_WORK))
Index("leads_best_first", leads.c.branch, leads.c.status, desc(leads.c.priority), leads.c.id)
Index("leads_of_adviser", leads.c.adviser, leads.c.status)
Index("leads_of_customer", leads.c.customer_id)

webhooks = Table(
    "webhooks",
    METADATA,
    Column("id", Uuid(as_uuid=False), primary_key=True),
    Column("url", Text, nullable=False),
    Column("types", ARRAY(Text), nullable=False),
    Column("client", Text, nullable=False),
    Column("branch", NAME),
    Column("secret", Text, nullable=False),
    Column("old_secret", Text),
    Column("old_until", BigInteger),
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    Column("failing_since", BigInteger),
    Column("created_at", BigInteger, nullable=False, server_default=text("now_ms()")),
)

deliveries = Table(
    "deliveries",
    METADATA,
    Column("id", Uuid(as_uuid=False), primary_key=True, server_default=text("gen_random_uuid()")),
    Column("webhook_id", Uuid(as_uuid=False), ForeignKey("webhooks.id", ondelete="CASCADE"), nullable=False),
    Column("type", NAME, nullable=False),
    Column("customer_id", NAME),
    Column("body", Text, nullable=False),
    Column("state", NAME, nullable=False, server_default=text("'waiting'")),
    Column("attempts", BigInteger, nullable=False, server_default=text("0")),
    Column("next_at", BigInteger, nullable=False, server_default=text("0")),
    Column("status", BigInteger),
    Column("error", Text),
    Column("created_at", BigInteger, nullable=False, server_default=text("now_ms()")),
    Column("delivered_at", BigInteger),
)
Index("deliveries_due", deliveries.c.webhook_id, deliveries.c.next_at, postgresql_where=text("state = 'waiting'"))
Index("deliveries_of_webhook", deliveries.c.webhook_id, deliveries.c.created_at)
Index("deliveries_of_customer", deliveries.c.customer_id)
